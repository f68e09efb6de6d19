//! Persona clusters: k-means or HDBSCAN over the vectors of authors.

use populi_geometry::{Choice, Matrix};
use serde::{Deserialize, Serialize};

use crate::density::{Density, clusters_by_density};
use crate::{Error, K, by_k_means};

/// Units that a cluster by density has at least, where nothing is said.
const MIN_SIZE_BY_DENSITY: usize = 10;

/// The share of noise that density may leave, where nothing is said.
const MAX_NOISE: f64 = 0.2;

/// How clusters are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Every unit belongs to the nearest of k centres.
    #[default]
    KMeans,
    /// Clusters are where units lie densely, as many as there are; what lies between is noise, up to a share.
    Hdbscan,
}

/// How to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterParams {
    /// k-means or HDBSCAN. Default k-means.
    pub method: Method,
    /// Clusters, for k-means. Default [`K::Auto`]: of 2 to 64 the number at which they are best apart.
    pub k: K,
    /// Rows that every cluster has at least. Default 1 for k-means, 10 for HDBSCAN.
    pub min_size: Option<usize>,
    /// Rows that every cluster has at most, for k-means. Default: any number.
    pub max_size: Option<usize>,
    /// Neighbours that decide how dense a place is, for HDBSCAN. Default: `min_size`.
    pub min_samples: Option<usize>,
    /// The share of rows that may be noise, from 0 to 1, for HDBSCAN. Default 0.2.
    pub max_noise: Option<f64>,
    /// Seeded restarts of k-means, of which the best stands. Default 5.
    pub n_init: usize,
    /// Rounds of a restart at most. Default 300.
    pub max_iter: usize,
    /// Decides the starting centres.
    pub seed: u64,
    /// What a row is, for messages. Default `authors`.
    pub unit: &'static str,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self {
            method: Method::default(),
            k: K::Auto,
            min_size: None,
            max_size: None,
            min_samples: None,
            max_noise: None,
            n_init: 5,
            max_iter: 300,
            seed: 0,
            unit: "authors",
        }
    }
}

impl ClusterParams {
    /// The least size of a cluster.
    #[must_use]
    pub fn min_size(&self) -> usize {
        self.min_size.unwrap_or(match self.method {
            Method::KMeans => 1,
            Method::Hdbscan => MIN_SIZE_BY_DENSITY,
        })
    }

    /// The share of rows that density may leave as noise.
    #[must_use]
    pub fn max_noise(&self) -> f64 {
        self.max_noise.unwrap_or(MAX_NOISE)
    }

    /// Checks that nothing is asked for that the method does not know, and that the sizes can be met by `n_units` rows.
    ///
    /// # Errors
    /// [`Error::NotOfMethod`], [`Error::TooFewForACluster`].
    pub fn check(&self, n_units: usize) -> Result<(), Error> {
        self.check_settings()?;
        match self.min_size {
            Some(min_size) if min_size > n_units => {
                Err(Error::TooFewForACluster { min_size, n_units, unit: self.unit })
            }
            _ => Ok(()),
        }
    }

    /// Checks what can be known before there are any rows.
    ///
    /// # Errors
    /// [`Error::NotOfMethod`]; [`Error::NoShare`] for a share of noise that is none.
    pub fn check_settings(&self) -> Result<(), Error> {
        let not_of = match self.method {
            Method::KMeans => {
                [("min_samples", self.min_samples.is_some()), ("max_noise", self.max_noise.is_some())]
            }
            Method::Hdbscan => [("k", self.k != K::Auto), ("max_size", self.max_size.is_some())],
        };
        if let Some((name, _)) = not_of.into_iter().find(|(_, is_given)| *is_given) {
            return Err(Error::NotOfMethod { name, method: self.method.name() });
        }
        match self.max_noise {
            Some(max_noise) if !(0.0..=1.0).contains(&max_noise) => Err(Error::NoShare { max_noise }),
            _ => Ok(()),
        }
    }
}

impl Method {
    /// What it is called: `kmeans` or `hdbscan`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::KMeans => "kmeans",
            Self::Hdbscan => "hdbscan",
        }
    }
}

/// The clusters that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Personas {
    /// The cluster of each row; 0 is the largest, `None` is noise, of which k-means has none.
    pub clusters: Vec<Option<u32>>,
    /// The mean of each cluster's rows, `[n_clusters, n_dims] f32`.
    pub centres: Matrix,
    /// Cosine of each row and its centre; `None` of noise.
    pub centrality: Vec<Option<f32>>,
    /// The clusters that were looked for by k-means, or found by HDBSCAN.
    pub k: usize,
    /// How k was chosen, where it was.
    pub choice: Option<Choice>,
    /// What density says beside, where HDBSCAN was asked for.
    pub density: Option<Density>,
}

