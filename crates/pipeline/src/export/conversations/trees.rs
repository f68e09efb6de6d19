//! What of a conversation hangs together below a root that is there.
//!
//! A root is a post that is there and answers nothing. Where the beginning is missing, deleted or hidden, nothing below it
//! has a root, or with [`Incomplete::Keep`] the topmost posts that are there are roots.

use populi_dataset::dialogue::{Fate, FateCounts, LeftOut};
use populi_model::Key;
use rayon::prelude::*;

use super::nodes::{ELSEWHERE, Kind, NONE, Nodes};
use super::params::Incomplete;

/// Trees by the time of their roots, those without a time last, then by their keys.
pub(super) struct Trees {
    trees: Vec<Tree>,
    /// The nodes of all trees, tree by tree: each behind the one that it answers, and earlier ones first.
    order: Vec<u32>,
    /// The place of each node in its tree, or `NONE`.
    places: Vec<u32>,
    /// Why a node has no tree.
    rootless: Vec<Option<LeftOut>>,
}

/// A tree, as a stretch of the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    pub(super) conversation: Key,
    start: u32,
    end: u32,
}

impl Trees {
    /// Finds the roots, and what hangs below each. Time O(n log n), memory 24 bytes a node.
    pub(super) fn of(nodes: &Nodes, incomplete: Incomplete) -> Self {
        let n = nodes.as_slice().len();
        let (root_of, rootless) = roots(nodes, incomplete);
        let begin = |at: u32| {
            let node = nodes.get(at);
            (node.time.is_none(), node.time, node.key)
        };
        let mut roots: Vec<u32> = (0..n as u32).filter(|at| root_of[*at as usize] == *at).collect();
        roots.par_sort_unstable_by_key(|root| begin(*root));
        let mut rank = vec![NONE; n];
        for (i, root) in roots.iter().enumerate() {
            rank[*root as usize] = i as u32;
        }
        let tree_of = |at: u32| rank[root_of[at as usize] as usize];
        let mut order: Vec<u32> = (0..n as u32).filter(|at| root_of[*at as usize] != NONE).collect();
        order.par_sort_unstable_by_key(|at| (tree_of(*at), nodes.get(*at).depth, begin(*at)));

        let mut places = vec![NONE; n];
        let mut trees: Vec<Tree> = Vec::with_capacity(roots.len());
        for (i, at) in order.iter().enumerate() {
            let i = i as u32;
            if root_of[*at as usize] == *at {
                trees.push(Tree { conversation: nodes.get(*at).conversation, start: i, end: i });
            }
            if let Some(tree) = trees.last_mut() {
                places[*at as usize] = i - tree.start;
                tree.end = i + 1;
            }
        }
        Self { trees, order, places, rootless }
    }

    pub(super) fn as_slice(&self) -> &[Tree] {
        &self.trees
    }

    /// The nodes of a tree, its root first.
    pub(super) fn nodes(&self, tree: &Tree) -> &[u32] {
        &self.order[tree.start as usize..tree.end as usize]
    }

    /// The place of a node in its tree.
    pub(super) fn place(&self, at: u32) -> u32 {
        self.places[at as usize]
    }

    /// What becomes of posts that are in no tree.
    pub(super) fn fates_outside(&self, nodes: &Nodes) -> FateCounts {
        let outside = nodes.as_slice().iter().zip(&self.rootless).filter_map(|(node, rootless)| {
            let reason = (*rootless)?;
            let own = match node.kind {
                Kind::Missing => return None,
                Kind::Standing => reason,
                Kind::Hidden => node.left_out.unwrap_or(LeftOut::HiddenAuthor),
                Kind::Deleted => LeftOut::Deleted,
            };
            Some(Fate::LeftOut(own))
        });
        outside.collect()
    }
}

/// The root above each node, or `NONE`, and why a node has none.
fn roots(nodes: &Nodes, incomplete: Incomplete) -> (Vec<u32>, Vec<Option<LeftOut>>) {
    let n = nodes.as_slice().len();
    let (mut root_of, mut rootless) = (vec![NONE; n], vec![None; n]);
    let mut by_depth: Vec<u32> = (0..n as u32).collect();
    by_depth.par_sort_unstable_by_key(|at| (nodes.get(*at).depth, *at));
    for at in by_depth {
        let node = nodes.get(at);
        let above = match node.parent {
            NONE if node.is_first => None,
            NONE | ELSEWHERE => Some(LeftOut::RootMissing),
            parent if root_of[parent as usize] != NONE => {
                root_of[at as usize] = root_of[parent as usize];
                continue;
            }
            parent if nodes.get(parent).kind == Kind::Missing => Some(LeftOut::RootMissing),
            parent if nodes.get(parent).kind == Kind::Standing => rootless[parent as usize],
            _ => Some(LeftOut::RootGone),
        };
        if node.kind == Kind::Standing && (above.is_none() || incomplete == Incomplete::Keep) {
            root_of[at as usize] = at;
        } else {
            rootless[at as usize] = Some(above.unwrap_or(LeftOut::RootGone));
        }
    }
    (root_of, rootless)
}
