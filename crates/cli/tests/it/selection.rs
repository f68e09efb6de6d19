//! Selections: the same clauses on ingest and on every later step, and what they leave out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::jetstream::{START_US, account, commit, delete, file, post, reply, text, uri, with};
use crate::program::{Answer, DONE, FAILED, FINDINGS, Folder, check_balance, digests, n_rows};

const DAY: u64 = 86_400;

/// A post of a day of March 2025, and its languages as declared.
fn said(did: &str, rkey: &str, day: u64, said: &str, langs: &[&str]) -> String {
    let record = with(text(said), "createdAt", json!(format!("2025-03-{:02}T12:00:00Z", day)));
    post(did, rkey, (day - 1) * DAY, &with(record, "langs", json!(langs)))
}

fn identity(did: &str, handle: &str) -> String {
    let identity = json!({ "did": did, "handle": handle });
    json!({ "did": did, "time_us": START_US, "kind": "identity", "identity": identity }).to_string()
}

/// Six posts by three accounts, two likes, a follow, and what tells who they are and what became of them.
fn dump() -> String {
    let (ann, bob, cid) = ("did:plc:ann", "did:plc:bob", "did:plc:cid");
    let like = |subject: &str| json!({ "subject": { "uri": subject, "cid": "c" } });
    file(&[
        identity(ann, "Ann.example"),
        identity(bob, "bob.example"),
        commit(ann, "create", "actor.profile", "self", 0, &json!({ "displayName": "Ann" })),
        said(ann, "1", 2, "The flood is rising and they are leaving the town", &["en"]),
        said(ann, "2", 10, "This is the sun and that is the sea, what would you like", &["en"]),
        said(bob, "1", 5, "Das Hochwasser steigt und die Stadt ist nicht mit dem Auto zu erreichen", &["en"]),
        said(bob, "2", 20, "ok #Flood", &["de-AT"]),
        said(cid, "1", 25, "They said that the floods are over, @ann.example", &[]),
        said(cid, "2", 28, "昨日の洪水の写真です。とても高い水でした。", &["ja"]),
        commit(cid, "create", "feed.like", "l1", 6 * DAY, &like(&uri(bob, "1"))),
        commit(ann, "create", "feed.like", "l2", 27 * DAY, &like(&uri(bob, "1"))),
        commit(ann, "create", "graph.follow", "f1", DAY, &json!({ "subject": bob })),
        delete(cid, "feed.post", "2", 40 * DAY),
        account(bob, "active", 41 * DAY),
    ])
}

/// Takes the dump with some options, and says which posts are there and what was ignored.
fn taken(options: &str) -> (Vec<String>, Value) {
    let folder = Folder::new();
    folder.write("dump", dump());
    lists(&folder);
    folder.ok(&format!("ingest bluesky dump {options}"));
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    (posts(&folder, "corpus"), status["total"]["ignored"].clone())
}

fn lists(folder: &Folder) {
    folder.write("words.txt", "// what it is about\nflood*\nHOCHWASSER\n");
    folder.write("tags.txt", "#flood");
    folder.write("phrase.txt", "the sun");
    folder.write("han.txt", "洪水");
    folder.write("handle.txt", "@ann.example");
    folder.write("ours.txt", "did:plc:bob\ndid:plc:cid\n");
    folder.write("handles.txt", "@BOB.example\ndid:plc:cid\n");
}

