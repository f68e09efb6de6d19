//! Geometry on anybody's vectors: a `.npy` file in, `.npy` files out. No corpus is needed.
//!
//! | function | question | result |
//! |---|---|---|
//! | [`knn`] | which rows are nearest to each row? | int32 `[n, k]`, distances f32 `[n, k]` |
//! | [`pca`] | where do rows lie along the directions of most variance? | f32 `[n, n_components]` |
//! | [`umap`] | on which map do near rows stand near each other? | f32 `[n, n_components]` |
//! | [`hdbscan`] | which rows are dense together, however uneven the density? | labels int32 `[n]`, strengths f32 `[n]`, layers int32 `[n, m]` |
//! | [`dbscan`] | which places are dense, and which rows are noise? | labels int32 `[n]` |
//! | [`kmeans`] | which rows belong together, around k centres? | labels int32 `[n]`, centres f32 `[k, d]` |
//! | [`score`] | how good is a map, or a clustering? | numbers, silhouettes f32 `[n]` |
//!
//! Each function checks what it is to write before it reads, reads, computes, writes, and returns a [`Summary`] with what it
//! found and how long each part took. Vectors of little-endian `f4` in C order are used where they lie in the file, through a
//! memory map; others are converted. Results depend on input, parameters and seed, never on the threads.

mod clusters;
mod dbscan;
mod graph;
mod hdbscan;
mod job;
mod kmeans;
mod knn;
pub(crate) mod npy;
pub(crate) mod outputs;
mod pca;
mod score;
pub(crate) mod stages;
mod umap;

pub use clusters::Clusters;
pub use dbscan::{DbscanFiles, DbscanQuality, dbscan};
pub use graph::GraphFiles;
pub use hdbscan::{HdbscanFiles, HdbscanQuality, LayerQuality, hdbscan};
pub use job::{Summary, Timings};
pub use kmeans::{ChoicePoint, ChoiceQuality, Clustering, KMeansFiles, KMeansQuality, kmeans};
pub use knn::{KnnFiles, KnnQuality, knn};
pub use npy::{Facts, Fault};
pub use pca::{PcaFiles, PcaQuality, pca};
pub use populi_geometry::{
    ClusterSelection, ConstrainedParams, DbscanParams, HdbscanParams, Init, KMeansParams, KnnMethod,
    KnnParams, Metric, PcaParams, UmapParams,
};
pub use populi_persona::K;
pub use score::{Agreement, ClusterScore, MapScore, ScoreFiles, ScoreParams, ScoreQuality, score};
pub use stages::StageTime;
pub use umap::{UmapFiles, UmapQuality, umap};
