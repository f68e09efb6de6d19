//! Distances of some rows to all rows in `f64`, a tile at a time, so that memory does not grow with the rows.
//!
//! A tile is one matrix product: `|a - b|² = |a|² + |b|² - 2 a·b`, of rows moved to the middle of the matrix, which keeps its
//! rounding at 1e-15 of the two lengths. Where that is not enough (two rows that are nearly one, or two distances that are nearly
//! the same) [`Pairs::measured`] takes a pair apart, value by value.

use crate::error::Result;
use crate::matrix::{squared_distance, squared_length};
use crate::metric::Metric;
use crate::product::{multiply_block, view};
use crate::real::Real;
use crate::view::MatrixView;

/// Rows compared by one task. Moves no digit.
pub(super) const ROWS_PER_TASK: usize = 256;

/// Rows that they are compared with at once. Moves no digit.
const TILE: usize = 512;

/// How far off a squared distance of a tile may be, as a share of the squared lengths of the two rows: a hundred times what the
/// rounding of 1,000 columns adds up to.
pub(super) const TILE_ERROR: f64 = 1e-11;

/// A matrix whose rows are compared with each other.
pub(super) struct Pairs<'a, T> {
    points: MatrixView<'a, T>,
    metric: Metric,
    middle: Vec<f64>,
}

/// Rows in `f64`, as a tile wants them.
pub(super) struct Rows {
    /// Their numbers.
    pub(super) ids: Vec<u32>,
    values: Vec<f64>,
    /// What each adds to a squared distance.
    offsets: Vec<f64>,
    /// Squared lengths.
    pub(super) squares: Vec<f64>,
}

impl<'a, T: Real> Pairs<'a, T> {
    /// Checks `points` and finds their middle.
    pub(super) fn new(points: MatrixView<'a, T>, metric: Metric) -> Result<Self> {
        points.check()?;
        // Only a difference from the origin moves with the middle; an angle does not.
        let middle = match metric {
            Metric::Euclidean => column_means(points),
            Metric::Cosine | Metric::InnerProduct => vec![0.0; points.n_cols()],
        };
        Ok(Self { points, metric, middle })
    }

    /// Some rows, made ready.
    pub(super) fn rows(&self, ids: &[u32]) -> Rows {
        let n_cols = self.points.n_cols();
        let mut values = Vec::with_capacity(ids.len() * n_cols);
        for &id in ids {
            let row = self.points.row(id as usize).iter().zip(&self.middle);
            values.extend(row.map(|(value, middle)| value.to_f64() - middle));
        }
        if self.metric == Metric::Cosine {
            values.chunks_exact_mut(n_cols).for_each(normalise);
        }
        let squares: Vec<f64> = values.chunks_exact(n_cols).map(squared_length).collect();
        let offsets = match self.metric {
            Metric::Euclidean => squares.clone(),
            // 2 (1 - a·b): twice the distance, and for rows of length 1 the squared Euclidean one.
            Metric::Cosine | Metric::InnerProduct => vec![1.0; ids.len()],
        };
        Rows { ids: ids.to_vec(), values, offsets, squares }
    }

    /// Compares `rows` with the rows `others`, tile after tile in their order.
    ///
    /// `each` gets the tile's place in `others`, its rows, and the squared distances `[rows, rows of the tile]`: right but for
    /// [`TILE_ERROR`].
    pub(super) fn by_tiles(&self, rows: &Rows, others: &[u32], mut each: impl FnMut(usize, &Rows, &[f64])) {
        let n_cols = self.points.n_cols();
        let mut tile = vec![0.0; rows.ids.len() * TILE];
        for (at, ids) in others.chunks(TILE).enumerate() {
            let columns = self.rows(ids);
            let tile = &mut tile[..rows.ids.len() * ids.len()];
            let right = view(&columns.values, ids.len(), n_cols).reversed_axes();
            multiply_block(view(&rows.values, rows.ids.len(), n_cols), right, tile);
            for (products, offset) in tile.chunks_exact_mut(ids.len()).zip(&rows.offsets) {
                for (product, other) in products.iter_mut().zip(&columns.offsets) {
                    *product = offset + other - 2.0 * *product;
                }
            }
            each(at * TILE, &columns, tile);
        }
    }

    /// The squared distance of two rows, value by value: equal pairs of rows have equal distances, to the bit.
    pub(super) fn measured(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (self.points.row(a as usize), self.points.row(b as usize));
        let product = || a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>();
        match self.metric {
            Metric::Euclidean => squared_distance(a, b),
            Metric::InnerProduct => 2.0 - 2.0 * product(),
            Metric::Cosine => {
                let lengths = squared_length(a).sqrt() * squared_length(b).sqrt();
                if lengths > 0.0 { 2.0 - 2.0 * (product() / lengths) } else { 2.0 }
            }
        }
    }
}

fn normalise(row: &mut [f64]) {
    let length = squared_length(row).sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|value| *value /= length);
    }
}

/// Mean of every column. One pass in order: it only has to be near the middle.
fn column_means<T: Real>(points: MatrixView<'_, T>) -> Vec<f64> {
    let mut means = vec![0.0; points.n_cols()];
    for row in points.rows() {
        means.iter_mut().zip(row).for_each(|(mean, value)| *mean += value.to_f64());
    }
    means.iter_mut().for_each(|mean| *mean /= points.n_rows() as f64);
    means
}