/// The standing posts, as `ann/1`.
fn posts(folder: &Folder, corpus: &str) -> Vec<String> {
    let rows = folder.rows(corpus, "SELECT post_id FROM posts");
    let name = |row: Value| {
        let id = row["post_id"].as_str().unwrap().to_owned();
        id.replace("at://did:plc:", "").replace("app.bsky.feed.post/", "")
    };
    let mut names: Vec<String> = rows.into_iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn each_clause_takes_what_it_says_on_ingest_and_counts_the_rest() {
    let all = ["ann/1", "ann/2", "bob/1", "bob/2", "cid/1"];
    for (options, expected, ignored) in [
        ("", all.to_vec(), json!({})),
        // The post of day 2, and the follow of day 1.
        ("--since 2025-03-05", all[1..].to_vec(), json!({ "filter:since": 2 })),
        ("--since 2025-03-05T12:00:01Z", vec!["ann/2", "bob/2", "cid/1"], json!({ "filter:since": 3 })),
        // The post that is deleted is the only one of day 28; one like is of that day too.
        ("--until 2025-03-25", all[..4].to_vec(), json!({ "filter:until": 3 })),
        ("--until 2025-03-25T12:00:00Z", all[..4].to_vec(), json!({ "filter:until": 3 })),
        ("--until 2025-03-25T12:00:01Z", all.to_vec(), json!({ "filter:until": 2 })),
        ("--lang de", vec!["bob/1", "bob/2"], json!({ "filter:lang": 4 })),
        ("--lang de,en", all.to_vec(), json!({ "filter:lang": 1 })),
        ("--lang de --lang jpn", vec!["bob/1", "bob/2"], json!({ "filter:lang": 3 })),
        ("--keyword words.txt", vec!["ann/1", "bob/1", "bob/2", "cid/1"], json!({ "filter:keyword": 2 })),
        ("--keyword tags.txt", vec!["bob/2"], json!({ "filter:keyword": 5 })),
        ("--keyword phrase.txt", vec!["ann/2"], json!({ "filter:keyword": 5 })),
        ("--keyword han.txt", vec![], json!({ "filter:keyword": 5 })),
        ("--keyword handle.txt", vec!["cid/1"], json!({ "filter:keyword": 5 })),
        // Of Ann: a notice, a profile, two posts, a like and a follow.
        ("--author ours.txt", all[2..].to_vec(), json!({ "filter:author": 6 })),
        (
            "--author ours.txt --since 2025-03-06 --keyword words.txt --lang en",
            vec!["cid/1"],
            json!({ "filter:author": 6, "filter:since": 1, "filter:keyword": 1, "filter:lang": 1 }),
        ),
    ] {
        let (posts, counted) = taken(options);
        assert_eq!(
            (posts, counted),
            (expected.into_iter().map(str::to_owned).collect(), ignored),
            "{options}"
        );
    }
}

#[test]
fn what_tells_what_became_of_the_rest_is_always_taken() {
    let folder = Folder::new();
    folder.write("dump", dump());
    folder.ok("ingest bluesky dump --since 2025-03-28 --until 2025-03-29");
    let status = folder.status("corpus");
    // Its only post was deleted later; of the acts, the like of that day. The rest is neither early nor late.
    assert_eq!((n_rows(&status, "posts"), n_rows(&status, "tombstones")), (0, 1));
    assert_eq!(n_rows(&status, "accounts"), 2);
    assert_eq!(status["acts"], json!({ "post": 1, "delete": 1, "like": 1, "profile_update": 1 }));
    assert_eq!(folder.row("corpus", "SELECT name FROM accounts WHERE name IS NOT NULL")["name"], "Ann");
}

#[test]
fn the_same_input_under_another_selection_is_not_taken_twice() {
    let folder = Folder::new();
    folder.write("dump", dump());
    lists(&folder);
    folder.ok("ingest bluesky dump --keyword words.txt");
    let before = folder.status("corpus");
    // The same words in another order and file, with a comment.
    folder.write("other.txt", "Hochwasser\n\n// also\nFLOOD*\nflood*");
    let again = folder.ok("ingest bluesky dump --keyword other.txt");
    assert!(again.stderr.contains("other.txt: 2 words") && again.stderr.contains("already"), "{again:?}");
    let answer = folder.run("ingest bluesky dump --keyword tags.txt".split_whitespace());
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("other settings"), "{answer:?}");
    assert_eq!(folder.status("corpus"), before);
    let manifest = folder.read_text("corpus/manifest.json");
    assert!(manifest.contains("\"select\"") && !manifest.contains("words.txt"), "by content, not by path");
}

/// `embed` and `personas` with some options over a corpus of everything.
fn narrowed(folder: &Folder, verb: &str, options: &str) -> Answer {
    folder.run(format!("{verb} {options}").split_whitespace())
}

