//! Rows around centres.

use std::path::{Path, PathBuf};

use populi_geometry::{
    Choice, ConstrainedKMeans, ConstrainedParams, KMeans, KMeansParams, Matrix, MatrixView,
    Progress as Listener, Score, choose_k, constrained_kmeans,
};
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
    /// The sizes that they may have, and all else; its `k` is not looked at.
    pub params: ConstrainedParams,
}

impl Clustering {
    /// Whether clusters of any size will do.
    fn is_free(&self) -> bool {
        self.params.min_size == 1 && self.params.max_size.is_none()
    }
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
    /// Rows that are not in the cluster of the nearest centre, because of the sizes.
    pub n_displaced: usize,
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
    /// How well two halves of the rows agree on the clusters.
    pub stability: f64,
    /// Sum of the squared distances to the centres.
    pub inertia: f64,
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
    let view = vectors.view()?;
    let (found, choice) = job.compute(|stages| fit(view, asked, stages))?;
    let ConstrainedKMeans { kmeans: found, sizes, n_displaced } = found;
    job.write(|| {
        if let Some(path) = &files.out_centres {
            npy::write(path, &[found.centres.n_rows(), found.centres.n_cols()], found.centres.values())?;
        }
        npy::write(&files.out, &[found.labels.len()], &found.labels)
    })?;
    let params = &asked.params;
    let parameters = json!({
        "k": asked.k,
        "min_size": params.min_size,
        "max_size": params.max_size,
        "n_init": params.kmeans.n_init,
        "max_iter": params.kmeans.max_iter,
        "tolerance": params.kmeans.tolerance,
    });
    let quality = KMeansQuality {
        n_clusters: sizes.len(),
        inertia: found.inertia,
        n_iterations: found.n_iterations,
        sizes,
        n_displaced,
        choice,
    };
    let method = if asked.is_free() { "k-means" } else { "constrained k-means" };
    Ok(job.finish(vectors.facts(), method, params.kmeans.seed, parameters, quality))
}

fn fit(
    rows: MatrixView<'_>,
    asked: &Clustering,
    stages: &dyn Listener,
) -> Result<(ConstrainedKMeans, Option<ChoiceQuality>)> {
    let choice = match asked.k {
        K::Fixed(_) => None,
        K::Auto => {
            stages.stage("choice of k", 0);
            choose(rows, asked)?
        }
    };
    let k = match (asked.k, &choice) {
        (K::Fixed(k), _) => k,
        (K::Auto, Some(choice)) => choice.k,
        // Fewer than four rows, or sizes that leave no choice.
        (K::Auto, None) => asked.params.least_k(rows.n_rows()),
    };
    let kmeans = KMeansParams { k, ..asked.params.kmeans.clone() };
    let found = if asked.is_free() {
        stages.stage("clusters", 0);
        let starts: Vec<Matrix> = choice.iter().map(|choice| choice.centres.clone()).collect();
        free(populi_geometry::kmeans_from(rows, &starts, &kmeans)?)
    } else {
        constrained_kmeans(rows, &ConstrainedParams { kmeans, ..asked.params.clone() }, stages)?
    };
    Ok((found, choice.map(ChoiceQuality::from)))
}

/// Looks for a k that the sizes allow, on a sample.
fn choose(rows: MatrixView<'_>, asked: &Clustering) -> Result<Option<Choice>> {
    match asked.params.choice(rows.n_rows()) {
        Some(params) => Ok(choose_k(rows, &params)?),
        None => Ok(None),
    }
}

/// Clusters of any size, told as those of bounded sizes are.
fn free(kmeans: KMeans) -> ConstrainedKMeans {
    let mut sizes = vec![0; kmeans.centres.n_rows()];
    kmeans.labels.iter().for_each(|label| sizes[*label as usize] += 1);
    ConstrainedKMeans { kmeans, sizes, n_displaced: 0 }
}

impl From<Choice> for ChoiceQuality {
    fn from(choice: Choice) -> Self {
        let point = |score: &Score| ChoicePoint {
            k: score.k,
            silhouette: score.silhouette,
            standard_error: score.standard_error,
            stability: score.stability,
            inertia: score.inertia,
        };
        Self {
            n_rows: choice.n_rows,
            is_at_the_end: choice.is_at_the_end(),
            curve: choice.scores.iter().map(point).collect(),
        }
    }
}
