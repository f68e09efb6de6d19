//! What is left of people who asked to be forgotten: nothing, in no file, and no later ingest brings it back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use populi_store::Corpus;
use populi_store::verify::verify;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::jetstream::{START_US, account, commit, delete, file, post, reply, text, uri, with};
use crate::program::{DONE, FAILED, FINDINGS, Folder, check_balance, digests, n_rows, sum};

const ANN: &str = "did:plc:annasecretid";
const BOB: &str = "did:plc:bob";
const CAT: &str = "did:plc:cat";
const HANDLE: &str = "ann.secret.example";

/// Everything that tells of Ann: what a search of the corpus must not find. (Her words all hold `annsays`.)
const TRACES: [&str; 6] = [ANN, HANDLE, "annsays", "bafkann", "Ann Display", "annasec"];

fn identity(did: &str, handle: &str, second: u64) -> String {
    let time_us = START_US + second * 1_000_000;
    json!({ "did": did, "time_us": time_us, "kind": "identity", "identity": { "did": did, "handle": handle } })
        .to_string()
}

fn on_post(uri: &str) -> Value {
    json!({ "subject": { "uri": uri, "cid": "c" }, "createdAt": "2025-03-01T00:00:00Z" })
}

fn on_account(did: &str) -> Value {
    json!({ "subject": did, "createdAt": "2025-03-01T00:00:00Z" })
}

fn facet(feature: &Value) -> Value {
    json!({ "index": { "byteStart": 0, "byteEnd": 1 }, "features": [feature] })
}

/// What Ann did: a profile, posts with an edit, a picture and a deletion, and acts of every kind.
fn lines_of_ann() -> Vec<String> {
    let picture = json!({
        "$type": "app.bsky.embed.images",
        "images": [{ "alt": "annsays: a view", "image": { "ref": { "$link": "bafkann" } } }],
    });
    let profile = json!({ "displayName": "Ann Display", "description": "annsays: about me" });
    vec![
        identity(ANN, HANDLE, 1),
        account(ANN, "active", 2),
        commit(ANN, "create", "actor.profile", "self", 3, &profile),
        post(ANN, "1", 10, &text("annsays: the first one")),
        commit(ANN, "update", "feed.post", "1", 11, &text("annsays: the first one, better")),
        post(ANN, "2", 12, &text("annsays: to be deleted")),
        delete(ANN, "feed.post", "2", 13),
        post(ANN, "3", 14, &reply("annsays: well", &uri(BOB, "1"), &uri(BOB, "1"))),
        post(ANN, "4", 15, &with(text("annsays: many words about the sea"), "embed", picture)),
        commit(ANN, "create", "feed.like", "l", 20, &on_post(&uri(BOB, "1"))),
        commit(ANN, "create", "feed.repost", "r", 21, &on_post(&uri(BOB, "1"))),
        commit(ANN, "create", "graph.follow", "f", 22, &on_account(BOB)),
        commit(ANN, "create", "graph.block", "b", 23, &on_account(CAT)),
    ]
}

/// What others did, much of it to Ann.
fn lines_of_others() -> Vec<String> {
    let mut about = text("a link and a mention");
    about["facets"] = json!([
        facet(&json!({ "$type": "app.bsky.richtext.facet#mention", "did": ANN })),
        facet(&json!({ "$type": "app.bsky.richtext.facet#mention", "did": CAT })),
        facet(
            &json!({ "$type": "app.bsky.richtext.facet#link", "uri": format!("https://bsky.app/profile/{HANDLE}/post/1") })
        ),
        facet(&json!({ "$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/" })),
    ]);
    about["embed"] = json!({
        "$type": "app.bsky.embed.external",
        "external": { "uri": format!("https://bsky.app/profile/{ANN}"), "title": "T", "description": "D" },
    });
    let quote = json!({ "$type": "app.bsky.embed.record", "record": { "uri": uri(ANN, "1"), "cid": "c" } });
    vec![
        identity(BOB, "bob.example", 1),
        post(BOB, "1", 9, &text("a question to everybody")),
        post(BOB, "2", 30, &reply("an answer", &uri(ANN, "1"), &uri(ANN, "1"))),
        post(CAT, "1", 31, &reply("an answer to the answer", &uri(BOB, "2"), &uri(ANN, "1"))),
        post(BOB, "3", 32, &with(text("look at this"), "embed", quote)),
        post(BOB, "4", 33, &about),
        post(BOB, "5", 34, &reply("gone", &uri(ANN, "1"), &uri(ANN, "1"))),
        delete(BOB, "feed.post", "5", 35),
        commit(BOB, "create", "feed.like", "l", 36, &on_post(&uri(ANN, "1"))),
        delete(BOB, "feed.like", "l", 37),
        commit(CAT, "create", "feed.repost", "r", 38, &on_post(&uri(ANN, "1"))),
        commit(BOB, "create", "graph.follow", "f", 39, &on_account(ANN)),
        commit(BOB, "create", "graph.follow", "g", 40, &on_account(CAT)),
        commit(CAT, "create", "graph.block", "b", 41, &on_account(ANN)),
        post(CAT, "2", 42, &text("the cat and the dog and the mouse in the kitchen")),
        post(CAT, "3", 43, &text("the dog sleeps in the kitchen all day long")),
    ]
}

