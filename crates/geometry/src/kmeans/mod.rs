//! k-means: k centres such that rows are near their centre.
//!
//! Lloyd, *Least squares quantization in PCM* (1982), from seeds by greedy k-means++ (Arthur and Vassilvitskii 2007, with
//! several candidates a step as scikit-learn draws them).
//!
//! | symbol | here |
//! |---|---|
//! | X `[n, d]` | `points` |
//! | C `[k, d]` | `centres` |
//! | φ, the sum of squared distances to the nearest centre | `inertia` |
//! | D²(x) | `nearest` in `seeding` |
//!
//! Distances come from `|x|² - 2 x·c + |c|²`, so the work is one matrix product an iteration: 2·n·k·d operations, less what bounds
//! make needless ([`bounds`]). That form loses digits where rows lie much farther from zero than from one another: of such rows a copy less
//! their mean is clustered.
//!
//! Departures from the textbook: an empty cluster takes the row that is farthest from its centre (of equals the
//! first, and never the last member of a cluster); where fewer than k rows differ, there are fewer clusters than k;
//! seeding looks at a sample where rows are many ([`seeding`]'s `MAX_ROWS`).

mod assign;
mod bounds;
mod centres;
mod every_k;
mod grouping;
mod halves;
mod hierarchy;
mod panels;
mod seeding;

use rayon::prelude::*;

pub use assign::nearest_centres;
pub(crate) use every_k::{Help, kmeans_hierarchy};

use crate::centre::centred_if_far;
use crate::error::{Error, Result, require, same_size};
use crate::matrix::{Matrix, squared_distance, squared_length};
use crate::view::MatrixView;
pub(crate) use centres::Centres;
pub(crate) use halves::halves;
pub(crate) use panels::Panels;
pub(crate) use seeding::seeds;

/// Rows whose distances are summed as one part. Changing it changes last digits.
const ROWS_PER_SUM: usize = 1024;

/// What [`kmeans`] is asked for. The defaults are scikit-learn's, but for `n_init`.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansParams {
    /// Clusters, from 1 to the number of rows. Default 8.
    pub k: usize,
    /// Starts from other seeds; the one with the least inertia stands (of equals the first). Default 5.
    pub n_init: usize,
    /// Iterations of one start at most. Default 300.
    pub max_iter: usize,
    /// A start ends when the centres' squared movement is below this share of the mean variance of the columns.
    /// Default 1e-4; 0 runs until no row changes its cluster.
    pub tolerance: f64,
    /// Decides the seeds. Default 0.
    pub seed: u64,
}

impl Default for KMeansParams {
    fn default() -> Self {
        Self { k: 8, n_init: 5, max_iter: 300, tolerance: 1e-4, seed: 0 }
    }
}

impl KMeansParams {
    /// Checks every field against its range and `k` against the number of rows.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] with the field, [`Error::MoreClustersThanRows`].
    pub fn check(&self, n_rows: usize) -> Result<()> {
        require(self.k > 0, "k", self.k, "at least 1")?;
        require(self.k <= u32::MAX as usize, "k", self.k, "below 2^32")?;
        require(self.n_init > 0, "n_init", self.n_init, "at least 1")?;
        require(self.max_iter > 0, "max_iter", self.max_iter, "at least 1")?;
        require(self.tolerance >= 0.0, "tolerance", self.tolerance, "0 or more")?;
        if self.k > n_rows { Err(Error::MoreClustersThanRows { k: self.k, n_rows }) } else { Ok(()) }
    }
}

/// What [`kmeans`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// The cluster of every row, `[n_rows]`. Cluster 0 has the most rows; of equal sizes the one whose first row comes
    /// first.
    pub labels: Vec<u32>,
    /// `[n_clusters, n_cols]`; `n_clusters` is k, or less where fewer than k rows differ.
    pub centres: Matrix,
    /// Sum over all rows of the squared distance to their centre.
    pub inertia: f64,
    /// Iterations of the start that stands.
    pub n_iterations: usize,
}

