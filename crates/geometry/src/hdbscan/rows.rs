//! How far two rows are, for rows of many columns.

use populi_simd::{Level, squared_distance};
use rayon::prelude::*;

use super::Unit;
use crate::knn::distance;
use crate::matrix::squared_length;
use crate::metric::Metric;
use crate::view::MatrixView;

/// Rows, and what their distances need beside them.
pub(super) struct Rows<'a> {
    pub(super) points: MatrixView<'a>,
    metric: Metric,
    level: Level,
    /// The same rows as the graph of neighbours measures them.
    measured: distance::Rows<'a>,
    /// `|row|²`; empty for cosine.
    squared_lengths: Vec<f32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(points: MatrixView<'a>, metric: Metric, level: Level) -> Self {
        let squared_lengths = match metric {
            Metric::Cosine => Vec::new(),
            _ => (0..points.n_rows())
                .into_par_iter()
                .map(|row| squared_length(points.row(row)) as f32)
                .collect(),
        };
        Self { points, metric, level, measured: distance::Rows::new(points, metric, level), squared_lengths }
    }

    /// What weights are: squared Euclidean distances, or cosine distances.
    pub(super) fn unit(&self) -> Unit {
        Unit { squared: self.metric != Metric::Cosine, scale: 1.0 }
    }

    /// The weight of a pair of rows: 0 for equal ones that have a direction.
    #[inline]
    pub(super) fn weight(&self, a: usize, b: usize) -> f32 {
        match self.metric {
            Metric::Cosine => self.measured.distance(a, &self.measured, b),
            _ => squared_distance(self.level, self.points.row(a), self.points.row(b)),
        }
    }

    /// The weight of a pair of rows whose dot product is known; of near rows it is less exact than [`Rows::weight`].
    #[inline(always)]
    pub(super) fn weight_of_dot(&self, a: usize, b: usize, dot: f32) -> f32 {
        let weight = match self.metric {
            Metric::Cosine => 1.0 - dot * self.measured.scale(a) * self.measured.scale(b),
            _ => self.squared_lengths[a] + self.squared_lengths[b] - 2.0 * dot,
        };
        weight.max(0.0)
    }
}
