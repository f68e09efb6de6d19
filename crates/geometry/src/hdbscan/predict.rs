//! The clusters of new rows, without clustering again.

use populi_simd::Level;
use rayon::prelude::*;

use super::{Hdbscan, label, select};
use crate::NOISE;
use crate::error::{Result, same_size};
use crate::knn::{KnnParams, nearest_rows};
use crate::progress::Silent;
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
    /// `2 min_samples` nearest: as `approximate_predict` of the package `hdbscan`, which also takes for a new row's
    /// core distance that of its neighbour number `min_samples + 1`. The tree does not change. Coverage does not reach
    /// new rows: what the fit would call noise before `max_noise` is noise.
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
        let covering = select::covering(&self.tree, &self.clusters);
        if rows.n_rows() == 0 {
            return Ok(HdbscanPredicted {
                labels: Vec::new(),
                strengths: Vec::new(),
                neighbours: Vec::new(),
            });
        }
        let k = 2 * self.min_samples;
        let near = nearest_rows(
            rows,
            fitted,
            &KnnParams { k, metric: self.metric, level, ..KnnParams::default() },
            &Silent,
        )?;
        let of_row = |row: usize| self.predict_row(near.of(row), &covering);
        let found: Vec<(i32, f64, u32)> = (0..rows.n_rows()).into_par_iter().map(of_row).collect();
        Ok(HdbscanPredicted {
            labels: found.iter().map(|found| found.0).collect(),
            strengths: found.iter().map(|found| found.1).collect(),
            neighbours: found.iter().map(|found| found.2).collect(),
        })
    }

    /// The label, strength and neighbour of a row whose nearest rows and their distances are these.
    fn predict_row(&self, (nearest, distances): (&[u32], &[f32]), covering: &[i32]) -> (i32, f64, u32) {
        let core = f64::from(distances[self.min_samples.min(distances.len() - 1)]);
        let reachability = |(&other, &distance): (&u32, &f32)| {
            (f64::from(distance).max(core).max(self.core_distances[other as usize]), other)
        };
        let nearer = |best: (f64, u32), other: (f64, u32)| if other.0 < best.0 { other } else { best };
        // Of equal ones the first, so the nearest.
        let reachable = nearest.iter().zip(distances).map(reachability);
        let (distance, neighbour) = reachable.fold((f64::INFINITY, nearest[0]), nearer);
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
