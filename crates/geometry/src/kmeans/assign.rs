//! Which centre is nearest to each row: a matrix product and an argmax, block by block.

use rayon::prelude::*;

use super::squared_lengths;
use crate::error::{Result, require, same_size};
use crate::matrix::{Matrix, squared_length};
use crate::product::{BLOCK_ROWS, multiply_block, view};

/// The nearest centre of every row: `[n_rows]` indexes of rows of `centres [k, n_cols]`, of equals the first.
///
/// 2·n·k·d operations, parallel. This is how new rows join clusters that were found before.
///
/// # Errors
///
/// [`crate::Error::Shape`] where the columns differ, [`crate::Error::Param`] without centres or columns,
/// [`crate::Error::NotFinite`].
pub fn nearest_centres(points: &Matrix, centres: &Matrix) -> Result<Vec<u32>> {
    same_size("columns of the centres", points.n_cols(), centres.n_cols())?;
    require(centres.n_rows() > 0, "centres", centres.n_rows(), "at least 1")?;
    require(points.n_cols() > 0, "n_cols", points.n_cols(), "at least 1")?;
    points.check_finite()?;
    centres.check_finite()?;
    Ok(assign(points, centres))
}

/// Points and what does not change about them between iterations.
pub(super) struct Assigner<'a> {
    pub(super) points: &'a Matrix,
    /// Squared length of every row, `[n_rows]`.
    pub(super) squared_lengths: Vec<f32>,
}

impl<'a> Assigner<'a> {
    pub(super) fn new(points: &'a Matrix) -> Self {
        Self {
            points,
            squared_lengths: squared_lengths(points),
        }
    }
}

/// `argmin |x - c|²` is `argmax x·c - |c|²/2`: the rows' own lengths are not needed.
pub(super) fn assign(points: &Matrix, centres: &Matrix) -> Vec<u32> {
    let (k, n_cols) = (centres.n_rows(), centres.n_cols());
    let half_squares: Vec<f32> = centres
        .rows()
        .map(|centre| (0.5 * squared_length(centre)) as f32)
        .collect();
    let mut labels = vec![0u32; points.n_rows()];
    let blocks = labels
        .par_chunks_mut(BLOCK_ROWS)
        .zip(points.values().par_chunks(BLOCK_ROWS * n_cols));
    blocks.for_each_init(
        || vec![0.0f32; BLOCK_ROWS * k],
        |products, (labels, rows)| {
            let products = &mut products[..labels.len() * k];
            let turned = view(centres.values(), k, n_cols).reversed_axes();
            multiply_block(view(rows, labels.len(), n_cols), turned, products);
            for (label, products) in labels.iter_mut().zip(products.chunks_exact(k)) {
                *label = argmax_of_difference(products, &half_squares);
            }
        },
    );
    labels
}

/// The first index at which `a - b` is largest.
fn argmax_of_difference(a: &[f32], b: &[f32]) -> u32 {
    let (mut best, mut most) = (0, f32::NEG_INFINITY);
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        if a - b > most {
            (best, most) = (i, a - b);
        }
    }
    best as u32
}
