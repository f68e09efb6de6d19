//! `populi export conversations`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::detector::{sources, train};
use crate::jetstream::{account, delete, file, post, reply, text, uri};
use crate::oasst_reader::{self, Message, check_thread, training_threads};
use crate::program::{DONE, FAILED, Folder, sum};

/// A table of posts: id, author, answered post, language and text; the minute is the place.
fn table(posts: &[(&str, &str, &str, &str, &str)]) -> String {
    let rows = posts.iter().enumerate().map(|(i, (id, author, reply_to, lang, text))| {
        format!(
            "{id},{author},2024-05-{:02}T{:02}:{:02}:00Z,{reply_to},{lang},\"{text}\"\n",
            1 + i / 1440,
            i / 60 % 24,
            i % 60
        )
    });
    std::iter::once("id,author,time,reply_to,lang,text\n".to_owned()).chain(rows).collect()
}

/// A corpus of a table, with its conversations.
fn corpus(table: &str) -> Folder {
    let folder = Folder::new();
    folder.write("table.csv", table);
    folder.ok(
        "ingest text table.csv --id id --author-column author --time time --reply-to reply_to --lang-column lang --text text \
         --quiet",
    );
    folder.ok("threads --quiet");
    folder
}

/// Ann asks in two posts and Bob helps; others talk in between.
const BREAD: [(&str, &str, &str, &str, &str); 12] = [
    ("1", "ann", "", "en", "How do I bake bread?"),
    ("2", "ann", "1", "en", "Without yeast, that is."),
    ("3", "bob", "2", "en", "@ann Use baking soda. https://t.co/AbCdEf1234"),
    ("4", "ann", "3", "en", "Thanks @bob! How much?"),
    ("5", "bob", "4", "en", "A teaspoon."),
    ("6", "cyd", "1", "de", "Kauf es doch."),
    ("7", "ann", "1", "en", "A second reply to myself"),
    ("8", "dan", "7", "en", "An answer to that"),
    ("9", "ann", "", "en", "Good night"),
    ("10", "bob", "99", "en", "An answer to a missing post"),
    ("11", "cyd", "4", "en", "A pound!"),
    ("12", "dan", "5", "en", "Really?"),
];

fn export(folder: &Folder, options: &str) -> Value {
    folder.ok_json(&format!("export conversations --test-key --overwrite {options}"))
}

/// Everything in the corpus has one fate.
fn check_account(card: &Value) {
    let n = |name: &str| card[name].as_u64().unwrap();
    let all = sum(&card["posts"]) + n("tombstones");
    assert_eq!(all, n("told") + n("merged") + n("told_tombstones") + sum(&card["left_out"]), "{card}");
    let of_splits = |name: &str| -> u64 {
        card["splits"].as_array().unwrap().iter().map(|split| split[name].as_u64().unwrap()).sum()
    };
    assert_eq!(of_splits("turns"), n("told") + n("told_tombstones"), "{card}");
    assert_eq!(sum(&card["languages"]), of_splits("turns"), "{card}");
}

fn trees(folder: &Folder, name: &str) -> Vec<Message> {
    folder.read_text(name).lines().map(oasst_reader::tree).collect()
}

fn texts<'m>(thread: &[&'m Message]) -> Vec<&'m str> {
    thread.iter().map(|message| message.text.as_str()).collect()
}

#[test]
fn a_conversation_becomes_turns_that_the_loader_takes() {
    let folder = corpus(&table(&BREAD));
    let card = export(&folder, "--format oasst-tree --out out");
    check_account(&card);
    let left_out = json!({ "alone": 1, "root_missing": 1, "second_self_reply": 1, "below_left_out": 1 });
    assert_eq!((&card["left_out"], &card["told"], &card["merged"]), (&left_out, &json!(7), &json!(1)));
    let trees = trees(&folder, "out/conversations.jsonl");
    assert_eq!(trees.len(), 1);
    let threads = training_threads(&trees[0]);
    threads.iter().for_each(|thread| check_thread(thread));
    let said: Vec<Vec<&str>> = threads.iter().map(|thread| texts(thread)).collect();
    let question = "How do I bake bread?\n\nWithout yeast, that is.";
    let thanks = trees[0].replies[0].replies[0].text.as_str();
    assert!(thanks.starts_with("Thanks @user_") && thanks.ends_with("! How much?"), "{thanks}");
    assert_eq!(
        said,
        [
            vec![question, "Use baking soda.", thanks, "A teaspoon."],
            vec![question, "Use baking soda.", thanks, "A pound!"],
            vec![question, "Kauf es doch."],
        ]
    );
    assert_eq!(trees[0].lang.as_deref(), Some("en"));
    let users: BTreeSet<_> = oasst_reader::all(&trees[0]).into_iter().map(|message| &message.user).collect();
    assert_eq!(users.len(), 4);
    assert!(!folder.read_text("out/conversations.jsonl").contains("table:"), "ids are told");
    let readme = folder.read_text("out/README.md");
    for said in ["review_result", "No licence", "everybody can undo them", "second self reply | 1"] {
        assert!(readme.contains(said), "{said}: {readme}");
    }
}

