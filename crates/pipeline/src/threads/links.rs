//! Who answers whom, as posts and tombstones say.

use std::collections::HashSet;

use populi_model::Key;
use populi_model::table::{PostLink, Row, TombstoneLink, TombstoneRow};
use populi_store::Snapshot;
use populi_thread::{Records, Reply, State};
use rayon::prelude::*;

use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::visible::{EarlierSteps, HiddenAccounts};

/// Every post and tombstone: direct, hydrated and embedded ones alike. Of an edited post the newest step alone, and who answers
/// an earlier one answers it.
///
/// Two records of one id are possible where input contradicts itself about whose it is: of those a tombstone stands, else the
/// first in the order of the tables.
pub(super) fn records(snapshot: &Snapshot, progress: &dyn Progress) -> Result<Records<u128>> {
    let (hidden, earlier) = (HiddenAccounts::of(snapshot)?, EarlierSteps::of(snapshot)?);
    let parent_of = |parent: Option<Key>| parent.map(|parent| earlier.newest_of(parent).to_u128());
    let n_known = snapshot.n_rows(PostLink::TABLE) + snapshot.n_rows(TombstoneRow::TABLE);
    let mut records = Records::with_capacity(usize::try_from(n_known).unwrap_or(0));
    let mut taken = Taken::of(snapshot)?;
    for tombstone in snapshot.rows::<TombstoneLink>() {
        let tombstone = tombstone?;
        if earlier.hold(tombstone.record_key) || !taken.take(tombstone.record_key) {
            continue;
        }
        records.push(Reply {
            key: tombstone.record_key.to_u128(),
            parent: parent_of(tombstone.reply_to_key),
            declared_root: tombstone.root_key.map(Key::to_u128),
            state: if tombstone.seen_revision.is_some() { State::Hidden } else { State::Tombstone },
        });
        progress.advance(1);
    }
    for post in snapshot.rows::<PostLink>() {
        let post = post?;
        progress.advance(1);
        stop_if_asked(progress)?;
        if earlier.hold(post.post_key) || !taken.take(post.post_key) {
            continue;
        }
        records.push(Reply {
            key: post.post_key.to_u128(),
            parent: parent_of(post.reply_to_key),
            declared_root: post.root_key.map(Key::to_u128),
            state: if hidden.hides(post.author_key) { State::Hidden } else { State::Standing },
        });
    }
    Ok(records)
}

/// Ids that have more than one record, and which of them were met.
struct Taken {
    repeated: HashSet<Key>,
    met: HashSet<Key>,
}

impl Taken {
    /// Memory: 16 bytes a record while they are sorted.
    fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut keys = Vec::new();
        for tombstone in snapshot.rows::<TombstoneLink>() {
            keys.push(tombstone?.record_key);
        }
        for post in snapshot.rows::<PostLink>() {
            keys.push(post?.post_key);
        }
        keys.par_sort_unstable();
        let repeated = keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        Ok(Self { repeated, met: HashSet::new() })
    }

    /// Whether a record is the one of its id that stands.
    fn take(&mut self, key: Key) -> bool {
        !self.repeated.contains(&key) || self.met.insert(key)
    }
}
