//! Archives of the shared generator, which is no part of the repository: every count of its manifest, every edge of its truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::ingest;
use crate::program::Folder;

/// The generator, or nothing where it or Python is not there.
fn generator() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools/gen_twitterstream.py");
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    if !script.exists() || !has_python {
        println!("skipped: there is no {} or no python3", script.display());
        return None;
    }
    Some(script)
}

/// An archive in the folder `made`, and its manifest.
fn generate(script: &Path, options: &str) -> (Folder, Value) {
    let folder = Folder::new();
    let output = Command::new("python3")
        .arg(script)
        .arg("--out")
        .arg(folder.path("made"))
        .args(options.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = serde_json::from_str(&folder.read_text("made/manifest.json")).unwrap();
    // What tells about the archive is no part of it.
    for name in ["manifest.json", "truth_edges.tsv", "truth_users.tsv", "truth_roots.tsv"] {
        std::fs::rename(folder.path(format!("made/{name}")), folder.path(name)).unwrap();
    }
    (folder, manifest)
}

/// What the tables say of the posts and acts that the stream itself shows, deleted or not.
const COUNTS: &str = "
WITH shown AS (SELECT * FROM actions WHERE operation = 'create'),
inside AS (SELECT record_id FROM actions WHERE operation = 'embedded'),
replies AS (SELECT record_id, target_post FROM shown WHERE kind = 'reply'),
own AS (SELECT DISTINCT record_id FROM shown WHERE kind <> 'repost'),
placed AS (
  SELECT replies.record_id, replies.target_post, own.record_id IS NOT NULL AS in_archive,
         replies.target_post IN (SELECT record_id FROM inside) AS embedded
  FROM replies LEFT JOIN own ON own.record_id = replies.target_post
)
SELECT (SELECT count(*) FROM shown WHERE kind = 'repost') AS retweets,
       (SELECT count(*) FROM shown WHERE kind = 'quote') AS quotes,
       (SELECT count(*) FROM replies) AS replies,
       (SELECT count(*) FROM own) AS originals_and_replies,
       (SELECT count(*) FROM placed WHERE in_archive) AS replies_parent_in_archive,
       (SELECT count(*) FROM placed WHERE embedded AND NOT in_archive) AS replies_parent_embedded,
       (SELECT count(*) FROM placed WHERE NOT embedded AND NOT in_archive) AS replies_parent_absent,
       (SELECT count(DISTINCT target_post) FROM placed
        WHERE in_archive AND target_post NOT IN (SELECT record_id FROM replies)) AS roots_with_reply_in_archive";

fn check(options: &str) {
    let Some(script) = generator() else { return };
    let (folder, manifest) = generate(&script, &format!("--tweets 3000 {options}"));
    ingest(&folder, "corpus", "made");
    let (status, expected) = (folder.status("corpus"), &manifest["counts"]);
    let total = &status["total"];
    let count = |value: &Value| value.as_u64().unwrap();
    assert_eq!(total["in"], expected["lines"], "{options}");
    assert_eq!(
        count(&total["deletes"]) + count(&total["duplicates"]),
        count(&expected["deletes"]),
        "{options}"
    );
    assert_eq!(
        count(&total["stored"]) + count(&total["superseded"]),
        count(&expected["tweets"]),
        "{options}"
    );
    let found = folder.row("corpus", COUNTS);
    for name in [
        "retweets",
        "quotes",
        "replies",
        "replies_parent_in_archive",
        "replies_parent_embedded",
        "replies_parent_absent",
        "roots_with_reply_in_archive",
    ] {
        assert_eq!(found[name], expected[name], "{options}: {name}");
    }
    let posts = count(&found["originals_and_replies"]) + count(&found["retweets"]);
    assert_eq!(posts, count(&expected["tweets"]), "{options}");
    check_edges(&folder, options);
}

fn check_edges(folder: &Folder, options: &str) {
    let known = "SELECT post_id AS child, reply_to AS parent FROM posts WHERE reply_to IS NOT NULL
                 UNION ALL SELECT record_id, reply_to FROM tombstones WHERE reply_to IS NOT NULL";
    let known: BTreeSet<(String, String)> = folder
        .rows("corpus", known)
        .iter()
        .map(|row| (row["child"].as_str().unwrap().to_owned(), row["parent"].as_str().unwrap().to_owned()))
        .collect();
    let text = folder.read_text("truth_edges.tsv");
    let mut n = 0;
    for row in text.lines().skip(1) {
        let mut cells = row.split('\t').map(|id| format!("twitter:{id}"));
        let edge = (cells.next().unwrap(), cells.next().unwrap());
        assert!(known.contains(&edge), "{options}: {edge:?} is not there");
        n += 1;
    }
    assert!(n > 500, "{n} edges");
}

#[test]
fn archives_of_statuses_have_the_counts_of_their_manifest() {
    check("--format gz");
    check("--format bz2 --container nested --noise 0.02");
    check("--format gz --container dir --noise 0.01");
}

#[test]
fn archives_of_envelopes_have_the_counts_of_their_manifest() {
    check("--format gz --api v2");
    check("--format bz2 --container nested --api v2 --noise 0.02");
}

/// Attributes go with the posts that a delete took, so this one has none.
#[test]
fn truncated_statuses_are_told() {
    let Some(script) = generator() else { return };
    let (folder, manifest) = generate(&script, "--tweets 3000 --format gz --delete-rate 0");
    ingest(&folder, "corpus", "made");
    let found = folder.row(
        "corpus",
        "SELECT count(DISTINCT posts.post_key) AS n FROM posts
         JOIN attributes ON attributes.post_key = posts.post_key AND name = 'truncated' AND value = 'true'
         JOIN sources ON sources.record_key = posts.post_key AND sources.operation = 'create'",
    );
    assert_eq!(found["n"], manifest["counts"]["truncated"]);
}
