//! Randomised singular value decomposition of a sparse matrix: its right factors, so that any row can be projected.
//!
//! Halko, Martinsson and Tropp, *Finding structure with randomness*, SIAM Review 53 (2011): algorithm 4.4 (subspace
//! iteration) for the range, then section 5.1 with the roles of rows and columns exchanged.
//!
//! | symbol | here |
//! |---|---|
//! | A `[m, n]` | `sparse` |
//! | k | `params.rank` |
//! | p | `params.oversampling` |
//! | q | `params.power_iterations` |
//! | Ω `[n, k + p]` | `random_matrix` |
//! | Q `[m, k + p]` | `range` |
//! | Bᵀ = AᵀQ `[n, k + p]` | `turned · range` |
//!
//! Departures: Ω is uniform, not Gaussian (as good in practice, and much faster to draw); where k + p reaches m or n,
//! the range is all there is and nothing is random; the tall factors are orthonormalised by Cholesky QR, between
//! iterations on the side of the rows only; the small problem is solved from the QR of Bᵀ, so only a
//! `[k + p, k + p]` matrix is decomposed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::eigen::symmetric_eigen;
use crate::error::{Result, require};
use crate::matrix::Matrix;
use crate::orthonormal::{condition, orthonormalise};
use crate::pca::sign_of_largest;
use crate::product::multiply;
use crate::sparse::SparseMatrix;

/// Rows of Ω that share one stream of random numbers. Changing it changes Ω.
const ROWS_PER_STREAM: usize = 256;

/// Singular values below this share of the largest are rounding of `f32` products: their directions are dropped.
const MIN_SINGULAR_SHARE: f64 = 1e-5;

/// What [`randomised_svd`] computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SvdParams {
    /// Directions to keep, at most. Default 100.
    pub rank: usize,
    /// Directions computed beside those kept; more is more exact. Default 20 (Halko et al. advise 5 to 10 and more
    /// where singular values fall slowly, as those of texts do).
    pub oversampling: usize,
    /// Passes forth and back that sharpen the range. Default 2.
    pub power_iterations: usize,
    /// Decides Ω. Default 0.
    pub seed: u64,
}

impl Default for SvdParams {
    fn default() -> Self {
        Self { rank: 100, oversampling: 20, power_iterations: 2, seed: 0 }
    }
}

/// Singular values and right singular vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Svd {
    /// `[rank]`, falling, all positive.
    pub singular_values: Vec<f64>,
    /// `[n_cols, rank]`, orthonormal columns. A row `x` has the coordinates `x · right`.
    pub right: Matrix,
}

impl Svd {
    /// Coordinates of `rows [n, n_cols]`: `[n, rank]`. For the rows that were fitted this is `U·Σ`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where `rows` has other columns than the rows that were fitted.
    pub fn project(&self, rows: &SparseMatrix) -> Result<Matrix> {
        rows.multiply(&self.right)
    }
}

/// The `rank` directions that hold the most of `sparse [m, n]`, nearly: the error beyond the best possible shrinks
/// with oversampling and power iterations.
///
/// The rank is smaller where the matrix has fewer independent rows. Each direction points so that its largest entry
/// by size (of equals the first) is positive. Rows are not centred.
///
/// Cost: `2·q + 2` sparse products of 2·entries·(k + p) operations and (4·m·(q + 3) + 14·n)·(k + p)² in dense ones.
/// Memory: about 8·(m + n)·(k + p) bytes and a second copy of `sparse`.
///
/// ```
/// use populi_geometry::{SparseMatrix, SvdParams, randomised_svd};
///
/// // [[3, 0], [0, 2]]
/// let diagonal = SparseMatrix::new(2, 2, vec![0, 1, 2], vec![0, 1], vec![3.0, 2.0])?;
/// let svd = randomised_svd(&diagonal, &SvdParams { rank: 1, ..SvdParams::default() })?;
/// assert!((svd.singular_values[0] - 3.0).abs() < 1e-5);
/// assert!((svd.project(&diagonal)?.row(0)[0] - 3.0).abs() < 1e-5);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Param`] where `rank` is 0, [`crate::Error::NotFinite`].
pub fn randomised_svd(sparse: &SparseMatrix, params: &SvdParams) -> Result<Svd> {
    require(params.rank > 0, "rank", params.rank, "at least 1")?;
    sparse.check_finite()?;
    let largest_rank = sparse.n_rows().min(sparse.n_cols());
    let n_directions = params.rank.saturating_add(params.oversampling).min(largest_rank);

    let turned = sparse.transposed();
    let range = if n_directions == sparse.n_rows() {
        identity(n_directions)
    } else if n_directions == sparse.n_cols() {
        orthonormalise(&sparse.multiply(&identity(n_directions))?)?.0
    } else {
        find_range(sparse, &turned, n_directions, params)?
    };
    let (basis, r) = orthonormalise(&turned.multiply(&range)?)?;
    right_factors(&basis, &r, params.rank)
}

