//! A simulated world goes in, and what comes out is compared with the truth about it, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use crate::program::{Folder, check_balance, digests, n_rows, sum};

/// A world in the folder `world`.
fn simulate(users: u32, days: u32, seed: u32) -> Folder {
    let folder = Folder::new();
    folder.ok(&format!(
        "simulate bluesky --users {users} --days {days} --seed {seed} --bad-share 0.05 --out world"
    ));
    folder
}

/// Takes `paths` into `corpus` and finds its conversations.
fn ingest(folder: &Folder, corpus: &str, options: &str, paths: &[String]) {
    for paths in paths.chunks(200) {
        let paths = paths.join(" ");
        folder.ok(&format!("ingest bluesky {paths} --corpus {corpus} --max-quarantine 1 --quiet {options}"));
    }
    folder.ok(&format!("threads --corpus {corpus} --quiet {options}"));
}

fn truth(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("world/truth/{name}"))).unwrap()
}

/// The rows of a table of the truth, without its header.
fn truth_rows(folder: &Folder, name: &str) -> BTreeSet<String> {
    let text = folder.read_text(&format!("world/truth/{name}"));
    text.lines().skip(1).map(str::to_owned).collect()
}

/// The rows of a query as the truth writes rows: values between tabs, nothing for null.
fn rows(folder: &Folder, query: &str, columns: &[&str]) -> BTreeSet<String> {
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = folder.rows("corpus", query);
    let n = rows.len();
    let line = |row: Value| columns.iter().map(|column| cell(&row, column)).collect::<Vec<_>>().join("\t");
    let rows: BTreeSet<String> = rows.into_iter().map(line).collect();
    assert_eq!(rows.len(), n, "a row occurs twice");
    rows
}

/// Checks that two sets of rows are equal, and shows some of those that are not.
fn check_rows(what: &str, got: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let some =
        |rows: std::collections::btree_set::Difference<'_, String>| rows.take(4).cloned().collect::<Vec<_>>();
    let (missing, more) = (some(expected.difference(got)), some(got.difference(expected)));
    assert!(
        missing.is_empty() && more.is_empty(),
        "{what}: {} rows of {}; not found: {missing:#?}; found instead: {more:#?}",
        got.len(),
        expected.len()
    );
    assert!(!expected.is_empty(), "{what}: nothing to compare");
}

fn check_account(what: &str, got: &Value, expected: &Value) {
    check_balance(got);
    for class in ["in", "stored", "superseded", "deletes", "notices", "duplicates", "blank"] {
        assert_eq!(got[class], expected[class], "{what}: {class}");
    }
    assert_eq!(got["ignored"], expected["ignored_by_kind"], "{what}");
    assert_eq!(got["quarantined"], expected["quarantined_by_reason"], "{what}");
    assert_eq!(sum(&got["ignored"]), expected["ignored"].as_u64().unwrap(), "{what}");
    assert_eq!(sum(&got["quarantined"]), expected["quarantined"].as_u64().unwrap(), "{what}");
}

