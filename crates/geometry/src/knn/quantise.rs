//! Rows as small integers, whose products stand for those of the rows.

use populi_simd::int8::LIMIT;
use rayon::prelude::*;

use super::distance::Rows;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_TASK: usize = 1024;

/// Rows as small integers, all in the same unit, so that their products are in the order of the rows' products.
#[derive(Debug)]
pub(super) struct Quantised {
    n_cols: usize,
    values: Vec<i8>,
}

impl Quantised {
    /// The rows in units of the greatest value over [`LIMIT`]; for cosine their directions. O(n d).
    pub(super) fn new(rows: &Rows<'_>) -> Self {
        let n_cols = rows.points.n_cols();
        let blocks = || rows.points.values().par_chunks(ROWS_PER_TASK * n_cols).enumerate();
        let greatest = |(block, values): (usize, &[f32])| {
            let of_row = |(i, row): (usize, &[f32])| {
                let greatest = row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
                greatest * rows.scale(block * ROWS_PER_TASK + i)
            };
            values.chunks_exact(n_cols).enumerate().map(of_row).fold(0.0, f32::max)
        };
        let greatest = blocks().map(greatest).reduce(|| 0.0, f32::max);
        let unit = if greatest > 0.0 { f32::from(LIMIT) / greatest } else { 0.0 };
        let mut values = vec![0i8; rows.points.values().len()];
        values.par_chunks_mut(ROWS_PER_TASK * n_cols).zip(blocks()).for_each(|(to, (block, from))| {
            let pairs = to.chunks_exact_mut(n_cols).zip(from.chunks_exact(n_cols));
            for (i, (to, from)) in pairs.enumerate() {
                let by = rows.scale(block * ROWS_PER_TASK + i) * unit;
                to.iter_mut().zip(from).for_each(|(to, from)| *to = round(from * by));
            }
        });
        Self { n_cols, values }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.values.len() / self.n_cols
    }

    pub(super) fn row(&self, i: usize) -> &[i8] {
        &self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }
}

/// The nearest integer, halves to the even one, within the limit.
#[inline]
fn round(value: f32) -> i8 {
    /// Added and taken away, it leaves an integer, because floats of this size have no fractions.
    const INTEGERS: f32 = 12_582_912.0;
    let limit = f32::from(LIMIT);
    ((value.clamp(-limit, limit) + INTEGERS) - INTEGERS) as i8
}