/// Lines that cannot be read: two that name Ann, one of them behind what is kept of it, and one that does not.
fn damaged_lines() -> Vec<String> {
    let whole = post(ANN, "9", 50, &text("annsays: cut"));
    let long = format!("{{\"did\":\"{BOB}\",\"x\":\"{}\",\"uri\":\"{}\"", "x".repeat(200), uri(ANN, "1"));
    assert!(
        long.find(ANN).unwrap() < 256 && long.find(ANN).unwrap() + ANN.len() > 256,
        "the head ends in the id"
    );
    vec![whole[..whole.len() - 5].to_owned(), long, "nothing but words".to_owned()]
}

fn all_lines() -> Vec<String> {
    [lines_of_ann(), lines_of_others(), damaged_lines()].concat()
}

/// Every file under a folder.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_under(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Where any of the traces stands: in the bytes or name of a file, or in a row of a table, whose bytes a query unpacks.
fn traces(folder: &Folder, corpus: &str, traces: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files_under(&folder.path(corpus)) {
        let bytes = fs::read(&path).unwrap();
        for trace in traces {
            let is_inside = bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
            if is_inside || path.to_string_lossy().contains(trace) {
                found.push(format!("{trace} in {}", path.display()));
            }
        }
    }
    let status = folder.status(corpus);
    for table in status["tables"].as_object().unwrap().keys() {
        let rows = json!(folder.rows(corpus, &format!("SELECT * FROM \"{table}\""))).to_string();
        for trace in traces {
            if rows.contains(trace) || rows.contains(&hex(trace)) {
                found.push(format!("{trace} in the table {table}"));
            }
        }
    }
    found
}

/// A corpus of all the lines, with originals.
fn whole_corpus() -> Folder {
    let folder = Folder::new();
    folder.write("dump.jsonl", file(&all_lines()));
    folder.ok("ingest bluesky dump.jsonl --originals --max-quarantine 1");
    folder
}

fn forget(folder: &Folder, line: &str) -> Value {
    folder.ok_json(&format!("forget {line}"))
}

#[test]
fn nothing_of_an_author_is_left_in_any_file() {
    let folder = whole_corpus();
    for verb in ["threads", "embed", "personas --min-posts 1 --k 2", "report --out corpus"] {
        folder.ok(verb);
    }
    let before = folder.status("corpus");
    for trace in TRACES {
        assert!(
            !traces(&folder, "corpus", &[trace]).is_empty(),
            "the search finds {trace} while it is there"
        );
    }

    let dry = forget(&folder, &format!("--author {ANN} --dry-run"));
    assert_eq!(folder.status("corpus"), before, "a dry run changes nothing");
    let done = forget(&folder, &format!("--author {ANN}"));
    assert_eq!(traces(&folder, "corpus", &TRACES), Vec::<String>::new());

    let without = |summary: &Value| with(summary.clone(), "dry_run", Value::Null);
    assert_eq!(without(&dry), without(&done), "a dry run says what happens");
    assert_eq!(done["steps"], json!(["embed", "languages", "personas", "threads"]));
    assert_eq!(done["removed_files"], json!(["map.png", "map.svg", "report.html"]));
    assert_eq!(done["tables"]["accounts"], json!({ "removed": 1, "blanked": 0 }));
    assert_eq!(done["tables"]["edges"], json!({ "removed": 2, "blanked": 0 }));
    assert_eq!(done["tables"]["quarantine"], json!({ "removed": 1, "blanked": 1 }));

    let after = folder.status("corpus");
    check_balance(&after["total"]);
    assert_eq!(after["total"]["in"], before["total"]["in"]);
    assert_eq!(after["total"]["ignored"]["forgotten"], lines_of_ann().len() + 1);
    assert_eq!(after["total"]["ignored"]["forgotten"], done["n_input_records"]);
    assert_eq!(sum(&after["total"]["quarantined"]), 2);
    assert_eq!(n_rows(&after, "tombstones"), 1, "Bob's own");
}

