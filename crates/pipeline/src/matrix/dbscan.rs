//! Dense places, and what lies between them.

use std::path::PathBuf;

use populi_geometry::DbscanParams;
use serde::Serialize;
use serde_json::json;

use super::clusters::Clusters;
use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// What [`dbscan`] reads and writes.
#[derive(Clone, Debug)]
pub struct DbscanFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// The cluster of every row, int32 `[n]`, -1 for noise.
    pub out: PathBuf,
    /// What to do with an array that is there.
    pub existing: Existing,
}

/// What the clusters are like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DbscanQuality {
    /// How many, how large, and how much is none.
    #[serde(flatten)]
    pub clusters: Clusters,
    /// Rows in dense places.
    pub n_core: usize,
    /// The distance that was near: as given, or read off the curve.
    pub eps: f64,
    /// Whether it was read off the curve of distances.
    pub is_eps_found: bool,
}

/// Writes the cluster of every row. Clusters are numbered by their first core point.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn dbscan(
    files: &DbscanFiles,
    params: &DbscanParams,
    progress: &dyn Progress,
) -> Result<Summary<DbscanQuality>> {
    let mut job = Job::begin("dbscan", &[&files.input], &[&files.out], files.existing, progress)?;
    params.check()?;
    let vectors = job.vectors()?;
    let view = vectors.view()?;
    let found = job.compute(|stages| Ok(populi_geometry::dbscan(view, params, stages)?))?;
    job.write(|| npy::write(&files.out, &[found.labels.len()], &found.labels))?;
    let parameters = json!({ "eps": params.eps, "min_samples": params.min_samples });
    let quality = DbscanQuality {
        clusters: Clusters::of(&found.labels),
        n_core: found.is_core.iter().filter(|is_core| **is_core).count(),
        eps: found.eps,
        is_eps_found: params.eps.is_none(),
    };
    Ok(job.finish(vectors.facts(), "grid", params.seed, parameters, quality))
}
