//! The spanning tree of rows of many columns, from the graph of their nearest neighbours.
//!
//! Borůvka's algorithm over the edges of the graph, until none leaves a component; then [`super::repair`] joins what is left.
//! The edges of the graph are all that is near, so with enough neighbours a cluster's own edges are those of the exact tree; what may
//! differ is how far apart clusters are.

use rayon::prelude::*;

use super::rows::Rows;
use super::spanning::{Components, Leaving, Link, PLACES_PER_TASK};
use super::{Found, Unit, repair};
use crate::graph::NeighbourGraph;
use crate::progress::Progress;

/// Core distances and the spanning tree, from a graph of at least `min_samples` neighbours a row.
pub(super) fn of_graph(
    rows: &Rows<'_>,
    graph: &NeighbourGraph,
    min_samples: usize,
    seed: u64,
    progress: &dyn Progress,
) -> Found {
    let n_rows = graph.n_rows();
    let cores: Vec<f32> = (0..n_rows).map(|row| graph.of(row).1[min_samples - 1].max(0.0)).collect();
    progress.stage("spanning tree", n_rows as u64 - 1);
    let mut components = Components::alone(n_rows);
    while components.n > 1 {
        let leaving = best_edges(graph, &cores, &components);
        if components.join(&leaving, |row| row as usize, progress) == 0 {
            break;
        }
    }
    if components.n > 1 {
        repair::connect(rows, &cores, &mut components, seed, progress);
    }
    Found { links: components.links, cores, unit: Unit { squared: false, scale: 1.0 } }
}

/// The best edge of the graph that leaves each component.
fn best_edges(graph: &NeighbourGraph, cores: &[f32], components: &Components) -> Leaving {
    let leaving = Leaving::new(components.n);
    let of = &components.of;
    let each_leaving_edge = |offer: &(dyn Fn(i32, Link) + Sync)| {
        (0..graph.n_rows().div_ceil(PLACES_PER_TASK)).into_par_iter().for_each(|task| {
            let first = task * PLACES_PER_TASK;
            for row in first..graph.n_rows().min(first + PLACES_PER_TASK) {
                let (others, distances) = graph.of(row);
                for (&other, &distance) in others.iter().zip(distances) {
                    if of[row] != of[other as usize] {
                        let weight = distance.max(cores[row]).max(cores[other as usize]);
                        let link = Link::new(weight, row as u32, other);
                        // The edge is there for both ends, though only one may name the other.
                        offer(of[row], link);
                        offer(of[other as usize], link);
                    }
                }
            }
        });
    };
    each_leaving_edge(&|component, link| leaving.offer_weight(component, link.weight));
    each_leaving_edge(&|component, link| leaving.offer_pair(component, link));
    leaving
}