/// Clusters vectors `[n_units, n_dims]`.
///
/// - **k-means**: every cluster has at least `min_size` and at most `max_size` rows, and of all ways to keep to that the
///   rows are nearest to their centres.
/// - **HDBSCAN**: on the vectors as they are up to 50 dimensions, above that on a UMAP map of five. Rows that it leaves as noise
///   join the nearest cluster until no more than `max_noise` of all are left; [`Density`] says which.
///
/// Cost: that of [`kmeans`](populi_geometry::kmeans()) and of [`choose_k`](populi_geometry::choose_k()) where k is left to it, or
/// that of [`umap`](populi_geometry::umap()) and [`hdbscan`](populi_geometry::hdbscan()). The same vectors and seed give the same
/// clusters at any number of threads.
///
/// # Errors
/// What [`ClusterParams::check`] says; when `k` exceeds the rows, sizes cannot be met, or a vector is not finite.
pub fn cluster(vectors: &Matrix, params: &ClusterParams) -> Result<Personas, Error> {
    params.check(vectors.n_rows())?;
    match params.method {
        Method::KMeans => {
            let (choice, k) = by_k_means::number_of_clusters(vectors, params)?;
            let found = by_k_means::partition(vectors, k, choice.as_ref(), params)?;
            Ok(Personas {
                centrality: centrality(vectors, &found.clusters, &found.centres),
                clusters: found.clusters,
                centres: found.centres,
                k,
                choice,
                density: None,
            })
        }
        Method::Hdbscan => {
            let (clusters, density) = clusters_by_density(vectors, params)?;
            let centres = means(vectors, &clusters)?;
            Ok(Personas {
                centrality: centrality(vectors, &clusters, &centres),
                k: centres.n_rows(),
                clusters,
                centres,
                choice: None,
                density: Some(density),
            })
        }
    }
}

/// The cosine of two vectors; 0 where one has no direction.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (dot(a, b) / lengths) as f32 } else { 0.0 }
}

fn centrality(vectors: &Matrix, clusters: &[Option<u32>], centres: &Matrix) -> Vec<Option<f32>> {
    let of = |(row, cluster): (&[f32], &Option<u32>)| {
        cluster.map(|cluster| cosine(row, centres.row(cluster as usize)))
    };
    vectors.rows().zip(clusters).map(of).collect()
}

