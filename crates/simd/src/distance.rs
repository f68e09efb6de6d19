//! Dot products and squared distances of `f32` rows.

use crate::kernel::{Kernel, Simd};
use crate::level::Level;

/// `Σ a[i]·b[i]`, in 16 lanes of fused products: the same bits at every level. O(n).
///
/// # Panics
///
/// Where the two have not the same length.
#[inline]
#[must_use]
pub fn dot(level: Level, a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "rows of one length");
    level.run(Dot(a, b))
}

/// `Σ (a[i] - b[i])²`, in 16 lanes of fused products: the same bits at every level. O(n).
///
/// # Panics
///
/// Where the two have not the same length.
#[inline]
#[must_use]
pub fn squared_distance(level: Level, a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "rows of one length");
    level.run(SquaredDistance(a, b))
}

struct Dot<'a>(&'a [f32], &'a [f32]);

impl Kernel for Dot<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        fold(simd, self.0, self.1, |sum, a, b| simd.mul_add(a, b, sum))
    }
}

struct SquaredDistance<'a>(&'a [f32], &'a [f32]);

impl Kernel for SquaredDistance<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        fold(simd, self.0, self.1, |sum, a, b| {
            let difference = simd.sub(a, b);
            simd.mul_add(difference, difference, sum)
        })
    }
}

/// Four sums of 16 lanes, because one would wait for itself; they are added in pairs at the end.
#[inline(always)]
fn fold<S: Simd>(simd: S, a: &[f32], b: &[f32], step: impl Fn(S::F32, S::F32, S::F32) -> S::F32) -> f32 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let ((a4, a), (b4, b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [simd.splat(0.0); 4];
    for (a, b) in a4.iter().zip(b4) {
        for i in 0..4 {
            sums[i] = step(sums[i], simd.load(&a[i]), simd.load(&b[i]));
        }
    }
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        sums[i] = step(sums[i], simd.load(a), simd.load(b));
    }
    if !rest_a.is_empty() {
        sums[3] = step(sums[3], simd.load_or_zero(rest_a), simd.load_or_zero(rest_b));
    }
    simd.sum(simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_level_gives_the_bits_of_the_scalar_one(
            values in proptest::collection::vec((-1e3f32..1e3, -1e3f32..1e3), 0..200),
            skipped in 0usize..3,
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = values.into_iter().unzip();
            // Rows rarely begin at a multiple of 64 bytes.
            let from = skipped.min(a.len());
            let (a, b) = (&a[from..], &b[from..]);
            let exact: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let scale: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) * f64::from(b)).abs()).sum();
            prop_assert!((f64::from(dot(Level::SCALAR, a, b)) - exact).abs() <= 1e-6 * scale);
            for level in Level::all() {
                prop_assert_eq!(dot(level, a, b).to_bits(), dot(Level::SCALAR, a, b).to_bits(), "{:?}", level);
                let distance = squared_distance(level, a, b);
                prop_assert_eq!(distance.to_bits(), squared_distance(Level::SCALAR, a, b).to_bits(), "{:?}", level);
            }
        }
    }
}
