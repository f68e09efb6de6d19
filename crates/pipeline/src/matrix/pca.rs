//! The directions of most variance.

use std::path::PathBuf;

use populi_geometry::PcaParams;
use serde::Serialize;
use serde_json::json;

use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// What [`pca`] reads and writes.
#[derive(Clone, Debug)]
pub struct PcaFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// Where they lie along the components, f32 `[n, n_components]`.
    pub out: PathBuf,
    /// What to do with an array that is there.
    pub existing: Existing,
}

/// How much of the variance the components hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PcaQuality {
    /// Variance along each component.
    pub explained_variance: Vec<f64>,
    /// Its share of the variance of all columns.
    pub explained_share: Vec<f64>,
    /// The variance of all columns.
    pub total_variance: f64,
}

/// Writes where every row lies along the directions of most variance.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn pca(
    files: &PcaFiles,
    params: &PcaParams,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Summary<PcaQuality>> {
    let mut job = Job::begin("pca", &[&files.input], &[&files.out], files.existing, progress)?;
    let vectors = job.vectors()?;
    let rows = vectors.view()?;
    let (found, map) = job.compute(|stages| {
        stages.stage("components", 0);
        let found = populi_geometry::pca(rows, params)?;
        stages.stage("projection", 0);
        let map = found.project(rows)?;
        Ok((found, map))
    })?;
    job.write(|| npy::write(&files.out, &[map.n_rows(), map.n_cols()], map.values()))?;
    let parameters = json!({ "components": params.n_components });
    let share =
        |variance: &f64| if found.total_variance > 0.0 { variance / found.total_variance } else { 0.0 };
    let quality = PcaQuality {
        explained_share: found.explained_variance.iter().map(share).collect(),
        explained_variance: found.explained_variance,
        total_variance: found.total_variance,
    };
    Ok(job.finish(vectors.facts(), "covariance", seed, parameters, quality))
}
