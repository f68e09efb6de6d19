//! k-means whose clusters have a least and a greatest size.
//!
//! Bradley, Bennett and Demiriz, *Constrained k-means clustering* (2000): rows are assigned at the least sum of squared distances that
//! the sizes allow, then centres move to the means, until nothing changes. The assignment is a minimum-cost flow of n·k edges; here it
//! is solved exactly on a graph of k nodes, from the answer of the iteration before ([`assignment`]).

mod assignment;

use rayon::prelude::*;

use crate::error::{Error, Result, require};
use crate::kmeans::{Centres, KMeans, KMeansParams, Panels, Rows};
use crate::kmeans::{inertia, largest_first, mean_variance, seeds};
use crate::matrix::Matrix;
use crate::progress::Progress;
use crate::view::MatrixView;
use assignment::Assignment;

/// What [`constrained_kmeans`] is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedParams {
    /// As of k-means without sizes.
    pub kmeans: KMeansParams,
    /// Rows of a cluster at least, from 1. Default 1.
    pub min_size: usize,
    /// Rows of a cluster at most. Default `None`: any number.
    pub max_size: Option<usize>,
}

impl Default for ConstrainedParams {
    fn default() -> Self {
        Self { kmeans: KMeansParams::default(), min_size: 1, max_size: None }
    }
}

impl ConstrainedParams {
    /// Checks every field against its range and against the number of rows.
    ///
    /// # Errors
    ///
    /// What [`KMeansParams::check`] says; [`Error::Param`]; [`Error::Sizes`] where k clusters of these sizes cannot have just `n_rows` rows.
    pub fn check(&self, n_rows: usize) -> Result<()> {
        self.kmeans.check(n_rows)?;
        require(self.min_size > 0, "min_size", self.min_size, "at least 1")?;
        let max_size = self.max_size.unwrap_or(n_rows);
        require(max_size >= self.min_size, "max_size", max_size, "at least min_size")?;
        let k = self.kmeans.k;
        if k.saturating_mul(self.min_size) > n_rows || k.saturating_mul(max_size) < n_rows {
            return Err(Error::Sizes { k, min_size: self.min_size, max_size, n_rows });
        }
        Ok(())
    }
}

/// What [`constrained_kmeans`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedKMeans {
    /// Labels, centres, inertia and iterations, as of k-means without sizes; always k clusters.
    pub kmeans: KMeans,
    /// Rows of each cluster, `[k]`, falling.
    pub sizes: Vec<usize>,
    /// Rows that are in another cluster than that of the nearest centre, because of the sizes.
    pub n_displaced: usize,
}

