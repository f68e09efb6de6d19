//! QR of a tall matrix by Cholesky, three times: as fast as the matrix product that it is made of.
//!
//! One pass takes the Gram matrix `G = YᵀY`, its Cholesky factor `RᵀR = G`, and `Q = Y R⁻¹`. Its error grows with the
//! square of the condition number of `Y`. So the first pass adds a small multiple of the diagonal to `G`, which
//! cannot fail and leaves a `Q` with the same span and a moderate condition number; two plain passes finish it:
//! "shifted CholeskyQR3", Fukaya, Kannan, Nakatsukasa, Yamamoto and Yanagisawa, SIAM J. Sci. Comput. 42 (2020).
//!
//! Departures: the shift is relative to each column; a column that depends on earlier ones becomes zero in the plain
//! passes, so that matrices without full rank (few rows, duplicates) work.

use crate::error::Result;
use crate::matrix::Matrix;
use crate::product::{gram, multiply};

/// Added to the diagonal in the first pass, as a share of it: above the rounding of `f32` products of some hundred
/// columns, so that the factor exists. More leaves more to the later passes.
const SHIFT: f64 = 1e-5;

/// The share of a column's squared length that must be new for the column to count in a plain pass. The products are
/// `f32`, so anything below about 1e-6 is rounding.
const MIN_NEW_SHARE: f64 = 1e-6;

/// `y = q · r`: `q [n, m]` with orthonormal (or zero) columns and `r [m, m] f64`, upper triangular, row after row.
///
/// Three Gram matrices and three products: 12·n·m² operations, parallel.
pub(crate) fn orthonormalise(y: &Matrix) -> Result<(Matrix, Vec<f64>)> {
    let n = y.n_cols();
    let (rough, first) = cholesky_pass(y, SHIFT)?;
    let (better, second) = cholesky_pass(&rough, 0.0)?;
    let (q, third) = cholesky_pass(&better, 0.0)?;
    Ok((q, multiply_upper(&third, &multiply_upper(&second, &first, n), n)))
}

/// A matrix with the span of `y` and a moderate condition number: what subspace iteration needs between two steps.
/// A third of the cost of [`orthonormalise`].
pub(crate) fn condition(y: &Matrix) -> Result<Matrix> {
    Ok(cholesky_pass(y, SHIFT)?.0)
}

fn cholesky_pass(y: &Matrix, shift: f64) -> Result<(Matrix, Vec<f64>)> {
    let n = y.n_cols();
    let mut products = gram(y, None);
    (0..n).for_each(|i| products[i * n + i] *= 1.0 + shift);
    let r = cholesky(&products, n);
    let inverse: Vec<f32> = invert_upper(&r, n).into_iter().map(|value| value as f32).collect();
    Ok((multiply(y, &Matrix::from_vec(n, n, inverse)?)?, r))
}

/// The product of two upper triangular matrices.
fn multiply_upper(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut product = vec![0.0; n * n];
    for i in 0..n {
        for k in i..n {
            let factor = a[i * n + k];
            let row = &mut product[i * n + k..(i + 1) * n];
            row.iter_mut().zip(&b[k * n + k..(k + 1) * n]).for_each(|(out, value)| *out += factor * value);
        }
    }
    product
}

/// Upper triangular `r` with `rᵀ r = g`. Where a column is not independent of those before it, its row stays zero.
fn cholesky(g: &[f64], n: usize) -> Vec<f64> {
    let mut r = vec![0.0; n * n];
    let mut rest = g.to_vec();
    for i in 0..n {
        let pivot = rest[i * n + i];
        if pivot <= MIN_NEW_SHARE * g[i * n + i] {
            continue;
        }
        let scale = pivot.sqrt();
        for j in i..n {
            r[i * n + j] = rest[i * n + j] / scale;
        }
        let (row, below) = (&r[i * n..(i + 1) * n], &mut rest[(i + 1) * n..]);
        for (k, rest_row) in below.chunks_exact_mut(n).enumerate() {
            let from = i + 1 + k;
            let factor = row[from];
            rest_row[from..].iter_mut().zip(&row[from..]).for_each(|(rest, r)| *rest -= factor * r);
        }
    }
    r
}

/// The inverse of upper triangular `r` on the columns that have a pivot; zero columns and rows elsewhere.
fn invert_upper(r: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for i in (0..n).rev() {
        let pivot = r[i * n + i];
        if pivot == 0.0 {
            continue;
        }
        let (head, below) = inverse.split_at_mut((i + 1) * n);
        let row = &mut head[i * n..];
        row[i] = 1.0;
        for k in i + 1..n {
            let factor = r[i * n + k];
            let known = &below[(k - i - 1) * n..(k - i) * n];
            row[k..].iter_mut().zip(&known[k..]).for_each(|(value, known)| *value -= factor * known);
        }
        row[i..].iter_mut().for_each(|value| *value /= pivot);
    }
    inverse
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    /// `q` has orthonormal or zero columns, and `q · r` is `y`.
    fn check(y: &Matrix) -> usize {
        let (q, r) = orthonormalise(y).unwrap();
        let n = y.n_cols();
        let products = gram(&q, None);
        let mut rank = 0;
        for i in 0..n {
            rank += usize::from(products[i * n + i] > 0.5);
            for j in 0..n {
                let expected = if i == j { products[i * n + i].round() } else { 0.0 };
                assert!((products[i * n + j] - expected).abs() < 1e-5, "orthonormal");
            }
        }
        let r = Matrix::from_vec(n, n, r.iter().map(|&v| v as f32).collect()).unwrap();
        let back = multiply(&q, &r).unwrap();
        let size = y.values().iter().fold(0.0f32, |most, v| most.max(v.abs()));
        for (got, expected) in back.values().iter().zip(y.values()) {
            assert!((got - expected).abs() <= 2e-3 * size, "{got} is not {expected}");
        }
        rank
    }

    #[test]
    fn repeated_and_empty_columns_become_zero() {
        let rows = [[1.0, 2.0, 0.0, 1.0], [1.0, 2.0, 0.0, -1.0], [1.0, 2.0, 0.0, 0.5]];
        assert_eq!(check(&Matrix::from_vec(3, 4, rows.concat()).unwrap()), 2);
        assert_eq!(check(&Matrix::zeros(3, 2)), 0);
    }

    #[test]
    fn far_apart_lengths_along_few_directions_are_told_apart() {
        // Columns u, u + v/1000, u + w/10000 for orthogonal u, v, w of the same length.
        let [u, v, w] = [[1.0f32, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
        let rows = (0..4).flat_map(|i| [u[i], u[i] + 1e-3 * v[i], u[i] + 1e-4 * w[i]]).collect();
        assert_eq!(check(&Matrix::from_vec(4, 3, rows).unwrap()), 3);
    }

    #[test]
    fn more_columns_than_rows_keeps_as_many_as_rows() {
        let y = Matrix::from_vec(2, 4, vec![1.0, 2.0, 3.0, 4.0, 5.0, -6.0, 7.0, -8.0]).unwrap();
        assert_eq!(check(&y), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn factors_multiply_back(n in 1usize..60, m in 1usize..8, values in prop::collection::vec(-5.0f32..5.0, 480)) {
            check(&Matrix::from_vec(n, m, values[..n * m].to_vec()).unwrap());
        }
    }
}
