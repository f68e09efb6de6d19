//! From the condensed tree to the labels of rows and how strong they are.

use std::cmp::Reverse;

use super::condense::{CondensedTree, Lambdas};
use super::{HdbscanParams, SpanningEdge, coverage, select};
use crate::NOISE;

/// Labels of rows; see the fields of the same names in [`super::Hdbscan`].
pub(super) struct Labelling {
    pub(super) labels: Vec<i32>,
    pub(super) labels_raw: Vec<i32>,
    pub(super) assigned: Vec<bool>,
    pub(super) strengths: Vec<f64>,
    pub(super) clusters: Vec<u32>,
}

/// Takes clusters from the tree and, where the parameters ask for it, lets noise join them.
pub(super) fn label(tree: &CondensedTree, edges: &[SpanningEdge], params: &HdbscanParams) -> Labelling {
    let chosen = select::select(tree, params);
    let mut labels_raw = select::label_rows(tree, &chosen, params.epsilon);
    let mut labels = labels_raw.clone();
    let joined = match params.max_noise {
        Some(share) => coverage::join_noise(edges, &mut labels, (share * labels_raw.len() as f64) as usize),
        None => vec![None; labels.len()],
    };
    let order = largest_first(&labels, chosen.len());
    let clusters: Vec<u32> = order.iter().map(|&old| chosen[old as usize]).collect();
    renumber(&mut labels, &order);
    renumber(&mut labels_raw, &order);
    let lambdas = Lambdas::of(edges);
    let strength = |(row, &label): (usize, &i32)| {
        if label == NOISE {
            return 0.0;
        }
        let lambda = joined[row].map_or(tree.lambda_of_rows()[row], |distance| lambdas.at(distance));
        strength(tree, clusters[label as usize], lambda)
    };
    let strengths = labels.iter().enumerate().map(strength).collect();
    let assigned = joined.iter().map(Option::is_some).collect();
    Labelling { labels, labels_raw, assigned, strengths, clusters }
}

/// How far up a cluster the level at which a row leaves it is, from 0 to 1.
pub(super) fn strength(tree: &CondensedTree, cluster: u32, lambda: f64) -> f64 {
    let death = tree.clusters()[cluster as usize].death;
    if death > 0.0 { lambda.min(death) / death } else { 1.0 }
}

/// The clusters with the most rows first, of equal ones the one whose first row comes first.
pub(super) fn largest_first(labels: &[i32], n_clusters: usize) -> Vec<u32> {
    let mut sizes = vec![0usize; n_clusters];
    let mut first_rows = vec![usize::MAX; n_clusters];
    for (row, &label) in labels.iter().enumerate().filter(|&(_, &label)| label != NOISE) {
        sizes[label as usize] += 1;
        first_rows[label as usize] = first_rows[label as usize].min(row);
    }
    let mut order: Vec<u32> = (0..n_clusters as u32).collect();
    order.sort_by_key(|&cluster| (Reverse(sizes[cluster as usize]), first_rows[cluster as usize]));
    order
}

/// Gives the label that is at a place of `order` the number of that place.
pub(super) fn renumber(labels: &mut [i32], order: &[u32]) {
    let mut new_numbers = vec![NOISE; order.len()];
    order.iter().enumerate().for_each(|(new, &old)| new_numbers[old as usize] = new as i32);
    labels
        .iter_mut()
        .filter(|label| **label != NOISE)
        .for_each(|label| *label = new_numbers[*label as usize]);
}
