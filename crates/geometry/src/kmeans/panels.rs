//! Centres in panels of 16, and products of rows with them: the arithmetic that k-means is made of.
//!
//! A panel holds one column of 16 centres after the other, so a row's products with them grow in one vector register. Rows are read
//! where they are, a few at a time; nothing is copied but the centres. A product is a sum in the order of the columns, whichever
//! rows are computed with it: its bits depend on the row and the centre alone.

use populi_simd::{Kernel, LANES, Level, Simd};

use crate::matrix::{Matrix, squared_length};
use crate::view::MatrixView;

/// Rows of a block, which is one task. A block and a panel fit a core's own cache up to about 500 columns.
pub(super) const BLOCK_ROWS: usize = 256;

/// Centres, 16 a panel; the last panel is filled up with some that are nearest to nothing.
pub(crate) struct Panels {
    k: usize,
    n_cols: usize,
    /// `[n_panels, n_cols]`.
    columns: Vec<[f32; LANES]>,
    /// Half the squared length of each centre, `[n_panels]`; infinite for what is filled up.
    half_squares: Vec<[f32; LANES]>,
}

/// Of the centres of a panel, the one that is nearest to a row.
#[derive(Clone, Copy, Default)]
pub(super) struct Nearest {
    /// Which of the panel; of equals the first.
    pub(super) lane: u32,
    /// Its score `x·c - |c|²/2`: the greater, the nearer.
    pub(super) score: f32,
    /// The best score of the others.
    pub(super) next: f32,
}

impl Panels {
    /// As [`BLOCK_ROWS`].
    pub(crate) const BLOCK_ROWS: usize = BLOCK_ROWS;

    /// Turns `centres [k, n_cols]`.
    pub(crate) fn new(centres: &Matrix) -> Self {
        let (k, n_cols) = (centres.n_rows(), centres.n_cols());
        let n_panels = k.div_ceil(LANES);
        let mut columns = vec![[0.0; LANES]; n_panels * n_cols];
        let mut half_squares = vec![[f32::INFINITY; LANES]; n_panels];
        for (at, centre) in centres.rows().enumerate() {
            let (panel, lane) = (at / LANES, at % LANES);
            half_squares[panel][lane] = (0.5 * squared_length(centre)) as f32;
            let columns = &mut columns[panel * n_cols..(panel + 1) * n_cols];
            columns.iter_mut().zip(centre).for_each(|(column, &value)| column[lane] = value);
        }
        Self { k, n_cols, columns, half_squares }
    }

    pub(super) fn n_panels(&self) -> usize {
        self.half_squares.len()
    }

    /// The nearest centre of a panel for each of `rows`, which `nearest` becomes.
    pub(super) fn nearest(
        &self,
        panel: usize,
        points: MatrixView<'_>,
        rows: &[u32],
        nearest: &mut Vec<Nearest>,
    ) {
        nearest.clear();
        nearest.resize(rows.len(), Nearest::default());
        let half_squares = &self.half_squares[panel];
        Level::best().run(NearestOfPanel { panel: self.panel(panel), half_squares, points, rows, nearest });
    }

    /// The products of consecutive rows from `first` on with a panel, `[products.len(), 16]`.
    pub(super) fn products(
        &self,
        panel: usize,
        points: MatrixView<'_>,
        first: usize,
        products: &mut [[f32; LANES]],
    ) {
        Level::best().run(Products { panel: self.panel(panel), points, first, products });
    }

    /// What `of` makes of the scores `x·c - |c|²/2` of consecutive rows from `first` on with all k centres: `[rows, k]`.
    pub(crate) fn scores(
        &self,
        points: MatrixView<'_>,
        first: usize,
        scores: &mut [f32],
        of: impl Fn(f32) -> f32,
    ) {
        let mut products = vec![[0.0; LANES]; scores.len() / self.k];
        for (panel, half_squares) in self.half_squares.iter().enumerate() {
            self.products(panel, points, first, &mut products);
            for (scores, products) in scores.chunks_exact_mut(self.k).zip(&products) {
                let products = products.iter().zip(half_squares);
                let scores = scores[panel * LANES..].iter_mut().zip(products);
                scores.for_each(|(score, (product, half_square))| *score = of(product - half_square));
            }
        }
    }

    fn panel(&self, panel: usize) -> &[[f32; LANES]] {
        &self.columns[panel * self.n_cols..(panel + 1) * self.n_cols]
    }
}

struct NearestOfPanel<'a> {
    panel: &'a [[f32; LANES]],
    half_squares: &'a [f32; LANES],
    points: MatrixView<'a>,
    rows: &'a [u32],
    nearest: &'a mut [Nearest],
}

