//! `populi export personas` and back with `populi ingest blueprint`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Value, json};

use crate::blueprint_reader::{Line, Message, read_raw, read_released};
use crate::jetstream::{START_US, account, commit, delete, file, post, reply, text, uri, with};
use crate::program::{DONE, FAILED, Folder, check_balance, n_rows};

/// The HMAC-SHA-256 of "bluesky\0account\0<DID>" under the published key, as Python's hmac gives it.
const PSEUDONYMS: [(&str, &str); 5] = [
    ("ann", "ac193c3217cc140775befbb6319ca1d63c7fa40a4af0e1c4f8bda4d294fce8c2"),
    ("bob", "6867ec5ad933a9a9aad23f09207439d66b03fc833e7ce372703e9f0e33de31e8"),
    ("cyd", "0cc7bd013c536914453de016a35da998397f1b4aeb5c179d11833e5987f2e031"),
    ("dan", "d9a1b2732176fbf854268eff6745bc72ed9300daee6db78be2208b72e448be82"),
    ("zed", "8276a6070a75837baf707caa4b4ec811518919422c9aa9b31c234a8c9e3732a1"),
];

fn pseudonym(name: &str) -> &'static str {
    PSEUDONYMS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn did(name: &str) -> String {
    format!("did:plc:{name}")
}

/// A little history of three authors, one who wrote only once, and one who is suspended.
fn history() -> String {
    let at = |name: &str, rkey: &str| uri(&did(name), rkey);
    let quoting = |record: Value, quoted: &str| {
        with(
            record,
            "embed",
            json!({ "$type": "app.bsky.embed.record", "record": { "uri": quoted, "cid": "c" } }),
        )
    };
    let act = |name: &str, what: &str, rkey: &str, second, subject: Value| {
        commit(&did(name), "create", what, rkey, second, &json!({ "subject": subject }))
    };
    let on = |uri: String| json!({ "uri": uri, "cid": "c" });
    let root = at("ann", "a1");
    let handle = json!({ "did": did("bob"), "handle": "Bob.example" });
    file(&[
        json!({ "did": did("bob"), "time_us": START_US, "kind": "identity", "identity": handle }).to_string(),
        post(&did("ann"), "a1", 1, &text("Hi @bob.example, or did:plc:bob")),
        post(&did("zed"), "z1", 2, &reply("Zed answers", &root, &root)),
        post(&did("bob"), "b1", 3, &reply("Bob answers Zed", &at("zed", "z1"), &root)),
        post(&did("cyd"), "c1", 4, &text("Cyd begins")),
        post(&did("ann"), "a2", 5, &quoting(text("Look at this"), &at("cyd", "c1"))),
        post(&did("bob"), "b2", 6, &text("A typo hree")),
        commit(&did("bob"), "update", "feed.post", "b2", 7, &text("A typo here")),
        commit(&did("bob"), "update", "feed.post", "b2", 8, &text("A typo there")),
        post(&did("cyd"), "c2", 9, &text("I regret this")),
        delete(&did("cyd"), "feed.post", "c2", 10),
        act("ann", "feed.like", "l1", 11, on(at("zed", "z1"))),
        delete(&did("ann"), "feed.like", "l1", 12),
        act("bob", "feed.repost", "r1", 13, on(root.clone())),
        delete(&did("bob"), "feed.repost", "r1", 14),
        act("cyd", "graph.follow", "f1", 15, json!(did("ann"))),
        delete(&did("cyd"), "graph.follow", "f1", 16),
        act("ann", "graph.block", "k1", 17, json!(did("bob"))),
        delete(&did("ann"), "graph.block", "k1", 18),
        post(&did("ann"), "a3", 19, &reply("To whom?", &at("lost", "x"), &at("lost", "x"))),
        post(&did("cyd"), "c3", 20, &quoting(reply("Both at once", &root, &root), &at("cyd", "c1"))),
        post(&did("dan"), "d1", 21, &text("Dan is suspended")),
        act("ann", "feed.like", "l2", 22, on(at("dan", "d1"))),
        post(&did("bob"), "b3", 23, &quoting(text("Look at that"), &at("lost", "y"))),
        commit(&did("ann"), "create", "actor.profile", "self", 24, &json!({ "displayName": "Ann" })),
        act("bob", "feed.like", "l3", 25, on(at("lost", "z"))),
        account(&did("dan"), "suspended", 26),
    ])
}