/// Groups `points [n_rows, n_cols]` around k centres, with no fewer than `min_size` and no more than `max_size` rows each.
///
/// Each assignment is the best that the sizes allow for its centres (of equals one by a rule); centres and sizes together settle in a
/// local optimum, of which the best of `n_init` starts stands. New rows join by [`nearest_centres`](crate::nearest_centres()).
///
/// Cost of an iteration: 2·n·k·d operations, parallel, and about k² + k·log n for each row that the sizes move beyond those moved in the
/// iteration before. Memory beside the points: 4·k bytes a row, and up to 24·k for rows of clusters that give or take. Same bytes at any
/// number of threads.
///
/// ```
/// use populi_geometry::{ConstrainedParams, KMeansParams, MatrixView, Silent, constrained_kmeans};
///
/// let points = MatrixView::new(6, 1, &[0.0, 0.1, 0.2, 0.3, 5.0, 9.0])?;
/// let kmeans = KMeansParams { k: 2, ..KMeansParams::default() };
/// let params = ConstrainedParams { kmeans, max_size: Some(3), ..ConstrainedParams::default() };
/// let found = constrained_kmeans(points, &params, &Silent)?;
/// assert_eq!(found.kmeans.labels, [0, 0, 0, 1, 1, 1]);
/// assert_eq!((found.sizes, found.n_displaced), (vec![3, 3], 1));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// What [`ConstrainedParams::check`] says; [`Error::Empty`]; [`Error::NotFinite`].
pub fn constrained_kmeans(
    points: MatrixView<'_>,
    params: &ConstrainedParams,
    progress: &dyn Progress,
) -> Result<ConstrainedKMeans> {
    points.check()?;
    params.check(points.n_rows())?;
    let rows = Rows::new(points);
    let enough = params.kmeans.tolerance * mean_variance(points);
    progress.stage("starts", params.kmeans.n_init as u64);
    let mut best: Option<(KMeans, usize)> = None;
    for start in 0..params.kmeans.n_init {
        let seeds = seeds(&rows, params.kmeans.k, params.kmeans.seed, start as u64)?;
        let run = lloyd(points, all_of(seeds, params.kmeans.k), params, enough);
        if best.as_ref().is_none_or(|(best, _)| run.0.inertia < best.inertia) {
            best = Some(run);
        }
        progress.advance(1);
    }
    let too_many = Error::MoreClustersThanRows { k: params.kmeans.k, n_rows: points.n_rows() };
    let (best, n_displaced) = best.ok_or(too_many)?;
    let kmeans = largest_first(best)?;
    let mut sizes = vec![0usize; kmeans.centres.n_rows()];
    kmeans.labels.iter().for_each(|&label| sizes[label as usize] += 1);
    Ok(ConstrainedKMeans { kmeans, sizes, n_displaced })
}

/// Assigns within the sizes and averages until the centres stand still. Also says how many rows are not at their nearest centre.
fn lloyd(points: MatrixView<'_>, seeds: Matrix, params: &ConstrainedParams, enough: f64) -> (KMeans, usize) {
    let k = seeds.n_rows();
    let max_size = params.max_size.unwrap_or(points.n_rows());
    let mut centres = Centres::new(seeds, points.n_rows());
    let mut assignment = Assignment::new(k, params.min_size..=max_size);
    let mut labels: Vec<u32> = Vec::new();
    let mut n_iterations = 0;
    let mut moved = f64::INFINITY;
    let n_displaced = loop {
        let costs = costs(points, centres.matrix());
        let next = assignment.solve(&costs);
        if next == labels || n_iterations == params.kmeans.max_iter || moved <= enough {
            labels = next;
            break n_displaced(&costs, &labels, k);
        }
        moved = centres.average(points, &labels, &next);
        labels = next;
        n_iterations += 1;
    };
    let centres = centres.into_matrix();
    let inertia = inertia(points, &centres, &labels);
    (KMeans { labels, centres, inertia, n_iterations }, n_displaced)
}

/// What each row costs at each centre, `[n_rows, k]`: `|c|²/2 - x·c`, half the squared distance but for `|x|²/2`, which is the same at all.
fn costs(points: MatrixView<'_>, centres: &Matrix) -> Vec<f32> {
    let panels = Panels::new(centres);
    let mut costs = vec![0.0; points.n_rows() * centres.n_rows()];
    let blocks = costs.par_chunks_mut(Panels::BLOCK_ROWS * centres.n_rows()).enumerate();
    blocks
        .for_each(|(block, costs)| panels.scores(points, block * Panels::BLOCK_ROWS, costs, |score| -score));
    costs
}

fn n_displaced(costs: &[f32], labels: &[u32], k: usize) -> usize {
    let is_displaced =
        |(costs, &label): (&[f32], &u32)| costs.iter().any(|&cost| cost < costs[label as usize]);
    costs.chunks_exact(k).zip(labels).filter(|&row| is_displaced(row)).count()
}

/// As many seeds as clusters: where fewer rows differ, the first ones once more.
fn all_of(seeds: Matrix, k: usize) -> Matrix {
    let mut values = Vec::with_capacity(k * seeds.n_cols());
    (0..k).for_each(|row| values.extend_from_slice(seeds.row(row % seeds.n_rows())));
    Matrix::from_vec(k, seeds.n_cols(), values).unwrap_or(seeds)
}
