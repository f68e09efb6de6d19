//! Reads written worlds back with a reader of its own and compares what it finds with the truth beside them.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod reader;
mod replay;
mod shapes;
mod twitter;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use populi_simulate::{Error, Params, Summary, bluesky};
use reader::{Line, read_lines};
use serde_json::Value;

fn world(params: &Params) -> (tempfile::TempDir, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let summary = bluesky(params, folder.path()).unwrap();
    (folder, summary)
}

fn small() -> Params {
    Params { users: 60, days: 1, ..Params::default() }
}

fn truth(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("truth").join(name)).unwrap()).unwrap()
}

fn table(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join("truth").join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_string).collect()).collect()
}

/// The events of a folder's good lines.
fn events(lines: &[Line]) -> Vec<Value> {
    let mut events = Vec::new();
    for line in lines {
        if let Ok(event) = serde_json::from_slice::<Value>(&line.bytes)
            && reader::is_event(&event)
        {
            events.push(event);
        }
    }
    events
}

#[test]
fn a_seed_decides_every_byte() {
    let hash_of = |params: &Params| {
        let (folder, _) = world(params);
        reader::hash_of_all_files(folder.path())
    };
    let first = hash_of(&small());
    assert_eq!(first, hash_of(&small()));
    assert_ne!(first, hash_of(&Params { seed: 2, ..small() }));
}

#[test]
fn a_world_is_never_written_over() {
    let (folder, _) = world(&small());
    let again = bluesky(&small(), folder.path());
    assert!(matches!(again, Err(Error::Occupied { .. })), "{again:?}");
    assert!(!folder.path().join(".partial-world").exists());
}

#[test]
fn what_a_killed_run_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join(".partial-world/jetstream/01/00");
    std::fs::create_dir_all(&partial).unwrap();
    std::fs::write(partial.join("half"), "{\"did\":").unwrap();
    bluesky(&small(), folder.path()).unwrap();
    let (whole, _) = world(&small());
    assert_eq!(reader::hash_of_all_files(folder.path()), reader::hash_of_all_files(whole.path()));
}

#[test]
fn accounting_matches_the_files() {
    for params in [small(), Params { bad_share: 0.05, seed: 7, ..small() }, Params::default()] {
        let (folder, summary) = world(&params);
        let lines = read_lines(folder.path());
        let accounting = truth(folder.path(), "accounting.json");
        let recounted = reader::recount(&lines);
        for (class, count) in &recounted.classes {
            assert_eq!(accounting[class], *count, "{class}");
        }
        let sum: u64 = recounted.classes.iter().filter(|(class, _)| **class != "in").map(|(_, n)| n).sum();
        assert_eq!(sum, lines.len() as u64);
        assert_eq!(summary.lines, lines.len() as u64);
        assert_eq!(accounting["quarantined_by_reason"], serde_json::json!(recounted.reasons));
        assert_eq!(accounting["files"].as_object().unwrap().len(), summary.files);
        for (path, classes) in &recounted.files {
            for (class, count) in classes {
                assert_eq!(accounting["files"][path][class], *count, "{path}: {class}");
            }
        }
        let share = summary.bad as f64 / (summary.lines - summary.blank) as f64;
        assert!((share - params.bad_share).abs() < 0.0005, "{share}");
    }
}

#[test]
fn threads_and_edges_match_the_files() {
    for seed in [1, 5] {
        let (folder, _) = world(&Params { users: 200, days: 2, seed, ..Params::default() });
        let events = events(&read_lines(folder.path()));
        let recounted = replay::replay(&events);
        assert_eq!(table(folder.path(), "threads.tsv"), recounted.threads);
        let edges: BTreeSet<Vec<String>> = table(folder.path(), "edges.tsv").into_iter().collect();
        assert_eq!(edges, recounted.edges);
        let counts = truth(folder.path(), "counts.json");
        assert_eq!(counts["posts"]["standing"], recounted.standing);
        assert_eq!(counts["tombstones"], recounted.tombstones);
        assert_eq!(counts["stubs"], recounted.stubs);
        assert_eq!(counts["actions"], serde_json::json!(recounted.actions));
    }
}

