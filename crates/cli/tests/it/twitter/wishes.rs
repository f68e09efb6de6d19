//! What people and the network wished later is done everywhere: edits, deletes, places, countries, forgetting.

use serde_json::{Value, json};

use super::ingest;
use crate::program::{DONE, Folder, n_rows};

const FIRST_ID: u64 = 1_600_000_000_000_000_000;

/// A line of the v2 stream.
fn line(number: u64, author: u64, text: &str, more: &Value) -> String {
    let id = (FIRST_ID + (number << 32)).to_string();
    let second = 10 + number;
    let mut data = json!({
        "id": id, "author_id": author.to_string(), "text": text, "lang": "en",
        "created_at": format!("2022-10-15T00:00:{second}.000Z"), "conversation_id": id,
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let user = json!({ "id": author.to_string(), "username": format!("Name{author}"), "name": "N" });
    let line = json!({ "data": data, "includes": { "users": [user] }, "matching_rules": [] });
    format!("{line}\n")
}

fn id(number: u64) -> String {
    (FIRST_ID + (number << 32)).to_string()
}

fn answer_to(number: u64) -> Value {
    json!({ "referenced_tweets": [{ "type": "replied_to", "id": id(number) }], "conversation_id": id(1) })
}

fn delete(number: u64, author: u64) -> String {
    let status = json!({ "id_str": id(number), "user_id_str": author.to_string() });
    format!("{}\n", json!({ "delete": { "status": status, "timestamp_ms": "1665800000000" } }))
}

/// A question that was edited once, with an answer to each of its steps.
fn edited() -> String {
    let steps = json!({ "edit_history_tweet_ids": [id(1), id(2)] });
    [
        line(1, 11, "how do I keep bees", &json!({ "edit_history_tweet_ids": [id(1)] })),
        line(2, 11, "how do I keep bees alive", &steps),
        line(3, 12, "with care and sugar", &answer_to(1)),
        line(4, 13, "in a hive of wood", &answer_to(2)),
    ]
    .concat()
}

fn chat(folder: &Folder, corpus: &str, out: &str) -> String {
    folder.ok(&format!("threads --corpus {corpus}"));
    let export = "export conversations --format chat --test-key --overwrite";
    let answer = folder.run(format!("{export} --corpus {corpus} --out {out}").split_whitespace());
    assert_eq!(answer.code, DONE, "{answer:?}");
    let mut all = String::new();
    for entry in std::fs::read_dir(folder.path(out)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            all.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    all
}

#[test]
fn answers_to_every_step_of_an_edited_post_are_answers_to_its_newest() {
    let folder = Folder::new();
    folder.write("edited.jsonl", edited());
    ingest(&folder, "corpus", &["edited.jsonl"].join(" "));
    let told = chat(&folder, "corpus", "out");
    assert!(told.contains("alive") && told.contains("sugar") && told.contains("hive"), "{told}");
    assert!(!told.contains("keep bees\""), "an earlier step is told: {told}");
    let status = folder.status("corpus");
    assert_eq!((n_rows(&status, "posts"), n_rows(&status, "conversations")), (4, 3));
}

#[test]
fn where_the_newest_step_was_deleted_no_earlier_one_is_told() {
    let folder = Folder::new();
    folder.write("edited.jsonl", edited() + &delete(2, 11));
    ingest(&folder, "corpus", "edited.jsonl");
    let told = chat(&folder, "corpus", "out");
    assert!(!told.contains("bees"), "{told}");
}

#[test]
fn a_delete_that_names_another_author_takes_the_post_out_of_conversations() {
    let folder = Folder::new();
    folder.write("in.jsonl", edited() + &line(5, 12, "and honey", &answer_to(4)) + &delete(5, 99));
    ingest(&folder, "corpus", "in.jsonl");
    let told = chat(&folder, "corpus", "out");
    assert!(told.contains("hive") && !told.contains("honey"), "{told}");
    folder.ok("verify --corpus corpus");
}

#[test]
fn scrubbed_places_are_in_no_untouched_record_either() {
    let folder = Folder::new();
    let place = json!({ "geo": { "coordinates": { "type": "Point", "coordinates": [7.25, 51.5] } } });
    folder.write("post.jsonl", line(1, 11, "here I am", &place));
    let scrub = json!({ "scrub_geo": { "user_id_str": "11", "up_to_status_id_str": id(1) } });
    folder.write("scrub.jsonl", format!("{scrub}\n"));
    folder.ok("ingest twitter post.jsonl --originals --corpus corpus");
    assert_eq!(folder.row("corpus", "SELECT geo FROM posts")["geo"], "51.5,7.25");
    assert_eq!(n_rows(&folder.status("corpus"), "originals"), 1);
    folder.ok("ingest twitter scrub.jsonl --corpus corpus");
    assert_eq!(folder.row("corpus", "SELECT geo FROM posts")["geo"], Value::Null);
    assert_eq!(n_rows(&folder.status("corpus"), "originals"), 0);
}

#[test]
fn withheld_posts_are_in_no_export() {
    let folder = Folder::new();
    let mut lines = String::new();
    for number in 1..9 {
        let more =
            if number % 2 == 0 { json!({ "withheld": { "country_codes": ["DE"] } }) } else { json!({}) };
        let text = if number % 2 == 0 { "the secret garden of bees" } else { "an open field of bees" };
        lines.push_str(&line(number, 11 + number.div_ceil(2), text, &more));
    }
    folder.write("in.jsonl", lines);
    ingest(&folder, "corpus", "in.jsonl");
    for step in ["threads", "embed --model lexical", "personas --k 1"] {
        folder.ok(&format!("{step} --corpus corpus"));
    }
    let card = folder.ok_json("export personas --test-key --min-group 1 --corpus corpus --out personas");
    assert_eq!(card["left_out"]["withheld"], 4, "{card}");
    let told = folder.read_text("personas/cluster_0.jsonl");
    assert!(told.contains("open field") && !told.contains("secret"), "{told}");
}

#[test]
fn an_export_of_an_account_is_read_once_it_is_said_whose_it_is() {
    let folder = Folder::new();
    let tweet = |number, text| {
        json!({ "tweet": {
            "id_str": id(number), "id": id(number), "full_text": text, "created_at": "Sat Oct 15 00:00:12 +0000 2022",
            "display_text_range": ["0", "3"], "favorite_count": "2", "retweet_count": "1", "lang": "en",
        } })
    };
    let tweets = json!([tweet(1, "one"), tweet(2, "two")]);
    folder.write("export/data/tweets.js", format!("window.YTD.tweets.part0 = {tweets:#}"));
    let account = json!([{ "account": { "accountId": "11", "username": "ann" } }]);
    folder.write("export/data/account.js", format!("window.YTD.account.part0 = {account:#}"));
    let answer = folder.run(["ingest", "twitter", "export", "--corpus", "nobody's"]);
    assert!(answer.code != DONE, "{answer:?}");
    let detail = folder.rows("nobody's", "SELECT detail FROM quarantine");
    assert!(detail.len() == 2 && detail[0]["detail"].as_str().unwrap().contains("--owner"), "{detail:?}");
    folder.ok("ingest twitter export --owner 11 --corpus anns");
    let row =
        folder.row("anns", "SELECT count(*) n, min(author_id) author, sum(like_count) likes FROM posts");
    assert_eq!(row, json!({ "n": 2, "author": "twitter:user:11", "likes": 4 }));
}

#[test]
fn who_is_forgotten_is_in_no_row_of_others() {
    let folder = Folder::new();
    let status = json!({
        "id_str": id(2), "id": FIRST_ID, "text": "@Name11 yes", "created_at": "Sat Oct 15 00:00:12 +0000 2022",
        "timestamp_ms": "1665792012000", "truncated": false, "in_reply_to_status_id_str": id(1),
        "in_reply_to_user_id_str": "11", "in_reply_to_screen_name": "Name11",
        "user": { "id_str": "12", "screen_name": "Name12", "name": "N" },
        "entities": { "user_mentions": [{ "id_str": "11", "screen_name": "Name11", "indices": [0, 7] }] },
    });
    folder.write("in.jsonl", line(1, 11, "who keeps bees", &json!({})) + &format!("{status}\n"));
    ingest(&folder, "corpus", "in.jsonl");
    let named = "SELECT count(*) n FROM attributes WHERE name LIKE 'in_reply_to%'";
    assert_eq!(folder.row("corpus", named)["n"], 2);
    folder.ok("forget --author twitter:user:11 --corpus corpus");
    assert_eq!(folder.row("corpus", named)["n"], 0);
    let row = folder.row("corpus", "SELECT author_id, reply_to, mentions FROM posts");
    assert_eq!(row, json!({ "author_id": "twitter:user:12", "reply_to": null, "mentions": [] }));
}
