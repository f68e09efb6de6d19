//! Clusters where units lie densely.

use populi_geometry::{Hdbscan, HdbscanParams, Matrix, Metric, NOISE, Silent, UmapParams, hdbscan, umap};

use crate::Error;
use crate::cluster::ClusterParams;

/// Dimensions up to which density is measured among the vectors as they are: beyond, everything is about equally far apart.
const MAX_DIMS: usize = 50;

/// Dimensions of the map on which it is measured above.
const MAP_DIMS: usize = 5;

/// What HDBSCAN says beside the clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// The map that density was measured on, `[n_units, 5] f32`, where the vectors have more than 50 dimensions.
    pub map: Option<Matrix>,
    /// The cluster of each row before noise joined any.
    pub raw_clusters: Vec<Option<u32>>,
    /// Whether each row was noise and joined the nearest cluster.
    pub assigned: Vec<bool>,
    /// How firmly each row belongs to its cluster, from 0 to 1; 0 of noise.
    pub strengths: Vec<f32>,
}

impl Density {
    /// Rows that are still noise.
    #[must_use]
    pub fn n_noise(&self) -> usize {
        let is_noise = |(raw, assigned): &(&Option<u32>, &bool)| raw.is_none() && !**assigned;
        self.raw_clusters.iter().zip(&self.assigned).filter(is_noise).count()
    }

    /// Rows that were noise and joined a cluster.
    #[must_use]
    pub fn n_assigned(&self) -> usize {
        self.assigned.iter().filter(|assigned| **assigned).count()
    }
}

/// Clusters of vectors, the largest first, on a map of them where they have many dimensions.
pub(crate) fn clusters_by_density(
    vectors: &Matrix,
    params: &ClusterParams,
) -> Result<(Vec<Option<u32>>, Density), Error> {
    let map = match vectors.n_cols() > MAX_DIMS {
        false => None,
        true => {
            let how = UmapParams {
                n_components: MAP_DIMS,
                // Rows that are alike may lie on one another: nobody looks at this map.
                min_dist: 0.0,
                metric: Metric::Cosine,
                random_state: params.seed,
                ..UmapParams::default()
            };
            Some(umap(vectors.into(), &how, &Silent)?.map)
        }
    };
    let found = dense(map.as_ref().unwrap_or(vectors), params.min_size(), params)?;
    let clusters = numbered(&found.labels);
    let density = Density {
        map,
        raw_clusters: numbered(&found.labels_raw),
        assigned: found.assigned,
        strengths: found.strengths.iter().map(|&strength| strength as f32).collect(),
    };
    Ok((clusters, density))
}

/// Clusters of `min_size` rows at least, the largest first, among rows of few dimensions.
pub(crate) fn dense_clusters(
    rows: &Matrix,
    min_size: usize,
    params: &ClusterParams,
) -> Result<Vec<Option<u32>>, Error> {
    Ok(numbered(&dense(rows, min_size, params)?.labels))
}

fn dense(rows: &Matrix, min_size: usize, params: &ClusterParams) -> Result<Hdbscan, Error> {
    let how = HdbscanParams {
        // One row is no cluster.
        min_cluster_size: min_size.max(2),
        min_samples: params.min_samples,
        max_noise: Some(params.max_noise()),
        seed: params.seed,
        ..HdbscanParams::default()
    };
    Ok(hdbscan(rows.into(), &how, &Silent)?)
}

fn numbered(labels: &[i32]) -> Vec<Option<u32>> {
    labels.iter().map(|&label| (label != NOISE).then_some(label.cast_unsigned())).collect()
}
