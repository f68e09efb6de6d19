//! The result: one row per known record and per stub, each with its place.

use crate::Key;

/// "No row": the parent of a top, the conversation of a row not yet placed.
pub(crate) const NONE: u32 = u32::MAX;

/// A row's place, in row numbers. 16 bytes, so that a step up the chain touches one cache line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) parent: u32,
    /// Number in [`Forest::keys`].
    pub(crate) conversation: u32,
    pub(crate) depth: u32,
    pub(crate) present: bool,
    pub(crate) root_present: bool,
    pub(crate) depth_is_exact: bool,
    /// An open top that does not decide for its tree: a direct child may name another conversation.
    pub(crate) is_undecided: bool,
}

/// The place of one row; the rules are in the [crate's documentation](crate).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Placed<K> {
    /// The record's key, or the missing parent's.
    pub key: K,
    /// The row above; `None` exactly where `depth` is 0.
    pub parent: Option<K>,
    /// The key of the conversation; not always the key of a row.
    pub conversation: K,
    /// Steps to the top of the chain as far as it is known.
    pub depth: u32,
    /// A standing record; false for tombstones and stubs.
    pub present: bool,
    /// The conversation's key is a standing record.
    pub root_present: bool,
    /// The chain was followed to a standing record without parent.
    pub depth_is_exact: bool,
}

/// Every row placed: known records by key, then stubs (missing parents) by key.
///
/// Memory: 16 bytes and one key a row, and one key for each declared root that is no row.
#[derive(Debug, Clone)]
pub struct Forest<K> {
    /// Known records, stubs, then declared roots that are neither; the first two parts ascend.
    pub(crate) keys: Vec<K>,
    pub(crate) n_known: usize,
    pub(crate) nodes: Vec<Node>,
}

impl<K: Key> Forest<K> {
    /// How many rows there are, stubs included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many rows are known records; the rows from here on are stubs.
    pub fn n_known(&self) -> usize {
        self.n_known
    }

    /// How many conversations the rows belong to. O(rows) time, one byte a row.
    pub fn n_conversations(&self) -> usize {
        let mut seen = vec![false; self.keys.len()];
        for node in &self.nodes {
            seen[node.conversation as usize] = true;
        }
        seen.into_iter().filter(|&is_seen| is_seen).count()
    }

    /// The place of one row, or `None` past the last.
    pub fn get(&self, row: usize) -> Option<Placed<K>> {
        self.nodes.get(row).map(|node| self.placed(self.keys[row], node))
    }

    /// The place of one record or stub, or `None` if the key has no row. O(log rows).
    pub fn get_key(&self, key: K) -> Option<Placed<K>> {
        self.row_of(key).and_then(|row| self.get(row))
    }

    /// The row of a record or stub. O(log rows).
    pub fn row_of(&self, key: K) -> Option<usize> {
        let (known, stubs) = self.keys[..self.nodes.len()].split_at(self.n_known);
        let in_stubs = || stubs.binary_search(&key).ok().map(|stub| self.n_known + stub);
        known.binary_search(&key).ok().or_else(in_stubs)
    }

    /// All rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Placed<K>> + '_ {
        self.keys[..self.nodes.len()].iter().zip(&self.nodes).map(|(&key, node)| self.placed(key, node))
    }

    /// The rows from `row` up to the top of its chain, both included; empty past the last row.
    ///
    /// It ends after `depth + 1` rows, cycles having been cut.
    pub fn path_to_root(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let first = (row < self.nodes.len()).then_some(row);
        std::iter::successors(first, |&row| match self.nodes[row].parent {
            NONE => None,
            parent => Some(parent as usize),
        })
    }

    fn placed(&self, key: K, node: &Node) -> Placed<K> {
        Placed {
            key,
            parent: (node.parent != NONE).then(|| self.keys[node.parent as usize]),
            conversation: self.keys[node.conversation as usize],
            depth: node.depth,
            present: node.present,
            root_present: node.root_present,
            depth_is_exact: node.depth_is_exact,
        }
    }
}
