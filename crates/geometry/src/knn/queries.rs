//! The nearest rows of rows that are not among them.

use populi_simd::Level;
use rayon::prelude::*;

use super::distance::Rows;
use super::encode::{Encoded, Encoding, Form};
use super::rescore::{Near, nearest_of};
use super::scan::best_of_points;
use super::{KnnParams, MIN_COLUMNS_OF_INTEGERS, MIN_RECALL_OF_EXACT_INTEGERS, N_TRIED, n_spare};
use crate::error::{Result, same_size};
use crate::progress::{Progress, Silent};
use crate::sample::sample_rows;
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
/// `params.metric`, `params.seed` and `params.level` count.
///
/// n·m·d products for n queries and m points, of small integers where [`super::knn`] uses them, and then the distances
/// of the best. Memory: where integers are used, a byte a value of both. The same bytes from any number of threads.
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
    progress.stage("nearest rows", queries.points.n_rows() as u64);
    let search = Search { queries: &queries, points: &points, k, level: params.level };
    let form = search.form(params.seed);
    let places: Vec<u32> = (0..queries.points.n_rows() as u32).collect();
    let found = search.nearest(&places, form, progress);
    let (ids, distances) = found.iter().flatten().map(|&(distance, id)| (id, distance)).unzip();
    Ok(Nearest { k, ids, distances })
}

struct Search<'a> {
    queries: &'a Rows<'a>,
    points: &'a Rows<'a>,
    k: usize,
    level: Level,
}

impl Search<'_> {
    /// Integers where a sample of the queries finds with them what it finds with floats, and for few queries floats.
    fn form(&self, seed: u64) -> Form {
        let n_queries = self.queries.points.n_rows();
        if self.points.points.n_cols() < MIN_COLUMNS_OF_INTEGERS || n_queries < 4 * N_TRIED {
            return Form::Floats;
        }
        let sample: Vec<u32> =
            sample_rows(n_queries, N_TRIED, seed).into_iter().map(|row| row as u32).collect();
        let (truth, tried) =
            (self.nearest(&sample, Form::Floats, &Silent), self.nearest(&sample, Form::Integers, &Silent));
        let n_found: usize = truth
            .iter()
            .zip(&tried)
            .map(|(truth, tried)| {
                let farthest = truth.last().map_or(0.0, |&(distance, _)| distance);
                tried.iter().filter(|near| near.0 <= farthest).count()
            })
            .sum();
        let is_enough = n_found as f64 >= MIN_RECALL_OF_EXACT_INTEGERS * (sample.len() * self.k) as f64;
        if is_enough { Form::Integers } else { Form::Floats }
    }

    /// The nearest rows of the queries at `places`.
    fn nearest(&self, places: &[u32], form: Form, progress: &dyn Progress) -> Vec<Vec<Near>> {
        let encoding = Encoding::of(self.points, self.queries, form);
        let queries = Encoded::new(self.queries, encoding.clone());
        let points = Encoded::new(self.points, encoding);
        let lists = best_of_points(&queries, places, &points, self.k + n_spare(form), self.level, progress);
        let found = places.par_iter().zip(&lists).with_min_len(64).map(|(&place, list)| {
            let mut near = Vec::new();
            nearest_of(&queries, place, list, &points, self.k, &mut near);
            near
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::metric::Metric;

    #[test]
    fn many_queries_of_many_columns_are_looked_for_by_integers() {
        let values: Vec<f32> = (0..400u32 * 64)
            .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 8) as f32 / f32::from(u16::MAX) - 128.0)
            .collect();
        let form = |n_queries: usize, n_cols: usize| {
            let view = |n: usize| MatrixView::new(n, n_cols, &values[..n * n_cols]).unwrap();
            let rows = |n| Rows::new(view(n), Metric::Euclidean, Level::best());
            let (queries, points) = (rows(n_queries), rows(400));
            Search { queries: &queries, points: &points, k: 10, level: Level::best() }.form(0)
        };
        assert_eq!(form(400, 64), Form::Integers);
        assert_eq!(form(4 * N_TRIED - 1, 64), Form::Floats);
        assert_eq!(form(400, MIN_COLUMNS_OF_INTEGERS - 1), Form::Floats);
    }
}
