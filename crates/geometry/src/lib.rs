//! Matrices only: components, neighbours, maps, clusters, and the scores that judge them.
//!
//! Nothing here knows what a row stands for. A [`Matrix`] is dense, row-major `f32`; a [`SparseMatrix`] is CSR.
//!
//! | question | function |
//! |---|---|
//! | which directions hold the variance of dense rows? | [`pca()`] |
//! | which directions hold the most of sparse rows? | [`randomised_svd`] |
//! | in which directions do groups of rows differ? | [`discriminant()`] |
//! | which rows are near which? | [`knn()`], [`nearest_rows`] |
//! | where on a map do rows stand, near those that they are near to? | [`umap()`], [`umap_of_graph`] |
//! | which rows belong together, when k is given? | [`kmeans()`] |
//! | the same, with clusters of bounded sizes? | [`constrained_kmeans`] |
//! | how many clusters? | [`choose_k`] |
//! | which rows are dense together, at whatever density, and which are noise? | [`hdbscan()`] |
//! | which rows are dense together, at one distance, and which are noise? | [`dbscan()`] |
//! | how well apart are clusters? | [`simplified_silhouette`] |
//! | how well apart are clusters, without centres? | [`silhouette_score`], [`silhouette_sampled`], [`davies_bouldin`], [`calinski_harabasz`] |
//! | how well do two partitions agree? | [`adjusted_rand_index`], [`adjusted_mutual_information`]; more in [`Contingency`] |
//! | does a map keep who is near whom? | [`neighbourhood()`] |
//!
//! # Determinism
//!
//! The same input, parameters and binary give the same bytes from any number of threads on CPUs of one feature level:
//! work is cut into blocks of a fixed size, block results are added in block order, sums that matter are `f64`, random
//! numbers are counted (ChaCha8, one stream per use) and every tie has a rule.

mod centre;
mod choice;
mod cholesky;
mod constrained;
mod dbscan;
mod discriminant;
mod eigen;
mod error;
mod graph;
mod hdbscan;
mod kmeans;
mod knn;
mod matrix;
mod metric;
mod metrics;
mod orthonormal;
mod pca;
mod product;
mod progress;
mod real;
mod sample;
mod silhouette;
mod sparse;
mod subspace;
mod svd;
mod umap;
mod view;

pub use choice::{Choice, ChoiceParams, Score, choose_k};
pub use cholesky::solve_positive_definite;
pub use constrained::{ConstrainedKMeans, ConstrainedParams, constrained_kmeans};
pub use dbscan::{Dbscan, DbscanParams, KDistances, dbscan};
pub use discriminant::{Discriminant, DiscriminantParams, Scatter, Within, discriminant};
pub use error::{Error, Result};
pub use graph::NeighbourGraph;
pub use hdbscan::{
    ClusterSelection, CondensedChild, CondensedCluster, CondensedEdge, CondensedTree, Hdbscan, HdbscanMethod,
    HdbscanParams, HdbscanPredicted, Layer, SpanningEdge, hdbscan, hdbscan_of_graph,
};
pub use kmeans::{KMeans, KMeansParams, kmeans, kmeans_from, nearest_centres};
pub use knn::{Knn, KnnMethod, KnnParams, Nearest, knn, nearest_rows};
pub use matrix::Matrix;
pub use metric::Metric;
pub use metrics::{
    Contingency, Label, Neighbourhood, NeighbourhoodParams, Partition, adjusted_mutual_information,
    adjusted_rand_index, calinski_harabasz, davies_bouldin, neighbourhood, silhouette_sampled,
    silhouette_score, silhouette_values,
};
pub use pca::{Pca, PcaParams, pca};
pub use populi_simd::Level;
pub use product::{gram, multiply, multiply_transposed};
pub use progress::{Progress, Silent};
pub use real::Real;
pub use sample::sample_rows;
pub use silhouette::{Silhouette, simplified_silhouette};
pub use sparse::SparseMatrix;
pub use svd::{Svd, SvdParams, randomised_svd};
pub use umap::{FuzzySet, Init, KnnReport, Umap, UmapParams, fuzzy_set, umap, umap_of_graph};
pub use view::MatrixView;

/// The label of a row that belongs to no cluster.
pub const NOISE: i32 = -1;
