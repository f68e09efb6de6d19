//! Rows that somebody else owns: a matrix, or a mapped file.

use rayon::prelude::*;

use crate::error::{Error, Result, same_size};
use crate::matrix::{Matrix, ROWS_PER_TASK, first_not_finite};
use crate::real::Real;

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
    /// Mean of every column, `[n_cols] f64`; zeros where there is no row. One pass, parallel; sums of blocks are added in order.
    pub fn column_means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.n_cols];
        if self.values.is_empty() {
            return means;
        }
        let partials: Vec<Vec<f64>> =
            self.values.par_chunks(ROWS_PER_TASK * self.n_cols).map(|b| self.sum_rows(b)).collect();
        for partial in &partials {
            means.iter_mut().zip(partial).for_each(|(mean, part)| *mean += part);
        }
        means.iter_mut().for_each(|mean| *mean /= self.n_rows as f64);
        means
    }

    fn sum_rows(&self, block: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_cols];
        for row in block.chunks_exact(self.n_cols) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        sums
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
