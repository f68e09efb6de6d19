//! Rows that somebody else owns: a matrix, or a mapped file.

use rayon::prelude::*;

use crate::error::{Error, Result, same_size};
use crate::matrix::{Matrix, ROWS_PER_TASK, first_not_finite, squared_length};
use crate::real::Real;

/// The greatest squared length of rows whose squared distances, and what they are summed from, are finite in `f32`.
const GREATEST_SQUARE: f64 = f32::MAX as f64 / 8.0;

/// A dense row-major matrix that is only looked at, `[n_rows, n_cols]`, of `f32` unless said otherwise.
///
/// ```
/// use populi_geometry::MatrixView;
///
/// let view: MatrixView = MatrixView::new(2, 2, &[3.0, 4.0, 0.0, 0.0])?;
/// assert_eq!(view.row(0), [3.0, 4.0]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatrixView<'a, T = f32> {
    n_rows: usize,
    n_cols: usize,
    values: &'a [T],
}

impl<'a, T: Real> MatrixView<'a, T> {
    /// Looks at `values`, row after row, as `[n_rows, n_cols]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where `values` does not hold `n_rows * n_cols` numbers.
    pub fn new(n_rows: usize, n_cols: usize, values: &'a [T]) -> Result<Self> {
        same_size("values of a matrix", n_rows.saturating_mul(n_cols), values.len())?;
        Ok(Self { n_rows, n_cols, values })
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
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// Row `i`, `[n_cols]`.
    ///
    /// # Panics
    ///
    /// Where `i >= n_rows`, as indexing a slice does.
    #[inline]
    pub fn row(&self, i: usize) -> &'a [T] {
        &self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [T]> + use<'a, T> {
        let view = *self;
        (0..self.n_rows).map(move |i| view.row(i))
    }

    /// Checks that there are rows and columns and that no value is NaN or infinite.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`]; [`Error::NotFinite`] with the first such place.
    pub fn check(&self) -> Result<()> {
        if self.values.is_empty() {
            return Err(Error::Empty { n_rows: self.n_rows, n_cols: self.n_cols });
        }
        match first_not_finite(self.values) {
            None => Ok(()),
            Some(at) => {
                let (row, column) = (at / self.n_cols, at % self.n_cols);
                Err(Error::NotFinite { row, column, value: self.values[at].to_f64() as f32 })
            }
        }
    }
}

impl MatrixView<'_> {
    /// As [`MatrixView::check`], and that squared distances between rows are finite in `f32`.
    pub(crate) fn check_squares(&self) -> Result<()> {
        // Where no value is above this, no row is too long.
        let least = (GREATEST_SQUARE / self.n_cols.max(1) as f64).sqrt() as f32;
        let is_small = |values: &[f32]| values.iter().fold(true, |all, value| all & (value.abs() <= least));
        let blocks = self.values.par_chunks(ROWS_PER_TASK * self.n_cols.max(1));
        if !self.values.is_empty() && blocks.all(is_small) {
            return Ok(());
        }
        self.check()?;
        let rows = self.values.par_chunks_exact(self.n_cols).with_min_len(ROWS_PER_TASK);
        let lengths = rows.map(squared_length).enumerate();
        match lengths.find_first(|&(_, square)| square > GREATEST_SQUARE) {
            None => Ok(()),
            Some((row, square)) => Err(Error::TooLarge { row, length: square.sqrt() }),
        }
    }

    /// Mean of every column, `[n_cols] f64`; zeros where there is no row. One pass, parallel; sums of blocks are added in order.
    pub fn column_means(&self) -> Vec<f64> {
        let n_rows = self.n_rows.max(1) as f64;
        self.column_sums(|_, value| value).into_iter().map(|sum| sum / n_rows).collect()
    }

    /// Sum of the squared differences from `mean [n_cols]` in every column; cost and order as [`MatrixView::column_means`].
    pub(crate) fn column_squares(&self, mean: &[f64]) -> Vec<f64> {
        self.column_sums(|column, value| (value - mean[column]) * (value - mean[column]))
    }

    fn column_sums(&self, term: impl Fn(usize, f64) -> f64 + Sync) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_cols];
        if self.values.is_empty() {
            return sums;
        }
        let sum_block = |block: &[f32]| {
            let mut sums = vec![0.0; self.n_cols];
            for row in block.chunks_exact(self.n_cols) {
                let columns = sums.iter_mut().zip(row).enumerate();
                columns.for_each(|(column, (sum, &value))| *sum += term(column, f64::from(value)));
            }
            sums
        };
        let partials: Vec<Vec<f64>> =
            self.values.par_chunks(ROWS_PER_TASK * self.n_cols).map(sum_block).collect();
        for partial in &partials {
            sums.iter_mut().zip(partial).for_each(|(sum, part)| *sum += part);
        }
        sums
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
        Matrix::from_vec(rows.len(), self.n_cols, values)
    }

    /// A copy that owns its rows.
    pub fn to_matrix(&self) -> Matrix {
        let mut matrix = Matrix::zeros(self.n_rows, self.n_cols);
        matrix.values_mut().copy_from_slice(self.values);
        matrix
    }
}

impl<'a> From<&'a Matrix> for MatrixView<'a> {
    fn from(matrix: &'a Matrix) -> Self {
        Self { n_rows: matrix.n_rows(), n_cols: matrix.n_cols(), values: matrix.values() }
    }
}
