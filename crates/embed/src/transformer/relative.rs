//! What attention of MPNet adds for the distance of two tokens.

use populi_simd::LANES;

/// Rows of the table of biases, fixed in the original.
pub(super) const N_BUCKETS: usize = 32;

/// Distances from which all share the last bucket.
const FAR: usize = 128;

/// The biases of all distances, worked out once.
pub(super) struct RelativeBiases {
    /// A head: `[2 n_tokens - 1 + 16]`, by the distance of the key from the query plus `n_tokens - 1`.
    by_distance: Vec<Vec<f32>>,
    n_tokens: usize,
}

impl RelativeBiases {
    /// Spreads `table`, `[N_BUCKETS, n_heads]`, over the distances of up to `n_tokens` tokens.
    pub(super) fn new(table: &[f32], n_heads: usize, n_tokens: usize) -> Self {
        let backward = (1..n_tokens).rev().map(|distance| bucket(distance, false));
        let forward = (0..n_tokens).map(|distance| bucket(distance, true));
        let buckets: Vec<usize> = backward.chain(forward).collect();
        let of_head = |head: usize| {
            let biases = buckets.iter().map(|&bucket| table[bucket * n_heads + head]);
            // Whole groups of 16 are read beyond the last token.
            biases.chain(std::iter::repeat_n(0.0, LANES)).collect()
        };
        Self { by_distance: (0..n_heads).map(of_head).collect(), n_tokens }
    }

    /// The biases of one head from the token `query` to the keys 0, 1, ...
    #[inline(always)]
    pub(super) fn row(&self, head: usize, query: usize) -> &[f32] {
        &self.by_distance[head][self.n_tokens - 1 - query..]
    }
}

/// The row of the table for a distance: eight for one each, eight that grow by the logarithm, and so to either side.
fn bucket(distance: usize, is_forward: bool) -> usize {
    let (half, exact) = (N_BUCKETS / 2, N_BUCKETS / 4);
    let within = if distance < exact {
        distance
    } else {
        // In the roundings of the original, on which it hangs where a bucket begins at a power of two.
        let octaves = (distance as f32 / exact as f32).ln() / (FAR as f64 / exact as f64).ln() as f32;
        (exact + (octaves * (half - exact) as f32) as usize).min(half - 1)
    };
    if is_forward && distance > 0 { half + within } else { within }
}