#[test]
fn each_clause_means_the_same_on_later_steps() {
    let folder = Folder::new();
    folder.write("dump", dump());
    lists(&folder);
    folder.ok("ingest bluesky dump");
    folder.ok("embed");
    for (options, n_posts, left_out) in [
        ("--since 2025-03-05", 4, json!({ "since": 1 })),
        ("--until 2025-03-25T12:00:00Z", 4, json!({ "until": 1 })),
        ("--lang de", 2, json!({ "lang": 3 })),
        ("--keyword words.txt", 4, json!({ "keyword": 1 })),
        ("--keyword tags.txt", 1, json!({ "keyword": 4 })),
        ("--author ours.txt", 3, json!({ "author": 2 })),
        ("--author handles.txt", 3, json!({ "author": 2 })),
        // A handle is known here: what Ann wrote, and what mentions her.
        ("--keyword handle.txt", 3, json!({ "keyword": 2 })),
        (
            "--author ours.txt --since 2025-03-06 --keyword words.txt --lang en",
            1,
            json!({ "author": 2, "since": 1, "lang": 1 }),
        ),
    ] {
        let personas = folder.ok_json(&format!("personas --min-posts 1 --k 1 {options}"));
        assert_eq!(personas["left_out"], left_out, "{options}");
        let counted = folder.row("corpus", "SELECT sum(n_posts) AS n FROM clusters");
        assert_eq!(counted["n"], n_posts, "{options}");

        let report = folder.ok_json(&format!("report {options}"));
        assert_eq!(report["left_out"], left_out, "{options}");
        let page = folder.read_text("report.html");
        assert!(page.contains(&format!("selection of {n_posts} posts")), "{options}");

        let embed = folder.ok_json(&format!("embed --model static {options}"));
        assert_eq!((&embed["n_posts"], &embed["left_out"]), (&json!(n_posts), &left_out), "{options}");
        assert_eq!(n_rows(&folder.status("corpus"), "vectors/static"), n_posts, "{options}");
        folder.ok(&format!("personas --min-posts 1 --k 1 {options}"));
        folder.ok("embed");
    }
}

#[test]
fn a_page_about_a_selection_shows_no_text_outside_it() {
    let folder = Folder::new();
    let (ann, bob) = ("did:plc:ann", "did:plc:bob");
    let first = "The first of them all was said in English by somebody";
    let answer = |rkey: &str, day: u64| {
        let record = reply(
            "Das Hochwasser steigt und die Stadt ist nicht zu erreichen",
            &uri(ann, "1"),
            &uri(ann, "1"),
        );
        post(bob, rkey, day * DAY, &with(record, "langs", json!(["de"])))
    };
    folder.write("dump", file(&[said(ann, "1", 2, first, &["en"]), answer("1", 5), answer("2", 6)]));
    folder.ok("ingest bluesky dump");
    for verb in ["threads", "embed", "personas --min-posts 1 --k 1"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    folder.ok("report");
    assert!(folder.read_text("report.html").contains(first));
    folder.ok("report --lang de");
    let page = folder.read_text("report.html");
    assert!(page.contains("selection of 2 posts") && page.contains("Das Hochwasser steigt"), "{page}");
    assert!(!page.contains(first), "{page}");
}

#[test]
fn what_was_embedded_of_a_narrower_selection_is_not_enough() {
    let folder = Folder::new();
    folder.write("dump", dump());
    folder.ok("ingest bluesky dump");
    folder.ok("embed --since 2025-03-05");
    let answer = narrowed(&folder, "personas --min-posts 1", "");
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("narrower selection"), "{answer:?}");
    folder.ok("personas --min-posts 1 --k 1 --since 2025-03-06");
}

