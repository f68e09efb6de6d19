//! Which edges pull in which epoch.
//!
//! An edge whose membership is the share `p` of the greatest pulls in `p` of all epochs, evenly spread: in epoch `e`
//! where `floor(p·(e + 1) + phase)` is above `floor(p·e + phase)`. Nothing is kept from one epoch to the next. The
//! phase is a hash of the two ends, so that edges of equal membership do not all pull at once.

use std::ops::Range;

use populi_simd::Simd;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::sparse::SparseMatrix;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_BLOCK: usize = 4096;

/// Values behind the last edge, so that 16 can be read from any edge on.
const PADDING: usize = 16;

/// Makes hashes of ends: the golden ratio of 2^32, and another odd number.
const MIX_TAIL: i32 = 0x9e37_79b1_u32.cast_signed();
const MIX_HEAD: u32 = 0x85eb_ca6b;

/// The edges of every vertex, six bytes each. A share is kept as `p·65535` in 16 bits: at 200 epochs the rarest edges
/// have `p = 1/200`, which is then right to 0.2 %.
#[derive(Debug)]
pub(super) struct Edges {
    offsets: Vec<usize>,
    tails: Vec<i32>,
    shares: Vec<u16>,
}

impl Edges {
    /// Edges of `graph [n_heads, n_tails]` that pull at least once in `n_epochs`. The head `i` has those of row
    /// `row_of_head(i)`, and a column `j` is the tail `tail_of_column[j]`.
    pub(super) fn new(
        graph: &SparseMatrix,
        row_of_head: impl Fn(usize) -> usize + Sync,
        tail_of_column: &[u32],
        n_epochs: usize,
    ) -> Self {
        let n_heads = graph.n_rows();
        let greatest = (0..n_heads)
            .into_par_iter()
            .with_min_len(ROWS_PER_BLOCK)
            .map(|row| graph.row(row).1.iter().fold(0f32, |most, &value| most.max(value)))
            .reduce(|| 0.0, f32::max);
        let least = greatest / n_epochs as f32;
        let share = |value: f32| (f64::from(value / greatest) * 65535.0).round() as u16;

        let heads: Vec<usize> = (0..n_heads).collect();
        let parts: Vec<(Vec<usize>, Vec<i32>, Vec<u16>)> = heads
            .par_chunks(ROWS_PER_BLOCK)
            .map(|heads| {
                let (mut lengths, mut tails, mut shares) = (Vec::new(), Vec::new(), Vec::new());
                for &head in heads {
                    let before = tails.len();
                    let (columns, values) = graph.row(row_of_head(head));
                    let strong = columns.iter().zip(values).filter(|(_, value)| **value >= least);
                    strong.for_each(|(&tail, &value)| {
                        tails.push(tail_of_column[tail as usize].cast_signed());
                        shares.push(share(value));
                    });
                    lengths.push(tails.len() - before);
                }
                (lengths, tails, shares)
            })
            .collect();
        let n_edges: usize = parts.iter().map(|part| part.1.len()).sum();
        let mut edges = Self {
            offsets: Vec::with_capacity(n_heads + 1),
            tails: Vec::with_capacity(n_edges + PADDING),
            shares: Vec::with_capacity(n_edges + PADDING),
        };
        edges.offsets.push(0);
        let mut n = 0;
        for (lengths, tails, shares) in parts {
            for length in lengths {
                n += length;
                edges.offsets.push(n);
            }
            edges.tails.extend_from_slice(&tails);
            edges.shares.extend_from_slice(&shares);
        }
        edges.tails.resize(n_edges + PADDING, 0);
        edges.shares.resize(n_edges + PADDING, 0);
        edges
    }

    /// Number of edges of some heads.
    pub(super) fn n_edges_of(&self, heads: Range<usize>) -> usize {
        self.offsets[heads.end] - self.offsets[heads.start]
    }

    /// Writes the tails of the edges of `head` that pull in an epoch to the front of `to`, which has room for all of
    /// its edges and 16 more, and gives their number.
    #[inline(always)]
    pub(super) fn due<S: Simd>(&self, simd: S, head: usize, epoch: usize, to: &mut [i32]) -> usize {
        let (start, end) = (self.offsets[head], self.offsets[head + 1]);
        let (tails, shares) = (&self.tails[start..end + PADDING], &self.shares[start..end + PADDING]);
        let epoch = simd.splat_i32(epoch as i32);
        let head_mix = simd.splat_i32((head as u32).wrapping_mul(MIX_HEAD).cast_signed());
        let (mix, low) = (simd.splat_i32(MIX_TAIL), simd.splat_i32(0xffff));
        let (mut n_due, mut left) = (0usize, end - start);
        for (tails, shares) in tails.as_chunks::<16>().0.iter().zip(shares.as_chunks::<16>().0) {
            if left == 0 {
                break;
            }
            let (tails, share) = (simd.load_i32(tails), simd.load_u16(shares));
            let phase = simd.shift_right::<16>(simd.mul_i32(simd.add_i32(tails, head_mix), mix));
            let sum = simd.and_i32(simd.add_i32(simd.mul_i32(share, epoch), phase), low);
            let fires = simd.bits_of_mask(simd.less_i32(low, simd.add_i32(sum, share)));
            let here = left.min(16);
            let fires = fires & (u32::MAX >> (32 - here)) as u16;
            let (to, _) = to[n_due..].split_first_chunk_mut::<16>().expect("room for 16 more");
            n_due += simd.compress_i32(fires, tails, to);
            left -= here;
        }
        n_due
    }
}

/// A random order of `n` rows, and the place of each in it.
pub(super) fn shuffled(n: usize, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, random.random_range(0..=i as u32) as usize);
    }
    let mut place = vec![0; n];
    order.iter().enumerate().for_each(|(i, &row)| place[row as usize] = i as u32);
    (order, place)
}
