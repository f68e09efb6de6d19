//! What an interruption, a failure or a repetition in the middle leaves behind.

use serde_json::json;

use crate::jetstream::{post, text};
use crate::program::{DONE, FAILED, Folder, check_balance, digests};

/// A dump large enough for several runs.
fn dump(n_posts: u64) -> String {
    let words = "a text that makes the line long ".repeat(60);
    (0..n_posts)
        .map(|i| post(&format!("did:plc:a{}", i % 50), &i.to_string(), i, &text(&words)) + "\n")
        .collect()
}

#[test]
fn an_ingest_that_cannot_write_ends_with_an_error_and_continues_once_it_can() {
    let folder = Folder::new();
    folder.write("dump", dump(30_000));
    folder.ok("ingest bluesky dump --corpus whole");

    // A folder where the first run would be written: the disk refuses in the middle of the work.
    folder.write("small", post("did:plc:b", "1", 1, &text("small")));
    folder.ok("ingest bluesky small");
    let spec = folder.read_text("whole/manifest.json");
    let spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
    let name = format!("{}-0-0.run.unpublished", &spec["shards"][0]["spec"].as_str().unwrap()[..16]);
    let obstacle = folder.path("corpus/runs").join(name);
    std::fs::create_dir_all(&obstacle).unwrap();
    let answer = folder.run(["ingest", "bluesky", "dump"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("cannot create"), "{answer:?}");
    assert_eq!(answer.stderr.matches("os error").count(), 1, "the cause is told once: {answer:?}");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    assert_eq!(status["total"]["in"], 1, "what was read before stands alone");

    std::fs::remove_dir(&obstacle).unwrap();
    assert_eq!(folder.run(["ingest", "bluesky", "dump"]).code, DONE);
    folder.ok("ingest bluesky small --corpus whole");
    assert_eq!(digests(&folder.status("corpus")), digests(&folder.status("whole")));
}

#[test]
fn a_corpus_does_not_read_itself() {
    let folder = Folder::new();
    folder.write("dump", post("did:plc:ann", "1", 1, &text("hello")));
    for _ in 0..3 {
        folder.ok("ingest bluesky .");
        assert_eq!(folder.status("corpus")["total"]["in"], 1);
    }
}

#[test]
fn steps_that_are_of_other_posts_are_told() {
    let folder = Folder::new();
    folder.write("one", post("did:plc:ann", "1", 1, &text("the first one")));
    folder.write("two", post("did:plc:ann", "2", 2, &text("the second one")));
    folder.ok("ingest bluesky one");
    for verb in ["threads", "embed", "personas --min-posts 1"] {
        folder.ok(verb);
    }
    assert_eq!(folder.status("corpus")["stale"], json!([]));
    folder.ok("ingest bluesky two");
    assert_eq!(folder.status("corpus")["stale"], json!(["embed", "languages", "personas", "threads"]));
    let answer = folder.run(["personas"]);
    assert_eq!(answer.code, FAILED, "the vectors are of other posts: {answer:?}");
    assert!(answer.stderr.contains("populi embed"), "{answer:?}");
}

#[test]
fn the_same_bytes_under_other_settings_are_refused() {
    let folder = Folder::new();
    folder.write("a.csv", "text,user\nhello there,ann\n");
    folder.ok("ingest text a.csv");
    folder.ok("ingest text a.csv");
    let answer = folder.run("ingest text a.csv --text user --author-column text".split_whitespace());
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("already") && answer.stderr.contains("--corpus"), "{answer:?}");
    assert_eq!(folder.status("corpus")["total"]["in"], 1);
}

#[test]
fn a_run_that_was_lost_is_read_again() {
    let folder = Folder::new();
    folder.write("dump", post("did:plc:ann", "1", 1, &text("hello")));
    folder.ok("ingest bluesky dump");
    let whole = digests(&folder.status("corpus"));
    // As after an interruption between reading and merging whose run the disk then lost.
    let mut manifest: serde_json::Value =
        serde_json::from_str(&folder.read_text("corpus/manifest.json")).unwrap();
    manifest["shards"][0]["is_merged"] = json!(false);
    manifest["pending"] = json!([{ "file": "runs/gone-0.run", "n_bytes": 10, "n_entries": 1 }]);
    manifest["tables"] = json!({});
    // What is changed by hand has the checksum of before.
    manifest.as_object_mut().unwrap().remove("checksum");
    folder.write("corpus/manifest.json", manifest.to_string());
    assert!(folder.ok("status").stdout.contains("interrupted"));
    folder.ok("ingest bluesky dump");
    assert_eq!(digests(&folder.status("corpus")), whole);
}
