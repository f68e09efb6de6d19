//! k-means whose clusters have a least and a greatest size.
//!
//! Bradley, Bennett and Demiriz, *Constrained k-means clustering* (2000): rows are assigned at the least sum of squared distances that
//! the sizes allow, then centres move to the means, until nothing changes. The assignment is a minimum-cost flow of n·k edges; here it
//! is solved exactly on a graph of k nodes, from the answer of the iteration before ([`assignment`]).

mod assignment;
mod relocation;

use rayon::prelude::*;

use crate::centre::centred_if_far;
use crate::choice::ChoiceParams;
use crate::error::{Error, Result, require};
use crate::kmeans::{Centres, KMeans, KMeansParams, Panels, Rows};
use crate::kmeans::{inertia, largest_first, mean_variance, seeds};
use crate::matrix::Matrix;
use crate::progress::Progress;
use crate::view::MatrixView;
use assignment::Assignment;

/// Relocations that are tried before none is said to help.
const TRIES: usize = 3;

/// Iterations after which a relocation has to have helped.
const ITERATIONS_OF_A_TRY: usize = 4;

/// Share of the inertia that a relocation has to save.
const LEAST_GAIN: f64 = 3e-4;

/// What [`constrained_kmeans`] is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedParams {
    /// As of k-means without sizes, but for `n_init`: default 2, because relocations make good what starts miss.
    pub kmeans: KMeansParams,
    /// Rows of a cluster at least, from 1. Default 1.
    pub min_size: usize,
    /// Rows of a cluster at most. Default `None`: any number.
    pub max_size: Option<usize>,
}