#[test]
fn every_format_tells_the_same() {
    let folder = corpus(&table(&BREAD));
    export(&folder, "--format oasst-tree --out tree");
    let trees = trees(&folder, "tree/conversations.jsonl");
    export(&folder, "--format oasst-message --out message");
    assert_eq!(oasst_reader::messages(&folder.read_text("message/conversations.jsonl")), trees);

    let card = export(&folder, "--format oasst-thread --out thread");
    check_account(&card);
    assert_eq!(card["left_out"]["unanswered"], 1, "the last question of a path is on none");
    let bare = |message: &Message| Message { replies: Vec::new(), ..message.clone() };
    let expected: Vec<Vec<Message>> = training_threads(&trees[0])
        .iter()
        .map(|thread| thread.iter().map(|message| bare(message)).collect())
        .collect();
    let threads: Vec<Vec<Message>> =
        folder.read_text("thread/conversations.jsonl").lines().map(oasst_reader::thread).collect();
    assert_eq!(threads, expected);

    for format in ["chat", "sharegpt", "alpaca"] {
        let card = export(&folder, &format!("--format {format} --out {format}"));
        check_account(&card);
        let lines = folder.read_text(&format!("{format}/conversations.jsonl"));
        let told: Vec<Vec<String>> = lines.lines().map(|line| said(format, line)).collect();
        let expected: Vec<Vec<String>> = threads
            .iter()
            .map(|thread| thread.iter().map(|message| message.text.clone()).collect())
            .collect();
        assert_eq!(told, expected, "{format}");
    }
}

/// The texts of a line, whose keys and roles are checked.
fn said(format: &str, line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).unwrap();
    let keys: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |name: &str, role: &str, content: &str, roles: [&str; 2]| -> Vec<String> {
        assert_eq!(keys, [name, "id"].into());
        let messages = line[name].as_array().unwrap();
        for (i, message) in messages.iter().enumerate() {
            let keys: BTreeSet<&str> = message.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!((keys, &message[role]), ([role, content].into(), &json!(roles[i % 2])));
        }
        messages.iter().map(|message| text(&message[content])).collect()
    };
    match format {
        "chat" => list("messages", "role", "content", ["user", "assistant"]),
        "sharegpt" => list("conversations", "from", "value", ["human", "gpt"]),
        _ => {
            assert_eq!(keys, ["instruction", "input", "output", "history"].into());
            assert_eq!(line["input"], "");
            let history = line["history"].as_array().unwrap().iter().flat_map(|pair| {
                let pair = pair.as_array().unwrap();
                assert_eq!(pair.len(), 2);
                pair.clone()
            });
            history
                .chain([line["instruction"].clone(), line["output"].clone()])
                .map(|said| text(&said))
                .collect()
        }
    }
}

#[test]
fn filters_leave_out_and_count() {
    let folder = corpus(&table(&BREAD));
    let card = export(&folder, "--format chat --two-party --out out");
    check_account(&card);
    assert_eq!((&card["left_out"]["third_party"], &card["splits"][0]["lines"]), (&json!(2), &json!(2)));

    let card = export(&folder, "--format chat --lang en --out out");
    check_account(&card);
    assert_eq!((&card["left_out"]["language"], &card["splits"][0]["lines"]), (&json!(1), &json!(2)));

    let card = export(&folder, "--format chat --min-length 9 --out out");
    check_account(&card);
    assert_eq!((&card["left_out"]["too_short"], &card["splits"][0]["lines"]), (&json!(2), &json!(2)));

    let card = export(&folder, "--format chat --lang fi --out out");
    check_account(&card);
    assert_eq!(card["splits"][0]["lines"], 0);

    let answer = folder.run([
        "export",
        "conversations",
        "--test-key",
        "--format",
        "chat",
        "--lang",
        "english",
        "--out",
        "x",
    ]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("ISO 639"), "{answer:?}");
    let answer = folder.run("export conversations --test-key --format chat --clean --out x".split(' '));
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("populi clean"), "{answer:?}");
    folder.ok("clean --quiet");
    let card = export(&folder, "--format chat --clean --out out");
    check_account(&card);
}

