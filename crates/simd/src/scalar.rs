//! The level without special instructions: what the others are compared with.

use crate::kernel::{LANES, Simd};

/// 16 lanes, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

#[inline(always)]
fn each<A: Copy, B: Copy>(a: [A; LANES], f: impl Fn(A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn both<A: Copy, B: Copy>(a: [A; LANES], b: [A; LANES], f: impl Fn(A, A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

/// [`Simd::compress_i32`] for levels without an instruction for it: every lane is written, and the next overwrites it
/// where it was not wanted.
#[inline(always)]
pub(crate) fn compress(bits: u16, a: &[i32; LANES], to: &mut [i32; LANES]) -> usize {
    let mut n = 0;
    for (i, &value) in a.iter().enumerate() {
        // Below 16 always, since lanes before this one are at most 15.
        to[n & (LANES - 1)] = value;
        n += usize::from(bits >> i & 1);
    }
    n
}

impl Simd for Scalar {
    type F32 = [f32; LANES];
    type I32 = [i32; LANES];
    type Mask = [bool; LANES];
    const N_REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F32 {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> Self::F32 {
        *values
    }
    #[inline(always)]
    fn store(self, lanes: Self::F32, to: &mut [f32; LANES]) {
        *to = lanes;
    }
    #[inline(always)]
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32 {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32 {
        both(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn sqrt(self, a: Self::F32) -> Self::F32 {
        each(a, f32::sqrt)
    }
    #[inline(always)]
    fn less(self, a: Self::F32, b: Self::F32) -> Self::Mask {
        both(a, b, |a, b| a < b)
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, a: Self::F32, b: Self::F32) -> Self::F32 {
        std::array::from_fn(|i| if mask[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn bits_of_mask(self, mask: Self::Mask) -> u16 {
        (0..LANES).fold(0, |bits, i| bits | (u16::from(mask[i]) << i))
    }
    #[inline(always)]
    fn mask_of_bits(self, bits: u16) -> Self::Mask {
        std::array::from_fn(|i| bits >> i & 1 == 1)
    }
    #[inline(always)]
    fn splat_i32(self, value: i32) -> Self::I32 {
        [value; LANES]
    }
    #[inline(always)]
    fn load_i32(self, values: &[i32; LANES]) -> Self::I32 {
        *values
    }
    #[inline(always)]
    fn equal_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask {
        both(a, b, |a, b| a == b)
    }
    #[inline(always)]
    fn store_i32(self, lanes: Self::I32, to: &mut [i32; LANES]) {
        *to = lanes;
    }
    #[inline(always)]
    fn min_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, i32::min)
    }
    #[inline(always)]
    fn less_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask {
        both(a, b, |a, b| a < b)
    }
    #[inline(always)]
    fn add_byte_products(self, sum: Self::I32, a: Self::I32, b: Self::I32) -> Self::I32 {
        std::array::from_fn(|i| {
            let (a, b) = (a[i].to_le_bytes(), b[i].to_le_bytes());
            (0..4).fold(sum[i], |sum, j| sum.wrapping_add(i32::from(a[j]) * i32::from(b[j].cast_signed())))
        })
    }
    #[inline(always)]
    fn add_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    fn sub_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, i32::wrapping_sub)
    }
    #[inline(always)]
    fn and_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn or_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn shift_left<const N: u32>(self, a: Self::I32) -> Self::I32 {
        each(a, |a| a << N)
    }
    #[inline(always)]
    fn shift_right<const N: u32>(self, a: Self::I32) -> Self::I32 {
        each(a, |a| a >> N)
    }
    #[inline(always)]
    fn load_u16(self, values: &[u16; LANES]) -> Self::I32 {
        each(*values, i32::from)
    }
    #[inline(always)]
    fn load_i8(self, bytes: &[u8; LANES]) -> Self::I32 {
        bytes.map(|byte| i32::from(byte.cast_signed()))
    }
    #[inline(always)]
    fn mul_i32(self, a: Self::I32, b: Self::I32) -> Self::I32 {
        both(a, b, i32::wrapping_mul)
    }
    #[inline(always)]
    fn compress_i32(self, bits: u16, a: Self::I32, to: &mut [i32; LANES]) -> usize {
        compress(bits, &a, to)
    }
    #[inline(always)]
    fn gather(self, from: &[f32], at: &[u32; LANES]) -> Self::F32 {
        each(*at, |at| from[at as usize])
    }
    #[inline(always)]
    fn bits(self, a: Self::F32) -> Self::I32 {
        each(a, |a| a.to_bits().cast_signed())
    }
    #[inline(always)]
    fn of_bits(self, a: Self::I32) -> Self::F32 {
        each(a, |a| f32::from_bits(a.cast_unsigned()))
    }
    #[inline(always)]
    fn to_f32(self, a: Self::I32) -> Self::F32 {
        each(a, |a| a as f32)
    }
    #[inline(always)]
    fn round_to_i32(self, a: Self::F32) -> Self::I32 {
        each(a, |a| a.round_ties_even() as i32)
    }
}
