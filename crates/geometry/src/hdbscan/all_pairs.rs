//! The exact minimum spanning tree of any rows, from the distances of all pairs: Prim's algorithm.

use populi_simd::Level;
use rayon::prelude::*;

use super::Found;
use super::rows::Rows;
use super::spanning::Link;
use crate::metric::Metric;
use crate::progress::Progress;
use crate::view::MatrixView;

/// Core distances and the spanning tree of two rows or more. `O(n² d)` time, `O(n)` memory; the
/// core distances are parallel, Prim's algorithm is not.
pub(super) fn of_all_pairs(
    points: MatrixView<'_>,
    metric: Metric,
    min_samples: usize,
    level: Level,
    progress: &dyn Progress,
) -> Found {
    let rows = Rows::new(points, metric, level);
    let n_rows = points.n_rows();
    progress.stage("core distances", n_rows as u64);
    let core_of = |row: usize| {
        let mut weights: Vec<f32> =
            (0..n_rows).filter(|&other| other != row).map(|other| rows.weight(row, other)).collect();
        progress.advance(1);
        *weights.select_nth_unstable_by(min_samples - 1, f32::total_cmp).1
    };
    let cores: Vec<f32> = (0..n_rows).into_par_iter().map(core_of).collect();
    progress.stage("spanning tree", n_rows as u64 - 1);
    let reachability = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        rows.weight(a, b).max(cores[a]).max(cores[b])
    };
    let links = prim(n_rows as u32, reachability, progress);
    Found { links, cores, unit: rows.unit() }
}

/// Adds to the tree, row by row, what is nearest to it.
fn prim(n_rows: u32, weight: impl Fn(u32, u32) -> f32, progress: &dyn Progress) -> Vec<Link> {
    let mut links = Vec::with_capacity(n_rows as usize - 1);
    // The rows outside and the best edge of each to the tree.
    let mut outside: Vec<(u32, Link)> =
        (1..n_rows).map(|row| (row, Link::new(weight(0, row), 0, row))).collect();
    while let Some(nearest) = (0..outside.len()).min_by_key(|&at| outside[at].1.order()) {
        let (joins, link) = outside.swap_remove(nearest);
        links.push(link);
        progress.advance(1);
        for (row, best) in &mut outside {
            let link = Link::new(weight(joins, *row), joins, *row);
            if link.order() < best.order() {
                *best = link;
            }
        }
    }
    links
}