impl Default for ConstrainedParams {
    fn default() -> Self {
        Self { kmeans: KMeansParams { n_init: 2, ..KMeansParams::default() }, min_size: 1, max_size: None }
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

    /// The fewest clusters that hold `n_rows` rows: 1 where clusters may have any number of rows.
    #[must_use]
    pub fn least_k(&self, n_rows: usize) -> usize {
        self.max_size.map_or(1, |max_size| n_rows.div_ceil(max_size.max(1)))
    }

    /// How [`choose_k`](crate::choose_k()) looks for a k that these sizes allow. `None` where they allow none of those that it
    /// tries: more than one cluster, and up to 64. There [`ConstrainedParams::least_k`] is the simplest answer.
    #[must_use]
    pub fn choice(&self, n_rows: usize) -> Option<ChoiceParams> {
        let any = ChoiceParams::default();
        let k_min = self.least_k(n_rows).max(any.k_min);
        let k_max = any.k_max.min(n_rows / self.min_size.max(1));
        let (min_size, seed) = (self.min_size, self.kmeans.seed);
        (k_min <= k_max).then_some(ChoiceParams { k_min, k_max, min_size, seed, ..any })
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
/// local optimum, of which the best of `n_init` starts stands; then centres are relocated as long as that helps. New rows join by [`nearest_centres`](crate::nearest_centres()).
///
/// Cost of an iteration: 2·n·k·d operations, parallel, and about k² + k·log n for each row that the sizes move beyond those moved in the
/// iteration before. Memory beside the points: 4·k bytes a row for each start at work, and up to
/// 16·k for rows of clusters that give or take. Same bytes at any
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
/// What [`ConstrainedParams::check`] says; [`Error::Empty`]; [`Error::NotFinite`]; [`Error::TooLarge`].
pub fn constrained_kmeans(
    points: MatrixView<'_>,
    params: &ConstrainedParams,
    progress: &dyn Progress,
) -> Result<ConstrainedKMeans> {
    points.check_squares()?;
    params.check(points.n_rows())?;
    let Some(centred) = centred_if_far(points) else {
        return constrained_near_zero(points, params, progress);
    };
    let found = constrained_near_zero(centred.view(), params, progress)?;
    let kmeans = KMeans { centres: centred.back(found.kmeans.centres), ..found.kmeans };
    Ok(ConstrainedKMeans { kmeans, ..found })
}

/// As [`constrained_kmeans`], of rows that were checked and are not far from zero.
fn constrained_near_zero(
    points: MatrixView<'_>,
    params: &ConstrainedParams,
    progress: &dyn Progress,
) -> Result<ConstrainedKMeans> {
    let rows = Rows::new(points);
    let enough = params.kmeans.tolerance * mean_variance(points);
    progress.stage("starts", params.kmeans.n_init as u64);
    let start = |start: usize| -> Result<Run> {
        let seeds = seeds(&rows, params.kmeans.k, params.kmeans.seed, start as u64)?;
        let run = better_of_two(&rows, &all_of(seeds, params.kmeans.k), params, enough);
        progress.advance(1);
        Ok(run)
    };
    // Side by side, because an assignment is one task.
    let runs: Vec<Run> = (0..params.kmeans.n_init).into_par_iter().map(start).collect::<Result<_>>()?;
    let best =
        runs.into_iter().reduce(|best, run| if run.found.inertia < best.found.inertia { run } else { best });
    let too_many = Error::MoreClustersThanRows { k: params.kmeans.k, n_rows: points.n_rows() };
    progress.stage("relocations", 1);
    let Run { found, n_displaced } = relocate(&rows, best.ok_or(too_many)?, params, enough)?;
    progress.advance(1);
    let kmeans = largest_first(found)?;
    let mut sizes = vec![0usize; kmeans.centres.n_rows()];
    kmeans.labels.iter().for_each(|&label| sizes[label as usize] += 1);
    Ok(ConstrainedKMeans { kmeans, sizes, n_displaced })
}

/// Where seeds lead at once, or by way of clusters by plain distance: of equals the first. By squared distance a few far rows hold a
/// centre each, which sizes then fill up with others; by distance they gather around fewer.
fn better_of_two(rows: &Rows<'_>, seeds: &Matrix, params: &ConstrainedParams, enough: f64) -> Run {
    let (at_once, gathered) = rayon::join(
        || lloyd(rows, seeds.clone(), params, enough, Cost::SquaredDistance),
        || {
            let gathered = lloyd(rows, seeds.clone(), params, enough, Cost::Distance).found.centres;
            lloyd(rows, gathered, params, enough, Cost::SquaredDistance)
        },
    );
    if at_once.n_displaced > 0 && gathered.found.inertia < at_once.found.inertia { gathered } else { at_once }
}

/// Relocates centres as long as that helps, where sizes hold rows back.
fn relocate(rows: &Rows<'_>, mut best: Run, params: &ConstrainedParams, enough: f64) -> Result<Run> {
    let k = params.kmeans.k;
    if best.n_displaced == 0 || k < 3 {
        return Ok(best);
    }
    let sizes = params.min_size..=params.max_size.unwrap_or(rows.points.n_rows());
    let few = KMeansParams { max_iter: ITERATIONS_OF_A_TRY, ..params.kmeans.clone() };
    let few = ConstrainedParams { kmeans: few, ..params.clone() };
    for _ in 0..k {
        let (labels, centres) = (&best.found.labels, &best.found.centres);
        let costs = costs(rows, centres, Cost::SquaredDistance);
        let candidates =
            relocation::promising(rows.points, labels, centres, &costs, &sizes, params.kmeans.seed)?;
        let mut runs = candidates.take(TRIES).map(|centres| better_of_two(rows, &centres, &few, enough));
        let enough_less = best.found.inertia * (1.0 - LEAST_GAIN);
        let Some(better) = runs.find(|run| run.found.inertia < enough_less) else { break };
        best = better;
    }
    let settled = lloyd(rows, best.found.centres.clone(), params, enough, Cost::SquaredDistance);
    Ok(if settled.found.inertia < best.found.inertia { settled } else { best })
}

/// Assigns within the sizes and averages until the centres stand still. Also says how many rows are not at their nearest centre.
fn lloyd(rows: &Rows<'_>, seeds: Matrix, params: &ConstrainedParams, enough: f64, cost: Cost) -> Run {
    let points = rows.points;
    let k = seeds.n_rows();
    let max_size = params.max_size.unwrap_or(points.n_rows());
    let mut centres = Centres::new(seeds, points.n_rows());
    let mut assignment = Assignment::new(k, params.min_size..=max_size);
    let mut labels: Vec<u32> = Vec::new();
    let mut n_iterations = 0;
    let mut moved = f64::INFINITY;
    let n_displaced = loop {
        let costs = costs(rows, centres.matrix(), cost);
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
    Run { found: KMeans { labels, centres, inertia, n_iterations }, n_displaced }
}

/// A start and where it ended; clusters in no order.
struct Run {
    found: KMeans,
    n_displaced: usize,
}

/// What an assignment adds up.
#[derive(Clone, Copy, PartialEq)]
enum Cost {
    /// Half the squared distance, but for half the row's squared length, which is the same at all centres.
    SquaredDistance,
    Distance,
}

/// What each row costs at each centre, `[n_rows, k]`.
fn costs(rows: &Rows<'_>, centres: &Matrix, cost: Cost) -> Vec<f32> {
    let (panels, k) = (Panels::new(centres), centres.n_rows());
    let mut costs = vec![0.0; rows.points.n_rows() * k];
    let blocks = costs.par_chunks_mut(Panels::BLOCK_ROWS * k);
    blocks.zip(rows.squared_lengths.par_chunks(Panels::BLOCK_ROWS)).enumerate().for_each(
        |(block, (costs, lengths))| {
            // |c|²/2 - x·c
            panels.scores(rows.points, block * Panels::BLOCK_ROWS, costs, |score| -score);
            if cost == Cost::Distance {
                for (costs, length) in costs.chunks_exact_mut(k).zip(lengths) {
                    costs.iter_mut().for_each(|cost| *cost = (length + 2.0 * *cost).max(0.0).sqrt());
                }
            }
        },
    );
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
