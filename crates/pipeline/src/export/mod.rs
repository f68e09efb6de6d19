//! The stages that write what was found out, under pseudonyms, for others to train and measure on: persona clusters here,
//! conversations as prompts and replies in [`conversations`].
//!
//! Persona clusters, in this order: the conversations give an index of the posts that can be shown ([`index`]); their texts are masked and
//! put aside ([`gather`], [`texts`]); every act becomes a line or is left out for a reason ([`acts`]), and lines are put
//! aside by cluster ([`lines`]); then each cluster is sorted and written ([`write`]) into a folder that appears as a whole
//! ([`folder`]).

mod acts;
mod authors;
pub mod conversations;
mod folder;
mod gather;
mod index;
mod lines;
mod texts;
mod write;

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use populi_dataset::{Card, ClusterCard, Pseudonym, PseudonymKey, Pseudonyms, membership};
use populi_model::table::{ActionRow, LabelRow, PostRow, Row};
use populi_store::Snapshot;
use rayon::prelude::*;
use serde::Serialize;

use crate::error::io;
use crate::personas::PersonaSummary;
use crate::progress::{Progress, Unit, stop_if_asked};
use crate::{Error, Result, summary_of};

use acts::{Acts, LeftOut};
use folder::{CARD, README, Unfinished};
use gather::Gathered;
use lines::LineSpool;
use texts::Texts;
use write::{NewFile, Renderer};

pub use populi_dataset::blueprint::Style;

/// The tables that an export is made from.
const TABLES: [&str; 6] = ["accounts", "actions", "clusters", "conversations", "labels", "posts"];

/// How to export persona clusters.
#[derive(Clone, Debug)]
pub struct ExportParams {
    /// The folder to write: new, empty, or with [`Existing::Replace`] an earlier export.
    pub out: PathBuf,
    /// The format of the lines.
    pub style: Style,
    /// Messages of a chain, at most, counted from its end. Default 16.
    pub context: NonZeroUsize,
    /// Authors that a published cluster has, at least. Default 10.
    pub min_group: u64,
    /// What to do with an earlier export in the folder.
    pub existing: Existing,
    /// Where the key of the pseudonyms is. There is no default: without a key nothing is exported.
    pub key: Option<KeySource>,
}

impl ExportParams {
    /// Messages of a chain where nothing else is asked for.
    pub const CONTEXT: NonZeroUsize = NonZeroUsize::new(16).unwrap();
    /// Authors of a published cluster where nothing else is asked for.
    pub const MIN_GROUP: u64 = 10;
}

/// What to do with an earlier output that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail.
    Refuse,
    /// Replace it by the new one, once that is whole.
    Replace,
}

/// Where the key of the pseudonyms is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file that [`create_key`] made.
    File(PathBuf),
    /// In Populi's source, for everybody to read: for demos and tests.
    Published,
}

/// Makes a key of the operating system's random bytes in a new file, and returns its fingerprint.
///
/// # Errors
/// When the file is there already or cannot be written, or the system gives no random bytes.
pub fn create_key(path: &Path) -> Result<String> {
    Ok(PseudonymKey::create(path)?.fingerprint())
}

/// Writes the acts of the authors of every cluster that is large enough, and a card that accounts for all acts.
///
/// Time: three passes over posts and acts, the largest cluster's sort, and a read of every message that is told. Memory:
/// 48 bytes a post, 90 an author, 60 an edit, 32 an act of the largest cluster, and in the released style 8 a message.
/// Texts are put aside on the disk, in the unfinished folder. The same corpus, key and parameters give the same bytes.
///
/// # Errors
/// When `threads` or `personas` did not run on these posts, the corpus has no authors, the key cannot be used, something
/// else is in the way, or the disk refuses; [`Error::Stopped`], with nothing left behind, where the user asked to stop.
pub fn export_personas(snapshot: &Snapshot, params: &ExportParams, progress: &dyn Progress) -> Result<Card> {
    check_steps(snapshot, &[("threads", "conversations", "threads"), ("personas", "clusters", "personas")])?;
    check_authors(snapshot)?;
    let source = params.key.as_ref().ok_or(Error::NoPseudonymKey)?;
    let key = open_key(source, snapshot.folder(), &params.out)?;
    let pseudonyms = Pseudonyms::new(&key);
    let folder = Unfinished::begin(&params.out, params.existing)?;

    progress.begin("posts", Some(snapshot.n_rows(PostRow::TABLE)), Unit::Rows);
    let texts = Texts::create(&folder.path(TEXTS))?;
    let gathered = Gathered::of(snapshot, &pseudonyms, texts, progress)?;
    progress.end();
    progress.begin("acts", Some(snapshot.n_rows(ActionRow::TABLE)), Unit::Rows);
    let lines = LineSpool::create(&folder.path(LINES), gathered.authors.n_clusters())?;
    let mut acts = Acts::of(snapshot, &gathered, lines, progress)?;
    progress.end();

    let mut card = Card {
        made_by: Card::MADE_BY.to_owned(),
        format: Card::FORMAT,
        style: params.style.name().to_owned(),
        context: params.context.get() as u64,
        min_group: params.min_group,
        key_fingerprint: key.fingerprint(),
        key_is_published: key.is_published(),
        corpus: digests(snapshot, &TABLES),
        acts: acts.n_acts,
        moved_times: gathered.index.n_moved,
        ..Card::default()
    };
    choose_clusters(snapshot, &gathered, &mut acts, &mut card)?;
    write_members(&folder, &gathered, &acts, &mut card)?;
    write_lines(&folder, params, &gathered, &mut acts, &mut card, progress)?;
    card.left_out = acts.left_out.iter().map(|(reason, n)| (reason.name().to_owned(), *n)).collect();

    write_card(&folder, &card, &card.readme())?;
    folder.remove(TEXTS)?;
    folder.remove(LINES)?;
    folder.publish()?;
    Ok(card)
}

