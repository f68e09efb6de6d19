//! Which is the longest key that a word begins with? A double-array trie over bytes.
//!
//! A node is eight bytes in one array: its child by byte `b` stands at `base ^ b` and carries `b` as its label, so a
//! step is one load and one comparison. Bases are unique, hence a label alone says whose child a node is.
//! (Aoe, "An efficient digital search algorithm by using a double-array structure", 1989, with exclusive-or for plus.)

use std::collections::VecDeque;
use std::ops::Range;

/// No key ends at this node.
const NO_ID: u32 = u32::MAX;

/// Set in the link of every node that is somebody's child.
const IS_CHILD: u32 = 1 << 8;

/// Bits of a link below the base: the label and [`IS_CHILD`].
const BASE_SHIFT: u32 = 9;

/// Slots that the children of one node are spread over.
const BLOCK: usize = 256;

/// Keys and their ids.
#[derive(Debug, Clone)]
pub(super) struct Trie {
    /// Node 0 is the root. The rest of its block stays empty: the children of a node without any are looked for there.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The base, [`IS_CHILD`] and the label, from the highest bit to the lowest.
    link: u32,
    /// The id of the key that ends here, or [`NO_ID`].
    id: u32,
}

const FREE: Node = Node { link: 0, id: NO_ID };

impl Trie {
    /// Builds the trie of distinct keys, none of them empty; `None` where they need more than 2^23 nodes. Sorts `keys`.
    pub(super) fn new(keys: &mut [(&[u8], u32)]) -> Option<Self> {
        keys.sort_unstable();
        let mut builder =
            Builder { nodes: vec![FREE; 2 * BLOCK], is_base: vec![false; 2 * BLOCK], first_free: BLOCK };
        let mut open = VecDeque::from([(0, 0..keys.len(), 0)]);
        while let Some((node, range, depth)) = open.pop_front() {
            let mut range: Range<usize> = range;
            if let Some((key, id)) = keys.get(range.start)
                && key.len() == depth
            {
                builder.nodes[node].id = *id;
                range.start += 1;
            }
            let children: Vec<(u8, usize)> = keys[range.clone()]
                .chunk_by(|a, b| a.0[depth] == b.0[depth])
                .map(|same| (same[0].0[depth], same.len()))
                .collect();
            if children.is_empty() {
                continue;
            }
            let base = builder.base_for(&children);
            if base >= 1 << (32 - BASE_SHIFT) {
                return None;
            }
            builder.nodes[node].link |= (base as u32) << BASE_SHIFT;
            let mut start = range.start;
            for (label, n_keys) in children {
                let child = base ^ usize::from(label);
                builder.nodes[child].link = IS_CHILD | u32::from(label);
                open.push_back((child, start..start + n_keys, depth + 1));
                start += n_keys;
            }
        }
        Some(Self { nodes: builder.nodes })
    }

    /// The length in bytes and the id of the longest key that `bytes` begin with. O(that length).
    #[inline]
    pub(super) fn longest(&self, bytes: &[u8]) -> Option<(usize, u32)> {
        let mut found = None;
        let mut base = (self.nodes[0].link >> BASE_SHIFT) as usize;
        for (i, &byte) in bytes.iter().enumerate() {
            let node = self.nodes[base ^ usize::from(byte)];
            if node.link & (IS_CHILD | 0xff) != IS_CHILD | u32::from(byte) {
                break;
            }
            if node.id != NO_ID {
                found = Some((i + 1, node.id));
            }
            base = (node.link >> BASE_SHIFT) as usize;
        }
        found
    }
}

/// The array while it grows.
struct Builder {
    nodes: Vec<Node>,
    /// Which slots are the base of a node already.
    is_base: Vec<bool>,
    /// No slot before this one is free.
    first_free: usize,
}

impl Builder {
    /// A base that nobody has, at which these children find free slots: in the last block, else in a new one. Searching
    /// earlier blocks, too, would save a tenth of the array and cost many times the time.
    fn base_for(&mut self, children: &[(u8, usize)]) -> usize {
        let first = usize::from(children[0].0);
        let end = self.nodes.len();
        self.first_free = self.first_free.max(end - BLOCK);
        while self.first_free < end && !self.is_free(self.first_free) {
            self.first_free += 1;
        }
        let fits = |slot: &usize| {
            let base = slot ^ first;
            children.iter().all(|&(label, _)| self.is_free(base ^ usize::from(label))) && !self.is_base[base]
        };
        let slot = (self.first_free..end).find(fits).unwrap_or_else(|| {
            self.nodes.resize(end + BLOCK, FREE);
            self.is_base.resize(end + BLOCK, false);
            end
        });
        self.is_base[slot ^ first] = true;
        slot ^ first
    }

    fn is_free(&self, slot: usize) -> bool {
        self.nodes[slot].link & IS_CHILD == 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn trie(keys: &[&[u8]]) -> Trie {
        let mut keys: Vec<(&[u8], u32)> =
            keys.iter().enumerate().map(|(id, key)| (*key, id as u32)).collect();
        Trie::new(&mut keys).unwrap()
    }

    #[test]
    fn the_longest_key_by_hand() {
        let trie = trie(&[b"a", b"abc", b"b", b"abcde"]);
        for (text, expected) in [
            (&b"abcd"[..], Some((3, 1))),
            (b"ab", Some((1, 0))),
            (b"abcdef", Some((5, 3))),
            (b"b", Some((1, 2))),
            (b"cab", None),
            (b"", None),
        ] {
            assert_eq!(trie.longest(text), expected, "{text:?}");
        }
        assert_eq!(self::trie(&[]).longest(b"a"), None);
    }

    proptest! {
        #[test]
        fn as_a_search_through_all_keys(
            keys in prop::collection::btree_set(prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 1..5), 0..300),
            texts in prop::collection::vec(prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 0..7), 50),
        ) {
            let keys: BTreeSet<Vec<u8>> = keys;
            let slices: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
            let trie = trie(&slices);
            for text in texts.iter().chain(&keys) {
                let expected = (1..=text.len()).rev().find_map(|n| {
                    slices.iter().position(|key| *key == &text[..n]).map(|id| (n, id as u32))
                });
                prop_assert_eq!(trie.longest(text), expected);
            }
        }
    }
}
