//! The nearest rows of rows that are not among them.

use rayon::prelude::*;

use super::KnnParams;
use super::distance::Rows;
use crate::error::{Result, same_size};
use crate::graph::NeighbourGraph;
use crate::progress::Progress;
use crate::view::MatrixView;

/// The nearest rows of other rows, the nearest first; of equal distances the smaller row number first.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// Neighbours of a query: what was asked for, or all rows where that is less.
    pub k: usize,
    /// Row numbers, `[n_queries, k]`.
    pub ids: Vec<u32>,
    /// How far they are, `[n_queries, k]`.
    pub distances: Vec<f32>,
}

impl Nearest {
    /// The rows nearest to a query and how far they are, `[k]` each.
    ///
    /// # Panics
    ///
    /// Where there is no such query, as indexing a slice does.
    #[must_use]
    pub fn of(&self, query: usize) -> (&[u32], &[f32]) {
        let place = query * self.k..(query + 1) * self.k;
        (&self.ids[place.clone()], &self.distances[place])
    }
}

/// The `params.k` rows of `points` that are nearest to each row of `queries`, by looking at all of them.
///
/// # Errors
///
/// As [`super::knn`]; [`crate::Error::Shape`] where the two have not the same columns.
pub fn nearest_rows(
    queries: MatrixView<'_>,
    points: MatrixView<'_>,
    params: &KnnParams,
    progress: &dyn Progress,
) -> Result<Nearest> {
    params.check()?;
    queries.check()?;
    points.check()?;
    same_size("columns of the queries", points.n_cols(), queries.n_cols())?;
    let k = params.k.min(points.n_rows());
    let (rows, others) =
        (Rows::new(queries, params.metric, params.level), Rows::new(points, params.metric, params.level));
    let (ids, distances) = scan(&rows, &others, k, false, progress);
    Ok(Nearest { k, ids, distances })
}

pub(super) fn graph_by_scan(
    points: MatrixView<'_>,
    k: usize,
    params: &KnnParams,
    progress: &dyn Progress,
) -> Result<NeighbourGraph> {
    let rows = Rows::new(points, params.metric, params.level);
    let (ids, distances) = scan(&rows, &rows, k, true, progress);
    NeighbourGraph::new(points.n_rows(), k, ids, distances)
}

fn scan(
    rows: &Rows<'_>,
    others: &Rows<'_>,
    k: usize,
    skip_itself: bool,
    progress: &dyn Progress,
) -> (Vec<u32>, Vec<f32>) {
    let n = rows.points.n_rows();
    progress.stage("neighbours", n as u64);
    let nearest = |i: usize| {
        let candidates = (0..others.points.n_rows()).filter(|&j| !(skip_itself && j == i));
        let mut all: Vec<(f32, u32)> = candidates.map(|j| (rows.distance(i, others, j), j as u32)).collect();
        let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if k < all.len() && k > 0 {
            all.select_nth_unstable_by(k - 1, order);
        }
        all.truncate(k);
        all.sort_unstable_by(order);
        progress.advance(1);
        all
    };
    let found: Vec<Vec<(f32, u32)>> = (0..n).into_par_iter().with_max_len(64).map(nearest).collect();
    found.iter().flatten().map(|&(distance, id)| (id, distance)).unzip()
}
