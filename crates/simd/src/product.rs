//! Products of matrices of floats, single-threaded: rows on the left, packed columns on the right.
//!
//! The right side is packed once, in groups of 16 columns, each group row after row; the left side is packed as it comes,
//! in blocks of as many rows as the registers take. One tile is a block of rows against a few groups over the whole
//! inner length: its sums stay in registers, and a [`Finish`] makes of each what is written.
//!
//! Every sum is one chain of fused products in the order of the inner dimension, and for rows that the last block lacks
//! another one goes the same way, unused. So a row of the product has the same bits at every level, whatever rows are beside
//! it and however many.
//!
//! Blocking as in Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), without the split of
//! the inner dimension: the inner lengths here are at most a few thousand, and a split gains nothing there.

use crate::kernel::{LANES, Simd};

/// Sixteen floats in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// The right side of products, `[n_inner, n_cols]`, packed.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    n_inner: usize,
    n_groups: usize,
    /// `[n_groups, n_inner]`; columns that the last group lacks are zeros. What is behind them is left over.
    lines: Vec<Line>,
}

impl Columns {
    /// Takes the rows of `rows` as columns, in place of what was here: `right = rowsᵀ`. Weights of a linear map are kept
    /// so, a row an output. O(n).
    #[inline(always)]
    pub fn fill_transposed(&mut self, rows: Rows<'_>) {
        self.resize(rows.n_cols, rows.n_rows);
        for (group, first) in (0..rows.n_rows).step_by(LANES).enumerate() {
            let lines = &mut self.lines[group * rows.n_cols..][..rows.n_cols];
            interleave(rows, first, lines.iter_mut().map(|line| &mut line.0));
            let n = rows.n_rows - first;
            if n < LANES {
                lines.iter_mut().for_each(|line| line.0[n..].fill(0.0));
            }
        }
    }

    /// Takes `rows` as they are, in place of what was here: `right = rows`. O(n).
    #[inline(always)]
    pub fn fill(&mut self, rows: Rows<'_>) {
        self.resize(rows.n_rows, rows.n_cols);
        for (at, row) in (0..rows.n_rows).map(|i| rows.row(i)).enumerate() {
            let (whole, rest) = row.as_chunks::<LANES>();
            for (group, values) in whole.iter().enumerate() {
                self.lines[group * rows.n_rows + at].0 = *values;
            }
            if !rest.is_empty() {
                let mut values = [0.0; LANES];
                values[..rest.len()].copy_from_slice(rest);
                self.lines[whole.len() * rows.n_rows + at].0 = values;
            }
        }
    }

    /// Room for columns, which holds anything.
    #[inline(always)]
    fn resize(&mut self, n_inner: usize, n_cols: usize) {
        (self.n_inner, self.n_groups) = (n_inner, n_cols.div_ceil(LANES));
        let n_lines = self.n_groups * n_inner;
        if self.lines.len() < n_lines {
            self.lines.resize(n_lines, Line([0.0; LANES]));
        }
    }

    /// Groups of 16 columns.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// Rows of the right side, which are columns of the left one.
    #[must_use]
    pub fn n_inner(&self) -> usize {
        self.n_inner
    }

    #[inline(always)]
    fn group(&self, group: usize) -> &[Line] {
        &self.lines[group * self.n_inner..][..self.n_inner]
    }
}

/// Rows of floats within a slice: row `i` begins at `i * stride`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
    n_rows: usize,
    n_cols: usize,
}

impl<'a> Rows<'a> {
    /// `n_rows` rows of `n_cols` values that begin `stride` apart, the first at the start of `values`.
    ///
    /// # Panics
    ///
    /// Where the last row ends beyond `values`.
    #[inline]
    #[must_use]
    pub fn new(values: &'a [f32], stride: usize, n_rows: usize, n_cols: usize) -> Self {
        let end = if n_rows == 0 { 0 } else { (n_rows - 1) * stride + n_cols };
        assert!(end <= values.len(), "rows that are there");
        Self { values, stride, n_rows, n_cols }
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &'a [f32] {
        &self.values[i * self.stride..][..self.n_cols]
    }
}