/// Algorithm 4.4: an orthonormal basis `[m, n_directions]` of nearly what `sparse` can reach with most strength.
fn find_range(
    sparse: &SparseMatrix,
    turned: &SparseMatrix,
    n_directions: usize,
    params: &SvdParams,
) -> Result<Matrix> {
    let mut range = sparse.multiply(&random_matrix(sparse.n_cols(), n_directions, params.seed))?;
    for _ in 0..params.power_iterations {
        range = sparse.multiply(&turned.multiply(&condition(&range)?)?)?;
    }
    Ok(orthonormalise(&range)?.0)
}

/// From `Bᵀ = basis · r`: the eigenvectors of `r rᵀ` turn the basis into right singular vectors.
fn right_factors(basis: &Matrix, r: &[f64], rank: usize) -> Result<Svd> {
    let n = basis.n_cols();
    let product = |i: usize, j: usize| {
        r[i * n..(i + 1) * n].iter().zip(&r[j * n..(j + 1) * n]).map(|(a, b)| a * b).sum()
    };
    let squares = (0..n * n).into_par_iter().map(|at| product(at / n, at % n)).collect();
    let eigen = symmetric_eigen(squares, n)?;

    let largest = eigen.values.first().map_or(0.0, |value| value.max(0.0).sqrt());
    let singular_values: Vec<f64> = eigen.values.iter().map(|value| value.max(0.0).sqrt()).collect();
    let n_kept = singular_values.iter().take(rank).take_while(|&&s| s > MIN_SINGULAR_SHARE * largest).count();
    let turn =
        (0..n).flat_map(|i| (0..n_kept).map(move |j| (i, j))).map(|(i, j)| eigen.vectors[j * n + i] as f32);
    let mut right = multiply(basis, &Matrix::from_vec(n, n_kept, turn.collect())?)?;
    fix_signs(&mut right);
    Ok(Svd { singular_values: singular_values[..n_kept].to_vec(), right })
}

/// Turns every column so that its largest entry by size is positive.
fn fix_signs(right: &mut Matrix) {
    let n_cols = right.n_cols();
    if n_cols == 0 {
        return;
    }
    let column = |j: usize| sign_of_largest(right.rows().map(move |row| f64::from(row[j]))) as f32;
    let signs: Vec<f32> = (0..n_cols).into_par_iter().map(column).collect();
    for row in right.values_mut().chunks_exact_mut(n_cols) {
        row.iter_mut().zip(&signs).for_each(|(value, sign)| *value *= sign);
    }
}

fn identity(n: usize) -> Matrix {
    let mut identity = Matrix::zeros(n, n);
    (0..n).for_each(|i| identity.row_mut(i)[i] = 1.0);
    identity
}

