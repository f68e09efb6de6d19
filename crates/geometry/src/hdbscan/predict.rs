//! The clusters of new rows, without clustering again.

use populi_simd::{Level, dot, squared_distance};
use rayon::prelude::*;

use super::{Hdbscan, label, select};
use crate::NOISE;
use crate::error::{Result, same_size};
use crate::matrix::squared_length;
use crate::metric::Metric;
use crate::view::MatrixView;

/// The clusters of new rows.
#[derive(Debug, Clone, PartialEq)]
pub struct HdbscanPredicted {
    /// The cluster of each new row, numbered as those of the fit; noise is [`crate::NOISE`].
    pub labels: Vec<i32>,
    /// How much each belongs to its cluster, from 0 (noise) to 1.
    pub strengths: Vec<f64>,
    /// The row of the fit that each is nearest to, by mutual reachability.
    pub neighbours: Vec<u32>,
}

impl Hdbscan {
    /// The cluster that each new row falls into, by the row of the fit that is nearest by mutual reachability among its
    /// `2 min_samples` nearest: as `approximate_predict` of the package `hdbscan`, which also takes for a new row's core distance that
    /// of its neighbour number `min_samples + 1`. The tree does not change. Coverage does not reach new rows: what the fit
    /// would call noise before `max_noise` is noise.
    ///
    /// `fitted` are the rows that were clustered. `O(new rows · fitted rows · columns)`, parallel over the new rows.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where `fitted` or `rows` have another shape than what was clustered; [`crate::Error::NotFinite`].
    pub fn predict(
        &self,
        fitted: MatrixView<'_>,
        rows: MatrixView<'_>,
        level: Level,
    ) -> Result<HdbscanPredicted> {
        same_size("rows that were clustered", self.labels.len(), fitted.n_rows())?;
        same_size("columns of new rows", fitted.n_cols(), rows.n_cols())?;
        fitted.check()?;
        if rows.n_rows() > 0 {
            rows.check()?;
        }
        let covering = select::covering(&self.tree, &self.clusters);
        let lengths = match self.metric {
            Metric::Euclidean | Metric::InnerProduct => Vec::new(),
            Metric::Cosine => fitted.rows().map(|row| squared_length(row).sqrt()).collect(),
        };
        let of_row = |row: usize| self.predict_row(fitted, rows.row(row), &lengths, &covering, level);
        let found: Vec<(i32, f64, u32)> = (0..rows.n_rows()).into_par_iter().map(of_row).collect();
        Ok(HdbscanPredicted {
            labels: found.iter().map(|found| found.0).collect(),
            strengths: found.iter().map(|found| found.1).collect(),
            neighbours: found.iter().map(|found| found.2).collect(),
        })
    }

    fn predict_row(
        &self,
        fitted: MatrixView<'_>,
        row: &[f32],
        lengths: &[f64],
        covering: &[i32],
        level: Level,
    ) -> (i32, f64, u32) {
        let distances: Vec<f64> = match self.metric {
            Metric::Euclidean | Metric::InnerProduct => {
                fitted.rows().map(|other| f64::from(squared_distance(level, other, row)).sqrt()).collect()
            }
            Metric::Cosine => {
                let length = squared_length(row).sqrt();
                let cosine = |(other, &other_length): (&[f32], &f64)| {
                    let lengths = length * other_length;
                    if lengths > 0.0 { f64::from(dot(level, other, row)) / lengths } else { 0.0 }
                };
                fitted.rows().zip(lengths).map(|pair| (1.0 - cosine(pair)).max(0.0)).collect()
            }
        };
        let mut nearest: Vec<u32> = (0..distances.len() as u32).collect();
        let by_distance =
            |a: &u32, b: &u32| distances[*a as usize].total_cmp(&distances[*b as usize]).then(a.cmp(b));
        let n_nearest = (2 * self.min_samples).min(nearest.len());
        nearest.select_nth_unstable_by(n_nearest - 1, by_distance);
        nearest.truncate(n_nearest);
        nearest.sort_unstable_by(by_distance);
        let core = distances[nearest[self.min_samples.min(n_nearest - 1)] as usize];
        let reachability =
            |other: u32| distances[other as usize].max(core).max(self.core_distances[other as usize]);
        // The first of equal ones, so the nearest.
        let (mut neighbour, mut distance) = (nearest[0], reachability(nearest[0]));
        for &other in &nearest[1..] {
            if reachability(other) < distance {
                (neighbour, distance) = (other, reachability(other));
            }
        }
        let (label, strength) = self.at_level_of(neighbour, distance, covering);
        (label, strength, neighbour)
    }

    /// The label and strength of something that meets a row at a distance.
    fn at_level_of(&self, row: u32, distance: f64, covering: &[i32]) -> (i32, f64) {
        let clusters = self.tree.clusters();
        let lambda = distance.recip();
        let mut cluster = self.tree.cluster_of_rows()[row as usize];
        if self.tree.lambda_of_rows()[row as usize] > lambda {
            while let Some(parent) = clusters[cluster as usize].parent {
                if clusters[cluster as usize].birth < lambda {
                    break;
                }
                cluster = parent;
            }
        }
        match covering[cluster as usize] {
            NOISE => (NOISE, 0.0),
            label => (label, label::strength(&self.tree, self.clusters[label as usize], lambda)),
        }
    }
}
