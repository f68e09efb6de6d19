//! Reads written Twitter worlds back with a reader of its own and compares what it finds with the truth beside them.

mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use populi_simulate::{Api, Compression, Container, Error, TwitterParams, twitter};
use reader::{dumps, files, id, is_retweet, kind};
use serde_json::Value;

fn world(params: &TwitterParams) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    twitter(params, folder.path()).unwrap();
    folder
}

fn small() -> TwitterParams {
    TwitterParams { tweets: 600, noise: 0.05, ..TwitterParams::default() }
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("truth/manifest.json")).unwrap()).unwrap()
}

fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hashes(folder: &Path) -> Vec<(String, blake3::Hash)> {
    let hash = |path: &std::path::PathBuf| {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (name, blake3::hash(&std::fs::read(path).unwrap()))
    };
    files(folder).iter().map(hash).collect()
}

#[test]
fn a_seed_decides_every_byte_at_any_number_of_threads() {
    let with_threads = |n, params: &TwitterParams| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        hashes(pool.install(|| world(params)).path())
    };
    for params in [small(), TwitterParams { api: Api::V2, container: Container::TarGz, ..small() }] {
        let first = with_threads(1, &params);
        assert_eq!(first, with_threads(1, &params));
        assert_eq!(first, with_threads(4, &params));
        assert_ne!(first, with_threads(1, &TwitterParams { seed: 9, ..params }));
    }
}

#[test]
fn a_world_is_never_written_over() {
    let folder = world(&small());
    let before = hashes(folder.path());
    assert!(matches!(twitter(&small(), folder.path()), Err(Error::Occupied { .. })));
    assert_eq!(hashes(folder.path()), before);
    // What a killed run left is replaced.
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(other.path().join(".partial-world/stream")).unwrap();
    std::fs::write(other.path().join(".partial-world/stream/half"), "{").unwrap();
    twitter(&small(), other.path()).unwrap();
    assert_eq!(hashes(other.path()), before);
}

#[test]
fn members_are_called_as_the_grabs_were() {
    let names = |container, compression, api| {
        let folder = world(&TwitterParams { container, compression, api, ..small() });
        let dumps = dumps(folder.path());
        let first = |names: Vec<&str>| names.first().map(|name| (*name).to_owned()).unwrap();
        let files = first(dumps.iter().map(|dump| dump.path.as_str()).collect());
        (files, first(dumps[0].members.iter().map(String::as_str).collect()))
    };
    let pair = |file: &str, member: &str| (file.to_owned(), member.to_owned());
    use {Compression::*, Container::*};
    assert_eq!(
        names(Tar, Gz, Api::V1),
        pair("stream/twitter-stream-20221010.tar", "20221010/20221010000000.json.gz")
    );
    assert_eq!(names(Tar, Bz2, Api::V1), pair("stream/twitter_stream_2022_10_10.tar", "10/00/00.json.bz2"));
    assert_eq!(names(Zip, Bz2, Api::V2), pair("stream/twitter-stream-2023-01-14.zip", "14/00/00.json.bz2"));
    assert_eq!(
        names(Nested, Bz2, Api::V1),
        pair("stream/archiveteam-twitter-stream-2022-10.tar", "10/00/00.json.bz2")
    );
    assert_eq!(
        names(TarGz, Gz, Api::V1),
        pair("stream/twitter-stream-20221010.tar.gz", "20221010/20221010000000.json.gz")
    );
    let (file, member) = names(Dir, Bz2, Api::V1);
    assert_eq!((file.as_str(), &file), ("stream/2022/10/10/00/00.json.bz2", &member));
}