/// Groups `points [n_rows, n_cols]` around k centres.
///
/// Every row belongs to the nearest centre. Cost: `n_init` times the seeding, 32·n·k·d operations of a sample, and at most `max_iter`
/// iterations of 2·n·k·d operations, most of which bounds make needless, parallel over rows. Memory beside the points: 24 + k/4 bytes
/// a row and 24·k·d.
///
/// ```
/// use populi_geometry::{KMeansParams, Matrix, kmeans};
///
/// let points = Matrix::from_vec(5, 1, vec![9.0, 0.0, 0.1, 9.1, 0.2])?;
/// let found = kmeans(&points, &KMeansParams { k: 2, ..KMeansParams::default() })?;
/// assert_eq!(found.labels, [1, 0, 0, 1, 0]); // three rows near zero: the larger cluster is 0
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// What [`KMeansParams::check`] says; [`Error::Param`] for points without columns; [`Error::NotFinite`]; [`Error::TooLarge`]
/// for rows whose squared distances are beyond `f32`.
pub fn kmeans<'a>(points: impl Into<MatrixView<'a>>, params: &KMeansParams) -> Result<KMeans> {
    kmeans_from(points, &[], params)
}

/// As [`kmeans()`], with further starts from given centres, each `[k or fewer, n_cols]`: those of a sample, or of an
/// earlier run. They come after the drawn ones, and the best of all stands.
///
/// # Errors
///
/// As [`kmeans()`], and [`Error::Shape`] for centres of other columns.
pub fn kmeans_from<'a>(
    points: impl Into<MatrixView<'a>>,
    starts: &[Matrix],
    params: &KMeansParams,
) -> Result<KMeans> {
    let points = points.into();
    params.check(points.n_rows())?;
    require(points.n_cols() > 0, "n_cols", points.n_cols(), "at least 1")?;
    points.check_squares()?;
    for centres in starts {
        same_size("columns of the centres", points.n_cols(), centres.n_cols())?;
        MatrixView::from(centres).check_squares()?;
    }
    let Some(centred) = centred_if_far(points) else {
        return kmeans_near_zero(points, starts, params);
    };
    let starts: Vec<Matrix> = starts.iter().map(|centres| centred.there(centres)).collect();
    let found = kmeans_near_zero(centred.view(), &starts, params)?;
    Ok(KMeans { centres: centred.back(found.centres), ..found })
}

/// As [`kmeans_from`], of rows and starts that were checked and are not far from zero.
fn kmeans_near_zero(points: MatrixView<'_>, starts: &[Matrix], params: &KMeansParams) -> Result<KMeans> {
    let rows = Rows::new(points);
    let enough = params.tolerance * mean_variance(points);
    let mut best = best_of(&rows, params.k, params, enough)?;
    for centres in starts {
        let run = lloyd(&rows, centres.clone(), params.max_iter, enough);
        if run.inertia < best.inertia {
            best = run;
        }
    }
    largest_first(best)
}

/// Points, and what does not change about them between iterations.
pub(crate) struct Rows<'a> {
    /// `[n_rows, n_cols]`.
    pub(crate) points: MatrixView<'a>,
    /// `[n_rows]`.
    pub(crate) squared_lengths: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// Measures `points`, which have at least one column.
    pub(crate) fn new(points: MatrixView<'a>) -> Self {
        let rows = points.values().par_chunks_exact(points.n_cols()).with_min_len(ROWS_PER_SUM);
        Self { points, squared_lengths: rows.map(|row| squared_length(row) as f32).collect() }
    }
}

/// A start and where it ended; clusters in no order.
type Run = KMeans;

/// The best of the starts that are drawn.
fn best_of(rows: &Rows<'_>, k: usize, params: &KMeansParams, enough: f64) -> Result<Run> {
    let mut best: Option<Run> = None;
    for start in 0..params.n_init {
        let seeds = seeding::seeds(rows, k, params.seed, start as u64)?;
        let run = lloyd(rows, seeds, params.max_iter, enough);
        if best.as_ref().is_none_or(|best| run.inertia < best.inertia) {
            best = Some(run);
        }
    }
    best.ok_or(Error::MoreClustersThanRows { k, n_rows: rows.points.n_rows() })
}

