//! A simulated world as lines and as exports of its accounts, and the corpus that some of them make.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use populi_ingest::archive::Decoded;
use populi_ingest::discover::discover;
use populi_model::TableDigest;
use populi_pipeline::Quiet;
use populi_pipeline::ingest::{Limits, Source, ingest};
use populi_pipeline::select::Selection;
use populi_pipeline::status::{Account, status};
use populi_simulate::Params;
use populi_store::{Corpus, CorpusParams};
use serde_json::Value;
use tempfile::TempDir;

use crate::repository::{export, id_of};

/// The lines of a world, with content ids that are those of their records.
pub struct World {
    pub lines: Vec<Vec<u8>>,
    /// The commits of each account, in the order of their revisions.
    commits: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
}

/// What a corpus holds, but for which file an event was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub digests: BTreeMap<String, TableDigest>,
    pub total: Account,
}

impl World {
    /// A world of a few hundred lines, some of them damaged, some repeated.
    pub fn simulate(seed: u64) -> Self {
        let folder = TempDir::new().unwrap();
        let params = Params { users: 24, days: 1, seed, bad_share: 0.05, ..Params::default() };
        populi_simulate::bluesky(&params, folder.path()).unwrap();
        let mut world = Self { lines: Vec::new(), commits: BTreeMap::new() };
        for input in discover(&[folder.path().join("jetstream")]).unwrap().inputs {
            let mut content = Vec::new();
            Decoded::new(input.open().unwrap()).read_to_end(&mut content).unwrap();
            content.split(|byte| *byte == b'\n').for_each(|line| world.add(line));
        }
        world
    }

    fn add(&mut self, line: &[u8]) {
        let event = serde_json::from_slice::<Value>(line).ok().filter(|event| {
            event["kind"] == "commit" && event["did"].is_string() && event["commit"]["rev"].is_string()
        });
        // What is damaged stays so.
        let Some(mut event) = event else { return self.lines.push(line.to_owned()) };
        if event["commit"]["cid"].is_string() {
            event["commit"]["cid"] = Value::from(id_of(&event["commit"]["record"]).to_string());
        }
        self.lines.push(event.to_string().into_bytes());
        let commit = event["commit"].take();
        let (did, rev) = (event["did"].as_str().unwrap(), commit["rev"].as_str().unwrap());
        // Damaged lines are copies of posts.
        let record = &commit["record"];
        let is_whole = commit["collection"] != "app.bsky.feed.post"
            || commit["operation"] == "delete"
            || record["text"].is_string() && record["createdAt"].is_string();
        if is_whole && commit["rkey"].is_string() {
            let revisions = self.commits.entry(did.to_owned()).or_default();
            revisions.entry(rev.to_owned()).or_default().push(commit);
        }
    }

    pub fn accounts(&self) -> Vec<&str> {
        self.commits.keys().map(String::as_str).collect()
    }

    /// The revisions of an account, in their order.
    pub fn revisions(&self, did: &str) -> Vec<&str> {
        self.commits[did].keys().map(String::as_str).collect()
    }

    /// What the account's host would have exported right after a revision.
    pub fn export(&self, did: &str, revision: &str) -> Vec<u8> {
        let mut records: BTreeMap<String, Value> = BTreeMap::new();
        for commit in self.commits[did].range(..=revision.to_owned()).flat_map(|(_, commits)| commits) {
            let path =
                format!("{}/{}", commit["collection"].as_str().unwrap(), commit["rkey"].as_str().unwrap());
            match commit["operation"].as_str() {
                Some("delete") => records.remove(&path),
                _ => records.insert(path, commit["record"].clone()),
            };
        }
        export(did, revision, &records)
    }
}

/// Takes inputs into a corpus, group by group, on so many threads.
pub fn ingest_groups(groups: &[Vec<Vec<u8>>], n_threads: usize) -> Held {
    let folder = TempDir::new().unwrap();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    threads.install(|| {
        for (i, group) in groups.iter().enumerate() {
            let inputs = folder.path().join(format!("in-{i}"));
            std::fs::create_dir(&inputs).unwrap();
            for (j, input) in group.iter().enumerate() {
                std::fs::write(inputs.join(j.to_string()), input).unwrap();
            }
            ingest_folder(&inputs, &folder.path().join("corpus"));
        }
        held(&folder.path().join("corpus"))
    })
}

fn ingest_folder(inputs: &Path, corpus: &Path) {
    // Few buckets, so that accounts share them and little is written.
    let params = CorpusParams { n_buckets: 2.try_into().ok(), keeps_originals: Some(true) };
    let mut corpus = Corpus::open_or_create(corpus, params).unwrap();
    ingest(
        &mut corpus,
        &Source::Bluesky,
        &Selection::default(),
        &[inputs.to_owned()],
        Limits::default(),
        &Quiet,
    )
    .unwrap();
}

fn held(corpus: &Path) -> Held {
    let corpus = Corpus::open(corpus).unwrap();
    let status = status(&corpus.snapshot()).unwrap();
    assert!(status.total.balances(), "{:?}", status.total);
    let digests = status
        .tables
        .into_iter()
        .filter(|(name, _)| !["sources", "quarantine"].contains(&name.as_str()))
        .map(|(name, table)| (name, table.digest))
        .collect();
    Held { digests, total: status.total }
}
