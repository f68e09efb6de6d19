//! Which posts that others answer are missing, the most answered first: what to ask the network for.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use populi_model::table::{ActKind, ActTarget, PostFacts, PostQuote, TombstoneFacts, UnavailableReason};
use populi_model::{Key, Platform, Timestamp};
use populi_store::{Snapshot, publish_written};
use serde::Serialize;

use crate::error::io;
use crate::export::Existing;
use crate::progress::{Progress, Unit, stop_if_asked};
use crate::visible::EarlierSteps;
use crate::{Error, Result};

/// Which missing posts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingParams {
    /// How many at most; `None` for all.
    pub top: Option<usize>,
    /// Whether also those that the network says it does not show.
    pub with_unavailable: bool,
    /// Whether also those that are known to be deleted.
    pub with_deleted: bool,
}

/// How a list of missing posts is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFormat {
    /// With a header: id, post_id, replies, reposts, quotes, first_seen.
    Csv,
    /// One native id a line, as hydrators read them.
    Ids,
}

/// A post that others answer and that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingPost {
    /// Its id as its network has it: digits, or an at-URI.
    pub id: String,
    /// Its id in the corpus.
    pub post_id: String,
    /// Posts that answer it.
    pub replies: u64,
    /// Reposts of it that were not taken back.
    pub reposts: u64,
    /// Posts that quote it.
    pub quotes: u64,
    /// When the first of those that answer it was written.
    pub first_seen: Option<String>,
}

/// What is missing, and how much of it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MissingSummary {
    /// Posts that could be listed.
    pub n_missing: u64,
    /// Posts that answer them.
    pub n_replies: u64,
    /// Posts that are listed.
    pub n_listed: u64,
    /// Posts that answer those.
    pub n_listed_replies: u64,
    /// Left out: the network does not show them.
    pub n_unavailable: u64,
    /// Left out: they are deleted.
    pub n_deleted: u64,
}

/// The posts that others answer and that are not in the corpus, by the number of posts that answer them, of equally many by
/// post_id. It needs no earlier step.
///
/// Time: O(n log n) for n posts. Memory: 16 bytes a post, 32 for each that answers a missing one, and about 200 for each that is as
/// often answered as the last one that is listed, or more often.
///
/// # Errors
/// When the corpus cannot be read.
pub fn missing(
    snapshot: &Snapshot,
    params: &MissingParams,
    progress: &dyn Progress,
) -> Result<(Vec<MissingPost>, MissingSummary)> {
    progress.begin("missing", None, Unit::Rows);
    let mut summary = MissingSummary::default();
    let mut counts = counts(snapshot, params, &mut summary, progress)?;
    summary.n_missing = counts.len() as u64;
    summary.n_replies = counts.iter().map(|&(_, n)| n).sum();
    cut(&mut counts, params.top);
    let mut list = name(snapshot, counts, progress)?;
    list.sort_by(|a, b| b.replies.cmp(&a.replies).then_with(|| a.post_id.cmp(&b.post_id)));
    list.truncate(params.top.unwrap_or(usize::MAX));
    summary.n_listed = list.len() as u64;
    summary.n_listed_replies = list.iter().map(|post| post.replies).sum();
    progress.end();
    Ok((list, summary))
}

/// Writes a list to a file, which is the old one or the new one, never half of one.
///
/// # Errors
/// When there is a file and `existing` says to leave it, or the disk refuses.
pub fn write_missing(
    path: &Path,
    format: ListFormat,
    list: &[MissingPost],
    existing: Existing,
) -> Result<()> {
    let refuse = |reason| Err(Error::Output { path: path.to_owned(), reason });
    if path.is_dir() {
        return refuse("this is a folder: name a file in it");
    }
    if path.exists() && existing == Existing::Refuse {
        return refuse("there is a file already: choose another name, or replace it with --overwrite");
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
    }
    Ok(publish_written(path, |file| format.write(list, file))?)
}

impl ListFormat {
    /// Writes a list.
    ///
    /// # Errors
    /// Those of `output`.
    pub fn write(self, list: &[MissingPost], output: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Ids => list.iter().try_for_each(|post| writeln!(output, "{}", post.id)),
            Self::Csv => {
                let mut writer = csv::Writer::from_writer(output);
                if list.is_empty() {
                    writer.write_record(["id", "post_id", "replies", "reposts", "quotes", "first_seen"])?;
                }
                list.iter().try_for_each(|post| writer.serialize(post))?;
                writer.flush()
            }
        }
    }
}

