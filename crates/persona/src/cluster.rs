//! Persona clusters: k-means over the vectors of authors.

use populi_geometry::{KMeansParams, Matrix, kmeans};

use crate::Error;

/// How to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterParams {
    /// Clusters; `None` takes [`default_k`].
    pub k: Option<usize>,
    /// Seeded restarts, of which the best stands. Default 5.
    pub n_init: usize,
    /// Rounds of a restart at most. Default 300.
    pub max_iter: usize,
    /// Decides the starting centres.
    pub seed: u64,
    /// What a row is, for messages. Default `authors`.
    pub unit: &'static str,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self { k: None, n_init: 5, max_iter: 300, seed: 0, unit: "authors" }
    }
}

/// The clusters that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Personas {
    /// The cluster of each row; 0 is the largest.
    pub clusters: Vec<u32>,
    /// `[n_clusters, n_dims] f32`.
    pub centres: Matrix,
    /// Cosine of each row and its centre.
    pub centrality: Vec<f32>,
}

/// The number of clusters where none is asked for: min(25, max(2, sqrt(n / 2))), and never more than `n`.
#[must_use]
pub fn default_k(n_units: usize) -> usize {
    // Rounded down; exact for any number of authors that fits into memory.
    let root = (n_units as f64 / 2.0).sqrt() as usize;
    root.clamp(2, 25).min(n_units)
}

/// Clusters L2-normalised vectors `[n_units, n_dims]`.
///
/// Cost: that of [`kmeans`]. The same vectors and seed give the same clusters at any number of threads.
///
/// # Errors
/// When `k` exceeds the rows, or a vector is not finite.
pub fn cluster(vectors: &Matrix, params: &ClusterParams) -> Result<Personas, Error> {
    let n_units = vectors.n_rows();
    let k = params.k.unwrap_or_else(|| default_k(n_units));
    if k > n_units {
        return Err(Error::TooManyClusters { k, n_units, unit: params.unit });
    }
    let found = kmeans(
        vectors,
        &KMeansParams {
            k,
            n_init: params.n_init,
            max_iter: params.max_iter,
            seed: params.seed,
            ..KMeansParams::default()
        },
    )?;
    let centrality = vectors
        .rows()
        .zip(&found.labels)
        .map(|(row, &cluster)| cosine(row, found.centres.row(cluster as usize)))
        .collect();
    Ok(Personas { clusters: found.labels, centres: found.centres, centrality })
}

/// The cosine of two vectors; 0 where one has no direction.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (dot(a, b) / lengths) as f32 } else { 0.0 }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_default_number_of_clusters_follows_the_rule() {
        for (n, k) in [(0, 0), (1, 1), (2, 2), (8, 2), (18, 3), (200, 10), (1_250, 25), (1_000_000, 25)] {
            assert_eq!(default_k(n), k, "{n}");
        }
    }

    #[test]
    fn two_directions_are_two_clusters_and_the_larger_is_first() {
        let rows = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.1, 1.0]];
        let vectors = Matrix::from_vec(4, 2, rows.concat()).unwrap();
        let found = cluster(&vectors, &ClusterParams { k: Some(2), ..ClusterParams::default() }).unwrap();
        assert_eq!(found.clusters, [1, 0, 0, 0]);
        assert!((found.centrality[0] - 1.0).abs() < 1e-6);
        assert!(found.centrality.iter().all(|&cosine| cosine > 0.9));
    }

    #[test]
    fn more_clusters_than_authors_is_an_error_that_says_what_to_do() {
        let vectors = Matrix::from_vec(1, 1, vec![1.0]).unwrap();
        let error = cluster(&vectors, &ClusterParams { k: Some(2), ..ClusterParams::default() }).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("k = 2") && error.contains("1 authors") && error.contains("--min-posts"),
            "{error}"
        );
    }
}
