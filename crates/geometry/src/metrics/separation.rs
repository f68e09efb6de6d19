//! How well apart clusters are, from their centroids only.
//!
//! - Davies and Bouldin, *A cluster separation measure* (1979).
//! - Caliński and Harabasz, *A dendrite method for cluster analysis* (1974).

use rayon::prelude::*;

use super::partition::Partition;
use crate::error::Result;
use crate::matrix::squared_distance;
use crate::real::Real;
use crate::view::MatrixView;

/// Rows added as one task. Changing it changes last digits.
const ROWS_PER_TASK: usize = 4096;

/// Distances up to here are none, as scikit-learn's `allclose` has it.
const NONE: f64 = 1e-8;

/// The Davies-Bouldin index of a clustering, 0 or more, the lower the better.
///
/// The spread of a cluster is the mean distance of its rows to their centroid. Of two clusters one takes the sum of their spreads
/// over the distance of their centroids, of a cluster the worst such ratio, of the clustering the mean. Centroids that lie at
/// the same place make no ratio; where all spreads or all distances are none (up to 1e-8), the index is 0. Rows in no cluster are
/// left out. Equals scikit-learn's `davies_bouldin_score`.
///
/// O(n·d + k²·d), parallel; sums in `f64` in a fixed order: the same bytes from any number of threads.
///
/// ```
/// use populi_geometry::{MatrixView, Partition, davies_bouldin};
///
/// let points = MatrixView::new(4, 1, &[0.0f32, 2.0, 9.0, 11.0])?;
/// assert_eq!(davies_bouldin(points, &Partition::new(&[0u32, 0, 1, 1]))?, (1.0 + 1.0) / 9.0);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`], [`crate::Error::Empty`], [`crate::Error::NotFinite`]; [`crate::Error::NoScore`] where there are fewer
/// than two clusters, or as many as rows.
pub fn davies_bouldin<T: Real>(points: MatrixView<'_, T>, partition: &Partition) -> Result<f64> {
    points.check()?;
    partition.check(points.n_rows(), "Davies-Bouldin index")?;
    let centroids = centroids(points, partition);
    let to_centroid = |cluster: usize, row: usize| squared_distance(points.row(row), &centroids[cluster]);
    let spreads = sums(partition, |cluster, row| to_centroid(cluster, row).sqrt());
    let spread = |cluster: usize| spreads[cluster] / partition.rows_of(cluster).len() as f64;
    let k = partition.n_clusters();
    // Of every cluster its worst ratio, and how far the farthest other centroid is.
    let of_cluster = |a: usize| {
        let others = (0..k).filter(|&b| b != a);
        others.fold((0.0f64, 0.0f64), |(worst, farthest), b| {
            let distance = squared_distance(&centroids[a], &centroids[b]).sqrt();
            let ratio = if distance > 0.0 { (spread(a) + spread(b)) / distance } else { 0.0 };
            (worst.max(ratio), farthest.max(distance))
        })
    };
    let clusters: Vec<(f64, f64)> = (0..k).into_par_iter().map(of_cluster).collect();
    if (0..k).all(|cluster| spread(cluster) <= NONE) || clusters.iter().all(|&(_, farthest)| farthest <= NONE)
    {
        return Ok(0.0);
    }
    Ok(clusters.iter().map(|&(worst, _)| worst).sum::<f64>() / k as f64)
}

/// The Caliński-Harabasz index of a clustering, 0 or more, the higher the better.
///
/// The squared distances of the centroids to the mean of all rows, each counted once for a row of its cluster, over those of
/// the rows to their centroids, each sum by its degrees of freedom: `k - 1` and `n - k`. 1 where every row lies at its centroid.
/// Rows in no cluster are left out. Equals scikit-learn's `calinski_harabasz_score`.
///
/// O(n·d), parallel; sums in `f64` in a fixed order: the same bytes from any number of threads.
///
/// ```
/// use populi_geometry::{MatrixView, Partition, calinski_harabasz};
///
/// let points = MatrixView::new(4, 1, &[0.0f32, 2.0, 9.0, 11.0])?;
/// let (between, within) = (4.0 * 4.5 * 4.5, 4.0);
/// assert_eq!(calinski_harabasz(points, &Partition::new(&[0u32, 0, 1, 1]))?, between / 1.0 / (within / 2.0));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// As [`davies_bouldin`].
pub fn calinski_harabasz<T: Real>(points: MatrixView<'_, T>, partition: &Partition) -> Result<f64> {
    points.check()?;
    partition.check(points.n_rows(), "Caliński-Harabasz index")?;
    let centroids = centroids(points, partition);
    let size = |cluster: usize| partition.rows_of(cluster).len() as f64;
    let (n, k) = (partition.rows().len() as f64, partition.n_clusters());
    let mut mean = vec![0.0; points.n_cols()];
    for (cluster, centroid) in centroids.iter().enumerate() {
        mean.iter_mut().zip(centroid).for_each(|(mean, value)| *mean += value * size(cluster) / n);
    }
    let between: f64 =
        (0..k).map(|cluster| size(cluster) * squared_distance(&centroids[cluster], &mean)).sum();
    let to_centroid = |cluster: usize, row: usize| squared_distance(points.row(row), &centroids[cluster]);
    let within: f64 = sums(partition, to_centroid).iter().sum();
    Ok(if within == 0.0 { 1.0 } else { between * (n - k as f64) / (within * (k as f64 - 1.0)) })
}

