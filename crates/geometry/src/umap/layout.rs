//! Stochastic gradient descent on the map, with the same bytes from any number of threads.
//!
//! Vertices stand in a random order, cut into [`N_BATCHES`] batches. In an epoch the batches come one after the other.
//! Within a batch every vertex sees all others where they stood when the batch began, and goes through its edges that
//! are due one after the other: each pulls it, and a few random vertices push it. A vertex moves nobody but itself (an
//! edge pulls its other end when that end's turn comes), so a batch may be cut among threads anyhow. With all vertices
//! in one batch that is Jacobi's iteration; with many it is nearly that of Gauss and Seidel, as in umap-learn. What was
//! tried beside is in docs/design/umap.md.

use populi_simd::Level;
use rayon::prelude::*;

use super::chunk::{Chunk, Task};
use super::curve::Curve;
use super::positions::Positions;
use super::schedule::Edges;

/// Batches of an epoch. More cost more waiting of threads for one another. Changing it changes the map.
const N_BATCHES: usize = 64;

/// Vertices that are one task. Changing it changes the map.
const CHUNK: usize = 128;

/// How vertices move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descent {
    pub(super) curve: Curve,
    pub(super) n_epochs: usize,
    pub(super) learning_rate: f32,
    pub(super) repulsion: f32,
    pub(super) negative_sample_rate: usize,
    pub(super) seed: u64,
    pub(super) level: Level,
}

impl Descent {
    /// How far vertices move in an epoch.
    fn alpha(&self, epoch: usize) -> f32 {
        self.learning_rate * (1.0 - epoch as f32 / self.n_epochs as f32)
    }
}

/// Moves vertices along `edges` between them.
pub(super) fn lay_out(
    edges: &Edges,
    positions: &mut Positions,
    descent: &Descent,
    advance: impl Fn() + Sync,
) {
    // From a thread of the pool, where a batch costs no going to sleep and waking up.
    rayon::scope(|_| lay_out_in_pool(edges, positions, descent, &advance));
}

fn lay_out_in_pool(edges: &Edges, positions: &mut Positions, descent: &Descent, advance: &dyn Fn()) {
    let n = positions.n();
    let batch_len = n.div_ceil(N_BATCHES);
    let mut chunks: Vec<Chunk> = vec![Chunk::default(); batch_len.div_ceil(CHUNK)];
    for epoch in 0..descent.n_epochs {
        let alpha = descent.alpha(epoch);
        for first in (0..n).step_by(batch_len) {
            let end = n.min(first + batch_len);
            let chunks = &mut chunks[..(end - first).div_ceil(CHUNK)];
            let seen = &*positions;
            chunks.par_iter_mut().enumerate().for_each(|(i, chunk)| {
                let first = first + i * CHUNK;
                let vertices = first..end.min(first + CHUNK);
                let (own, others) = (seen, seen);
                chunk.run(Task {
                    vertices,
                    edges,
                    own,
                    others,
                    descent,
                    epoch,
                    alpha,
                    is_among_themselves: true,
                });
            });
            chunks.iter().for_each(|chunk| chunk.publish(positions));
            positions.repeat_first();
        }
        advance();
    }
}

/// Moves new vertices along `edges` from them to vertices that stay where they are.
pub(super) fn lay_out_among(
    edges: &Edges,
    new: &mut Positions,
    fixed: &Positions,
    descent: &Descent,
    advance: impl Fn(),
) {
    let n = new.n();
    let mut chunks: Vec<Chunk> = vec![Chunk::default(); n.div_ceil(CHUNK)];
    for epoch in 0..descent.n_epochs {
        let alpha = descent.alpha(epoch);
        let own = &*new;
        chunks.par_iter_mut().enumerate().for_each(|(i, chunk)| {
            let vertices = i * CHUNK..n.min((i + 1) * CHUNK);
            chunk.run(Task {
                vertices,
                edges,
                own,
                others: fixed,
                descent,
                epoch,
                alpha,
                is_among_themselves: false,
            });
        });
        chunks.iter().for_each(|chunk| chunk.publish(new));
        advance();
    }
}