#[test]
fn every_line_counts_as_the_manifest_says() {
    for params in [
        small(),
        TwitterParams { seed: 2, container: Container::Dir, compression: Compression::Bz2, ..small() },
        TwitterParams { seed: 3, container: Container::Zip, api: Api::V2, tweets: 3000, ..small() },
        TwitterParams { seed: 4, container: Container::Nested, noise: 0.0, ..small() },
    ] {
        let folder = world(&params);
        let accounting = &manifest(folder.path())["accounting"];
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        for (file, classes) in reader::classes(&dumps(folder.path())) {
            for (class, n) in classes {
                assert_eq!(accounting["files"][&file][class], n, "{params:?}: {file}: {class}");
                *totals.entry(class).or_default() += n;
            }
        }
        for (class, n) in &totals {
            assert_eq!(accounting[class], *n, "{params:?}: {class}");
        }
        let noise: u64 = ["blank", "ignored", "quarantined"]
            .iter()
            .map(|class| totals.get(class).copied().unwrap_or(0))
            .sum();
        let share = noise as f64 / totals["in"] as f64;
        assert!((share - params.noise).abs() < 0.03, "{share}");
    }
}

#[test]
fn texts_bodies_and_counts_are_those_of_the_lines() {
    let folder = world(&TwitterParams { tweets: 3000, noise: 0.02, ..TwitterParams::default() });
    let mut found = reader::posts_of_v1(&dumps(folder.path()));
    let rows = json_lines(&folder.path().join("truth/posts.jsonl"));
    assert!(rows.len() > 1500);
    let (mut n_points, mut n_cut) = (0, 0);
    for row in rows {
        let post = found.remove(row["id"].as_str().unwrap().strip_prefix("twitter:").unwrap()).unwrap();
        let number = |name: &str| row[name].as_u64().unwrap();
        assert_eq!(row["text"], post.text);
        assert_eq!(
            (number("body_start"), number("body_end")),
            (post.body.0 as u64, post.body.1 as u64),
            "{row}"
        );
        assert_eq!(number("like_count"), post.likes, "{row}");
        assert_eq!(row["text_cut"], !post.is_whole);
        assert_eq!(row["client"], post.client);
        if let Some(geo) = row["geo"].as_str() {
            assert_eq!(Some(geo), post.geo.as_deref());
            n_points += 1;
        }
        n_cut += u64::from(!post.is_whole);
    }
    assert!(n_points > 10 && n_cut > 3, "{n_points} {n_cut}");
    // What is left was deleted.
    let tombstones = std::fs::read_to_string(folder.path().join("truth/tombstones.tsv")).unwrap();
    let gone: BTreeSet<&str> =
        tombstones.lines().map(|row| row.split(['\t', ':']).nth(1).unwrap_or("")).collect();
    assert!(!found.is_empty() && found.keys().all(|id| gone.contains(id.as_str())));
}

/// What happens in a world that its lines show, by name.
fn happenings(folder: &Path) -> BTreeSet<&'static str> {
    let mut happened = BTreeSet::new();
    let lines: Vec<Vec<u8>> = dumps(folder).into_iter().flat_map(|dump| dump.lines).collect();
    let direct = |line: &&Vec<u8>| kind(line) == "direct";
    let values: Vec<Value> =
        lines.iter().filter(direct).map(|line| serde_json::from_slice(line).unwrap()).collect();
    let retweets: BTreeSet<String> = values.iter().filter(|value| is_retweet(value)).map(id).collect();
    let posts: BTreeSet<String> = values.iter().filter(|value| !is_retweet(value)).map(id).collect();
    let mut seen = BTreeSet::new();
    for line in &lines {
        let text = String::from_utf8_lossy(line);
        let mut note = |is: bool, name| {
            if is {
                happened.insert(name);
            }
        };
        note(text.starts_with("{\"scrub_geo"), "scrub_geo");
        note(text.starts_with("{\"status_withheld"), "status_withheld");
        note(text.starts_with("{\"user_withheld"), "user_withheld");
        note(
            text.contains("withheld_in_countries\":[\"") && text.contains("\"user\":"),
            "withheld by its record",
        );
        note(text.starts_with("{\"limit"), "limit");
        if let Ok(value) = serde_json::from_slice::<Value>(line) {
            let status = value.get("data").unwrap_or(&value);
            let retweeted = &value["retweeted_status"];
            note(value["truncated"] == true, "truncated");
            note(retweeted["is_quote_status"] == true, "retweet of a quote");
            note(retweeted["truncated"] == true && retweeted["extended_tweet"].is_null(), "cut inside");
            let steps = status["edit_history_tweet_ids"].as_array().map_or(0, Vec::len);
            note(steps == 2 || value["edit_history"].is_object(), "edit");
            note(steps == 3, "edit of an edit");
            note(value["errors"].is_array(), "error");
            note(
                status["text"].as_str().is_some_and(|text| text.contains("&amp;amp;")),
                "entity of an entity",
            );
            note(status["lang"] == "ar", "right to left");
            if let Some(id) = value["delete"]["status"]["id_str"].as_str() {
                note(retweets.contains(id), "delete of a retweet");
                note(posts.contains(id) && seen.contains(id), "delete behind");
                note(posts.contains(id) && !seen.contains(id), "delete before");
                note(!posts.contains(id) && !retweets.contains(id), "delete of the unknown");
            }
            if kind(line) == "direct" {
                seen.insert(id(&value));
            }
        }
    }
    happened
}

