//! From token ids to pooled rows: embeddings, layers, pooling, over chunks of whole sequences.

use std::sync::{Mutex, PoisonError};

use populi_geometry::Matrix;
use populi_simd::{LANES, Level};
use rayon::prelude::*;

use super::config::{Config, Pooling};
use super::layer::{Buffers, Layer};
use super::norm::Norm;
use super::relative::RelativeBiases;
use super::weights::{Tensor, Weights};
use crate::error::Result;

/// Tokens of a chunk, unless one sequence has more. Measured: 64 are a tenth slower, since the weights come from afar for each
/// chunk; 192 to 768 are the same. Moves nothing but speed.
const TOKENS_PER_CHUNK: usize = 192;

/// The network, ready to run.
pub(super) struct Encoder {
    /// Stays in its file.
    words: Tensor,
    /// `[n_positions, width]`.
    positions: Vec<f32>,
    /// The first row of token types, which every token has.
    token_type: Option<Vec<f32>>,
    norm: Norm,
    layers: Vec<Layer>,
    relative: Option<RelativeBiases>,
    n_dims: usize,
    first_position: usize,
    /// The id that has the position of padding, where positions begin behind it.
    pad_id: Option<u32>,
    pooling: Pooling,
    level: Level,
    /// Buffers that no chunk uses at the moment: as many as threads ever ran at once.
    buffers: Mutex<Vec<Buffers>>,
}

impl Encoder {
    /// Takes the weights. O(weights) time and memory, the table of words left out.
    pub(super) fn new(config: &Config, weights: &Weights) -> Result<Self> {
        let n_dims = config.n_dims;
        let words = weights.tensor("embeddings.word_embeddings.weight", &[config.n_words, n_dims])?;
        let positions =
            weights.tensor("embeddings.position_embeddings.weight", &[config.n_positions, n_dims])?;
        let token_type = if config.n_types > 0 {
            let types =
                weights.tensor("embeddings.token_type_embeddings.weight", &[config.n_types, n_dims])?;
            let mut row = vec![0.0; n_dims];
            types.read_row(0, &mut row);
            Some(row)
        } else {
            None
        };
        let weight = weights.tensor("embeddings.LayerNorm.weight", &[n_dims])?.values();
        let bias = weights.tensor("embeddings.LayerNorm.bias", &[n_dims])?.values();
        let relative = "encoder.relative_attention_bias.weight";
        let relative = if config.has_relative_biases() {
            let table = weights.tensor(relative, &[super::relative::N_BUCKETS, config.n_heads])?.values();
            Some(RelativeBiases::new(&table, config.n_heads, config.most_tokens()))
        } else {
            None
        };
        Ok(Self {
            words,
            positions: positions.values(),
            token_type,
            norm: Norm::new(&weight, &bias, config.norm_epsilon),
            layers: (0..config.n_layers).map(|at| Layer::new(config, weights, at)).collect::<Result<_>>()?,
            relative,
            n_dims,
            first_position: config.first_position(),
            pad_id: (config.first_position() > 0).then_some(config.pad_id),
            pooling: config.pooling,
            level: Level::best(),
            buffers: Mutex::default(),
        })
    }

    /// The same at another level of the CPU, for tests: no bit differs.
    pub(super) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// One row a sequence, `[sequences.len(), n_dims]`, pooled and not normalised; an empty one gives zeros. Ids and lengths
    /// must be those that there are.
    pub(super) fn encode(&self, sequences: &[Vec<u32>]) -> Result<Matrix> {
        let chunks = chunks(sequences);
        let pooled: Vec<Vec<f32>> =
            chunks.par_iter().with_max_len(1).map(|chunk| self.encode_chunk(chunk, sequences)).collect();
        let mut rows = Matrix::zeros(sequences.len(), self.n_dims);
        for (chunk, pooled) in chunks.iter().zip(&pooled) {
            for (&at, row) in chunk.iter().zip(pooled.chunks_exact(self.n_dims)) {
                rows.row_mut(at).copy_from_slice(row);
            }
        }
        Ok(rows)
    }

    /// The rows of some sequences, one after the other, on one thread.
    fn encode_chunk(&self, chunk: &[usize], sequences: &[Vec<u32>]) -> Vec<f32> {
        let mut buffers = self.lock().pop().unwrap_or_default();
        let lengths: Vec<usize> = chunk.iter().map(|&at| sequences[at].len()).collect();
        let width = self.n_dims.next_multiple_of(LANES);
        buffers.rows.clear();
        buffers.rows.resize(lengths.iter().sum::<usize>() * width, 0.0);
        let mut rows = buffers.rows.chunks_exact_mut(width);
        for &at in chunk {
            self.embed_tokens(&sequences[at], &mut rows);
        }
        self.norm.apply(self.level, &mut buffers.rows);
        for layer in &self.layers {
            layer.apply(self.level, &lengths, self.relative.as_ref(), self.n_dims, &mut buffers);
        }
        let mut pooled = Vec::with_capacity(chunk.len() * self.n_dims);
        let mut rows = buffers.rows.chunks_exact(width);
        for n_tokens in lengths {
            let start = pooled.len();
            pooled.resize(start + self.n_dims, 0.0);
            self.pool(rows.by_ref().take(n_tokens), n_tokens, &mut pooled[start..]);
        }
        self.lock().push(buffers);
        pooled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Buffers>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Word, token type and position of each token, added in this order.
    fn embed_tokens<'a>(&self, ids: &[u32], rows: &mut impl Iterator<Item = &'a mut [f32]>) {
        let add =
            |row: &mut [f32], values: &[f32]| row.iter_mut().zip(values).for_each(|(to, value)| *to += value);
        let mut position = self.first_position;
        for (&id, row) in ids.iter().zip(rows) {
            let row = &mut row[..self.n_dims];
            self.words.read_row(id as usize, row);
            if let Some(values) = &self.token_type {
                add(row, values);
            }
            // A text may name the token of padding: it has the position of padding, and does not count.
            let is_pad = self.pad_id == Some(id);
            let at = if is_pad { id as usize } else { position };
            add(row, &self.positions[at * self.n_dims..][..self.n_dims]);
            position += usize::from(!is_pad);
        }
    }

    /// The row of a text from those of its tokens.
    fn pool<'a>(&self, mut rows: impl Iterator<Item = &'a [f32]>, n_tokens: usize, to: &mut [f32]) {
        match self.pooling {
            Pooling::FirstToken => {
                if let Some(row) = rows.next() {
                    to.copy_from_slice(&row[..to.len()]);
                }
                // The rows of the other tokens are passed over.
                rows.for_each(drop);
            }
            Pooling::Mean => {
                rows.for_each(|row| to.iter_mut().zip(row).for_each(|(to, value)| *to += value));
                let n_tokens = n_tokens.max(1) as f32;
                to.iter_mut().for_each(|to| *to /= n_tokens);
            }
        }
    }
}

/// Sequences by length, the longest first, in chunks of whole ones.
fn chunks(sequences: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(sequences[at].len()));
    let mut chunks: Vec<Vec<usize>> = Vec::new();
    let mut n_tokens = usize::MAX;
    for at in order {
        let n = sequences[at].len();
        match chunks.last_mut() {
            Some(chunk) if n_tokens + n <= TOKENS_PER_CHUNK => {
                chunk.push(at);
                n_tokens += n;
            }
            _ => {
                chunks.push(vec![at]);
                n_tokens = n;
            }
        }
    }
    chunks
}
