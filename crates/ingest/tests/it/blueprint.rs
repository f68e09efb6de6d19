//! Lines of BluePrint's two styles become events.

use populi_ingest::archive::Decoded;
use populi_ingest::blueprint::read_block;
use populi_ingest::lines::{BLOCK_BYTES, Blocks};
use populi_model::{Body, Key, Operation, Platform, Post, Reason, Tally};

use crate::outcome::{Aside, Each, FILE};

/// What an event says, as far as these tests compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    record: String,
    actor: String,
    operation: Operation,
    at: i64,
    offset: u64,
    content: u64,
    what: String,
}

fn read_in_blocks(text: &str, block_bytes: usize) -> (Vec<Seen>, Vec<Aside>, Tally) {
    let mut seen = Vec::new();
    let mut sink = Each(
        |event: &populi_model::Event<'_>| {
            assert_eq!(event.platform, Platform::Blueprint);
            let at = event.received_at.unwrap();
            assert_eq!(event.version.revision, at.to_ordered_u64());
            let what = match &event.body {
                Body::Post(post) => said(post),
                Body::Like(subject) => format!("like {}", subject.post.text),
                Body::Repost(subject) => format!("repost {}", subject.post.text),
                Body::Follow(account) => format!("follow {}", account.text),
                Body::Block(account) => format!("block {}", account.text),
                Body::Gone(kind) => format!("{} gone", kind.name()),
                other => panic!("{other:?}"),
            };
            seen.push(Seen {
                record: event.record.text.to_owned(),
                actor: event.actor.unwrap().text.to_owned(),
                operation: event.operation,
                at: at.0,
                offset: event.origin.offset,
                content: event.version.content,
                what,
            });
        },
        Vec::new(),
    );
    let mut tally = Tally::default();
    for block in Blocks::of_about(block_bytes, Decoded::new(text.as_bytes()), FILE.name) {
        read_block(&block.unwrap(), &FILE, &mut sink, &mut tally);
    }
    let aside = sink.1;
    assert_eq!(
        tally.records,
        tally.taken + tally.n_quarantined() + tally.n_ignored() + tally.blank,
        "{tally:?}"
    );
    assert_eq!((tally.taken, tally.n_quarantined()), (seen.len() as u64, aside.len() as u64));
    (seen, aside, tally)
}

fn said(post: &Post<'_>) -> String {
    let subject = |name, subject: Option<populi_model::Subject<'_>>| {
        subject.map_or(String::new(), |subject| {
            format!(" {name} {} by {}", subject.post.text, subject.account.unwrap())
        })
    };
    let label = post.attributes.first().map_or(String::new(), |(name, value)| format!(" {name} {value}"));
    format!("{:?}{}{}{label}", post.text, subject("answers", post.reply_to), subject("quotes", post.quote_of))
}

fn read(text: &str) -> Vec<Seen> {
    let (seen, aside, _) = read_in_blocks(text, BLOCK_BYTES);
    assert_eq!(aside, []);
    seen
}

/// The id of a post, by the rule in docs/format.md.
fn id(user: &str, time: i64) -> String {
    format!("blueprint:{}", Key::of(&format!("{user}\0{time}")))
}

fn whats(seen: &[Seen]) -> Vec<(Operation, &str)> {
    seen.iter().map(|seen| (seen.operation, seen.what.as_str())).collect()
}

