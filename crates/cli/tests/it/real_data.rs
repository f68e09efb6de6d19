//! Samples of real dumps through the real binary, where they are at hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::program::{DONE, FINDINGS, Folder, check_balance, n_rows, shared, sum};

#[test]
fn a_stretch_of_jetstream_is_taken_whole() {
    let Some(path) = shared("bluesky/jetstream/expected_v1.jsonl") else { return };
    let folder = Folder::new();
    folder.ok(&format!("ingest bluesky {} --max-quarantine 0", path.display()));
    folder.ok("threads");
    let status = folder.status("corpus");
    let total = &status["total"];
    check_balance(total);
    assert_eq!((&total["in"], &total["notices"], sum(&total["ignored"])), (&json!(152), &json!(2), 2));
    assert_eq!(total["quarantined"], json!({}));
    let acts = &status["acts"];
    for (kind, n) in
        [("like", 105), ("repost", 15), ("follow", 6), ("unfollow", 3), ("block", 1), ("delete", 1)]
    {
        assert_eq!(acts[kind], n, "{kind}");
    }
    assert_eq!((n_rows(&status, "posts"), n_rows(&status, "tombstones")), (17, 1));
    let replies = folder.row(
        "corpus",
        "SELECT count(*) AS n, count(*) FILTER (WHERE parents.post_key IS NULL) AS without_parent
         FROM posts LEFT JOIN posts parents ON parents.post_key = posts.reply_to_key WHERE posts.reply_to IS NOT NULL",
    );
    assert_eq!(replies, json!({ "n": 8, "without_parent": 6 }));
    let orphans = folder.row(
        "corpus",
        "SELECT count(*) AS n FROM threads child JOIN threads parent ON parent.post_key = child.parent_key
         WHERE child.present AND NOT parent.present",
    );
    assert_eq!(orphans["n"], 6);
}

#[test]
fn folders_of_days_and_hours_are_taken() {
    let Some(path) = shared("bluesky/blueprint_layout") else { return };
    let folder = Folder::new();
    folder.ok(&format!("ingest bluesky {}", path.display()));
    let status = folder.status("corpus");
    let total = &status["total"];
    check_balance(total);
    assert_eq!(total["in"], 375);
    assert_eq!(total["quarantined"], json!({ "conflict_marker": 3 }));
    let taken: u64 = ["stored", "superseded", "deletes", "notices", "duplicates"]
        .iter()
        .map(|class| total[class].as_u64().unwrap())
        .sum();
    assert_eq!(taken, 372);
    let events = folder.rows(
        "corpus",
        "SELECT kind, operation, count(*) AS n FROM sources GROUP BY ALL ORDER BY kind, operation",
    );
    let expected = json!([
        { "kind": "like", "operation": "create", "n": 315 },
        { "kind": "like", "operation": "delete", "n": 4 },
        { "kind": "post", "operation": "create", "n": 53 },
    ]);
    assert_eq!(json!(events), expected);
    assert_eq!(status["acts"]["quote"], 50);
    let files = folder.rows("corpus", "SELECT DISTINCT file FROM quarantine");
    assert!(
        files.iter().all(|row| row["file"].as_str().unwrap().starts_with("blueprint_layout/")),
        "{files:?}"
    );
}

#[test]
fn every_shape_of_record_is_taken_or_ignored() {
    let Some(path) = shared("bluesky/record_examples.json") else { return };
    let examples: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let operations = examples["commits"].as_object().unwrap().values();
    let lists = examples["kinds"]
        .as_object()
        .unwrap()
        .values()
        .chain(operations.flat_map(|by| by.as_object().unwrap().values()));
    let lines: Vec<String> =
        lists.flat_map(|events| events.as_array().unwrap()).map(Value::to_string).collect();
    assert!(lines.len() > 150, "{}", lines.len());
    let folder = Folder::new();
    folder.write("examples", lines.join("\n"));
    folder.ok("ingest bluesky examples --max-quarantine 0");
    let total = &folder.status("corpus")["total"];
    check_balance(total);
    assert_eq!(total["in"], lines.len());
    assert_eq!((&total["quarantined"], &total["blank"]), (&json!({}), &json!(0)));
    let is_ours = |event: &Value| {
        let ours = ["feed.post", "feed.like", "feed.repost", "graph.follow", "graph.block", "actor.profile"];
        let collection = event["commit"]["collection"].as_str();
        event["kind"] != "commit" || ours.iter().any(|name| collection == Some(&format!("app.bsky.{name}")))
    };
    let n_ours = lines.iter().filter(|line| is_ours(&serde_json::from_str(line).unwrap())).count();
    assert!((40..lines.len()).contains(&n_ours), "{n_ours}");
    assert_eq!(sum(&total["ignored"]), (lines.len() - n_ours) as u64);
}