#[test]
fn what_others_said_keeps_its_place() {
    let folder = whole_corpus();
    let keys = "SELECT post_key, reply_to_key, root_key, quote_of_key, text FROM posts WHERE author_id <> ";
    let keys = format!("{keys}'{ANN}' ORDER BY post_id");
    let before = folder.rows("corpus", &keys);
    forget(&folder, &format!("--author {ANN}"));
    assert_eq!(folder.rows("corpus", &keys), before);
    let answer = folder
        .row("corpus", &format!("SELECT reply_to, root FROM posts WHERE post_id = '{}'", uri(BOB, "2")));
    assert_eq!(answer, json!({ "reply_to": null, "root": null }));
    let next = folder
        .row("corpus", &format!("SELECT reply_to, root FROM posts WHERE post_id = '{}'", uri(CAT, "1")));
    assert_eq!(next, json!({ "reply_to": uri(BOB, "2"), "root": null }));
    let about = folder
        .row("corpus", &format!("SELECT mentions, urls FROM posts WHERE post_id = '{}'", uri(BOB, "4")));
    assert_eq!(about, json!({ "mentions": [CAT], "urls": ["https://example.org/"] }));
    let like = "SELECT kind, target_post, target_account, target_key IS NULL AS is_lost FROM actions WHERE kind LIKE '%like'";
    for act in folder.rows("corpus", like) {
        assert_eq!(
            (&act["target_post"], &act["target_account"], &act["is_lost"]),
            (&json!(null), &json!(null), &json!(false))
        );
    }

    folder.ok("threads");
    let thread = folder.rows(
        "corpus",
        &format!("SELECT post_id, depth, parent_id, conversation_id FROM threads WHERE author_id IN ('{BOB}', '{CAT}') AND depth > 0 ORDER BY depth"),
    );
    let expected = json!([
        { "post_id": uri(BOB, "2"), "depth": 1, "parent_id": null, "conversation_id": null },
        { "post_id": uri(CAT, "1"), "depth": 2, "parent_id": uri(BOB, "2"), "conversation_id": null },
    ]);
    assert_eq!(json!(thread), expected, "the thread keeps its shape");
    for verb in ["embed", "personas --min-posts 1 --k 2", "report"] {
        folder.ok(verb);
    }
}

#[test]
fn a_later_ingest_does_not_bring_them_back_and_order_does_not_matter() {
    let (first, second): (Vec<_>, Vec<_>) =
        all_lines().into_iter().enumerate().partition(|(i, _)| i % 2 == 0);
    let lines = |numbered: Vec<(usize, String)>| {
        file(&numbered.into_iter().map(|(_, line)| line).collect::<Vec<_>>())
    };
    let folder = Folder::new();
    folder.write("a", lines(first));
    folder.write("b", lines(second));
    folder.write("nothing", "\n");
    let take = |corpus: &str, paths: &str| {
        folder.ok(&format!("ingest bluesky {paths} --originals --max-quarantine 1 --corpus {corpus}"));
    };
    let drop = |corpus: &str| forget(&folder, &format!("--author {ANN} --corpus {corpus}"));
    take("after", "a b nothing");
    drop("after");
    take("between", "a");
    drop("between");
    take("between", "b nothing");
    take("backwards", "b");
    drop("backwards");
    take("backwards", "a nothing");
    take("before", "nothing");
    let summary = drop("before");
    assert_eq!(summary["unseen"], json!([ANN]));
    take("before", "b");
    take("before", "a");

    let expected = folder.status("after");
    for corpus in ["after", "between", "backwards", "before"] {
        let status = folder.status(corpus);
        assert_eq!(traces(&folder, corpus, &TRACES), Vec::<String>::new(), "{corpus}");
        assert_eq!(digests(&status), digests(&expected), "{corpus}");
        assert_eq!(status["total"], expected["total"], "{corpus}");
        assert_eq!(status["files"], expected["files"], "{corpus}");
        status["files"].as_array().unwrap().iter().for_each(check_balance);
    }
    // The same files again are known, and what was forgotten is told.
    take("after", "a b");
    assert_eq!(folder.status("after"), expected);
    let again = drop("after");
    assert_eq!((&again["known"], &again["tables"]), (&json!([ANN]), &json!({})));
}

