//! `x^b` in 16 lanes, as `2^(b·log2 x)`, with the same bits at every level.

use populi_simd::Simd;

/// Bits of `sqrt(1/2)`: what is left of a number after its power of two is between this and twice this.
const LEAST_MANTISSA: i32 = 0x3f35_04f3;

/// `log2(1 + t) / t` for `t` between `sqrt(1/2) - 1` and `sqrt(2) - 1`, nearly minimax; `t` times its error is below
/// 4.5e-6.
const LOG2: [f32; 6] = [1.442_703, -0.721_223_5, 0.479_671_1, -0.365_855_04, 0.319_828, -0.211_535_83];

/// `2^t` for `t` between -1/2 and 1/2, nearly minimax, error below 2.7e-6.
const EXP2: [f32; 5] = [1.000_000_1, 0.693_121, 0.240_218_66, 0.055_922_028, 0.009_685_711];

/// `x^b` for positive finite `x` that are not subnormal, where the result is neither subnormal nor beyond the range.
/// Relative error below 1e-5 for `|b·log2 x| < 30` and `|b| <= 1`.
#[inline(always)]
pub(super) fn power<S: Simd>(simd: S, x: S::F32, b: S::F32) -> S::F32 {
    let bits = simd.bits(x);
    let exponent = simd.shift_right::<23>(simd.sub_i32(bits, simd.splat_i32(LEAST_MANTISSA)));
    let mantissa = simd.of_bits(simd.sub_i32(bits, simd.shift_left::<23>(exponent)));
    let t = simd.sub(mantissa, simd.splat(1.0));
    let log2 = simd.mul_add(t, polynomial(simd, LOG2, t), simd.to_f32(exponent));

    let y = simd.mul(b, log2);
    let whole = simd.round_to_i32(y);
    let share = polynomial(simd, EXP2, simd.sub(y, simd.to_f32(whole)));
    simd.of_bits(simd.add_i32(simd.bits(share), simd.shift_left::<23>(whole)))
}

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, coefficients: [f32; N], x: S::F32) -> S::F32 {
    let mut value = simd.splat(coefficients[N - 1]);
    for i in 1..N {
        value = simd.mul_add(value, x, simd.splat(coefficients[N - 1 - i]));
    }
    value
}

#[cfg(test)]
mod tests {
    use populi_simd::{Kernel, Level};

    use super::*;

    /// `x^b` of every `x`, in place.
    struct Power<'a>(&'a mut [[f32; 16]], f32);

    impl Kernel for Power<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for x in self.0 {
                simd.store(power(simd, simd.load(x), simd.splat(self.1)), x);
            }
        }
    }

    #[test]
    fn powers_are_near_those_of_the_library_and_the_same_at_every_level() {
        let given: Vec<[f32; 16]> = (0..20_000)
            .map(|i| std::array::from_fn(|j| (f64::from(i * 16 + j as i32) / 8000.0 - 20.0).exp2() as f32))
            .collect();
        for b in [0.3f32, 0.5, 0.895, 1.0] {
            let mut expected = given.clone();
            Level::SCALAR.run(Power(&mut expected, b));
            for (x, got) in given.iter().flatten().zip(expected.iter().flatten()) {
                let exact = f64::from(*x).powf(f64::from(b));
                let error = (f64::from(*got) / exact - 1.0).abs();
                assert!(error < 1e-5, "{x}^{b} is {got}, off by {error}");
            }
            for level in Level::all() {
                let mut got = given.clone();
                level.run(Power(&mut got, b));
                assert!(got == expected, "{level:?}");
            }
        }
    }
}
