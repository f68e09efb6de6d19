//! How far two rows are, for rows of many columns.

use populi_simd::{Level, dot, squared_distance};

use super::Unit;
use crate::matrix::squared_length;
use crate::metric::Metric;
use crate::view::MatrixView;

/// Rows, and what their distances need beside them.
pub(super) struct Rows<'a> {
    pub(super) points: MatrixView<'a>,
    metric: Metric,
    level: Level,
    /// For cosine `1 / |row|`, 0 for a row without direction; else `|row|²`.
    pub(super) lengths: Vec<f32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(points: MatrixView<'a>, metric: Metric, level: Level) -> Self {
        let length = |row: &[f32]| match squared_length(row) {
            squared if metric != Metric::Cosine => squared as f32,
            0.0 => 0.0,
            squared => (1.0 / squared.sqrt()) as f32,
        };
        Self { points, metric, level, lengths: points.rows().map(length).collect() }
    }

    /// What weights are: squared Euclidean distances, or cosine distances.
    pub(super) fn unit(&self) -> Unit {
        Unit { squared: self.metric != Metric::Cosine, scale: 1.0 }
    }

    /// The weight of a pair of rows.
    #[inline]
    pub(super) fn weight(&self, a: usize, b: usize) -> f32 {
        let (row_a, row_b) = (self.points.row(a), self.points.row(b));
        match self.metric {
            Metric::Cosine => self.weight_of_dot(a, b, dot(self.level, row_a, row_b)),
            _ => squared_distance(self.level, row_a, row_b),
        }
    }

    /// The weight of a pair of rows whose dot product is known; of near rows it is less exact than [`Rows::weight`].
    #[inline(always)]
    pub(super) fn weight_of_dot(&self, a: usize, b: usize, dot: f32) -> f32 {
        let (a, b) = (self.lengths[a], self.lengths[b]);
        let weight = if self.metric == Metric::Cosine { 1.0 - dot * a * b } else { a + b - 2.0 * dot };
        weight.max(0.0)
    }
}
