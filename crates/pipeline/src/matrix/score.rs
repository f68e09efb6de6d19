//! How good is a map, or a clustering?

use std::path::{Path, PathBuf};

use populi_geometry::{
    Contingency, MatrixView, Metric, NOISE, NeighbourhoodParams, Partition, Progress as Listener, Real,
    calinski_harabasz, davies_bouldin, neighbourhood, silhouette_sampled, silhouette_values,
};
use serde::Serialize;
use serde_json::json;

use super::clusters::Clusters;
use super::job::{Job, Summary};
use super::npy::{self, Fault, Floats};
use crate::export::Existing;
use crate::progress::Progress;
use crate::{Error, Result};

/// What [`score`] reads, and what it writes if anything.
#[derive(Clone, Debug)]
pub struct ScoreFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// A map of them, floats `[n, m]`.
    pub map: Option<PathBuf>,
    /// The cluster of every row, integers `[n]`, -1 for noise.
    pub labels: Option<PathBuf>,
    /// What the rows are known to be, integers `[n]`.
    pub truth: Option<PathBuf>,
    /// The silhouette of every row, f32 `[n]`, NaN for noise.
    pub out: Option<PathBuf>,
    /// What to do with an array that is there.
    pub existing: Existing,
}

/// How [`score`] looks.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreParams {
    /// Neighbours that a map is judged by.
    pub k: usize,
    /// How distances of vectors are measured where a map is judged.
    pub metric: Metric,
    /// Rows that are looked at, each compared with all rows; `None` for all of them.
    pub n_sampled: Option<usize>,
    /// Decides which.
    pub seed: u64,
}

impl Default for ScoreParams {
    fn default() -> Self {
        Self { k: 15, metric: Metric::Euclidean, n_sampled: None, seed: 1 }
    }
}

/// What was found: of a map, of clusters, and of clusters against what is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScoreQuality {
    /// Where a map was given.
    pub map: Option<MapScore>,
    /// Where labels were given.
    pub clusters: Option<ClusterScore>,
    /// Where labels and a truth were given: noise is a cluster like any other, as with scikit-learn.
    pub agreement: Option<Agreement>,
    /// The same without the rows that are noise in either, where some are.
    pub agreement_without_noise: Option<Agreement>,
}

/// Whether a map keeps who is near whom.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapScore {
    /// From 0 to 1: 1 where all neighbours on the map are neighbours in the space.
    pub trustworthiness: f64,
    /// The share of the nearest in the space that are among the nearest on the map.
    pub preservation: f64,
    /// Neighbours that count.
    pub k: usize,
    /// Rows looked at.
    pub n_sampled: usize,
}

/// Whether clusters lie apart; noise left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterScore {
    /// How many, how large, and how much is none.
    #[serde(flatten)]
    pub clusters: Clusters,
    /// From -1 to 1: how much nearer rows are to their own cluster than to the next. None of these three is defined where there are
    /// fewer than two clusters, or as many as rows.
    pub silhouette: Option<f64>,
    /// Its standard error, where it is of a sample.
    pub silhouette_standard_error: Option<f64>,
    /// The mean over clusters of how wide they are beside how far apart: the less the better.
    pub davies_bouldin: Option<f64>,
    /// Variance between clusters over that within: the more the better.
    pub calinski_harabasz: Option<f64>,
}

/// How well two partitions agree: 1 for the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Rows that are compared.
    pub n_rows: u64,
    /// Adjusted Rand index: pairs that both treat alike, beyond chance.
    pub ari: f64,
    /// Adjusted mutual information: what one tells of the other, beyond chance.
    pub ami: f64,
    /// Normalised mutual information: the same with chance.
    pub nmi: f64,
    /// Whether clusters hold rows of one class.
    pub homogeneity: f64,
    /// Whether classes are within one cluster.
    pub completeness: f64,
    /// The harmonic mean of both.
    pub v_measure: f64,
}

/// Judges a map of vectors, or clusters of them, or both.
///
/// # Errors
/// When nothing is given to judge, files cannot be read, or a parameter is out of its range.
pub fn score(
    files: &ScoreFiles,
    params: &ScoreParams,
    progress: &dyn Progress,
) -> Result<Summary<ScoreQuality>> {
    files.check()?;
    let beside = files.map.iter().chain(&files.labels).chain(&files.truth);
    let inputs: Vec<&Path> = [&files.input].into_iter().chain(beside).map(PathBuf::as_path).collect();
    let outputs: Vec<&Path> = files.out.iter().map(PathBuf::as_path).collect();
    let mut job = Job::begin("score", &inputs, &outputs, files.existing, progress)?;
    let points = job.read(|| Floats::open(&files.input))?;
    let n_rows = points.facts().n_rows;
    let map = files.map.as_ref().map(|path| job.read(|| map_of(path, n_rows))).transpose()?;
    let mut labels_of =
        |path: &Option<PathBuf>| path.as_ref().map(|path| job.read(|| npy::labels(path, n_rows))).transpose();
    let (labels, truth) = (labels_of(&files.labels)?, labels_of(&files.truth)?);
    let mut silhouettes = None;
    let quality = job.compute(|stages| {
        let mut quality = ScoreQuality::default();
        if let Some(map) = &map {
            quality.map = Some(match &points {
                Floats::Single(points) => judge_map(points.view()?, map, params, stages)?,
                Floats::Double(points) => judge_map(points.view()?, map, params, stages)?,
            });
        }
        if let Some(labels) = &labels {
            let (found, by_row) = match &points {
                Floats::Single(points) => judge_clusters(points.view()?, labels, params, stages)?,
                Floats::Double(points) => judge_clusters(points.view()?, labels, params, stages)?,
            };
            (quality.clusters, silhouettes) = (Some(found), by_row);
        }
        if let (Some(labels), Some(truth)) = (&labels, &truth) {
            stages.stage("agreement", 0);
            quality.agreement = Some(Agreement::of(&Contingency::new(truth, labels)?));
            if labels.contains(&NOISE) || truth.contains(&NOISE) {
                quality.agreement_without_noise =
                    Some(Agreement::of(&Contingency::without_noise(truth, labels)?));
            }
        }
        Ok(quality)
    })?;
    if let (Some(path), Some(silhouettes)) = (&files.out, &silhouettes) {
        job.write(|| npy::write(path, &[silhouettes.len()], silhouettes))?;
    }
    let parameters = json!({ "k": params.k, "metric": params.metric.name(), "sample": params.n_sampled });
    let method = if params.n_sampled.is_some_and(|n| n < n_rows) { "sampled" } else { "exact" };
    Ok(job.finish(points.facts(), method, params.seed, parameters, quality))
}

