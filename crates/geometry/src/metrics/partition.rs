//! Which row is in which cluster, counted once for all scores of a clustering.

use crate::NOISE;
use crate::error::{Error, Result, same_size};

/// What a cluster is called: `u32`, or `i32`, whose [`NOISE`] (-1) belongs to no cluster.
pub trait Label: Copy + Ord + Send + Sync + std::fmt::Debug {
    /// Whether it means "in no cluster".
    fn is_noise(self) -> bool;
}

impl Label for u32 {
    fn is_noise(self) -> bool {
        false
    }
}

impl Label for i32 {
    fn is_noise(self) -> bool {
        self == NOISE
    }
}

/// The clusters of some rows: who is in which, the clusters numbered by rising label.
///
/// Noise is no cluster: [`Partition::new`] leaves its rows out of every score and counts them. scikit-learn takes -1 for a
/// cluster like any other: [`Partition::with_noise_as_cluster`] does the same.
///
/// ```
/// use populi_geometry::Partition;
///
/// let partition = Partition::new(&[4, -1, 4, 2]);
/// assert_eq!((partition.n_clusters(), partition.n_left_out()), (2, 1));
/// assert_eq!(partition.cluster(0), Some(1)); // 2 comes before 4
/// assert_eq!(Partition::with_noise_as_cluster(&[4, -1, 4, 2]).n_clusters(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The cluster of every row.
    clusters: Vec<Option<u32>>,
    /// The rows that are in a cluster, by cluster, then by number.
    rows: Vec<u32>,
    /// Where the rows of each cluster begin in `rows`, and the end of the last.
    starts: Vec<usize>,
}

impl Partition {
    /// The clusters that `labels [n]` name; rows labelled as noise are left out. O(n log n).
    #[must_use]
    pub fn new<L: Label>(labels: &[L]) -> Self {
        Self::of(labels, |label| !label.is_noise())
    }

    /// The clusters that `labels [n]` name, all noise being one more. O(n log n).
    #[must_use]
    pub fn with_noise_as_cluster<L: Label>(labels: &[L]) -> Self {
        Self::of(labels, |_| true)
    }

    fn of<L: Label>(labels: &[L], is_clustered: impl Fn(L) -> bool) -> Self {
        let numbered = labels.iter().copied().zip(0u32..);
        let mut sorted: Vec<(L, u32)> = numbered.filter(|&(label, _)| is_clustered(label)).collect();
        sorted.sort_unstable();
        let (mut clusters, mut starts) = (vec![None; labels.len()], vec![0]);
        for (cluster, same) in (0u32..).zip(sorted.chunk_by(|a, b| a.0 == b.0)) {
            same.iter().for_each(|&(_, row)| clusters[row as usize] = Some(cluster));
            starts.push(starts.last().copied().unwrap_or(0) + same.len());
        }
        Self { clusters, rows: sorted.into_iter().map(|(_, row)| row).collect(), starts }
    }

    /// Number of rows, also those that are left out.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.clusters.len()
    }

    /// Number of clusters.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of rows that are in no cluster.
    #[must_use]
    pub fn n_left_out(&self) -> usize {
        self.clusters.len() - self.rows.len()
    }

    /// The cluster of a row, if it is in one.
    ///
    /// # Panics
    ///
    /// Where `row >= n_rows`, as indexing a slice does.
    #[must_use]
    pub fn cluster(&self, row: usize) -> Option<u32> {
        self.clusters[row]
    }

    /// The rows that are in a cluster, by cluster.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The rows of one cluster, rising.
    pub(super) fn rows_of(&self, cluster: usize) -> &[u32] {
        &self.rows[self.starts[cluster]..self.starts[cluster + 1]]
    }

    /// Where the rows of each cluster begin in [`Self::rows`], and the end of the last.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// Checks that `n_rows` rows can be scored: a label each, at least two clusters, and fewer clusters than rows.
    pub(super) fn check(&self, n_rows: usize, metric: &'static str) -> Result<()> {
        same_size("labels of the rows", n_rows, self.n_rows())?;
        let (n_clusters, n_rows) = (self.n_clusters(), self.rows.len());
        if n_clusters < 2 || n_clusters >= n_rows {
            return Err(Error::NoScore { metric, n_clusters, n_rows });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_their_clusters() {
        let partition = Partition::new(&[9, 3, -1, 9, 3, 5]);
        assert_eq!(partition.rows(), [1, 4, 5, 0, 3]);
        assert_eq!(partition.starts(), [0, 2, 3, 5]);
        assert_eq!(partition.rows_of(2), [0, 3]);
        assert_eq!(partition.cluster(2), None);
        assert_eq!(Partition::new(&[7u32; 0]).n_clusters(), 0);
        assert_eq!(Partition::new(&[NOISE; 4]).n_left_out(), 4);
    }
}