#[test]
fn a_handle_names_an_account_and_what_is_no_id_is_refused() {
    let folder = whole_corpus();
    let before = folder.status("corpus");
    folder.write(
        "twins",
        file(&[identity("did:plc:x", "twin.example", 1), identity("did:plc:y", "twin.example", 2)]),
    );
    for (line, hint) in [
        ("--author @nobody.example", "no account"),
        ("--author annasecretid", "@handle"),
        ("--author at://did:plc:bob/app.bsky.feed.post/1", "--record"),
        ("--record did:plc:bob", "--author"),
        ("--record at://did:plc:bob/app.bsky.actor.profile/self", "--author"),
        ("--record at://did:plc:bob", "collection"),
        ("--author did:", "did:"),
        ("--file none", "none"),
        ("", "--author"),
    ] {
        let answer = folder.run(["forget"].into_iter().chain(line.split_whitespace()));
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{line}: {answer:?}");
    }
    assert_eq!(folder.status("corpus"), before);
    forget(&folder, &format!("--author @{}", HANDLE.to_uppercase()));
    assert_eq!(traces(&folder, "corpus", &TRACES), Vec::<String>::new());
    folder.ok("ingest bluesky twins --max-quarantine 1");
    let answer = folder.run(["forget", "--author", "@twin.example"]);
    assert!(answer.code == FAILED && answer.stderr.contains("did:plc:x, did:plc:y"), "{answer:?}");
}

#[test]
fn one_record_goes_and_its_author_stays() {
    let folder = whole_corpus();
    folder.write("ids", format!("# asked by mail\n\nrecord {}\n{}\n", uri(BOB, "2"), uri(BOB, "3")));
    let done = forget(&folder, "--file ids");
    assert_eq!(done["tables"]["posts"], json!({ "removed": 2, "blanked": 1 }));
    let gone = [&uri(BOB, "2"), &uri(BOB, "3"), "an answer\"", "look at this"].map(str::to_owned);
    assert_eq!(traces(&folder, "corpus", &gone.each_ref().map(String::as_str)), Vec::<String>::new());
    let left = folder
        .rows("corpus", &format!("SELECT post_id FROM posts WHERE author_id = '{BOB}' ORDER BY post_id"));
    assert_eq!(json!(left), json!([{ "post_id": uri(BOB, "1") }, { "post_id": uri(BOB, "4") }]));
    folder.write("again", post(BOB, "2", 90, &text("once more")));
    folder.ok("ingest bluesky again --max-quarantine 1");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    assert_eq!(status["total"]["ignored"]["forgotten"], 3);
    assert_eq!(traces(&folder, "corpus", &["once more", &uri(BOB, "2")]), Vec::<String>::new());
}

#[test]
fn what_others_wrote_stays_theirs() {
    let folder = Folder::new();
    let lines =
        [identity(ANN, HANDLE, 1), post(BOB, "1", 2, &text(&format!("thanks to @{HANDLE}, she is {ANN}")))];
    folder.write("dump", file(&lines));
    folder.ok("ingest bluesky dump --originals");
    forget(&folder, &format!("--author {ANN}"));
    let row = folder.row("corpus", "SELECT text FROM posts");
    assert_eq!(row["text"], format!("thanks to @{HANDLE}, she is {ANN}"));
    assert_eq!(
        n_rows(&folder.status("corpus"), "originals"),
        0,
        "an untouched record that names her is not kept"
    );
}

/// A table in which Ann's posts are answered, one id has two authors, and a row cannot be read.
const TABLE_A: &str = "id,user,when,text,answers,to_whom\n\
    p1,annasecretid,2025-03-01,annsays: a first one,,\n\
    p2,bob,2025-03-02,an answer,p1,table:annasecretid\n\
    p3,annasecretid,2025-03-03,annsays: of two authors,,\n\
    p4,annasecretid,2025-03-04\n";
const TABLE_B: &str = "id,user,when,text,answers,to_whom\n\
    p3,bob,2025-03-02,of two authors,,\n\
    p5,cat,2025-03-05,an answer to a later one,p6,bob\n\
    p6,annasecretid,2025-03-06,annsays: a later one,p5,bob\n\
    p7,cat,2025-03-07\n";

