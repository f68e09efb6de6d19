//! The points in blocks of rows, each turned: the layout in which products with few centres are fast.
//!
//! A product of many rows with few centres spends its time on bringing the rows into the order that the kernel wants.
//! The rows are the same in every iteration, so they are turned once, at the price of a second copy.

use rayon::prelude::*;

use crate::matrix::{Matrix, add_weighted, squared_length};
use crate::product::{multiply_block, view};

/// Rows of a block, which is one task. The last block is filled up with zeros.
pub(super) const BLOCK_ROWS: usize = 256;

/// Targets up to which a plain loop is faster than the library's kernel, which first copies the rows. Measured by the
/// example `kmeans_speed`.
const FEW_TARGETS: usize = 10;

/// Rows that are turned at a time. 16 `f32` are one line of the cache.
const STRIP_ROWS: usize = 16;

/// Points, and what does not change about them between iterations.
pub(super) struct Blocks<'a> {
    /// `[n_rows, n_cols]`.
    pub(super) points: &'a Matrix,
    /// Squared length of every row, `[n_rows]`.
    pub(super) squared_lengths: Vec<f32>,
    /// Block after block, each `[n_cols, BLOCK_ROWS]`.
    turned: Vec<f32>,
}

impl<'a> Blocks<'a> {
    /// Turns `points`, which have at least one column.
    pub(super) fn new(points: &'a Matrix) -> Self {
        let block_values = BLOCK_ROWS * points.n_cols();
        let n_blocks = points.n_rows().div_ceil(BLOCK_ROWS);
        let mut turned = vec![0.0f32; n_blocks * block_values];
        let mut squared_lengths = vec![0.0f32; points.n_rows()];
        let blocks = turned.par_chunks_mut(block_values).zip(points.values().par_chunks(block_values));
        blocks.zip(squared_lengths.par_chunks_mut(BLOCK_ROWS)).for_each(|((turned, rows), lengths)| {
            turn(rows, points.n_cols(), turned);
            for (length, row) in lengths.iter_mut().zip(rows.chunks_exact(points.n_cols())) {
                *length = squared_length(row) as f32;
            }
        });
        Self { points, squared_lengths, turned }
    }

    /// `targets · rowsᵀ` for the rows of one block: `products` becomes `[targets.n_rows(), BLOCK_ROWS]`.
    pub(super) fn products(&self, block: usize, targets: &Matrix, products: &mut Vec<f32>) {
        let (n_targets, n_cols) = (targets.n_rows(), targets.n_cols());
        let rows = &self.turned[block * BLOCK_ROWS * n_cols..][..BLOCK_ROWS * n_cols];
        products.resize(n_targets * BLOCK_ROWS, 0.0);
        if n_targets <= FEW_TARGETS {
            multiply_few(rows, targets, products);
        } else {
            multiply_block(
                view(targets.values(), n_targets, n_cols),
                view(rows, n_cols, BLOCK_ROWS),
                products,
            );
        }
    }
}

/// As the library's product, for `turned [n_cols, BLOCK_ROWS]`: reads it once a target, from front to back.
fn multiply_few(turned: &[f32], targets: &Matrix, products: &mut [f32]) {
    products.fill(0.0);
    for (target, products) in targets.rows().zip(products.chunks_exact_mut(BLOCK_ROWS)) {
        let (fours, weight_fours) = (turned.chunks_exact(4 * BLOCK_ROWS), target.chunks_exact(4));
        let last = fours.remainder().chunks_exact(BLOCK_ROWS).zip(weight_fours.remainder());
        for (four, w) in fours.zip(weight_fours) {
            let row = |i: usize| &four[i * BLOCK_ROWS..][..BLOCK_ROWS];
            add_weighted(products, [row(0), row(1), row(2), row(3)], [w[0], w[1], w[2], w[3]]);
        }
        last.for_each(|(row, &weight)| add_weighted(products, [row], [weight]));
    }
}

/// Writes `rows [n_rows, n_cols]` as `turned [n_cols, BLOCK_ROWS]`.
fn turn(rows: &[f32], n_cols: usize, turned: &mut [f32]) {
    for (band, rows) in rows.chunks(STRIP_ROWS * n_cols).enumerate() {
        let start = band * STRIP_ROWS;
        for (column, turned) in turned.chunks_exact_mut(BLOCK_ROWS).enumerate() {
            let values = rows[column..].iter().step_by(n_cols);
            turned[start..].iter_mut().zip(values).for_each(|(turned, &value)| *turned = value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn products_are_those_of_the_rows() {
        let (n_rows, n_cols) = (BLOCK_ROWS + 19, 21);
        let values = (0..n_rows * n_cols).map(|i| (i % 7) as f32).collect();
        let points = Matrix::from_vec(n_rows, n_cols, values).unwrap();
        let blocks = Blocks::new(&points);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        let mut products = Vec::new();
        for n_targets in [1, 2, 5, FEW_TARGETS, FEW_TARGETS + 1] {
            let targets = points.gather(&(3..3 + n_targets).collect::<Vec<_>>()).unwrap();
            for row in 0..n_rows {
                blocks.products(row / BLOCK_ROWS, &targets, &mut products);
                for (target, products) in targets.rows().zip(products.chunks_exact(BLOCK_ROWS)) {
                    assert_eq!(products[row % BLOCK_ROWS], dot(target, points.row(row)));
                }
            }
        }
    }
}
