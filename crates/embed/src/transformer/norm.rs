//! Layer normalisation (Ba, Kiros and Hinton 2016).

use populi_simd::{Kernel, LANES, Level, Simd};

use super::linear::padded;

/// `(x - mean) / √(variance + ε) · weight + bias`, row by row.
pub(super) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    n_dims: usize,
    epsilon: f32,
}

impl Norm {
    /// Takes a weight and a bias a dimension.
    pub(super) fn new(weight: &[f32], bias: &[f32], epsilon: f32) -> Self {
        Self { weight: padded(weight), bias: padded(bias), n_dims: weight.len(), epsilon }
    }

    /// Normalises rows in place. A row is the dimensions and zeros up to a multiple of 16, which stay zeros.
    pub(super) fn apply(&self, level: Level, rows: &mut [f32]) {
        level.run(Apply { norm: self, rows });
    }
}

struct Apply<'a> {
    norm: &'a Norm,
    rows: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let norm = self.norm;
        let (weight, bias) = (norm.weight.as_chunks::<LANES>().0, norm.bias.as_chunks::<LANES>().0);
        let n_dims = norm.n_dims as f32;
        // The lanes of the last block that are there.
        let last = simd.mask_of_bits(u16::MAX >> (norm.weight.len() - norm.n_dims));
        let zero = simd.splat(0.0);
        for row in self.rows.chunks_exact_mut(norm.weight.len()) {
            let (row, _) = row.as_chunks_mut::<LANES>();
            let sum = row.iter().fold(zero, |sum, block| simd.add(sum, simd.load(block)));
            let mean = simd.splat(simd.sum(sum) / n_dims);
            let mut squares = zero;
            if let Some((end, whole)) = row.split_last_mut() {
                for block in whole {
                    let difference = simd.sub(simd.load(block), mean);
                    squares = simd.mul_add(difference, difference, squares);
                    simd.store(difference, block);
                }
                let difference = simd.select(last, simd.sub(simd.load(end), mean), zero);
                squares = simd.mul_add(difference, difference, squares);
                simd.store(difference, end);
            }
            let scale = simd.splat(1.0 / (simd.sum(squares) / n_dims + norm.epsilon).sqrt());
            for ((block, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
                let scaled = simd.mul(simd.load(block), scale);
                simd.store(simd.mul_add(scaled, simd.load(weight), simd.load(bias)), block);
            }
        }
    }
}
