//! The posts that answer or are answered, by key.

use std::collections::HashSet;

use populi_dataset::Pseudonym;
use populi_dataset::dialogue::LeftOut;
use populi_model::Key;
use populi_model::table::ConversationRow;
use populi_store::Snapshot;
use rayon::prelude::*;

use crate::Result;

/// Of a node that answers none; of one without an author.
pub(super) const NONE: u32 = u32::MAX;
/// Of a node that answers one which is not there.
pub(super) const ELSEWHERE: u32 = u32::MAX - 1;

/// Every row of `conversations` in a conversation in which something is answered, by key.
pub(super) struct Nodes(Vec<Node>);

/// A post, a deleted post, or one that is missing but answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) key: Key,
    pub(super) conversation: Key,
    /// The node that it answers, [`NONE`] or [`ELSEWHERE`].
    pub(super) parent: u32,
    pub(super) depth: u32,
    /// Whether it has no parent because it answers nothing.
    pub(super) is_first: bool,
    pub(super) kind: Kind,
    /// Whether a post of it is to be seen.
    pub(super) is_present: bool,
    /// Why it is not told, whatever its tree.
    pub(super) left_out: Option<LeftOut>,
    /// Why it may not be a root.
    pub(super) no_root: Option<LeftOut>,
    /// The number of its author, or [`NONE`].
    pub(super) author: u32,
    pub(super) time: Option<i64>,
    /// Its language as an ISO 639 code.
    pub(super) lang: Option<&'static str>,
    /// Its pseudonym, where it is known at all.
    pub(super) id: Option<Pseudonym>,
    /// Where its text was put, and how many characters it has.
    pub(super) text: u64,
    pub(super) n_chars: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing that is known but by who answers it.
    Missing,
    /// A post that is there.
    Standing,
    /// A post that is not shown: its account is hidden, or there is a later step of it.
    Hidden,
    /// A deleted post.
    Deleted,
}

impl Nodes {
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut answered = HashSet::new();
        for row in snapshot.rows::<ConversationRow>() {
            let row = row?;
            if row.depth > 0 {
                answered.insert(row.conversation_key);
            }
        }
        let mut nodes = Vec::new();
        for row in snapshot.rows::<ConversationRow>() {
            let row = row?;
            if answered.contains(&row.conversation_key) {
                nodes.push(Node::of(&row));
            }
        }
        nodes.par_sort_unstable_by_key(|node| node.key);
        let mut nodes = Self(nodes);
        for row in snapshot.rows::<ConversationRow>() {
            let row = row?;
            if let Some(parent) = row.parent_key
                && let Some(child) = nodes.find(row.post_key)
            {
                let parent =
                    nodes.find(parent).filter(|at| nodes.get(*at).conversation == row.conversation_key);
                nodes.get_mut(child).parent = parent.unwrap_or(ELSEWHERE);
            }
        }
        Ok(nodes)
    }

    /// The place of a post in the order of keys.
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        // The room that placed the posts numbers them in 32 bits.
        self.0.binary_search_by_key(&key, |node| node.key).ok().map(|at| at as u32)
    }

    pub(super) fn get(&self, at: u32) -> &Node {
        &self.0[at as usize]
    }

    pub(super) fn get_mut(&mut self, at: u32) -> &mut Node {
        &mut self.0[at as usize]
    }

    pub(super) fn as_slice(&self) -> &[Node] {
        &self.0
    }
}

impl Node {
    fn of(row: &ConversationRow) -> Self {
        Self {
            key: row.post_key,
            conversation: row.conversation_key,
            parent: NONE,
            depth: row.depth,
            is_first: row.parent_key.is_none() && row.depth_is_exact,
            kind: Kind::Missing,
            is_present: row.present,
            left_out: None,
            no_root: None,
            author: NONE,
            time: None,
            lang: None,
            id: None,
            text: 0,
            n_chars: 0,
        }
    }
}