/// A corpus of `history` with one cluster of ann, bob and cyd.
fn small() -> Folder {
    let folder = Folder::new();
    folder.write("dump.jsonl", history());
    folder.ok("ingest bluesky dump.jsonl --quiet");
    for verb in ["threads", "embed", "personas --k 1"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    folder
}

/// What the export of `history` with a context of two messages holds, in order: (who, second, text) of each message, then
/// the flags of the raw and of the released style.
type Expected = (Vec<(&'static str, i64, &'static str)>, &'static str, &'static str);

fn expected() -> Vec<Expected> {
    let a1 = ("ann", 1, "Hi @user_BOB, or user_BOB");
    let a2 = ("ann", 5, "Look at this");
    let (z1, c1) = (("zed", 2, "Zed answers"), ("cyd", 4, "Cyd begins"));
    let b2 = ("bob", 6, "A typo hree");
    let c3 = ("cyd", 20, "Both at once");
    let pair = |context, who, second, text, act| (vec![context, (who, second, text)], act, act);
    vec![
        (vec![a1], "", "post"),
        (vec![z1, ("bob", 3, "Bob answers Zed")], "", "reply"),
        (vec![c1], "", "post"),
        (vec![b2], "", "post"),
        (vec![("ann", 19, "To whom?")], "", "reply"),
        (vec![a1, c3], "", "reply"),
        pair(z1, "ann", 11, "", "like"),
        pair(z1, "ann", 12, "", "unlike"),
        pair(a1, "bob", 13, "", "repost"),
        pair(a1, "bob", 14, "", "unrepost"),
        pair(a2, "cyd", 15, "", "follow"),
        pair(a2, "cyd", 16, "", "unfollow"),
        pair(b2, "ann", 17, "", "block"),
        pair(b2, "ann", 18, "", "unblock"),
        pair(b2, "bob", 7, "A typo here", "post_update"),
        pair(("bob", 6, "A typo here"), "bob", 8, "A typo there", "post_update"),
        pair(("cyd", 9, ""), "cyd", 10, "", "post_delete"),
        (vec![c1, a2], "quote", "quote"),
        (vec![c1, c3], "quote", "quote"),
        (vec![("bob", 23, "Look at that")], "", "quote"),
    ]
}

/// The expected lines, with times as `time` makes them of seconds.
fn expected_lines(is_raw: bool, time: impl Fn(i64) -> i64) -> Vec<Line> {
    let bob = &pseudonym("bob")[..32];
    let message = |(who, second, text): &(&str, i64, &str)| Message {
        user: pseudonym(who).to_owned(),
        time: time(*second),
        text: (!text.is_empty()).then(|| text.replace("BOB", bob)),
    };
    let line = |(messages, raw, released): &Expected| {
        let act = if is_raw { raw } else { released };
        Line {
            messages: messages.iter().map(message).collect(),
            act: (!act.is_empty()).then(|| (*act).to_owned()),
            cluster: (!is_raw).then_some(0),
        }
    };
    expected().iter().map(line).collect()
}

const SMALL: &str = "--test-key --min-group 3 --context 2 --quiet";

#[test]
fn a_little_history_is_told_line_by_line() {
    let folder = small();
    let card = folder.ok_json(&format!("export personas --out raw --style blueprint-raw {SMALL}"));
    let lines = read_raw(&folder.read_text("raw/cluster_0.jsonl"));
    assert_eq!(lines, expected_lines(true, |second| START_US as i64 + second * 1_000_000));

    folder.ok(&format!("export personas --out released {SMALL}"));
    let lines = read_released(&folder.read_text("released/cluster_0.jsonl"));
    // Every second from the first to the twentieth is told, and the twenty-third.
    assert_eq!(lines, expected_lines(false, |second| second.min(21)));

    let left_out =
        json!({ "deleted": 1, "hidden_author": 1, "no_context": 2, "not_clustered": 1, "profile": 1 });
    assert_eq!((&card["acts"], &card["left_out"]), (&json!(26), &left_out));
    assert_eq!((&card["cut_chains"], &card["moved_times"]), (&json!(1), &json!(0)));
    assert_eq!(card["key_fingerprint"], "ca6e2fc57765b5ccaa7c7af4d02b19b2");
    assert_eq!(card["key_is_published"], true);

    let label = card["clusters"][0]["label"].as_str().unwrap();
    let mut members = ["ann", "bob", "cyd"];
    members.sort_by_key(|name| pseudonym(name));
    let csv: String = members.iter().map(|name| format!("{},0,{label}\n", pseudonym(name))).collect();
    assert!(!label.contains([',', '"']), "{label}");
    assert_eq!(folder.read_text("raw/user_clusters.csv"), format!("author,cluster,label\n{csv}"));
    let json: BTreeMap<String, u32> = serde_json::from_slice(&folder.read("raw/user_clusters.json")).unwrap();
    assert_eq!(
        json.into_iter().collect::<Vec<_>>(),
        members.iter().map(|name| (pseudonym(name).to_owned(), 0)).collect::<Vec<_>>()
    );
    let readme = folder.read_text("raw/README.md");
    assert!(readme.contains("everybody can undo them") && readme.contains("k = 3"), "{readme}");
}

/// A data set in an archive gives what it gives in a folder, wherever the archive lies.
#[test]
fn what_was_told_is_read_back_from_archives() {
    let folder = small();
    folder.ok(&format!("export personas --out raw --style blueprint-raw {SMALL}"));
    folder.ok("ingest blueprint raw --corpus plain --max-quarantine 0 --quiet");
    let names = ["README.md", "card.json", "cluster_0.jsonl", "user_clusters.csv", "user_clusters.json"];
    let mut archive = tar::Builder::new(Vec::new());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        let content = folder.read(&format!("raw/{name}"));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, format!("raw/{name}"), content.as_slice()).unwrap();
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    let archive = archive.into_inner().unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&archive).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let bzip2 = bzip2.finish().unwrap();
    for (name, content) in [("told.tar", &archive), ("told.zip", &zip), ("told.tar.bz2", &bzip2)] {
        folder.write(name, content);
        folder.write(&format!("in-{name}/data/{name}"), content);
        folder.write(&format!("in-{name}/notes.txt"), "no lines");
        for path in [name.to_owned(), format!("in-{name}")] {
            let corpus = format!("{path}.corpus");
            let line = format!("ingest blueprint {path} --corpus {corpus} --max-quarantine 0");
            let answer = folder.ok(&line);
            assert!(
                answer.stderr.contains("4 members of an archive without JSON lines"),
                "{path}: {answer:?}"
            );
            assert_eq!(folder.status(&corpus)["total"], folder.status("plain")["total"], "{path}");
            check_read_back(&folder, "raw", &corpus);
        }
    }
    // Damage is told, whatever the member that it hits.
    folder.write("cut.tar", &archive[..archive.len() / 3]);
    let answer = folder.run(["ingest", "blueprint", "cut.tar", "--corpus", "cut"]);
    assert!(answer.code != DONE && folder.status("cut")["total"]["quarantined"]["truncated_container"] == 1);
}

