//! What a kernel is written over: 16 lanes of `f32`, whatever the CPU has.

/// Lanes of a vector, at every level.
pub const LANES: usize = 16;

/// Work that is compiled once for each level.
///
/// `run`, and what it calls, must be `#[inline(always)]`: only what is inlined into the entry of a level is compiled for it.
pub trait Kernel {
    /// What it gives.
    type Output;
    /// Does the work with the instructions of `simd`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Operations on 16 lanes. Each gives the same bits at every level.
///
/// Comparisons follow IEEE: one with NaN is false. `min` and `max` give the second operand where either is NaN.
pub trait Simd: Copy + Send + Sync {
    /// 16 lanes of `f32`.
    type F32: Copy;
    /// 16 lanes of `i32`.
    type I32: Copy;
    /// A choice for each of 16 lanes.
    type Mask: Copy;

    /// Vectors of 16 lanes that the registers hold at once.
    const N_REGISTERS: usize;

    /// All lanes `value`.
    fn splat(self, value: f32) -> Self::F32;
    /// The lanes of an array.
    fn load(self, values: &[f32; LANES]) -> Self::F32;
    /// Writes the lanes.
    fn store(self, lanes: Self::F32, to: &mut [f32; LANES]);
    /// `a + b`.
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`.
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`.
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`.
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once.
    fn mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// The smaller.
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The greater.
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The square root.
    fn sqrt(self, a: Self::F32) -> Self::F32;
    /// Where `a < b`.
    fn less(self, a: Self::F32, b: Self::F32) -> Self::Mask;
    /// `a` where chosen, else `b`.
    fn select(self, mask: Self::Mask, a: Self::F32, b: Self::F32) -> Self::F32;
    /// A bit a lane, the first lane lowest.
    fn bits_of_mask(self, mask: Self::Mask) -> u16;
    /// Chooses the lanes whose bit is set.
    fn mask_of_bits(self, bits: u16) -> Self::Mask;

    /// All lanes `value`.
    fn splat_i32(self, value: i32) -> Self::I32;
    /// The lanes of an array.
    fn load_i32(self, values: &[i32; LANES]) -> Self::I32;
    /// Where `a == b`.
    fn equal_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask;
    /// Writes the lanes.
    fn store_i32(self, lanes: Self::I32, to: &mut [i32; LANES]);
    /// The smaller.
    fn min_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Where `a < b`.
    fn less_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask;
    /// Adds to each lane the four products of its bytes, those of `a` without sign and those of `b` with one.
    ///
    /// A pair of products must fit 16 bits, as it does where no `b` is beyond ±[`crate::tile::LIMIT`] and no `a` beyond 128 more.
    fn add_byte_products(self, sum: Self::I32, a: Self::I32, b: Self::I32) -> Self::I32;
    /// `a + b`, wrapping.
    fn add_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// `a - b`, wrapping.
    fn sub_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// The bits that both have.
    fn and_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// The bits that either has.
    fn or_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Shifts left by `N < 32` bits.
    fn shift_left<const N: u32>(self, a: Self::I32) -> Self::I32;
    /// Shifts right by `N < 32` bits; the sign stays.
    fn shift_right<const N: u32>(self, a: Self::I32) -> Self::I32;
    /// The lanes of an array of numbers without a sign.
    fn load_u16(self, values: &[u16; LANES]) -> Self::I32;
    /// `a * b`, wrapping.
    fn mul_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Writes the lanes whose bit is set to the front of an array, in their order, and gives their number. What stands behind
    /// them is anything.
    fn compress_i32(self, bits: u16, a: Self::I32, to: &mut [i32; LANES]) -> usize;
    /// `from[at[i]]` in lane `i`.
    ///
    /// # Panics
    ///
    /// Where an index is not below the length of `from`, as indexing a slice does.
    fn gather(self, from: &[f32], at: &[u32; LANES]) -> Self::F32;
    /// The bits of floats.
    fn bits(self, a: Self::F32) -> Self::I32;
    /// Floats of these bits.
    fn of_bits(self, a: Self::I32) -> Self::F32;
    /// The nearest floats.
    fn to_f32(self, a: Self::I32) -> Self::F32;
    /// The nearest integers, halves to the even one; only for `|a| < 2^31`.
    fn round_to_i32(self, a: Self::F32) -> Self::I32;

    /// Up to 16 values, and zeros after them.
    #[inline(always)]
    fn load_or_zero(self, values: &[f32]) -> Self::F32 {
        let mut lanes = [0.0; LANES];
        let n = values.len().min(LANES);
        lanes[..n].copy_from_slice(&values[..n]);
        self.load(&lanes)
    }

    /// The lanes as an array.
    #[inline(always)]
    fn to_array(self, lanes: Self::F32) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        self.store(lanes, &mut values);
        values
    }

    /// The sum of all lanes: halves are added to each other, 8 to 8, 4 to 4, 2 to 2, 1 to 1.
    #[inline(always)]
    fn sum(self, lanes: Self::F32) -> f32 {
        let a = self.to_array(lanes);
        let eight: [f32; 8] = std::array::from_fn(|i| a[i] + a[i + 8]);
        let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Level;

    /// What the operations on integers and the gather give for these lanes.
    #[derive(Clone, Copy)]
    struct Operations<'a> {
        a: &'a [i32; LANES],
        b: &'a [i32; LANES],
        small: &'a [u16; LANES],
        from: &'a [f32],
        at: &'a [u32; LANES],
        chosen: u16,
    }

    #[derive(Debug, PartialEq)]
    struct Results {
        products: [i32; LANES],
        widened: [i32; LANES],
        less: u16,
        equal: u16,
        compressed: Vec<i32>,
        gathered: [u32; LANES],
    }

    impl Kernel for Operations<'_> {
        type Output = Results;
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Results {
            let array = |lanes: S::I32| {
                let mut values = [0; LANES];
                simd.store_i32(lanes, &mut values);
                values
            };
            let (a, b) = (simd.load_i32(self.a), simd.load_i32(self.b));
            let mut compressed = [0; LANES];
            let n = simd.compress_i32(self.chosen, a, &mut compressed);
            Results {
                products: array(simd.mul_i32(a, b)),
                widened: array(simd.load_u16(self.small)),
                less: simd.bits_of_mask(simd.less_i32(a, b)),
                equal: simd.bits_of_mask(simd.equal_i32(a, b)),
                compressed: compressed[..n].to_vec(),
                gathered: simd.to_array(simd.gather(self.from, self.at)).map(f32::to_bits),
            }
        }
    }

    fn lanes<T: Copy>(values: &[T]) -> [T; LANES] {
        std::array::from_fn(|i| values[i])
    }

    proptest! {
        #[test]
        fn integers_and_gathers_are_those_of_one_lane_after_the_other(
            pairs in proptest::collection::vec((any::<i32>(), any::<i32>(), any::<u16>(), any::<bool>()), LANES),
            from in proptest::collection::vec(any::<f32>(), 1..100),
            at in proptest::collection::vec(any::<u32>(), LANES),
            chosen: u16,
        ) {
            // Some lanes are equal, which two random numbers never are.
            let a: [i32; LANES] = lanes(&pairs).map(|pair| pair.0);
            let b: [i32; LANES] = lanes(&pairs).map(|pair| if pair.3 { pair.0 } else { pair.1 });
            let small = lanes(&pairs).map(|pair| pair.2);
            let at = lanes(&at).map(|at| at % from.len() as u32);
            let operations = Operations { a: &a, b: &b, small: &small, from: &from, at: &at, chosen };
            let bit = |i: usize, holds: bool| u16::from(holds) << i;
            let expected = Results {
                products: std::array::from_fn(|i| a[i].wrapping_mul(b[i])),
                widened: small.map(i32::from),
                less: (0..LANES).fold(0, |bits, i| bits | bit(i, a[i] < b[i])),
                equal: (0..LANES).fold(0, |bits, i| bits | bit(i, a[i] == b[i])),
                compressed: (0..LANES).filter(|i| chosen >> i & 1 == 1).map(|i| a[i]).collect(),
                gathered: at.map(|at| from[at as usize].to_bits()),
            };
            for level in Level::all() {
                prop_assert_eq!(&level.run(operations), &expected, "{:?}", level);
            }
        }
    }

    #[test]
    fn an_index_beyond_the_slice_is_refused_at_every_level() {
        struct Gather<'a>(&'a [f32], [u32; LANES]);
        impl Kernel for Gather<'_> {
            type Output = [f32; LANES];
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) -> [f32; LANES] {
                simd.to_array(simd.gather(self.0, &self.1))
            }
        }
        for level in Level::all() {
            for beyond in [3, u32::MAX] {
                let mut at = [0; LANES];
                at[7] = beyond;
                let outcome = std::panic::catch_unwind(|| level.run(Gather(&[1.0, 2.0, 3.0], at)));
                assert!(outcome.is_err(), "{level:?}, index {beyond}");
            }
        }
    }
}