#[test]
fn a_selection_that_leaves_nothing_is_a_finding_and_changes_nothing() {
    let folder = Folder::new();
    folder.write("dump", dump());
    folder.write("none.txt", "drought");
    folder.write("nobody.txt", "@nobody.example\ndid:plc:ann2\n");
    folder.ok("ingest bluesky dump");
    folder.ok("embed");
    folder.ok("personas --min-posts 1 --k 1");
    let before = folder.status("corpus");
    for verb in ["embed", "personas", "report"] {
        for (options, why) in [
            ("--lang sv", "5 by lang"),
            ("--keyword none.txt", "5 by keyword"),
            ("--author nobody.txt", "5 by author"),
            ("--since 2026-01-01", "5 by since"),
        ] {
            let answer = narrowed(&folder, verb, options);
            assert_eq!((answer.code, answer.stdout.as_str()), (FINDINGS, ""), "{verb} {options}: {answer:?}");
            assert!(answer.stderr.contains(why), "{verb} {options}: {answer:?}");
        }
        let answer = narrowed(&folder, verb, "--author nobody.txt");
        assert!(
            answer.stderr.contains("2 of 2 authors") && answer.stderr.contains("@nobody.example"),
            "{answer:?}"
        );
    }
    assert_eq!(folder.status("corpus"), before);
    assert!(!folder.path("report.html").exists());

    // An ingest that takes no post says so.
    let answer = folder.ok("ingest bluesky dump --corpus other --lang sv");
    assert!(answer.stderr.contains("6 by lang"), "{answer:?}");
}

#[test]
fn what_cannot_be_meant_is_told_with_what_can() {
    let folder = Folder::new();
    folder.write("dump", dump());
    lists(&folder);
    folder.write("bad.txt", "flood\n*\n");
    folder.write("empty.txt", "// nothing\n");
    folder.write("spaces.txt", "did:plc:ann\nAnn Example\n");
    folder.ok("ingest bluesky dump");
    for verb in ["ingest bluesky dump --corpus new", "embed", "personas", "report"] {
        for (options, hint) in [
            ("--lang xx,de", "ISO 639"),
            ("--lang german", "de (German)"),
            ("--since March", "2026-03-01"),
            ("--since 2025-04-01 --until 2025-03-01", "later than --since"),
            ("--keyword bad.txt", "bad.txt: line 2"),
            ("--keyword empty.txt", "empty.txt"),
            ("--keyword nowhere.txt", "nowhere.txt"),
            ("--author spaces.txt", "line 2"),
            ("--author empty.txt", "empty.txt"),
        ] {
            let answer = narrowed(&folder, verb, options);
            assert_eq!(answer.code, FAILED, "{verb} {options}: {answer:?}");
            assert!(answer.stderr.contains(hint), "{verb} {options}: {answer:?}");
        }
    }
    let answer = narrowed(&folder, "ingest bluesky dump --corpus new", "--author handles.txt");
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("@bob.example") && answer.stderr.contains("DID"), "{answer:?}");
    assert!(!folder.path("new").exists(), "no corpus is made for nothing");
}

#[test]
fn tables_are_selected_from_too() {
    let folder = Folder::new();
    let rows = [
        "id,who,when,what,tongue,label",
        "1,ann,2025-03-01T00:00:00Z,The flood is here and they are leaving,en,x",
        "2,Bob,2025-03-02T00:00:00Z,There is nothing to see and you are welcome,en,y",
        "3,@cid,2025-03-03T00:00:00Z,ok flood,nl,x",
        "4,ann,,The flood without a time,en,y",
        "5,,2025-03-05T00:00:00Z,A flood that nobody wrote about,en,x",
    ];
    folder.write("posts.csv", rows.join("\n"));
    folder.write("words.txt", "flood");
    folder.write("who.txt", "ann\n@cid\n");
    let columns = "--text what --id id --author-column who --time when --lang-column tongue --label label";
    for (options, expected, ignored) in [
        ("--keyword words.txt", "1,3,4,5", json!({ "filter:keyword": 1 })),
        ("--author who.txt", "1,3,4", json!({ "filter:author": 2 })),
        ("--since 2025-03-02", "2,3,5", json!({ "filter:since": 1, "filter:no_time": 1 })),
        ("--lang nl", "3", json!({ "filter:lang": 4 })),
    ] {
        folder.ok(&format!("ingest text posts.csv {columns} {options} --corpus c{}", expected.len()));
        let corpus = format!("c{}", expected.len());
        let mut ids: Vec<String> = folder
            .rows(&corpus, "SELECT post_id FROM posts")
            .iter()
            .map(|row| row["post_id"].as_str().unwrap().replace("table:", ""))
            .collect();
        ids.sort();
        assert_eq!(ids.join(","), expected, "{options}");
        let total = folder.status(&corpus)["total"].clone();
        check_balance(&total);
        assert_eq!(total["ignored"], ignored, "{options}");
        std::fs::remove_dir_all(folder.path(&corpus)).unwrap();
    }
    // The labels stay with their posts when some of these are left out.
    folder.ok(&format!("ingest text posts.csv {columns}"));
    folder.ok("embed");
    let found = folder.ok_json("personas --min-posts 1 --k 2 --author who.txt");
    assert_eq!((&found["n_units"], &found["left_out"]), (&json!(2), &json!({ "author": 2 })), "{found}");
    assert!(found["ari"].is_number(), "{found}");
}

