//! Writes the truth as files: tables as TSV with a header, sorted by their first columns, and counts as JSON.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::Truth;
use super::threads::Row;
use crate::bluesky::event::{POST, World};
use crate::bluesky::ids;
use crate::bluesky::society::community_weight;
use crate::error::{Error, Result, at};
use crate::taste::Taste;
use crate::vocabulary::{POST_PATTERNS, REPLY_PATTERNS, TOPICS};

/// What each file holds and by which rules.
const README: &str = include_str!("README.md");

/// Writes all files of the truth into `folder`.
pub(crate) fn write(truth: &Truth, world: &World, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let readme = folder.join("README.md");
    fs::write(&readme, README).map_err(at(&readme))?;
    json(&folder.join("accounting.json"), &truth.accounting)?;
    json(&folder.join("counts.json"), &truth.counts)?;
    json(&folder.join("tastes.json"), &Tastes::of(world))?;
    table(&folder.join("communities.tsv"), "did\tcommunity\ttopic", communities(world))?;
    table(&folder.join("edges.tsv"), "follower_did\tfollowed_did", edges(truth, world))?;
    table(&folder.join("accounts.tsv"), "did\thandle\tstatus\tdisplay_name", accounts(truth, world))?;
    let columns = "post_uri\tconversation_uri\tparent_uri\tdepth\troot_present\tdepth_is_exact\tpresent";
    table(&folder.join("threads.tsv"), columns, truth.threads.iter().map(|row| thread(row, world)).collect())
}

/// The distributions that English texts are drawn from.
#[derive(Serialize)]
struct Tastes {
    /// By community: how likely an account belongs to it.
    prior: Vec<f64>,
    /// By word, by community: how likely the word fills a slot.
    words: BTreeMap<&'static str, Vec<f64>>,
    /// `{}` is a slot.
    post_patterns: &'static [&'static str],
    reply_patterns: &'static [&'static str],
}

impl Tastes {
    fn of(world: &World) -> Self {
        let users = &world.accounts[..world.n_users];
        let n_communities = users.iter().map(|user| usize::from(user.community) + 1).max().unwrap_or(0);
        let total: f64 = (0..n_communities).map(community_weight).sum();
        let taste = Taste::new();
        let mut words: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for community in 0..n_communities {
            for (word, share) in taste.word_shares(community) {
                words.entry(word).or_default().push(share);
            }
        }
        Self {
            prior: (0..n_communities).map(|community| community_weight(community) / total).collect(),
            words,
            post_patterns: &POST_PATTERNS,
            reply_patterns: &REPLY_PATTERNS,
        }
    }
}

fn communities(world: &World) -> Vec<String> {
    let row = |account: &crate::bluesky::society::Account| {
        let topic = TOPICS[usize::from(account.community)].0;
        format!("{}\t{}\t{topic}", account.did, account.community)
    };
    world.accounts[..world.n_users].iter().map(row).collect()
}

fn edges(truth: &Truth, world: &World) -> Vec<String> {
    let did = |account: u32| &world.accounts[account as usize].did;
    truth.edges.iter().map(|&(follower, followed)| format!("{}\t{}", did(follower), did(followed))).collect()
}

fn accounts(truth: &Truth, world: &World) -> Vec<String> {
    let rows = truth.accounts.iter().map(|(&account, end)| {
        let did = &world.accounts[account as usize].did;
        let (handle, name) = (end.handle.as_deref().unwrap_or(""), end.name.as_deref().unwrap_or(""));
        format!("{did}\t{handle}\t{}\t{name}", end.status.name())
    });
    rows.collect()
}

fn thread(row: &Row, world: &World) -> String {
    let uri = |post: u32| {
        let post = world.posts[post as usize];
        ids::uri(&world.accounts[post.account as usize].did, POST, post.rkey)
    };
    let parent = row.parent.map(uri).unwrap_or_default();
    let (post, conversation) = (uri(row.post), uri(row.conversation));
    let Row { depth, root_present, depth_is_exact, present, .. } = row;
    format!("{post}\t{conversation}\t{parent}\t{depth}\t{root_present}\t{depth_is_exact}\t{present}")
}

fn table(path: &Path, columns: &str, mut rows: Vec<String>) -> Result<()> {
    rows.sort_unstable();
    let mut file = BufWriter::new(File::create(path).map_err(at(path))?);
    writeln!(file, "{columns}").map_err(at(path))?;
    for row in rows {
        writeln!(file, "{row}").map_err(at(path))?;
    }
    file.flush().map_err(at(path))
}

fn json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
    fs::write(path, text + "\n").map_err(at(path))
}
