//! Matrix products: `matrixmultiply`'s kernel in blocks of a fixed size, so that bytes do not depend on threads.
//!
//! Rows are cut into blocks, one task each. The inner dimension is cut into chunks that are summed in order, because
//! a library may choose its own blocking by the size of the cache.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, LinalgScalar, Slice};
use rayon::prelude::*;

use crate::error::{Result, same_size};
use crate::matrix::Matrix;
use crate::view::MatrixView;

/// Rows of the left side that are one task: enough to pay for packing the right side once per task.
pub(crate) const BLOCK_ROWS: usize = 256;

/// Columns of the left side that are summed before the next ones are added. Changing it changes last digits.
const INNER_CHUNK: usize = 256;

/// Row blocks whose Gram matrices are held at once, before they are added in order. Bounds memory, moves no digit.
const GRAM_WAVE: usize = 32;

/// Rows of one task of [`gram`]: summed in `f32`, and the tasks' sums in `f64`. Changing it changes last digits.
const GRAM_ROWS: usize = 1024;

/// `a · b`, for `a [n, m]` and `b [m, p]`: `[n, p]`.
///
/// 2·n·m·p operations, parallel over blocks of 256 rows; same bytes from any number of threads.
///
/// # Errors
///
/// [`crate::Error::Shape`] where `a` has not as many columns as `b` has rows.
pub fn multiply(a: &Matrix, b: &Matrix) -> Result<Matrix> {
    same_size("rows of the right factor", a.n_cols(), b.n_rows())?;
    Ok(multiply_views(a.into(), view(b.values(), b.n_rows(), b.n_cols())))
}

/// `a · bᵀ`, for `a [n, m]` and `b [p, m]`: `[n, p]`. Cost and order as [`multiply`].
///
/// # Errors
///
/// [`crate::Error::Shape`] where the two have not the same number of columns.
pub fn multiply_transposed<'a>(a: impl Into<MatrixView<'a>>, b: &Matrix) -> Result<Matrix> {
    let a = a.into();
    same_size("columns of the right factor", a.n_cols(), b.n_cols())?;
    Ok(multiply_views(a, view(b.values(), b.n_rows(), b.n_cols()).reversed_axes()))
}

/// `values`, row after row, as the kernel wants them.
pub(crate) fn view<T>(values: &[T], n_rows: usize, n_cols: usize) -> ArrayView2<'_, T> {
    ArrayView2::from_shape((n_rows, n_cols), values).expect("a matrix holds n_rows * n_cols values")
}

/// `out = a · b` for one block; `out` is `[a.nrows(), b.ncols()]`, row after row.
pub(crate) fn multiply_block<T: LinalgScalar>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, out: &mut [T]) {
    let shape = (a.nrows(), b.ncols());
    let mut out = ArrayViewMut2::from_shape(shape, out).expect("a block holds its rows times its columns");
    if a.ncols() == 0 {
        out.fill(T::zero());
    }
    for start in (0..a.ncols()).step_by(INNER_CHUNK) {
        let inner = Slice::from(start..a.ncols().min(start + INNER_CHUNK));
        let keep = if start == 0 { T::zero() } else { T::one() };
        general_mat_mul(
            T::one(),
            &a.slice_axis(Axis(1), inner),
            &b.slice_axis(Axis(0), inner),
            keep,
            &mut out,
        );
    }
}

/// `(a - 1·meanᵀ)ᵀ (a - 1·meanᵀ)`, `[n_cols, n_cols] f64`, row after row: products in `f32` by blocks of rows,
/// their sum in `f64`. `mean` may be `None` for zero; else it has a number a column.
///
/// 2·n·d² operations in parallel; same bytes from any number of threads.
pub fn gram<'a>(a: impl Into<MatrixView<'a>>, mean: Option<&[f64]>) -> Vec<f64> {
    let a = a.into();
    let n = a.n_cols();
    let mut sum = vec![0.0f64; n * n];
    if a.values().is_empty() {
        return sum;
    }
    for wave in a.values().chunks(GRAM_WAVE * GRAM_ROWS * n) {
        let partials: Vec<Vec<f32>> =
            wave.par_chunks(GRAM_ROWS * n).map(|block| gram_block(block, n, mean)).collect();
        for partial in partials {
            sum.par_iter_mut()
                .with_min_len(1 << 14)
                .zip(&partial)
                .for_each(|(sum, &part)| *sum += f64::from(part));
        }
    }
    sum
}

