//! Exports of repositories, alone and with lines of Jetstream.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::jetstream::{self, commit, delete, file, post, reply, text, uri, with};
use crate::program::{FAILED, FINDINGS, Folder, check_balance, digests, n_rows, shared};
use crate::repository_file::{Export, with_id};

const ANN: &str = "did:plc:ann";
const BEN: &str = "did:plc:ben";

fn like() -> Value {
    with(json!({ "subject": { "uri": uri(BEN, "b1") } }), "createdAt", json!("2025-03-01T00:00:02Z"))
}

fn follow() -> Value {
    json!({ "subject": BEN, "createdAt": "2025-03-01T00:00:03Z" })
}

fn profile(name: &str) -> Value {
    json!({ "displayName": name, "description": "writes" })
}

/// What Ann did in 20 seconds.
fn lines() -> Vec<String> {
    let lines = [
        commit(ANN, "create", "actor.profile", "self", 1, &profile("Ann")),
        post(ANN, "a1", 2, &text("One")),
        post(ANN, "a2", 3, &reply("Two", &uri(BEN, "b1"), &uri(BEN, "b1"))),
        post(ANN, "a3", 4, &text("Three")),
        commit(ANN, "create", "feed.like", "l1", 5, &like()),
        commit(ANN, "create", "graph.follow", "f1", 6, &follow()),
        commit(ANN, "update", "feed.post", "a1", 7, &text("One, mended")),
        delete(ANN, "feed.post", "a3", 8),
        // The export is made here, at second 10.
        post(ANN, "a3", 12, &text("Three again")),
        delete(ANN, "graph.follow", "f1", 13),
        delete(ANN, "feed.post", "a2", 14),
        commit(ANN, "update", "actor.profile", "self", 15, &profile("Ann B.")),
        post(BEN, "b1", 1, &text("Ben here")),
    ];
    lines.iter().map(|line| with_id(line)).collect()
}

/// What Ann had at second 10.
fn export() -> Export {
    Export::of(
        ANN,
        10,
        &[
            ("app.bsky.actor.profile/self", profile("Ann")),
            ("app.bsky.feed.like/l1", like()),
            ("app.bsky.feed.post/a1", text("One, mended")),
            ("app.bsky.feed.post/a2", reply("Two", &uri(BEN, "b1"), &uri(BEN, "b1"))),
            ("app.bsky.graph.follow/f1", follow()),
            ("app.bsky.graph.list/g1", json!({ "name": "friends" })),
        ],
    )
}

fn ingest(folder: &Folder, corpus: &str, paths: &str, options: &str) {
    folder.ok(&format!("ingest bluesky {paths} --corpus {corpus} --quiet {options}"));
}

#[test]
fn an_export_and_lines_meet_in_the_same_rows_in_any_order() {
    let folder = Folder::new();
    folder.write("lines", file(&lines()));
    folder.write("ann.car", export().car().0);
    ingest(&folder, "alone", "lines", "");
    for (corpus, first, then) in [("ab", "lines", "ann.car"), ("ba", "ann.car", "lines")] {
        ingest(&folder, corpus, first, "--threads 1");
        ingest(&folder, corpus, then, "--threads 2");
    }
    ingest(&folder, "both", "ann.car lines", "");
    let (alone, both) = (folder.status("alone"), folder.status("both"));
    assert_eq!(digests(&alone), digests(&both), "the lines tell all that the export tells");
    check_balance(&both["total"]);
    assert_eq!(both["total"]["duplicates"], 5);
    assert_eq!(both["total"]["ignored"], json!({ "app.bsky.graph.list": 1 }));
    assert_eq!(both["total"]["stored"], alone["total"]["stored"]);
    for corpus in ["ab", "ba"] {
        let status = folder.status(corpus);
        assert_eq!(status["tables"], both["tables"], "{corpus}: even which copy counts");
        assert_eq!(status["total"], both["total"], "{corpus}");
    }
}

