//! The dense matrix: rows of `f32`, one after the other.

use rayon::prelude::*;

use crate::error::{Error, Result, same_size};
use crate::real::Real;
use crate::view::MatrixView;

/// Rows worked on as one task where work is cut by rows. Moves nothing but speed.
pub(crate) const ROWS_PER_TASK: usize = 1024;

/// Values looked at as one task.
const VALUES_PER_TASK: usize = 1 << 16;

/// A dense row-major matrix, `[n_rows, n_cols] f32`.
///
/// ```
/// use populi_geometry::Matrix;
///
/// let mut points = Matrix::from_vec(2, 2, vec![3.0, 4.0, 0.0, 0.0])?;
/// points.l2_normalise_rows();
/// assert_eq!(points.row(0), [0.6, 0.8]);
/// assert_eq!(points.row(1), [0.0, 0.0]); // a zero row has no direction and stays zero
/// # Ok::<(), populi_geometry::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    n_rows: usize,
    n_cols: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// Takes `values`, row after row, as `[n_rows, n_cols]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where `values` does not hold `n_rows * n_cols` numbers.
    pub fn from_vec(n_rows: usize, n_cols: usize, values: Vec<f32>) -> Result<Self> {
        same_size("values of a matrix", n_rows.saturating_mul(n_cols), values.len())?;
        Ok(Self { n_rows, n_cols, values })
    }

    /// A matrix of zeros, `[n_rows, n_cols]`.
    pub fn zeros(n_rows: usize, n_cols: usize) -> Self {
        Self { n_rows, n_cols, values: vec![0.0; n_rows * n_cols] }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values, row after row, to change in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The values without the shape.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// Row `i`, `[n_cols]`.
    ///
    /// # Panics
    ///
    /// Where `i >= n_rows`, as indexing a slice does.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }

    /// Row `i`, to change in place.
    ///
    /// # Panics
    ///
    /// Where `i >= n_rows`, as indexing a slice does.
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + '_ {
        (0..self.n_rows).map(|i| self.row(i))
    }

    /// Scales every row to length 1; a row of zeros stays as it is. O(n_rows * n_cols), parallel.
    pub fn l2_normalise_rows(&mut self) {
        if self.n_cols == 0 {
            return;
        }
        let n_cols = self.n_cols;
        self.values.par_chunks_mut(ROWS_PER_TASK * n_cols).for_each(|block| {
            for row in block.chunks_exact_mut(n_cols) {
                let length = squared_length(row).sqrt();
                if length > 0.0 {
                    row.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
                }
            }
        });
    }

    /// The rows named by `rows`, in that order; a row may be named more than once.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] where an index is not below `n_rows`.
    pub fn gather(&self, rows: &[usize]) -> Result<Matrix> {
        if let Some(&beyond) = rows.iter().find(|&&row| row >= self.n_rows) {
            let must_be = "below the number of rows";
            return Err(Error::Param { name: "rows", got: beyond.to_string(), must_be });
        }
        let mut values = Vec::with_capacity(rows.len() * self.n_cols);
        rows.iter().for_each(|&row| values.extend_from_slice(self.row(row)));
        Ok(Matrix { n_rows: rows.len(), n_cols: self.n_cols, values })
    }

    /// Checks that no value is NaN or infinite.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] with the first such place.
    pub fn check_finite(&self) -> Result<()> {
        match first_not_finite(&self.values) {
            None => Ok(()),
            Some(at) => {
                let (row, column) = (at / self.n_cols, at % self.n_cols);
                Err(Error::NotFinite { row, column, value: self.values[at] })
            }
        }
    }

    /// Mean of every column, `[n_cols] f64`; zeros where there is no row.
    pub fn column_means(&self) -> Vec<f64> {
        MatrixView::from(self).column_means()
    }
}

