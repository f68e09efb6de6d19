//! The weighted sum of rows of bytes, and its length made 1.

use populi_simd::{Kernel, LANES, Simd};

/// `Σ scales[id] · rows[id]` over the ids in their order, divided by its length.
pub(super) struct NormalisedSum<'a> {
    /// `[n_tokens, to.len()]` numbers with a sign, a byte each.
    pub(super) rows: &'a [u8],
    /// `[n_tokens]`
    pub(super) scales: &'a [f32],
    /// Each below `n_tokens`.
    pub(super) ids: &'a [u32],
    /// `[n_dims / 16]`; stays zero where the sum is.
    pub(super) to: &'a mut [[f32; LANES]],
}

/// Vectors of 16 lanes that are summed at once: where a row is 256 wide and the CPU has 32 registers, all of it.
const WIDE: usize = 16;
const NARROW: usize = 4;

impl Kernel for NormalisedSum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n_vectors = self.to.len();
        let mut first = 0;
        while first < n_vectors {
            first += match n_vectors - first {
                WIDE.. if S::N_REGISTERS > WIDE => self.add_up::<S, WIDE>(simd, first),
                NARROW.. => self.add_up::<S, NARROW>(simd, first),
                _ => self.add_up::<S, 1>(simd, first),
            };
        }

        let mut squares = simd.splat(0.0);
        for lanes in self.to.iter() {
            let lanes = simd.load(lanes);
            squares = simd.mul_add(lanes, lanes, squares);
        }
        let length = simd.sum(squares).sqrt();
        if length > 0.0 {
            let length = simd.splat(length);
            self.to.iter_mut().for_each(|lanes| simd.store(simd.div(simd.load(lanes), length), lanes));
        }
    }
}

impl NormalisedSum<'_> {
    /// Sums up `N` vectors from `first` on, and says `N`.
    #[inline(always)]
    fn add_up<S: Simd, const N: usize>(&mut self, simd: S, first: usize) -> usize {
        let n_dims = self.to.len() * LANES;
        let mut sums = [simd.splat(0.0); N];
        for &id in self.ids {
            let start = id as usize * n_dims + first * LANES;
            let (row, _) = self.rows[start..start + N * LANES].as_chunks::<LANES>();
            let scale = simd.splat(self.scales[id as usize]);
            for (sum, bytes) in sums.iter_mut().zip(row) {
                *sum = simd.mul_add(simd.to_f32(simd.load_i8(bytes)), scale, *sum);
            }
        }
        for (to, sum) in self.to[first..first + N].iter_mut().zip(sums) {
            simd.store(sum, to);
        }
        N
    }
}

#[cfg(test)]
mod tests {
    use populi_simd::Level;
    use proptest::prelude::*;

    use super::*;
    use crate::token_table::file::{MAX_SCALE, MIN_SCALE};

    /// The sum of `ids` over rows that are filled with one byte each.
    fn of_filled_rows(level: Level, n_vectors: usize, rows: &[(i8, f32)], ids: &[u32]) -> Vec<f32> {
        let bytes: Vec<u8> =
            rows.iter().flat_map(|row| vec![row.0.cast_unsigned(); n_vectors * LANES]).collect();
        let scales: Vec<f32> = rows.iter().map(|row| row.1).collect();
        let mut to = vec![[0f32; LANES]; n_vectors];
        level.run(NormalisedSum { rows: &bytes, scales: &scales, ids, to: &mut to });
        to.concat()
    }

    #[test]
    fn length_is_one_at_the_bounds_of_the_scales() {
        for level in Level::all() {
            // As many tokens as a text may have, all as large as can be.
            let largest = of_filled_rows(level, 1 << 8, &[(i8::MIN, MAX_SCALE)], &[0; 1 << 14]);
            assert!(largest.iter().all(|value| (value + 1.0 / 64.0).abs() < 1e-6), "{level:?}");
            // What is left of two rows that differ in the last digit of the least scale.
            let rows = [(1, MIN_SCALE), (-1, MIN_SCALE.next_up())];
            let least = of_filled_rows(level, 1, &rows, &[0, 1]);
            assert!(least.iter().all(|value| (value + 0.25).abs() < 1e-6), "{level:?}: {least:?}");
        }
    }

    proptest! {
        #[test]
        fn is_near_the_sum_by_definition_and_of_the_same_bits_at_every_level(
            n_vectors in 1usize..24,
            bytes in prop::collection::vec(any::<u8>(), 7 * 24 * LANES),
            scales in prop::collection::vec(0f32..3.0, 7),
            ids in prop::collection::vec(0u32..7, 0..40),
        ) {
            let n_dims = n_vectors * LANES;
            let rows = &bytes[..7 * n_dims];
            let at = |level: Level| {
                let mut to = vec![[0f32; LANES]; n_vectors];
                level.run(NormalisedSum { rows, scales: &scales, ids: &ids, to: &mut to });
                to.concat()
            };
            let mut expected = vec![0f64; n_dims];
            for &id in &ids {
                let row = &rows[id as usize * n_dims..][..n_dims];
                for (sum, &byte) in expected.iter_mut().zip(row) {
                    *sum += f64::from(scales[id as usize]) * f64::from(byte.cast_signed());
                }
            }
            let length = expected.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
            let got = at(Level::SCALAR);
            for (&got, sum) in got.iter().zip(expected) {
                let expected = if length > 0.0 { sum / length } else { 0.0 };
                prop_assert!((f64::from(got) - expected).abs() < 1e-4, "{got} is not {expected}");
            }
            for level in Level::all() {
                prop_assert_eq!(at(level), got.clone(), "{:?}", level);
            }
        }
    }
}
