//! The exact minimum spanning tree of any rows, from the distances of all pairs: Prim's algorithm.

use populi_simd::{Level, dot, squared_distance};
use rayon::prelude::*;

use super::spanning::Link;
use super::{Found, Unit};
use crate::matrix::Matrix;
use crate::metric::Metric;
use crate::progress::Progress;
use crate::view::MatrixView;

/// Core distances and the spanning tree of two rows or more. `O(n² d)` time, `O(n)` memory beside a copy of the rows for cosine; the
/// core distances are parallel, Prim's algorithm is not.
pub(super) fn of_all_pairs(
    points: MatrixView<'_>,
    metric: Metric,
    min_samples: usize,
    level: Level,
    progress: &dyn Progress,
) -> Found {
    let unit_rows = match metric {
        Metric::Cosine => {
            let mut rows = points.to_matrix();
            rows.l2_normalise_rows();
            Some(rows)
        }
        Metric::Euclidean | Metric::InnerProduct => None,
    };
    let pairs = Pairs { points, unit_rows, level };
    let n_rows = points.n_rows();
    progress.stage("core distances", n_rows as u64);
    let core_of = |row: usize| {
        let mut weights: Vec<f32> =
            (0..n_rows).filter(|&other| other != row).map(|other| pairs.weight(row, other)).collect();
        progress.advance(1);
        *weights.select_nth_unstable_by(min_samples - 1, f32::total_cmp).1
    };
    let cores: Vec<f32> = (0..n_rows).into_par_iter().map(core_of).collect();
    progress.stage("spanning tree", n_rows as u64 - 1);
    let reachability = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        pairs.weight(a, b).max(cores[a]).max(cores[b])
    };
    let links = prim(n_rows as u32, reachability, progress);
    let squared = metric == Metric::Euclidean;
    Found { links, cores, unit: Unit { squared, scale: 1.0 } }
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

struct Pairs<'a> {
    points: MatrixView<'a>,
    unit_rows: Option<Matrix>,
    level: Level,
}

impl Pairs<'_> {
    /// The squared Euclidean distance, or the cosine distance.
    fn weight(&self, a: usize, b: usize) -> f32 {
        match &self.unit_rows {
            None => squared_distance(self.level, self.points.row(a), self.points.row(b)),
            Some(rows) => (1.0 - dot(self.level, rows.row(a), rows.row(b))).max(0.0),
        }
    }
}