/// What becomes of a sum before it is written.
pub trait Finish: Copy {
    /// Takes the sums of row `row` and of the 16 columns from `16 * group`, and gives what is written there.
    fn finish<S: Simd>(self, simd: S, sums: S::F32, row: usize, group: usize) -> S::F32;
}

/// Writes the sums as they are.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Finish for Plain {
    #[inline(always)]
    fn finish<S: Simd>(self, _: S, sums: S::F32, _: usize, _: usize) -> S::F32 {
        sums
    }
}

/// `out = finish(left · right)`, `[left.n_rows, 16 * right.n_groups()]` in rows `stride` apart; `packed` is room to work in,
/// kept from call to call.
///
/// 2 n_rows n_inner n_cols operations; for use inside a [`Kernel`](crate::Kernel).
///
/// # Panics
///
/// Where the inner lengths differ, or `out` is too short.
#[inline(always)]
pub fn multiply<S: Simd, F: Finish>(
    simd: S,
    left: Rows<'_>,
    right: &Columns,
    finish: F,
    packed: &mut Vec<f32>,
    out: &mut [f32],
    stride: usize,
) {
    assert_eq!(left.n_cols, right.n_inner, "inner lengths that are the same");
    assert!(stride >= right.n_groups * LANES, "rows of the product that do not overlap");
    // The sums take 24 of 32 registers, or 6 of 8.
    if S::N_REGISTERS >= 32 {
        panels::<S, F, 8, 3>(simd, left, right, finish, packed, out, stride);
    } else {
        panels::<S, F, 6, 1>(simd, left, right, finish, packed, out, stride);
    }
}

/// All tiles of `R` rows and `G` groups: the groups of a panel stay in the cache while the rows go by.
#[inline(always)]
fn panels<S: Simd, F: Finish, const R: usize, const G: usize>(
    simd: S,
    left: Rows<'_>,
    right: &Columns,
    finish: F,
    packed: &mut Vec<f32>,
    out: &mut [f32],
    stride: usize,
) {
    pack::<R>(left, packed);
    let (blocks, _) = packed.as_chunks::<R>();
    let mut group = 0;
    while group < right.n_groups {
        let n_groups = if group + G <= right.n_groups { G } else { 1 };
        for (i, first) in (0..left.n_rows).step_by(R).enumerate() {
            let block = &blocks[i * left.n_cols..][..left.n_cols];
            let n_rows = (left.n_rows - first).min(R);
            let out = &mut out[first * stride..];
            let place = Place { first, n_rows, group, stride };
            if n_groups == G {
                tile::<S, F, R, G>(simd, block, right, finish, place, out);
            } else {
                tile::<S, F, R, 1>(simd, block, right, finish, place, out);
            }
        }
        group += n_groups;
    }
}

/// Rows in blocks of `R`, each column after column.
#[inline(always)]
fn pack<const R: usize>(left: Rows<'_>, packed: &mut Vec<f32>) {
    let n_values = left.n_rows.div_ceil(R) * R * left.n_cols;
    if packed.len() < n_values {
        packed.resize(n_values, 0.0);
    }
    let (blocks, _) = packed.as_chunks_mut::<R>();
    for (i, first) in (0..left.n_rows).step_by(R).enumerate() {
        interleave(left, first, blocks[i * left.n_cols..][..left.n_cols].iter_mut());
    }
}

/// Writes `R` rows from row `first` column after column. For rows that lack, the last one stands in.
#[inline(always)]
fn interleave<'a, const R: usize>(rows: Rows<'_>, first: usize, to: impl Iterator<Item = &'a mut [f32; R]>) {
    let from: [&[f32]; R] =
        std::array::from_fn(|r| &rows.row((first + r).min(rows.n_rows - 1))[..rows.n_cols]);
    for (i, to) in (0..rows.n_cols).zip(to) {
        *to = std::array::from_fn(|r| from[r][i]);
    }
}

/// Where a tile lies in the product.
#[derive(Clone, Copy)]
struct Place {
    /// Its first row.
    first: usize,
    /// Rows that are there.
    n_rows: usize,
    /// Its first group of columns.
    group: usize,
    /// From row to row.
    stride: usize,
}

