//! The posts that later steps see: those that stand, of accounts that are there.

use std::collections::HashSet;

use populi_model::Key;
use populi_model::table::{AccountStanding, PostText, Row};
use populi_store::Snapshot;

use crate::Result;

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

impl Authored for populi_model::table::PostCard<'_> {
    fn author(&self) -> Option<Key> {
        self.author_key
    }
}

/// The visible posts, in the order of the table: every step sees the same ones in the same order.
pub(crate) fn visible_posts<R: Row + Authored>(
    snapshot: &Snapshot,
) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    let hidden = HiddenAccounts::of(snapshot)?;
    Ok(snapshot.rows::<R>().filter_map(move |row| match row {
        Ok(row) if hidden.hides(row.author()) => None,
        row => Some(row.map_err(Into::into)),
    }))
}
