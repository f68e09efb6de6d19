//! The map of the units: where those that are alike lie side by side.

use populi_geometry::{
    Matrix, MatrixView, Metric, NeighbourhoodParams, PcaParams, Silent, UmapParams, neighbourhood, pca, umap,
};
use serde::{Deserialize, Serialize};

use super::PersonaParams;
use crate::Result;

/// Neighbours of a unit by which its place on the map is judged.
const NEIGHBOURS_JUDGED: usize = 15;

/// Units whose places are judged, at most.
const MAX_JUDGED: usize = 1000;

/// How a map is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapMethod {
    /// Neighbours stay neighbours; distances between groups mean little.
    #[default]
    Umap,
    /// The two directions in which the units differ most.
    Pca,
}

/// How a map was made, and how well it keeps neighbourhoods.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapSummary {
    /// `umap` or `pca`.
    pub method: MapMethod,
    /// Neighbours of a unit that UMAP looked at, itself included.
    pub n_neighbors: Option<u64>,
    /// Trustworthiness of the 15 nearest units on the map, at most 1; none where there are too few units to tell.
    pub trustworthiness: Option<f64>,
}

/// A place for each vector, `[n_units, 2]`.
pub(super) fn map_of(vectors: &Matrix, params: &PersonaParams) -> Result<(Matrix, MapSummary)> {
    let mut summary = MapSummary { method: params.map, ..MapSummary::default() };
    let map = match params.map {
        MapMethod::Umap => {
            let how =
                UmapParams { metric: Metric::Cosine, random_state: params.seed, ..UmapParams::default() };
            let found = umap(vectors.into(), &how, &Silent)?;
            summary.n_neighbors = Some(how.n_neighbors.min(vectors.n_rows()) as u64);
            found.map
        }
        MapMethod::Pca => principal_plane(vectors)?,
    };
    summary.trustworthiness = trustworthiness(vectors, &map, params.seed)?;
    Ok((map, summary))
}

/// How far neighbours on the map are neighbours among the vectors; `None` of too few units.
fn trustworthiness(vectors: &Matrix, map: &Matrix, seed: u64) -> Result<Option<f64>> {
    let how =
        NeighbourhoodParams { k: NEIGHBOURS_JUDGED, metric: Metric::Cosine, max_rows: MAX_JUDGED, seed };
    if how.check(vectors.n_rows()).is_err() {
        return Ok(None);
    }
    Ok(Some(neighbourhood(MatrixView::from(vectors), MatrixView::from(map), &how)?.trustworthiness))
}

fn principal_plane(vectors: &Matrix) -> Result<Matrix> {
    let n_components = 2.min(vectors.n_cols());
    let projected = pca(vectors, &PcaParams { n_components })?.project(vectors)?;
    let place = |row: &[f32]| [row.first().copied().unwrap_or(0.0), row.get(1).copied().unwrap_or(0.0)];
    Ok(Matrix::from_vec(vectors.n_rows(), 2, projected.rows().flat_map(place).collect())?)
}
