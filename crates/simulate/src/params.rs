//! What a caller may choose about a world, and what it learns once the world is written.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::vocabulary::TOPICS;

/// Options of [`bluesky`](crate::bluesky). The default is a small world of about 16,000 events, written in about a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How many accounts live in the world: 10 to 10,000,000. Default 500.
    pub users: usize,
    /// How many days pass, from 2025-03-01T00:00:00Z on: 1 to 366. Default 3.
    pub days: usize,
    /// What decides everything: the same options and seed give the same bytes. Default 1.
    pub seed: u64,
    /// The share of all lines that are damaged, 0 to 0.5. Default 0.002.
    pub bad_share: f64,
    /// How many communities there are at most, 1 to 12; there is never more than one for ten accounts. Default 8.
    pub communities: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { users: 500, days: 3, seed: 1, bad_share: 0.002, communities: 8 }
    }
}

impl Params {
    /// Says which option is out of range.
    ///
    /// # Errors
    /// [`Error::Option`] names the first option that is out of range, what it was and what is possible.
    pub fn check(&self) -> Result<()> {
        let fail = |option, got: String, expected| Err(Error::Option { option, got, expected });
        if !(10..=10_000_000).contains(&self.users) {
            return fail("users", self.users.to_string(), "10 to 10,000,000 accounts");
        }
        if !(1..=366).contains(&self.days) {
            return fail("days", self.days.to_string(), "1 to 366 days");
        }
        if !(0.0..=0.5).contains(&self.bad_share) {
            return fail("bad_share", self.bad_share.to_string(), "a share from 0 to 0.5");
        }
        if !(1..=TOPICS.len()).contains(&self.communities) {
            return fail("communities", self.communities.to_string(), "1 to 12 communities");
        }
        Ok(())
    }

    /// How many communities the world really has: at least ten accounts each on average.
    pub fn n_communities(&self) -> usize {
        self.communities.min(self.users / 10).max(1)
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Accounts that live in the world.
    pub users: usize,
    /// Communities they belong to.
    pub communities: usize,
    /// Files under `jetstream/`.
    pub files: usize,
    /// Lines in these files.
    pub lines: u64,
    /// Size of these files on disk, compressed ones as they are.
    pub bytes: u64,
    /// Lines that a reader must quarantine.
    pub bad: u64,
    /// Lines without content.
    pub blank: u64,
    /// Lines that repeat an event that another line holds.
    pub duplicates: u64,
    /// Posts that stand at the end.
    pub posts: u64,
    /// Follow relations that stand at the end.
    pub edges: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_the_option() {
        assert!(Params::default().check().is_ok());
        let wrong = [
            (Params { users: 9, ..Params::default() }, "users is 9"),
            (Params { days: 0, ..Params::default() }, "days is 0"),
            (Params { bad_share: f64::NAN, ..Params::default() }, "bad_share is NaN"),
            (Params { communities: 13, ..Params::default() }, "communities is 13"),
        ];
        for (params, start) in wrong {
            let said = params.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.starts_with(start), "{said}");
        }
    }
}
