//! The distance that a graph shows: one formula a metric, the same bits at every level.

use populi_simd::{Kernel, Level, Simd, dot, squared_distance};
use rayon::prelude::*;

use crate::matrix::squared_length;
use crate::metric::Metric;
use crate::view::MatrixView;

/// Rows of one task where something is computed for each row. Moves nothing but speed.
const ROWS_PER_TASK: usize = 1024;

/// Rows, and what their distances need beside them.
pub(crate) struct Rows<'a> {
    pub(super) points: MatrixView<'a>,
    pub(super) metric: Metric,
    pub(super) level: Level,
    /// `1 / |row|`, zero for a row without direction; empty but for cosine.
    inverse_lengths: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// O(n d) for cosine, else O(1).
    pub(crate) fn new(points: MatrixView<'a>, metric: Metric, level: Level) -> Self {
        let inverse_lengths = match metric {
            Metric::Cosine => inverse_lengths(points),
            Metric::Euclidean | Metric::InnerProduct => Vec::new(),
        };
        Self { points, metric, level, inverse_lengths }
    }

    /// How far row `i` is from row `j` of `others`, which are rows of the same metric.
    #[inline]
    pub(crate) fn distance(&self, i: usize, others: &Rows<'_>, j: usize) -> f32 {
        let (a, b) = (self.points.row(i), others.points.row(j));
        let distance = match self.metric {
            Metric::Euclidean => squared_distance(self.level, a, b).sqrt(),
            Metric::InnerProduct => 1.0 - dot(self.level, a, b),
            Metric::Cosine => {
                return half_squared_distance_of_directions(
                    self.level,
                    (a, self.inverse_lengths[i]),
                    (b, others.inverse_lengths[j]),
                );
            }
        };
        if distance.is_finite() { distance } else { self.distance_beyond_f32(a, b) }
    }

    /// What makes row `i` a direction where the metric looks at directions alone.
    #[inline]
    pub(crate) fn scale(&self, i: usize) -> f32 {
        self.inverse_lengths.get(i).copied().unwrap_or(1.0)
    }

    /// Squares that `f32` cannot hold: in `f64`, and at most the greatest `f32`.
    #[cold]
    fn distance_beyond_f32(&self, a: &[f32], b: &[f32]) -> f32 {
        let pairs = a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        let distance = match self.metric {
            Metric::Euclidean => pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
            _ => 1.0 - pairs.map(|(a, b)| a * b).sum::<f64>(),
        };
        distance.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    }
}

fn inverse_lengths(points: MatrixView<'_>) -> Vec<f32> {
    let of_row = |row: &[f32]| {
        let length = squared_length(row).sqrt();
        // A row so short that its inverse is no number has no direction that `f32` could tell.
        if length >= f64::from(f32::MIN_POSITIVE) { (1.0 / length) as f32 } else { 0.0 }
    };
    let blocks = points.values().par_chunks(ROWS_PER_TASK * points.n_cols());
    let blocks = blocks.map(|block| block.chunks_exact(points.n_cols()).map(of_row).collect::<Vec<_>>());
    blocks.collect::<Vec<_>>().concat()
}

/// `1 - cos` as half the squared distance of the two on the sphere: zero for equal rows, and digits where the
/// difference from one has none.
#[inline]
fn half_squared_distance_of_directions(level: Level, a: (&[f32], f32), b: (&[f32], f32)) -> f32 {
    if a.1 == 0.0 || b.1 == 0.0 {
        return 1.0;
    }
    (0.5 * level.run(ScaledSquaredDistance { a: a.0, by_a: a.1, b: b.0, by_b: b.1 })).min(2.0)
}

/// `Σ (by_a a[i] - by_b b[i])²`.
struct ScaledSquaredDistance<'a> {
    a: &'a [f32],
    by_a: f32,
    b: &'a [f32],
    by_b: f32,
}

impl Kernel for ScaledSquaredDistance<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (by_a, by_b) = (simd.splat(self.by_a), simd.splat(self.by_b));
        let square = |sum, a, b| {
            let difference = simd.sub(simd.mul(a, by_a), simd.mul(b, by_b));
            simd.mul_add(difference, difference, sum)
        };
        let ((a, rest_a), (b, rest_b)) = (self.a.as_chunks::<16>(), self.b.as_chunks::<16>());
        let ((a2, last_a), (b2, last_b)) = (a.as_chunks::<2>(), b.as_chunks::<2>());
        let mut sums = [simd.splat(0.0); 2];
        for (a, b) in a2.iter().zip(b2) {
            for i in 0..2 {
                sums[i] = square(sums[i], simd.load(&a[i]), simd.load(&b[i]));
            }
        }
        for (a, b) in last_a.iter().zip(last_b) {
            sums[0] = square(sums[0], simd.load(a), simd.load(b));
        }
        if !rest_a.is_empty() {
            sums[1] = square(sums[1], simd.load_or_zero(rest_a), simd.load_or_zero(rest_b));
        }
        simd.sum(simd.add(sums[0], sums[1]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn between(a: &[f32], b: &[f32], metric: Metric, level: Level) -> f32 {
        let view = |row| MatrixView::new(1, a.len(), row).unwrap();
        let (a, b) = (Rows::new(view(a), metric, level), Rows::new(view(b), metric, level));
        a.distance(0, &b, 0)
    }

    #[test]
    fn a_right_angle_opposite_rows_and_a_row_without_direction() {
        let cosine = |a: &[f32], b: &[f32]| between(a, b, Metric::Cosine, Level::best());
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 5.0]), 1.0);
        assert_eq!(cosine(&[0.5, 0.0], &[-4.0, 0.0]), 2.0);
        assert_eq!(cosine(&[0.1, 0.7], &[0.1, 0.7]), 0.0);
        assert_eq!(cosine(&[0.0, 0.0], &[0.0, 1.0]), 1.0);
        assert_eq!(between(&[3.0, 0.0], &[0.0, 4.0], Metric::Euclidean, Level::best()), 5.0);
        assert_eq!(between(&[3.0, 1.0], &[2.0, 4.0], Metric::InnerProduct, Level::best()), -9.0);
    }

    #[test]
    fn squares_beyond_f32_still_have_a_distance() {
        assert_eq!(between(&[3e30, 0.0], &[0.0, 4e30], Metric::Euclidean, Level::best()), 5e30);
        let far = between(&[3e38, 3e38], &[3e38, -3e38], Metric::InnerProduct, Level::best());
        assert_eq!(far, 1.0);
    }

    proptest! {
        #[test]
        fn near_the_definition_and_the_same_bits_at_every_level(
            values in proptest::collection::vec((-10.0f32..10.0, -10.0f32..10.0), 1..150),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = values.into_iter().unzip();
            let pairs = || a.iter().zip(&b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
            let dot: f64 = pairs().map(|(a, b)| a * b).sum();
            let (aa, bb) = (squared_length(&a), squared_length(&b));
            for (metric, expected, scale) in [
                (Metric::Euclidean, pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(), 30.0),
                (Metric::Cosine, 1.0 - dot / (aa * bb).sqrt(), 1.0),
                (Metric::InnerProduct, 1.0 - dot, 1.0 + (aa * bb).sqrt()),
            ] {
                let scalar = between(&a, &b, metric, Level::SCALAR);
                prop_assert!((f64::from(scalar) - expected).abs() <= 1e-5 * scale, "{scalar} {expected}");
                for level in Level::all() {
                    prop_assert_eq!(between(&a, &b, metric, level).to_bits(), scalar.to_bits());
                }
            }
        }
    }
}
