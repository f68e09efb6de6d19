//! A corpus that an earlier version wrote (format 2) goes on.

use std::fs;
use std::path::Path;

use crate::program::{Folder, n_rows};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/format-2");

/// A folder with the earlier corpus, which may be changed, and the lines that it was made of and some more.
fn folder() -> Folder {
    let folder = Folder::new();
    copy(Path::new(FIXTURE), &folder.path("."));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::write(to, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

#[test]
fn columns_that_an_earlier_format_lacks_are_null() {
    let folder = folder();
    assert!(folder.read_text("corpus/manifest.json").contains("\"format\": 2"));
    let row =
        folder.row("corpus", "select count(*) n, count(geo) geo, count(withheld_in) withheld_in from posts");
    assert_eq!(row, serde_json::json!({ "n": 2, "geo": 0, "withheld_in": 0 }));
    folder.ok("verify --corpus corpus");
}

#[test]
fn an_earlier_corpus_that_takes_more_in_holds_what_one_does_that_was_made_anew() {
    let folder = folder();
    folder.ok("ingest bluesky second.jsonl --max-quarantine 1 --corpus corpus");
    folder.ok("ingest bluesky first.jsonl second.jsonl --max-quarantine 1 --buckets 2 --corpus anew");
    let [earlier, anew] = ["corpus", "anew"].map(|corpus| {
        folder.ok(&format!("threads --corpus {corpus}"));
        folder.ok(&format!("verify --corpus {corpus}"));
        folder.status(corpus)
    });
    assert_eq!((&earlier["total"], &earlier["acts"]), (&anew["total"], &anew["acts"]));
    assert_eq!(n_rows(&earlier, "conversations"), 4);
    for query in
        ["select post_id, text, reply_to from posts order by 1", "select account_id, bio from accounts"]
    {
        assert_eq!(folder.rows("corpus", query), folder.rows("anew", query));
    }
}