#[test]
fn an_export_and_lines_with_gaps_make_the_same_rows_in_any_order() {
    let folder = Folder::new();
    // The create of a2, the update of a1 and the follow were missed.
    let lines: Vec<String> = lines()
        .into_iter()
        .enumerate()
        .filter(|(i, _)| ![2, 5, 6].contains(i))
        .map(|(_, line)| line)
        .collect();
    folder.write("lines", file(&lines));
    folder.write("ann.car", export().car().0);
    ingest(&folder, "both", "ann.car lines", "");
    for (corpus, first, then) in [("ab", "lines", "ann.car"), ("ba", "ann.car", "lines")] {
        ingest(&folder, corpus, first, "");
        ingest(&folder, corpus, then, "");
        assert_eq!(folder.status(corpus)["tables"], folder.status("both")["tables"], "{corpus}");
    }
    let acts = folder.rows(
        "both",
        "SELECT kind, operation, prior_text, target_post, undoes IS NOT NULL AS undoes, at IS NULL AS timeless
         FROM actions WHERE operation = 'seen' OR kind IN ('delete', 'unfollow') ORDER BY record_id, revision",
    );
    let act = |kind: &str, operation: &str, prior: Option<&str>, target: Option<String>, undoes, timeless| {
        json!({ "kind": kind, "operation": operation, "prior_text": prior, "target_post": target, "undoes": undoes,
                "timeless": timeless })
    };
    assert_eq!(
        acts,
        [
            act("update", "seen", Some("One"), None, false, true),
            act("reply", "seen", None, Some(uri(BEN, "b1")), false, false),
            act("delete", "delete", None, None, true, false),
            act("delete", "delete", None, None, true, false),
            act("follow", "seen", None, None, false, false),
            act("unfollow", "delete", None, None, true, false),
        ]
    );
    let undone = folder.row(
        "both",
        "SELECT count(*) AS n FROM acts undo JOIN acts made ON made.action_id = undo.undoes_id AND made.operation = 'seen'",
    );
    assert_eq!(undone["n"], 1);
    let n = |table: &str| folder.row("both", &format!("SELECT count(*) AS n FROM {table}"))["n"].clone();
    assert_eq!(n("acts"), n("actions"));
}

#[test]
fn an_export_alone_tells_posts_acts_and_relations() {
    let folder = Folder::new();
    folder.write("ann.car", export().car().0);
    ingest(&folder, "corpus", "ann.car", "");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    assert_eq!((&status["total"]["in"], &status["total"]["stored"]), (&json!(6), &json!(5)));
    assert_eq!(status["acts"], json!({ "follow": 1, "like": 1, "post": 1, "profile_update": 1, "reply": 1 }));
    let liked = folder.row("corpus", "SELECT operation, at, target_account FROM actions WHERE kind = 'like'");
    assert_eq!((&liked["operation"], &liked["target_account"]), (&json!("seen"), &json!(BEN)));
    assert!(liked["at"].as_str().unwrap().starts_with("2025-03-01T00:00:02"), "{liked}");
    let post = folder.row("corpus", "SELECT edited, received_at FROM posts WHERE text = 'One, mended'");
    assert_eq!((&post["edited"], &post["received_at"]), (&json!(false), &Value::Null));
    assert_eq!(folder.row("corpus", "SELECT name FROM accounts")["name"], "Ann");
    assert_eq!(n_rows(&status, "edges"), 1);
    folder.ok("threads --quiet");
}

#[test]
fn what_is_absent_from_an_export_was_not_deleted() {
    let folder = Folder::new();
    folder.write("lines", file(&lines()));
    folder.write("empty.car", Export::of(ANN, 30, &[]).car().0);
    ingest(&folder, "corpus", "lines", "");
    let before = folder.status("corpus");
    ingest(&folder, "corpus", "empty.car", "");
    assert_eq!(folder.status("corpus")["tables"], before["tables"]);
}

