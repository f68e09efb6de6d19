//! Conversations from what a corpus lacks: shapes, coverage, and the list of what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::program::{DONE, FAILED, Folder, digests};

/// id, author, time, reply_to: 1 ── 2 ── 4, 1 ── 3; 8 and 9 answer 7, and 10 answers 6, which are not there; 5 is alone.
const POSTS: &str = "id,author,time,reply_to,text
1,ann,2025-03-01T12:00:00Z,,what is a thread
2,bob,2025-03-01T12:01:00Z,1,a chain of posts
3,cid,2025-03-01T12:03:00Z,1,or a tree of them
4,ann,2025-03-01T12:02:00Z,2,who counts them
5,dan,2025-03-01T12:00:00Z,,nobody answers me
8,ann,2025-03-01T13:00:00Z,7,an answer to a lost post
9,eve,2025-03-01T12:59:00Z,7,another answer to it
10,eve,2025-03-01T12:30:00Z,6,an answer to another lost one
";

fn corpus() -> Folder {
    let folder = Folder::new();
    folder.write("posts.csv", POSTS);
    folder.ok("ingest text posts.csv --max-quarantine 0");
    folder
}

#[test]
fn the_shape_of_each_conversation_in_which_somebody_answers() {
    let folder = corpus();
    let found = folder.ok_json("threads");
    assert_eq!(
        (&found["n_conversations"], &found["n_threads"], &found["n_stubs"]),
        (&json!(4), &json!(3), &json!(2))
    );
    let rows = folder.rows(
        "corpus",
        "SELECT n_posts, n_missing, n_replies, n_pieces, n_authors, max_depth, max_breadth, max_answers,
                round(100 * structural_virality) AS virality, first_reply_ms, last_reply_ms, n_timed, median_response_ms
         FROM thread_shapes ORDER BY n_posts DESC",
    );
    let whole = json!({
        "n_posts": 4, "n_missing": 0, "n_replies": 3, "n_pieces": 1, "n_authors": 3, "max_depth": 2, "max_breadth": 2,
        "max_answers": 2,
        // 1-2, 1-3 and 2-4: 1; 1-4 and 2-3: 2; 3-4: 3.
        "virality": 167.0,
        "first_reply_ms": 60_000, "last_reply_ms": 180_000, "n_timed": 3, "median_response_ms": 60_000
    });
    assert_eq!(rows[0], whole);
    let lost = |row: &Value| (row["n_posts"].clone(), row["n_missing"].clone(), row["n_replies"].clone());
    assert_eq!(lost(&rows[1]), (json!(2), json!(1), json!(2)));
    assert_eq!((&rows[1]["virality"], &rows[1]["first_reply_ms"]), (&json!(200.0), &Value::Null));
    assert_eq!(lost(&rows[2]), (json!(1), json!(1), json!(1)));
}

#[test]
fn the_coverage_counts_posts_that_are_answered_and_answers() {
    let folder = corpus();
    let coverage = &folder.ok_json("threads")["coverage"];
    let found = |class: &str| {
        (coverage[class]["posts"].as_u64().unwrap(), coverage[class]["replies"].as_u64().unwrap())
    };
    assert_eq!((found("answered"), found("stream"), found("absent")), ((4, 6), (2, 3), (2, 3)));
    for class in ["hydrated", "embedded", "deleted", "unavailable", "deleted_since"] {
        assert_eq!(found(class), (0, 0), "{class}");
    }
    let words = folder.ok("threads").stdout;
    assert!(words.contains("absent") && !words.contains("embedded"), "{words}");
}

#[test]
fn missing_posts_are_ranked_by_their_replies_and_gone_once_they_are_there() {
    let folder = corpus();
    let summary = folder.ok_json("threads missing --out ids.csv");
    assert_eq!((&summary["n_missing"], &summary["n_listed_replies"]), (&json!(2), &json!(3)));
    assert_eq!(
        folder.read_text("ids.csv"),
        "id,post_id,replies,reposts,quotes,first_seen\n\
         7,table:7,2,0,0,2025-03-01T12:59:00Z\n\
         6,table:6,1,0,0,2025-03-01T12:30:00Z\n"
    );
    folder.ok("threads missing --top 1 --format ids --out ids.txt");
    assert_eq!(folder.read_text("ids.txt"), "7\n");

    folder.ok("threads");
    folder
        .write("hydrated.csv", "id,author,time,reply_to,text\n7,dan,2025-03-01T12:50:00Z,5,the lost post\n");
    folder.ok("ingest text hydrated.csv");
    let grown = folder.ok_json("threads");
    assert_eq!(
        (&grown["n_conversations"], &grown["n_stubs"], &grown["max_depth"]),
        (&json!(3), &json!(1), &json!(2))
    );
    folder.ok("threads missing --format ids --out ids.txt --overwrite");
    assert_eq!(folder.read_text("ids.txt"), "6\n");
}

