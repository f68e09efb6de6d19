//! Linear maps with what follows them, fused into the store of the product.

use populi_simd::product::{Columns, Finish, Rows, multiply};
use populi_simd::{Kernel, LANES, Level, Simd};

use super::activation::gelu;
use super::config::Activation;

/// `x · Wᵀ + b`, packed for products.
pub(super) struct Linear {
    columns: Columns,
    bias: Bias,
}

/// A bias in groups of 16, zeros at the end.
type Bias = Vec<[f32; LANES]>;

/// What follows the sum and the bias.
#[derive(Clone, Copy)]
pub(super) enum Then<'a> {
    /// Nothing.
    Nothing,
    /// The activation of each value.
    Activate(Activation),
    /// The same place of another matrix is added, whose rows lie as those of the output.
    Add(&'a [f32]),
}

impl Linear {
    /// Takes weights, `[n_outputs, n_inputs]` row after row, and a bias a row.
    pub(super) fn new(weights: &[f32], bias: &[f32], n_inputs: usize) -> Self {
        let mut columns = Columns::default();
        columns.fill_transposed(Rows::new(weights, n_inputs, bias.len(), n_inputs));
        Self { columns, bias: padded(bias).as_chunks().0.to_vec() }
    }

    /// Values of a row of the input.
    pub(super) fn n_inputs(&self) -> usize {
        self.columns.n_inner()
    }

    /// Values of a row of the output: outputs, and zeros up to a multiple of 16.
    pub(super) fn n_outputs(&self) -> usize {
        self.bias.len() * LANES
    }

    /// Writes the output of `input`, `[input's rows, n_outputs]`. `packed` is room to work in.
    pub(super) fn apply(
        &self,
        level: Level,
        input: Rows<'_>,
        then: Then<'_>,
        packed: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let (columns, bias) = (&self.columns, &self.bias[..]);
        let stride = self.n_outputs();
        match then {
            Then::Nothing => level.run(Apply { input, columns, finish: AddBias(bias), packed, out, stride }),
            Then::Activate(Activation::Gelu) => {
                level.run(Apply { input, columns, finish: AddBiasGelu(bias), packed, out, stride });
            }
            Then::Activate(Activation::Relu) => {
                level.run(Apply { input, columns, finish: AddBiasRelu(bias), packed, out, stride });
            }
            Then::Add(other) => {
                let finish = AddBiasAndRow { bias, other, stride };
                level.run(Apply { input, columns, finish, packed, out, stride });
            }
        }
    }
}

/// Values and zeros up to a multiple of 16.
pub(super) fn padded(values: &[f32]) -> Vec<f32> {
    let mut values = values.to_vec();
    values.resize(values.len().next_multiple_of(LANES), 0.0);
    values
}

struct Apply<'a, F> {
    input: Rows<'a>,
    columns: &'a Columns,
    finish: F,
    packed: &'a mut Vec<f32>,
    out: &'a mut [f32],
    stride: usize,
}

impl<F: Finish> Kernel for Apply<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        multiply(simd, self.input, self.columns, self.finish, self.packed, self.out, self.stride);
    }
}

#[derive(Clone, Copy)]
struct AddBias<'a>(&'a [[f32; LANES]]);

impl Finish for AddBias<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, _: usize, group: usize) -> S::F32 {
        simd.add(sums, simd.load(&self.0[group]))
    }
}

#[derive(Clone, Copy)]
struct AddBiasGelu<'a>(&'a [[f32; LANES]]);

impl Finish for AddBiasGelu<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, _: usize, group: usize) -> S::F32 {
        gelu(simd, simd.add(sums, simd.load(&self.0[group])))
    }
}

#[derive(Clone, Copy)]
struct AddBiasRelu<'a>(&'a [[f32; LANES]]);

impl Finish for AddBiasRelu<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, _: usize, group: usize) -> S::F32 {
        simd.max(simd.add(sums, simd.load(&self.0[group])), simd.splat(0.0))
    }
}

#[derive(Clone, Copy)]
struct AddBiasAndRow<'a> {
    bias: &'a [[f32; LANES]],
    other: &'a [f32],
    stride: usize,
}

impl Finish for AddBiasAndRow<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, row: usize, group: usize) -> S::F32 {
        let (other, _) = self.other[row * self.stride + group * LANES..][..LANES].as_chunks::<LANES>();
        simd.add(simd.add(sums, simd.load(&self.bias[group])), simd.load(&other[0]))
    }
}