#[test]
fn an_export_is_known_by_its_content_in_any_packing_and_among_lines() {
    let folder = Folder::new();
    let car = export().car().0;
    folder.write("dumps/lines.car", file(&lines()));
    folder.write("dumps/ann.jsonl", zstd::encode_all(car.as_slice(), 1).unwrap());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&Export::of(BEN, 9, &[("app.bsky.feed.post/b1", text("Ben here"))]).car().0).unwrap();
    folder.write("dumps/ben", gzip.finish().unwrap());
    ingest(&folder, "packed", "dumps", "");
    let total = folder.status("packed")["total"].clone();
    assert_eq!((&total["duplicates"], &total["quarantined"]), (&json!(6), &json!({})));

    // Members of an archive, one of which is too large to be held as it is.
    let mut archive = tar::Builder::new(Vec::new());
    let padded = [car.as_slice(), &[0; 2 << 20]].concat();
    for name in ["dumps/lines.car", "dumps/ben", "padded"] {
        let content = if name == "padded" { padded.clone() } else { folder.read(name) };
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    folder.write("dumps.tar", archive.into_inner().unwrap());
    ingest(&folder, "archived", "dumps.tar", "");
    let archived = folder.status("archived");
    assert_eq!(digests(&archived), digests(&folder.status("packed")));
    assert_eq!(archived["total"], total);

    let mut child = folder
        .command(["ingest", "bluesky", "-", "--corpus", "piped", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&car).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(folder.status("piped")["total"]["stored"], 5);
}

#[test]
fn the_limit_on_content_counts_an_export_once_however_it_comes() {
    let folder = Folder::new();
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bz2 = |bytes: &[u8]| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let tar = |bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_data(&mut header, "ann", bytes).unwrap();
        archive.into_inner().unwrap()
    };
    let small = export().car().0;
    // More than is held of a member, so it comes as it is read.
    let large = [small.as_slice(), &[0; 2 << 20]].concat();
    for car in [&small, &large] {
        let packings = [
            ("plain", car.clone()),
            ("gz", gz(car)),
            ("bz2", bz2(car)),
            ("tar", tar(car)),
            ("gz.tar", tar(&gz(car))),
        ];
        for (name, content) in packings {
            folder.write(name, content);
            let corpus = format!("{name}-{}", car.len());
            let with_limit = |n: usize| {
                folder.run(["ingest", "bluesky", name, "--corpus", &corpus, "--max-bytes", &n.to_string()])
            };
            let answer = with_limit(car.len() - 1);
            assert_eq!(answer.code, FAILED, "{corpus}: {answer:?}");
            assert!(answer.stderr.contains("--max-bytes"), "{corpus}: {answer:?}");
            let answer = with_limit(car.len());
            assert!(answer.code != FAILED, "{corpus}: {answer:?}");
            assert_eq!(folder.status(&corpus)["total"]["stored"], 5, "{corpus}");
        }
    }
}

#[test]
fn a_cut_export_is_told_and_the_whole_one_makes_good_for_it() {
    let folder = Folder::new();
    let (car, offsets) = export().car();
    let cut_at = offsets[5] as usize + 9;
    folder.write("cut.car", &car[..cut_at]);
    assert_eq!(folder.run(["ingest", "bluesky", "cut.car"]).code, FINDINGS);
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    assert_eq!(status["total"]["quarantined"], json!({ "truncated_container": 1, "missing_block": 2 }));
    let cut = folder.row("corpus", "SELECT \"offset\" FROM quarantine WHERE reason = 'truncated_container'");
    assert_eq!(cut["offset"], offsets[5]);
    assert_eq!(status["total"]["stored"], 3);
    folder.write("whole.car", &car);
    ingest(&folder, "corpus", "whole.car", "--max-quarantine 1");
    ingest(&folder, "whole", "whole.car", "");
    assert_eq!(digests(&folder.status("corpus")), digests(&folder.status("whole")));
}

#[test]
fn a_real_export_and_the_events_that_made_it_meet_in_the_same_rows() {
    let Some(path) = shared("bluesky/jetstream/repo.car") else {
        return;
    };
    let folder = Folder::new();
    folder.write("repo.car", std::fs::read(path).unwrap());
    ingest(&folder, "export", "repo.car", "--originals");
    let status = folder.status("export");
    assert_eq!((&status["total"]["in"], &status["total"]["stored"]), (&json!(23), &json!(23)));
    // The lines that the network sent when the records were made, from the records as they are.
    let rows = folder.rows(
        "export",
        "SELECT actions.actor_id, actions.record_id, originals.content_id, arrow_cast(originals.bytes, 'Utf8') AS record
         FROM originals JOIN actions ON actions.record_key = originals.record_key
         WHERE actions.kind <> 'quote' ORDER BY actions.record_id",
    );
    assert!(rows.len() >= 23, "{}", rows.len());
    let line = |(second, row): (u64, &Value)| {
        let did = row["actor_id"].as_str().unwrap();
        let record: Value = serde_json::from_str(row["record"].as_str().unwrap()).unwrap();
        let path = row["record_id"].as_str().unwrap().strip_prefix(&format!("at://{did}/"));
        let (collection, rkey) =
            path.map_or(("app.bsky.actor.profile", "self"), |path| path.split_once('/').unwrap());
        let line = commit(did, "create", &collection["app.bsky.".len()..], rkey, second, &record);
        let line = with_id(&line);
        assert!(line.contains(row["content_id"].as_str().unwrap()), "{line}");
        line
    };
    let lines: Vec<String> = (0..).zip(&rows).map(line).collect();
    folder.write("lines", jetstream::file(&lines));
    ingest(&folder, "alone", "lines", "");
    ingest(&folder, "both", "lines repo.car", "");
    ingest(&folder, "after", "repo.car", "");
    ingest(&folder, "after", "lines", "");
    let alone = folder.status("alone");
    for corpus in ["both", "after"] {
        assert_eq!(digests(&folder.status(corpus)), digests(&alone), "{corpus}");
    }
}
