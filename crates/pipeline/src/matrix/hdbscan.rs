//! Clusters of uneven density.

use std::path::{Path, PathBuf};

use populi_geometry::{ClusterSelection, HdbscanMethod, HdbscanParams};
use serde::Serialize;
use serde_json::json;

use super::clusters::Clusters;
use super::graph::GraphFiles;
use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// Layers that are written, at most. Each has half the clusters of the one before, so there are never so many.
const MAX_LAYERS: usize = 32;

/// What [`hdbscan`] reads and writes.
#[derive(Clone, Debug)]
pub struct HdbscanFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// Their neighbours, where they are known.
    pub graph: Option<GraphFiles>,
    /// The cluster of every row, int32 `[n]`, -1 for noise.
    pub out: PathBuf,
    /// How much each row belongs to its cluster, f32 `[n]`, from 0 to 1.
    pub out_strengths: Option<PathBuf>,
    /// The clusters of every row at several granularities, fine to coarse, int32 `[n, n_layers]`.
    pub layers: Option<PathBuf>,
    /// What to do with arrays that are there.
    pub existing: Existing,
}

/// What the clusters are like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HdbscanQuality {
    /// How many, how large, and how much is none.
    #[serde(flatten)]
    pub clusters: Clusters,
    /// Rows that were noise and joined a cluster, so that no more is noise than is allowed.
    pub n_assigned: usize,
    /// Neighbours that made the density of a row.
    pub min_samples: usize,
    /// Whether rows named themselves in the graph that was given, and were taken out.
    pub named_themselves: bool,
    /// The layers that were written, fine to coarse.
    pub layers: Vec<LayerQuality>,
}

/// What one granularity is like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerQuality {
    /// Clusters.
    pub n_clusters: usize,
    /// Rows in none.
    pub n_noise: usize,
    /// What every split of the layer has at least: the logarithm of how many times denser its parts become.
    pub persistence: f64,
}

/// Writes the cluster of every row. Cluster 0 is the largest.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn hdbscan(
    files: &HdbscanFiles,
    params: &HdbscanParams,
    progress: &dyn Progress,
) -> Result<Summary<HdbscanQuality>> {
    let mut inputs: Vec<&Path> = vec![&files.input];
    inputs.extend(files.graph.iter().flat_map(GraphFiles::paths));
    let outputs: Vec<&Path> =
        files.out_strengths.iter().chain(&files.layers).chain([&files.out]).map(PathBuf::as_path).collect();
    let mut job = Job::begin("hdbscan", &inputs, &outputs, files.existing, progress)?;
    params.check()?;
    let vectors = job.vectors()?;
    let view = vectors.view()?;
    let graph = files.graph.as_ref().map(|graph| job.read(|| graph.open(view.n_rows()))).transpose()?;
    let (found, layers) = job.compute(|stages| {
        let found = match &graph {
            Some(graph) => populi_geometry::hdbscan_of_graph(view, &graph.graph, params, stages)?,
            None => populi_geometry::hdbscan(view, params, stages)?,
        };
        let layers = files.layers.as_ref().map(|_| {
            stages.stage("layers", 0);
            found.layers(MAX_LAYERS)
        });
        Ok((found, layers.unwrap_or_default()))
    })?;
    let n_rows = found.labels.len();
    job.write(|| {
        if let Some(path) = &files.out_strengths {
            let strengths: Vec<f32> = found.strengths.iter().map(|strength| *strength as f32).collect();
            npy::write(path, &[n_rows], &strengths)?;
        }
        if let Some(path) = &files.layers {
            let of_row = |row: usize| layers.iter().map(move |layer| layer.labels[row]);
            let labels: Vec<i32> = (0..n_rows).flat_map(of_row).collect();
            npy::write(path, &[n_rows, layers.len()], &labels)?;
        }
        npy::write(&files.out, &[n_rows], &found.labels)
    })?;
    let parameters = json!({
        "min_cluster_size": params.min_cluster_size,
        "min_samples": params.min_samples,
        "metric": params.metric.name(),
        "selection": match params.selection {
            ClusterSelection::Eom => "eom",
            ClusterSelection::Leaf => "leaf",
            ClusterSelection::LeastNoise => "least-noise",
        },
        "epsilon": params.epsilon,
        "n_neighbours": params.n_neighbours,
        "max_noise": params.max_noise,
        "allow_single_cluster": params.allow_single_cluster,
    });
    let layer = |layer: &populi_geometry::Layer| LayerQuality {
        n_clusters: layer.clusters.len(),
        n_noise: layer.n_noise,
        persistence: layer.persistence,
    };
    let quality = HdbscanQuality {
        clusters: Clusters::of(&found.labels),
        n_assigned: found.assigned.iter().filter(|is_assigned| **is_assigned).count(),
        min_samples: found.min_samples,
        named_themselves: graph.is_some_and(|graph| graph.named_themselves),
        layers: layers.iter().map(layer).collect(),
    };
    let method = match found.method {
        HdbscanMethod::Auto => "auto",
        HdbscanMethod::KdTree => "kd-tree",
        HdbscanMethod::Graph => "graph",
        HdbscanMethod::AllPairs => "all-pairs",
    };
    Ok(job.finish(vectors.facts(), method, params.seed, parameters, quality))
}
