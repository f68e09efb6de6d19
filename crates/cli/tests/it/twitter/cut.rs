//! Members that end in the middle, against a reader of its own: `reader.py`, with the standard library of Python alone.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{ingest, python, simulate};
use crate::program::{Folder, sum};

fn check_cut(options: &str) {
    let folder = simulate(options);
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/twitter/reader.py");
    let Some(found) = python(&reader, &[&folder.path("world/stream")]) else { return };
    let found: Value = serde_json::from_str(&found).unwrap();
    assert!(found["cut"].as_u64() >= Some(3), "nothing was cut: {found}");
    ingest(&folder, "corpus", "world/stream");
    check_against(&folder, &found);
}

fn check_against(folder: &Folder, found: &Value) {
    let total = &folder.status("corpus")["total"];
    for class in ["in", "stored", "superseded", "deletes", "notices", "duplicates", "blank"] {
        assert_eq!(total[class], found[class], "{class}: {total:#}");
    }
    assert_eq!(sum(&total["ignored"]), found["ignored"].as_u64().unwrap());
    assert_eq!(total["quarantined"]["truncated_container"], found["cut"]);
    assert_eq!(sum(&total["quarantined"]), found["quarantined"].as_u64().unwrap(), "{total:#}");

    let rows = folder.rows("corpus", "SELECT post_id, author_id, reply_to, quote_of, text FROM posts");
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let row = |row: Value| {
        let id = text(&row["post_id"]);
        (id, ["author_id", "reply_to", "quote_of", "text"].map(|column| text(&row[column])))
    };
    let got: BTreeMap<String, [String; 4]> = rows.into_iter().map(row).collect();
    let expected: BTreeMap<String, [String; 4]> = serde_json::from_value(found["posts"].clone()).unwrap();
    assert!(expected.len() > 500);
    for (id, row) in &expected {
        assert_eq!(got.get(id), Some(row), "{id}");
    }
    assert_eq!(got.len(), expected.len());
    let tombstones = folder.rows("corpus", "SELECT record_id FROM tombstones ORDER BY record_id");
    let tombstones: Vec<&Value> = tombstones.iter().map(|row| &row["record_id"]).collect();
    assert_eq!(serde_json::json!(tombstones), found["tombstones"]);
}

#[test]
fn cut_members_are_read_to_their_end() {
    check_cut("--tweets 3000 --seed 21 --cut-files 3 --noise 0.02");
    check_cut("--tweets 3000 --seed 22 --cut-files 4 --api v2 --container zip");
}

#[test]
fn cut_bzip2_members_are_read_to_their_last_whole_block() {
    check_cut("--tweets 8000 --seed 23 --cut-files 3 --compression bz2 --container nested");
}

#[test]
fn the_independent_reader_agrees_on_whole_members_too() {
    let folder = simulate("--tweets 2000 --seed 24 --container tar.gz --noise 0.1");
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/twitter/reader.py");
    let Some(found) = python(&reader, &[&folder.path("world/stream")]) else { return };
    let found: Value = serde_json::from_str(&found).unwrap();
    let manifest: Value = serde_json::from_str(&folder.read_text("world/truth/manifest.json")).unwrap();
    for class in
        ["in", "stored", "superseded", "deletes", "notices", "duplicates", "ignored", "quarantined", "blank"]
    {
        assert_eq!(manifest["accounting"][class], found[class], "{class}");
    }
    assert_eq!(manifest["counts"]["posts"], found["posts"].as_object().unwrap().len());
    assert_eq!(manifest["counts"]["tombstones"], found["tombstones"].as_array().unwrap().len());
}