#[test]
fn roots_may_have_to_be_instructions() {
    let posts = [
        ("1", "ann", "", "en", "How do I clean the guitar at home?"),
        ("2", "bob", "1", "en", "With a cloth"),
        ("3", "bob", "", "en", "The train made me laugh so hard"),
        ("4", "ann", "3", "en", "Can you tell me how to fix the train?"),
    ];
    let folder = corpus(&table(&posts));
    let options = "--format chat --out out --instructions";
    let answer = folder.run(format!("export conversations --test-key {options} 0.5").split(' '));
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("populi detector apply"), "{answer:?}");
    sources(&folder);
    assert_eq!(train(&folder, "--out found").code, DONE);
    folder.ok("detector apply --detector found/detector.json --quiet");
    let card = export(&folder, &format!("{options} 0.5"));
    check_account(&card);
    assert_eq!(card["left_out"], json!({ "not_instruction": 1, "below_left_out": 1 }));
    assert_eq!(said("chat", &folder.read_text("out/conversations.jsonl")), [posts[0].4, posts[1].4]);
    assert_eq!(export(&folder, &format!("{options} 0"))["splits"][0]["lines"], 2);
    let answer = folder.run(format!("export conversations --test-key --overwrite {options} 2").split(' '));
    assert_eq!(answer.code, FAILED);
}

#[test]
fn what_begins_with_a_missing_post_is_told_when_asked_for() {
    let posts = [
        ("1", "ann", "99", "en", "I answer what is not there"),
        ("2", "bob", "1", "en", "And I answer Ann"),
        ("3", "cyd", "99", "en", "So do I, answer what is not there"),
    ];
    let folder = corpus(&table(&posts));
    let card = export(&folder, "--format chat --out out");
    check_account(&card);
    assert_eq!((&card["left_out"], &card["told"]), (&json!({ "root_missing": 3 }), &json!(0)));
    let card = export(&folder, "--format chat --incomplete keep --out out");
    check_account(&card);
    assert_eq!((&card["left_out"], &card["told"]), (&json!({ "no_reply": 1 }), &json!(2)));
    assert_eq!(said("chat", &folder.read_text("out/conversations.jsonl")), [posts[0].4, posts[1].4]);
}

#[test]
fn deleted_posts_keep_their_place_where_something_hangs_below_them() {
    let folder = Folder::new();
    let did = |name: &str| format!("did:plc:{name}");
    let at = |name: &str, rkey: &str| uri(&did(name), rkey);
    let root = at("ann", "a1");
    let answer = |name: &str, rkey: &str, second, said: &str, parent: &str| {
        post(&did(name), rkey, second, &reply(said, parent, &root))
    };
    folder.write(
        "dump.jsonl",
        file(&[
            post(&did("ann"), "a1", 1, &text("Who is there?")),
            answer("bob", "b1", 2, "I regret this", &root),
            answer("ann", "a2", 3, "Why do you?", &at("bob", "b1")),
            answer("cyd", "c1", 4, "It is me", &root),
            answer("ann", "a3", 5, "A deleted leaf", &at("cyd", "c1")),
            answer("dan", "d1", 6, "Hidden", &root),
            answer("ann", "a4", 7, "Below what is hidden", &at("dan", "d1")),
            post(&did("eve"), "e1", 8, &text("A root that goes")),
            post(&did("bob"), "b2", 9, &reply("Below it", &at("eve", "e1"), &at("eve", "e1"))),
            delete(&did("bob"), "feed.post", "b1", 10),
            delete(&did("ann"), "feed.post", "a3", 11),
            delete(&did("eve"), "feed.post", "e1", 12),
            account(&did("dan"), "suspended", 13),
        ]),
    );
    folder.ok("ingest bluesky dump.jsonl --quiet");
    folder.ok("threads --quiet");
    let card = export(&folder, "--format oasst-tree --out out");
    check_account(&card);
    let left_out = json!({ "below_left_out": 1, "deleted": 2, "hidden_author": 1, "root_gone": 1 });
    assert_eq!((&card["left_out"], &card["told_tombstones"]), (&left_out, &json!(1)));
    let trees = trees(&folder, "out/conversations.jsonl");
    assert_eq!(trees[0].replies.len(), 2);
    // Authors wrote them in the same second.
    let of = |deleted| trees[0].replies.iter().find(|reply| reply.deleted == deleted).unwrap();
    assert_eq!((of(true).replies[0].text.as_str(), of(false).replies.len()), ("Why do you?", 0));
    let threads = training_threads(&trees[0]);
    assert_eq!(
        threads.iter().map(|thread| texts(thread)).collect::<Vec<_>>(),
        [["Who is there?", "It is me"]]
    );
    let raw = export(&folder, "--format openassistant-raw --out raw");
    check_account(&raw);
    assert!(!folder.read_text("raw/conversations.jsonl").contains("Why do you?"));
}