#[test]
fn tables_forget_in_any_order_too() {
    let folder = Folder::new();
    folder.write("annasecretid/a.csv", TABLE_A);
    folder.write("b.csv", TABLE_B);
    folder.write("c.csv", "id,user,when,text,answers,to_whom\np9,cat,2025-03-09,a last one,p6,\n");
    let options =
        "--text text --id id --author-column user --time when --reply-to answers --max-quarantine 1";
    let take = |corpus: &str, path: &str| {
        folder.ok(&format!("ingest text {path} {options} --corpus {corpus}"));
    };
    let drop = |corpus: &str| forget(&folder, &format!("--author table:annasecretid --corpus {corpus}"));
    take("after", "annasecretid/a.csv b.csv c.csv");
    let traces_of_ann = ["annasecretid", "annsays", "table:p1", "table:p3", "table:p6"];
    assert!(!traces(&folder, "after", &["annasecretid"]).is_empty());
    drop("after");
    take("between", "annasecretid/a.csv");
    drop("between");
    take("between", "b.csv c.csv");
    take("before", "c.csv");
    drop("before");
    take("before", "b.csv");
    take("before", "annasecretid/a.csv");
    let expected = folder.status("after");
    let texts = folder.rows("after", "SELECT text FROM posts ORDER BY text");
    assert_eq!(
        json!(texts),
        json!([{ "text": "a last one" }, { "text": "an answer" }, { "text": "an answer to a later one" }])
    );
    for corpus in ["after", "between", "before"] {
        let status = folder.status(corpus);
        assert_eq!(traces(&folder, corpus, &traces_of_ann), Vec::<String>::new(), "{corpus}");
        assert_eq!(digests(&status), digests(&expected), "{corpus}");
        assert_eq!(status["total"], expected["total"], "{corpus}");
        status["files"].as_array().unwrap().iter().for_each(check_balance);
    }
    assert_eq!(expected["total"]["ignored"], json!({ "forgotten": 5 }));
    assert_eq!(expected["total"]["quarantined"], json!({ "field_count": 1 }));
}

/// Threads under pseudonyms: an answer to Ann, another to that answer, and a line of hers that cannot be read.
const THREADS: &str = concat!(
    r#"[{"user_id":"annasecretid","text":"annsays: a first one","unix_epoch":1000},"#,
    r#"{"user_id":"bob","text":"an answer","unix_epoch":1001},"#,
    r#"{"user_id":"cat","text":"an answer to the answer","unix_epoch":1002}]"#,
    "\n",
    r#"[{"user_id":"annasecretid","text":"annsays: cut","unix_ep"#,
    "\n",
);

#[test]
fn users_of_threads_are_forgotten_and_selected_by_their_names() {
    let folder = Folder::new();
    folder.write("threads.jsonl", THREADS);
    folder.write("nothing.jsonl", "\n");
    folder.write("ann", "annasecretid\n");
    let take = |corpus: &str, path: &str| {
        folder.ok(&format!("ingest blueprint {path} --max-quarantine 1 --corpus {corpus}"));
    };
    let drop = |corpus: &str| forget(&folder, &format!("--author blueprint:annasecretid --corpus {corpus}"));
    folder.ok("ingest blueprint threads.jsonl --max-quarantine 1 --corpus hers --author ann");
    assert_eq!(n_rows(&folder.status("hers"), "posts"), 1);

    take("after", "threads.jsonl");
    assert!(!traces(&folder, "after", &["annasecretid"]).is_empty());
    drop("after");
    take("before", "nothing.jsonl");
    drop("before");
    take("before", "threads.jsonl");
    for corpus in ["after", "before"] {
        assert_eq!(traces(&folder, corpus, &["annasecretid", "annsays"]), Vec::<String>::new(), "{corpus}");
        let posts = folder.rows(corpus, "SELECT text FROM posts ORDER BY text");
        assert_eq!(
            json!(posts),
            json!([{ "text": "an answer" }, { "text": "an answer to the answer" }]),
            "{corpus}"
        );
    }
    assert_eq!(digests(&folder.status("before")), digests(&folder.status("after")));

    let answer = folder.row("after", "SELECT post_id FROM posts WHERE text = 'an answer'");
    let id = answer["post_id"].as_str().unwrap();
    let done = forget(&folder, &format!("--record {id} --corpus after"));
    assert_eq!(done["tables"]["posts"], json!({ "removed": 1, "blanked": 1 }));
}