#[test]
fn everything_happens_at_default_size() {
    let everywhere = [
        "scrub_geo",
        "status_withheld",
        "user_withheld",
        "limit",
        "edit",
        "entity of an entity",
        "right to left",
        "delete of a retweet",
        "delete behind",
        "delete before",
        "delete of the unknown",
    ];
    let v1 = ["truncated", "retweet of a quote", "cut inside", "withheld by its record"];
    let v2 = ["edit of an edit", "error"];
    for (api, own) in [(Api::V1, &v1[..]), (Api::V2, &v2)] {
        let folder = world(&TwitterParams { api, tweets: 4000, ..TwitterParams::default() });
        let happened = happenings(folder.path());
        for name in everywhere.iter().chain(own) {
            assert!(happened.contains(name), "{api:?}: no {name} in {happened:?}");
        }
    }
}

#[test]
fn a_chain_of_answers_is_500_deep() {
    let folder = world(&TwitterParams { tweets: 3000, ..TwitterParams::default() });
    let edges = std::fs::read_to_string(folder.path().join("truth/edges.tsv")).unwrap();
    let parents: BTreeMap<&str, &str> = edges
        .lines()
        .skip(1)
        .filter_map(|row| row.split_once('\t'))
        .map(|(child, rest)| (child, rest.split('\t').next().unwrap_or("")))
        .collect();
    let depth =
        |child: &str| std::iter::successors(parents.get(child), |parent| parents.get(*parent)).count();
    assert!(parents.keys().map(|child| depth(child)).max() >= Some(500));
}

#[test]
fn what_was_asked_for_fills_what_was_absent() {
    for api in [Api::V1, Api::V2] {
        let folder = world(&TwitterParams { api, tweets: 3000, ..TwitterParams::default() });
        let rounded = json_lines(&folder.path().join("hydrated-v1.jsonl")).into_iter().filter(|status| {
            status["id_str"].as_str().is_some_and(|text| text.parse() != Ok(status["id"].as_u64().unwrap()))
        });
        assert!(rounded.count() > 3);
        let pages = json_lines(&folder.path().join("hydrated.jsonl"));
        assert!(pages.len() > 1 && pages[0]["errors"].is_array());
        let count = |path: &str, column: &str, value: &str| {
            let rows = std::fs::read_to_string(folder.path().join(path)).unwrap();
            let at = rows.lines().next().unwrap().split('\t').position(|name| name == column).unwrap();
            rows.lines().filter(|row| row.split('\t').nth(at) == Some(value)).count()
        };
        let (before, after) = ("truth/edges.tsv", "truth/hydrated/edges.tsv");
        assert_eq!(count(before, "found", "asked"), 0);
        assert!(count(after, "found", "asked") > 10);
        assert!(count(after, "found", "unavailable") > 10);
        assert!(count(after, "found", "absent") < count(before, "found", "absent"));
        assert!(count(after, "found", "absent") > 10);
    }
}
