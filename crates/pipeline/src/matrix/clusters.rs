//! What a clustering with noise is like, in numbers.

use std::collections::BTreeMap;

use populi_geometry::NOISE;
use serde::Serialize;

/// How many clusters, how large, and how many rows are in none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clusters {
    /// Clusters.
    pub n_clusters: usize,
    /// Rows of each that has any, by number.
    pub sizes: Vec<usize>,
    /// Rows that are noise.
    pub n_noise: usize,
    /// Their share of all rows.
    pub noise_share: f64,
}

impl Clusters {
    /// Counts the labels of rows: numbers of clusters, with or without gaps, or noise.
    pub(super) fn of(labels: &[i32]) -> Self {
        let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
        labels
            .iter()
            .filter(|label| **label != NOISE)
            .for_each(|&label| *counts.entry(label).or_default() += 1);
        let sizes: Vec<usize> = counts.into_values().collect();
        let n_noise = labels.iter().filter(|label| **label == NOISE).count();
        let noise_share = n_noise as f64 / labels.len().max(1) as f64;
        Self { n_clusters: sizes.len(), sizes, n_noise, noise_share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_counted_by_number_and_noise_apart() {
        let found = Clusters::of(&[0, 2, -1, 2, 1, 2, -1, 0]);
        assert_eq!((found.n_clusters, found.sizes, found.n_noise), (3, vec![2, 1, 3], 2));
        assert_eq!(found.noise_share, 0.25);
        assert_eq!(Clusters::of(&[-1]).n_clusters, 0);
        assert_eq!(Clusters::of(&[i32::MAX, 7, 7]).sizes, [2, 1], "numbers may be anything");
    }
}