/// Where texts are put aside.
const TEXTS: &str = "texts.aside";
/// Where lines are put aside.
const LINES: &str = "lines.aside";

/// Writes what an export says of itself, for machines and for people.
fn write_card(folder: &Unfinished, card: &impl Serialize, readme: &str) -> Result<()> {
    let mut json =
        serde_json::to_string_pretty(card).map_err(|error| Error::Export { reason: error.to_string() })?;
    json.push('\n');
    for (name, text) in [(CARD, json.as_str()), (README, readme)] {
        let mut file = NewFile::create(&folder.path(name))?;
        file.add(text.as_bytes())?;
        file.finish(name, &mut BTreeMap::new())?;
    }
    Ok(())
}

/// Refuses a corpus in which one of these steps, by name, table and verb, did not run on its posts as they are.
fn check_steps(snapshot: &Snapshot, steps: &[(&str, &str, &'static str)]) -> Result<()> {
    let manifest = snapshot.manifest();
    if !manifest.pending.is_empty() || manifest.forgotten.is_owed() {
        return Err(Error::Interrupted { path: snapshot.folder().to_owned() });
    }
    for (step, table, verb) in steps {
        let is_stale = manifest.stale_steps().any(|stale| stale == *step);
        if is_stale || !manifest.steps.contains_key(*step) {
            return Err(Error::Stale { table: (*table).to_owned(), verb });
        }
    }
    Ok(())
}

/// Refuses a corpus in which nobody did anything.
fn check_authors(snapshot: &Snapshot) -> Result<()> {
    let found = summary_of::<PersonaSummary>(snapshot.manifest(), "personas").unwrap_or_default();
    if found.unit == "posts" {
        return Err(Error::Export {
            reason: "the corpus has no authors, so there is nobody whose acts could be told".to_owned(),
        });
    }
    Ok(())
}

/// The key, which must not lie where it would be handed on with what it hides.
fn open_key(source: &KeySource, corpus: &Path, out: &Path) -> Result<PseudonymKey> {
    let KeySource::File(path) = source else {
        return Ok(PseudonymKey::published_test_key());
    };
    let key = PseudonymKey::read(path)?;
    let at = path.canonicalize().map_err(io("find", path))?;
    for folder in [corpus, out] {
        if folder.canonicalize().is_ok_and(|folder| at.starts_with(folder)) {
            return Err(Error::KeyInside { path: path.clone(), folder: folder.to_owned() });
        }
    }
    Ok(key)
}

fn digests(snapshot: &Snapshot, tables: &[&str]) -> BTreeMap<String, String> {
    let digest = |table: &str| snapshot.tables().get(table).map(|entry| entry.digest()).unwrap_or_default();
    tables.iter().map(|table| ((*table).to_owned(), digest(table).to_string())).collect()
}

/// Puts the clusters on the card that have enough authors with a line, and counts the others.
fn choose_clusters(snapshot: &Snapshot, gathered: &Gathered, acts: &mut Acts, card: &mut Card) -> Result<()> {
    let mut labels = BTreeMap::new();
    for row in snapshot.rows::<LabelRow<'_>>() {
        let row = row?;
        labels.insert(row.cluster, row.label.into_owned());
    }
    let mut n_authors = vec![0_u64; acts.n_by_act.len()];
    for (author, n) in acts.n_lines.iter().enumerate() {
        if let (true, Some(cluster)) = (*n > 0, gathered.authors.cluster(author as u32)) {
            n_authors[cluster as usize] += 1;
        }
    }
    for (cluster, (n_authors, by_act)) in n_authors.into_iter().zip(&acts.n_by_act).enumerate() {
        let n_lines: u64 = by_act.values().sum();
        if n_authors < card.min_group.max(1) {
            card.suppressed_clusters += 1;
            card.suppressed_authors += n_authors;
            *acts.left_out.entry(LeftOut::SmallGroup).or_default() += n_lines;
            continue;
        }
        for (act, n) in by_act {
            *card.lines.entry(act.flag().to_owned()).or_default() += n;
        }
        let cluster = cluster as u32;
        let label = labels.remove(&cluster).unwrap_or_default();
        card.clusters.push(ClusterCard { cluster, label, authors: n_authors, lines: n_lines });
    }
    acts.left_out.retain(|_, n| *n > 0);
    Ok(())
}

/// Writes who is in which published cluster, by pseudonym.
fn write_members(folder: &Unfinished, gathered: &Gathered, acts: &Acts, card: &mut Card) -> Result<()> {
    let labels: BTreeMap<u32, &str> =
        card.clusters.iter().map(|cluster| (cluster.cluster, cluster.label.as_str())).collect();
    let mut members: Vec<(Pseudonym, u32, &str)> = Vec::new();
    for (author, _) in acts.n_lines.iter().enumerate().filter(|(_, n)| **n > 0) {
        let author = author as u32;
        if let Some(cluster) = gathered.authors.cluster(author)
            && let Some(label) = labels.get(&cluster)
        {
            members.push((gathered.authors.name(author), cluster, label));
        }
    }
    members.par_sort_unstable();
    let mut files = BTreeMap::new();
    let mut json = NewFile::create(&folder.path(MEMBERS_JSON))?;
    let written =
        membership::write_json(members.iter().map(|(author, cluster, _)| (*author, *cluster)), &mut json);
    written.and_then(|()| json.flush()).map_err(io("write", Path::new(MEMBERS_JSON)))?;
    json.finish(MEMBERS_JSON, &mut files)?;
    let mut csv = NewFile::create(&folder.path(MEMBERS_CSV))?;
    membership::write_csv(members, &mut csv).map_err(io("write", Path::new(MEMBERS_CSV)))?;
    csv.finish(MEMBERS_CSV, &mut files)?;
    card.files.append(&mut files);
    Ok(())
}

/// Author to cluster, as BluePrint has it.
const MEMBERS_JSON: &str = "user_clusters.json";
/// Author, cluster, label.
const MEMBERS_CSV: &str = "user_clusters.csv";

/// Writes a file for each published cluster.
fn write_lines(
    folder: &Unfinished,
    params: &ExportParams,
    gathered: &Gathered,
    acts: &mut Acts,
    card: &mut Card,
    progress: &dyn Progress,
) -> Result<()> {
    let clusters: Vec<u32> = card.clusters.iter().map(|cluster| cluster.cluster).collect();
    let mut renderer = Renderer { gathered, style: params.style, context: params.context.get(), times: None };
    if params.style == Style::Released {
        progress.begin("times", Some(clusters.len() as u64), Unit::Steps);
        let (mut times, mut n_distinct) = (Vec::new(), 0);
        for cluster in &clusters {
            renderer.add_times(&acts.lines.lines(*cluster)?, &mut times);
            // Contexts repeat; but sorting after every one of many small clusters would be quadratic.
            if times.len() > 2 * n_distinct {
                n_distinct = sort_distinct(&mut times);
            }
            progress.advance(1);
            stop_if_asked(progress)?;
        }
        sort_distinct(&mut times);
        renderer.times = Some(times);
        progress.end();
    }
    progress.begin("clusters", Some(card.n_lines()), Unit::Rows);
    for cluster in clusters {
        let mut lines = acts.lines.lines(cluster)?;
        renderer.sort(&mut lines);
        let name = format!("cluster_{cluster}.jsonl");
        let mut file = NewFile::create(&folder.path(&name))?;
        card.cut_chains += renderer.write(cluster, &lines, &mut file, progress)?;
        file.finish(&name, &mut card.files)?;
    }
    progress.end();
    Ok(())
}

/// Sorts times, keeps each once, and returns how many there are.
fn sort_distinct(times: &mut Vec<i64>) -> usize {
    times.par_sort_unstable();
    times.dedup();
    times.len()
}
