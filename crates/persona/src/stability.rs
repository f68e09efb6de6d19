//! Would other authors of the same kind give the same clusters? The bootstrap's answer.
//!
//! Hennig, *Cluster-wise assessment of cluster stability*, Computational Statistics & Data Analysis 52 (2007), section 3 (the
//! bootstrap scheme); the adjusted Rand index of Hubert and Arabie beside it, for the clustering as a whole.
//!
//! Authors are drawn with replacement, as many as there are, and clustered anew in the same way (by density each of them once:
//! an author who is drawn twice would be a dense place). On the authors that were drawn, the new clusters are compared with
//! those that stand:
//!
//! - **ARI**: how far the two ways to divide the authors agree, noise being a class like any other;
//! - **Jaccard**, for each cluster: the share `|C ∩ D| / |C ∪ D|` of the new cluster `D` that is most like it.
//!
//! Hennig reads a mean Jaccard of 0.75 or more as a stable cluster, 0.6 to 0.75 as a pattern whose members are doubtful, and
//! 0.5 or less as a cluster that dissolves. Beside each figure stands what shuffled labels of the same sizes give.
//! Stable is not the same as true: two clusters thrown together can be stable too.

use populi_geometry::{Contingency, Matrix, adjusted_rand_index};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::Error;
use crate::by_k_means::partition;
use crate::cluster::{ClusterParams, Method, Personas};
use crate::density::dense_clusters;

/// Rows of a resample for each cluster, at least.
const MIN_ROWS_PER_CLUSTER: usize = 16;

/// How to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StabilityParams {
    /// Resamples. Default 20; 0 looks not at all.
    pub n_bootstraps: usize,
    /// Rows that are drawn for each, at most (more where there are very many clusters). Default 8,192: bounds the time.
    pub max_rows: usize,
    /// Seeded restarts of k-means on each. Default 2.
    pub n_init: usize,
    /// Decides the draws.
    pub seed: u64,
}

impl Default for StabilityParams {
    fn default() -> Self {
        Self { n_bootstraps: 20, max_rows: 8192, n_init: 2, seed: 0 }
    }
}

/// How stable the clusters are.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// Resamples.
    pub n_bootstraps: usize,
    /// Rows drawn for each, with replacement.
    pub n_drawn: usize,
    /// ARI of a resample's clusters and those that stand, on the rows drawn.
    pub ari: Spread,
    /// The same after the resample's labels were shuffled: what chance gives.
    pub shuffled_ari: Spread,
    /// One a cluster, in their order.
    pub clusters: Vec<ClusterStability>,
}

/// How stable one cluster is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClusterStability {
    /// Mean Jaccard of the cluster and the most similar one of a resample; `None` where none of its rows was ever drawn.
    pub jaccard: Option<f64>,
    /// The same after the resample's labels were shuffled.
    pub shuffled_jaccard: Option<f64>,
}

/// Many values as three.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// The 5th percentile, between the two nearest values in proportion.
    pub low: f64,
    /// The 95th.
    pub high: f64,
}

/// Clusters resamples of `vectors [n_units, n_dims]` as `found` was with `params`, and compares. `None` without resamples, and for
/// fewer than two clusters.
///
/// Cost: `n_bootstraps` times k-means with `n_init` starts on at most `max_rows` rows, side by side; memory two copies of such a
/// resample for each thread. Same bytes at any number of threads.
///
/// # Errors
/// When `found` is not of these vectors.
pub fn stability(
    vectors: &Matrix,
    found: &Personas,
    params: &ClusterParams,
    how: &StabilityParams,
) -> Result<Option<Stability>, Error> {
    let n_clusters = found.centres.n_rows();
    if how.n_bootstraps == 0 || n_clusters < 2 {
        return Ok(None);
    }
    let n_drawn = vectors.n_rows().min(how.max_rows.max(MIN_ROWS_PER_CLUSTER * found.k));
    let resamples: Vec<Resample> = (0..how.n_bootstraps)
        .into_par_iter()
        .map(|number| resample(vectors, found, n_drawn, number, params, how))
        .collect::<Result<_, Error>>()?;
    let spread = |of: fn(&Resample) -> f64| spread(resamples.iter().map(of).collect());
    let cluster = |c: usize| ClusterStability {
        jaccard: mean(resamples.iter().filter_map(|resample| resample.jaccard[c])),
        shuffled_jaccard: mean(resamples.iter().filter_map(|resample| resample.shuffled_jaccard[c])),
    };
    Ok(Some(Stability {
        n_bootstraps: how.n_bootstraps,
        n_drawn,
        ari: spread(|resample| resample.ari),
        shuffled_ari: spread(|resample| resample.shuffled_ari),
        clusters: (0..n_clusters).map(cluster).collect(),
    }))
}

