//! A small reader of Jetstream files, written from the rules and not from the generator: it parses and classifies every line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One line of a file.
pub struct Line {
    pub path: String,
    pub packing: &'static str,
    pub file_hash: [u8; 32],
    pub bytes: Vec<u8>,
}

/// Reason codes of lines that are no events.
pub const REASONS: [&str; 11] = [
    "bad_json",
    "bad_time",
    "conflict_marker",
    "invalid_utf8",
    "lone_surrogate",
    "missing_id",
    "not_an_event",
    "not_an_object",
    "raw_nul",
    "too_deep",
    "wrong_type",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub fn hash_of_all_files(folder: &Path) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for path in files(folder) {
        hasher.update(path.strip_prefix(folder).unwrap().to_str().unwrap().as_bytes());
        hasher.update(blake3::hash(&std::fs::read(path).unwrap()).as_bytes());
    }
    hasher.finalize()
}

fn unpack(bytes: &[u8]) -> (Vec<u8>, &'static str) {
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut one = Vec::new();
        flate2::bufread::GzDecoder::new(bytes).read_to_end(&mut one).unwrap();
        flate2::bufread::MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        let packing = if one.len() == plain.len() { "gzip" } else { "two gzip members" };
        return (plain, packing);
    }
    if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return (zstd::decode_all(bytes).unwrap(), "zstd");
    }
    (bytes.to_vec(), "plain")
}

pub fn read_lines(folder: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    for full in files(&folder.join("jetstream")) {
        let path = full.strip_prefix(folder).unwrap().to_str().unwrap().to_string();
        let raw = std::fs::read(&full).unwrap();
        let file_hash = *blake3::hash(&raw).as_bytes();
        let (plain, packing) = unpack(&raw);
        let body = plain.strip_suffix(b"\n").unwrap_or(&plain);
        if plain.is_empty() {
            continue;
        }
        for bytes in body.split(|&byte| byte == b'\n') {
            lines.push(Line { path: path.clone(), packing, file_hash, bytes: bytes.to_vec() });
        }
    }
    lines
}

pub fn is_event(event: &Value) -> bool {
    let ids = event["did"].is_string() && event["time_us"].is_u64();
    let commit = &event["commit"];
    let text = &commit["record"]["text"];
    let sound = commit["rkey"].is_string() && (text.is_null() || text.is_string());
    ids && (event["kind"] != "commit" || sound)
}

/// Why a line is no event.
fn reason(bytes: &[u8]) -> &'static str {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "invalid_utf8";
    };
    if text.contains('\0') {
        return "raw_nul";
    }
    if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| text.starts_with(marker)) {
        return "conflict_marker";
    }
    if text.contains(&"[".repeat(129)) {
        return "too_deep";
    }
    if text.contains(r#""text":"\ud83d "#) {
        return "lone_surrogate";
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return "bad_json";
    };
    if !value.is_object() {
        return "not_an_object";
    }
    let commit = &value["commit"];
    match () {
        () if value["kind"].is_null() => "not_an_event",
        () if value["did"].is_null() || commit["rkey"].is_null() => "missing_id",
        () if value["did"].is_number() || commit["rkey"].is_number() => "wrong_type",
        () if commit["record"]["text"].is_number() => "wrong_type",
        () => "bad_time",
    }
}

