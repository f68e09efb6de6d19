//! Simulated worlds against their truth: the account of every file, and every row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{ingest, simulate};
use crate::program::{Folder, check_balance, sum};

/// The columns of a post by which a row is compared, and how to ask for them.
const POSTS: &str = "
SELECT posts.post_id AS id, author_id AS author, to_char(created_at, '%Y-%m-%dT%H:%M:%S.000Z') AS created_at, text,
       declared_lang[1] AS lang, reply_to, quote_of, conversation_id, hashtags, like_count, reply_count, repost_count,
       quote_count, to_char(counted_at, '%Y-%m-%dT%H:%M:%S.000Z') AS counted_at, client, geo,
       max(value) FILTER (WHERE name = 'place_id') AS place_id, withheld_in, edit_of, body_start, body_end,
       coalesce(max(value) FILTER (WHERE name = 'truncated'), 'false') AS truncated,
       coalesce(max(value) FILTER (WHERE name = 'text_cut'), 'false') AS text_cut
FROM posts LEFT JOIN attributes ON attributes.post_key = posts.post_key
GROUP BY posts.post_id, author_id, created_at, text, declared_lang, reply_to, quote_of, conversation_id, hashtags,
         like_count, reply_count, repost_count, quote_count, counted_at, client, geo, withheld_in, edit_of, body_start, body_end";

const ACCOUNTS: &str = "
SELECT account_id AS id, handle, name, bio, location, follower_count AS followers, following_count AS following,
       post_count AS posts, verified, to_char(joined_at, '%Y-%m-%dT%H:%M:%S.000Z') AS joined_at, withheld_in,
       geo_scrubbed_up_to
FROM accounts";

/// Rows of JSON by their id, without the columns whose value is null.
fn by_id(rows: impl IntoIterator<Item = Value>, without: &[&str]) -> BTreeMap<String, Value> {
    let mut by_id = BTreeMap::new();
    for mut row in rows {
        let cells = row.as_object_mut().unwrap();
        cells.retain(|name, value| !value.is_null() && !without.contains(&name.as_str()));
        let id = cells["id"].as_str().unwrap().to_owned();
        assert!(by_id.insert(id, row).is_none(), "a row occurs twice");
    }
    by_id
}

