//! A small reader of Twitter archives, written from the formats and not from the generator: it unpacks, parses and merges.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file under `stream/` and all its lines.
pub struct Dump {
    pub path: String,
    pub hash: [u8; 32],
    pub members: Vec<String>,
    pub lines: Vec<Vec<u8>>,
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub fn dumps(folder: &Path) -> Vec<Dump> {
    let dump = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let hash = *blake3::hash(&bytes).as_bytes();
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        let mut dump = Dump { path: name.clone(), hash, members: Vec::new(), lines: Vec::new() };
        unpack(&name, &bytes, &mut dump);
        dump
    };
    files(&folder.join("stream")).into_iter().map(dump).collect()
}

fn unpack(name: &str, bytes: &[u8], dump: &mut Dump) {
    let mut content = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut content).unwrap();
        unpack(name, &content, dump);
    } else if bytes.starts_with(b"BZh") {
        bzip2::read::BzDecoder::new(bytes).read_to_end(&mut content).unwrap();
        unpack(name, &content, dump);
    } else if bytes.starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        for i in 0..archive.len() {
            let mut member = archive.by_index(i).unwrap();
            content.clear();
            member.read_to_end(&mut content).unwrap();
            let name = member.name().unwrap().into_owned();
            unpack(&name, &content, dump);
        }
    } else if bytes.get(257..262) == Some(b"ustar") {
        for member in tar::Archive::new(bytes).entries().unwrap() {
            let mut member = member.unwrap();
            content.clear();
            member.read_to_end(&mut content).unwrap();
            let name = member.path().unwrap().to_str().unwrap().to_owned();
            unpack(&name, &content, dump);
        }
    } else {
        dump.members.push(name.to_owned());
        let body = bytes.strip_suffix(b"\n").unwrap();
        dump.lines.extend(body.split(|byte| *byte == b'\n').map(|line| line.trim_ascii().to_vec()));
    }
}

/// What a line is, by its bytes alone.
pub fn kind(line: &[u8]) -> &'static str {
    if line.is_empty() {
        return "blank";
    }
    let Ok(value) = serde_json::from_slice::<Value>(line) else {
        return "quarantined";
    };
    let has = |key: &str| value.get(key).is_some();
    let status = value.get("data").unwrap_or(&value);
    match () {
        () if has("delete") => "deletes",
        () if ["scrub_geo", "status_withheld", "user_withheld"].into_iter().any(has) => "notices",
        () if ["limit", "disconnect", "warning"].into_iter().any(has) => "ignored",
        () if status.get("id").is_some() && status["text"].is_string() => "direct",
        () => "quarantined",
    }
}

pub fn is_retweet(value: &Value) -> bool {
    let referenced = value["data"]["referenced_tweets"].as_array();
    value.get("retweeted_status").is_some()
        || referenced.is_some_and(|all| all.iter().any(|one| one["type"] == "retweeted"))
}

pub fn id(value: &Value) -> String {
    let of = value.get("data").map_or(&value["id_str"], |data| &data["id"]);
    of.as_str().unwrap().to_owned()
}

/// When a line shows what it shows, in seconds.
fn second(value: &Value) -> u64 {
    match value["timestamp_ms"].as_str() {
        Some(ms) => ms.parse::<u64>().unwrap() / 1000,
        None => {
            let at: jiff::Timestamp = value["data"]["created_at"].as_str().unwrap().parse().unwrap();
            at.as_second() as u64
        }
    }
}

/// The classes of all lines, by file, for the lines that are no noise.
pub fn classes(dumps: &[Dump]) -> BTreeMap<String, BTreeMap<&'static str, u64>> {
    let mut by_hash: Vec<&Dump> = dumps.iter().collect();
    by_hash.sort_by_key(|dump| dump.hash);
    let (mut newest, mut deleted) = (BTreeMap::new(), BTreeSet::new());
    for line in dumps.iter().flat_map(|dump| &dump.lines) {
        match kind(line) {
            "direct" => {
                let value: Value = serde_json::from_slice(line).unwrap();
                let last = newest.entry(id(&value)).or_insert(0);
                *last = second(&value).max(*last);
            }
            "deletes" => {
                let value: Value = serde_json::from_slice(line).unwrap();
                deleted.insert(value["delete"]["status"]["id_str"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
    }
    let (mut known, mut counts) = (BTreeSet::new(), BTreeMap::new());
    for dump in by_hash {
        let file: &mut BTreeMap<&str, u64> = counts.entry(dump.path.clone()).or_default();
        for line in &dump.lines {
            let class = match kind(line) {
                noise @ ("blank" | "ignored" | "quarantined") => noise,
                _ if !known.insert(line.clone()) => "duplicates",
                "direct" => {
                    let value: Value = serde_json::from_slice(line).unwrap();
                    let stands = !deleted.contains(&id(&value)) && newest[&id(&value)] == second(&value);
                    if stands { "stored" } else { "superseded" }
                }
                notice => notice,
            };
            *file.entry("in").or_default() += 1;
            *file.entry(class).or_default() += 1;
        }
    }
    counts
}

/// What is told of a post: its text, where the body is, the counts, and when they were shown.
#[derive(Debug, Default, PartialEq)]
pub struct Post {
    pub text: String,
    pub body: (usize, usize),
    pub is_whole: bool,
    pub likes: u64,
    pub second: u64,
    pub client: String,
    pub geo: Option<String>,
}

/// Every post of streams of statuses, merged.
pub fn posts_of_v1(dumps: &[Dump]) -> BTreeMap<String, Post> {
    let mut posts = BTreeMap::new();
    for line in dumps.iter().flat_map(|dump| &dump.lines).filter(|line| kind(line) == "direct") {
        let value: Value = serde_json::from_slice(line).unwrap();
        show(&value, second(&value), &mut posts);
    }
    posts
}

fn show(status: &Value, second: u64, posts: &mut BTreeMap<String, Post>) {
    for inside in ["retweeted_status", "quoted_status"] {
        if let Some(inside) = status.get(inside) {
            show(inside, second, posts);
        }
    }
    if status.get("retweeted_status").is_some() {
        return;
    }
    let view = status.get("extended_tweet").unwrap_or(status);
    let is_whole = status.get("extended_tweet").is_some() || status["truncated"] == false;
    let written = view.get("full_text").unwrap_or(&view["text"]).as_str().unwrap();
    let end = written.chars().count();
    let range = view["display_text_range"].as_array();
    let range = range.map_or([0, end], |range| [0, 1].map(|i| range[i].as_u64().unwrap() as usize));
    let body = range.map(|at| plain(&written.chars().take(at).collect::<String>()).chars().count());
    let post = posts.entry(id(status)).or_default();
    if is_whole || post.text.is_empty() {
        post.text = plain(written);
        // The link behind a cut text is no part of it.
        let link = if is_whole { 0 } else { " https://t.co/0123456789".len() };
        post.body = (body[0], body[1] - link);
    }
    post.is_whole |= is_whole;
    if second >= post.second {
        post.second = second;
        post.likes = status["favorite_count"].as_u64().unwrap();
    }
    post.client = status["source"].as_str().unwrap().split(['>', '<']).nth(2).unwrap().to_owned();
    let point = status["geo"]["coordinates"].as_array();
    post.geo = point.map(|point| format!("{},{}", point[0], point[1]));
}

/// Without entities.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
