//! A cluster cut in two.

use super::{KMeansParams, kmeans};
use crate::error::Result;
use crate::matrix::{Matrix, squared_distance};
use crate::view::MatrixView;

/// Starts of a cut. There is little to choose between two centres.
const STARTS: usize = 2;

/// Iterations of a cut at most: what comes after it mends the rest.
const ITERATIONS: usize = 30;

/// The two parts of some rows that k-means finds.
pub(crate) struct Halves {
    /// `[2, n_cols]`.
    pub(crate) centres: Matrix,
    /// The part of each of the rows, 0 or 1.
    pub(crate) labels: Vec<u32>,
    /// How much less the sum of squared distances is than to one centre.
    pub(crate) gain: f64,
}

/// Cuts `rows` of `points` in two; `None` where no two of them differ.
pub(crate) fn halves(points: MatrixView<'_>, rows: &[usize], seed: u64) -> Result<Option<Halves>> {
    if rows.len() < 2 {
        return Ok(None);
    }
    let mut values = Vec::with_capacity(rows.len() * points.n_cols());
    rows.iter().for_each(|&row| values.extend_from_slice(points.row(row)));
    let own = Matrix::from_vec(rows.len(), points.n_cols(), values)?;
    let params = KMeansParams { k: 2, n_init: STARTS, max_iter: ITERATIONS, seed, ..KMeansParams::default() };
    let found = kmeans(&own, &params)?;
    if found.centres.n_rows() < 2 {
        return Ok(None);
    }
    // Between two parts of m and n rows, m·n/(m + n) times the squared distance of their means is saved.
    let n_second = found.labels.iter().filter(|&&label| label == 1).count() as f64;
    let share = n_second * (1.0 - n_second / rows.len() as f64);
    let gain = share * squared_distance(found.centres.row(0), found.centres.row(1));
    Ok(Some(Halves { centres: found.centres, labels: found.labels, gain }))
}
