//! Who is near whom.

use std::path::{Path, PathBuf};

use populi_geometry::KnnParams;
use serde::Serialize;
use serde_json::json;

use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// What [`knn`] reads and writes.
#[derive(Clone, Debug)]
pub struct KnnFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// The neighbours, int32 `[n, k]`.
    pub out: PathBuf,
    /// How far they are, f32 `[n, k]`.
    pub out_distances: Option<PathBuf>,
    /// What to do with arrays that are there.
    pub existing: Existing,
}

/// How good a graph of neighbours is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnnQuality {
    /// Neighbours of a row: as many as were asked for, or all other rows where these are fewer.
    pub k: usize,
    /// The share of true neighbours that were found.
    pub recall: f64,
    /// Rows that it was measured on.
    pub n_sampled: usize,
    /// Whether the recall is what was asked for.
    pub is_target_met: bool,
    /// Rounds over the neighbours of neighbours; 0 where every pair was compared.
    pub n_rounds: usize,
}

/// Writes the nearest rows of every row, itself left out.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn knn(files: &KnnFiles, params: &KnnParams, progress: &dyn Progress) -> Result<Summary<KnnQuality>> {
    let outputs: Vec<&Path> = files.out_distances.iter().chain([&files.out]).map(PathBuf::as_path).collect();
    let mut job = Job::begin("knn", &[&files.input], &outputs, files.existing, progress)?;
    params.check()?;
    let vectors = job.vectors()?;
    let view = vectors.view()?;
    let found = job.compute(|stages| Ok(populi_geometry::knn(view, params, stages)?))?;
    let shape = [found.graph.n_rows(), found.graph.k()];
    job.write(|| {
        if let Some(path) = &files.out_distances {
            npy::write(path, &shape, found.graph.distances())?;
        }
        npy::write(&files.out, &shape, found.graph.ids())
    })?;
    let parameters = json!({
        "k": params.k,
        "metric": params.metric.name(),
        "method": params.method.name(),
        "target_recall": params.target_recall,
        "max_rounds": params.max_rounds,
    });
    let quality = KnnQuality {
        k: found.k,
        recall: found.recall,
        n_sampled: found.n_sampled,
        is_target_met: found.met,
        n_rounds: found.n_rounds,
    };
    Ok(job.finish(vectors.facts(), found.method.name(), params.seed, parameters, quality))
}
