//! The whole result against a walk of every single row that remembers nothing.

use std::collections::{BTreeMap, BTreeSet};

use populi_thread::{Placed, Reply, State};
use proptest::prelude::*;

use crate::placed;

/// What a chain ends in, with the records met on the way (the row itself first, the end last).
enum End {
    Root(Vec<u8>),
    Cycle {
        smallest: u8,
        depth: u32,
    },
    Stub(Vec<u8>),
    /// A tombstone without parent, or a record that names only its root.
    OpenRecord(Vec<u8>),
}

type Known = BTreeMap<u8, Reply<u8>>;

fn parent_of(known: &Known, key: u8) -> Option<u8> {
    known.get(&key).and_then(|reply| reply.parent).filter(|&parent| parent != key)
}

fn declared_by(known: &Known, key: u8) -> Option<u8> {
    known.get(&key).and_then(|reply| reply.declared_root)
}

/// The keys on the cycle through `key`, if there is one.
fn cycle_through(known: &Known, key: u8) -> Option<BTreeSet<u8>> {
    let mut cycle = BTreeSet::from([key]);
    let mut above = parent_of(known, key);
    for _ in 0..=known.len() {
        if above == Some(key) {
            return Some(cycle);
        }
        cycle.insert(above?);
        above = parent_of(known, above?);
    }
    None
}

fn end_of(known: &Known, key: u8) -> End {
    let mut chain = vec![key];
    loop {
        let last = chain[chain.len() - 1];
        if let Some(cycle) = cycle_through(known, last) {
            let smallest = *cycle.first().unwrap();
            let mut depth = chain.len() as u32 - 1;
            let mut at = last;
            while at != smallest {
                at = parent_of(known, at).unwrap();
                depth += 1;
            }
            return End::Cycle { smallest, depth };
        }
        match (parent_of(known, last), known.get(&last).map(|reply| reply.state)) {
            (Some(parent), _) => chain.push(parent),
            (None, Some(State::Tombstone)) => return End::OpenRecord(chain),
            (None, Some(_)) if declared_by(known, last).is_some_and(|root| root != last) => {
                return End::OpenRecord(chain);
            }
            (None, Some(_)) => return End::Root(chain),
            (None, None) => return End::Stub(chain),
        }
    }
}

/// The chain of a row that no cycle is above.
fn chain_of(known: &Known, key: u8) -> Option<Vec<u8>> {
    match end_of(known, key) {
        End::Root(chain) | End::Stub(chain) | End::OpenRecord(chain) => Some(chain),
        End::Cycle { .. } => None,
    }
}

/// The root named by the uppermost of those that declare one in the branch of `head`.
fn named_in_branch(known: &Known, head: u8) -> Option<u8> {
    let claim = |&key: &u8| {
        let chain = chain_of(known, key).filter(|chain| chain.contains(&head))?;
        Some((chain.len(), declared_by(known, key)?))
    };
    known.keys().filter_map(claim).min().map(|(_, root)| root)
}

fn open_conversation(known: &Known, chain: &[u8]) -> u8 {
    let top = chain[chain.len() - 1];
    if let Some(root) = declared_by(known, top) {
        return root;
    }
    let branch = chain.len().checked_sub(2).and_then(|head| named_in_branch(known, chain[head]));
    let heads: Vec<u8> = known.keys().copied().filter(|&key| parent_of(known, key) == Some(top)).collect();
    let by_heads = || heads.iter().filter_map(|&head| declared_by(known, head)).min();
    let by_branches = || heads.iter().filter_map(|&head| named_in_branch(known, head)).min();
    branch.or_else(by_heads).or_else(by_branches).unwrap_or(top)
}

fn naive(known: &Known, key: u8) -> Placed<u8> {
    let is_standing = |key| known.get(&key).is_some_and(|reply| reply.state == State::Standing);
    let (conversation, depth, depth_is_exact) = match end_of(known, key) {
        End::Root(chain) => (chain[chain.len() - 1], chain.len() as u32 - 1, true),
        End::Cycle { smallest, depth } => (smallest, depth, false),
        End::Stub(chain) | End::OpenRecord(chain) => {
            (open_conversation(known, &chain), chain.len() as u32 - 1, false)
        }
    };
    let parent = parent_of(known, key).filter(|_| depth > 0);
    let (present, root_present) = (is_standing(key), is_standing(conversation));
    Placed { key, parent, conversation, depth, present, root_present, depth_is_exact }
}

fn naive_forest(replies: &[Reply<u8>]) -> Vec<Placed<u8>> {
    let known: Known = replies.iter().map(|reply| (reply.key, *reply)).collect();
    let parents: BTreeSet<u8> = replies.iter().filter_map(|reply| reply.parent).collect();
    let stubs = parents.iter().filter(|parent| !known.contains_key(parent));
    known.keys().chain(stubs).map(|&key| naive(&known, key)).collect()
}

/// Few keys and many parents among them, so that cycles, stubs and tombstones meet often; shuffled.
pub(crate) fn replies() -> impl Strategy<Value = Vec<Reply<u8>>> {
    let state =
        prop_oneof![3 => Just(State::Standing), 1 => Just(State::Hidden), 1 => Just(State::Tombstone)];
    let value = (prop::option::weighted(0.8, 0..40_u8), prop::option::weighted(0.3, 0..45_u8), state);
    prop::collection::btree_map(0..32_u8, value, 0..32).prop_flat_map(|known| {
        let replies: Vec<_> = known
            .into_iter()
            .map(|(key, (parent, declared_root, state))| Reply { key, parent, declared_root, state })
            .collect();
        Just(replies).prop_shuffle()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_forest_equals_the_naive_walk(replies in replies()) {
        prop_assert_eq!(placed(&replies).unwrap(), naive_forest(&replies));
    }

    #[test]
    fn the_order_of_records_does_not_matter(
        (one, other) in replies().prop_flat_map(|replies| (Just(replies.clone()), Just(replies).prop_shuffle()))
    ) {
        prop_assert_eq!(placed(&one).unwrap(), placed(&other).unwrap());
    }

    #[test]
    fn the_width_of_keys_does_not_matter(replies in replies()) {
        let widen = |key: u8| u128::from(key) << 100;
        let wide: Vec<_> = replies.iter().map(|reply| Reply {
            key: widen(reply.key),
            parent: reply.parent.map(widen),
            declared_root: reply.declared_root.map(widen),
            state: reply.state,
        }).collect();
        let narrow = placed(&replies).unwrap();
        let back: Vec<_> = placed(&wide).unwrap().into_iter().map(|row| Placed {
            key: (row.key >> 100) as u8,
            parent: row.parent.map(|parent| (parent >> 100) as u8),
            conversation: (row.conversation >> 100) as u8,
            depth: row.depth,
            present: row.present,
            root_present: row.root_present,
            depth_is_exact: row.depth_is_exact,
        }).collect();
        prop_assert_eq!(back, narrow);
    }
}
