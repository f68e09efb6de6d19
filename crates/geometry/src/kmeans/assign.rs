//! The nearest of given centres.

use rayon::prelude::*;

use super::panels::{BLOCK_ROWS, Panels};
use crate::error::{Result, require, same_size};
use crate::matrix::Matrix;
use crate::view::MatrixView;

/// The nearest centre of every row: `[n_rows]` indexes of rows of `centres [k, n_cols]`, of equals the first.
///
/// 2·n·k·d operations, parallel. This is how new rows join clusters that were found before.
///
/// # Errors
///
/// [`crate::Error::Shape`] where the columns differ, [`crate::Error::Param`] without centres or columns,
/// [`crate::Error::NotFinite`], [`crate::Error::TooLarge`].
pub fn nearest_centres<'a>(points: impl Into<MatrixView<'a>>, centres: &Matrix) -> Result<Vec<u32>> {
    let points = points.into();
    same_size("columns of the centres", points.n_cols(), centres.n_cols())?;
    require(centres.n_rows() > 0, "centres", centres.n_rows(), "at least 1")?;
    require(points.n_cols() > 0, "n_cols", points.n_cols(), "at least 1")?;
    MatrixView::from(centres).check_squares()?;
    if points.n_rows() == 0 {
        return Ok(vec![]);
    }
    points.check_squares()?;
    let panels = Panels::new(centres);
    let mut labels = vec![0u32; points.n_rows()];
    labels.par_chunks_mut(BLOCK_ROWS).enumerate().for_each(|(block, labels)| {
        let first = (block * BLOCK_ROWS) as u32;
        let rows: Vec<u32> = (first..first + labels.len() as u32).collect();
        let (mut nearest, mut scores) = (Vec::new(), vec![f32::NEG_INFINITY; labels.len()]);
        for panel in 0..panels.n_panels() {
            panels.nearest(panel, points, &rows, &mut nearest);
            for ((label, score), nearest) in labels.iter_mut().zip(&mut scores).zip(&nearest) {
                if nearest.score > *score {
                    (*label, *score) = ((panel * populi_simd::LANES) as u32 + nearest.lane, nearest.score);
                }
            }
        }
    });
    Ok(labels)
}