#[test]
fn every_line_of_the_json_suite_has_one_outcome() {
    let Some(path) = shared("adversarial/json/test_parsing") else { return };
    let folder = Folder::new();
    let answer = folder.run(["ingest", "bluesky", path.to_str().unwrap()]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    let found: BTreeMap<String, &Value> = status["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["file"].as_str().unwrap().to_owned(), file))
        .collect();
    let (mut n_lines, mut contents) = (0, BTreeMap::new());
    for entry in std::fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        let content = std::fs::read(entry.path()).unwrap();
        let name = format!("test_parsing/{}", entry.file_name().to_str().unwrap());
        let lines = content.split(|byte| *byte == b'\n').count() as u64
            - u64::from(content.is_empty() || content.ends_with(b"\n"));
        let Some(file) = found.get(&name) else {
            contents.entry(content).or_insert(false);
            continue;
        };
        check_balance(file);
        // What is plainly no text is one record.
        let expected = if file["quarantined"]["unsupported_content"] == 1 { 1 } else { lines };
        assert_eq!(file["in"], expected, "{name}: {file}");
        let n_out = sum(&file["quarantined"]) + file["blank"].as_u64().unwrap();
        assert_eq!(n_out, expected, "{name}: no line of the suite is an event: {file}");
        n_lines += expected;
        contents.insert(content, true);
    }
    assert_eq!(status["total"]["in"], n_lines);
    assert!(contents.values().all(|was_read| *was_read), "of equal files one is read, and of others each");
    assert_eq!(n_rows(&status, "quarantine"), sum(&status["total"]["quarantined"]));
}

/// Runs a recipe over a table in the shared data, and expects a page.
fn to_a_page(name: &str, settings: &str, quarantined: &Value) -> Option<Value> {
    let path = shared(name)?;
    let folder = Folder::new();
    let recipe = format!(
        "[ingest]\nfrom = \"text\"\npaths = [{:?}]\n{settings}\n[personas]\nn_init = 1\n",
        path.to_str().unwrap()
    );
    folder.write("populi.toml", recipe);
    let answer = folder.run(["run", "populi.toml", "--json", "--quiet"]);
    assert_eq!(answer.code, DONE, "{name}: {answer:?}");
    let found = answer.json();
    check_balance(&found["accounting"]);
    assert_eq!(found["accounting"]["quarantined"], *quarantined, "{name}");
    let page = folder.read_text("report.html");
    assert!(page.contains("</html>") && page.len() > 100_000, "{name}: {}", page.len());
    Some(found)
}

#[test]
fn short_texts_go_through_to_a_page() {
    // One line of the second lacks the tab at its end that the other 19,999 have.
    for (name, n, quarantined) in [
        ("agnewsdataraw-8000", 8_000, json!({})),
        ("stackoverflow_true_text", 19_999, json!({ "field_count": 1 })),
        ("tweet-original-order.txt", 2_472, json!({})),
    ] {
        let settings = "header = false\nlabel = 1\ntext = 2";
        let Some(found) = to_a_page(&format!("text/short_text/{name}"), settings, &quarantined) else {
            return;
        };
        let taken = found["accounting"]["stored"].as_u64().unwrap();
        assert_eq!(taken, n, "{name}: {found}");
        assert!(found["personas"]["ami"].as_f64().unwrap() > 0.2, "{name}: {found}");
    }
}

#[test]
fn banking77_goes_through_to_a_page() {
    let Some(found) = to_a_page("text/banking77/train.csv", "label = \"category\"", &json!({})) else {
        return;
    };
    assert_eq!(found["accounting"]["stored"], 10_003);
    assert_eq!(found["personas"]["unit"], "posts");
    assert!(found["personas"]["k"].as_u64().unwrap() >= 10, "{found}");
    assert!(found["personas"]["ami"].as_f64().unwrap() > 0.4, "{found}");
}
