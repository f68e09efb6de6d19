//! Which centre is nearest to each row: a matrix product and an argmax, block by block.

use rayon::prelude::*;

use super::blocks::{BLOCK_ROWS, Blocks};
use crate::error::{Result, require, same_size};
use crate::matrix::{Matrix, squared_length};

/// The nearest centre of every row: `[n_rows]` indexes of rows of `centres [k, n_cols]`, of equals the first.
///
/// 2·n·k·d operations, parallel. This is how new rows join clusters that were found before. Memory: a second copy of the
/// points.
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
    Ok(assign(&Blocks::new(points), centres))
}

/// `argmin |x - c|²` is `argmax x·c - |c|²/2`: the rows' own lengths are not needed.
pub(super) fn assign(blocks: &Blocks<'_>, centres: &Matrix) -> Vec<u32> {
    let half_squares: Vec<f32> = centres.rows().map(|centre| (0.5 * squared_length(centre)) as f32).collect();
    let mut labels = vec![0u32; blocks.points.n_rows()];
    labels.par_chunks_mut(BLOCK_ROWS).enumerate().for_each_init(Vec::new, |products, (block, labels)| {
        blocks.products(block, centres, products);
        let mut most = [f32::NEG_INFINITY; BLOCK_ROWS];
        for (centre, (products, half_square)) in
            products.chunks_exact(BLOCK_ROWS).zip(&half_squares).enumerate()
        {
            // Along the rows, so that the comparison of one centre runs in vector registers.
            for ((label, most), product) in labels.iter_mut().zip(&mut most).zip(products) {
                let score = product - half_square;
                let is_nearer = score > *most;
                *label = if is_nearer { centre as u32 } else { *label };
                *most = if is_nearer { score } else { *most };
            }
        }
    });
    labels
}
