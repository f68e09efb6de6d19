//! Little histories of Bluesky, written by hand: what stands at the end, whatever the order in which it was told.

use serde_json::{Value, json};

use crate::jetstream::{START_US, account, commit, delete, file, post, received_at, reply, text, uri, with};
use crate::program::{Folder, check_balance, digests, n_rows};

const ANN: &str = "did:plc:ann";
const BOB: &str = "did:plc:bob";

/// A corpus of these lines.
fn corpus_of(lines: &[String]) -> Folder {
    let folder = Folder::new();
    folder.write("dump", file(lines));
    folder.ok("ingest bluesky dump --max-quarantine 0");
    folder
}

/// Takes the lines in together, one by one, and one by one from the last on; checks each outcome, and that they are
/// the same.
fn however_it_comes(lines: &[String], check: impl Fn(&Folder, &Value)) {
    let together = corpus_of(lines);
    let expected = together.status("corpus");
    check_balance(&expected["total"]);
    check(&together, &expected);
    let numbers: Vec<usize> = (0..lines.len()).collect();
    for order in [numbers.clone(), numbers.into_iter().rev().collect()] {
        let folder = Folder::new();
        for i in &order {
            let name = format!("dump{i}");
            folder.write(&name, file(&lines[*i..=*i]));
            folder.ok(&format!("ingest bluesky {name} --max-quarantine 0"));
        }
        let status = folder.status("corpus");
        check(&folder, &status);
        assert_eq!(digests(&status), digests(&expected), "{order:?}");
        assert_eq!(status["total"], expected["total"], "{order:?}");
    }
}

/// Checks how many records count as each class.
fn check_classes(status: &Value, expected: &[(&str, u64)]) {
    for class in ["stored", "superseded", "deletes", "notices", "duplicates"] {
        let n = expected.iter().find(|(name, _)| *name == class).map_or(0, |(_, n)| *n);
        assert_eq!(status["total"][class], n, "{class}: {}", status["total"]);
    }
}

fn edited(did: &str, rkey: &str, second: u64, record: &Value) -> String {
    commit(did, "update", "feed.post", rkey, second, record)
}

fn acts(folder: &Folder) -> Vec<Value> {
    folder.rows("corpus", "SELECT * FROM acts ORDER BY revision, kind")
}

#[test]
fn the_newest_revision_stands_and_an_update_tells_what_it_changed() {
    let lines = [
        post(ANN, "1", 10, &text("first")),
        edited(ANN, "1", 20, &text("second")),
        // Received before the others, but later by its revision.
        received_at(&edited(ANN, "1", 30, &text("third")), 1),
    ];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 1), ("superseded", 2)]);
        let row = folder.row("corpus", "SELECT text, edited, received_at FROM posts");
        assert_eq!((&row["text"], &row["edited"]), (&json!("third"), &json!(true)));
        assert!(row["received_at"].as_str().unwrap().starts_with("2025-03-01T00:00:01"), "{row}");
        let prior: Vec<_> =
            acts(folder).iter().map(|act| (act["kind"].clone(), act["prior_text"].clone())).collect();
        assert_eq!(
            prior,
            [
                (json!("post"), Value::Null),
                (json!("update"), json!("first")),
                (json!("update"), json!("second")),
            ]
        );
    });
}

#[test]
fn a_copy_with_an_earlier_receipt_is_a_duplicate_and_gives_its_time() {
    let first = post(ANN, "1", 50, &text("hello"));
    let lines = [first.clone(), received_at(&first, 40), received_at(&first, 60)];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 1), ("duplicates", 2)]);
        let row = folder.row("corpus", "SELECT received_at FROM posts");
        assert!(row["received_at"].as_str().unwrap().starts_with("2025-03-01T00:00:40"), "{row}");
        let act = folder.row("corpus", "SELECT at FROM actions");
        assert_eq!(act["at"], row["received_at"]);
    });
}

#[test]
fn a_deleted_post_leaves_its_place_and_no_text() {
    let lines = [
        post(ANN, "1", 10, &reply("secret", &uri(BOB, "p"), &uri(BOB, "r"))),
        delete(ANN, "feed.post", "1", 20),
    ];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("superseded", 1), ("deletes", 1)]);
        assert_eq!((n_rows(status, "posts"), n_rows(status, "tombstones")), (0, 1));
        let row = folder.row("corpus", "SELECT record_id, author_id, reply_to, root FROM tombstones");
        let expected = json!({
            "record_id": uri(ANN, "1"), "author_id": ANN, "reply_to": uri(BOB, "p"), "root": uri(BOB, "r"),
        });
        assert_eq!(row, expected);
        assert_eq!(status["acts"], json!({ "delete": 1, "reply": 1 }));
    });
}