/// Members of archives are named behind a `!`, and what was put aside says in which it was.
#[test]
fn a_member_that_is_called_by_an_id_is_named_no_more() {
    let folder = Folder::new();
    folder.write("b.csv", TABLE_B);
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.path("dump.zip")).unwrap());
    zip.start_file("annasecretid.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(TABLE_A.as_bytes()).unwrap();
    zip.write_all(b"one,field,too,few\n").unwrap();
    zip.finish().unwrap();
    let options =
        "--text text --id id --author-column user --time when --reply-to answers --max-quarantine 1";
    for (corpus, verbs) in [("after", ["ingest", "forget"]), ("before", ["forget", "ingest"])] {
        folder.ok(&format!("ingest text b.csv {options} --corpus {corpus}"));
        for verb in verbs {
            match verb {
                "ingest" => folder.ok(&format!("ingest text dump.zip {options} --corpus {corpus}")),
                _ => folder.ok(&format!("forget --author table:annasecretid --corpus {corpus}")),
            };
        }
        assert_eq!(folder.status(corpus)["total"]["quarantined"], json!({ "field_count": 2 }), "{corpus}");
        assert_eq!(traces(&folder, corpus, &["annasecretid"]), Vec::<String>::new(), "{corpus}");
    }
}

#[test]
fn files_of_others_are_named_and_not_touched() {
    let folder = whole_corpus();
    folder.write("corpus/export/of.csv", format!("author,text\n{ANN},hello\n"));
    folder.write("corpus/lines/train.jsonl", "{\"text\":\"under a pseudonym\"}\n");
    folder
        .write("corpus/lines/card.json", r#"{"made_by":"populi export personas","files":{"train.jsonl":1}}"#);
    folder.write("corpus/lines/own.txt", "put there by hand");
    folder.write("corpus/cards/card.json", r#"{"made_by":"hand","files":{}}"#);
    folder.write("corpus/notes.txt", "nothing about her");
    folder.write("report.html", "made before");
    folder.write("map.png.unpublished", "half made");
    folder.write("choice-of-k.svg", "made before");
    folder.write("corpus/populi.toml", format!("[report]\ntitle = \"What {ANN} says\"\n"));
    let answer = folder.run(["forget", "--author", ANN, "--json"]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let expected = json!([
        { "file": "cards/card.json", "names_them": false },
        { "file": "export/of.csv", "names_them": true },
        { "file": "lines/own.txt", "names_them": false },
        { "file": "notes.txt", "names_them": false },
    ]);
    assert_eq!(answer.json()["left_files"], expected);
    let removed = json!(["lines/card.json", "lines/train.jsonl", "populi.toml"]);
    assert_eq!(answer.json()["removed_files"], removed, "an export and the recipe are Populi's own");
    assert!(folder.path("corpus/export/of.csv").exists() && folder.path("report.html").exists());
    fs::remove_dir_all(folder.path("corpus/export")).unwrap();
    let answer = folder.run(["forget", "--author", ANN]);
    assert_eq!(answer.code, DONE, "{answer:?}");
    for page in ["report.html", "map.png.unpublished", "choice-of-k.svg"] {
        assert!(answer.stdout.contains(&format!("{page} lies outside the corpus")), "{page}: {answer:?}");
    }
}

#[test]
fn forgetting_that_cannot_commit_leaves_the_corpus_as_it_was_and_works_once_it_can() {
    let folder = whole_corpus();
    folder.ok("threads");
    let before = folder.status("corpus");
    let obstacle = folder.path("corpus/manifest.json.unpublished");
    fs::create_dir(&obstacle).unwrap();
    let answer = folder.run(["forget", "--author", ANN]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert_eq!(folder.status("corpus"), before);
    assert_eq!(folder.rows("corpus", "SELECT * FROM posts").len() as u64, n_rows(&before, "posts"));
    fs::remove_dir(&obstacle).unwrap();
    forget(&folder, &format!("--author {ANN}"));
    assert_eq!(traces(&folder, "corpus", &TRACES), Vec::<String>::new());
}

#[test]
fn files_that_an_interruption_left_behind_go_with_the_next_writer() {
    let folder = whole_corpus();
    folder.ok("threads");
    let old: Vec<(PathBuf, Vec<u8>)> = files_under(&folder.path("corpus"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "parquet"))
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    forget(&folder, &format!("--author {ANN}"));
    let clean: Vec<PathBuf> = files_under(&folder.path("corpus"));
    // As after a kill between the commit and the removal of what was replaced.
    old.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    assert!(files_under(&folder.path("corpus")).len() > clean.len());
    folder.write("nothing", "\n");
    folder.ok("ingest bluesky nothing --max-quarantine 1");
    let left: Vec<PathBuf> = files_under(&folder.path("corpus"));
    assert_eq!(left, clean, "also those of the table conversations, which is gone");
}

#[test]
fn killed_at_any_moment_the_corpus_is_as_before_or_as_after() {
    let folder = whole_corpus();
    folder.ok("threads");
    let before = folder.status("corpus");
    copy(&folder.path("corpus"), &folder.path("done"));
    forget(&folder, &format!("--author {ANN} --corpus done"));
    let after = folder.status("done");
    for delay_us in [0, 2_000, 4_000, 6_000, 9_000, 13_000, 18_000, 25_000] {
        let corpus = format!("killed-{delay_us}");
        copy(&folder.path("corpus"), &folder.path(&corpus));
        let mut child = folder
            .command(["forget", "--author", ANN, "--corpus", &corpus])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_micros(delay_us));
        child.kill().unwrap();
        child.wait().unwrap();
        let status = folder.status(&corpus);
        assert!(status == before || status == after, "{delay_us}: {status}");
        forget(&folder, &format!("--author {ANN} --corpus {corpus}"));
        assert_eq!(folder.status(&corpus), after, "{delay_us}");
        assert_eq!(traces(&folder, &corpus, &TRACES), Vec::<String>::new(), "{delay_us}");
    }
}

#[test]
fn killed_at_its_commit_the_corpus_is_as_before_and_right_after_it_as_after() {
    let done = whole_corpus();
    forget(&done, &format!("--author {ANN}"));
    let after = done.status("corpus");
    for (point, is_done) in [("forget.commit", false), ("forget.committed", true)] {
        let folder = whole_corpus();
        let before = folder.status("corpus");
        Fault::kill(point, 1).kills(&folder, &format!("forget --author {ANN}"));
        assert_eq!(folder.status("corpus"), if is_done { after.clone() } else { before }, "{point}");
        forget(&folder, &format!("--author {ANN}"));
        assert_eq!(folder.status("corpus"), after, "{point}");
        assert_eq!(traces(&folder, "corpus", &TRACES), Vec::<String>::new(), "{point}");
    }
}

#[test]
fn killed_with_the_recipe_gone_that_named_them_nothing_is_missing_once_they_are_forgotten() {
    let folder = whole_corpus();
    let recipe = format!("# what {ANN} says");
    Corpus::open(&folder.path("corpus")).unwrap().keep_file("populi.toml", recipe.as_bytes()).unwrap();
    Fault::kill("forget.removed", 1).kills(&folder, &format!("forget --author {ANN}"));
    assert!(!folder.path("corpus/populi.toml").exists());
    forget(&folder, &format!("--author {ANN}"));
    let found = verify(&folder.path("corpus"), &|_| {}).unwrap();
    assert!(found.is_clean(), "{found:?}");
}

#[test]
fn an_ingest_that_was_interrupted_is_merged_first() {
    let folder = whole_corpus();
    forget(&folder, &format!("--author {ANN}"));
    let mut manifest: Value = serde_json::from_str(&folder.read_text("corpus/manifest.json")).unwrap();
    // As after an ingest that learned another name of hers and was interrupted before it could heed it.
    manifest["forgotten"]["owed"] = json!(true);
    manifest.as_object_mut().unwrap().remove("checksum");
    folder.write("corpus/manifest.json", manifest.to_string());
    let answer = folder.run(["threads"]);
    assert!(answer.code == FAILED && answer.stderr.contains("interrupted"), "{answer:?}");
    let answer = folder.run(["forget", "--author", BOB, "--dry-run"]);
    assert!(answer.code == FAILED && answer.stderr.contains("interrupted"), "{answer:?}");
    let answer = folder.run(["export", "personas", "--out", "out", "--test-key"]);
    assert!(answer.code == FAILED && answer.stderr.contains("interrupted"), "{answer:?}");
    forget(&folder, &format!("--author {BOB}"));
    folder.ok("threads");
}

fn copy(from: &Path, to: &Path) {
    for path in files_under(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}
