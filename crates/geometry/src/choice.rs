//! How many clusters? The k whose clusters are best apart.
//!
//! The candidates come from one hierarchy: the rows, a sample of them where they are many, are cut in two again and again, and for
//! every k the centres are settled by k-means, helped by those of k - 1 and k + 1. Each clustering is scored by its
//! [simplified silhouette](crate::simplified_silhouette()). The score falls where a cluster is cut in two (its halves are
//! near to each other) and where two are thrown together, so it has its peak at the number of clusters that are there.
//!
//! The highest score is known up to its standard error only, so the smallest k within one standard error of it is taken
//! (the rule of Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees*, 1984, section 3.4.3): the
//! simplest answer that the rows do not contradict.
//!
//! Beside the silhouette each k has its split-half stability: the rows are dealt to two halves, each half has its own hierarchy, and the
//! adjusted Rand index says how much the two agree on all rows (von Luxburg, *Clustering stability: an overview*, 2010, section 2;
//! halves as in Tibshirani and Walther, *Cluster validation by prediction strength*, 2005). It does not decide: it is near 1 for every k
//! that is too small in the same way twice. It says whether the k that stands would have been found again.
//!
//! A curve that still rises at its end has no peak inside the range: the rows have no number of clusters at which they
//! are best apart, or a larger one. [`Choice::is_at_the_end`] says so.

use rayon::prelude::*;

use crate::centre::{Centred, centred_if_far};
use crate::error::{Result, require};
use crate::kmeans::{Help, KMeans, KMeansParams, kmeans_hierarchy, nearest_centres};
use crate::matrix::Matrix;
use crate::metrics::adjusted_rand_index;
use crate::sample::sample_rows;
use crate::silhouette::simplified_silhouette;
use crate::view::MatrixView;

/// How to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceParams {
    /// The smallest k that is tried, at least 2. Default 2.
    pub k_min: usize,
    /// The largest, at most half of the rows. Default 64.
    pub k_max: usize,
    /// Rows that are looked at, at most. Default 8,192.
    pub max_rows: usize,
    /// Rows that each cluster must have, of all rows; in a sample as many fewer. A k with a smaller cluster is scored but
    /// not chosen. Default 1.
    pub min_size: usize,
    /// Decides the sample and the seeds. Default 0.
    pub seed: u64,
}

impl Default for ChoiceParams {
    fn default() -> Self {
        Self { k_min: 2, k_max: 64, max_rows: 8192, min_size: 1, seed: 0 }
    }
}

/// What was found for one k.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Clusters.
    pub k: usize,
    /// Mean simplified silhouette of the rows looked at.
    pub silhouette: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Split-half stability: the adjusted Rand index of the clusterings of two halves, on all rows looked at.
    pub stability: f64,
    /// Sum of the squared distances of the rows looked at to their centres.
    pub inertia: f64,
    /// Whether there were k clusters, and each was large enough.
    pub is_eligible: bool,
}

/// The number of clusters, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The smallest eligible k within one standard error of the best; where none is eligible, `k_min`.
    pub k: usize,
    /// The centres of its clusters among the rows looked at, `[k, n_cols]`: a start for all rows.
    pub centres: Matrix,
    /// One a k, rising.
    pub scores: Vec<Score>,
    /// Rows that were looked at.
    pub n_rows: usize,
}

impl Choice {
    /// Whether the k that stands is the largest that was tried: the scores have no peak inside the range.
    #[must_use]
    pub fn is_at_the_end(&self) -> bool {
        self.scores.len() > 1 && self.scores.last().is_some_and(|last| last.k == self.k)
    }
}