#[test]
fn an_update_that_is_left_out_takes_the_post_away_whatever_comes_first() {
    let folder = Folder::new();
    let version = |operation: &str, second: u64, said: &str| {
        commit("did:plc:ann", operation, "feed.post", "1", second, &text(said))
    };
    folder.write("flood.txt", "flood");
    folder.write("v1", version("create", 1, "a flood"));
    folder.write("v2", version("update", 2, "no more of it"));
    folder.write("v3", version("update", 3, "the flood is back"));
    folder.write("gone", delete("did:plc:ann", "feed.post", "1", 4));
    let orders = ["v1 v2 v3 gone", "v2 v1 gone v3", "gone v3 v2 v1", "v3 gone v1 v2"];
    for n in 1..=4 {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let all = orders[0].split(' ').take(n).collect::<Vec<_>>();
        for (order, i) in orders.iter().zip(0..) {
            let corpus = format!("c{n}{i}");
            for file in order.split(' ').filter(|file| all.contains(file)) {
                folder.ok(&format!("ingest bluesky {file} --keyword flood.txt --quiet --corpus {corpus}"));
            }
            let status = folder.status(&corpus);
            check_balance(&status["total"]);
            let texts = folder.rows(&corpus, "SELECT text FROM posts");
            found.insert(format!("{texts:?} {} {:?}", status["total"], digests(&status)));
        }
        assert_eq!(found.len(), 1, "{n}: {found:#?}");
        let found = found.into_iter().next().unwrap();
        let (texts, ignored) = match n {
            1 => ("a flood", 0),
            3 => ("the flood is back", 1),
            _ => ("[]", 1),
        };
        assert!(found.contains(texts), "{n}: {found}");
        assert_eq!(found.matches("\"filter:update\":1").count(), ignored, "{n}: {found}");
    }
}

/// A simulated world, its files in an order.
fn world() -> (Folder, Vec<String>) {
    let folder = Folder::new();
    folder.ok("simulate bluesky --users 60 --days 2 --seed 3 --out world");
    let mut files = Vec::new();
    let mut folders = vec![folder.path("world/jetstream")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path.to_str().unwrap().to_owned()) }
        }
    }
    files.sort();
    (folder, files)
}

#[test]
fn the_order_of_files_and_the_threads_change_nothing() {
    let (folder, files) = world();
    assert!(files.len() > 3);
    folder.write("dids", some_authors(&folder));
    folder.write("words", "e*\nа*\n");
    let selections = [
        "--lang en",
        "--keyword words --author dids",
        "--since 2025-03-02T06:00:00Z --lang de,en --keyword words",
    ];
    for (n, options) in selections.into_iter().enumerate() {
        let take = |corpus: &str, files: &[String], more: &str| {
            for files in files.chunks(17) {
                let files = files.join(" ");
                let line = format!(
                    "ingest bluesky {files} --corpus {corpus} --max-quarantine 1 --quiet {options} {more}"
                );
                folder.ok(&line);
            }
            let status = folder.status(corpus);
            check_balance(&status["total"]);
            status["files"].as_array().unwrap().iter().for_each(check_balance);
            status
        };
        let forth = take(&format!("forth{n}"), &files, "--threads 1");
        let reversed: Vec<String> = files.iter().rev().cloned().collect();
        let back = take(&format!("back{n}"), &reversed, "--threads 2");
        assert_eq!(digests(&forth), digests(&back), "{options}");
        assert_eq!(forth["total"], back["total"], "{options}");
        assert!(n_rows(&forth, "posts") > 0 && forth["total"]["ignored"] != json!({}), "{options}");
    }
}