fn check_accounting(folder: &Folder, status: &Value) {
    let expected = truth(folder, "accounting.json");
    check_account("in sum", &status["total"], &expected);
    let found: BTreeMap<&str, &Value> = status["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["file"].as_str().unwrap(), file))
        .collect();
    let files = expected["files"].as_object().unwrap();
    for (name, file) in files {
        match found.get(name.as_str()) {
            Some(found) => check_account(name, found, file),
            // Of files with equal bytes, one is read.
            None => {
                assert!(
                    files.iter().any(|(other, twin)| found.contains_key(other.as_str())
                        && twin["blake3"] == file["blake3"]),
                    "{name} was not read"
                )
            }
        }
    }
    assert!(found.keys().all(|name| files.contains_key(*name)));
}

fn check_counts(folder: &Folder, status: &Value) {
    let expected = truth(folder, "counts.json");
    let mut acts = expected["actions"].as_object().unwrap().clone();
    acts.retain(|_, n| n.as_u64() != Some(0));
    assert_eq!(status["acts"], Value::Object(acts));
    for (table, n) in [
        ("posts", &expected["posts"]["standing"]),
        ("tombstones", &expected["tombstones"]),
        ("edges", &expected["edges"]),
    ] {
        assert_eq!(n_rows(status, table), n.as_u64().unwrap(), "{table}");
    }
    let counts = folder.row(
        "corpus",
        "SELECT count(reply_to) AS replies, count(quote_of) AS quotes,
                count(*) FILTER (WHERE reply_to IS NOT NULL AND quote_of IS NOT NULL) AS replies_that_quote,
                count(*) FILTER (WHERE created_at IS NULL) AS created_at_unknown
         FROM posts",
    );
    for name in ["replies", "quotes", "replies_that_quote", "created_at_unknown"] {
        assert_eq!(counts[name], expected["posts"][name], "{name}");
    }
    let conversations = folder.row(
        "corpus",
        "SELECT count(DISTINCT conversation_key) AS conversations, count(*) - count(known.key) AS stubs
         FROM conversations LEFT JOIN (
           SELECT post_key AS key FROM posts UNION ALL SELECT record_key FROM tombstones
         ) known ON known.key = conversations.post_key",
    );
    for name in ["conversations", "stubs"] {
        assert_eq!(conversations[name], expected[name], "{name}");
    }
}

/// An account that only acted has no row in `accounts`, but in the view of authors.
const ACCOUNTS: &str = "
SELECT coalesce(known.account_id, acting.author_id) AS did, known.handle,
       coalesce(known.status, 'active') AS status, known.name
FROM accounts known FULL JOIN authors acting ON acting.author_key = known.account_key";

/// The ids that records give, beside their keys: nothing that the view `threads` is made with.
const PLACES: &str = "
WITH named AS (
  SELECT post_key AS key, post_id AS id FROM posts UNION SELECT reply_to_key, reply_to FROM posts
  UNION SELECT root_key, root FROM posts UNION SELECT record_key, record_id FROM tombstones
  UNION SELECT reply_to_key, reply_to FROM tombstones UNION SELECT root_key, root FROM tombstones
)
SELECT own.id AS post_id, first.id AS conversation_id, parent.id AS parent_id,
       place.depth, place.root_present, place.depth_is_exact, place.present
FROM conversations place
JOIN named own ON own.key = place.post_key
JOIN named first ON first.key = place.conversation_key
LEFT JOIN named parent ON parent.key = place.parent_key";

const THREAD_COLUMNS: [&str; 7] =
    ["post_id", "conversation_id", "parent_id", "depth", "root_present", "depth_is_exact", "present"];

fn check_accounts(folder: &Folder) {
    // The network writes this status in one word.
    let expected: BTreeSet<String> = truth_rows(folder, "accounts.tsv")
        .into_iter()
        .map(|row| row.replace("\ttakendown\t", "\ttaken_down\t"))
        .collect();
    check_rows("accounts", &rows(folder, ACCOUNTS, &["did", "handle", "status", "name"]), &expected);
}

fn check_edges(folder: &Folder) {
    let edges = rows(folder, "SELECT follower_id, followed_id FROM edges", &["follower_id", "followed_id"]);
    check_rows("edges", &edges, &truth_rows(folder, "edges.tsv"));
}

#[test]
fn every_count_of_a_world_is_as_the_truth_has_it() {
    for seed in [1, 2, 3] {
        let folder = simulate(120, 2, seed);
        ingest(&folder, "corpus", "", &["world/jetstream".to_owned()]);
        let status = folder.status("corpus");
        check_accounting(&folder, &status);
        check_counts(&folder, &status);
        check_edges(&folder);
    }
}

#[test]
fn every_account_of_a_world_is_as_the_truth_has_it() {
    let folder = simulate(400, 2, 14);
    ingest(&folder, "corpus", "", &["world/jetstream".to_owned()]);
    let statuses = truth(&folder, "counts.json")["accounts_by_status"].as_object().unwrap().len();
    assert_eq!(statuses, 5, "the world shows every status");
    check_accounts(&folder);
    check_accounting(&folder, &folder.status("corpus"));
}

#[test]
fn every_thread_of_a_world_is_as_the_truth_has_it() {
    for seed in [1, 5] {
        let folder = simulate(120, 2, seed);
        ingest(&folder, "corpus", "", &["world/jetstream".to_owned()]);
        let expected = truth_rows(&folder, "threads.tsv");
        check_rows("conversations", &rows(&folder, PLACES, &THREAD_COLUMNS), &expected);
        let columns = THREAD_COLUMNS.join(", ");
        let seen = rows(&folder, &format!("SELECT {columns} FROM threads"), &THREAD_COLUMNS);
        check_rows("the view threads", &seen, &expected);
    }
}

/// The files of the world, in the order of their names.
fn files(folder: &Folder) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.path("world/jetstream")];
    while let Some(path) = folders.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path.to_str().unwrap().to_owned()) }
        }
    }
    files.sort();
    files
}

/// The lines of a file, whatever it is packed in.
fn lines(path: &str) -> Vec<Vec<u8>> {
    let packed = std::fs::read(path).unwrap();
    let mut content = Vec::new();
    match packed.as_slice() {
        [0x1f, 0x8b, ..] => {
            flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut content).unwrap();
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => content = zstd::decode_all(packed.as_slice()).unwrap(),
        _ => content = packed,
    }
    let mut lines: Vec<Vec<u8>> = content.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    // What follows the last line end is no line.
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// Another order, the same every time.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for i in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(i, (state >> 33) as usize % (i + 1));
    }
}

/// Everything that follows the ingest, so that its tables are compared too.
fn derive(folder: &Folder, corpus: &str, options: &str) {
    folder.ok(&format!("embed --corpus {corpus} --quiet {options}"));
    folder.ok(&format!("personas --corpus {corpus} --min-posts 1 --quiet {options}"));
}

