//! One layer: attention and a feed-forward network, each added to its input and normalised after.

use populi_simd::Level;
use populi_simd::product::Rows;

use super::attention::{Attend, Heads, Room};
use super::config::{Activation, Config, Family};
use super::linear::{Linear, Then};
use super::norm::Norm;
use super::relative::RelativeBiases;
use super::weights::Weights;
use crate::error::Result;

/// The weights of a layer, packed.
pub(super) struct Layer {
    heads: Heads,
    /// Queries, keys and values in one product.
    projection: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    inner: Linear,
    activation: Activation,
    outer: Linear,
    norm: Norm,
}

/// The rows of a chunk on their way through the layers, kept from chunk to chunk.
#[derive(Default)]
pub(super) struct Buffers {
    /// `[n_tokens, dims]`, rows padded to a multiple of 16, as all that follow.
    pub rows: Vec<f32>,
    /// `[n_tokens, 3, heads]`.
    projected: Vec<f32>,
    /// `[n_tokens, heads]`.
    attended: Vec<f32>,
    /// `[n_tokens, dims]`.
    next: Vec<f32>,
    /// `[n_tokens, hidden]`.
    hidden: Vec<f32>,
    room: Room,
}

impl Layer {
    /// Takes layer `at` from the weights.
    pub(super) fn new(config: &Config, weights: &Weights, at: usize) -> Result<Self> {
        let Config { n_dims, n_hidden, .. } = *config;
        let heads = Heads { n_heads: config.n_heads, n_dims: n_dims / config.n_heads };
        let layer = format!("encoder.layer.{at}.");
        let (queries, keys, values, out, norm) = match config.family {
            Family::Bert | Family::Roberta => (
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
                "attention.output.LayerNorm",
            ),
            Family::Mpnet => (
                "attention.attn.q",
                "attention.attn.k",
                "attention.attn.v",
                "attention.attn.o",
                "attention.LayerNorm",
            ),
        };
        let values_of = |name: &str, part: &str, shape: &[usize]| -> Result<Vec<f32>> {
            Ok(weights.tensor(&format!("{layer}{name}.{part}"), shape)?.values())
        };
        let linear = |name: &str, n_inputs: usize, n_outputs: usize| -> Result<(Vec<f32>, Vec<f32>)> {
            Ok((values_of(name, "weight", &[n_outputs, n_inputs])?, values_of(name, "bias", &[n_outputs])?))
        };
        let norm_of = |name: &str| -> Result<Norm> {
            let (weight, bias) = (values_of(name, "weight", &[n_dims])?, values_of(name, "bias", &[n_dims])?);
            Ok(Norm::new(&weight, &bias, config.norm_epsilon))
        };

        let (mut projection, mut projection_bias) = (Vec::new(), Vec::new());
        for name in [queries, keys, values] {
            let (weights, bias) = linear(name, n_dims, n_dims)?;
            for (weights, bias) in weights.chunks(heads.n_dims * n_dims).zip(bias.chunks(heads.n_dims)) {
                projection.extend_from_slice(weights);
                projection.resize(projection.len() + (heads.stride() - heads.n_dims) * n_dims, 0.0);
                projection_bias.extend_from_slice(bias);
                projection_bias.resize(projection_bias.len() + heads.stride() - heads.n_dims, 0.0);
            }
        }
        let (out, out_bias) = linear(out, n_dims, n_dims)?;
        let mut spread = Vec::with_capacity(n_dims * heads.width());
        for inputs in out.chunks(heads.n_dims) {
            spread.extend_from_slice(inputs);
            spread.resize(spread.len() + heads.stride() - heads.n_dims, 0.0);
        }
        let (inner, inner_bias) = linear("intermediate.dense", n_dims, n_hidden)?;
        let (outer, outer_bias) = linear("output.dense", n_hidden, n_dims)?;
        Ok(Self {
            heads,
            projection: Linear::new(&projection, &projection_bias, n_dims),
            attention_out: Linear::new(&spread, &out_bias, heads.width()),
            attention_norm: norm_of(norm)?,
            inner: Linear::new(&inner, &inner_bias, n_dims),
            activation: config.activation,
            outer: Linear::new(&outer, &outer_bias, n_hidden),
            norm: norm_of("output.LayerNorm")?,
        })
    }

    /// Passes the rows of sequences of these lengths on, in place.
    pub(super) fn apply(
        &self,
        level: Level,
        lengths: &[usize],
        relative: Option<&RelativeBiases>,
        n_dims: usize,
        buffers: &mut Buffers,
    ) {
        let Buffers { rows, projected, attended, next, hidden, room } = buffers;
        let n_tokens: usize = lengths.iter().sum();
        let (width, stride) = (self.heads.width(), self.outer.n_outputs());
        projected.resize(n_tokens * self.projection.n_outputs(), 0.0);
        attended.resize(n_tokens * width, 0.0);
        next.resize(n_tokens * stride, 0.0);
        hidden.resize(n_tokens * self.inner.n_outputs(), 0.0);

        let input = Rows::new(rows, stride, n_tokens, n_dims);
        self.projection.apply(level, input, Then::Nothing, &mut room.packed, projected);
        let mut from = 0;
        for &n_tokens in lengths.iter().filter(|&&n_tokens| n_tokens > 0) {
            let projected = &projected[from * 3 * width..][..n_tokens * 3 * width];
            let out = &mut attended[from * width..][..n_tokens * width];
            level.run(Attend { heads: self.heads, n_tokens, projected, relative, room, out });
            from += n_tokens;
        }
        let input = Rows::new(attended, width, n_tokens, width);
        self.attention_out.apply(level, input, Then::Add(rows), &mut room.packed, next);
        self.attention_norm.apply(level, next);
        let input = Rows::new(next, stride, n_tokens, n_dims);
        self.inner.apply(level, input, Then::Activate(self.activation), &mut room.packed, hidden);
        let input = Rows::new(hidden, self.inner.n_outputs(), n_tokens, self.outer.n_inputs());
        self.outer.apply(level, input, Then::Add(next), &mut room.packed, rows);
        self.norm.apply(level, rows);
    }
}