#[test]
fn splits_hold_whole_conversations_and_follow_seed_or_time() {
    let posts: Vec<(String, &str, String)> = (0..300)
        .flat_map(|i| [(format!("{i}"), "ann", String::new()), (format!("{i}r"), "bob", format!("{i}"))])
        .collect();
    let rows: Vec<_> = posts
        .iter()
        .map(|(id, author, parent)| (id.as_str(), *author, parent.as_str(), "en", "some words"))
        .collect();
    let folder = corpus(&table(&rows));
    let ids = |out: &str| -> Vec<BTreeSet<String>> {
        let names =
            ["train", "validation", "test"].map(|name| folder.read_text(&format!("{out}/{name}.jsonl")));
        names.iter().map(|text| text.lines().map(|line| oasst_reader::tree(line).id).collect()).collect()
    };
    let options = "--format oasst-tree --split 0.8,0.1,0.1";
    let card = export(&folder, &format!("{options} --out hash"));
    check_account(&card);
    export(&folder, &format!("{options} --seed 1 --out seed"));
    let card_by_time = export(&folder, &format!("{options} --split-by time --out time"));
    let (hash, seed, time) = (ids("hash"), ids("seed"), ids("time"));
    for splits in [&hash, &seed, &time] {
        let whole: BTreeSet<&String> = splits.iter().flatten().collect();
        assert_eq!((whole.len(), splits.iter().map(BTreeSet::len).sum::<usize>()), (300, 300));
    }
    assert_ne!(hash, seed);
    assert!((215..265).contains(&hash[0].len()), "{}", hash[0].len());
    assert_eq!(time.iter().map(BTreeSet::len).collect::<Vec<_>>(), [240, 30, 30]);
    let splits = card_by_time["splits"].as_array().unwrap();
    assert!(splits.windows(2).all(|pair| pair[0]["last"].as_str() < pair[1]["first"].as_str()), "{splits:?}");

    // More posts move no conversation from one split to another.
    let more: Vec<_> =
        rows.iter().copied().chain([("x", "cyd", "", "en", "a"), ("y", "dan", "x", "en", "b")]).collect();
    let folder_of_more = corpus(&table(&more));
    export(&folder_of_more, &format!("{options} --out hash"));
    let train = folder_of_more.read_text("hash/train.jsonl");
    let train: BTreeSet<String> = train.lines().map(|line| oasst_reader::tree(line).id).collect();
    assert!(hash[0].is_subset(&train) && train.len() <= hash[0].len() + 1);
}