/// `[n_rows, n_cols]`, uniform between -1 and 1, one counted stream a block of rows.
fn random_matrix(n_rows: usize, n_cols: usize, seed: u64) -> Matrix {
    let mut matrix = Matrix::zeros(n_rows, n_cols);
    matrix.values_mut().par_chunks_mut(ROWS_PER_STREAM * n_cols).enumerate().for_each(|(block, values)| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(block as u64);
        values.iter_mut().for_each(|value| *value = random.next_u32() as i32 as f32 / 2_147_483_648.0);
    });
    matrix
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn sparse(n_rows: usize, n_cols: usize, dense: &[f32]) -> SparseMatrix {
        let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
        for row in dense.chunks_exact(n_cols) {
            for (j, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                columns.push(j as u32);
                values.push(value);
            }
            offsets.push(columns.len());
        }
        SparseMatrix::new(n_rows, n_cols, offsets, columns, values).unwrap()
    }

    /// Oracle: singular values by one-sided Jacobi in `f64`, rotating pairs of columns until all are orthogonal.
    fn jacobi_singular_values(n_rows: usize, n_cols: usize, dense: &[f32]) -> Vec<f64> {
        let mut columns: Vec<Vec<f64>> =
            (0..n_cols).map(|j| (0..n_rows).map(|i| f64::from(dense[i * n_cols + j])).collect()).collect();
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
        for _ in 0..60 {
            for p in 0..n_cols {
                for q in p + 1..n_cols {
                    let (a, b) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                    let c = dot(&columns[p], &columns[q]);
                    if c.abs() <= 1e-15 * (a * b).sqrt() {
                        continue;
                    }
                    let zeta = (b - a) / (2.0 * c);
                    let t = 1.0f64.copysign(zeta) / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                    let cosine = 1.0 / (1.0 + t * t).sqrt();
                    let (before_q, from_q) = columns.split_at_mut(q);
                    for (x, y) in before_q[p].iter_mut().zip(&mut from_q[0]) {
                        (*x, *y) = (cosine * (*x - t * *y), cosine * (t * *x + *y));
                    }
                }
            }
        }
        let mut values: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn equals_jacobi_where_the_rank_covers_the_matrix(
            n in 1usize..14, m in 1usize..14, values in prop::collection::vec(-4i8..5, 196), seed: u64,
        ) {
            let dense: Vec<f32> = values[..n * m].iter().map(|&v| f32::from(v.max(0))).collect();
            let a = sparse(n, m, &dense);
            let svd = randomised_svd(&a, &SvdParams { rank: 14, seed, ..SvdParams::default() }).unwrap();
            let expected = jacobi_singular_values(n, m, &dense);
            let largest = expected[0].max(1.0);
            for (i, expected) in expected.iter().enumerate() {
                let got = svd.singular_values.get(i).copied().unwrap_or(0.0);
                prop_assert!((got - expected).abs() < 2e-4 * largest, "{got} is not {expected}");
            }
            // Full rank: projecting loses no length.
            let projected = svd.project(&a).unwrap();
            for (i, row) in dense.chunks_exact(m).enumerate() {
                let (before, after) = (crate::matrix::squared_length(row), crate::matrix::squared_length(projected.row(i)));
                prop_assert!((before - after).abs() < 1e-3 * (1.0 + before), "{before} became {after}");
            }
        }
    }

    #[test]
    fn finds_few_strong_directions_among_many_weak_ones() {
        // Columns 0..4 are strong (20, 19, 18, 17), the other 300 are 1: the best four directions are the first four.
        let n = 304;
        let dense: Vec<f32> = (0..n * n)
            .map(|at| {
                if at / n != at % n {
                    0.0
                } else if at / n < 4 {
                    20.0 - (at / n) as f32
                } else {
                    1.0
                }
            })
            .collect();
        let svd =
            randomised_svd(&sparse(n, n, &dense), &SvdParams { rank: 4, ..SvdParams::default() }).unwrap();
        for (i, singular_value) in svd.singular_values.iter().enumerate() {
            assert!((singular_value - (20.0 - i as f64)).abs() < 1e-3, "{singular_value}");
            assert!(svd.right.row(i)[i] > 0.999);
        }
    }

    #[test]
    fn empty_matrices_have_no_directions() {
        for (n, m) in [(0, 5), (5, 0), (3, 3)] {
            let empty = SparseMatrix::new(n, m, vec![0; n + 1], vec![], vec![]).unwrap();
            let svd = randomised_svd(&empty, &SvdParams::default()).unwrap();
            assert_eq!((svd.right.n_rows(), svd.right.n_cols()), (m, 0));
        }
    }

    #[test]
    fn wrong_input_is_an_error() {
        let nan = SparseMatrix::new(1, 1, vec![0, 1], vec![0], vec![f32::NAN]).unwrap();
        assert!(randomised_svd(&nan, &SvdParams::default()).is_err());
        let fine = SparseMatrix::new(1, 1, vec![0, 1], vec![0], vec![1.0]).unwrap();
        assert!(randomised_svd(&fine, &SvdParams { rank: 0, ..SvdParams::default() }).is_err());
    }
}
