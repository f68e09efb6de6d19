//! What one text says about the rows of its tokens, and the step of one row: the arithmetic of the fit.

use populi_simd::{Kernel, LANES, Simd};

/// How [`AdamStep`] weighs what it has seen: the usual values of Kingma and Ba (2015).
pub(super) const BETA_1: f32 = 0.9;
pub(super) const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// `to = Σ rows[id]` over the ids in their order.
pub(super) struct Sum<'a> {
    /// A row begins at every multiple of `stride`.
    pub(super) rows: &'a [f32],
    pub(super) stride: usize,
    pub(super) ids: &'a [u32],
    /// `[n_dims]`, a multiple of 16.
    pub(super) to: &'a mut [f32],
}

impl Kernel for Sum<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.to.fill(0.0);
        let n_dims = self.to.len();
        let (to, _) = self.to.as_chunks_mut::<LANES>();
        for &id in self.ids {
            let (row, _) = self.rows[id as usize * self.stride..][..n_dims].as_chunks::<LANES>();
            for (to, row) in to.iter_mut().zip(row) {
                simd.store(simd.add(simd.load(to), simd.load(row)), to);
            }
        }
    }
}

/// Makes of the sum `s` of a text's rows the gradient of `(1 - cos(s, target)) · weight` to each of them,
/// `(cos · s/|s| - target) · weight/|s|`, in place; gives the cosine. A sum of zeros has neither.
pub(super) struct CosineGradient<'a> {
    /// `[n_dims]`, the sum, then the gradient.
    pub(super) sum: &'a mut [f32],
    /// `[n_dims]`, of length 1 or zero.
    pub(super) target: &'a [f32],
    pub(super) weight: f32,
}

impl Kernel for CosineGradient<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (sum, _) = self.sum.as_chunks_mut::<LANES>();
        let (target, _) = self.target.as_chunks::<LANES>();
        let (mut squares, mut products) = (simd.splat(0.0), simd.splat(0.0));
        for (sum, target) in sum.iter().zip(target) {
            let sum = simd.load(sum);
            squares = simd.mul_add(sum, sum, squares);
            products = simd.mul_add(sum, simd.load(target), products);
        }
        let length = simd.sum(squares).sqrt();
        if length <= f32::MIN_POSITIVE {
            sum.iter_mut().for_each(|lanes| *lanes = [0.0; LANES]);
            return 0.0;
        }
        let cosine = simd.sum(products) / length;
        let (along, scale) = (simd.splat(cosine / length), simd.splat(self.weight / length));
        for (sum, target) in sum.iter_mut().zip(target) {
            let across = simd.sub(simd.mul(along, simd.load(sum)), simd.load(target));
            simd.store(simd.mul(across, scale), sum);
        }
        cosine
    }
}

/// One step of Adam on a row whose gradient is the sum of those of the texts that it is in.
pub(super) struct AdamStep<'a> {
    /// `[n_batch, n_dims]`
    pub(super) gradients: &'a [f32],
    /// Which of them, in order; a text is there as often as the token is in it. The low 32 bits of each.
    pub(super) texts: &'a [u64],
    /// `[3, n_dims]`: the row, the mean of its gradients and that of their squares.
    pub(super) state: &'a mut [f32],
    /// The learning rate with the correction for the steps so far.
    pub(super) rate: f32,
    /// `sqrt(1 - BETA_2^t)`: the correction of the mean of squares.
    pub(super) correction: f32,
}

impl Kernel for AdamStep<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_dims = self.state.len() / 3;
        let (row, rest) = self.state.split_at_mut(n_dims);
        let (mean, square) = rest.split_at_mut(n_dims);
        let [row, mean, square] = [row, mean, square].map(|part| part.as_chunks_mut::<LANES>().0);
        let [new_1, new_2] = [1.0 - BETA_1, 1.0 - BETA_2].map(|share| simd.splat(share));
        let (epsilon, correction) = (simd.splat(EPSILON), simd.splat(self.correction));
        let rate = simd.splat(self.rate);
        for (i, ((row, mean), square)) in row.iter_mut().zip(mean).zip(square).enumerate() {
            let mut gradient = simd.splat(0.0);
            for &text in self.texts {
                let start = (text as u32) as usize * n_dims + i * LANES;
                let (block, _) = self.gradients[start..start + LANES].as_chunks::<LANES>();
                gradient = simd.add(gradient, simd.load(&block[0]));
            }
            let m = simd.load(mean);
            let m = simd.mul_add(simd.sub(gradient, m), new_1, m);
            let v = simd.load(square);
            let v = simd.mul_add(simd.sub(simd.mul(gradient, gradient), v), new_2, v);
            simd.store(m, mean);
            simd.store(v, square);
            let size = simd.add(simd.div(simd.sqrt(v), correction), epsilon);
            simd.store(simd.sub(simd.load(row), simd.div(simd.mul(rate, m), size)), row);
        }
    }
}