/// Chooses the number of clusters of `points [n_rows, n_cols]`.
///
/// `None` for fewer than four rows, which have no two clusters of two. Cost: two hierarchies of at most `max_rows` rows, about
/// 4·n·d·log k operations an iteration, three settlings for each k, of 2·n·k·d operations an iteration less what bounds make needless,
/// and its score. Same bytes at any number of threads.
///
/// ```
/// use populi_geometry::{ChoiceParams, Matrix, choose_k};
///
/// let three = (0..30).map(|i| (i % 3 * 10) as f32 + (i / 3) as f32 * 0.1).collect();
/// let choice = choose_k(&Matrix::from_vec(30, 1, three)?, &ChoiceParams::default())?.unwrap();
/// assert_eq!(choice.k, 3);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Param`] for a range that is none, [`crate::Error::NotFinite`], [`crate::Error::TooLarge`].
pub fn choose_k<'a>(points: impl Into<MatrixView<'a>>, params: &ChoiceParams) -> Result<Option<Choice>> {
    let points = points.into();
    require(params.k_min >= 2, "k_min", params.k_min, "at least 2")?;
    require(params.k_max >= params.k_min, "k_max", params.k_max, "at least k_min")?;
    require(params.max_rows >= 4, "max_rows", params.max_rows, "at least 4")?;
    if !points.values().is_empty() {
        points.check_squares()?;
    }
    let rows = sample_rows(points.n_rows(), params.max_rows, params.seed);
    let k_max = params.k_max.min(rows.len() / 2);
    if k_max < params.k_min {
        return Ok(None);
    }
    let drawn = points.gather(&rows)?;
    let centred = centred_if_far(MatrixView::from(&drawn));
    let sample = centred.as_ref().map_or(&drawn, Centred::rows);
    // Rounded down, so that a cluster of just min_size rows is not refused for bad luck in the draw.
    let min_size = (params.min_size as f64 * rows.len() as f64 / points.n_rows() as f64) as usize;
    let how = KMeansParams { max_iter: 100, seed: params.seed, ..KMeansParams::default() };
    let mut found = kmeans_hierarchy(MatrixView::from(sample), k_max, Help::OfNeighbours, &how)?;
    let stabilities = stabilities(sample, k_max, &how)?;
    // Where fewer rows differ there are fewer clusters than k, whatever k.
    found.resize(k_max - 1, found.last().cloned().unwrap_or_else(|| one_cluster(sample)));
    found.drain(..params.k_min - 2);
    let scores: Vec<Score> = (params.k_min..)
        .zip(&found)
        .map(|(k, found)| score(sample, found, k, min_size, &stabilities))
        .collect::<Result<_>>()?;
    let k = smallest_of_the_best(&scores).unwrap_or(params.k_min);
    let centres = found.swap_remove(k - params.k_min).centres;
    let centres = match &centred {
        Some(centred) => centred.back(centres),
        None => centres,
    };
    Ok(Some(Choice { k, centres, scores, n_rows: rows.len() }))
}

fn score(sample: &Matrix, found: &KMeans, k: usize, min_size: usize, stabilities: &[f64]) -> Result<Score> {
    let silhouette = simplified_silhouette(sample, &found.labels, &found.centres)?;
    // The last cluster is the smallest.
    let last = found.centres.n_rows().saturating_sub(1) as u32;
    let smallest = found.labels.iter().filter(|&&label| label == last).count();
    Ok(Score {
        k,
        silhouette: silhouette.mean,
        standard_error: silhouette.standard_error,
        stability: stabilities.get(k - 2).copied().unwrap_or(0.0),
        inertia: found.inertia,
        is_eligible: found.centres.n_rows() == k && smallest >= min_size,
    })
}

/// How much the clusterings of two halves of the rows agree on all of them, for k = 2, 3, … `k_max`.
fn stabilities(sample: &Matrix, k_max: usize, how: &KMeansParams) -> Result<Vec<f64>> {
    // Dealt in pairs, one of each to either half, as `sample_rows` draws one of each stretch.
    let first = sample_rows(sample.n_rows(), sample.n_rows() / 2, how.seed);
    let mut is_first = vec![false; sample.n_rows()];
    first.iter().for_each(|&row| is_first[row] = true);
    let second: Vec<usize> = (0..sample.n_rows()).filter(|&row| !is_first[row]).collect();
    let half = |rows: &[usize]| -> Result<Vec<KMeans>> {
        let half = sample.gather(rows)?;
        kmeans_hierarchy(MatrixView::from(&half), k_max.min(rows.len()), Help::None, how)
    };
    let (first, second) = rayon::join(|| half(&first), || half(&second));
    let agreement = |(first, second): (KMeans, KMeans)| {
        let (a, b) = (nearest_centres(sample, &first.centres)?, nearest_centres(sample, &second.centres)?);
        adjusted_rand_index(&a, &b)
    };
    first?.into_par_iter().zip(second?).map(agreement).collect()
}

