//! Rows around centres.

use std::path::{Path, PathBuf};

use populi_geometry::{ChoiceParams, KMeans, KMeansParams, Matrix, choose_k};
use populi_persona::K;
use serde::Serialize;
use serde_json::json;

use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// What [`kmeans`] reads and writes.
#[derive(Clone, Debug)]
pub struct KMeansFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// The cluster of every row, int32 `[n]`.
    pub out: PathBuf,
    /// The centres, f32 `[k, d]`.
    pub out_centres: Option<PathBuf>,
    /// What to do with arrays that are there.
    pub existing: Existing,
}

/// What [`kmeans`] is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// Clusters, or that their number is to be found.
    pub k: K,
    /// All else; its `k` is not looked at.
    pub params: KMeansParams,
}

/// How good the clusters are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KMeansQuality {
    /// Clusters: k, or less where fewer rows differ.
    pub n_clusters: usize,
    /// Sum over all rows of the squared distance to their centre.
    pub inertia: f64,
    /// Iterations of the start that stands.
    pub n_iterations: usize,
    /// Rows of each cluster, the largest first.
    pub sizes: Vec<usize>,
    /// How k was chosen, where it was.
    pub choice: Option<ChoiceQuality>,
}

/// The number of clusters, and how it stands out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceQuality {
    /// Rows that were looked at.
    pub n_rows: usize,
    /// Whether no k stands out: the curve still rises at its end.
    pub is_at_the_end: bool,
    /// What each k gave.
    pub curve: Vec<ChoicePoint>,
}

/// What one k gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoicePoint {
    /// Clusters.
    pub k: usize,
    /// Mean simplified silhouette.
    pub silhouette: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Writes the cluster of every row. Cluster 0 is the largest.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn kmeans(
    files: &KMeansFiles,
    asked: &Clustering,
    progress: &dyn Progress,
) -> Result<Summary<KMeansQuality>> {
    let outputs: Vec<&Path> = files.out_centres.iter().chain([&files.out]).map(PathBuf::as_path).collect();
    let mut job = Job::begin("kmeans", &[&files.input], &outputs, files.existing, progress)?;
    let vectors = job.vectors()?;
    let rows = vectors.view()?.to_matrix();
    let (found, choice) = job.compute(|stages| fit(&rows, asked, stages))?;
    job.write(|| {
        if let Some(path) = &files.out_centres {
            npy::write(path, &[found.centres.n_rows(), found.centres.n_cols()], found.centres.values())?;
        }
        npy::write(&files.out, &[found.labels.len()], &found.labels)
    })?;
    let parameters = json!({
        "k": asked.k,
        "n_init": asked.params.n_init,
        "max_iter": asked.params.max_iter,
        "tolerance": asked.params.tolerance,
    });
    let n_clusters = found.centres.n_rows();
    let mut sizes = vec![0; n_clusters];
    found.labels.iter().for_each(|label| sizes[*label as usize] += 1);
    let quality =
        KMeansQuality { n_clusters, inertia: found.inertia, n_iterations: found.n_iterations, sizes, choice };
    Ok(job.finish(vectors.facts(), "lloyd", asked.params.seed, parameters, quality))
}

fn fit(
    rows: &Matrix,
    asked: &Clustering,
    stages: &dyn populi_geometry::Progress,
) -> Result<(KMeans, Option<ChoiceQuality>)> {
    let k = match asked.k {
        K::Fixed(k) => {
            stages.stage("clusters", 0);
            let params = KMeansParams { k, ..asked.params.clone() };
            return Ok((populi_geometry::kmeans(rows, &params)?, None));
        }
        K::Auto => {
            stages.stage("choice of k", 0);
            choose_k(rows, &ChoiceParams { seed: asked.params.seed, ..ChoiceParams::default() })?
        }
    };
    stages.stage("clusters", 0);
    let params = KMeansParams { k: k.as_ref().map_or(1, |choice| choice.k), ..asked.params.clone() };
    let Some(choice) = k else {
        return Ok((populi_geometry::kmeans(rows, &params)?, None));
    };
    let found = populi_geometry::kmeans_from(rows, std::slice::from_ref(&choice.centres), &params)?;
    let curve = choice
        .scores
        .iter()
        .map(|score| ChoicePoint {
            k: score.k,
            silhouette: score.silhouette,
            standard_error: score.standard_error,
        })
        .collect();
    let choice = ChoiceQuality { n_rows: choice.n_rows, is_at_the_end: choice.is_at_the_end(), curve };
    Ok((found, Some(choice)))
}
