//! Values of any width, order of bytes and order of axes, as rows of one Rust type.

use rayon::prelude::*;

use super::header::Header;

/// Rows that one task decodes. Small enough that a block of a file in Fortran order is written within the cache.
const ROWS_PER_TASK: usize = 64;

/// How the values of a two-dimensional array lie in a file.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    n_rows: usize,
    n_cols: usize,
    is_fortran: bool,
    is_big_endian: bool,
}

impl Layout {
    /// The layout of an array that is taken as `[n_rows, n_cols]`.
    pub(super) fn of(header: &Header, n_rows: usize, n_cols: usize) -> Self {
        Self { n_rows, n_cols, is_fortran: header.is_fortran, is_big_endian: header.dtype.is_big_endian }
    }

    /// Whether the values lie row after row. Those of one row or one column always do.
    pub(super) fn is_in_rows(self) -> bool {
        !self.is_fortran || self.n_rows == 1 || self.n_cols == 1
    }

    /// One value of 8 bytes.
    pub(super) fn f64_at(self, values: &[u8], row: usize, column: usize) -> f64 {
        let at = if self.is_fortran { column * self.n_rows + row } else { row * self.n_cols + column };
        let bytes = values.as_chunks::<8>().0[at];
        if self.is_big_endian { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) }
    }

    /// All values, row after row: `values` holds `n_rows * n_cols` of `N` bytes, and `value` makes a number of the
    /// little-endian bytes of one.
    pub(super) fn rows<const N: usize, T>(self, values: &[u8], value: impl Fn([u8; N]) -> T + Sync) -> Vec<T>
    where
        T: Copy + Default + Send,
    {
        let mut decoded = vec![T::default(); self.n_rows * self.n_cols];
        if decoded.is_empty() {
            return decoded;
        }
        let (values, _) = values.as_chunks::<N>();
        let read = |bytes: &[u8; N]| {
            let mut bytes = *bytes;
            if self.is_big_endian {
                bytes.reverse();
            }
            value(bytes)
        };
        let n_cols = self.n_cols;
        decoded.par_chunks_mut(ROWS_PER_TASK * n_cols).enumerate().for_each(|(task, rows)| {
            let first = task * ROWS_PER_TASK;
            if self.is_fortran {
                for column in 0..n_cols {
                    let down = &values[column * self.n_rows + first..];
                    let places = rows[column..].iter_mut().step_by(n_cols);
                    places.zip(down).for_each(|(place, bytes)| *place = read(bytes));
                }
            } else {
                let along = &values[first * n_cols..];
                rows.iter_mut().zip(along).for_each(|(place, bytes)| *place = read(bytes));
            }
        });
        decoded
    }
}