#[test]
fn a_list_of_nothing_has_a_header_and_no_file_is_replaced_unasked() {
    let folder = Folder::new();
    folder.write("posts.csv", "id,author,text\n1,ann,nobody is answered here\n");
    folder.ok("ingest text posts.csv");
    folder.ok("threads missing --top 0 --out lists/ids.csv");
    assert_eq!(folder.read_text("lists/ids.csv"), "id,post_id,replies,reposts,quotes,first_seen\n");
    let again = folder.run(["threads", "missing", "--out", "lists/ids.csv"]);
    assert!(again.code == FAILED && again.stderr.contains("--overwrite"), "{again:?}");
    let into_a_folder = folder.run(["threads", "missing", "--out", "lists", "--overwrite"]);
    assert!(into_a_folder.code == FAILED && into_a_folder.stderr.contains("folder"), "{into_a_folder:?}");
}

#[test]
fn any_number_of_threads_gives_the_same_tables() {
    let folder = corpus();
    let found = ["1", "2"].map(|n| {
        folder.ok(&format!("ingest text posts.csv --corpus corpus{n}"));
        assert_eq!(folder.run(["threads", "--corpus", &format!("corpus{n}"), "--threads", n]).code, DONE);
        digests(&folder.status(&format!("corpus{n}")))
    });
    assert_eq!(found[0], found[1]);
}

/// Of the parents of each class in a table of edges, how many there are and how many answer them: [stream, asked, embedded, the rest].
/// The steps of an edited post are one.
fn true_coverage(folder: &Folder, truth: &str) -> [(usize, usize); 4] {
    let text = folder.read_text(&format!("{truth}/edges.tsv"));
    let posts = folder.read_text(&format!("{truth}/posts.jsonl"));
    let first_steps: BTreeMap<String, String> = posts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|post| Some((post["id"].as_str()?.to_owned(), post["edit_of"].as_str()?.to_owned())))
        .collect();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (parent, found) = (column("parent"), column("found"));
    let mut parents = [(); 4].map(|()| BTreeSet::new());
    let mut replies = [0; 4];
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let class =
            ["stream", "asked", "embedded"].iter().position(|name| *name == cells[found]).unwrap_or(3);
        parents[class].insert(first_steps.get(cells[parent]).map_or(cells[parent], String::as_str));
        replies[class] += 1;
    }
    std::array::from_fn(|class| (parents[class].len(), replies[class]))
}

fn coverage(found: &Value) -> [(usize, usize); 4] {
    let n = |class: &str, of: &str| found["coverage"][class][of].as_u64().unwrap() as usize;
    let sum = |classes: &[&str], of: &str| classes.iter().map(|class| n(class, of)).sum();
    let classes: [&[&str]; 4] =
        [&["stream"], &["hydrated"], &["embedded"], &["deleted", "unavailable", "absent"]];
    classes.map(|classes| (sum(classes, "posts"), sum(classes, "replies")))
}

#[test]
fn the_coverage_of_a_simulated_stream_is_as_the_truth_has_it_and_hydration_grows_the_trees() {
    for api in ["v1", "v2"] {
        let folder = Folder::new();
        folder.ok(&format!("simulate twitter --tweets 3000 --api {api} --seed 5 --out world"));
        folder.ok("ingest twitter world/stream --max-quarantine 1");
        let before = folder.ok_json("threads");
        assert_eq!(coverage(&before), true_coverage(&folder, "world/truth"), "{api}");
        let missing = folder.ok_json("threads missing --out before.csv");

        folder.ok("ingest twitter world/hydrated.jsonl world/hydrated-v1.jsonl --max-quarantine 1");
        let after = folder.ok_json("threads");
        assert_eq!(coverage(&after), true_coverage(&folder, "world/truth/hydrated"), "{api}");
        assert!(after["n_stubs"].as_u64() < before["n_stubs"].as_u64(), "{api}: {after}");
        let reasons = after["coverage"]["unavailable_by_reason"].as_object().unwrap();
        assert!(!reasons.is_empty(), "{api}: {after}");
        let left = folder.ok_json("threads missing --out after.csv");
        assert!(left["n_missing"].as_u64() < missing["n_missing"].as_u64(), "{api}: {left}");
        assert_eq!(left["n_unavailable"], after["coverage"]["unavailable"]["posts"], "{api}");
    }
}