impl Kernel for NearestOfPanel<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let half_squares = simd.load(self.half_squares);
        let row = |at: usize| self.points.row(self.rows[at] as usize);
        for_each_product(simd, self.panel, self.rows.len(), row, |at, products| {
            let scores = simd.sub(products, half_squares);
            let score = greatest(simd, scores);
            let lane = simd.bits_of_mask(simd.less(scores, simd.splat(score))).trailing_ones();
            let first = simd.mask_of_bits(1u16.wrapping_shl(lane));
            let next = greatest(simd, simd.select(first, simd.splat(f32::NEG_INFINITY), scores));
            self.nearest[at] = Nearest { lane, score, next };
        });
    }
}

struct Products<'a> {
    panel: &'a [[f32; LANES]],
    points: MatrixView<'a>,
    first: usize,
    products: &'a mut [[f32; LANES]],
}

impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_rows = self.products.len();
        let row = |at: usize| self.points.row(self.first + at);
        for_each_product(simd, self.panel, n_rows, row, |at, products| {
            simd.store(products, &mut self.products[at]);
        });
    }
}

/// Tells `take` the products of each row with the panel. Sums stay in registers: 12 of 32 and then 4, or 4 of 8; fewer would wait
/// for themselves.
#[inline(always)]
fn for_each_product<'a, S: Simd>(
    simd: S,
    panel: &[[f32; LANES]],
    n_rows: usize,
    row: impl Fn(usize) -> &'a [f32],
    mut take: impl FnMut(usize, S::F32),
) {
    let mut at = 0;
    if S::N_REGISTERS >= 32 {
        while n_rows - at >= 12 {
            let products = products::<S, 12>(simd, panel, std::array::from_fn(|i| row(at + i)));
            products.into_iter().enumerate().for_each(|(i, products)| take(at + i, products));
            at += 12;
        }
    }
    while at < n_rows {
        // The last row once more where fewer than four are left.
        let rows = std::array::from_fn(|i| row((at + i).min(n_rows - 1)));
        let products = products::<S, 4>(simd, panel, rows);
        products.into_iter().take(n_rows - at).enumerate().for_each(|(i, products)| take(at + i, products));
        at += 4;
    }
}

#[inline(always)]
fn products<S: Simd, const N: usize>(simd: S, panel: &[[f32; LANES]], rows: [&[f32]; N]) -> [S::F32; N] {
    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [simd.splat(0.0); N];
    for (column, centres) in panel.iter().enumerate() {
        let centres = simd.load(centres);
        for i in 0..N {
            sums[i] = simd.mul_add(simd.splat(rows[i][column]), centres, sums[i]);
        }
    }
    sums
}

/// The greatest lane.
#[inline(always)]
fn greatest<S: Simd>(simd: S, lanes: S::F32) -> f32 {
    let a = simd.to_array(lanes);
    let greater = |a: f32, b: f32| if a > b { a } else { b };
    let eight: [f32; 8] = std::array::from_fn(|i| greater(a[i], a[i + 8]));
    let four: [f32; 4] = std::array::from_fn(|i| greater(eight[i], eight[i + 4]));
    greater(greater(four[0], four[2]), greater(four[1], four[3]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn whole(n_rows: usize, n_cols: usize) -> Matrix {
        Matrix::from_vec(n_rows, n_cols, (0..n_rows * n_cols).map(|i| (i * i % 7) as f32).collect()).unwrap()
    }

    #[test]
    fn products_and_the_nearest_are_those_of_the_rows() {
        let points = whole(57, 21);
        let view = MatrixView::from(&points);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        for k in [1, 2, 15, 16, 17, 40] {
            let centres = points.gather(&(5..5 + k).collect::<Vec<_>>()).unwrap();
            let panels = Panels::new(&centres);
            let mut products = vec![[0.0; LANES]; 31];
            panels.products(0, view, 26, &mut products);
            for (row, products) in (26..).zip(&products) {
                for (centre, &product) in centres.rows().zip(products) {
                    assert_eq!(product, dot(points.row(row), centre));
                }
            }
            let rows: Vec<u32> = (0..57).rev().step_by(2).collect();
            let mut nearest = Vec::new();
            for panel in 0..panels.n_panels() {
                panels.nearest(panel, view, &rows, &mut nearest);
                for (&row, nearest) in rows.iter().zip(&nearest) {
                    let scores: Vec<f32> = (panel * LANES..k.min((panel + 1) * LANES))
                        .map(|c| {
                            dot(points.row(row as usize), centres.row(c))
                                - 0.5 * dot(centres.row(c), centres.row(c))
                        })
                        .collect();
                    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let lane = scores.iter().position(|&score| score == best).unwrap();
                    let others = scores.iter().enumerate().filter(|&(at, _)| at != lane);
                    let next = others.map(|(_, &score)| score).fold(f32::NEG_INFINITY, f32::max);
                    assert_eq!((nearest.lane, nearest.score, nearest.next), (lane as u32, best, next));
                }
            }
        }
    }
}
