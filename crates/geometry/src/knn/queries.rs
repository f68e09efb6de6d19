//! The nearest rows of rows that are not among them.

use rayon::prelude::*;

use super::distance::Rows;
use super::encode::{Encoded, Encoding};
use super::rescore::{Near, nearest_of};
use super::scan::best_of_points;
use super::{KnnParams, form_of, n_spare};
use crate::error::{Result, same_size};
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

/// The `params.k` rows of `points` that are nearest to each row of `queries`, by looking at all of them: `params.k`,
/// `params.metric` and `params.level` count.
///
/// n·m·d products for n queries and m points, of small integers where [`super::knn`] uses them, and then the distances of
/// the best. Memory: where integers are used, a byte a value of both. The same bytes from any number of threads.
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
    let rows = |view| Rows::new(view, params.metric, params.level);
    let (queries, points) = (rows(queries), rows(points));
    let form = form_of(&points);
    let encoding = Encoding::of(&points, &queries, form);
    let (queries, points) = (Encoded::new(&queries, encoding.clone()), Encoded::new(&points, encoding));

    progress.stage("nearest rows", queries.n_rows() as u64);
    let places: Vec<u32> = (0..queries.n_rows() as u32).collect();
    let lists = best_of_points(&queries, &places, &points, k + n_spare(form), params.level, progress);
    let found = places.par_iter().zip(&lists).with_min_len(64).map(|(&place, list)| {
        let mut near = Vec::new();
        nearest_of(&queries, place, list, &points, k, &mut near);
        near
    });
    let found: Vec<Vec<Near>> = found.collect();
    let (ids, distances) = found.iter().flatten().map(|&(distance, id)| (id, distance)).unzip();
    Ok(Nearest { k, ids, distances })
}
