//! Self-attention of one sequence (Vaswani et al. 2017, section 3.2): softmax(Q Kᵀ / √d) V, head by head.

use populi_simd::product::{Columns, Finish, Rows, multiply};
use populi_simd::{Kernel, LANES, Simd};

use super::activation::exp;
use super::relative::RelativeBiases;

/// How rows of queries, keys and values are cut into heads: each head begins at a multiple of 16, zeros behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub n_heads: usize,
    /// Dimensions of a head that are there.
    pub n_dims: usize,
}

impl Heads {
    /// Values from head to head.
    pub(super) fn stride(self) -> usize {
        self.n_dims.next_multiple_of(LANES)
    }

    /// Values of a row of queries, of keys or of values.
    pub(super) fn width(self) -> usize {
        self.n_heads * self.stride()
    }
}

/// Room to work in, kept from call to call.
#[derive(Default)]
pub(super) struct Room {
    pub packed: Vec<f32>,
    keys: Columns,
    values: Columns,
    scores: Vec<f32>,
    /// One over the sum of the weights of each row.
    scales: Vec<f32>,
}

/// Attention of one sequence.
pub(super) struct Attend<'a> {
    pub heads: Heads,
    pub n_tokens: usize,
    /// `[n_tokens, 3, width]`: queries, keys, values.
    pub projected: &'a [f32],
    pub relative: Option<&'a RelativeBiases>,
    pub room: &'a mut Room,
    /// `[n_tokens, width]`.
    pub out: &'a mut [f32],
}

impl Kernel for Attend<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { heads, n_tokens, projected, relative, room, out } = self;
        let (width, n_dims) = (heads.width(), heads.n_dims);
        let row = n_tokens.next_multiple_of(LANES);
        // All that is read of them is written before.
        room.scores.resize(n_tokens * row, 0.0);
        room.scales.resize(n_tokens, 0.0);
        for head in 0..heads.n_heads {
            let at = head * heads.stride();
            let part = |i: usize| Rows::new(&projected[i * width + at..], 3 * width, n_tokens, n_dims);
            room.keys.fill_transposed(part(1));
            let finish = Score { scale: 1.0 / (n_dims as f32).sqrt(), relative, head };
            multiply(simd, part(0), &room.keys, finish, &mut room.packed, &mut room.scores, row);
            for (scores, scale) in room.scores.chunks_exact_mut(row).zip(&mut room.scales) {
                *scale = 1.0 / weigh(simd, scores, n_tokens);
            }
            room.values.fill(part(2));
            let weights = Rows::new(&room.scores, row, n_tokens, n_tokens);
            let finish = Scale(&room.scales);
            multiply(simd, weights, &room.values, finish, &mut room.packed, &mut out[at..], width);
        }
    }
}

/// The score of two tokens: their product over √d, and the bias of their distance.
#[derive(Clone, Copy)]
struct Score<'a> {
    scale: f32,
    relative: Option<&'a RelativeBiases>,
    head: usize,
}

impl Finish for Score<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, row: usize, group: usize) -> S::F32 {
        let scores = simd.mul(sums, simd.splat(self.scale));
        match self.relative {
            None => scores,
            Some(relative) => {
                let (biases, _) = relative.row(self.head, row)[group * LANES..].as_chunks::<LANES>();
                simd.add(scores, simd.load(&biases[0]))
            }
        }
    }
}

/// Sums of weighted values over the sum of the weights.
#[derive(Clone, Copy)]
struct Scale<'a>(&'a [f32]);

impl Finish for Scale<'_> {
    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: S::F32, row: usize, _: usize) -> S::F32 {
        simd.mul(sums, simd.splat(self.0[row]))
    }
}

/// Turns the first `n` scores into e^(score - greatest), and gives their sum.
#[inline(always)]
fn weigh<S: Simd>(simd: S, scores: &mut [f32], n: usize) -> f32 {
    let (blocks, _) = scores.as_chunks_mut::<LANES>();
    let Some((last, whole)) = blocks.split_last_mut() else { return 0.0 };
    let there = simd.mask_of_bits(u16::MAX >> (n.next_multiple_of(LANES) - n));
    let lowest = simd.splat(f32::NEG_INFINITY);
    let mut greatest = simd.select(there, simd.load(last), lowest);
    for block in &*whole {
        greatest = simd.max(greatest, simd.load(block));
    }
    let greatest = simd.splat(simd.to_array(greatest).into_iter().fold(f32::NEG_INFINITY, f32::max));
    let mut sum = simd.splat(0.0);
    for block in whole {
        let weights = exp(simd, simd.sub(simd.load(block), greatest));
        sum = simd.add(sum, weights);
        simd.store(weights, block);
    }
    let weights = simd.select(there, exp(simd, simd.sub(simd.load(last), greatest)), simd.splat(0.0));
    simd.store(weights, last);
    simd.sum(simd.add(sum, weights))
}
