//! The posts that later steps see: those that stand, of accounts that are there, the newest step of each edited one, and
//! that a selection admits.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use populi_model::table::{AccountStanding, PostLink, PostStep, PostText, Row};
use populi_model::{Key, Timestamp};
use populi_store::Snapshot;

use crate::Result;
use crate::ingest::Source;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Chosen;

/// Posts that are held in memory at a time.
pub(crate) const CHUNK_POSTS: usize = 8 * 1024;

/// Accounts whose posts are hidden: suspended, deactivated, taken down or gone.
pub(crate) struct HiddenAccounts(HashSet<Key>);

impl HiddenAccounts {
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut hidden = HashSet::new();
        for account in snapshot.rows::<AccountStanding>() {
            let account = account?;
            if account.status.hides_posts() {
                hidden.insert(account.account_key);
            }
        }
        Ok(Self(hidden))
    }

    pub(crate) fn hides(&self, author: Option<Key>) -> bool {
        author.is_some_and(|author| self.0.contains(&author))
    }
}

/// Posts of which a later step of their editing is there too, where each step is a post of its own.
pub(crate) struct EarlierSteps(HashSet<Key>);

impl EarlierSteps {
    /// Nothing is read where no input has such posts. Memory: a key an edited post and an earlier step.
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut earlier = HashSet::new();
        let shards = &snapshot.manifest().shards;
        if !shards.iter().any(|shard| shard.step == Source::Twitter.step()) {
            return Ok(Self(earlier));
        }
        // By the first step: the newest one so far.
        let mut newest: HashMap<Key, (Option<Timestamp>, Key)> = HashMap::new();
        for post in snapshot.rows::<PostStep>() {
            let post = post?;
            let Some(first) = post.edit_of_key else { continue };
            let step = (post.created_at, post.post_key);
            earlier.insert(first);
            match newest.entry(first) {
                Entry::Vacant(slot) => _ = slot.insert(step),
                Entry::Occupied(mut slot) if *slot.get() < step => _ = earlier.insert(slot.insert(step).1),
                Entry::Occupied(_) => _ = earlier.insert(post.post_key),
            }
        }
        Ok(Self(earlier))
    }

    pub(crate) fn hold(&self, post: Key) -> bool {
        self.0.contains(&post)
    }
}

/// A row of a post that has an author.
pub(crate) trait Authored {
    fn post(&self) -> Key;
    fn author(&self) -> Option<Key>;
}

impl Authored for PostText<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for PostLink {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostAsking<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostBody<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostCard<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostMessage<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostTurn<'_> {
    fn post(&self) -> Key {
        self.post_key
    }

    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

/// The visible posts that are chosen, in the order of the table: every step sees the same ones in the same order.
pub(crate) fn visible_posts<R: Row + Authored>(
    snapshot: &Snapshot,
    chosen: &Chosen,
) -> impl Iterator<Item = Result<R>> + use<R> {
    let (hidden, earlier, bits) =
        (Arc::clone(&chosen.hidden), Arc::clone(&chosen.earlier), chosen.bits.clone());
    let is_chosen = move |row: usize| bits.as_ref().is_none_or(|bits| bits[row / 64] >> (row % 64) & 1 == 1);
    snapshot.rows::<R>().enumerate().filter_map(move |(i, row)| match row {
        Ok(row) if hidden.hides(row.author()) || earlier.hold(row.post()) || !is_chosen(i) => None,
        row => Some(row.map_err(Into::into)),
    })
}

/// Rows of the chosen posts, some thousands at a time, for work in parallel. `each` makes the rows of a chunk and says how
/// far it is.
pub(crate) fn rows_by_chunk<P: Row + Authored, R>(
    snapshot: &Snapshot,
    chosen: &Chosen,
    progress: &dyn Progress,
    mut each: impl FnMut(&[P]) -> Result<Vec<R>>,
) -> impl Iterator<Item = Result<R>> {
    let mut posts = visible_posts::<P>(snapshot, chosen);
    let chunks = std::iter::from_fn(move || {
        let rows = posts.by_ref().take(CHUNK_POSTS).collect::<Result<Vec<_>>>().and_then(|chunk| {
            stop_if_asked(progress)?;
            if chunk.is_empty() { Ok(None) } else { each(&chunk).map(Some) }
        });
        rows.transpose()
    });
    chunks.flat_map(|chunk| {
        let (rows, error) = match chunk {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        rows.into_iter().map(Ok).chain(error)
    })
}