fn one_cluster(sample: &Matrix) -> KMeans {
    let centre = sample.column_means().into_iter().map(|mean| mean as f32);
    let mut centres = Matrix::zeros(1, sample.n_cols());
    centres.row_mut(0).iter_mut().zip(centre).for_each(|(to, mean)| *to = mean);
    KMeans { labels: vec![0; sample.n_rows()], centres, inertia: 0.0, n_iterations: 0 }
}

fn smallest_of_the_best(scores: &[Score]) -> Option<usize> {
    let eligible = || scores.iter().filter(|score| score.is_eligible);
    let best = eligible().fold(None, |best: Option<&Score>, score| match best {
        Some(best) if best.silhouette >= score.silhouette => Some(best),
        _ => Some(score),
    })?;
    let enough = best.silhouette - best.standard_error;
    eligible().find(|score| score.silhouette >= enough).map(|score| score.k)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn scores(of: &[(usize, f64, f64, bool)]) -> Vec<Score> {
        let score = |&(k, silhouette, standard_error, is_eligible): &(usize, f64, f64, bool)| Score {
            k,
            silhouette,
            standard_error,
            stability: 1.0,
            inertia: 0.0,
            is_eligible,
        };
        of.iter().map(score).collect()
    }

    #[test]
    fn the_smallest_within_one_standard_error_of_the_best_stands() {
        let all = [(2, 0.3, 0.01, true), (3, 0.495, 0.01, true), (4, 0.5, 0.01, true), (5, 0.9, 0.01, false)];
        assert_eq!(smallest_of_the_best(&scores(&all)), Some(3));
        let sharp = [(2, 0.3, 0.01, true), (3, 0.495, 0.01, true), (4, 0.5, 0.001, true)];
        assert_eq!(smallest_of_the_best(&scores(&sharp)), Some(4));
        assert_eq!(smallest_of_the_best(&scores(&[(2, 0.3, 0.01, false)])), None);
    }

    #[test]
    fn few_rows_have_no_choice_and_a_range_must_be_one() {
        let points = |n: usize| Matrix::from_vec(n, 1, (0..n).map(|i| i as f32).collect()).unwrap();
        assert_eq!(choose_k(&points(0), &ChoiceParams::default()).unwrap(), None);
        assert_eq!(choose_k(&points(3), &ChoiceParams::default()).unwrap(), None);
        let four = choose_k(&points(4), &ChoiceParams::default()).unwrap().unwrap();
        assert_eq!((four.k, four.scores.len(), four.is_at_the_end()), (2, 1, false));
        assert!(choose_k(&points(9), &ChoiceParams { k_min: 1, ..ChoiceParams::default() }).is_err());
        assert!(choose_k(&points(9), &ChoiceParams { k_max: 1, ..ChoiceParams::default() }).is_err());
    }

    #[test]
    fn equal_rows_have_no_clusters_to_choose() {
        let found = choose_k(&Matrix::zeros(40, 2), &ChoiceParams::default()).unwrap().unwrap();
        assert!(found.scores.iter().all(|score| !score.is_eligible && score.silhouette == 0.0));
        assert_eq!(found.k, 2);
    }

    #[test]
    fn clusters_below_the_least_size_are_not_chosen() {
        // 40 rows at each of two places, 3 at a third: apart, but too few.
        let values = (0..83).map(|i| [0.0, 10.0, 100.0][i / 40] + (i % 40) as f32 * 0.01).collect();
        let points = Matrix::from_vec(83, 1, values).unwrap();
        let of = |min_size| {
            choose_k(&points, &ChoiceParams { min_size, ..ChoiceParams::default() }).unwrap().unwrap().k
        };
        assert_eq!((of(1), of(3)), (3, 3));
        assert_ne!(of(4), 3);
    }
}