#[test]
fn a_delete_of_what_nobody_saw_is_a_tombstone_without_a_place() {
    let folder = corpus_of(&[delete(ANN, "feed.post", "1", 20)]);
    let row = folder.row("corpus", "SELECT record_id, reply_to, seen_revision FROM tombstones");
    assert_eq!(row, json!({ "record_id": uri(ANN, "1"), "reply_to": null, "seen_revision": null }));
    folder.ok("threads");
    let row = folder.row("corpus", "SELECT depth, present, depth_is_exact FROM conversations");
    assert_eq!(row, json!({ "depth": 0, "present": false, "depth_is_exact": false }));
}

#[test]
fn a_post_that_was_made_again_stands() {
    let lines = [
        post(ANN, "1", 10, &text("first")),
        delete(ANN, "feed.post", "1", 20),
        post(ANN, "1", 30, &text("again")),
        edited(ANN, "1", 40, &text("again, better")),
    ];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 1), ("superseded", 2), ("deletes", 1)]);
        assert_eq!(n_rows(status, "tombstones"), 0);
        assert_eq!(folder.row("corpus", "SELECT text FROM posts")["text"], "again, better");
        let update = folder.row("corpus", "SELECT prior_text FROM actions WHERE kind = 'update'");
        assert_eq!(update["prior_text"], "again", "and not what was deleted");
    });
}

#[test]
fn an_undo_names_what_it_takes_back() {
    let target = uri(BOB, "p");
    let of_post = json!({ "subject": { "uri": target, "cid": "c" }, "createdAt": "2025-03-01T00:00:00Z" });
    let of_account = json!({ "subject": BOB, "createdAt": "2025-03-01T00:00:00Z" });
    for (collection, record, kind, undo) in [
        ("feed.like", &of_post, "like", "unlike"),
        ("feed.repost", &of_post, "repost", "unrepost"),
        ("graph.follow", &of_account, "follow", "unfollow"),
        ("graph.block", &of_account, "block", "unblock"),
    ] {
        let lines = [commit(ANN, "create", collection, "x", 10, record), delete(ANN, collection, "x", 20)];
        however_it_comes(&lines, |folder, status| {
            check_classes(status, &[("superseded", 1), ("deletes", 1)]);
            assert_eq!(status["acts"], json!({ kind: 1, undo: 1 }), "an act stays after its undo");
            assert_eq!(n_rows(status, "edges"), 0);
            let acts = acts(folder);
            assert_eq!((&acts[0]["kind"], &acts[1]["kind"]), (&json!(kind), &json!(undo)));
            assert_eq!(acts[1]["undoes_id"], acts[0]["action_id"]);
            assert_eq!(acts[0]["undoes_id"], Value::Null);
            let on_post = kind == "like" || kind == "repost";
            for act in &acts {
                assert_eq!(act["target_account"], BOB, "{act}");
                assert_eq!(act["target_post"], if on_post { json!(target) } else { Value::Null }, "{act}");
            }
        });
    }
}

#[test]
fn an_undo_of_what_nobody_saw_has_no_target() {
    let folder = corpus_of(&[delete(ANN, "feed.like", "x", 20)]);
    let act = &acts(&folder)[0];
    assert_eq!(act["kind"], "unlike");
    assert_eq!((&act["target_post"], &act["undoes_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_follow_is_an_edge_until_its_last_record_is_gone() {
    let record = json!({ "subject": BOB });
    let lines = [
        commit(ANN, "create", "graph.follow", "x", 10, &record),
        commit(ANN, "create", "graph.follow", "y", 20, &record),
        delete(ANN, "graph.follow", "y", 30),
    ];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 1), ("superseded", 1), ("deletes", 1)]);
        let edge = folder.row("corpus", "SELECT * FROM edges");
        assert_eq!((&edge["follower_id"], &edge["followed_id"]), (&json!(ANN), &json!(BOB)));
        assert!(edge["first_seen"].as_str().unwrap().starts_with("2025-03-01T00:00:10"), "{edge}");
        assert!(edge["last_seen"].as_str().unwrap().starts_with("2025-03-01T00:00:10"), "{edge}");
    });
}