impl ScoreFiles {
    /// Whether there is something to judge.
    fn check(&self) -> Result<()> {
        let missing = match self {
            Self { map: None, labels: None, .. } => "a map or labels",
            Self { labels: None, truth: Some(_), .. } => "labels, to be compared with the truth",
            Self { labels: None, out: Some(_), .. } => "labels, whose silhouettes are to be written",
            _ => return Ok(()),
        };
        Err(Error::NothingToJudge { missing })
    }
}

impl Agreement {
    /// Reads off a table of classes and clusters.
    fn of(table: &Contingency<i32>) -> Self {
        Self {
            n_rows: table.n_items(),
            ari: table.adjusted_rand_index(),
            ami: table.adjusted_mutual_information(),
            nmi: table.normalised_mutual_information(),
            homogeneity: table.homogeneity(),
            completeness: table.completeness(),
            v_measure: table.v_measure(),
        }
    }
}

/// A map of as many rows as there are vectors.
fn map_of(path: &Path, n_rows: usize) -> Result<Floats> {
    let map = Floats::open(path)?;
    let facts = map.facts();
    if facts.n_rows == n_rows {
        return Ok(map);
    }
    let fault = Fault::Shape {
        shape: format!("({}, {})", facts.n_rows, facts.n_cols),
        expected: format!("({n_rows}, 2), a row for each vector"),
        remedy: "give the map of these vectors",
    };
    Err(Error::Npy { path: path.to_owned(), fault })
}

fn judge_map<T: Real>(
    points: MatrixView<'_, T>,
    map: &Floats,
    params: &ScoreParams,
    stages: &dyn Listener,
) -> Result<MapScore> {
    stages.stage("neighbourhoods", 0);
    let max_rows = params.n_sampled.unwrap_or(usize::MAX);
    let how = NeighbourhoodParams { k: params.k, metric: params.metric, max_rows, seed: params.seed };
    let found = match map {
        Floats::Single(map) => neighbourhood(points, map.view()?, &how)?,
        Floats::Double(map) => neighbourhood(points, map.view()?, &how)?,
    };
    Ok(MapScore {
        trustworthiness: found.trustworthiness,
        preservation: found.preservation,
        k: params.k,
        n_sampled: found.n_rows,
    })
}

/// The scores, and the silhouette of every row where all were looked at.
fn judge_clusters<T: Real>(
    points: MatrixView<'_, T>,
    labels: &[i32],
    params: &ScoreParams,
    stages: &dyn Listener,
) -> Result<(ClusterScore, Option<Vec<f32>>)> {
    let partition = Partition::new(labels);
    stages.stage("silhouette", 0);
    let mut score = ClusterScore {
        clusters: Clusters::of(labels),
        silhouette: None,
        silhouette_standard_error: None,
        davies_bouldin: None,
        calinski_harabasz: None,
    };
    let mut by_row = None;
    match params.n_sampled {
        Some(n_sampled) => {
            if let Some(found) = if_any(silhouette_sampled(points, &partition, n_sampled, params.seed))? {
                score.silhouette = Some(found.mean);
                score.silhouette_standard_error = Some(found.standard_error);
            }
        }
        None => {
            let values = if_any(silhouette_values(points, &partition))?;
            let values = values.unwrap_or_else(|| vec![None; labels.len()]);
            let (n, sum) =
                values.iter().flatten().fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value));
            score.silhouette = (n > 0).then(|| sum / n as f64);
            by_row = Some(values.iter().map(|value| value.map_or(f32::NAN, |value| value as f32)).collect());
        }
    }
    stages.stage("separation", 0);
    score.davies_bouldin = if_any(davies_bouldin(points, &partition))?;
    score.calinski_harabasz = if_any(calinski_harabasz(points, &partition))?;
    Ok((score, by_row))
}

/// A score, or nothing where such clusters have none.
fn if_any<T>(
    score: std::result::Result<T, populi_geometry::Error>,
) -> std::result::Result<Option<T>, populi_geometry::Error> {
    match score {
        Err(populi_geometry::Error::NoScore { .. }) => Ok(None),
        score => score.map(Some),
    }
}