pub fn tid(rev: &str) -> u64 {
    let letters = "234567abcdefghijklmnopqrstuvwxyz";
    rev.chars().fold(0, |value, letter| value * 32 + letters.find(letter).unwrap() as u64)
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// What makes events the same.
pub fn identity(event: &Value) -> String {
    let commit = &event["commit"];
    if commit.is_object() { format!("{}{commit}", event["did"]) } else { event.to_string() }
}

pub fn record(event: &Value) -> (String, String, String) {
    let commit = &event["commit"];
    let part = |value: &Value| text(value).to_string();
    (part(&event["did"]), part(&commit["collection"]), part(&commit["rkey"]))
}

pub const TAKEN: [&str; 6] = [
    "app.bsky.actor.profile",
    "app.bsky.feed.like",
    "app.bsky.feed.post",
    "app.bsky.feed.repost",
    "app.bsky.graph.block",
    "app.bsky.graph.follow",
];

/// The last moment at which each account was deleted.
fn deletions(events: &[Value]) -> BTreeMap<String, u64> {
    let mut last = BTreeMap::new();
    for event in events.iter().filter(|event| event["account"]["status"] == "deleted") {
        let time = event["time_us"].as_u64().unwrap();
        let entry = last.entry(text(&event["did"]).to_string()).or_insert(time);
        *entry = time.max(*entry);
    }
    last
}

/// For each record the identity of the version that stands, and the receipt times of each identity.
pub fn standing(events: &[Value]) -> BTreeMap<(String, String, String), Option<String>> {
    let deleted = deletions(events);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for event in events {
        let time = event["time_us"].as_u64().unwrap();
        let first = seen.entry(identity(event)).or_insert(time);
        *first = time.min(*first);
    }
    let mut last_delete: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for event in events.iter().filter(|event| event["commit"]["operation"] == "delete") {
        let rev = tid(text(&event["commit"]["rev"]));
        let entry = last_delete.entry(record(event)).or_insert(rev);
        *entry = rev.max(*entry);
    }
    let mut best: BTreeMap<(String, String, String), (u64, Option<String>)> = BTreeMap::new();
    for event in events.iter().filter(|event| TAKEN.contains(&text(&event["commit"]["collection"]))) {
        let (key, rev) = (record(event), tid(text(&event["commit"]["rev"])));
        let best = best.entry(key.clone()).or_insert((0, None));
        let gone = key.1 == "app.bsky.feed.post"
            && seen[&identity(event)] < deleted.get(&key.0).copied().unwrap_or(0);
        let alive = !gone && rev > last_delete.get(&key).copied().unwrap_or(0);
        if event["commit"]["operation"] != "delete" && alive && rev > best.0 {
            *best = (rev, Some(identity(event)));
        }
    }
    best.into_iter().map(|(key, (_, identity))| (key, identity)).collect()
}

#[derive(Default)]
pub struct Recount {
    pub classes: BTreeMap<&'static str, u64>,
    pub reasons: BTreeMap<&'static str, u64>,
    pub files: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// Classifies every line.
pub fn recount(lines: &[Line]) -> Recount {
    let parsed: Vec<Option<Value>> =
        lines.iter().map(|line| serde_json::from_slice::<Value>(&line.bytes).ok().filter(is_event)).collect();
    let events: Vec<Value> = parsed.iter().flatten().cloned().collect();
    let standing = standing(&events);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&line| (lines[line].file_hash, line));
    let (mut recount, mut known) = (Recount::default(), BTreeSet::new());
    for number in order {
        let (line, event) = (&lines[number], &parsed[number]);
        let class = match event {
            None if line.bytes.iter().all(|&byte| byte == b' ') => "blank",
            None => {
                *recount.reasons.entry(reason(&line.bytes)).or_default() += 1;
                "quarantined"
            }
            Some(event) => {
                let collection = text(&event["commit"]["collection"]);
                let notice = event["commit"].is_null();
                match () {
                    () if !notice && !TAKEN.contains(&collection) => "ignored",
                    () if !known.insert(identity(event)) => "duplicates",
                    () if notice => "notices",
                    () if event["commit"]["operation"] == "delete" => "deletes",
                    () if standing[&record(event)] == Some(identity(event)) => "stored",
                    () => "superseded",
                }
            }
        };
        for class in ["in", class] {
            *recount.classes.entry(class).or_default() += 1;
            *recount.files.entry(line.path.clone()).or_default().entry(class).or_default() += 1;
        }
    }
    recount
}