/// What one resample says.
struct Resample {
    ari: f64,
    shuffled_ari: f64,
    jaccard: Vec<Option<f64>>,
    shuffled_jaccard: Vec<Option<f64>>,
}

fn resample(
    vectors: &Matrix,
    found: &Personas,
    n_drawn: usize,
    number: usize,
    params: &ClusterParams,
    how: &StabilityParams,
) -> Result<Resample, Error> {
    let mut random = ChaCha8Rng::seed_from_u64(how.seed);
    random.set_stream(number as u64);
    let mut drawn: Vec<usize> = (0..n_drawn).map(|_| random.random_range(0..vectors.n_rows())).collect();
    drawn.sort_unstable();
    let params = ClusterParams { n_init: how.n_init, seed: random.random(), ..params.clone() };
    let mut distinct = drawn.clone();
    distinct.dedup();
    let mut anew = match params.method {
        Method::KMeans => {
            let anew = clustered_by_k_means(vectors, found, &drawn, &params)?;
            let is_first = |at: &usize| *at == 0 || drawn[*at] != drawn[*at - 1];
            (0..drawn.len()).filter(is_first).map(|at| anew[at]).collect()
        }
        Method::Hdbscan => clustered_by_density(vectors, found, &distinct, &params)?,
    };
    let standing: Vec<Option<u32>> = distinct.iter().map(|&row| found.clusters[row]).collect();
    let n_clusters = found.centres.n_rows();
    let ari = adjusted_rand_index(&numbers(&standing), &numbers(&anew))?;
    let jaccard = best_jaccards(&standing, &anew, n_clusters)?;
    shuffle(&mut anew, &mut random);
    Ok(Resample {
        ari,
        jaccard,
        shuffled_ari: adjusted_rand_index(&numbers(&standing), &numbers(&anew))?,
        shuffled_jaccard: best_jaccards(&standing, &anew, n_clusters)?,
    })
}

fn clustered_by_k_means(
    vectors: &Matrix,
    found: &Personas,
    drawn: &[usize],
    params: &ClusterParams,
) -> Result<Vec<Option<u32>>, Error> {
    let share = drawn.len() as f64 / vectors.n_rows() as f64;
    // As many fewer rows as were drawn, rounded so that a resample need not refuse what the whole just allows.
    let params = ClusterParams {
        min_size: params.min_size.map(|size| (size as f64 * share) as usize),
        max_size: params.max_size.map(|size| (size as f64 * share).ceil() as usize + 1),
        ..params.clone()
    };
    let k = found.k.min(drawn.len());
    Ok(partition(&vectors.gather(drawn)?, k, None, &params)?.clusters)
}

fn clustered_by_density(
    vectors: &Matrix,
    found: &Personas,
    drawn: &[usize],
    params: &ClusterParams,
) -> Result<Vec<Option<u32>>, Error> {
    let share = drawn.len() as f64 / vectors.n_rows() as f64;
    let min_size = (params.min_size() as f64 * share) as usize;
    let map = found.density.as_ref().and_then(|density| density.map.as_ref());
    dense_clusters(&map.unwrap_or(vectors).gather(drawn)?, min_size, params)
}

/// The number of noise, so that a cluster that dissolves counts as that.
const NOISE: u32 = u32::MAX;

fn numbers(clusters: &[Option<u32>]) -> Vec<u32> {
    clusters.iter().map(|cluster| cluster.unwrap_or(NOISE)).collect()
}

/// For each cluster of `standing`, the Jaccard index of the cluster of `anew` that is most like it.
fn best_jaccards(
    standing: &[Option<u32>],
    anew: &[Option<u32>],
    n_clusters: usize,
) -> Result<Vec<Option<f64>>, Error> {
    let table = Contingency::new(&numbers(standing), &numbers(anew))?;
    let size_of = |sums: &[(u32, u64)], label: u32| {
        sums.binary_search_by_key(&label, |&(label, _)| label).map_or(0, |at| sums[at].1)
    };
    let mut best = vec![None; n_clusters];
    for &((cluster, other), both) in table.cells() {
        if other == NOISE {
            // Noise is no cluster that could be like one.
            continue;
        }
        let either = size_of(table.row_sums(), cluster) + size_of(table.column_sums(), other) - both;
        let jaccard = both as f64 / either as f64;
        if let Some(best) = best.get_mut(cluster as usize)
            && best.is_none_or(|best| best < jaccard)
        {
            *best = Some(jaccard);
        }
    }
    Ok(best)
}