#[test]
fn the_number_of_threads_changes_no_table() {
    let folder = simulate(120, 2, 6);
    for n in [1, 2] {
        let (corpus, options) = (format!("corpus{n}"), format!("--threads {n}"));
        ingest(&folder, &corpus, &options, &["world/jetstream".to_owned()]);
        derive(&folder, &corpus, &options);
    }
    let (one, two) = (folder.status("corpus1"), folder.status("corpus2"));
    assert_eq!(one, two, "with sources, quarantine and the counts of every file");
    assert!(one["tables"]["clusters"]["rows"].as_u64().unwrap() > 50, "{one}");
    assert_eq!(folder.read("corpus1/manifest.json"), folder.read("corpus2/manifest.json"));
}

#[test]
fn the_order_of_files_changes_no_table() {
    let folder = simulate(60, 1, 7);
    let files = files(&folder);
    let (a, b) = files.split_at(files.len() / 2);
    ingest(&folder, "both", "", &files);
    for (corpus, halves) in [("ab", [a, b]), ("ba", [b, a])] {
        halves.into_iter().for_each(|half| ingest(&folder, corpus, "", half));
    }
    for file in files.iter().rev() {
        ingest(&folder, "single", "", std::slice::from_ref(file));
    }
    let both = folder.status("both");
    for corpus in ["ab", "ba", "single"] {
        let status = folder.status(corpus);
        assert_eq!(digests(&status), digests(&both), "{corpus}");
        assert_eq!(status["total"], both["total"], "{corpus}");
        let sources = |status: &Value| status["tables"]["sources"]["digest"].clone();
        assert_eq!(sources(&status), sources(&both), "{corpus}: even which copy counts");
    }
}

#[test]
fn lines_may_come_in_any_order_and_in_any_files() {
    let folder = simulate(120, 2, 8);
    let files = files(&folder);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let mut lines = lines(file);
        all.extend_from_slice(&lines);
        shuffle(&mut lines, i as u64);
        lines.push(Vec::new());
        folder.write(&format!("shuffled/{i:03}"), lines.join(&b'\n'));
    }
    shuffle(&mut all, 99);
    for (i, lines) in all.chunks(all.len().div_ceil(3)).enumerate() {
        let mut lines = lines.to_vec();
        lines.push(Vec::new());
        folder.write(&format!("merged/{i}"), lines.join(&b'\n'));
    }
    ingest(&folder, "plain", "", &["world/jetstream".to_owned()]);
    derive(&folder, "plain", "");
    let plain = folder.status("plain");
    assert_eq!(plain["total"]["in"], all.len());
    for corpus in ["shuffled", "merged"] {
        let source = format!("{corpus}-corpus");
        ingest(&folder, &source, "", &[corpus.to_owned()]);
        derive(&folder, &source, "");
        let status = folder.status(&source);
        assert_eq!(digests(&status), digests(&plain), "{corpus}");
        assert_eq!(status["total"], plain["total"], "{corpus}");
        assert_eq!(status["steps"], plain["steps"], "{corpus}");
    }
}

#[test]
fn everything_twice_is_everything_once_and_its_duplicates() {
    let folder = simulate(120, 2, 9);
    ingest(&folder, "corpus", "", &["world/jetstream".to_owned()]);
    let once = folder.status("corpus");
    let manifest = folder.read("corpus/manifest.json");
    ingest(&folder, "corpus", "", &["world/jetstream".to_owned()]);
    assert_eq!(folder.read("corpus/manifest.json"), manifest, "the same files again are passed over");

    let all: Vec<Vec<u8>> = files(&folder).iter().flat_map(|file| lines(file)).chain([Vec::new()]).collect();
    folder.write("again", all.join(&b'\n'));
    ingest(&folder, "corpus", "", &["again".to_owned()]);
    let twice = folder.status("corpus");
    assert_eq!(digests(&twice), digests(&once));
    assert_eq!(twice["acts"], once["acts"]);
    let (once, twice) = (&once["total"], &twice["total"]);
    check_balance(twice);
    let n = |account: &Value, name: &str| account[name].as_u64().unwrap();
    for class in ["stored", "superseded", "deletes", "notices"] {
        assert_eq!(twice[class], once[class], "{class}");
    }
    for class in ["in", "blank"] {
        assert_eq!(n(twice, class), 2 * n(once, class), "{class}");
    }
    let taken: u64 =
        ["stored", "superseded", "deletes", "notices", "duplicates"].iter().map(|class| n(once, class)).sum();
    assert_eq!(n(twice, "duplicates"), taken + n(once, "duplicates"));
    for counts in ["ignored", "quarantined", "warnings"] {
        for (name, n) in once[counts].as_object().unwrap() {
            assert_eq!(twice[counts][name], 2 * n.as_u64().unwrap(), "{name}");
        }
    }
}