/// Where the first NaN or infinity is. Looks without branching first, which is many times faster.
pub(crate) fn first_not_finite<T: Real>(values: &[T]) -> Option<usize> {
    let place = |(task, values): (usize, &[T])| {
        let all_finite = values.iter().fold(true, |finite, value| finite & value.is_finite());
        if all_finite {
            None
        } else {
            values.iter().position(|v| !v.is_finite()).map(|at| task * VALUES_PER_TASK + at)
        }
    };
    values.par_chunks(VALUES_PER_TASK).enumerate().find_map_first(place)
}

/// `out += Σ weights[i] · rows[i]`, in that order: `out` is loaded and stored once for all of them. Every row is as long
/// as `out`.
pub(crate) fn add_weighted<const N: usize>(out: &mut [f32], rows: [&[f32]; N], weights: [f32; N]) {
    let rows = rows.map(|row| &row[..out.len()]);
    for (j, out) in out.iter_mut().enumerate() {
        for i in 0..N {
            *out += weights[i] * rows[i][j];
        }
    }
}

/// Sum of squares in `f64`, in 16 lanes that are added in order.
pub(crate) fn squared_length<T: Real>(row: &[T]) -> f64 {
    let mut lanes = [0.0f64; 16];
    let chunks = row.chunks_exact(16);
    for (lane, &value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += value.to_f64() * value.to_f64();
    }
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane += v.to_f64() * v.to_f64());
    }
    lanes.iter().sum()
}

/// Squared Euclidean distance in `f64`, in 16 lanes that are added in order.
#[inline]
pub(crate) fn squared_distance<T: Real, U: Real>(a: &[T], b: &[U]) -> f64 {
    let square = |x: T, y: U| (x.to_f64() - y.to_f64()) * (x.to_f64() - y.to_f64());
    if a.len() < 16 {
        return a.iter().zip(b).map(|(&x, &y)| square(x, y)).sum(); // the same sum, without lanes of zeros
    }
    let mut lanes = [0.0f64; 16];
    let (left, right) = (a.chunks_exact(16), b.chunks_exact(16));
    for (lane, (&x, &y)) in lanes.iter_mut().zip(left.remainder().iter().zip(right.remainder())) {
        *lane += square(x, y);
    }
    for (x16, y16) in left.zip(right) {
        lanes.iter_mut().zip(x16.iter().zip(y16)).for_each(|(lane, (&x, &y))| *lane += square(x, y));
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn wrong_size_names_both_sizes() {
        let error = Matrix::from_vec(2, 3, vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "values of a matrix: expected 6, got 5");
    }

    #[test]
    fn a_size_beyond_memory_is_an_error_not_an_overflow() {
        assert!(Matrix::from_vec(usize::MAX, 2, vec![]).is_err());
    }

    #[test]
    fn rows_without_columns_are_still_rows() {
        let mut empty = Matrix::zeros(3, 0);
        empty.l2_normalise_rows();
        assert_eq!(empty.rows().len(), 3);
        assert_eq!(empty.column_means(), Vec::<f64>::new());
        empty.check_finite().unwrap();
    }

    #[test]
    fn gather_repeats_and_reorders() {
        let m = Matrix::from_vec(3, 1, vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(m.gather(&[2, 0, 2]).unwrap().values(), [3.0, 1.0, 3.0]);
        assert!(m.gather(&[3]).is_err());
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let m = Matrix::from_vec(2, 2, vec![0.0, 1.0, f32::INFINITY, f32::NAN]).unwrap();
        assert_eq!(m.check_finite(), Err(Error::NotFinite { row: 1, column: 0, value: f32::INFINITY }));
    }

    #[test]
    fn lanes_cover_every_length() {
        for n in 0..40 {
            let row: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let naive: f64 = row.iter().map(|&v| f64::from(v * v)).sum();
            assert_eq!(squared_length(&row), naive);
            assert_eq!(squared_distance(&row, &vec![0.0; n]), naive);
        }
    }
}