#[test]
fn the_original_tree_has_numbers_for_ids_or_real_ones_when_asked_for() {
    let posts = [
        ("11", "501", "", "en", "Root for @502"),
        ("12", "501", "11", "en", "My own reply"),
        ("13", "502", "12", "fr", "Et moi"),
    ];
    let folder = corpus(&table(&posts));
    let card = export(&folder, "--format openassistant-raw --out raw");
    check_account(&card);
    assert_eq!((&card["told"], &card["merged"]), (&json!(3), &json!(0)));
    let raw = folder.read_text("raw/conversations.jsonl");
    let tree: Value = serde_json::from_str(&raw).unwrap();
    let root = &tree["root"];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (keys(&tree), keys(root)),
        (
            vec!["metadata".to_owned(), "root".to_owned()],
            ["children", "metadata", "role", "text"].map(str::to_owned).to_vec()
        )
    );
    assert!(!raw.contains("502") && root["text"].as_str().unwrap().starts_with("Root for @user_"), "{raw}");
    assert!(root["metadata"]["id"].is_i64() && root["metadata"]["id"] != 11);
    let child = &root["children"][0];
    assert_eq!((&child["role"], &child["children"][0]["role"]), (&json!("prompter"), &json!("assistant")));
    assert_eq!(child["children"][0]["metadata"]["in_reply_to_status_id"], child["metadata"]["id"]);

    let card = folder.ok_json("export conversations --real-ids --format openassistant-raw --out real");
    assert_eq!(card["key_fingerprint"], Value::Null);
    let tree: Value = serde_json::from_str(&folder.read_text("real/conversations.jsonl")).unwrap();
    let metadata = &tree["root"]["metadata"];
    assert_eq!(
        (&metadata["id"], &metadata["user_id"], &metadata["count"]),
        (&json!(11), &json!(501), &json!(1))
    );
    assert_eq!(tree["root"]["text"], "Root for @502");
    assert_eq!(tree["root"]["children"][0]["children"][0]["metadata"]["prompt_user"], 501);
    assert_eq!(metadata.as_object().unwrap().len(), 20);

    let answer = folder.run("export conversations --real-ids --format chat --out x".split(' '));
    assert_eq!(answer.code, FAILED);
    let answer = folder.run("export conversations --format chat --out x".split(' '));
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("populi export key"), "{answer:?}");
    assert!(!folder.path("x").exists() && !folder.path("x.unfinished").exists());
}

#[test]
fn long_chains_are_written_with_little_stack_and_the_same_bytes_by_any_number_of_threads() {
    let n = 20_000;
    let mut rows = String::from("id,author,reply_to,text\n");
    for i in 1..=n {
        let parent = if i == 1 { String::new() } else { (i - 1).to_string() };
        rows.push_str(&format!("{i},{},{parent},words {i}\n", ["ann", "bob"][i % 2]));
        rows.push_str(&format!(
            "s{i},cyd,{},words to myself {i}\n",
            if i == 1 { String::new() } else { format!("s{}", i - 1) }
        ));
    }
    rows.push_str(&format!("end,dan,s{n},an answer\n"));
    let folder = Folder::new();
    folder.write("table.csv", rows);
    folder.ok("ingest text table.csv --id id --author-column author --reply-to reply_to --text text --quiet");
    folder.ok("threads --quiet");
    for format in ["oasst-tree", "openassistant-raw", "chat"] {
        let mut written = BTreeMap::new();
        for threads in [1, 2] {
            let card = export(&folder, &format!("--format {format} --out out --threads {threads}"));
            check_account(&card);
            let turns = if format == "openassistant-raw" { 2 * n + 1 } else { n + 2 };
            assert_eq!(card["splits"][0]["turns"], turns, "{format}");
            written.insert(
                threads,
                ["conversations.jsonl", "card.json"].map(|name| folder.read(&format!("out/{name}"))),
            );
        }
        assert!(written[&1] == written[&2], "{format}");
        let text = &written[&1][0];
        let count = |byte: u8| text.iter().filter(|found| **found == byte).count();
        assert_eq!(count(b'{'), count(b'}'), "{format}");
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 2, "{format}");
    }
}

#[test]
fn an_export_needs_threads_and_keeps_what_is_in_the_way() {
    let folder = Folder::new();
    folder.write("lines.txt", "one two\nthree four\n");
    folder.ok("ingest text lines.txt --quiet");
    let export = ["export", "conversations", "--format", "chat", "--test-key", "--out", "out"];
    let answer = folder.run(export);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("populi threads"), "{answer:?}");
    folder.ok("threads --quiet");
    let card = folder.ok_json("export conversations --format chat --test-key --out out");
    check_account(&card);
    assert_eq!(card["left_out"], json!({ "alone": 2 }));
    let answer = folder.run(export);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("--overwrite"), "{answer:?}");
    folder.write("out/letter.txt", "dear diary");
    let answer = folder.run(export.into_iter().chain(["--overwrite"]));
    assert_eq!(answer.code, FAILED);
    assert_eq!(folder.read_text("out/letter.txt"), "dear diary");
}