#[cfg(test)]
mod tests {
    use populi_simd::Level;
    use proptest::prelude::*;

    use super::*;

    fn values(n: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-2f32..2.0, n)
    }

    fn cosine(a: &[f64], b: &[f64]) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    proptest! {
        #[test]
        fn the_gradient_is_the_slope_of_the_loss(sum in values(16), target in values(16), along in values(16)) {
            let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
            let length = target.iter().map(|value| value * value).sum::<f32>().sqrt();
            prop_assume!(length > 0.1 && sum.iter().map(|value| value * value).sum::<f32>() > 0.1);
            let target: Vec<f32> = target.iter().map(|value| value / length).collect();
            let mut gradient = sum.clone();
            let got = Level::best().run(CosineGradient { sum: &mut gradient, target: &target, weight: 3.0 });
            let (sum, target, along) = (wide(&sum), wide(&target), wide(&along));
            prop_assert!((f64::from(got) - cosine(&sum, &target)).abs() < 1e-5);
            let loss = |step: f64| {
                let moved: Vec<f64> = sum.iter().zip(&along).map(|(s, a)| s + step * a).collect();
                3.0 * (1.0 - cosine(&moved, &target))
            };
            let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let expected: f64 = gradient.iter().zip(&along).map(|(&g, a)| f64::from(g) * a).sum();
            prop_assert!((slope - expected).abs() < 1e-3 * (1.0 + slope.abs()), "{slope} is not {expected}");
        }

        #[test]
        fn every_level_gives_the_same_bits(rows in values(96), state in values(32), target in values(32)) {
            let mut state = [rows[..32].to_vec(), state.clone(), state.iter().map(|v| v * v).collect()].concat();
            let start = state.clone();
            let mut run = |level: Level| {
                state.copy_from_slice(&start);
                let mut sum = vec![0.0; 32];
                level.run(Sum { rows: &rows, stride: 32, ids: &[2, 0, 2, 1], to: &mut sum });
                let cosine = level.run(CosineGradient { sum: &mut sum, target: &target, weight: 0.5 });
                let texts = [7 << 32, 7 << 32];
                level.run(AdamStep { gradients: &sum, texts: &texts, state: &mut state, rate: 0.1, correction: 0.5 });
                let bits: Vec<u32> = sum.iter().chain(&state).map(|value| value.to_bits()).collect();
                (cosine.to_bits(), bits)
            };
            let scalar = run(Level::SCALAR);
            for level in Level::all() {
                prop_assert_eq!(run(level), scalar.clone(), "{:?}", level);
            }
        }
    }

    #[test]
    fn adam_by_hand() {
        let mut state = [[1.0f32; 16], [0.5; 16], [0.25; 16]].concat();
        let gradients = [[9.0f32; 16], [0.5; 16], [1.0; 16]].concat();
        let step = AdamStep {
            gradients: &gradients,
            texts: &[1, 1, 2],
            state: &mut state,
            rate: 0.1,
            correction: 0.5,
        };
        Level::best().run(step);
        // The gradient is 0.5 + 0.5 + 1.
        let mean = 0.9 * 0.5 + 0.1 * 2.0f32;
        let square = 0.999 * 0.25 + 0.001 * 4.0f32;
        let row = 1.0 - 0.1 * mean / (square.sqrt() / 0.5);
        for (got, expected) in [(state[0], row), (state[20], mean), (state[47], square)] {
            assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }

    #[test]
    fn a_sum_of_zeros_has_no_gradient() {
        let mut sum = [0.0; 16];
        let cosine = Level::best().run(CosineGradient { sum: &mut sum, target: &[0.25; 16], weight: 1.0 });
        assert_eq!((cosine, sum), (0.0, [0.0; 16]));
    }
}