fn truth_lines(folder: &Folder, path: &str) -> Vec<Value> {
    let text = folder.read_text(path);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn truth_table(folder: &Folder, path: &str) -> BTreeSet<String> {
    folder.read_text(path).lines().skip(1).map(str::to_owned).collect()
}

fn check_rows(what: &str, got: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    assert!(!expected.is_empty(), "{what}: nothing to compare");
    for (id, expected) in expected {
        assert_eq!(got.get(id), Some(expected), "{what}: {id}");
    }
    let more: Vec<&String> = got.keys().filter(|id| !expected.contains_key(*id)).take(4).collect();
    assert!(more.is_empty(), "{what}: not expected: {more:?}");
}

/// Rows of a query as the truth writes them: values between tabs, nothing for null.
fn lines(folder: &Folder, corpus: &str, query: &str, columns: &[&str]) -> Vec<String> {
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = |row: Value| columns.iter().map(|column| cell(&row, column)).collect::<Vec<_>>().join("\t");
    let mut lines: Vec<String> = folder.rows(corpus, query).into_iter().map(line).collect();
    lines.sort();
    lines
}

fn check_table(folder: &Folder, corpus: &str, truth: &str, query: &str, columns: &[&str]) {
    let got = lines(folder, corpus, query, columns);
    let mut expected: Vec<String> = folder.read_text(truth).lines().skip(1).map(str::to_owned).collect();
    expected.sort();
    let (some, more): (BTreeSet<_>, BTreeSet<_>) = (expected.iter().collect(), got.iter().collect());
    let missing: Vec<_> = some.difference(&more).take(4).collect();
    let extra: Vec<_> = more.difference(&some).take(4).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{truth}: not found: {missing:#?}; found instead: {extra:#?}"
    );
    assert_eq!(got.len(), expected.len(), "{truth}");
}

fn check_account(what: &str, got: &Value, expected: &Value) {
    check_balance(got);
    assert_eq!(got["ignored"], expected["ignored_by_kind"], "{what}");
    assert_eq!(got["quarantined"], expected["quarantined_by_reason"], "{what}");
    for class in ["in", "stored", "superseded", "deletes", "notices", "duplicates", "blank"] {
        assert_eq!(got[class], expected[class], "{what}: {class}: {got:#}");
    }
    assert_eq!(sum(&got["quarantined"]), expected["quarantined"].as_u64().unwrap(), "{what}");
}

fn check_accounting(folder: &Folder, corpus: &str, truth: &str) {
    let manifest: Value = serde_json::from_str(&folder.read_text(&format!("{truth}/manifest.json"))).unwrap();
    let (status, expected) = (folder.status(corpus), &manifest["accounting"]);
    check_account("in sum", &status["total"], expected);
    for (name, expected) in expected["files"].as_object().unwrap() {
        let file = status["files"].as_array().unwrap().iter().find(|file| file["file"] == **name);
        check_account(name, file.unwrap(), expected);
    }
}

/// Compares all tables with the truth in a folder.
fn check(folder: &Folder, corpus: &str, truth: &str) {
    let truncated = |mut row: Value| {
        // Attributes are texts.
        for name in ["truncated", "text_cut"] {
            if let Some(value) = row[name].as_bool() {
                row[name] = json!(value.to_string());
            }
        }
        row
    };
    let expected = truth_lines(folder, &format!("{truth}/posts.jsonl")).into_iter().map(truncated);
    check_rows("posts", &by_id(folder.rows(corpus, POSTS), &[]), &by_id(expected, &["found"]));
    let expected = truth_lines(folder, &format!("{truth}/accounts.jsonl"));
    check_rows("accounts", &by_id(folder.rows(corpus, ACCOUNTS), &[]), &by_id(expected, &[]));
    check_table(
        folder,
        corpus,
        &format!("{truth}/tombstones.tsv"),
        "SELECT record_id, author_id, reply_to, conversation_id FROM tombstones",
        &["record_id", "author_id", "reply_to", "conversation_id"],
    );
    check_table(
        folder,
        corpus,
        &format!("{truth}/actions.tsv"),
        "SELECT record_id, kind, actor_id, target_post,
                CASE operation WHEN 'create' THEN 'stream' WHEN 'delete' THEN 'stream' WHEN 'seen' THEN 'asked'
                ELSE operation END AS found FROM actions",
        &["record_id", "kind", "actor_id", "target_post", "found"],
    );
    check_table(
        folder,
        corpus,
        &format!("{truth}/unavailable.tsv"),
        "SELECT post_id, reason FROM unavailable",
        &["post_id", "reason"],
    );
    let known = "SELECT post_id AS child, reply_to AS parent FROM posts WHERE reply_to IS NOT NULL
                 UNION ALL SELECT record_id, reply_to FROM tombstones WHERE reply_to IS NOT NULL";
    let edges: BTreeSet<String> = lines(folder, corpus, known, &["child", "parent"]).into_iter().collect();
    let expected = truth_table(folder, &format!("{truth}/edges.tsv")).into_iter();
    let expected: BTreeSet<String> =
        expected.map(|row| row.split('\t').take(2).collect::<Vec<_>>().join("\t")).collect();
    assert_eq!(edges, expected, "edges");
    check_accounting(folder, corpus, truth);
}

fn check_world(options: &str) {
    let folder = simulate(options);
    ingest(&folder, "corpus", "world/stream");
    check(&folder, "corpus", "world/truth");
    ingest(&folder, "corpus", "world/hydrated.jsonl world/hydrated-v1.jsonl");
    check(&folder, "corpus", "world/truth/hydrated");
}

#[test]
fn a_stream_of_statuses_is_as_its_truth_says() {
    check_world("--tweets 3000 --seed 1 --noise 0.05");
}

#[test]
fn a_stream_of_envelopes_is_as_its_truth_says() {
    check_world("--tweets 3000 --seed 2 --api v2 --noise 0.05");
}

#[test]
fn every_container_holds_the_same_world() {
    for (seed, options) in [
        "--container nested --compression bz2",
        "--container zip --compression bz2 --api v2",
        "--container tar.gz",
        "--container dir --compression bz2",
        "--container dir --api v2",
    ]
    .into_iter()
    .enumerate()
    {
        check_world(&format!("--tweets 400 --seed {} {options}", seed + 10));
    }
}