#[test]
fn a_chain_is_posts_that_answer_one_another() {
    let line = r#" [{"user_id":"a","text":"one","unix_epoch":5}, {"user_id":"b","unix_epoch":7},{"user_id":"a","text":"t\u00fc\n","unix_epoch":6}]"#;
    let seen = read(line);
    let (a5, b7) = (id("a", 5), id("b", 7));
    assert_eq!(
        whats(&seen),
        [
            (Operation::Create, "\"one\""),
            (Operation::Create, format!("\"\" answers {a5} by blueprint:a").as_str()),
            (Operation::Create, format!("\"tü\\n\" answers {b7} by blueprint:b").as_str()),
        ]
    );
    assert_eq!([&seen[0].record, &seen[1].record, &seen[2].record], [&a5, &b7, &id("a", 6)]);
    assert_eq!((seen[0].actor.as_str(), seen[0].at), ("blueprint:a", 5));
    let offsets: Vec<&str> = seen.iter().map(|seen| &line[seen.offset as usize..][..14]).collect();
    assert_eq!(offsets, [r#"{"user_id":"a""#, r#"{"user_id":"b""#, r#"{"user_id":"a""#]);
}

#[test]
fn the_published_style_tells_the_cluster_and_fills_up_with_null() {
    let line = r#"{"cluster_id":4,"extra":{},"thread":[{"user_id":"a","relative_integer_time":5,"text":"one","actions":null},
        {"user_id":"b","relative_integer_time":6,"text":"two","actions":"{\"reply\":true,\"like\":false}"}]}"#;
    let seen = read(&line.replace('\n', ""));
    let a5 = id("a", 5);
    assert_eq!(
        whats(&seen),
        [
            (Operation::Create, "\"one\""),
            (Operation::Create, format!("\"two\" answers {a5} by blueprint:a label 4").as_str())
        ]
    );
}