/// Fisher and Yates.
fn shuffle<T>(labels: &mut [T], random: &mut ChaCha8Rng) {
    for i in (1..labels.len()).rev() {
        labels.swap(i, random.random_range(0..=i));
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let percentile = |share: f64| {
        let at = share * values.len().saturating_sub(1) as f64;
        let (below, part) = (at as usize, at.fract());
        let value = |at: usize| values.get(at).or(values.last()).copied().unwrap_or(0.0);
        value(below) + part * (value(below + 1) - value(below))
    };
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    Spread { mean, low: percentile(0.05), high: percentile(0.95) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{K, cluster};

    /// `n` rows around each of `places` on a line.
    fn around(places: &[f32], n: usize) -> Matrix {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let values: Vec<f32> = places
            .iter()
            .flat_map(|&at| (0..n).map(|_| at + random.random::<f32>()).collect::<Vec<_>>())
            .collect();
        Matrix::from_vec(values.len(), 1, values).unwrap()
    }

    fn of(vectors: &Matrix, k: usize) -> Stability {
        let params = ClusterParams { k: K::Fixed(k), ..ClusterParams::default() };
        let found = cluster(vectors, &params).unwrap();
        stability(vectors, &found, &params, &StabilityParams::default()).unwrap().unwrap()
    }

    #[test]
    fn clusters_that_are_there_come_back_and_shuffled_ones_do_not() {
        let found = of(&around(&[0.0, 10.0, 20.0], 60), 3);
        assert_eq!((found.n_bootstraps, found.n_drawn), (20, 180));
        assert_eq!(found.ari, Spread { mean: 1.0, low: 1.0, high: 1.0 });
        assert!(found.shuffled_ari.mean.abs() < 0.02, "{found:?}");
        assert!(found.shuffled_ari.low < 0.0 && found.shuffled_ari.high > 0.0, "{found:?}");
        for cluster in &found.clusters {
            assert_eq!(cluster.jaccard, Some(1.0));
            // Two sets of a third each that meet by chance: 1/9 of 5/9, and a little more for the best of three.
            assert!((0.2..0.3).contains(&cluster.shuffled_jaccard.unwrap()), "{found:?}");
        }
    }

    #[test]
    fn a_cloud_cut_in_five_does_not_come_back() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let cloud: Vec<f32> =
            (0..1200).map(|_| (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0).collect();
        let found = of(&Matrix::from_vec(150, 8, cloud).unwrap(), 5);
        assert!(
            found.ari.mean < 0.6 && found.ari.low < found.ari.mean && found.ari.mean < found.ari.high,
            "{found:?}"
        );
        assert!(found.clusters.iter().all(|cluster| cluster.jaccard.unwrap() < 0.75), "{found:?}");
    }

    #[test]
    fn jaccard_by_hand() {
        // {0, 1, 2} against {0, 1} and {2, 3}: 2/3 and 1/4. {3} against {2, 3}: 1/2. Cluster 2 has no row.
        let best = best_jaccards(&[0, 0, 0, 1].map(Some), &[7, 7, 9, 9].map(Some), 3).unwrap();
        assert_eq!(best, [Some(2.0 / 3.0), Some(0.5), None]);
        // Of {0, 1, 2} two are noise now: {2} is a third of it. Of {3}, noise itself now, nothing is left.
        let best = best_jaccards(&[0, 0, 0, 1].map(Some), &[None, None, Some(9), None], 2).unwrap();
        assert_eq!(best, [Some(1.0 / 3.0), None]);
    }

    #[test]
    fn percentiles_lie_between_values() {
        assert_eq!(spread(vec![2.0]), Spread { mean: 2.0, low: 2.0, high: 2.0 });
        let found = spread((0..=20).map(f64::from).rev().collect());
        assert!((found.low - 1.0).abs() < 1e-12 && (found.high - 19.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn nothing_is_said_of_one_cluster_or_without_resamples() {
        let vectors = around(&[0.0, 9.0], 5);
        let say = |k, n_bootstraps| {
            let params = ClusterParams { k: K::Fixed(k), ..ClusterParams::default() };
            let found = cluster(&vectors, &params).unwrap();
            let how = StabilityParams { n_bootstraps, ..StabilityParams::default() };
            stability(&vectors, &found, &params, &how).unwrap().is_some()
        };
        assert_eq!((say(1, 20), say(2, 0), say(2, 1)), (false, false, true));
    }

    #[test]
    fn many_rows_are_drawn_in_part_and_threads_change_nothing() {
        let vectors = around(&[0.0, 2.0, 4.0], 400);
        let params = ClusterParams { k: K::Fixed(3), ..ClusterParams::default() };
        let found = cluster(&vectors, &params).unwrap();
        let how = StabilityParams { max_rows: 100, n_bootstraps: 6, ..StabilityParams::default() };
        let with = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| stability(&vectors, &found, &params, &how).unwrap().unwrap())
        };
        let one = with(1);
        assert_eq!(one.n_drawn, 100);
        assert_eq!(one, with(2));
        assert_eq!(one, with(5));
    }
}