/// Every third author of the truth.
fn some_authors(folder: &Folder) -> String {
    let accounts = folder.read_text("world/truth/accounts.tsv");
    let dids: Vec<&str> =
        accounts.lines().skip(1).filter_map(|line| line.split('\t').next()).step_by(3).collect();
    assert!(dids.len() > 10 && dids[0].starts_with("did:"), "{dids:?}");
    dids.join("\n")
}

#[test]
fn what_is_selected_on_ingest_is_what_later_steps_select_of_everything() {
    let (folder, _) = world();
    folder.write("dids", some_authors(&folder));
    folder.write("words", "e*\nа*\n");
    folder.ok("ingest bluesky world/jetstream --corpus all --max-quarantine 1 --quiet");
    for (n, options) in ["--author dids", "--keyword words", "--lang en", "--since 2025-03-02 --lang en,de"]
        .into_iter()
        .enumerate()
    {
        let some = format!("some{n}");
        folder.ok(&format!(
            "ingest bluesky world/jetstream --corpus {some} --max-quarantine 1 --quiet {options}"
        ));
        folder.ok(&format!("embed --corpus all --model static {options}"));
        folder.ok(&format!("embed --corpus {some} --model static"));
        let embedded = |corpus: &str| -> BTreeSet<String> {
            let rows =
                folder.rows(corpus, "SELECT post_id FROM posts JOIN \"vectors/static\" USING (post_key)");
            rows.into_iter().map(|row| row["post_id"].as_str().unwrap().to_owned()).collect()
        };
        let (of_all, of_some) = (embedded("all"), embedded(&some));
        assert!(!of_all.is_empty());
        assert_eq!(of_some, of_all, "{options}");
    }
}

#[test]
fn a_recipe_selects_as_the_flags_do() {
    let folder = Folder::new();
    folder.write("dump", dump());
    lists(&folder);
    folder.write(
        "recipe/populi.toml",
        "[ingest]\nfrom = 'bluesky'\npaths = ['../dump']\nselect = { until = '2025-03-25' }\n\
         [select]\nkeyword = '../words.txt'\n[personas]\nmin_posts = 1\nk = 1\n[report.select]\nlang = 'de'\n",
    );
    let run = folder.ok_json("run recipe/populi.toml");
    folder.ok("ingest bluesky dump --until 2025-03-25");
    folder.ok("threads");
    folder.ok("embed --keyword words.txt");
    folder.ok("personas --keyword words.txt --min-posts 1 --k 1");
    let report = folder.ok_json("report --lang de");
    assert_eq!(digests(&folder.status("recipe/corpus")), digests(&folder.status("corpus")));
    assert_eq!(run["personas"]["left_out"], json!({ "keyword": 1 }));
    assert_eq!(
        (&run["report"]["left_out"], &report["left_out"]),
        (&json!({ "lang": 2 }), &json!({ "lang": 2 }))
    );
    // The same again finds all done, a comment in the list is no change, and a word is one.
    let work = |expected: &str| {
        let summary = folder.ok_json("run recipe/populi.toml");
        assert_eq!(
            (&summary["embed"]["work"], &summary["personas"]["work"]),
            (&json!(expected), &json!(expected))
        );
    };
    folder.write("words.txt", "// other words for it\nhochwasser\nFlood*\n");
    work("up_to_date");
    folder.write("words.txt", "hochwasser\nflood*\nsun\n");
    work("done");

    folder.write("bad.toml", "[ingest]\nfrom = 'bluesky'\npaths = ['dump']\n[select]\nlang = 'xx'\n");
    let answer = folder.run(["run", "bad.toml"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("ISO 639"), "{answer:?}");
    assert_eq!(folder.run(["run", "recipe/populi.toml"]).code, DONE);
}
