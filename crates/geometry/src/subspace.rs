//! The directions of largest variance of many rows, without the whole covariance matrix.
//!
//! Subspace iteration (Halko, Martinsson and Tropp, *Finding structure with randomness*, SIAM Review 53 (2011), algorithm 4.4, on the
//! covariance), begun on a sample of the rows, which is read again and again at little cost; then a few passes over all rows,
//! and Rayleigh and Ritz's step. Rows are read block by block where they are; no centred copy of all is made.

use ndarray::ArrayView2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::eigen::{Eigen, symmetric_eigen};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::orthonormal::orthonormalise;
use crate::product::{multiply_block, view};
use crate::sample::sample_rows;
use crate::view::MatrixView;

/// Directions beside those asked for; more is more exact.
pub(crate) const OVERSAMPLING: usize = 8;

/// Rows of the sample, and passes over it.
const N_SAMPLED: usize = 8192;
const SAMPLE_PASSES: usize = 8;

/// Passes over all rows. The last one also gives the variances.
const PASSES: usize = 3;

/// Rows of one task. Its sums are `f32`, sums of tasks `f64`; changing it changes last digits.
const BLOCK_ROWS: usize = 1024;

/// Tasks whose sums are held at once, before they are added in order. Bounds memory, moves no digit.
const WAVE: usize = 32;

/// Decides the sample and where the iteration begins.
const SEED: u64 = 0;

/// Nearly the `n` leading eigenvectors of `Σ (x - mean)(x - mean)ᵀ` over `rows`, `[n, n_cols]` in `vectors`, and their values, falling.
///
/// 12·n_rows·n_cols·(n + 8) operations in three passes; memory O(n_cols·n). The same bytes from any number of threads.
pub(crate) fn leading_directions(rows: MatrixView<'_>, mean: &[f64], n: usize) -> Result<Eigen> {
    let (n_cols, n_directions) = (rows.n_cols(), n + OVERSAMPLING);
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut directions = Matrix::zeros(n_cols, n_directions);
    directions.values_mut().iter_mut().for_each(|value| *value = random.next_u32().cast_signed() as f32);

    let sampled = sample_rows(rows.n_rows(), N_SAMPLED, SEED);
    let values = sampled.iter().flat_map(|&row| rows.row(row)).copied().collect();
    let sample = Matrix::from_vec(sampled.len(), n_cols, values)?;
    for _ in 0..SAMPLE_PASSES {
        directions = pass((&sample).into(), mean, &orthonormalise(&directions)?.0);
    }
    for _ in 1..PASSES {
        directions = pass(rows, mean, &orthonormalise(&directions)?.0);
    }
    let basis = orthonormalise(&directions)?.0;
    ritz(&basis, &pass(rows, mean, &basis), n)
}

/// `Σ (x - mean)(x - mean)ᵀ · directions`, `[n_cols, n_directions]`.
fn pass(rows: MatrixView<'_>, mean: &[f64], directions: &Matrix) -> Matrix {
    let (n_cols, n_directions) = (directions.n_rows(), directions.n_cols());
    let right = view(directions.values(), n_cols, n_directions);
    let mut sum = vec![0.0f64; n_cols * n_directions];
    for wave in rows.values().chunks(WAVE * BLOCK_ROWS * n_cols) {
        let partials: Vec<Vec<f32>> =
            wave.par_chunks(BLOCK_ROWS * n_cols).map(|block| pass_over(block, mean, right)).collect();
        for partial in &partials {
            sum.iter_mut().zip(partial).for_each(|(sum, &part)| *sum += f64::from(part));
        }
    }
    let mut product = Matrix::zeros(n_cols, n_directions);
    product.values_mut().iter_mut().zip(&sum).for_each(|(value, &sum)| *value = sum as f32);
    product
}

fn pass_over(block: &[f32], mean: &[f64], right: ArrayView2<'_, f32>) -> Vec<f32> {
    let (n_cols, n_directions) = right.dim();
    let centre = |row: &[f32]| -> Vec<f32> {
        row.iter().zip(mean).map(|(&value, mean)| (f64::from(value) - mean) as f32).collect()
    };
    let centred: Vec<f32> = block.chunks_exact(n_cols).flat_map(centre).collect();
    let n_rows = block.len() / n_cols;
    let centred = view(&centred, n_rows, n_cols);
    let mut along = vec![0.0; n_rows * n_directions];
    multiply_block(centred, right, &mut along);
    let mut product = vec![0.0; n_cols * n_directions];
    multiply_block(centred.reversed_axes(), view(&along, n_rows, n_directions), &mut product);
    product
}

/// The best directions within the span of `basis`, of which `product` is the image.
fn ritz(basis: &Matrix, product: &Matrix, n: usize) -> Result<Eigen> {
    let n_directions = basis.n_cols();
    let mut inner = vec![0.0f64; n_directions * n_directions];
    for (left, right) in basis.rows().zip(product.rows()) {
        for (inner, &a) in inner.chunks_exact_mut(n_directions).zip(left) {
            inner.iter_mut().zip(right).for_each(|(sum, &b)| *sum += f64::from(a) * f64::from(b));
        }
    }
    for i in 0..n_directions {
        for j in 0..i {
            let mean = (inner[i * n_directions + j] + inner[j * n_directions + i]) / 2.0;
            (inner[i * n_directions + j], inner[j * n_directions + i]) = (mean, mean);
        }
    }
    let Eigen { values, vectors } = symmetric_eigen(inner, n_directions)?;
    let along = |turn: &[f64], row: &[f32]| turn.iter().zip(row).map(|(t, &b)| t * f64::from(b)).sum::<f64>();
    let turned = vectors.chunks_exact(n_directions).take(n);
    let vectors = turned.flat_map(|turn| basis.rows().map(move |row| along(turn, row))).collect();
    Ok(Eigen { values: values[..n].to_vec(), vectors })
}
