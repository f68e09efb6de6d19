//! The posts that later steps see: those that stand, of accounts that are there, the newest step of each edited one, and
//! that a selection admits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use populi_model::table::{AccountStanding, PostLink, PostStep, PostText, Row, TombstoneStep};
use populi_model::{Key, Platform, Timestamp};
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

/// Posts of which a later step of their editing is known, where each step is a post of its own: the later step speaks for
/// all, and where it was deleted none of them is to be seen.
pub(crate) struct EarlierSteps(HashMap<Key, Key>);

impl EarlierSteps {
    /// Nothing is read where no input has such posts. Memory: two keys an earlier step.
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Self> {
        let shards = &snapshot.manifest().shards;
        if !shards.iter().any(|shard| shard.step == Source::TWITTER_STEP) {
            return Ok(Self(HashMap::new()));
        }
        // Those of each first step, with their times.
        let mut steps: BTreeMap<Key, Vec<(Option<Timestamp>, Key)>> = BTreeMap::new();
        for post in snapshot.rows::<PostStep>() {
            let post = post?;
            if let Some(first) = post.edit_of_key {
                steps.entry(first).or_default().push((post.created_at, post.post_key));
            }
        }
        for tombstone in snapshot.rows::<TombstoneStep<'_>>() {
            let tombstone = tombstone?;
            if let Some(first) = tombstone.edit_of_key {
                let made_at = time_of_post(&tombstone.record_id);
                steps.entry(first).or_default().push((made_at, tombstone.record_key));
            }
        }
        let mut newest_of = HashMap::new();
        for (first, steps) in steps {
            let Some(&(_, newest)) = steps.iter().max() else { continue };
            let earlier = steps.into_iter().map(|(_, step)| step).filter(|step| *step != newest);
            newest_of.extend(earlier.chain([first]).map(|step| (step, newest)));
        }
        Ok(Self(newest_of))
    }

    pub(crate) fn hold(&self, post: Key) -> bool {
        self.0.contains_key(&post)
    }

    /// The step that speaks for a post.
    pub(crate) fn newest_of(&self, post: Key) -> Key {
        self.0.get(&post).copied().unwrap_or(post)
    }
}

/// When a post was made, where its id tells it.
pub(crate) fn time_of_post(id: &str) -> Option<Timestamp> {
    let numbered = Platform::Twitter.own_id_prefixes().iter().find_map(|prefix| id.strip_prefix(prefix))?;
    Timestamp::of_snowflake(numbered.parse().ok()?)
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
