//! The input: known records, held compactly and without any order of their own.

use crate::Key;

/// Whether a known record can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The record is there.
    Standing,
    /// The record was seen, but is not to be shown: it is deleted now, or its account is suspended. Its place is as
    /// sure as that of a standing record.
    Hidden,
    /// The record is known to be deleted and was never seen: where it names no parent, nobody knows whether it had one.
    Tombstone,
}

/// What one known record says about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reply<K> {
    /// The record's own key.
    pub key: K,
    /// The record it answers; `None` if it answers none, or if that was never seen.
    pub parent: Option<K>,
    /// The conversation's root as the record itself names it.
    pub declared_root: Option<K>,
    /// Standing or deleted.
    pub state: State,
}

/// A record and its parent; its own key stands for "no parent".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<K> {
    pub(crate) key: K,
    pub(crate) parent: K,
}

/// A record and the root it declares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<K> {
    pub(crate) key: K,
    pub(crate) root: K,
}

/// A set of known records: two keys each, two more where a declared root can matter, one more for each that is not standing.
///
/// The order of pushing has no influence on the result.
#[derive(Debug, Clone)]
pub struct Records<K> {
    pub(crate) links: Vec<Link<K>>,
    pub(crate) declared: Vec<Declared<K>>,
    /// Keys of hidden records.
    pub(crate) hidden: Vec<K>,
    pub(crate) tombstones: Vec<K>,
}

impl<K: Key> Records<K> {
    /// An empty set.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty set with room for `n_records`; exact room saves the memory that growing would take.
    pub fn with_capacity(n_records: usize) -> Self {
        Self {
            links: Vec::with_capacity(n_records),
            declared: Vec::new(),
            hidden: Vec::new(),
            tombstones: Vec::new(),
        }
    }

    /// Adds one record. A key that is already there is found by [`place`](crate::place), not here.
    pub fn push(&mut self, reply: Reply<K>) {
        let Reply { key, parent, declared_root, state } = reply;
        let parent = parent.unwrap_or(key);
        self.links.push(Link { key, parent });
        match state {
            State::Standing => {}
            State::Hidden => self.hidden.push(key),
            State::Tombstone => self.tombstones.push(key),
        }
        // A seen record that names neither a parent nor another root is its own conversation.
        let can_matter = |root: &K| parent != key || *root != key || state == State::Tombstone;
        if let Some(root) = declared_root.filter(can_matter) {
            self.declared.push(Declared { key, root });
        }
    }

    /// How many records were pushed.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

impl<K: Key> Default for Records<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key> Extend<Reply<K>> for Records<K> {
    fn extend<I: IntoIterator<Item = Reply<K>>>(&mut self, replies: I) {
        let replies = replies.into_iter();
        self.links.reserve(replies.size_hint().0);
        replies.for_each(|reply| self.push(reply));
    }
}

impl<K: Key> FromIterator<Reply<K>> for Records<K> {
    fn from_iter<I: IntoIterator<Item = Reply<K>>>(replies: I) -> Self {
        let mut records = Self::new();
        records.extend(replies);
        records
    }
}
