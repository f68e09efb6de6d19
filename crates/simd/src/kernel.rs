//! What a kernel is written over: 16 lanes of `f32`, whatever the CPU has.

/// Lanes of a vector, at every level.
pub const LANES: usize = 16;

/// Work that is compiled once for each level.
///
/// `run`, and what it calls, must be `#[inline(always)]`: only what is inlined into the entry of a level is compiled
/// for it.
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
    /// A pair of products must fit 16 bits, as it does where no `b` is beyond ±[`crate::tile::LIMIT`] and no `a` beyond
    /// 128 more.
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
    /// The lanes of an array of numbers with a sign, each given as its byte.
    fn load_i8(self, bytes: &[u8; LANES]) -> Self::I32;
    /// `a * b`, wrapping.
    fn mul_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Writes the lanes whose bit is set to the front of an array, in their order, and gives their number. What stands
    /// behind them is anything.
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
        tiny: &'a [u8; LANES],
        from: &'a [f32],
        at: &'a [u32; LANES],
        chosen: u16,
    }

    #[derive(Debug, PartialEq)]
    struct Results {
        products: [i32; LANES],
        widened: [i32; LANES],
        widened_bytes: [i32; LANES],
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
                widened_bytes: array(simd.load_i8(self.tiny)),
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
            let tiny = small.map(|small| small.to_le_bytes()[0]);
            let at = lanes(&at).map(|at| at % from.len() as u32);
            let operations = Operations { a: &a, b: &b, small: &small, tiny: &tiny, from: &from, at: &at, chosen };
            let bit = |i: usize, holds: bool| u16::from(holds) << i;
            let expected = Results {
                products: std::array::from_fn(|i| a[i].wrapping_mul(b[i])),
                widened: small.map(i32::from),
                widened_bytes: tiny.map(|byte| i32::from(byte.cast_signed())),
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

    /// What the operations on floats and on bits give for these lanes.
    #[derive(Clone, Copy)]
    struct OtherOperations<'a> {
        a: &'a [f32; LANES],
        b: &'a [f32; LANES],
        c: &'a [f32; LANES],
        /// Below 2^31 in size.
        to_round: &'a [f32; LANES],
        i: &'a [i32; LANES],
        j: &'a [i32; LANES],
        /// Bytes that [`Simd::add_byte_products`] takes: without sign, with one.
        bytes: (&'a [i32; LANES], &'a [i32; LANES]),
        chosen: u16,
    }

    /// Each operation by name and its lanes, floats as bits.
    type Named = Vec<(&'static str, [i32; LANES])>;

    impl Kernel for OtherOperations<'_> {
        type Output = Named;
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Named {
            let floats = |lanes: S::F32| simd.to_array(lanes).map(bits);
            let numbers = |lanes: S::F32| simd.to_array(lanes).map(bits_of_number);
            let integers = |lanes: S::I32| {
                let mut values = [0; LANES];
                simd.store_i32(lanes, &mut values);
                values
            };
            let mask = |mask: S::Mask| [i32::from(simd.bits_of_mask(mask)); LANES];
            let (a, b, c) = (simd.load(self.a), simd.load(self.b), simd.load(self.c));
            let (i, j) = (simd.load_i32(self.i), simd.load_i32(self.j));
            let bytes = (simd.load_i32(self.bytes.0), simd.load_i32(self.bytes.1));
            vec![
                ("min", floats(simd.min(a, b))),
                ("max", floats(simd.max(a, b))),
                ("less", mask(simd.less(a, b))),
                ("select", floats(simd.select(simd.mask_of_bits(self.chosen), a, b))),
                ("select less", floats(simd.select(simd.less(a, b), a, b))),
                ("mask", mask(simd.mask_of_bits(self.chosen))),
                ("add", numbers(simd.add(a, b))),
                ("sub", numbers(simd.sub(a, b))),
                ("mul", numbers(simd.mul(a, b))),
                ("div", numbers(simd.div(a, b))),
                ("mul_add", numbers(simd.mul_add(a, b, c))),
                ("sqrt", numbers(simd.sqrt(a))),
                ("bits", integers(simd.bits(a))),
                ("of_bits", floats(simd.of_bits(i))),
                ("to_f32", floats(simd.to_f32(i))),
                ("round_to_i32", integers(simd.round_to_i32(simd.load(self.to_round)))),
                ("splat", floats(simd.splat(self.a[0]))),
                ("splat_i32", integers(simd.splat_i32(self.i[0]))),
                ("add_i32", integers(simd.add_i32(i, j))),
                ("sub_i32", integers(simd.sub_i32(i, j))),
                ("min_i32", integers(simd.min_i32(i, j))),
                ("and_i32", integers(simd.and_i32(i, j))),
                ("or_i32", integers(simd.or_i32(i, j))),
                ("shift_left 0", integers(simd.shift_left::<0>(i))),
                ("shift_left 9", integers(simd.shift_left::<9>(i))),
                ("shift_left 31", integers(simd.shift_left::<31>(i))),
                ("shift_right 0", integers(simd.shift_right::<0>(i))),
                ("shift_right 9", integers(simd.shift_right::<9>(i))),
                ("shift_right 31", integers(simd.shift_right::<31>(i))),
                ("add_byte_products", integers(simd.add_byte_products(i, bytes.0, bytes.1))),
            ]
        }
    }

    fn bits(value: f32) -> i32 {
        value.to_bits().cast_signed()
    }

    /// The bits of a number, and one pattern for every NaN: which of them arithmetic gives is not said anywhere.
    fn bits_of_number(value: f32) -> i32 {
        bits(if value.is_nan() { f32::NAN } else { value })
    }

    /// The same, one lane after the other, by the definitions.
    fn by_definition(of: OtherOperations<'_>) -> Named {
        let OtherOperations { a, b, c, to_round, i, j, bytes, chosen } = of;
        let floats = |f: &dyn Fn(usize) -> f32| std::array::from_fn(|lane| bits(f(lane)));
        let numbers = |f: &dyn Fn(usize) -> f32| std::array::from_fn(|lane| bits_of_number(f(lane)));
        let integers = |f: &dyn Fn(usize) -> i32| std::array::from_fn(f);
        let less = (0..LANES).fold(0, |mask, lane| mask | i32::from(a[lane] < b[lane]) << lane);
        let product = |lane: usize| {
            let (a, b) = (bytes.0[lane].to_le_bytes(), bytes.1[lane].to_le_bytes());
            a.iter().zip(b).map(|(&a, b)| i32::from(a) * i32::from(b.cast_signed())).sum::<i32>()
        };
        vec![
            ("min", floats(&|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })),
            ("max", floats(&|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })),
            ("less", [less; LANES]),
            ("select", floats(&|lane| if chosen >> lane & 1 == 1 { a[lane] } else { b[lane] })),
            ("select less", floats(&|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })),
            ("mask", [i32::from(chosen); LANES]),
            ("add", numbers(&|lane| a[lane] + b[lane])),
            ("sub", numbers(&|lane| a[lane] - b[lane])),
            ("mul", numbers(&|lane| a[lane] * b[lane])),
            ("div", numbers(&|lane| a[lane] / b[lane])),
            ("mul_add", numbers(&|lane| a[lane].mul_add(b[lane], c[lane]))),
            ("sqrt", numbers(&|lane| a[lane].sqrt())),
            ("bits", a.map(bits)),
            ("of_bits", *i),
            ("to_f32", floats(&|lane| i[lane] as f32)),
            ("round_to_i32", integers(&|lane| f64::from(to_round[lane]).round_ties_even() as i32)),
            ("splat", [bits(a[0]); LANES]),
            ("splat_i32", [i[0]; LANES]),
            ("add_i32", integers(&|lane| i[lane].wrapping_add(j[lane]))),
            ("sub_i32", integers(&|lane| i[lane].wrapping_sub(j[lane]))),
            ("min_i32", integers(&|lane| i[lane].min(j[lane]))),
            ("and_i32", integers(&|lane| i[lane] & j[lane])),
            ("or_i32", integers(&|lane| i[lane] | j[lane])),
            ("shift_left 0", *i),
            ("shift_left 9", integers(&|lane| i[lane].wrapping_mul(512))),
            ("shift_left 31", integers(&|lane| if i[lane] & 1 == 1 { i32::MIN } else { 0 })),
            ("shift_right 0", *i),
            ("shift_right 9", integers(&|lane| i[lane].div_euclid(512))),
            ("shift_right 31", integers(&|lane| if i[lane] < 0 { -1 } else { 0 })),
            ("add_byte_products", integers(&|lane| i[lane].wrapping_add(product(lane)))),
        ]
    }

    /// Any float, and often one of those that comparisons and roots stumble over.
    fn any_float() -> impl Strategy<Value = f32> {
        let special = [0.0, -0.0, 1.0, -1.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        prop_oneof![proptest::num::f32::ANY, proptest::sample::select(special.to_vec())]
    }

    /// Floats that fit an `i32`, many of them halves.
    fn any_to_round() -> impl Strategy<Value = f32> {
        prop_oneof![-2.1e9f32..2.1e9, (-9i8..9).prop_map(|half| f32::from(half) / 2.0)]
    }

    /// Four bytes without sign and four with one, each pair of products within 16 bits.
    fn any_bytes() -> impl Strategy<Value = (i32, i32)> {
        let limit = crate::tile::LIMIT;
        let unsigned = proptest::array::uniform4(0..=limit.cast_unsigned() + 128);
        let signed = proptest::array::uniform4(-limit..=limit);
        (unsigned, signed)
            .prop_map(|(a, b)| (i32::from_le_bytes(a), i32::from_le_bytes(b.map(i8::cast_unsigned))))
    }

    proptest! {
        #[test]
        fn floats_and_bits_are_those_of_one_lane_after_the_other(
            floats in proptest::collection::vec((any_float(), any_float(), any_float(), any_to_round()), LANES),
            integers in proptest::collection::vec((any::<i32>(), any::<i32>(), any_bytes()), LANES),
            chosen: u16,
        ) {
            let (floats, integers) = (lanes(&floats), lanes(&integers));
            let operations = OtherOperations {
                a: &floats.map(|all| all.0),
                b: &floats.map(|all| all.1),
                c: &floats.map(|all| all.2),
                to_round: &floats.map(|all| all.3),
                i: &integers.map(|all| all.0),
                j: &integers.map(|all| all.1),
                bytes: (&integers.map(|all| all.2.0), &integers.map(|all| all.2.1)),
                chosen,
            };
            let expected = by_definition(operations);
            for level in Level::all() {
                for (got, expected) in level.run(operations).iter().zip(&expected) {
                    prop_assert_eq!(got, expected, "{:?}", level);
                }
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