#[test]
fn a_reply_that_quotes_is_one_post_and_two_acts() {
    let quoting = |embed: Value| with(text("look"), "embed", embed);
    let record =
        |uri: &str| json!({ "$type": "app.bsky.embed.record", "record": { "uri": uri, "cid": "c" } });
    let quote = uri(BOB, "q");
    let with_media = json!({
        "$type": "app.bsky.embed.recordWithMedia",
        "record": { "record": { "uri": quote, "cid": "c" } },
        "media": { "$type": "app.bsky.embed.images", "images": [{ "alt": "a cat", "image": { "ref": { "$link": "bafkcat" } } }] },
    });
    let reply_and_quote = with(reply("both", &uri(BOB, "p"), &uri(BOB, "p")), "embed", record(&quote));
    let folder = corpus_of(&[
        post(ANN, "1", 10, &reply_and_quote),
        post(ANN, "2", 20, &quoting(with_media)),
        post(ANN, "3", 30, &quoting(record("at://did:plc:bob/app.bsky.graph.list/l"))),
        post(ANN, "4", 40, &quoting(record("at://did:plc:bob/app.bsky.feed.generator/f"))),
    ]);
    let status = folder.status("corpus");
    assert_eq!((n_rows(&status, "posts"), n_rows(&status, "media")), (4, 1));
    assert_eq!(status["acts"], json!({ "post": 2, "quote": 2, "reply": 1 }));
    let both = folder.rows(
        "corpus",
        &format!("SELECT kind, target_post FROM actions WHERE record_id = '{}' ORDER BY kind", uri(ANN, "1")),
    );
    assert_eq!(
        json!(both),
        json!([{ "kind": "quote", "target_post": quote }, { "kind": "reply", "target_post": uri(BOB, "p") }])
    );
    let quotes = folder.rows("corpus", "SELECT quote_of FROM posts ORDER BY post_id");
    assert_eq!(
        json!(quotes),
        json!([{ "quote_of": quote }, { "quote_of": quote }, { "quote_of": null }, { "quote_of": null }])
    );
    let media = folder.row("corpus", "SELECT kind, content_id, alt FROM media");
    assert_eq!(media, json!({ "kind": "image", "content_id": "bafkcat", "alt": "a cat" }));
}

#[test]
fn everything_that_a_post_holds_is_kept() {
    let facet = |feature: Value| json!({ "index": { "byteStart": 0, "byteEnd": 1 }, "features": [feature] });
    let mut record = text("Hi @bob #cats");
    record["langs"] = json!(["en", "pt-BR"]);
    record["tags"] = json!(["more"]);
    record["facets"] = json!([
        facet(json!({ "$type": "app.bsky.richtext.facet#mention", "did": BOB })),
        facet(json!({ "$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/" })),
        facet(json!({ "$type": "app.bsky.richtext.facet#tag", "tag": "cats" })),
    ]);
    record["embed"] = json!({
        "$type": "app.bsky.embed.external",
        "external": { "uri": "https://example.org/card", "title": "T", "description": "D" },
    });
    let folder = corpus_of(&[post(ANN, "1", 10, &record)]);
    let row = folder.row(
        "corpus",
        "SELECT text, created_at, received_at, declared_lang, hashtags, mentions, urls, platform FROM posts",
    );
    let expected = json!({
        "text": "Hi @bob #cats", "created_at": "2025-03-01T00:00:00Z", "received_at": "2025-03-01T00:00:10Z",
        "declared_lang": ["en", "pt-BR"], "hashtags": ["cats", "more"], "mentions": [BOB],
        "urls": ["https://example.org/"], "platform": "bluesky",
    });
    assert_eq!(row, expected);
    let media = folder.row("corpus", "SELECT kind, url, alt FROM media");
    assert_eq!(media, json!({ "kind": "external", "url": "https://example.org/card", "alt": "T\nD" }));
}

/// A post that was edited, a profile, and then the end of their account.
fn account_that_is_deleted() -> Vec<String> {
    let profile = json!({ "displayName": "Ann the secret", "description": "secret bio" });
    vec![
        post(ANN, "1", 10, &text("secret one")),
        edited(ANN, "1", 20, &text("secret two")),
        commit(ANN, "create", "actor.profile", "self", 25, &profile),
        account(ANN, "deleted", 30),
        post(BOB, "1", 10, &text("kept")),
    ]
}

#[test]
fn a_deleted_account_blanks_what_it_wrote() {
    however_it_comes(&account_that_is_deleted(), |folder, status| {
        check_classes(status, &[("stored", 1), ("superseded", 3), ("notices", 1)]);
        assert_eq!((n_rows(status, "posts"), n_rows(status, "tombstones")), (1, 1));
        let row = folder.row("corpus", "SELECT name, bio, status, deleted_at FROM accounts");
        let expected =
            json!({ "name": null, "bio": null, "status": "deleted", "deleted_at": "2025-03-01T00:00:30Z" });
        assert_eq!(row, expected);
        let prior = folder.row("corpus", "SELECT count(prior_text) AS n FROM actions");
        assert_eq!(prior["n"], 0, "nor does an update remember it");
        check_no_secret(folder);
    });
}

