//! Tables that others published, where the folder `shared/data` lies beside the repository.

use std::path::PathBuf;

use super::*;
use crate::table::Kind;

/// The file's bytes, or `None` with a word about what is skipped.
#[expect(clippy::print_stderr, reason = "says what was skipped")]
fn data(path: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let bytes = std::fs::read(folder.join(path)).ok();
    if bytes.is_none() {
        eprintln!("skipped: {path} is not there");
    }
    bytes
}

fn kind(bytes: &[u8]) -> Kind {
    open(bytes, "table", &TableParams::default()).unwrap().kind()
}

#[test]
fn short_texts_are_labels_and_texts() {
    // One title of Stack Overflow holds a tab.
    for (path, n_rows, n_posts, label, text) in [
        ("text/short_text/agnewsdataraw-8000", 8000, 8000, "3", "bhp billiton approves chile copper project"),
        (
            "text/short_text/stackoverflow_true_text",
            20000,
            19999,
            "18",
            "How do I fill a DataSet or a DataTable from a LINQ",
        ),
        (
            "text/short_text/tweet-original-order.txt",
            2472,
            2472,
            "37",
            "brain fluid buildup delay giffords rehab",
        ),
    ] {
        let Some(bytes) = data(path) else { continue };
        let outcome = read(&bytes);
        assert_eq!((kind(&bytes), outcome.has_header), (Kind::delimited(b'\t'), false), "{path}");
        assert_eq!((outcome.tally.records, outcome.tally.taken), (n_rows, n_posts), "{path}");
        let first = &outcome.kept.posts[0];
        assert!(first.text.starts_with(text), "{}", first.text);
        assert_eq!(first.attributes, [("label".to_owned(), label.to_owned())]);
    }
}

#[test]
fn csv_with_headers() {
    for (path, n_posts, text, label, attributes) in [
        ("text/banking77/train.csv", 10_003, "text", "category", vec![]),
        ("text/coldataset/dev.csv", 6431, "TEXT", "label", vec!["column_1", "split", "topic"]),
        ("text/coldataset/train.csv", 25_726, "TEXT", "label", vec!["column_1", "split", "topic"]),
    ] {
        let Some(bytes) = data(path) else { continue };
        let outcome = read(&bytes);
        assert_eq!(
            (outcome.column(Role::Text), outcome.column(Role::Label)),
            (Some(text), Some(label)),
            "{path}"
        );
        assert_eq!(outcome.mapping.attributes().collect::<Vec<_>>(), attributes, "{path}");
        assert_eq!((outcome.tally.records, outcome.tally.taken), (n_posts, n_posts), "{path}");
        let mut oracle = csv::Reader::from_reader(&bytes[..]);
        let column = outcome.mapping.column(Role::Text).unwrap();
        let texts: Vec<_> = oracle.records().map(|row| row.unwrap()[column].to_owned()).collect();
        assert_eq!(outcome.texts(), texts, "{path}");
    }
}

#[test]
fn days_and_months_are_not_guessed() {
    for (path, n_rows, n_not_utf8) in [
        ("text/twitter_ratio/BarackObama.csv", 3207, 1378),
        ("text/twitter_ratio/realDonaldTrump.csv", 3232, 492),
    ] {
        let Some(bytes) = data(path) else { continue };
        let outcome = read(&bytes);
        assert_eq!(outcome.column(Role::Author), Some("user"));
        assert_eq!(outcome.tally.records, n_rows);
        assert_eq!(outcome.tally.quarantined[&Reason::InvalidUtf8], n_not_utf8);
        assert_eq!(outcome.tally.warnings["bad_created_at"], outcome.tally.taken);
        assert!(outcome.mapping.notes.iter().any(|note| note.contains("--time-format")));
        let params = TableParams { time_format: Some("%m/%d/%y %H:%M".to_owned()), ..TableParams::default() };
        let outcome = try_read(&bytes, &params).unwrap();
        assert!(outcome.kept.posts.iter().all(|post| post.created_at.is_some()));
    }
}

#[test]
fn one_text_a_line() {
    for (path, n_posts) in [
        ("text/tweeteval/hate/train_text.txt", 9000),
        ("text/tweeteval/irony/train_text.txt", 2862),
        ("text/tweeteval/emotion/train_text.txt", 3257),
        ("text/tweeteval/offensive/train_text.txt", 11_916),
        ("text/tweeteval/sentiment/val_text.txt", 2000),
        ("text/tweeteval/stance_abortion/train_text.txt", 587),
        ("text/tweeteval/stance_climate/val_text.txt", 40),
    ] {
        let Some(bytes) = data(path) else { continue };
        let outcome = read(&bytes);
        assert_eq!((kind(&bytes), outcome.has_header), (Kind::Lines, false), "{path}");
        assert_eq!(outcome.tally.taken + outcome.tally.blank, n_posts, "{path}");
        let lines: Vec<_> = std::str::from_utf8(&bytes).unwrap().split_terminator('\n').collect();
        let lines: Vec<_> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).collect();
        assert_eq!(outcome.texts(), lines, "{path}");
    }
}

#[test]
fn message_trees() {
    if let Some(bytes) = data("conversations/oasst/en_99_message.jsonl") {
        let outcome = read(&bytes);
        assert_eq!(outcome.tally.taken, 99);
        assert_eq!(
            [Role::Text, Role::Id, Role::ReplyTo, Role::Lang].map(|role| outcome.column(role)),
            ["text", "message_id", "parent_id", "lang"].map(Some)
        );
        let replies = outcome.kept.posts[0].attributes.iter().find(|(name, _)| name == "replies").unwrap();
        let replies: serde_json::Value = serde_json::from_str(&replies.1).unwrap();
        assert!(!replies.as_array().unwrap().is_empty());
    }
    if let Some(bytes) = data("conversations/oasst/en_99_tree.jsonl") {
        let error = try_read(&bytes, &TableParams::default()).err().unwrap().to_string();
        assert!(error.contains("message_tree_id, tree_state, prompt"), "{error}");
    }
}

#[test]
fn arrays_of_rows() {
    for (path, n_posts) in [("text/clinc150/train.json", 15_000), ("text/clinc150/oos_val.json", 100)] {
        let Some(bytes) = data(path) else { continue };
        let outcome = read(&bytes);
        assert_eq!((outcome.tally.records, outcome.tally.taken), (n_posts, n_posts), "{path}");
        let rows: Vec<[String; 2]> = serde_json::from_slice(&bytes).unwrap();
        for (post, [text, intent]) in outcome.kept.posts.iter().zip(&rows) {
            assert_eq!((&post.text, &post.attributes[0].1), (text, intent));
        }
    }
}

#[test]
fn naughty_strings_come_out_byte_for_byte() {
    let Some(bytes) = data("adversarial/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&bytes).unwrap();
    let outcome = read(&bytes);
    assert_eq!((outcome.tally.records, outcome.tally.taken), (strings.len() as u64, strings.len() as u64));
    assert_eq!(outcome.texts(), strings);
}

#[test]
fn hostile_json_is_put_aside() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/adversarial/json/test_parsing");
    let Ok(files) = std::fs::read_dir(folder) else {
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        let mut bytes = b"{\"text\": \"first\"}\n".to_vec();
        bytes.extend_from_slice(&std::fs::read(&path).unwrap());
        bytes.extend_from_slice(b"\n{\"text\": \"last\"}\n");
        let outcome = read(&bytes);
        let texts = outcome.texts();
        assert_eq!((texts.first(), texts.last()), (Some(&"first"), Some(&"last")), "{}", path.display());
    }
}
