//! How the posts that are answered were found.

use std::collections::BTreeMap;

use populi_model::table::{SourceSighting, TombstoneLink, UnavailableReason};
use populi_model::{Operation, RecordKind};
use populi_store::Snapshot;
use populi_thread::Forest;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::progress::{Progress, stop_if_asked};

/// Some of the posts that are answered, and the answers to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Posts that are answered, each once.
    pub posts: u64,
    /// Answers to them.
    pub replies: u64,
}

/// How the posts that are answered were found. Each is in one of the classes: the first that fits, in their order here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// All posts that are answered, by posts and by deleted posts of which that is known.
    pub answered: Found,
    /// A record of its own, as its network's stream or a table told it.
    pub stream: Found,
    /// A record of its own in a collection that was asked for: hydrated, or an account's export.
    pub hydrated: Found,
    /// Shown inside another record, and nowhere else.
    pub embedded: Found,
    /// Never seen; its delete was.
    pub deleted: Found,
    /// Never seen; the network says that it does not show it.
    pub unavailable: Found,
    /// Never seen, and nothing was said of it.
    pub absent: Found,
    /// Of those seen, the ones that are deleted now.
    pub deleted_since: Found,
    /// `unavailable` by the network's reason.
    pub unavailable_by_reason: BTreeMap<String, Found>,
    /// Posts whose parent was never seen and that only the id of their conversation holds in it.
    pub n_by_conversation_only: u64,
}

impl Coverage {
    /// The name of the class that has reasons.
    pub const UNAVAILABLE: &str = "unavailable";

    /// The classes by name, in their order.
    #[must_use]
    pub fn classes(&self) -> [(&'static str, Found); 6] {
        [
            ("in the stream", self.stream),
            ("hydrated or exported", self.hydrated),
            ("embedded only", self.embedded),
            ("deleted, never seen", self.deleted),
            (Self::UNAVAILABLE, self.unavailable),
            ("absent", self.absent),
        ]
    }
}

impl Found {
    fn add(&mut self, n_replies: u32) {
        self.posts += 1;
        self.replies += u64::from(n_replies);
    }
}

/// What was said of one row.
#[derive(Clone, Copy)]
struct Sighted {
    /// Whether it has a row in `posts`, or had one.
    seen: bool,
    in_stream: bool,
    hydrated: bool,
    deleted: bool,
}

impl Sighted {
    fn new(seen: bool) -> Self {
        Self { seen, in_stream: false, hydrated: false, deleted: false }
    }
}

/// Asks for every row that is answered how it was found. One pass over `sources`, by column; 4 bytes a row of the forest, and 60 for
/// each that is answered.
pub(super) fn coverage(
    snapshot: &Snapshot,
    forest: &Forest<u128>,
    progress: &dyn Progress,
) -> Result<Coverage> {
    let answered = Answered::of(forest);
    let mut sighted = answered.known.iter().map(|&seen| Sighted::new(seen)).collect::<Vec<_>>();
    for source in snapshot.rows::<SourceSighting>() {
        let source = source?;
        stop_if_asked(progress)?;
        if source.kind != RecordKind::Post {
            continue;
        }
        let Some(index) = answered.index_of(source.record_key.to_u128()) else { continue };
        match source.operation {
            Operation::Create | Operation::Update => sighted[index].in_stream = true,
            Operation::Seen => sighted[index].hydrated = true,
            // A post that was seen and has no record of its own was embedded; what is said to be unavailable was not seen.
            Operation::Embedded | Operation::Delete | Operation::Notice => {}
        }
    }
    for tombstone in snapshot.rows::<TombstoneLink>() {
        let tombstone = tombstone?;
        if let Some(index) = answered.index_of(tombstone.record_key.to_u128()) {
            sighted[index].deleted = true;
            sighted[index].seen = tombstone.seen_revision.is_some();
        }
    }
    let reasons = reasons(snapshot, &answered)?;
    let mut coverage = count(&answered, &sighted, &reasons);
    coverage.n_by_conversation_only = n_by_conversation_only(forest);
    Ok(coverage)
}

fn count(answered: &Answered, sighted: &[Sighted], reasons: &BTreeMap<usize, String>) -> Coverage {
    let mut coverage = Coverage::default();
    for (index, (sighted, &n)) in sighted.iter().zip(&answered.n_replies).enumerate() {
        coverage.answered.add(n);
        let class = match sighted {
            Sighted { seen: true, in_stream: true, .. } => &mut coverage.stream,
            Sighted { seen: true, hydrated: true, .. } => &mut coverage.hydrated,
            Sighted { seen: true, .. } => &mut coverage.embedded,
            Sighted { deleted: true, .. } => &mut coverage.deleted,
            _ => match reasons.get(&index) {
                Some(reason) => {
                    coverage.unavailable_by_reason.entry(reason.clone()).or_default().add(n);
                    &mut coverage.unavailable
                }
                None => &mut coverage.absent,
            },
        };
        class.add(n);
        if sighted.deleted && sighted.seen {
            coverage.deleted_since.add(n);
        }
    }
    coverage
}

/// Why each answered post is not shown; of several reasons the first in alphabetical order.
fn reasons(snapshot: &Snapshot, answered: &Answered) -> Result<BTreeMap<usize, String>> {
    let mut reasons = BTreeMap::new();
    for row in snapshot.rows::<UnavailableReason<'_>>() {
        let row = row?;
        let Some(index) = answered.index_of(row.post_key.to_u128()) else { continue };
        let reason = reasons.entry(index).or_insert_with(|| row.reason.clone().into_owned());
        if *row.reason < **reason {
            *reason = row.reason.into_owned();
        }
    }
    Ok(reasons)
}

/// The rows that are answered, by key, and how often.
struct Answered {
    keys: Vec<u128>,
    n_replies: Vec<u32>,
    /// Whether the row is of a post or tombstone.
    known: Vec<bool>,
}

impl Answered {
    fn of(forest: &Forest<u128>) -> Self {
        let mut n_replies = vec![0_u32; forest.len()];
        for row in 0..forest.len() {
            if let Some(parent) = forest.path_to_root(row).nth(1) {
                n_replies[parent] += 1;
            }
        }
        let mut rows: Vec<(u128, usize)> =
            forest.iter().map(|placed| placed.key).zip(0..).filter(|&(_, row)| n_replies[row] > 0).collect();
        rows.sort_unstable();
        Self {
            keys: rows.iter().map(|&(key, _)| key).collect(),
            n_replies: rows.iter().map(|&(_, row)| n_replies[row]).collect(),
            known: rows.iter().map(|&(_, row)| row < forest.n_known()).collect(),
        }
    }

    fn index_of(&self, key: u128) -> Option<usize> {
        self.keys.binary_search(&key).ok()
    }
}

/// Known rows above which nothing was seen, and that are in a conversation of another name than what they answer.
fn n_by_conversation_only(forest: &Forest<u128>) -> u64 {
    let is_held = |row: usize| {
        let Some(placed) = forest.get(row) else { return false };
        match forest.path_to_root(row).nth(1) {
            None => placed.conversation != placed.key,
            Some(parent) => parent >= forest.n_known() && placed.parent != Some(placed.conversation),
        }
    };
    (0..forest.n_known()).filter(|&row| is_held(row)).count() as u64
}