#[test]
fn what_was_told_is_read_back() {
    let folder = small();
    for style in ["raw", "released"] {
        folder.ok(&format!("export personas --out {style} --style blueprint-{style} {SMALL}"));
        folder.ok(&format!("ingest blueprint {style} --corpus {style}-again --max-quarantine 0 --quiet"));
        check_read_back(&folder, style, &format!("{style}-again"));
    }
    // The third version, below its own reply; and the parent of an edited post would be told by its first act.
    let edited = folder.row("raw-again", "SELECT text, edited FROM posts WHERE edited");
    assert_eq!(edited["text"], "A typo there");
    assert_eq!(folder.status("raw-again")["tables"]["tombstones"]["rows"], 1);
    let labels = folder.rows("released-again", "SELECT DISTINCT name, value FROM attributes");
    assert_eq!(labels, [json!({ "name": "label", "value": "0" })]);
}

#[test]
fn a_simulated_world_is_told_whole_and_read_back_whole() {
    let folder = Folder::new();
    folder.ok("simulate bluesky --users 150 --days 2 --seed 11 --out world --quiet");
    folder.ok("ingest bluesky world/jetstream --quiet --max-quarantine 1");
    for verb in ["threads", "embed", "personas --k 5"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    let options = "--test-key --min-group 5 --quiet";
    for style in ["raw", "released"] {
        let card =
            folder.ok_json(&format!("export personas --out {style} --style blueprint-{style} {options}"));
        let lines = read(&folder, style);
        check_card(&folder, style, &card, &lines);
        check_acts_are_whole(&folder, &lines, style);
        if style == "raw" {
            check_paths(&folder, &lines);
        }
        folder.ok(&format!("ingest blueprint {style} --corpus {style}-again --max-quarantine 0 --quiet"));
        check_read_back(&folder, style, &format!("{style}-again"));
    }
    check_no_name_is_told(&folder, "raw");
    check_no_name_is_told(&folder, "released");

    // The same bytes at any number of threads.
    for threads in ["1", "2"] {
        folder.ok(&format!("export personas --out again --overwrite --threads {threads} {options}"));
        assert_eq!(names(&folder, "again"), names(&folder, "released"));
        for name in names(&folder, "again") {
            let same = folder.read(&format!("again/{name}")) == folder.read(&format!("released/{name}"));
            assert!(same, "{name} with {threads} threads");
        }
    }
}

/// Every line of an export.
fn read(folder: &Folder, out: &str) -> Vec<Line> {
    let files: Vec<String> = names(folder, out).into_iter().filter(|name| name.ends_with(".jsonl")).collect();
    let read = if out.starts_with("raw") { read_raw } else { read_released };
    files.iter().flat_map(|name| read(&folder.read_text(&format!("{out}/{name}")))).collect()
}

fn names(folder: &Folder, out: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder.path(out)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Checks what the card counts against the lines and the corpus, and that nobody acts who is not in the list of members.
fn check_card(folder: &Folder, out: &str, card: &Value, lines: &[Line]) {
    let sum = |counts: &Value| crate::program::sum(counts);
    assert_eq!(sum(&card["lines"]), lines.len() as u64);
    let n_actions = n_rows(&folder.status("corpus"), "actions");
    assert_eq!(
        (card["acts"].as_u64().unwrap(), sum(&card["lines"]) + sum(&card["left_out"])),
        (n_actions, n_actions)
    );
    let on_disk: Value = serde_json::from_slice(&folder.read(&format!("{out}/card.json"))).unwrap();
    assert_eq!(card, &on_disk);
    for (name, about) in card["files"].as_object().unwrap() {
        assert_eq!(about["bytes"], folder.read(&format!("{out}/{name}")).len(), "{name}");
    }
    let members: BTreeMap<String, u64> =
        serde_json::from_slice(&folder.read(&format!("{out}/user_clusters.json"))).unwrap();
    let mut actors = BTreeMap::new();
    for line in lines {
        let actor = &line.messages.last().unwrap().user;
        let cluster = members.get(actor).unwrap_or_else(|| panic!("{actor} is no member"));
        assert!(line.cluster.is_none_or(|told| told == *cluster), "{line:?}");
        actors.insert(actor.clone(), *cluster);
    }
    assert_eq!(actors, members, "every member acts");
    for cluster in card["clusters"].as_array().unwrap() {
        let n = members.values().filter(|member| cluster["cluster"] == **member).count();
        assert!(n >= 5 && cluster["authors"] == n, "{cluster}");
    }
}

/// Checks the number of texts and of each other act against what SQL finds in the corpus.
fn check_acts_are_whole(folder: &Folder, lines: &[Line], style: &str) {
    let clusters: Vec<String> = folder
        .ok_json(&format!("export personas --out other-{style} --test-key --min-group 5 --quiet"))["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| cluster["cluster"].to_string())
        .collect();
    let clusters = clusters.join(", ");
    let from = format!(
        "FROM posts p JOIN clusters c ON c.unit_key = p.author_key LEFT JOIN accounts a ON a.account_key = p.author_key \
         WHERE c.cluster IN ({clusters}) AND coalesce(a.status, 'active') = 'active'"
    );
    let told = |acts: &[&str]| {
        lines.iter().filter(|line| line.act.as_deref().is_some_and(|act| acts.contains(&act))).count()
    };
    let count = |what: &str| {
        folder.row("corpus", &format!("SELECT count(*) AS n {from} {what}"))["n"].as_u64().unwrap()
    };
    let texts = count("AND (p.quote_of IS NULL OR p.reply_to IS NOT NULL)");
    let alone = lines.iter().filter(|line| line.act.is_none());
    if style == "raw" {
        // In the raw style a quote whose quoted post is not there looks like a post.
        assert!(alone.count() as u64 >= texts);
    } else {
        assert_eq!(told(&["post", "reply"]) as u64, texts);
        assert_eq!(told(&["reply"]) as u64, count("AND p.reply_to IS NOT NULL"));
    }
    let likes = format!(
        "SELECT count(*) AS n FROM actions x JOIN clusters c ON c.unit_key = x.actor_key \
         JOIN posts p ON p.post_key = x.target_key LEFT JOIN accounts a ON a.account_key = x.actor_key \
         LEFT JOIN accounts b ON b.account_key = p.author_key WHERE c.cluster IN ({clusters}) AND x.kind = 'like' \
         AND coalesce(a.status, 'active') = 'active' AND coalesce(b.status, 'active') = 'active'"
    );
    let likes = folder.row("corpus", &likes)["n"].as_u64().unwrap();
    assert!(likes > 100, "{likes}");
    assert_eq!(told(&["like"]) as u64, likes);
}

/// Checks every chain against what SQL finds of who answers whom: each message answers the one before it, and a chain that
/// was not cut begins where nothing more can be shown. Times of the simulated world name posts.
fn check_paths(folder: &Folder, lines: &[Line]) {
    let write = "operation IN ('create', 'update')";
    let rows = folder.rows(
        "corpus",
        &format!(
            "SELECT arrow_cast(x.at, 'Int64') AS child, arrow_cast(y.at, 'Int64') AS parent FROM posts c \
             JOIN posts p ON p.post_key = c.reply_to_key LEFT JOIN accounts a ON a.account_key = p.author_key \
             JOIN actions x ON x.record_key = c.post_key AND x.{write} JOIN actions y ON y.record_key = p.post_key AND y.{write} \
             WHERE coalesce(a.status, 'active') = 'active'"
        ),
    );
    let mut parents: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for row in rows {
        parents.entry(row["child"].as_i64().unwrap()).or_default().insert(row["parent"].as_i64().unwrap());
    }
    let mut lengths = BTreeMap::new();
    for line in lines.iter().filter(|line| line.act.is_none()) {
        *lengths.entry(line.messages.len()).or_insert(0) += 1;
        for pair in line.messages.windows(2) {
            let known = parents.get(&pair[1].time);
            assert!(known.is_some_and(|known| known.contains(&pair[0].time)), "{pair:?}");
        }
        let has_parent = parents.contains_key(&line.messages[0].time);
        assert!(!has_parent || line.messages.len() == 16, "{line:?} begins too late");
    }
    assert!(lengths[&1] > 100 && lengths[&2] > 100 && lengths[&16] > 5, "{lengths:?}");
}

/// A post by its author and time.
type Name = (String, i64);

/// What the lines of an export say of posts: texts and parents as they were first written, edits, and deletes.
#[derive(Default)]
struct Told {
    texts: BTreeMap<Name, String>,
    parents: BTreeMap<Name, Name>,
    edits: BTreeSet<(Name, i64, String, String)>,
    deleted: BTreeMap<Name, i64>,
    /// Other acts: flag, actor, time, and the post or account.
    acts: BTreeSet<(String, String, i64, String)>,
    n_messages: u64,
}

impl Told {
    fn of(lines: &[Line]) -> Self {
        let mut told = Self::default();
        let name = |message: &Message| (message.user.clone(), message.time);
        let text = |message: &Message| message.text.clone().unwrap_or_default();
        for line in lines {
            told.n_messages += line.messages.len() as u64;
            let (last, before) = line.messages.split_last().unwrap();
            let act = line.act.as_deref().unwrap_or("post");
            let is_chain = ["post", "reply"].contains(&act);
            let chain = if is_chain { &line.messages[..] } else { before };
            for pair in chain.windows(2) {
                told.parents.insert(name(&pair[1]), name(&pair[0]));
            }
            let context = before.last();
            match (act, context) {
                ("post_update", Some(context)) => {
                    told.edits.insert((name(context), last.time, text(context), text(last)));
                }
                ("post_delete", Some(context)) => {
                    told.deleted.insert(name(context), last.time);
                }
                _ => {
                    for message in before.iter().chain((is_chain || act == "quote").then_some(last)) {
                        told.texts.insert(name(message), text(message));
                    }
                }
            }
            if let (false, Some(context)) = (is_chain || act.starts_with("post_") || act == "quote", context)
            {
                let is_account = ["follow", "unfollow", "block", "unblock"].contains(&act);
                let target = if is_account {
                    context.user.clone()
                } else {
                    format!("{} {}", context.user, context.time)
                };
                told.acts.insert((act.to_owned(), last.user.clone(), last.time, target));
            }
        }
        told.acts = as_read_back(&told.acts);
        told
    }
}

/// The acts as they are read back: an act that takes another one back names its target only where that one is told too.
fn as_read_back(acts: &BTreeSet<(String, String, i64, String)>) -> BTreeSet<(String, String, i64, String)> {
    let mut history: Vec<_> = acts.iter().collect();
    history.sort_by_key(|(act, _, at, _)| (*at, act.starts_with("un")));
    let (mut stands, mut read) = (BTreeSet::new(), BTreeSet::new());
    for (act, actor, at, target) in history {
        let record = (act.trim_start_matches("un"), actor, target);
        let is_known = if act.starts_with("un") {
            stands.remove(&record)
        } else {
            stands.insert(record);
            true
        };
        let target = if is_known { target.clone() } else { String::new() };
        read.insert((act.clone(), actor.clone(), *at, target));
    }
    read
}

/// Checks that a corpus holds what the lines of an export tell, and nothing more.
fn check_read_back(folder: &Folder, out: &str, corpus: &str) {
    let told = Told::of(&read(folder, out));
    let status = folder.status(corpus);
    check_balance(&status["total"]);
    assert_eq!(status["total"]["in"], told.n_messages, "every message is accounted for");

    let made = "WITH made AS (SELECT DISTINCT record_key, actor_id, arrow_cast(at, 'Int64') AS at FROM actions \
                WHERE operation = 'create' AND kind IN ('post', 'reply', 'quote'))";
    let rows = folder.rows(
        corpus,
        &format!(
            "{made} SELECT m.actor_id, m.at, p.author_id, p.text, p.edited, q.actor_id AS parent_author, q.at AS parent_at, \
             p.reply_to FROM posts p JOIN made m ON m.record_key = p.post_key LEFT JOIN made q ON q.record_key = p.reply_to_key"
        ),
    );
    assert_eq!(rows.len() as u64, n_rows(&status, "posts"), "one create a post");
    let (mut texts, mut parents) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        let name = |author: &str, at: &str| {
            let author = row[author].as_str().unwrap().strip_prefix("blueprint:").unwrap().to_owned();
            (author, row[at].as_i64().unwrap())
        };
        let post = name("actor_id", "at");
        if !row["reply_to"].is_null() {
            parents.insert(post.clone(), name("parent_author", "parent_at"));
        }
        texts.insert(post, row["text"].as_str().unwrap().to_owned());
    }
    // A post that was edited stands as its last edit left it.
    let mut expected = told.texts.clone();
    for (post, _, _, after) in
        &told.edits.iter().map(|(post, at, before, after)| (post, at, before, after)).collect::<BTreeSet<_>>()
    {
        expected.insert((*post).clone(), (*after).clone());
    }
    assert!(texts == expected, "{} posts told, {} read", expected.len(), texts.len());
    assert!(parents == told.parents, "{} parents told, {} read", told.parents.len(), parents.len());
    assert_eq!(n_rows(&status, "tombstones"), told.deleted.len() as u64);

    let edits = folder.rows(
        corpus,
        &format!(
            "{made} SELECT m.actor_id, m.at AS made, arrow_cast(x.at, 'Int64') AS at, x.prior_text FROM actions x \
             JOIN made m ON m.record_key = x.record_key WHERE x.kind = 'update'"
        ),
    );
    let edits: BTreeSet<(Name, i64, String)> = edits
        .iter()
        .map(|row| {
            let author = row["actor_id"].as_str().unwrap().strip_prefix("blueprint:").unwrap().to_owned();
            (
                (author, row["made"].as_i64().unwrap()),
                row["at"].as_i64().unwrap(),
                row["prior_text"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(
        edits,
        told.edits.iter().map(|(post, at, before, _)| (post.clone(), *at, before.clone())).collect()
    );

    let acts = folder.rows(
        corpus,
        &format!(
            "{made} SELECT x.kind, x.actor_id, arrow_cast(x.at, 'Int64') AS at, x.target_account, m.at AS made FROM actions x \
             LEFT JOIN made m ON m.record_key = x.target_key \
             WHERE x.kind NOT IN ('post', 'reply', 'quote', 'update', 'delete')"
        ),
    );
    let acts: BTreeSet<(String, String, i64, String)> = acts
        .iter()
        .map(|row| {
            let id =
                |column: &str| row[column].as_str().unwrap().strip_prefix("blueprint:").unwrap().to_owned();
            let target = if row["target_account"].is_null() { String::new() } else { id("target_account") };
            let target = row["made"].as_i64().map_or(target.clone(), |made| format!("{target} {made}"));
            (row["kind"].as_str().unwrap().to_owned(), id("actor_id"), row["at"].as_i64().unwrap(), target)
        })
        .collect();
    let (missing, more): (Vec<_>, Vec<_>) =
        (told.acts.difference(&acts).take(3).collect(), acts.difference(&told.acts).take(3).collect());
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:?}, more {more:?}");
}

/// Searches an export for every id and handle of the corpus.
fn check_no_name_is_told(folder: &Folder, out: &str) {
    let rows = folder.rows("corpus", "SELECT account_id AS id FROM accounts UNION SELECT handle FROM accounts UNION SELECT author_id FROM posts");
    let ids: Vec<String> = rows.iter().filter_map(|row| row["id"].as_str()).map(str::to_lowercase).collect();
    assert!(ids.len() > 150, "{}", ids.len());
    for name in names(folder, out) {
        let text = folder.read_text(&format!("{out}/{name}")).to_lowercase();
        assert!(!text.contains("did:plc:") && !text.contains(".bsky.social"), "{name}");
        for id in &ids {
            assert!(!text.contains(id.as_str()), "{name} tells {id}");
        }
    }
}

#[test]
fn without_a_key_nothing_is_written() {
    let folder = small();
    let answer = folder.run(["export", "personas", "--out", "out"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("populi export key --out"), "{answer:?}");
    assert!(!folder.path("out").exists() && !folder.path("out.unfinished").exists());

    folder.ok("export key --out corpus/key --quiet");
    let answer = folder.run(["export", "personas", "--out", "out", "--key-file", "corpus/key"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("move it elsewhere"), "{answer:?}");
    let answer = folder.run(["export", "key", "--out", "corpus/key"]);
    assert_eq!(answer.code, FAILED, "a key is never written over");
    let answer = folder.run(["export", "personas", "--out", "out", "--key-file", "corpus/key", "--test-key"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
}

#[test]
fn two_keys_give_unlinkable_names_and_no_key_is_told() {
    let folder = small();
    let mut seen = BTreeSet::new();
    for n in 0..2 {
        let fingerprint = folder.ok_json(&format!("export key --out key{n}"))["key_fingerprint"].clone();
        let card = folder.ok_json(&format!("export personas --out out{n} --key-file key{n} --min-group 3"));
        assert_eq!((&card["key_fingerprint"], &card["key_is_published"]), (&fingerprint, &json!(false)));
        let secret = folder.read_text(&format!("key{n}"));
        for name in names(&folder, &format!("out{n}")) {
            assert!(!folder.read_text(&format!("out{n}/{name}")).contains(secret.trim()), "{name}");
        }
        let users: BTreeSet<String> = read(&folder, &format!("out{n}"))
            .into_iter()
            .flat_map(|line| line.messages)
            .map(|message| message.user)
            .collect();
        assert_eq!(users.len(), 4);
        assert!(seen.is_disjoint(&users), "the same name under two keys");
        seen.extend(users);
    }
}

#[test]
fn small_groups_are_left_out_and_counted() {
    let folder = small();
    let card = folder.ok_json("export personas --out out --test-key");
    assert_eq!((&card["min_group"], &card["clusters"]), (&json!(10), &json!([])));
    assert_eq!((&card["suppressed_clusters"], &card["suppressed_authors"]), (&json!(1), &json!(3)));
    assert_eq!(card["left_out"]["small_group"], 20);
    assert_eq!(folder.read_text("out/user_clusters.json"), "{}\n");
    assert!(!folder.path("out/cluster_0.jsonl").exists());
}

#[test]
fn an_earlier_export_is_replaced_only_when_asked_and_nothing_else_ever() {
    let folder = small();
    let export = "export personas --out out --test-key --min-group 3 --quiet";
    folder.ok(export);
    let answer = folder.run(export.split_whitespace());
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("--overwrite"), "{answer:?}");

    // What an interruption leaves.
    folder.write("out.unfinished/an-unfinished-export-of-populi", "");
    folder.write("out.unfinished/texts.aside", "half");
    folder.ok(&format!("{export} --overwrite --style blueprint-raw"));
    assert!(folder.read_text("out/cluster_0.jsonl").starts_with('['));
    assert!(!folder.path("out.unfinished").exists() && !folder.path("out.replaced").exists());
    let expected = ["README.md", "card.json", "cluster_0.jsonl", "user_clusters.csv", "user_clusters.json"];
    assert_eq!(names(&folder, "out"), expected.map(str::to_owned).into());

    folder.write("out/mine.txt", "dear diary");
    folder.write("other/letter.txt", "dear diary");
    for out in ["out", "other", "dump.jsonl"] {
        let answer = folder.run(["export", "personas", "--out", out, "--test-key", "--overwrite"]);
        assert_eq!(answer.code, FAILED, "{out}");
        assert!(answer.stderr.contains("no part of an export"), "{answer:?}");
    }
    assert_eq!(folder.read_text("out/mine.txt"), "dear diary");
}

#[test]
fn later_deletes_are_honoured_by_the_next_export() {
    let folder = small();
    folder.write("later.jsonl", file(&[delete(&did("cyd"), "feed.post", "c1", 30)]));
    folder.ok("ingest bluesky later.jsonl --quiet");
    let export = format!("export personas --out out --style blueprint-raw {SMALL}");
    let answer = folder.run(export.split_whitespace());
    assert_eq!(answer.code, FAILED, "the clusters are of the posts as they were");
    assert!(answer.stderr.contains("populi threads"), "{answer:?}");
    for verb in ["threads", "embed", "personas --k 1 --min-posts 1"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    folder.ok(&export);
    let text = folder.read_text("out/cluster_0.jsonl");
    assert!(!text.contains("Cyd begins") && text.contains("Look at this"), "{text}");
}

#[test]
fn a_table_with_days_for_times_keeps_every_post() {
    let folder = Folder::new();
    let names = ["ann", "bob", "cyd"];
    let rows: String = (0..30)
        .map(|i| format!("{i},{},2024-05-0{},same words @{}\n", names[i % 3], 1 + i % 2, names[(i + 1) % 3]))
        .collect();
    folder.write("table.csv", format!("id,author,created,text\n{rows}30,dan,,no time\n31,dan,,none\n"));
    folder.ok("ingest text table.csv --id id --author-column author --time created --text text --quiet --time-format %Y-%m-%d");
    for verb in ["threads", "embed", "personas --k 1"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    let card = folder.ok_json(&format!("export personas --out raw --style blueprint-raw {SMALL}"));
    assert_eq!((&card["lines"], &card["left_out"]), (&json!({ "post": 30 }), &json!({ "no_time": 2 })));
    assert_eq!(card["moved_times"], 24, "five posts a day and author, of which one stays");
    let members: BTreeMap<String, u32> =
        serde_json::from_slice(&folder.read("raw/user_clusters.json")).unwrap();
    let lines = read(&folder, "raw");
    let mentioned: BTreeSet<&str> = lines
        .iter()
        .map(|line| line.messages[0].text.as_ref().unwrap().strip_prefix("same words @user_").unwrap())
        .collect();
    assert_eq!(mentioned, members.keys().map(|user| &user[..32]).collect(), "a mention is its author");
    folder.ok("ingest blueprint raw --corpus raw-again --quiet --max-quarantine 0");
    check_read_back(&folder, "raw", "raw-again");
}

#[test]
fn a_corpus_without_authors_has_nothing_to_tell() {
    let folder = Folder::new();
    folder.write("lines.txt", "one two three\nfour five six\nseven eight nine\n");
    folder.ok("ingest text lines.txt --quiet");
    for verb in ["threads", "embed", "personas --k 1"] {
        folder.ok(&format!("{verb} --quiet"));
    }
    let answer = folder.run(["export", "personas", "--out", "out", "--test-key"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("no authors"), "{answer:?}");
}