/// The mean of each cluster's rows.
fn means(vectors: &Matrix, clusters: &[Option<u32>]) -> Result<Matrix, Error> {
    let n_dims = vectors.n_cols();
    let n_clusters = clusters.iter().flatten().max().map_or(0, |&last| last as usize + 1);
    let mut sizes = vec![0usize; n_clusters];
    let mut sums = vec![0.0f64; n_clusters * n_dims];
    for (row, cluster) in vectors.rows().zip(clusters) {
        let Some(cluster) = cluster.map(|cluster| cluster as usize) else { continue };
        sizes[cluster] += 1;
        let sum = &mut sums[cluster * n_dims..(cluster + 1) * n_dims];
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let mean = |(at, sum): (usize, &f64)| (sum / sizes[at / n_dims] as f64) as f32;
    Ok(Matrix::from_vec(n_clusters, n_dims, sums.iter().enumerate().map(mean).collect())?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn line(values: &[f32]) -> Matrix {
        Matrix::from_vec(values.len(), 1, values.to_vec()).unwrap()
    }

    #[test]
    fn two_directions_are_two_clusters_and_the_larger_is_first() {
        let rows = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.1, 1.0]];
        let vectors = Matrix::from_vec(4, 2, rows.concat()).unwrap();
        let found = cluster(&vectors, &ClusterParams { k: K::Fixed(2), ..ClusterParams::default() }).unwrap();
        assert_eq!(found.clusters, [1, 0, 0, 0].map(Some));
        assert!((found.centrality[0].unwrap() - 1.0).abs() < 1e-6);
        assert!(found.centrality.iter().all(|cosine| cosine.unwrap() > 0.9));
        assert_eq!((found.k, found.choice, found.density), (2, None, None));
    }

    #[test]
    fn auto_finds_three_places_and_takes_two_clusters_of_two_or_three_rows() {
        let places = line(&(0..60).map(|i| (i % 3 * 10) as f32 + i as f32 * 0.01).collect::<Vec<_>>());
        let found = cluster(&places, &ClusterParams::default()).unwrap();
        assert_eq!((found.k, found.choice.unwrap().scores.len()), (3, 29));
        for (n, k) in [(1, 1), (2, 2), (3, 2)] {
            let rows = line(&(0..n).map(|i| i as f32).collect::<Vec<_>>());
            let found = cluster(&rows, &ClusterParams::default()).unwrap();
            assert_eq!((found.k, found.centres.n_rows(), found.choice), (k, k, None), "{n} rows");
        }
    }

    #[test]
    fn auto_finds_places_in_many_dimensions() {
        // Seven directions of 100 dimensions, each blurred along all of them.
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        let values = (0..420 * 100).map(|i| noise() * 0.4 + f32::from(u8::from(i % 100 == i / 100 % 7)));
        let vectors = Matrix::from_vec(420, 100, values.collect()).unwrap();
        let found = cluster(&vectors, &ClusterParams::default()).unwrap();
        assert_eq!((found.k, found.centres.n_cols()), (7, 100));
    }

    #[test]
    fn sizes_are_kept_to() {
        // Places 0 (4 rows), 10 (3 rows), 14 (1 row), 100 (2 rows).
        let rows = line(&[0.0, 0.1, 0.2, 0.3, 10.0, 10.1, 10.2, 14.0, 100.0, 100.2]);
        let of = |k, min_size, max_size| {
            let params = ClusterParams { k: K::Fixed(k), min_size, max_size, ..ClusterParams::default() };
            cluster(&rows, &params).unwrap().clusters.into_iter().map(Option::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(of(4, None, None), [0, 0, 0, 0, 1, 1, 1, 3, 2, 2]);
        // Of all ways to have two in each, one neighbour going over to 14 is the cheapest.
        assert_eq!(of(4, Some(2), None), [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]);
        let sizes = |labels: Vec<u32>| -> Vec<usize> {
            let size = |cluster| labels.iter().filter(|&&label| label == cluster).count();
            (0..=labels.iter().copied().max().unwrap()).map(size).collect()
        };
        assert_eq!(sizes(of(2, None, Some(5))), [5, 5]);
        assert_eq!(sizes(of(3, Some(3), None)), [4, 3, 3]);
    }

    #[test]
    fn auto_takes_a_number_that_the_sizes_allow() {
        // Three places of 40 rows: best apart by three, but no cluster may have so many rows.
        let rows = line(&(0..120).map(|i| (i % 3 * 100) as f32 + (i / 3) as f32 * 0.01).collect::<Vec<_>>());
        let of = |min_size, max_size| {
            let params = ClusterParams { min_size, max_size, ..ClusterParams::default() };
            let found = cluster(&rows, &params).unwrap();
            let size = |cluster| found.clusters.iter().filter(|&&own| own == Some(cluster)).count();
            (found.k, (0..found.k as u32).map(size).max().unwrap())
        };
        assert_eq!(of(None, None), (3, 40));
        let (k, largest) = of(None, Some(20));
        assert!((6..=64).contains(&k) && largest <= 20, "{k} {largest}");
        // More clusters than are tried: the fewest.
        assert_eq!(of(None, Some(1)), (120, 1));
        // All rows in one.
        assert_eq!(of(Some(100), None), (1, 120));
    }

    #[test]
    fn density_finds_two_crowds_and_numbers_the_larger_first() {
        let crowd = |at: f32, n: usize| (0..n).map(move |i| at + i as f32 * 0.01).collect::<Vec<_>>();
        let rows = line(&[crowd(0.0, 12), vec![500.0], crowd(100.0, 20)].concat());
        let of = |max_noise| {
            let params = ClusterParams { method: Method::Hdbscan, max_noise, ..ClusterParams::default() };
            cluster(&rows, &params).unwrap()
        };
        let found = of(None);
        let expected = [vec![Some(1); 12], vec![None], vec![Some(0); 20]].concat();
        assert_eq!(found.clusters, expected);
        assert_eq!((found.k, found.centrality[12]), (2, None));
        let density = found.density.unwrap();
        assert_eq!((density.n_noise(), density.n_assigned(), density.map), (1, 0, None));
        let all = of(Some(0.0));
        assert!(all.clusters[12].is_some());
        let density = all.density.unwrap();
        assert_eq!((density.n_noise(), density.n_assigned()), (0, 1));
        assert_eq!(density.raw_clusters, expected);
    }

    #[test]
    fn what_a_method_does_not_know_is_refused() {
        let rows = line(&[0.0, 1.0, 2.0]);
        let of = |params: ClusterParams| cluster(&rows, &params).unwrap_err().to_string();
        let density =
            ClusterParams { method: Method::Hdbscan, min_size: Some(2), ..ClusterParams::default() };
        assert!(of(ClusterParams { k: K::Fixed(2), ..density.clone() }).starts_with("k is no setting"));
        assert!(of(ClusterParams { max_size: Some(2), ..density }).starts_with("max_size is no setting"));
        let given = ClusterParams { max_noise: Some(0.5), ..ClusterParams::default() };
        assert!(of(given).starts_with("max_noise is no setting of kmeans"));
    }

    #[test]
    fn more_than_there_are_is_an_error_that_says_what_to_do() {
        let vectors = line(&[1.0]);
        let of = |params: ClusterParams| cluster(&vectors, &params).unwrap_err().to_string();
        let error = of(ClusterParams { k: K::Fixed(2), ..ClusterParams::default() });
        assert!(
            error.contains("k = 2") && error.contains("1 authors") && error.contains("--min-posts"),
            "{error}"
        );
        let error = of(ClusterParams { min_size: Some(2), ..ClusterParams::default() });
        assert!(error.contains("1 authors") && error.contains("--min-size"), "{error}");
    }
}