/// Keys of missing posts, and how many answer each, by key.
fn counts(
    snapshot: &Snapshot,
    params: &MissingParams,
    summary: &mut MissingSummary,
    progress: &dyn Progress,
) -> Result<Vec<(Key, u64)>> {
    let (mut seen, mut deleted, mut parents) = (Vec::new(), Vec::new(), Vec::new());
    let earlier = EarlierSteps::of(snapshot)?;
    // Of a parent that is forgotten only the key is left, and nobody is to ask for it.
    for post in snapshot.rows::<PostFacts<'_>>() {
        let post = post?;
        seen.push(post.post_key);
        // The steps of an edited post are one answer.
        let is_told = post.reply_to.is_some() && !earlier.hold(post.post_key);
        parents.extend(post.reply_to_key.filter(|_| is_told));
        progress.advance(1);
        stop_if_asked(progress)?;
    }
    for tombstone in snapshot.rows::<TombstoneFacts<'_>>() {
        let tombstone = tombstone?;
        deleted.push(tombstone.record_key);
        parents.extend(tombstone.reply_to_key.filter(|_| tombstone.reply_to.is_some()));
    }
    let mut unavailable = snapshot
        .rows::<UnavailableReason<'_>>()
        .map(|row| Ok(row?.post_key))
        .collect::<Result<Vec<Key>>>()?;
    for keys in [&mut seen, &mut deleted, &mut unavailable, &mut parents] {
        keys.sort_unstable();
    }
    let mut counts = Vec::new();
    for answers in parents.chunk_by(|a, b| a == b) {
        let is_in = |keys: &[Key]| keys.binary_search(&answers[0]).is_ok();
        if is_in(&seen) {
            continue;
        }
        if !params.with_deleted && is_in(&deleted) {
            summary.n_deleted += 1;
        } else if !params.with_unavailable && is_in(&unavailable) {
            summary.n_unavailable += 1;
        } else {
            counts.push((answers[0], answers.len() as u64));
        }
    }
    Ok(counts)
}

/// Keeps those that may be among the first `top`: all that are as often answered as the last of them.
fn cut(counts: &mut Vec<(Key, u64)>, top: Option<usize>) {
    let Some(top) = top.filter(|&top| top < counts.len()) else { return };
    let Some(last) = top.checked_sub(1) else { return counts.clear() };
    let mut sorted: Vec<u64> = counts.iter().map(|&(_, n)| n).collect();
    let (_, &mut least, _) = sorted.select_nth_unstable_by(last, |a, b| b.cmp(a));
    counts.retain(|&(_, n)| n >= least);
}

/// Finds what is known of the posts: their ids, when they were first answered, and who else points at them.
fn name(snapshot: &Snapshot, counts: Vec<(Key, u64)>, progress: &dyn Progress) -> Result<Vec<MissingPost>> {
    let mut found: Vec<Named> =
        counts.iter().map(|&(_, replies)| Named { replies, ..Named::default() }).collect();
    // Looked up by key only, never iterated.
    let index: HashMap<Key, usize> = counts.into_iter().map(|(key, _)| key).zip(0..).collect();
    let find = |key: Option<Key>| key.and_then(|key| index.get(&key).copied());
    for post in snapshot.rows::<PostFacts<'_>>() {
        let post = post?;
        stop_if_asked(progress)?;
        if let (Some(at), Some(id)) = (find(post.reply_to_key), &post.reply_to) {
            found[at].answered_by(id, post.created_at.or(post.received_at));
        }
    }
    for tombstone in snapshot.rows::<TombstoneFacts<'_>>() {
        let tombstone = tombstone?;
        if let (Some(at), Some(id)) = (find(tombstone.reply_to_key), &tombstone.reply_to) {
            found[at].answered_by(id, None);
        }
    }
    for quote in snapshot.rows::<PostQuote>() {
        if let Some(at) = find(quote?.quote_of_key) {
            found[at].quotes += 1;
        }
    }
    // The acts of a record stand together: a repost, and whoever took it back, perhaps twice.
    let mut standing = None;
    for act in snapshot.rows::<ActTarget>() {
        let act = act?;
        match (find(act.target_key), act.kind) {
            (Some(at), ActKind::Repost) => {
                found[at].reposts += 1;
                standing = Some(act.record_key);
            }
            (Some(at), ActKind::Unrepost) if standing == Some(act.record_key) => {
                found[at].reposts -= 1;
                standing = None;
            }
            _ => {}
        }
    }
    Ok(found.into_iter().map(Named::into_post).collect())
}

/// What is found out of a missing post.
#[derive(Default)]
struct Named {
    post_id: String,
    replies: u64,
    reposts: u64,
    quotes: u64,
    first_seen: Option<Timestamp>,
}

impl Named {
    fn answered_by(&mut self, id: &str, at: Option<Timestamp>) {
        if self.post_id.is_empty() {
            id.clone_into(&mut self.post_id);
        }
        self.first_seen = match (self.first_seen, at) {
            (Some(first), Some(at)) => Some(first.min(at)),
            (first, at) => first.or(at),
        };
    }

    fn into_post(self) -> MissingPost {
        let native = Platform::id_prefixes().find_map(|prefix| self.post_id.strip_prefix(prefix));
        MissingPost {
            id: native.unwrap_or(&self.post_id).to_owned(),
            replies: self.replies,
            reposts: self.reposts,
            quotes: self.quotes,
            first_seen: self.first_seen.map(|at| at.to_string()),
            post_id: self.post_id,
        }
    }
}
