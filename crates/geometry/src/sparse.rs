//! The sparse matrix (CSR): per row, which columns are not zero and what they hold.

use rayon::prelude::*;

use crate::error::{Error, Result, same_size};
use crate::matrix::{Matrix, add_weighted, first_not_finite};

/// Rows of the result that are one task.
const BLOCK_ROWS: usize = 64;

/// A sparse matrix in compressed rows (CSR), `[n_rows, n_cols] f32`.
///
/// A column named twice in one row counts as the sum of both. Columns of a row need no order, but the order decides
/// in which order products are summed, so keep it fixed.
///
/// ```
/// use populi_geometry::{Matrix, SparseMatrix};
///
/// // [[0, 2], [0, 0]]
/// let sparse = SparseMatrix::new(2, 2, vec![0, 1, 1], vec![1], vec![2.0])?;
/// let dense = Matrix::from_vec(2, 1, vec![5.0, 7.0])?;
/// assert_eq!(sparse.multiply(&dense)?.values(), [14.0, 0.0]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparseMatrix {
    n_rows: usize,
    n_cols: usize,
    offsets: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// Takes the three arrays of CSR: row `i` is `offsets[i]..offsets[i + 1]` of `columns` and `values`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where lengths do not fit one another, [`Error::Param`] where offsets fall or a column is not
    /// below `n_cols`.
    pub fn new(
        n_rows: usize,
        n_cols: usize,
        offsets: Vec<usize>,
        columns: Vec<u32>,
        values: Vec<f32>,
    ) -> Result<Self> {
        same_size("offsets of a sparse matrix", n_rows.saturating_add(1), offsets.len())?;
        same_size("first offset", 0, offsets[0])?;
        same_size("last offset", columns.len(), offsets[n_rows])?;
        same_size("values of a sparse matrix", columns.len(), values.len())?;
        if let Some(fall) = offsets.windows(2).find(|pair| pair[0] > pair[1]) {
            let got = format!("{} after {}", fall[1], fall[0]);
            return Err(Error::Param { name: "offsets", got, must_be: "rising" });
        }
        if let Some(beyond) = columns.iter().find(|&&column| column as usize >= n_cols) {
            let must_be = "below the number of columns";
            return Err(Error::Param { name: "columns", got: beyond.to_string(), must_be });
        }
        Ok(Self { n_rows, n_cols, offsets, columns, values })
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// The columns of row `i` and what they hold.
    ///
    /// # Panics
    ///
    /// Where `i >= n_rows`, as indexing a slice does.
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.columns[range.clone()], &self.values[range])
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
                let row = self.offsets.partition_point(|&offset| offset <= at) - 1;
                Err(Error::NotFinite { row, column: self.columns[at] as usize, value: self.values[at] })
            }
        }
    }

    /// The same numbers with rows and columns exchanged. One counting sort: O(entries + n_cols).
    pub fn transposed(&self) -> SparseMatrix {
        let mut offsets = vec![0usize; self.n_cols + 1];
        self.columns.iter().for_each(|&column| offsets[column as usize + 1] += 1);
        for column in 0..self.n_cols {
            offsets[column + 1] += offsets[column];
        }
        let mut next = offsets.clone();
        let mut columns = vec![0u32; self.columns.len()];
        let mut values = vec![0f32; self.values.len()];
        for row in 0..self.n_rows {
            let (row_columns, row_values) = self.row(row);
            for (&column, &value) in row_columns.iter().zip(row_values) {
                let at = next[column as usize];
                next[column as usize] += 1;
                columns[at] = row as u32;
                values[at] = value;
            }
        }
        SparseMatrix { n_rows: self.n_cols, n_cols: self.n_rows, offsets, columns, values }
    }

    /// `self · dense`, for `dense [self.n_cols, p]`: `[self.n_rows, p]`.
    ///
    /// 2·entries·p operations, parallel over blocks of 64 rows; each row is summed in the order of its entries. Bound by
    /// fetching rows of `dense`, so it goes well where those that are wanted often stay in the cache.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where `dense` has not one row a column of `self`.
    pub fn multiply(&self, dense: &Matrix) -> Result<Matrix> {
        same_size("rows of the dense factor", self.n_cols, dense.n_rows())?;
        let n_out = dense.n_cols();
        let mut out = Matrix::zeros(self.n_rows, n_out);
        if n_out > 0 {
            out.values_mut().par_chunks_mut(BLOCK_ROWS * n_out).enumerate().for_each(|(block, rows)| {
                for (i, out) in rows.chunks_exact_mut(n_out).enumerate() {
                    let (columns, values) = self.row(block * BLOCK_ROWS + i);
                    add_weighted_rows(dense, columns, values, out);
                }
            });
        }
        Ok(out)
    }
}

/// `out += Σ weights[i] · dense.row(rows[i])`, in the order given; by fours, so that fetches overlap.
fn add_weighted_rows(dense: &Matrix, rows: &[u32], weights: &[f32], out: &mut [f32]) {
    let row = |row: u32| dense.row(row as usize);
    let (fours, weight_fours) = (rows.chunks_exact(4), weights.chunks_exact(4));
    let last = fours.remainder().iter().zip(weight_fours.remainder());
    for (four, w) in fours.zip(weight_fours) {
        add_weighted(out, [row(four[0]), row(four[1]), row(four[2]), row(four[3])], [w[0], w[1], w[2], w[3]]);
    }
    last.for_each(|(&at, &weight)| add_weighted(out, [row(at)], [weight]));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// `[[1, 0, 2], [0, 0, 0], [0, 3, 0]]`.
    fn small() -> SparseMatrix {
        SparseMatrix::new(3, 3, vec![0, 2, 2, 3], vec![0, 2, 1], vec![1.0, 2.0, 3.0]).unwrap()
    }

    #[test]
    fn products_by_hand() {
        let dense = Matrix::from_vec(3, 2, vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]).unwrap();
        assert_eq!(small().multiply(&dense).unwrap().values(), [7.0, 70.0, 0.0, 0.0, 6.0, 60.0]);
        let turned = small().transposed();
        assert_eq!(turned.multiply(&dense).unwrap().values(), [1.0, 10.0, 9.0, 90.0, 2.0, 20.0]);
    }

    #[test]
    fn turning_twice_changes_nothing() {
        assert_eq!(small().transposed().transposed(), small());
    }

    #[test]
    fn a_column_named_twice_is_summed() {
        let twice = SparseMatrix::new(1, 1, vec![0, 2], vec![0, 0], vec![1.0, 2.0]).unwrap();
        assert_eq!(twice.multiply(&Matrix::from_vec(1, 1, vec![1.0]).unwrap()).unwrap().values(), [3.0]);
    }

    #[test]
    fn broken_arrays_are_errors() {
        let new = SparseMatrix::new;
        assert!(new(1, 1, vec![0], vec![], vec![]).is_err(), "an offset is missing");
        assert!(new(1, 1, vec![1, 0], vec![], vec![]).is_err(), "does not start at 0");
        assert!(new(2, 1, vec![0, 1, 0], vec![], vec![]).is_err(), "falls");
        assert!(new(1, 1, vec![0, 1], vec![1], vec![1.0]).is_err(), "column beyond");
        assert!(new(1, 1, vec![0, 1], vec![0], vec![]).is_err(), "value missing");
        assert!(small().multiply(&Matrix::zeros(2, 1)).is_err(), "dense factor too short");
    }
}
