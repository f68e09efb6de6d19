//! Which clusters of the condensed tree are taken, and which rows they label.

use super::condense::CondensedTree;
use super::{ClusterSelection, HdbscanParams};
use crate::NOISE;

/// The clusters of the tree that are taken, rising; none is inside another. Semantics of the package `hdbscan`.
pub(super) fn select(tree: &CondensedTree, params: &HdbscanParams) -> Vec<u32> {
    let n_rows = tree.cluster_of_rows().len();
    if n_rows < params.min_cluster_size {
        return Vec::new();
    }
    let mut chosen = match params.selection {
        ClusterSelection::Eom => most_stable(tree, params.allow_single_cluster),
        ClusterSelection::Leaf => leaves(tree),
        ClusterSelection::LeastNoise => topmost_split(tree),
    };
    if params.epsilon > 0.0 && chosen != [0] {
        chosen = merged_below(tree, &chosen, params);
    }
    if chosen.len() < 2 && params.max_noise.is_some() {
        chosen = topmost_split(tree);
    }
    if chosen == [0] && !params.allow_single_cluster { Vec::new() } else { chosen }
}

/// The two parts of the first split, or the root where nothing splits.
fn topmost_split(tree: &CondensedTree) -> Vec<u32> {
    match tree.children()[0] {
        Some(pair) => pair.to_vec(),
        None => vec![0],
    }
}

/// The antichain with the most stability; a parent is taken where its children have no more than it.
fn most_stable(tree: &CondensedTree, allow_root: bool) -> Vec<u32> {
    let clusters = tree.clusters();
    let children = tree.children();
    let first = usize::from(!allow_root);
    let mut best: Vec<f64> = clusters.iter().map(|cluster| cluster.stability).collect();
    let mut stands = vec![false; clusters.len()];
    for cluster in (first..clusters.len()).rev() {
        let below =
            children[cluster].map_or(0.0, |pair| pair.iter().map(|&child| best[child as usize]).sum());
        if below > best[cluster] {
            best[cluster] = below;
        } else {
            stands[cluster] = true;
        }
    }
    topmost(tree, &stands)
}

/// The clusters without children.
pub(super) fn leaves(tree: &CondensedTree) -> Vec<u32> {
    let children = tree.children();
    (0..children.len() as u32).filter(|&cluster| children[cluster as usize].is_none()).collect()
}

/// Of the clusters that stand, those that are in no other one.
fn topmost(tree: &CondensedTree, stands: &[bool]) -> Vec<u32> {
    let mut covered = vec![false; stands.len()];
    let mut top = Vec::new();
    for (cluster, node) in tree.clusters().iter().enumerate() {
        let by_parent = node.parent.is_some_and(|parent| covered[parent as usize]);
        if stands[cluster] && !by_parent {
            top.push(cluster as u32);
        }
        covered[cluster] = stands[cluster] || by_parent;
    }
    top
}

/// Clusters that split off below a distance of `epsilon` give way to the first one above them that did not (Malzer and Baum, *A hybrid
/// approach to hierarchical density-based cluster selection*, 2020); the root only where it may be a cluster.
fn merged_below(tree: &CondensedTree, chosen: &[u32], params: &HdbscanParams) -> Vec<u32> {
    let clusters = tree.clusters();
    let split_off_below = |cluster: u32| clusters[cluster as usize].birth.recip() < params.epsilon;
    let mut stands = vec![false; clusters.len()];
    for &cluster in chosen {
        let mut at = cluster;
        while split_off_below(at) {
            match clusters[at as usize].parent {
                Some(0) if !params.allow_single_cluster => break,
                Some(parent) => at = parent,
                None => break,
            }
        }
        stands[at as usize] = true;
    }
    topmost(tree, &stands)
}

/// The place in `chosen` of the cluster that each cluster of the tree is, or is in, or noise.
pub(super) fn covering(tree: &CondensedTree, chosen: &[u32]) -> Vec<i32> {
    let clusters = tree.clusters();
    let mut covering = vec![NOISE; clusters.len()];
    for (place, &cluster) in chosen.iter().enumerate() {
        covering[cluster as usize] = place as i32;
    }
    for cluster in 1..clusters.len() {
        if let (NOISE, Some(parent)) = (covering[cluster], clusters[cluster].parent) {
            covering[cluster] = covering[parent as usize];
        }
    }
    covering
}

/// The place in `chosen` of each row's cluster, or noise. A single cluster that is the root has only the rows that stay to its end, or that
/// leave it within `epsilon`, if that is given.
pub(super) fn label_rows(tree: &CondensedTree, chosen: &[u32], epsilon: f64) -> Vec<i32> {
    let covering = covering(tree, chosen);
    let from = match (chosen, epsilon > 0.0) {
        ([0], true) => epsilon.recip(),
        ([0], false) => tree.clusters()[0].death,
        _ => 0.0,
    };
    let of_row = |(&cluster, &lambda): (&u32, &f64)| {
        if lambda >= from { covering[cluster as usize] } else { NOISE }
    };
    tree.cluster_of_rows().iter().zip(tree.lambda_of_rows()).map(of_row).collect()
}
