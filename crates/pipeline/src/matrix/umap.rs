//! Maps.

use std::path::{Path, PathBuf};

use populi_geometry::{Init, UmapParams};
use serde::Serialize;
use serde_json::json;

use super::graph::GraphFiles;
use super::job::{Job, Summary};
use super::npy;
use crate::Result;
use crate::export::Existing;
use crate::progress::Progress;

/// What [`umap`] reads and writes.
#[derive(Clone, Debug)]
pub struct UmapFiles {
    /// The vectors, `[n, d]`.
    pub input: PathBuf,
    /// Their neighbours, where they are known.
    pub graph: Option<GraphFiles>,
    /// Where the rows stand on the map, f32 `[n, n_components]`.
    pub out: PathBuf,
    /// What to do with an array that is there.
    pub existing: Existing,
}

/// What a map was made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UmapQuality {
    /// Neighbours of a row that counted, itself among them.
    pub n_neighbors: usize,
    /// The share of true neighbours that were found; none where the graph was given.
    pub recall: Option<f64>,
    /// Whether rows named themselves in the graph that was given, and were taken out.
    pub named_themselves: bool,
    /// Parts of the graph that are not connected.
    pub n_parts: usize,
    /// Epochs of the descent.
    pub n_epochs: usize,
    /// Of the curve `1 / (1 + a·d^2b)`.
    pub a: f64,
    /// See `a`.
    pub b: f64,
}

/// Writes a map of the rows.
///
/// # Errors
/// When files cannot be read or written, or a parameter is out of its range.
pub fn umap(files: &UmapFiles, params: &UmapParams, progress: &dyn Progress) -> Result<Summary<UmapQuality>> {
    let mut inputs: Vec<&Path> = vec![&files.input];
    inputs.extend(files.graph.iter().flat_map(GraphFiles::paths));
    let mut job = Job::begin("umap", &inputs, &[&files.out], files.existing, progress)?;
    params.check()?;
    let vectors = job.vectors()?;
    let view = vectors.view()?;
    let graph = files.graph.as_ref().map(|graph| job.read(|| graph.open(view.n_rows()))).transpose()?;
    let found = job.compute(|stages| {
        Ok(match &graph {
            Some(graph) => populi_geometry::umap_of_graph(&graph.graph, Some(view), params, stages)?,
            None => populi_geometry::umap(view, params, stages)?,
        })
    })?;
    job.write(|| npy::write(&files.out, &[found.map.n_rows(), found.map.n_cols()], found.map.values()))?;
    let parameters = json!({
        "neighbors": params.n_neighbors,
        "components": params.n_components,
        "metric": params.metric.name(),
        "min_dist": params.min_dist,
        "spread": params.spread,
        "epochs": params.n_epochs,
        "negative_sample_rate": params.negative_sample_rate,
        "repulsion_strength": params.repulsion_strength,
        "learning_rate": params.learning_rate,
        "init": match params.init {
            Init::Spectral => "spectral",
            Init::Pca => "pca",
            Init::Given(_) => "given",
        },
    });
    let quality = UmapQuality {
        n_neighbors: found.n_neighbors,
        recall: found.knn.map(|knn| knn.recall),
        named_themselves: graph.is_some_and(|graph| graph.named_themselves),
        n_parts: found.n_parts,
        n_epochs: found.n_epochs,
        a: found.a,
        b: found.b,
    };
    Ok(job.finish(vectors.facts(), "umap", params.random_state, parameters, quality))
}
