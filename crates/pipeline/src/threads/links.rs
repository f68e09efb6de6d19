//! Who answers whom, as posts and tombstones say.

use populi_model::Key;
use populi_model::table::{PostLink, Row, TombstoneLink, TombstoneRow};
use populi_store::Snapshot;
use populi_thread::{Records, Reply, State};

use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::visible::{EarlierSteps, HiddenAccounts};

/// Every post and tombstone: direct, hydrated and embedded ones alike.
pub(super) fn records(snapshot: &Snapshot, progress: &dyn Progress) -> Result<Records<u128>> {
    let (hidden, earlier) = (HiddenAccounts::of(snapshot)?, EarlierSteps::of(snapshot)?);
    let n_known = snapshot.n_rows(PostLink::TABLE) + snapshot.n_rows(TombstoneRow::TABLE);
    let mut records = Records::with_capacity(usize::try_from(n_known).unwrap_or(0));
    for post in snapshot.rows::<PostLink>() {
        let post = post?;
        let is_hidden = hidden.hides(post.author_key) || earlier.hold(post.post_key);
        records.push(Reply {
            key: post.post_key.to_u128(),
            parent: post.reply_to_key.map(Key::to_u128),
            declared_root: post.root_key.map(Key::to_u128),
            state: if is_hidden { State::Hidden } else { State::Standing },
        });
        progress.advance(1);
        stop_if_asked(progress)?;
    }
    for tombstone in snapshot.rows::<TombstoneLink>() {
        let tombstone = tombstone?;
        records.push(Reply {
            key: tombstone.record_key.to_u128(),
            parent: tombstone.reply_to_key.map(Key::to_u128),
            declared_root: tombstone.root_key.map(Key::to_u128),
            state: if tombstone.seen_revision.is_some() { State::Hidden } else { State::Tombstone },
        });
        progress.advance(1);
    }
    Ok(records)
}
