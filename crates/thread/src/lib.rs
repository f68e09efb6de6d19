//! Who answers whom: roots, depths and missing parents, over keys.
//!
//! Given every known record (its key, its parent's key, the root it declares) this room answers: which
//! conversation does it belong to, how deep does it sit, what stands above it, and how far is that to be
//! trusted? It knows keys only: nothing of posts, platforms, time or storage.
//!
//! ```
//! use populi_thread::{Records, Reply, State, place};
//!
//! let reply = |key, parent| Reply { key, parent, declared_root: None, state: State::Standing };
//! let records: Records<u64> = [reply(1, None), reply(2, Some(1)), reply(3, Some(99))].into_iter().collect();
//! let forest = place(records)?;
//!
//! let second = forest.get_key(2).expect("2 is a known record");
//! assert_eq!((second.conversation, second.depth, second.depth_is_exact), (1, 1, true));
//! let third = forest.get_key(3).expect("3 is a known record");
//! assert_eq!((third.conversation, third.depth, third.depth_is_exact), (99, 1, false));
//! let stub = forest.get_key(99).expect("a missing parent has a row too");
//! assert!(!stub.present);
//! # Ok::<(), populi_thread::Error>(())
//! ```
//!
//! # The rules
//!
//! A record is *known* when it is in the input: standing, hidden or as a tombstone. A *chain* is a record, its
//! parent, the parent's parent, and so on. Time plays no part: a child may be older than its parent.
//!
//! **Rows.** Each known record has one row, in ascending order of key. Behind them follows one row for each
//! *stub*, a parent that someone answers but nobody has seen, again by key. A stub has depth 0, its children
//! depth 1. `present` is true for standing records only.
//!
//! **Forest.** `parent` and `depth` always agree: a row without parent has depth 0, any other row is one
//! deeper than its parent's row. To keep this true, two kinds of claim are dropped: a *self-reply* counts as
//! if it had named no parent, and in a *cycle* the smallest key loses its parent and becomes the root; the
//! others keep theirs.
//!
//! **Tops.** Each chain ends in one of five ways:
//!
//! | the chain ends in | `depth_is_exact` | conversation |
//! |---|---|---|
//! | a standing or hidden record without parent that declares no root, or itself | true | that record's key, whatever anyone below declares |
//! | a cycle | false | the smallest key of the cycle, whatever anyone declares |
//! | a standing or hidden record without parent that declares another record as root | false | see *Open tops* |
//! | a stub | false | see *Open tops* |
//! | a tombstone whose parent is not known | false | see *Open tops* |
//!
//! A tombstone whose parent is known is a link like any other.
//!
//! **Open tops.** Above a stub, a tombstone without parent, or a record that names its conversation but not what it
//! answers, the real chain went on, or may have: often only its last link was lost. There the declared root keeps together
//! what belongs together:
//!
//! 1. A known open top that declares a root decides for its whole tree.
//! 2. Otherwise each *branch* (a direct child of the open top, and everything below it) goes to the root that its
//!    uppermost declaring record names; of equally deep ones the smallest root counts. A branch is never torn apart. A
//!    branch in which nobody declares a root goes with the open top.
//! 3. The open top's own row takes the smallest root declared by its direct children; where they declare none, the smallest
//!    that a branch goes to; else its own key.
//!
//! So what a network says of some posts of a conversation serves those of which it says nothing. A declared root is taken
//! as it stands, even if it is a known record that itself sits in another conversation. Following it further could run in
//! circles (two lost branches may declare each other), and would let a late record about the root's own ancestors move
//! replies that never named them.
//!
//! **`root_present`** says whether the conversation's key is a standing record.
//!
//! # Method, cost, determinism
//!
//! Sort the records by key, merge the sorted parents with them so that each parent becomes a row number, then
//! walk up from each row until a placed one is met and place the path on the way back. No recursion, so depth
//! is bounded by memory alone. Time O(n log n) for the sorts and O(n) for the walk. Peak memory, input and
//! result included, is about 31 bytes a record for `u64` keys and 45 for `u128` (55 where eight threads or more
//! work at once), plus two keys for each declared root that can matter. `examples/threads_10m.rs` measures it: with the
//! shapes of all conversations it holds 74 bytes a record at its peak.
//!
//! Sorting and merging run on rayon's current pool. Keys are unique and chunks follow from the number of
//! records alone, so the result is the same for any number of threads and any order of the input.
//!
//! # Shapes
//!
//! [`shapes`] measures each conversation of a forest: its size, depth and breadth, its structural virality, how fast it was
//! answered and by how many. Times and authors are numbers to it.

mod branch;
mod forest;
mod place;
mod records;
mod shape;

mod walk;

pub use forest::{Forest, Placed};
pub use place::place;
pub use records::{Records, Reply, State};
pub use shape::{Facts, Shape, Shapes, shapes};

/// What a key must be able to do: any small ordered value, such as `u64` or `u128`.
pub trait Key: Copy + Ord + Send + Sync + std::fmt::Debug {}

impl<K: Copy + Ord + Send + Sync + std::fmt::Debug> Key for K {}

/// Why a set of records cannot be placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One key was given more than once. The smallest such key is named.
    #[error(
        "key {key} is given {n_copies} times, expected once: keep one record per key \
         (the tombstone where there is one) before placing"
    )]
    DuplicateKey {
        /// The key, in its `Debug` form.
        key: String,
        /// How many records carry it.
        n_copies: usize,
    },
    /// Rows are numbered in 32 bits.
    #[error("{n_keys} keys (records, missing parents, declared roots), at most {limit}: split the corpus")]
    TooManyKeys {
        /// How many keys need a number.
        n_keys: usize,
        /// The most that can be numbered.
        limit: usize,
    },
}