fn gram_block(block: &[f32], n: usize, mean: Option<&[f64]>) -> Vec<f32> {
    let mut out = vec![0.0f32; n * n];
    let centred: Option<Vec<f32>> = mean.map(|mean| {
        let rows = block.chunks_exact(n);
        rows.flat_map(|row| row.iter().zip(mean).map(|(&v, &m)| (f64::from(v) - m) as f32)).collect()
    });
    let rows = view(centred.as_deref().unwrap_or(block), block.len() / n, n);
    multiply_block(rows.reversed_axes(), rows, &mut out);
    out
}

fn multiply_views(a: MatrixView<'_>, b: ArrayView2<'_, f32>) -> Matrix {
    let (n_inner, n_cols) = (a.n_cols(), b.ncols());
    let mut out = Matrix::zeros(a.n_rows(), n_cols);
    if n_inner > 0 && n_cols > 0 {
        let blocks = out.values_mut().par_chunks_mut(BLOCK_ROWS * n_cols);
        blocks.zip(a.values().par_chunks(BLOCK_ROWS * n_inner)).for_each(|(out, rows)| {
            multiply_block(view(rows, rows.len() / n_inner, n_inner), b, out);
        });
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn naive(a: &Matrix, b: &Matrix) -> Vec<f64> {
        let cell = |i: usize, j: usize| {
            (0..a.n_cols()).map(|m| f64::from(a.row(i)[m]) * f64::from(b.row(m)[j])).sum()
        };
        (0..a.n_rows()).flat_map(|i| (0..b.n_cols()).map(move |j| (i, j))).map(|(i, j)| cell(i, j)).collect()
    }

    fn transpose(a: &Matrix) -> Matrix {
        let values = (0..a.n_cols()).flat_map(|j| a.rows().map(move |row| row[j])).collect();
        Matrix::from_vec(a.n_cols(), a.n_rows(), values).unwrap()
    }

    fn assert_close(got: &[f32], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        for (g, e) in got.iter().zip(expected) {
            assert!((f64::from(*g) - e).abs() < 1e-3, "{g} is not {e}");
        }
    }

    fn filled(n_rows: usize, n_cols: usize, seed: u32) -> Matrix {
        let value = |i: usize| {
            ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 16) as f32 / 65_536.0 - 0.5
        };
        Matrix::from_vec(n_rows, n_cols, (0..n_rows * n_cols).map(value).collect()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn equals_the_naive_product(n in 0usize..20, m in 0usize..600, p in 0usize..20, seed: u32) {
            let (a, b) = (filled(n, m, seed), filled(m, p, !seed));
            assert_close(multiply(&a, &b).unwrap().values(), &naive(&a, &b));
            assert_close(multiply_transposed(&a, &transpose(&b)).unwrap().values(), &naive(&a, &b));
        }
    }

    #[test]
    fn gram_is_the_product_with_itself_after_centring() {
        let a = filled(2500, 7, 1);
        let means = a.column_means();
        let values =
            a.rows().flat_map(|r| r.iter().zip(&means).map(|(&v, &m)| (f64::from(v) - m) as f32)).collect();
        let centred = Matrix::from_vec(2500, 7, values).unwrap();
        let got: Vec<f32> = gram(&a, Some(&means)).iter().map(|&v| v as f32).collect();
        assert_close(&got, &naive(&transpose(&centred), &centred));
    }

    #[test]
    fn sizes_that_do_not_fit_are_an_error() {
        assert!(multiply(&Matrix::zeros(2, 3), &Matrix::zeros(2, 3)).is_err());
        assert!(multiply_transposed(&Matrix::zeros(2, 3), &Matrix::zeros(3, 2)).is_err());
    }
}