/// No column of text in any table holds what was blanked, and no file lies beside those that the manifest names.
fn check_no_secret(folder: &Folder) {
    let columns = folder.rows(
        "corpus",
        "SELECT table_name, column_name FROM information_schema.columns
         WHERE data_type LIKE '%Utf8%' AND data_type NOT LIKE 'List%' AND table_schema <> 'information_schema'",
    );
    assert!(columns.len() > 40, "{columns:?}");
    for column in columns {
        let (table, column) =
            (column["table_name"].as_str().unwrap(), column["column_name"].as_str().unwrap());
        let query = format!("SELECT count(*) AS n FROM \"{table}\" WHERE \"{column}\" LIKE '%secret%'");
        assert_eq!(folder.row("corpus", &query)["n"], 0, "{table}.{column}");
    }
    let manifest = folder.read_text("corpus/manifest.json");
    for table in std::fs::read_dir(folder.path("corpus")).unwrap().map(|entry| entry.unwrap().path()) {
        for part in table.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let part = part.strip_prefix(folder.path("corpus")).unwrap().to_str().unwrap().to_owned();
            assert!(manifest.contains(&part), "{part} is in no table");
        }
    }
}

#[test]
fn what_an_account_writes_after_its_deletion_stands_once_it_is_active() {
    let mut lines = account_that_is_deleted();
    lines.push(account(ANN, "active", 40));
    lines.push(post(ANN, "2", 50, &text("back")));
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 2), ("superseded", 3), ("notices", 2)]);
        let texts = folder.rows("corpus", "SELECT text FROM posts ORDER BY text");
        assert_eq!(json!(texts), json!([{ "text": "back" }, { "text": "kept" }]));
        let row = folder.row("corpus", "SELECT status, deleted_at FROM accounts");
        assert_eq!(row, json!({ "status": "active", "deleted_at": "2025-03-01T00:00:30Z" }));
    });
}

#[test]
fn an_account_that_is_not_there_hides_its_posts_until_it_is() {
    for state in ["suspended", "takendown", "deactivated", "throttled"] {
        let lines = [
            post(ANN, "1", 10, &text("The cat sat on the mat and slept")),
            post(ANN, "2", 11, &text("The dog barked at the other dog")),
            post(BOB, "1", 12, &reply("A cat and a dog are friends", &uri(ANN, "1"), &uri(ANN, "1"))),
            post(BOB, "2", 13, &text("Bread and cheese for everybody")),
            account(ANN, state, 20),
        ];
        let folder = corpus_of(&lines);
        let derived = |n_posts: u64, n_units: u64| {
            for verb in ["threads", "embed", "personas --k 1"] {
                folder.ok(verb);
            }
            let status = folder.status("corpus");
            assert_eq!(n_rows(&status, "posts"), 4, "{state}: hidden is not gone");
            for table in ["languages", "vectors/static"] {
                assert_eq!(n_rows(&status, table), n_posts, "{state}: {table}");
            }
            assert_eq!(n_rows(&status, "clusters"), n_units, "{state}");
            let present = folder.row(
                "corpus",
                "SELECT count(*) FILTER (WHERE present) AS n, count(*) AS all FROM conversations",
            );
            assert_eq!((&present["n"], &present["all"]), (&json!(n_posts), &json!(4)), "{state}");
            let seen = folder.row("corpus", "SELECT count(text) AS n FROM threads");
            assert_eq!(seen["n"], n_posts, "{state}: the view shows no hidden text");
        };
        derived(2, 1);
        folder.write("later", account(ANN, "active", 30));
        folder.ok("ingest bluesky later");
        derived(4, 2);
    }
}