/// Assigns and averages until the centres stand still.
fn lloyd(rows: &Rows<'_>, seeds: Matrix, max_iter: usize, enough: f64) -> Run {
    let points = rows.points;
    let mut centres = Centres::new(grouping::neighbours_together(&seeds), points.n_rows());
    let mut labels = centres.assign(rows);
    let mut moved = centres.average(points, &[], &labels);
    let mut n_iterations = 1;
    loop {
        // Assign before the test: the labels must be those of the centres that are returned.
        let next = centres.assign(rows);
        let settled = next == labels || n_iterations == max_iter || moved <= enough;
        if settled {
            labels = next;
            break;
        }
        moved = centres.average(points, &labels, &next);
        labels = next;
        n_iterations += 1;
    }
    let centres = centres.into_matrix();
    let inertia = inertia(points, &centres, &labels);
    KMeans { labels, centres, inertia, n_iterations }
}

pub(crate) fn inertia(points: MatrixView<'_>, centres: &Matrix, labels: &[u32]) -> f64 {
    let part = |(block, labels): (usize, &[u32])| -> f64 {
        let rows = block * ROWS_PER_SUM..;
        rows.zip(labels)
            .map(|(row, &label)| squared_distance(points.row(row), centres.row(label as usize)))
            .sum()
    };
    let parts: Vec<f64> = labels.par_chunks(ROWS_PER_SUM).enumerate().map(part).collect();
    parts.iter().sum()
}

/// Mean over the columns of their variance.
pub(crate) fn mean_variance(points: MatrixView<'_>) -> f64 {
    let mean: Vec<f32> = mean_row(points).into_iter().map(|mean| mean as f32).collect();
    let block =
        |rows: &[f32]| -> f64 { rows.chunks_exact(mean.len()).map(|row| squared_distance(row, &mean)).sum() };
    let parts: Vec<f64> = points.values().par_chunks(ROWS_PER_SUM * mean.len()).map(block).collect();
    parts.iter().sum::<f64>() / points.values().len() as f64
}

/// Mean of every column.
fn mean_row(points: MatrixView<'_>) -> Vec<f64> {
    let add = |sums: &mut Vec<f64>, row: &[f32]| {
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    };
    let block = |rows: &[f32]| {
        let mut sums = vec![0.0; points.n_cols()];
        rows.chunks_exact(points.n_cols()).for_each(|row| add(&mut sums, row));
        sums
    };
    let parts: Vec<Vec<f64>> =
        points.values().par_chunks(ROWS_PER_SUM * points.n_cols()).map(block).collect();
    let mut means = vec![0.0; points.n_cols()];
    parts.iter().for_each(|part| means.iter_mut().zip(part).for_each(|(mean, part)| *mean += part));
    means.iter_mut().for_each(|mean| *mean /= points.n_rows() as f64);
    means
}

/// Renumbers clusters: most rows first, of equal sizes the one whose first row comes first; drops empty ones.
pub(crate) fn largest_first(found: Run) -> Result<KMeans> {
    let k = found.centres.n_rows();
    let mut sizes = vec![0usize; k];
    let mut first_rows = vec![usize::MAX; k];
    for (row, &label) in found.labels.iter().enumerate() {
        sizes[label as usize] += 1;
        first_rows[label as usize] = first_rows[label as usize].min(row);
    }
    let mut order: Vec<usize> = (0..k).filter(|&cluster| sizes[cluster] > 0).collect();
    order.sort_by_key(|&cluster| (std::cmp::Reverse(sizes[cluster]), first_rows[cluster]));
    let mut new_ids = vec![0u32; k];
    order.iter().enumerate().for_each(|(new, &old)| new_ids[old] = new as u32);
    let labels = found.labels.iter().map(|&label| new_ids[label as usize]).collect();
    Ok(KMeans { labels, centres: found.centres.gather(&order)?, ..found })
}