/// One tile: `R` rows against `G` groups. `out` begins at its first row. Loops count, so that arrays become registers.
#[allow(clippy::needless_range_loop, reason = "several arrays are walked together")]
#[inline(always)]
fn tile<S: Simd, F: Finish, const R: usize, const G: usize>(
    simd: S,
    block: &[[f32; R]],
    right: &Columns,
    finish: F,
    place: Place,
    out: &mut [f32],
) {
    let mut lines: [&[Line]; G] = [&[]; G];
    for g in 0..G {
        lines[g] = &right.group(place.group + g)[..block.len()];
    }
    let mut sums = [[simd.splat(0.0); G]; R];
    for (i, values) in block.iter().enumerate() {
        let mut columns = [simd.splat(0.0); G];
        for g in 0..G {
            columns[g] = simd.load(&lines[g][i].0);
        }
        for r in 0..R {
            let value = simd.splat(values[r]);
            for g in 0..G {
                sums[r][g] = simd.mul_add(value, columns[g], sums[r][g]);
            }
        }
    }
    for r in 0..R {
        if r < place.n_rows {
            let row = &mut out[r * place.stride + place.group * LANES..][..G * LANES];
            let (to, _) = row.as_chunks_mut::<LANES>();
            for g in 0..G {
                let value = finish.finish(simd, sums[r][g], place.first + r, place.group + g);
                simd.store(value, &mut to[g]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Kernel, Level};

    struct Multiply<'a> {
        left: Rows<'a>,
        right: &'a Columns,
        out: &'a mut [f32],
        stride: usize,
    }

    impl Kernel for Multiply<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            multiply(simd, self.left, self.right, Plain, &mut Vec::new(), self.out, self.stride);
        }
    }

    /// The columns that are there, row after row.
    fn product(level: Level, left: Rows<'_>, right: &Columns, n_cols: usize) -> Vec<f32> {
        let stride = right.n_groups() * LANES + 3;
        let mut out = vec![0.0; left.n_rows * stride];
        level.run(Multiply { left, right, out: &mut out, stride });
        out.chunks(stride).flat_map(|row| &row[..n_cols]).copied().collect()
    }

    fn values(n: usize) -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(-10.0f32..10.0, n)
    }

    /// Sizes `(n_rows, n_inner, n_cols, gap)`, the two sides with rows that lie `gap` apart, and what is beyond the first row.
    #[allow(clippy::type_complexity, reason = "what a strategy gives")]
    fn sides() -> impl Strategy<Value = ((usize, usize, usize, usize), Vec<f32>, Vec<f32>)> {
        (1usize..30, 0usize..40, 1usize..120, 0usize..3).prop_flat_map(|(n, k, m, gap)| {
            (Just((n, k, m, gap)), values(n * (k + gap)), values(m * (k + gap).max(1)))
        })
    }

    proptest! {
        #[test]
        fn a_sum_is_one_chain_of_fused_products_at_every_level(((n, k, m, gap), left, right) in sides()) {
            let rows = Rows::new(&left, k + gap, n, k);
            let columns = Rows::new(&right, k + gap, m, k);
            let mut packed = Columns::default();
            packed.fill_transposed(columns);
            let dot = |i: usize, j: usize| {
                rows.row(i).iter().zip(columns.row(j)).fold(0.0f32, |sum, (a, b)| a.mul_add(*b, sum))
            };
            let expected: Vec<f32> = (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| dot(i, j)).collect();
            for level in Level::all() {
                prop_assert_eq!(&product(level, rows, &packed, m), &expected, "{:?}", level);
            }
            // A row alone has the bits that it has among others, and columns may come as rows of the right side.
            let alone = Rows::new(&left[(n - 1) * (k + gap)..], k + gap, 1, k);
            let transposed: Vec<f32> = (0..k).flat_map(|i| (0..m).map(move |j| columns.row(j)[i])).collect();
            let mut as_rows = Columns::default();
            as_rows.fill(Rows::new(&transposed, m, k, m));
            for level in Level::all() {
                prop_assert_eq!(&product(level, alone, &as_rows, m), &expected[(n - 1) * m..], "{:?}", level);
            }
        }
    }
}
