//! How near is near? The knee of the curve of distances to the k-th neighbour.
//!
//! In a dense place the k-th neighbour is about as far from every row, in a thin one it is far away; so sorted distances are flat at
//! first and then rise (Ester, Kriegel, Sander and Xu 1996, section 4.2). The knee is where the curve, scaled to a square, lies
//! deepest below the diagonal (Satopaa, Albrecht, Irwin and Raghavan, *Finding a "kneedle" in a haystack*, 2011, for the whole
//! curve and without smoothing).

use populi_simd::{Kernel, LANES, Level, Simd};
use rayon::prelude::*;

use crate::progress::Progress;
use crate::sample::sample_rows;
use crate::view::MatrixView;

/// Rows whose neighbours are looked for, at most: enough for a smooth curve. Each is compared with every row.
const MAX_ROWS: usize = 2048;

/// Vectors of rows that are compared at once with each other row, so that it is loaded once for all.
const VECTORS: usize = 4;

/// Rows that look for their neighbours as one task.
const ROWS_PER_TASK: usize = VECTORS * LANES;

/// An `eps` for rows of which none has a neighbour at any distance but 0, as a share of their values.
const LEAST_SHARE: f64 = 1e-6;

/// Distances of rows to their k-th neighbour, sorted, and the knee.
#[derive(Debug, Clone, PartialEq)]
pub struct KDistances {
    /// The neighbour that is meant, the row itself counted as the first: `min_samples`, or the number of rows if that is less.
    pub k: usize,
    /// Rising; one for each row of a sample of at most 2,048 rows, which looks for its neighbours among all rows. `f32` distances.
    pub distances: Vec<f32>,
    /// The distance at the knee; where that is 0, the least above 0.
    pub knee: f64,
}

impl KDistances {
    /// The curve of `points`, which have a row and a column and are finite. 2,048·n·d operations of three each.
    pub(super) fn of(points: MatrixView<'_>, k: usize, seed: u64, progress: &dyn Progress) -> Self {
        let k = k.min(points.n_rows());
        let sample = sample_rows(points.n_rows(), MAX_ROWS, seed);
        progress.stage("k-distances", sample.len() as u64);
        let task = |rows: &[usize]| -> Vec<f32> {
            let found = Level::best().run(KthNearest { points, rows, k });
            progress.advance(rows.len() as u64);
            found
        };
        let mut distances: Vec<f32> =
            sample.par_chunks(ROWS_PER_TASK).map(task).collect::<Vec<_>>().into_iter().flatten().collect();
        distances.sort_by(f32::total_cmp);
        let knee = knee(&distances).unwrap_or_else(|| {
            let most = points.values().iter().fold(0.0f32, |most, value| most.max(value.abs()));
            if most > 0.0 { f64::from(most) * LEAST_SHARE } else { 1.0 }
        });
        Self { k, distances, knee }
    }
}

/// The distance at which the curve is deepest below its chord, or the next that is above 0; of equals the first.
fn knee(distances: &[f32]) -> Option<f64> {
    let (&first, &last) = (distances.first()?, distances.last()?);
    let rise = f64::from(last) - f64::from(first);
    let run = (distances.len() - 1) as f64;
    let depth = |at: usize| at as f64 / run - (f64::from(distances[at]) - f64::from(first)) / rise;
    let deeper = |best: usize, at: usize| if depth(at) > depth(best) { at } else { best };
    let at = if rise > 0.0 { (0..distances.len()).fold(0, deeper) } else { 0 };
    distances[at..].iter().find(|&&distance| distance > 0.0).map(|&distance| f64::from(distance))
}

/// The distances of at most [`ROWS_PER_TASK`] rows to the k-th nearest of all rows, themselves counted.
struct KthNearest<'a> {
    points: MatrixView<'a>,
    rows: &'a [usize],
    k: usize,
}

impl Kernel for KthNearest<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self { points, rows, k } = self;
        let n_cols = points.n_cols();
        // Turned, so that one column of many rows is one vector: [n_cols, VECTORS, LANES].
        let mut turned = vec![[[0.0f32; LANES]; VECTORS]; n_cols];
        for (at, &row) in rows.iter().enumerate() {
            for (to, &value) in turned.iter_mut().zip(points.row(row)) {
                to[at / LANES][at % LANES] = value;
            }
        }
        // The k least squared distances of each row, rising, and the greatest of them.
        let mut nearest = vec![f32::INFINITY; rows.len() * k];
        let mut limits = [[f32::INFINITY; LANES]; VECTORS];
        for other in points.rows() {
            let mut sums = [simd.splat(0.0); VECTORS];
            for (columns, &value) in turned.iter().zip(other) {
                let value = simd.splat(value);
                for v in 0..VECTORS {
                    let difference = simd.sub(simd.load(&columns[v]), value);
                    sums[v] = simd.mul_add(difference, difference, sums[v]);
                }
            }
            for v in 0..VECTORS {
                let mut nearer = simd.bits_of_mask(simd.less(sums[v], simd.load(&limits[v])));
                if nearer == 0 {
                    continue;
                }
                let squares = simd.to_array(sums[v]);
                while nearer != 0 {
                    let lane = nearer.trailing_zeros() as usize;
                    nearer &= nearer - 1;
                    let Some(list) = nearest.chunks_exact_mut(k).nth(v * LANES + lane) else { break };
                    let at = list.partition_point(|&square| square <= squares[lane]);
                    list[at..].rotate_right(1);
                    list[at] = squares[lane];
                    limits[v][lane] = list[k - 1];
                }
            }
        }
        nearest.chunks_exact(k).map(|list| list[k - 1].sqrt()).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;
    use crate::matrix::squared_distance;
    use crate::progress::Silent;

    #[test]
    fn the_knee_is_where_the_curve_is_deepest() {
        // Depths: 0, 1/4 - 1/10, 2/4 - 2/10, 3/4 - 4/10, 0.
        assert_eq!(knee(&[1.0, 2.0, 3.0, 5.0, 11.0]), Some(5.0));
        assert_eq!(knee(&[0.0, 0.0, 0.0, 0.5, 9.0]), Some(0.5));
        assert_eq!(knee(&[2.0, 2.0]), Some(2.0));
        assert_eq!(knee(&[0.0, 0.0, 3.0]), Some(3.0));
        assert_eq!(knee(&[4.0]), Some(4.0));
        assert_eq!(knee(&[0.0, 0.0]), None);
        assert_eq!(knee(&[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn distances_are_those_of_sorting_all(
            n_cols in 1usize..20, values in prop::collection::vec(-9i8..9, 20..1500), k in 2usize..9,
        ) {
            let values: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
            let n_rows = values.len() / n_cols;
            let points = MatrixView::new(n_rows, n_cols, &values[..n_rows * n_cols]).unwrap();
            let kth = |row: &[f32]| {
                let mut all: Vec<f64> = points.rows().map(|other| squared_distance(row, other)).collect();
                all.sort_by(f64::total_cmp);
                all[k.min(n_rows) - 1].sqrt() as f32
            };
            let mut expected: Vec<f32> = points.rows().map(kth).collect();
            expected.sort_by(f32::total_cmp);
            prop_assert_eq!(KDistances::of(points, k, 0, &Silent).distances, expected);
        }
    }
}
