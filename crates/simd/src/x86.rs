//! AVX2 and AVX-512: a token that the instructions are there, and the lanes over them.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use crate::kernel::{Kernel, LANES, Simd};
use crate::scalar::compress;

/// Proof that this CPU has AVX2 and fused multiply-add.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Avx2(());

/// Proof that this CPU has AVX-512 F, BW, DQ, VL and VNNI beside AVX2 and fused multiply-add.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Avx512(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
            kernel.run(token)
        }
        // SAFETY: a token is made only where the CPU was seen to have these features.
        unsafe { compiled(self, kernel) }
    }
}

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && Avx2::detect().is_some();
        has_all.then_some(Self(()))
    }

    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
        fn compiled<K: Kernel>(token: Avx512, kernel: K) -> K::Output {
            kernel.run(token)
        }
        // SAFETY: a token is made only where the CPU was seen to have these features.
        unsafe { compiled(self, kernel) }
    }
}

/// Operations that are one instruction each and touch no memory.
macro_rules! one_instruction {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $body:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
            unsafe { $body }
        }
    )*};
}

impl Simd for Avx512 {
    type F32 = __m512;
    type I32 = __m512i;
    type Mask = __mmask16;
    const N_REGISTERS: usize = 32;

    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> __m512 {
        // SAFETY: `self` is proof of the instruction; the array has the 64 bytes that it reads, at any alignment.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, lanes: __m512, to: &mut [f32; LANES]) {
        // SAFETY: `self` is proof of the instruction; the array has the 64 bytes that it writes, at any alignment.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), lanes) }
    }
    #[inline(always)]
    fn load_i32(self, values: &[i32; LANES]) -> __m512i {
        // SAFETY: `self` is proof of the instruction; the array has the 64 bytes that it reads, at any alignment.
        unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
    }
    #[inline(always)]
    fn store_i32(self, lanes: __m512i, to: &mut [i32; LANES]) {
        // SAFETY: `self` is proof of the instruction; the array has the 64 bytes that it writes, at any alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), lanes) }
    }
    #[inline(always)]
    fn shift_left<const N: u32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
        unsafe { _mm512_slli_epi32::<N>(a) }
    }
    #[inline(always)]
    fn shift_right<const N: u32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
        unsafe { _mm512_srai_epi32::<N>(a) }
    }
    #[inline(always)]
    fn load_u16(self, values: &[u16; LANES]) -> __m512i {
        // SAFETY: `self` is proof of the instructions; the array has the 32 bytes that are read, at any alignment.
        unsafe { _mm512_cvtepu16_epi32(_mm256_loadu_si256(values.as_ptr().cast())) }
    }
    #[inline(always)]
    fn load_i8(self, bytes: &[u8; LANES]) -> __m512i {
        // SAFETY: `self` is proof of the instructions; the array has the 16 bytes that are read, at any alignment.
        unsafe { _mm512_cvtepi8_epi32(_mm_loadu_si128(bytes.as_ptr().cast())) }
    }
    #[inline(always)]
    fn compress_i32(self, bits: u16, a: __m512i, to: &mut [i32; LANES]) -> usize {
        // SAFETY: `self` is proof of the instructions; the array has the 64 bytes that are written, at any alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), _mm512_maskz_compress_epi32(bits, a)) }
        bits.count_ones() as usize
    }
    #[inline(always)]
    fn gather(self, from: &[f32], at: &[u32; LANES]) -> __m512 {
        // SAFETY: `self` is proof of the instructions; the array has the 64 bytes that are read; every index was seen
        // to be below the length of `from`, so each element that is read is one of `from`, and below 2^31, so none is
        // taken for a negative one.
        unsafe {
            let at = _mm512_loadu_si512(at.as_ptr().cast());
            let end = from.len().min(1 << 31) as u32;
            let inside = _mm512_cmplt_epu32_mask(at, _mm512_set1_epi32(end.cast_signed()));
            assert!(inside == u16::MAX, "an index is beyond the slice");
            _mm512_i32gather_ps::<4>(at, from.as_ptr())
        }
    }
    one_instruction! {
        fn mul_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_mullo_epi32(a, b);
        fn splat(value: f32) -> __m512 = _mm512_set1_ps(value);
        fn add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        fn sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        fn mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        fn div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        fn min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        fn max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        fn sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        fn less(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        fn select(mask: __mmask16, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(mask, b, a);
        fn splat_i32(value: i32) -> __m512i = _mm512_set1_epi32(value);
        fn equal_i32(a: __m512i, b: __m512i) -> __mmask16 = _mm512_cmpeq_epi32_mask(a, b);
        fn add_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        fn sub_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        fn and_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        fn or_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        fn min_i32(a: __m512i, b: __m512i) -> __m512i = _mm512_min_epi32(a, b);
        fn less_i32(a: __m512i, b: __m512i) -> __mmask16 = _mm512_cmplt_epi32_mask(a, b);
        fn add_byte_products(sum: __m512i, a: __m512i, b: __m512i) -> __m512i =
            _mm512_dpbusd_epi32(sum, a, b);
        fn bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        fn of_bits(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        fn to_f32(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        fn round_to_i32(a: __m512) -> __m512i = _mm512_cvtps_epi32(a);
    }
    #[inline(always)]
    fn bits_of_mask(self, mask: __mmask16) -> u16 {
        mask
    }
    #[inline(always)]
    fn mask_of_bits(self, bits: u16) -> __mmask16 {
        bits
    }
}

/// Operations that are one instruction for each half and touch no memory.
macro_rules! one_instruction_a_half {
    ($(fn $name:ident($($arg:ident),*) -> $out:ty = $instruction:ident $(::<$param:ident>)?;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: halves!($name $arg)),*) -> $out {
            // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
            unsafe { [$instruction$(::<$param>)?($($arg[0]),*), $instruction$(::<$param>)?($($arg[1]),*)] }
        }
    )*};
}

/// The type of an operand of [`Avx2`]: integers where the operation is named so.
macro_rules! halves {
    (add_i32 $a:ident) => {
        [__m256i; 2]
    };
    (sub_i32 $a:ident) => {
        [__m256i; 2]
    };
    (and_i32 $a:ident) => {
        [__m256i; 2]
    };
    (min_i32 $a:ident) => {
        [__m256i; 2]
    };
    (or_i32 $a:ident) => {
        [__m256i; 2]
    };
    (mul_i32 $a:ident) => {
        [__m256i; 2]
    };
    (of_bits $a:ident) => {
        [__m256i; 2]
    };
    (to_f32 $a:ident) => {
        [__m256i; 2]
    };
    ($name:ident $a:ident) => {
        [__m256; 2]
    };
}

impl Simd for Avx2 {
    type F32 = [__m256; 2];
    type I32 = [__m256i; 2];
    type Mask = [__m256; 2];
    const N_REGISTERS: usize = 8;

    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> Self::F32 {
        // SAFETY: `self` is proof of the instruction; the array has the twice 32 bytes that are read, at any alignment.
        unsafe { [_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(8))] }
    }
    #[inline(always)]
    fn store(self, lanes: Self::F32, to: &mut [f32; LANES]) {
        // SAFETY: `self` is proof of the instruction; the array has the twice 32 bytes that are written, at any
        // alignment.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), lanes[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), lanes[1]);
        }
    }
    #[inline(always)]
    fn load_i32(self, values: &[i32; LANES]) -> Self::I32 {
        let from = values.as_ptr().cast::<__m256i>();
        // SAFETY: `self` is proof of the instruction; the array has the twice 32 bytes that are read, at any alignment.
        unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] }
    }
    #[inline(always)]
    fn store_i32(self, lanes: Self::I32, to: &mut [i32; LANES]) {
        let to = to.as_mut_ptr().cast::<__m256i>();
        // SAFETY: `self` is proof of the instruction; the array has the twice 32 bytes that are written, at any
        // alignment.
        unsafe {
            _mm256_storeu_si256(to, lanes[0]);
            _mm256_storeu_si256(to.add(1), lanes[1]);
        }
    }
    #[inline(always)]
    fn add_byte_products(self, sum: Self::I32, a: Self::I32, b: Self::I32) -> Self::I32 {
        // SAFETY: `self` is proof that the CPU has the instructions, which touch no memory.
        unsafe {
            let ones = _mm256_set1_epi16(1);
            let low = _mm256_madd_epi16(_mm256_maddubs_epi16(a[0], b[0]), ones);
            let high = _mm256_madd_epi16(_mm256_maddubs_epi16(a[1], b[1]), ones);
            [_mm256_add_epi32(sum[0], low), _mm256_add_epi32(sum[1], high)]
        }
    }
    #[inline(always)]
    fn shift_left<const N: u32>(self, a: Self::I32) -> Self::I32 {
        let n = [N.cast_signed(), 0, 0, 0];
        // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
        unsafe {
            let n = _mm_set_epi32(n[3], n[2], n[1], n[0]);
            [_mm256_sll_epi32(a[0], n), _mm256_sll_epi32(a[1], n)]
        }
    }
    #[inline(always)]
    fn shift_right<const N: u32>(self, a: Self::I32) -> Self::I32 {
        let n = [N.cast_signed(), 0, 0, 0];
        // SAFETY: `self` is proof that the CPU has the instruction, which touches no memory.
        unsafe {
            let n = _mm_set_epi32(n[3], n[2], n[1], n[0]);
            [_mm256_sra_epi32(a[0], n), _mm256_sra_epi32(a[1], n)]
        }
    }
    #[inline(always)]
    fn load_u16(self, values: &[u16; LANES]) -> Self::I32 {
        // SAFETY: `self` is proof of the instructions; the array has the twice 16 bytes that are read, at any
        // alignment.
        unsafe {
            let half = |from: usize| _mm_loadu_si128(values.as_ptr().add(from).cast());
            [_mm256_cvtepu16_epi32(half(0)), _mm256_cvtepu16_epi32(half(8))]
        }
    }
    #[inline(always)]
    fn load_i8(self, bytes: &[u8; LANES]) -> Self::I32 {
        // SAFETY: `self` is proof of the instructions; the array has the twice 8 bytes that are read, at any alignment.
        unsafe {
            let half = |from: usize| _mm_loadl_epi64(bytes.as_ptr().add(from).cast());
            [_mm256_cvtepi8_epi32(half(0)), _mm256_cvtepi8_epi32(half(8))]
        }
    }
    #[inline(always)]
    fn compress_i32(self, bits: u16, a: Self::I32, to: &mut [i32; LANES]) -> usize {
        let mut lanes = [0; LANES];
        // SAFETY: `self` is proof of the instruction; the array has the twice 32 bytes that are written, at any
        // alignment.
        unsafe {
            _mm256_storeu_si256(lanes.as_mut_ptr().cast(), a[0]);
            _mm256_storeu_si256(lanes.as_mut_ptr().add(8).cast(), a[1]);
        }
        compress(bits, &lanes, to)
    }
    #[inline(always)]
    fn gather(self, from: &[f32], at: &[u32; LANES]) -> Self::F32 {
        let inside = at.iter().fold(true, |inside, &at| inside & ((at as usize) < from.len()));
        assert!(inside && from.len() <= 1 << 31, "an index is beyond the slice");
        // SAFETY: `self` is proof of the instructions; the array has the twice 32 bytes that are read; every index was
        // seen to be below the length of `from`, so each element that is read is one of `from`, and below 2^31, so none
        // is taken for a negative one.
        unsafe {
            let half = |first: usize| _mm256_loadu_si256(at.as_ptr().add(first).cast());
            let start = from.as_ptr();
            [_mm256_i32gather_ps::<4>(start, half(0)), _mm256_i32gather_ps::<4>(start, half(8))]
        }
    }
    one_instruction! {
        fn splat(value: f32) -> [__m256; 2] = [_mm256_set1_ps(value); 2];
        fn splat_i32(value: i32) -> [__m256i; 2] = [_mm256_set1_epi32(value); 2];
        fn select(mask: [__m256; 2], a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] =
            [_mm256_blendv_ps(b[0], a[0], mask[0]), _mm256_blendv_ps(b[1], a[1], mask[1])];
        fn equal_i32(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256; 2] = [
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(a[0], b[0])),
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(a[1], b[1])),
        ];
        fn less_i32(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256; 2] = [
            _mm256_castsi256_ps(_mm256_cmpgt_epi32(b[0], a[0])),
            _mm256_castsi256_ps(_mm256_cmpgt_epi32(b[1], a[1])),
        ];
        fn bits_of_mask(mask: [__m256; 2]) -> u16 =
            (_mm256_movemask_ps(mask[0]) | (_mm256_movemask_ps(mask[1]) << 8)) as u16;
    }
    #[inline(always)]
    fn mask_of_bits(self, bits: u16) -> Self::Mask {
        let half =
            |from: u32| -> [i32; 8] { std::array::from_fn(|i| -i32::from(bits >> (from + i as u32) & 1)) };
        let (low, high) = (half(0), half(8));
        // SAFETY: `self` is proof of the instruction; each array has the 32 bytes that are read, at any alignment.
        unsafe {
            [
                _mm256_castsi256_ps(_mm256_loadu_si256(low.as_ptr().cast())),
                _mm256_castsi256_ps(_mm256_loadu_si256(high.as_ptr().cast())),
            ]
        }
    }
    one_instruction_a_half! {
        fn add(a, b) -> [__m256; 2] = _mm256_add_ps;
        fn sub(a, b) -> [__m256; 2] = _mm256_sub_ps;
        fn mul(a, b) -> [__m256; 2] = _mm256_mul_ps;
        fn div(a, b) -> [__m256; 2] = _mm256_div_ps;
        fn mul_add(a, b, c) -> [__m256; 2] = _mm256_fmadd_ps;
        fn min(a, b) -> [__m256; 2] = _mm256_min_ps;
        fn max(a, b) -> [__m256; 2] = _mm256_max_ps;
        fn sqrt(a) -> [__m256; 2] = _mm256_sqrt_ps;
        fn less(a, b) -> [__m256; 2] = _mm256_cmp_ps::<_CMP_LT_OQ>;
        fn add_i32(a, b) -> [__m256i; 2] = _mm256_add_epi32;
        fn sub_i32(a, b) -> [__m256i; 2] = _mm256_sub_epi32;
        fn mul_i32(a, b) -> [__m256i; 2] = _mm256_mullo_epi32;
        fn and_i32(a, b) -> [__m256i; 2] = _mm256_and_si256;
        fn or_i32(a, b) -> [__m256i; 2] = _mm256_or_si256;
        fn min_i32(a, b) -> [__m256i; 2] = _mm256_min_epi32;
        fn bits(a) -> [__m256i; 2] = _mm256_castps_si256;
        fn of_bits(a) -> [__m256; 2] = _mm256_castsi256_ps;
        fn to_f32(a) -> [__m256; 2] = _mm256_cvtepi32_ps;
        fn round_to_i32(a) -> [__m256i; 2] = _mm256_cvtps_epi32;
    }
}