#[test]
fn most_authors_write_little_and_communities_follow_their_own() {
    for params in [small(), Params::default(), Params { users: 200, days: 20, ..Params::default() }] {
        let (folder, summary) = world(&params);
        let mut posts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in events(&read_lines(folder.path())) {
            let commit = &event["commit"];
            if commit["collection"] == "app.bsky.feed.post" && commit["operation"] == "create" {
                let author = posts.entry(event["did"].to_string()).or_default();
                author.insert(commit["rkey"].to_string());
            }
        }
        let quiet = posts.values().filter(|posts| posts.len() <= 3).count();
        assert!(2 * quiet >= posts.len(), "{quiet} of {}", posts.len());
        assert!(posts.values().any(|posts| posts.len() > 8));

        let rows = table(folder.path(), "communities.tsv");
        assert_eq!(rows.len(), params.users);
        let community: BTreeMap<&String, &String> = rows.iter().map(|row| (&row[0], &row[1])).collect();
        assert_eq!(community.values().collect::<BTreeSet<_>>().len(), summary.communities);
        let edges = table(folder.path(), "edges.tsv");
        let inside =
            edges.iter().filter_map(|edge| Some(community.get(&edge[0])? == community.get(&edge[1])?));
        let (same, all) = inside.fold((0, 0), |(same, all), equal| (same + usize::from(equal), all + 1));
        assert!(same * 10 > all * 6, "{same} of {all} edges stay in their community");
    }
}

#[test]
fn revisions_rise_with_the_clock() {
    let (folder, _) = world(&small());
    let mut first_seen: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for event in events(&read_lines(folder.path())) {
        let time = event["time_us"].as_u64().unwrap();
        let entry = first_seen.entry(reader::identity(&event)).or_insert((time, event));
        entry.0 = time.min(entry.0);
    }
    let mut bridged = BTreeSet::new();
    for (time, event) in first_seen.values().filter(|(_, event)| event["kind"] == "commit") {
        let rev = event["commit"]["rev"].as_str().unwrap();
        assert_eq!(rev.len(), 13);
        let made = reader::tid(rev) >> 10;
        if rev.starts_with("2222") {
            bridged.insert(event["did"].to_string());
        } else {
            assert!((0..1_000_000).contains(&(time - made)), "{time} {rev}");
        }
    }
    assert!((1..10).contains(&bridged.len()), "{bridged:?}");
}

#[test]
fn every_shape_occurs_at_default_size() {
    let (folder, summary) = world(&Params::default());
    assert!((15_000..25_000).contains(&summary.lines), "{} lines", summary.lines);
    let lines = read_lines(folder.path());
    let shapes = shapes::shapes(&events(&lines));
    for shape in shapes::EXPECTED_SHAPES {
        assert!(shapes.contains(shape), "no {shape} in {shapes:#?}");
    }
    let accounting = truth(folder.path(), "accounting.json");
    for reason in reader::REASONS {
        assert!(accounting["quarantined_by_reason"][reason].as_u64().unwrap() > 0, "{reason}");
    }
    let rows = table(folder.path(), "threads.tsv");
    let deepest = rows.iter().map(|row| row[3].parse::<u32>().unwrap()).max();
    assert!(deepest >= Some(30), "{deepest:?}");
    let mut answers: BTreeMap<&str, u32> = BTreeMap::new();
    for row in &rows {
        *answers.entry(&row[2]).or_default() += 1;
    }
    answers.remove("");
    assert!(answers.values().max() >= Some(&50));
    let is = |row: &[String], flags: [&str; 3]| row[4..].iter().eq(flags);
    let deleted_middle =
        |row: &&Vec<String>| row[6] == "false" && !row[2].is_empty() && answers.contains_key(&*row[0]);
    assert!(rows.iter().any(|row| deleted_middle(&row)));
    assert!(
        rows.iter().any(|row| is(row, ["true", "false", "true"])),
        "no lost middle under a root that stands"
    );
    assert!(rows.iter().any(|row| is(row, ["false", "true", "true"])), "no answer under a deleted root");
    let lonely = |row: &Vec<String>| row[0] == row[1] && is(row, ["false", "false", "false"]);
    assert!(rows.iter().any(lonely), "no tombstone or stub without a known place");
    let packings: BTreeSet<&str> = lines.iter().map(|line| line.packing).collect();
    assert_eq!(packings, BTreeSet::from(["gzip", "plain", "two gzip members", "zstd"]));
    let misnamed = |line: &&Line| line.packing != "plain" && line.path.ends_with(".jsonl");
    assert!(lines.iter().any(|line| misnamed(&line)), "no compressed file under a wrong name");
}
