//! k-means and metrics against naive ones, the number of clusters of planted mixtures, and the same bytes from any number of threads.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod choice;
mod constrained;
mod dbscan;
mod hdbscan;
mod kmeans;
mod knn;
mod metrics;
mod offset;
mod threads;
mod umap;

use populi_geometry::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `n` points around `k` far-apart centres in `n_dims` dimensions, and which centre each belongs to.
pub fn blobs(n: usize, k: usize, n_dims: usize, seed: u64) -> (Matrix, Vec<u32>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let centres: Vec<f32> = (0..k * n_dims).map(|_| random.random_range(-10.0..10.0)).collect();
    let labels: Vec<u32> = (0..n).map(|_| random.random_range(0..k as u32)).collect();
    let mut values = Vec::with_capacity(n * n_dims);
    for &label in &labels {
        let centre = &centres[label as usize * n_dims..][..n_dims];
        values.extend(centre.iter().map(|c| c + random.random_range(-1.0..1.0f32)));
    }
    (Matrix::from_vec(n, n_dims, values).unwrap(), labels)
}
