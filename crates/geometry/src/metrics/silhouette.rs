//! How well apart clusters are, from the distances of rows to all rows: Rousseeuw, *Silhouettes: a graphical aid to the
//! interpretation and validation of cluster analysis* (1987).

use rayon::prelude::*;

use super::pairs::{Pairs, ROWS_PER_TASK};
use super::partition::Partition;
use crate::error::Result;
use crate::metric::Metric;
use crate::real::Real;
use crate::sample::sample_rows;
use crate::silhouette::Silhouette;
use crate::view::MatrixView;

/// Rows nearer than this share of their squared lengths (1e-3 of a length) are measured value by value.
const NEAR: f64 = 1e-6;

/// The silhouette of every row, `[n]`, in the order of the rows; `None` for one that is in no cluster.
///
/// Of a row it is `s = (b - a) / max(a, b)`, where `a` is its mean Euclidean distance to the other rows of its cluster and `b`
/// the smallest mean distance to the rows of another. Near 1 it lies among its own; below 0 it is nearer to others. `s` is 0 for
/// the only row of a cluster, and where `a` and `b` are 0. Equals scikit-learn's `silhouette_samples` on the rows in clusters.
///
/// 2·n²·d operations in `f64`, parallel over blocks of rows; memory 8 bytes a row and cluster of the blocks worked on, and 8 a
/// row. The same bytes from any number of threads.
///
/// # Errors
///
/// [`crate::Error::Shape`], [`crate::Error::Empty`], [`crate::Error::NotFinite`]; [`crate::Error::NoScore`] where there are fewer
/// than two clusters, or as many as rows.
pub fn silhouette_values<T: Real>(
    points: MatrixView<'_, T>,
    partition: &Partition,
) -> Result<Vec<Option<f64>>> {
    let values = values_of(points, partition, partition.rows())?;
    let mut by_row = vec![None; points.n_rows()];
    partition.rows().iter().zip(values).for_each(|(&row, value)| by_row[row as usize] = Some(value));
    Ok(by_row)
}

/// The mean silhouette of all rows that are in a cluster, from -1 to 1: the mean of [`silhouette_values`], at its cost.
///
/// ```
/// use populi_geometry::{MatrixView, Partition, silhouette_score};
///
/// let points = MatrixView::new(4, 1, &[0.0f32, 2.0, 9.0, 11.0])?;
/// let score = silhouette_score(points, &Partition::new(&[0u32, 0, 1, 1]))?;
/// let by_hand = [8.0 / 10.0, 6.0 / 8.0, 6.0 / 8.0, 8.0 / 10.0];
/// assert!((score - by_hand.iter().sum::<f64>() / 4.0).abs() < 1e-12);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// As [`silhouette_values`].
pub fn silhouette_score<T: Real>(points: MatrixView<'_, T>, partition: &Partition) -> Result<f64> {
    let values = silhouette_values(points, partition)?;
    Ok(mean(&values.into_iter().flatten().collect::<Vec<_>>()))
}

/// An estimate of [`silhouette_score`] from at most `n_sampled` rows, and its standard error.
///
/// The sampled rows, one of each equal stretch of those in clusters, are compared with **all** rows, so that the mean of
/// their silhouettes estimates the exact score without bias, and is the exact score where the sample is everything.
/// (scikit-learn's `sample_size` compares the sample with itself only: the score of a sparser data set.)
///
/// 2·n_sampled·n·d operations. The same seed gives the same bytes from any number of threads.
///
/// # Errors
///
/// As [`silhouette_values`], and [`crate::Error::Param`] where `n_sampled` is 0.
pub fn silhouette_sampled<T: Real>(
    points: MatrixView<'_, T>,
    partition: &Partition,
    n_sampled: usize,
    seed: u64,
) -> Result<Silhouette> {
    crate::error::require(n_sampled > 0, "n_sampled", n_sampled, "at least 1")?;
    // Drawn in the order of the rows, not of the clusters: names of clusters must not move the score.
    let clustered: Vec<u32> = (0..partition.n_rows())
        .filter(|&row| partition.cluster(row).is_some())
        .map(|row| row as u32)
        .collect();
    let sampled: Vec<u32> =
        sample_rows(clustered.len(), n_sampled, seed).into_iter().map(|at| clustered[at]).collect();
    let values = values_of(points, partition, &sampled)?;
    let mean = mean(&values);
    let variance = values.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / values.len() as f64;
    Ok(Silhouette { mean, standard_error: (variance / values.len() as f64).sqrt() })
}

/// The silhouettes of the rows `of`, each of which is in a cluster.
fn values_of<T: Real>(points: MatrixView<'_, T>, partition: &Partition, of: &[u32]) -> Result<Vec<f64>> {
    let pairs = Pairs::new(points, Metric::Euclidean)?;
    partition.check(points.n_rows(), "silhouette")?;
    let blocks: Vec<Vec<f64>> =
        of.par_chunks(ROWS_PER_TASK).map(|rows| values_of_block(&pairs, partition, rows)).collect();
    Ok(blocks.concat())
}

fn values_of_block<T: Real>(pairs: &Pairs<'_, T>, partition: &Partition, of: &[u32]) -> Vec<f64> {
    let k = partition.n_clusters();
    let rows = pairs.rows(of);
    let mut sums = vec![0.0; of.len() * k];
    // In the order of clusters a tile holds few of them, each in one piece.
    pairs.by_tiles(&rows, partition.rows(), |start, columns, squared| {
        let n = columns.ids.len();
        let first = partition.starts().partition_point(|&at| at <= start) - 1;
        for cluster in first..k {
            let piece =
                partition.starts()[cluster].max(start)..partition.starts()[cluster + 1].min(start + n);
            if piece.is_empty() {
                break;
            }
            for (row, &id) in of.iter().enumerate() {
                let distance = |column: usize| {
                    let far = squared[row * n + column];
                    if far > NEAR * (rows.squares[row] + columns.squares[column]) {
                        far.sqrt()
                    } else {
                        pairs.measured(id, columns.ids[column]).sqrt()
                    }
                };
                sums[row * k + cluster] +=
                    (piece.start - start..piece.end - start).map(distance).sum::<f64>();
            }
        }
    });
    let value = |(&row, sums): (&u32, &[f64])| {
        let own = partition.cluster(row as usize).map_or(0, |cluster| cluster as usize);
        let size = |cluster: usize| partition.rows_of(cluster).len() as f64;
        if size(own) < 2.0 {
            return 0.0;
        }
        let a = sums[own] / (size(own) - 1.0);
        let others = (0..k).filter(|&cluster| cluster != own);
        let b = others.map(|cluster| sums[cluster] / size(cluster)).fold(f64::INFINITY, f64::min);
        let most = a.max(b);
        if most > 0.0 { (b - a) / most } else { 0.0 }
    };
    of.iter().zip(sums.chunks_exact(k)).map(value).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