#[test]
fn ids_that_are_no_uris_are_taken_as_they_are() {
    let (hex, other) = ("ab".repeat(32), "cd".repeat(32));
    let quoting = json!({ "$type": "app.bsky.embed.record", "record": { "uri": other, "cid": "c" } });
    let folder = corpus_of(&[
        post(&hex, "1", 10, &reply("answer", &other, &other)),
        post(&hex, "2", 20, &with(text("quote"), "embed", quoting)),
        commit(&hex, "create", "feed.like", "l", 30, &json!({ "subject": { "uri": other } })),
        commit(&hex, "create", "graph.follow", "f", 40, &json!({ "subject": other })),
    ]);
    folder.ok("threads");
    let posts =
        folder.rows("corpus", "SELECT post_id, author_id, reply_to, quote_of FROM posts ORDER BY post_id");
    assert_eq!(
        json!(posts),
        json!([
            { "post_id": uri(&hex, "1"), "author_id": hex, "reply_to": other, "quote_of": null },
            { "post_id": uri(&hex, "2"), "author_id": hex, "reply_to": null, "quote_of": other },
        ])
    );
    let like = folder.row("corpus", "SELECT target_post, target_account FROM actions WHERE kind = 'like'");
    assert_eq!(like, json!({ "target_post": other, "target_account": null }));
    let place = folder.row("corpus", "SELECT conversation_id, parent_id, depth FROM threads WHERE depth = 1");
    assert_eq!(place, json!({ "conversation_id": other, "parent_id": other, "depth": 1 }));
}

#[test]
fn an_unreadable_clock_of_the_author_is_null_and_a_warning() {
    let unreadable = with(text("when?"), "createdAt", json!("yesterday"));
    let folder = corpus_of(&[post(ANN, "1", 10, &unreadable), post(ANN, "2", 20, &text("now"))]);
    let status = folder.status("corpus");
    assert_eq!(status["total"]["warnings"], json!({ "bad_created_at": 1 }));
    check_classes(&status, &[("stored", 2)]);
    let row = folder.row("corpus", "SELECT text, received_at FROM posts WHERE created_at IS NULL");
    assert_eq!(row, json!({ "text": "when?", "received_at": "2025-03-01T00:00:10Z" }));
}

#[test]
fn handles_and_profiles_are_the_latest_told() {
    let identity = |handle: &str, second: u64| {
        let time_us = START_US + second * 1_000_000;
        json!({ "did": ANN, "time_us": time_us, "kind": "identity", "identity": { "did": ANN, "handle": handle } }).to_string()
    };
    let profile = |name: &str, second| {
        let record = json!({ "displayName": name, "description": "me" });
        commit(ANN, "update", "actor.profile", "self", second, &record)
    };
    let lines =
        [identity("old.example", 10), identity("new.example", 20), profile("Ann", 10), profile("Anna", 30)];
    however_it_comes(&lines, |folder, status| {
        check_classes(status, &[("stored", 1), ("superseded", 1), ("notices", 2)]);
        let row = folder.row("corpus", "SELECT account_id, handle, name, bio, status FROM accounts");
        let expected = json!({
            "account_id": ANN, "handle": "new.example", "name": "Anna", "bio": "me", "status": "active",
        });
        assert_eq!(row, expected);
    });
}

#[test]
fn originals_are_kept_where_asked_for() {
    let folder = Folder::new();
    let line = post(ANN, "1", 10, &text("as it was"));
    folder.write("dump", &line);
    folder.ok("ingest bluesky dump --originals");
    let row = folder.row("corpus", "SELECT content_id, bytes FROM originals");
    let bytes = row["bytes"].as_str().unwrap();
    let bytes: Vec<u8> =
        (0..bytes.len()).step_by(2).map(|i| u8::from_str_radix(&bytes[i..i + 2], 16).unwrap()).collect();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), event["commit"]["record"]);
    assert_eq!(row["content_id"], event["commit"]["cid"]);
    assert_eq!(n_rows(&corpus_of(&[line]).status("corpus"), "originals"), 0);
}

#[test]
fn standard_input_and_folders_of_any_nesting_are_read() {
    let lines = [post(ANN, "1", 10, &text("one")), post(ANN, "2", 20, &text("two"))];
    let folder = Folder::new();
    folder.write("dump/01/23/part-without-extension", &lines[0]);
    folder.write("dump/02/deep/er/still.jsonl", &lines[1]);
    folder.write("dump/.hidden", "no JSON");
    let answer = folder.ok("ingest bluesky dump --corpus files");
    assert!(answer.stderr.contains("dump/.hidden was passed over"), "{answer:?}");

    let mut child = folder
        .command(["ingest", "bluesky", "-", "--corpus", "piped"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let packed = zstd::encode_all(file(&lines).as_bytes(), 1).unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &packed).unwrap();
    assert!(child.wait().unwrap().success());
    let (files, piped) = (folder.status("files"), folder.status("piped"));
    assert_eq!(digests(&files), digests(&piped));
    assert_eq!(piped["files"][0]["file"], "-");
    assert_eq!(piped["total"]["in"], 2);
}
