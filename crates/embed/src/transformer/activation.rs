//! `exp` and GELU over lanes. Polynomials of fused products, so that the bits are the same at every level.

use populi_simd::Simd;

/// e^x for x ≤ 0, within 1.8e-7 of itself; 1.2e-38 below -87.3, also for -∞.
///
/// 2^n times e^r with |r| ≤ ln 2 / 2, of which Taylor's polynomial of degree 7 is taken.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts, the first with zeros behind it, so that its multiples are exact.
    const LN2_HIGH: f32 = 355.0 / 512.0;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const TERMS: [f32; 8] =
        [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];
    let x = simd.max(simd.splat(-87.3), x);
    let n = simd.round_to_i32(simd.mul(x, simd.splat(LOG2_E)));
    let float = simd.to_f32(n);
    let r = simd.mul_add(float, simd.splat(-LN2_HIGH), x);
    let r = simd.mul_add(float, simd.splat(-LN2_LOW), r);
    let power = polynomial(simd, r, &TERMS);
    // n is at least -126, so the exponent of 2^n is that of a normal number.
    let scale = simd.of_bits(simd.shift_left::<23>(simd.add_i32(n, simd.splat_i32(127))));
    simd.mul(power, scale)
}

/// x Φ(x), within 1.2e-7 and half a unit in the last place.
///
/// max(x, 0) less the tail |x| (1 - Φ(|x|)), which is at most 0.17 and falls to 6e-8 at 5.6: nothing large cancels. The tail
/// over |x| is the minimax polynomial of degree 17 in |x|, moved to [-1, 1], under the weight |x|.
#[inline(always)]
pub(super) fn gelu<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const END: f32 = 5.6;
    const TERMS: [f32; 18] = [
        0.002_555_126_8,
        -0.022_163_42,
        0.086_880_81,
        -0.198_077_57,
        0.274_697_45,
        -0.197_963_34,
        -0.028_317_81,
        0.217_779_38,
        -0.190_755_96,
        -0.004_862_619,
        0.140_856_06,
        -0.086_102_56,
        -0.035_885_196,
        0.054_773_968,
        -0.002_243_008_7,
        -0.014_790_137,
        0.002_212_619_9,
        0.001_406_227_7,
    ];
    let zero = simd.splat(0.0);
    let size = simd.min(simd.max(x, simd.sub(zero, x)), simd.splat(END));
    let moved = simd.mul_add(size, simd.splat(2.0 / END), simd.splat(-1.0));
    let tail = polynomial(simd, moved, &TERMS);
    simd.mul_add(simd.sub(zero, size), tail, simd.max(x, zero))
}

/// Horner's rule, the constant term first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::F32, terms: &[f32; N]) -> S::F32 {
    let mut sum = simd.splat(terms[N - 1]);
    for i in (0..N - 1).rev() {
        sum = simd.mul_add(sum, x, simd.splat(terms[i]));
    }
    sum
}

#[cfg(test)]
mod tests {
    use populi_simd::{Kernel, LANES, Level};

    use super::*;

    #[derive(Clone, Copy)]
    struct Each<'a>(&'a [f32; LANES]);

    impl Kernel for Each<'_> {
        type Output = ([f32; LANES], [f32; LANES]);
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let x = simd.load(self.0);
            (simd.to_array(exp(simd, x)), simd.to_array(gelu(simd, x)))
        }
    }

    /// Φ(x) by its power series, which converges fast enough below 8.
    fn normal(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / 2.0 * f64::from(2 * n - 1) / f64::from(n * (2 * n + 1));
            sum += term;
        }
        0.5 + sum / (2.0 * std::f64::consts::PI).sqrt()
    }

    #[test]
    fn both_are_near_the_exact_ones_at_every_level() {
        for first in (-8_000..8_000).step_by(LANES) {
            let x: [f32; LANES] = std::array::from_fn(|i| (first + i as i32) as f32 / 1_600.0);
            let best = Level::best().run(Each(&x));
            for level in Level::all() {
                let got = level.run(Each(&x));
                assert_eq!(
                    (got.0.map(f32::to_bits), got.1.map(f32::to_bits)),
                    (best.0.map(f32::to_bits), best.1.map(f32::to_bits)),
                    "{level:?}"
                );
            }
            for (i, &x) in x.iter().enumerate() {
                let exact = f64::from(x) * normal(f64::from(x));
                let error = (f64::from(best.1[i]) - exact).abs();
                assert!(error <= 1.5e-7 + exact.abs() * 6e-8, "gelu({x}): {error:e}");
            }
            let below = x.map(|x| (x - 5.0) * 8.7);
            let got = Level::best().run(Each(&below)).0;
            for (x, got) in below.iter().zip(got) {
                let error = (f64::from(got) / f64::from(*x).exp() - 1.0).abs();
                assert!(error <= 1.5 * f64::from(f32::EPSILON), "exp({x}): {error:e}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_they_stay_at_their_limits() {
        let x = [
            f32::NEG_INFINITY,
            -1e30,
            -100.0,
            -6.0,
            6.0,
            100.0,
            1e30,
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            -2.0,
            3.0,
            -3.0,
            4.0,
        ];
        let (exp, gelu) = Level::best().run(Each(&x));
        assert!(exp[..3].iter().all(|&value| (0.0..1.3e-38).contains(&value)), "{exp:?}");
        assert_eq!((exp[7], exp[8]), (1.0, 1.0));
        assert_eq!(gelu[5..8], [100.0, 1e30, 0.0]);
        assert!(gelu[..4].iter().all(|&value| value.abs() <= 1.5e-7), "{gelu:?}");
    }
}