/// The mean row of every cluster.
fn centroids<T: Real>(points: MatrixView<'_, T>, partition: &Partition) -> Vec<Vec<f64>> {
    let sums = by_pieces(partition, |_, rows| {
        let mut sum = vec![0.0; points.n_cols()];
        for &row in rows {
            sum.iter_mut().zip(points.row(row as usize)).for_each(|(sum, value)| *sum += value.to_f64());
        }
        sum
    });
    let mut centroids = vec![vec![0.0; points.n_cols()]; partition.n_clusters()];
    for (cluster, sum) in sums {
        let size = partition.rows_of(cluster).len() as f64;
        centroids[cluster].iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum / size);
    }
    centroids
}

/// A sum over the rows of every cluster of what `of` says of a cluster and a row.
fn sums(partition: &Partition, of: impl Fn(usize, usize) -> f64 + Sync) -> Vec<f64> {
    let mut sums = vec![0.0; partition.n_clusters()];
    let piece = |cluster: usize, rows: &[u32]| rows.iter().map(|&row| of(cluster, row as usize)).sum::<f64>();
    by_pieces(partition, piece).into_iter().for_each(|(cluster, sum)| sums[cluster] += sum);
    sums
}

/// Works on the rows of all clusters in pieces of one cluster each; what comes of them in order, with the cluster.
fn by_pieces<R: Send>(partition: &Partition, work: impl Fn(usize, &[u32]) -> R + Sync) -> Vec<(usize, R)> {
    let clusters = 0..partition.n_clusters();
    let pieces = clusters.flat_map(|cluster| {
        partition.rows_of(cluster).chunks(ROWS_PER_TASK).map(move |rows| (cluster, rows))
    });
    let pieces: Vec<(usize, &[u32])> = pieces.collect();
    pieces.into_par_iter().map(|(cluster, rows)| (cluster, work(cluster, rows))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::error::Error;

    #[test]
    fn clusters_without_spread_or_without_distance() {
        let of = |values: &[f64], labels: &[i32]| {
            let points = MatrixView::new(values.len(), 1, values).unwrap();
            let partition = Partition::new(labels);
            (davies_bouldin(points, &partition), calinski_harabasz(points, &partition))
        };
        assert_eq!(of(&[1.0, 1.0, 5.0, 5.0], &[0, 0, 1, 1]), (Ok(0.0), Ok(1.0)));
        // Two centroids at 2: no distance, and nothing between.
        assert_eq!(of(&[1.0, 3.0, 0.0, 4.0], &[0, 0, 1, 1]), (Ok(0.0), Ok(0.0)));
        // Noise, however far, moves nothing.
        assert_eq!(of(&[0.0, 2.0, 1e9, 9.0, 11.0], &[0, 0, -1, 7, 7]).0, Ok(2.0 / 9.0));
    }

    #[test]
    fn what_has_no_score_is_an_error() {
        let points = MatrixView::new(3, 1, &[1.0f32, 2.0, 3.0]).unwrap();
        for labels in [[0, 0, 0], [0, 1, 2], [-1, -1, -1], [0, 1, -1]] {
            let partition = Partition::new(&labels);
            let no_score = |score: Result<f64>| matches!(score, Err(Error::NoScore { .. }));
            assert!(no_score(davies_bouldin(points, &partition)), "{labels:?}");
            assert!(no_score(calinski_harabasz(points, &partition)), "{labels:?}");
        }
        assert!(matches!(davies_bouldin(points, &Partition::new(&[0, 1])), Err(Error::Shape { .. })));
        let infinite = MatrixView::new(3, 1, &[1.0, f64::INFINITY, 3.0]).unwrap();
        let named = davies_bouldin(infinite, &Partition::new(&[0, 0, 1]));
        assert!(matches!(named, Err(Error::NotFinite { row: 1, column: 0, .. })));
    }
}
