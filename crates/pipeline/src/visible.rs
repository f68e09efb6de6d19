//! The posts that later steps see: those that stand, of accounts that are there, and that a selection admits.

use std::collections::HashSet;
use std::sync::Arc;

use populi_model::Key;
use populi_model::table::{AccountStanding, PostLink, PostText, Row};
use populi_store::Snapshot;

use crate::Result;
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

/// A row that has an author.
pub(crate) trait Authored {
    fn author(&self) -> Option<Key>;
}

impl Authored for PostText<'_> {
    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for PostLink {
    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostCard<'_> {
    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

impl Authored for populi_model::table::PostMessage<'_> {
    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

/// The visible posts that are chosen, in the order of the table: every step sees the same ones in the same order.
pub(crate) fn visible_posts<R: Row + Authored>(
    snapshot: &Snapshot,
    chosen: &Chosen,
) -> impl Iterator<Item = Result<R>> + use<R> {
    let (hidden, bits) = (Arc::clone(&chosen.hidden), chosen.bits.clone());
    let is_chosen = move |row: usize| bits.as_ref().is_none_or(|bits| bits[row / 64] >> (row % 64) & 1 == 1);
    snapshot.rows::<R>().enumerate().filter_map(move |(i, row)| match row {
        Ok(row) if hidden.hides(row.author()) || !is_chosen(i) => None,
        row => Some(row.map_err(Into::into)),
    })
}

/// The texts of the chosen posts, some thousands at a time, for work in parallel. `each` makes the rows of a chunk and says how
/// far it is.
pub(crate) fn rows_by_chunk<R>(
    snapshot: &Snapshot,
    chosen: &Chosen,
    progress: &dyn Progress,
    mut each: impl FnMut(&[PostText<'static>]) -> Result<Vec<R>>,
) -> impl Iterator<Item = Result<R>> {
    let mut posts = visible_posts::<PostText<'static>>(snapshot, chosen);
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
