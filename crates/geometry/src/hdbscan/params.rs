//! What HDBSCAN is told.

use populi_simd::Level;

use crate::error::{Result, require};
use crate::metric::Metric;

/// Which clusters of the condensed tree are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClusterSelection {
    /// Those that together hold the most stability ("excess of mass").
    #[default]
    Eom,
    /// Those that do not split further: many small and even ones.
    Leaf,
    /// The two parts of the topmost split: of all ways to take two clusters or more, the one with the least noise. Real
    /// embeddings often split into a few rows and all others there.
    LeastNoise,
}

/// How the minimum spanning tree of the mutual reachability distances is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HdbscanMethod {
    /// [`HdbscanMethod::KdTree`] for Euclidean rows of at most 16 columns, [`HdbscanMethod::AllPairs`] for at most
    /// 2,048 other rows, else [`HdbscanMethod::Graph`].
    #[default]
    Auto,
    /// Exact: Borůvka's algorithm over a kd-tree. Euclidean, at most 16 columns.
    KdTree,
    /// From the graph of nearest neighbours, whose parts are then connected: exact where an edge of the tree is in the graph,
    /// and as near as is affordable where it joins two parts.
    Graph,
    /// Exact: Prim's algorithm over the distances of all pairs, `O(n²)` time and `O(n)` memory.
    AllPairs,
}

/// How [`crate::hdbscan()`] clusters. The defaults are those of the Python package `hdbscan`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HdbscanParams {
    /// Rows that make a cluster, at least 2. Costs nothing by itself; see `min_samples`, which follows it unless given.
    pub min_cluster_size: usize,
    /// Neighbours, the row itself left out, within whose distance a row's place counts as dense: more of them smooth more.
    /// `None` is `min_cluster_size`. At most one less than there are rows are used. Time grows with it, over a kd-tree beyond
    /// a few hundred with its square; a graph has at least as many neighbours a row.
    pub min_samples: Option<usize>,
    /// How far apart rows are: Euclidean or cosine.
    pub metric: Metric,
    /// Which clusters of the condensed tree are taken.
    pub selection: ClusterSelection,
    /// Clusters that split below this distance stay one, in units of the metric; 0 splits all.
    pub epsilon: f64,
    /// Whether all rows may be one cluster.
    pub allow_single_cluster: bool,
    /// At most this share of the rows may stay noise, from 0 to 1: noise joins the nearest cluster, by mutual
    /// reachability along the spanning tree, the nearest first, until that is so. Where the selection takes no two
    /// clusters, the topmost split stands in for it, if there is one. `None` leaves all noise as it is.
    pub max_noise: Option<f64>,
    /// How the spanning tree is found.
    pub method: HdbscanMethod,
    /// Neighbours a row in the graph of [`HdbscanMethod::Graph`]; at least `min_samples` are used. With 30 the clusters
    /// of real texts are nearly those of the exact tree, with 15 often not.
    pub n_neighbours: usize,
    /// Seed of what is random in building the graph of neighbours.
    pub seed: u64,
    /// Instructions to use. The bytes of the result are the same at each.
    pub level: Level,
}

impl Default for HdbscanParams {
    fn default() -> Self {
        Self {
            min_cluster_size: 5,
            min_samples: None,
            metric: Metric::default(),
            selection: ClusterSelection::default(),
            epsilon: 0.0,
            allow_single_cluster: false,
            max_noise: None,
            method: HdbscanMethod::default(),
            n_neighbours: 30,
            seed: 42,
            level: Level::best(),
        }
    }
}

impl HdbscanParams {
    /// Checks every parameter against its range.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Param`] with the name of the field.
    pub fn check(&self) -> Result<()> {
        require(self.min_cluster_size >= 2, "min_cluster_size", self.min_cluster_size, "at least 2")?;
        if let Some(min_samples) = self.min_samples {
            require(min_samples >= 1, "min_samples", min_samples, "at least 1")?;
        }
        require(self.n_neighbours >= 1, "n_neighbours", self.n_neighbours, "at least 1")?;
        let epsilon = self.epsilon;
        require(epsilon.is_finite() && epsilon >= 0.0, "epsilon", epsilon, "finite and not negative")?;
        let metrics = "euclidean or cosine, which are never negative";
        require(self.metric != Metric::InnerProduct, "metric", self.metric.name(), metrics)?;
        match self.max_noise {
            Some(share) => require((0.0..=1.0).contains(&share), "max_noise", share, "from 0 to 1"),
            None => Ok(()),
        }
    }

    /// Neighbours that make a row's core distance, of `n_rows` rows.
    pub(crate) fn min_samples_of(&self, n_rows: usize) -> usize {
        self.min_samples.unwrap_or(self.min_cluster_size).min(n_rows.saturating_sub(1)).max(1)
    }
}