#[test]
fn pairs_are_acts_and_what_takes_an_act_back_names_it() {
    let pair = |flag: &str, time: i64, text: &str| {
        format!(
            r#"[{{"user_id":"a","text":"one","unix_epoch":5}},{{"user_id":"b","actions":{{"{flag}":true,"other":false}},"unix_epoch":{time}{text}}}]"#
        )
    };
    let own = |flag: &str, time, text: &str| pair(flag, time, text).replace("\"b\"", "\"a\"");
    let a5 = id("a", 5);
    for (act, undo, what, gone) in [
        ("like", "unlike", format!("like {a5}"), "like gone"),
        ("repost", "unrepost", format!("repost {a5}"), "repost gone"),
        ("follow", "unfollow", "follow blueprint:a".to_owned(), "follow gone"),
        ("block", "unblock", "block blueprint:a".to_owned(), "block gone"),
    ] {
        let seen = read(&format!("{}\n{}\n", pair(act, 8, ""), pair(undo, 9, "")));
        assert_eq!(whats(&seen[..2]), [(Operation::Create, "\"one\""), (Operation::Create, what.as_str())]);
        assert_eq!(whats(&seen[2..]), [(Operation::Create, "\"one\""), (Operation::Delete, gone)]);
        assert_eq!((&seen[1].record, seen[1].at), (&seen[3].record, 8));
        assert_eq!(seen[3].actor, "blueprint:b");
    }
    let quote = read(&pair("quote", 8, r#","text":"see""#));
    assert_eq!(
        (quote[1].what.as_str(), &quote[1].record),
        (format!("\"see\" quotes {a5} by blueprint:a").as_str(), &id("b", 8))
    );
    let edit = read(&own("post_update", 9, r#","text":"won""#));
    assert_eq!(whats(&edit), [(Operation::Create, "\"one\""), (Operation::Update, "\"won\"")]);
    assert_eq!(edit[1].record, a5);
    let gone = read(&own("post_delete", 9, ""));
    assert_eq!((whats(&gone)[1], &gone[1].record), ((Operation::Delete, "post gone"), &a5));

    let (seen, _, tally) = read_in_blocks(&pair("ignore", 8, ""), BLOCK_BYTES);
    assert_eq!((whats(&seen), tally.records), (vec![(Operation::Create, "\"one\"")], 2));
    assert_eq!(tally.ignored.into_iter().collect::<Vec<_>>(), [("ignore".to_owned(), 1)]);
}

#[test]
fn of_copies_the_one_that_tells_the_most_weighs_the_most() {
    let released = |thread: &str, flag: &str| {
        format!(
            r#"{{"thread":[{thread},{{"user_id":"b","relative_integer_time":6,"text":"two","actions":{{"{flag}":true}}}}],"cluster_id":1}}"#
        )
    };
    let a = r#"{"user_id":"a","relative_integer_time":5,"text":"one"}"#;
    let b = r#"{"user_id":"b","relative_integer_time":6,"text":"two"}"#;
    let c = r#"{"user_id":"c","relative_integer_time":7,"text":"three","actions":{"reply":true}}"#;
    let thread = |messages: &[&str]| format!(r#"{{"thread":[{}],"cluster_id":1}}"#, messages.join(","));
    let edited = r#"[{"user_id":"b","text":"two","unix_epoch":6},{"user_id":"b","text":"2","actions":{"post_update":true},"unix_epoch":9}]"#;
    let lines =
        [edited.to_owned(), thread(&[b, c]), released(a, "quote"), thread(&[a, b, c]), released(a, "reply")];
    let weights: Vec<u64> = lines
        .iter()
        .map(|line| read(line).into_iter().find(|seen| seen.record == id("b", 6)).unwrap().content >> 60)
        .collect();
    assert_eq!(weights, [0, 8, 11, 12, 14]);
}

#[test]
fn where_the_time_is_lost_the_text_names_the_post() {
    let seen =
        read(r#"[{"user_id":"a","text":"one","unix_epoch":0},{"user_id":"a","text":"two","unix_epoch":0}]"#);
    assert_ne!(seen[0].record, seen[1].record);
    assert_eq!(seen[0].record, format!("blueprint:{}", Key::of("a\x000\0one")));
}

#[test]
fn a_line_with_a_defect_is_put_aside_whole() {
    let good = r#"[{"user_id":"a","text":"one","unix_epoch":5}]"#;
    let like = |actions: &str| {
        format!(r#"[{{"user_id":"a","unix_epoch":5}},{{"user_id":"b","unix_epoch":6,"actions":{actions}}}]"#)
    };
    let cases: Vec<(String, Reason, &str)> = vec![
        (good[..20].to_owned(), Reason::BadJson, "cut short"),
        ("<html>".to_owned(), Reason::BadJson, "no JSON"),
        (format!("{good}{good}"), Reason::BadJson, "trailing"),
        ("5".to_owned(), Reason::NotAnObject, "a number"),
        ("[]".to_owned(), Reason::NotAnEvent, "without messages"),
        ("{}".to_owned(), Reason::NotAnEvent, "without a thread"),
        (r#"{"thread":[],"cluster_id":1}"#.to_owned(), Reason::NotAnEvent, "without messages"),
        (r#"{"thread":null}"#.to_owned(), Reason::NotAnEvent, "without a thread"),
        (r#"{"thread":5}"#.to_owned(), Reason::WrongType, "byte"),
        (r#"{"thread":[],"cluster_id":"x"}"#.to_owned(), Reason::WrongType, "byte"),
        ("[5]".to_owned(), Reason::WrongType, "message 1"),
        (r#"[["a","one",5,5,null]]"#.to_owned(), Reason::WrongType, "expected an object"),
        (good.replace("\"one\"", "5"), Reason::WrongType, "message 1"),
        (good.replace("\"a\"", "null"), Reason::MissingId, "user_id"),
        (good.replace("\"a\"", "\"\""), Reason::MissingId, "user_id"),
        (good.replace(",\"unix_epoch\":5", ""), Reason::BadTime, "unix_epoch"),
        (good.replace(":5", ":253402300800000000"), Reason::BadTime, "9999"),
        (good.replace(":5", ":\"5\""), Reason::WrongType, "message 1"),
        (good.replace(":5", ":5.5"), Reason::WrongType, "message 1"),
        (like("{}"), Reason::NotAnEvent, "got none"),
        (like(r#"{"dance":true}"#), Reason::NotAnEvent, "got none"),
        (like(r#"{"like":true,"follow":true}"#), Reason::NotAnEvent, "got several"),
        (like(r#"{"like":1}"#), Reason::WrongType, "message 2"),
        (like("[true]"), Reason::WrongType, "actions"),
        (like("\"{\""), Reason::BadJson, "cut short"),
        (
            r#"[{"user_id":"b","unix_epoch":6,"actions":{"like":true}}]"#.to_owned(),
            Reason::NotAnEvent,
            "before it",
        ),
        (like(r#"{"post_update":true}"#), Reason::NotAnEvent, "of another user"),
        (like(r#"{"post_delete":true}"#), Reason::NotAnEvent, "of another user"),
        (
            format!("{},{}", &like(r#"{"like":true}"#).trim_end_matches(']'), &good[1..]),
            Reason::NotAnEvent,
            "behind one that has actions",
        ),
        (good.replace("one", "\\ud83d"), Reason::LoneSurrogate, "message 1"),
        (good.replace("one", "o\0e"), Reason::RawNul, "NUL"),
        ("[".repeat(200), Reason::TooDeep, "128"),
        ("<<<<<<< HEAD".to_owned(), Reason::ConflictMarker, "merge"),
    ];
    for (line, reason, word) in &cases {
        let text = format!("{good}\n{line}\n\n{good}");
        let (seen, aside, tally) = read_in_blocks(&text, BLOCK_BYTES);
        assert_eq!((seen.len(), tally.records, tally.blank), (2, 4, 1), "{line}");
        let [aside] = &aside[..] else { panic!("{line}: {aside:?}") };
        assert_eq!((aside.reason, aside.line), (*reason, 2), "{line}: {}", aside.detail);
        assert_eq!(aside.origin.offset, good.len() as u64 + 1, "{line}");
        assert!(aside.detail.contains(word), "{line}: {}", aside.detail);
    }
    let bytes = [good.as_bytes(), b"\n\"\xc3\x28\"\n"].concat();
    let mut tally = Tally::default();
    let mut sink = Each(|_: &populi_model::Event<'_>| {}, Vec::new());
    for block in Blocks::new(Decoded::new(bytes.as_slice()), FILE.name) {
        read_block(&block.unwrap(), &FILE, &mut sink, &mut tally);
    }
    assert_eq!(sink.1.iter().map(|aside| aside.reason).collect::<Vec<_>>(), [Reason::InvalidUtf8]);
}

#[test]
fn blocks_may_be_cut_anywhere() {
    let lines: String = (0..50)
        .map(|i| match i % 4 {
            0 => "\n".to_owned(),
            1 => "\u{feff}{\"thread\":5}\r\n".to_owned(),
            _ => format!(r#"[{{"user_id":"a{i}","text":"é","unix_epoch":{i}}}]{}"#, "\r\n"),
        })
        .collect();
    let whole = read_in_blocks(&lines, BLOCK_BYTES);
    assert_eq!((whole.0.len(), whole.1.len()), (24, 13));
    for block_bytes in [1, 10, 100, 700] {
        assert_eq!(read_in_blocks(&lines, block_bytes), whole, "{block_bytes}");
    }
}

#[test]
fn a_line_that_is_cut_or_changed_anywhere_has_one_outcome() {
    let line = r#"{"thread":[{"user_id":"a","relative_integer_time":5,"text":"\u00e9né"},{"user_id":"b","relative_integer_time":6,"actions":{"like":true,"post":false}}],"cluster_id":3}"#;
    let n_taken = read(line).len();
    for end in (1..line.len()).filter(|end| line.is_char_boundary(*end)) {
        let (seen, aside, _) = read_in_blocks(&line[..end], BLOCK_BYTES);
        assert_eq!((seen.len(), aside[0].reason), (0, Reason::BadJson), "{end}");
    }
    let places = line.char_indices().filter(|(_, letter)| letter.is_ascii()).map(|(place, _)| place);
    for (place, with) in
        places.flat_map(|place| ["\"", "{", "]", "0", "\\", "\0", ","].map(|with| (place, with)))
    {
        let changed = [&line[..place], with, &line[place + 1..]].concat();
        let (seen, aside, _) = read_in_blocks(&changed, BLOCK_BYTES);
        assert!(
            (seen.len(), aside.len()) == (n_taken, 0) || (seen.len(), aside.len()) == (0, 1),
            "{changed}"
        );
    }
}
