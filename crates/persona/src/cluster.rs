//! Persona clusters: k-means over the vectors of authors.

use populi_geometry::{Choice, ChoiceParams, KMeansParams, Matrix, PcaParams, choose_k, kmeans_from, pca};

use crate::{Error, K};

/// Dimensions up to which k is chosen among the vectors as they are.
const MAX_DIMS_TO_CHOOSE: usize = 64;

/// Principal components among which it is chosen above. In hundreds of dimensions every row is about equally far from every
/// centre, and a tight cluster beside one that holds all the rest scores best.
const COMPONENTS_TO_CHOOSE: usize = 20;

/// How to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterParams {
    /// Clusters. Default [`K::Auto`]: of 2 to 64 the number at which they are best apart.
    pub k: K,
    /// Rows that every cluster has at least. Default 1.
    pub min_size: usize,
    /// Seeded restarts, of which the best stands. Default 5.
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
        Self { k: K::Auto, min_size: 1, n_init: 5, max_iter: 300, seed: 0, unit: "authors" }
    }
}

/// The clusters that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Personas {
    /// The cluster of each row; 0 is the largest.
    pub clusters: Vec<u32>,
    /// `[n_clusters, n_dims] f32`.
    pub centres: Matrix,
    /// Cosine of each row and its centre.
    pub centrality: Vec<f32>,
    /// The k that k-means was run with, before small clusters were dissolved.
    pub k: usize,
    /// How k was chosen, where it was.
    pub choice: Option<Choice>,
    /// What became of clusters that were too small.
    pub dissolved: Dissolved,
}

/// Clusters of fewer rows than allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dissolved {
    /// Clusters that are no more.
    pub n_clusters: usize,
    /// Rows that went to another cluster.
    pub n_rows: usize,
}

/// Clusters vectors `[n_units, n_dims]`.
///
/// A cluster of fewer than `min_size` rows is dissolved, the smallest first: its rows go to the nearest centre of those
/// left, and in the end each centre is the mean of its rows.
///
/// Cost: that of [`kmeans`](populi_geometry::kmeans()), and of [`choose_k`] where k is left to it. The same vectors and seed give the same
/// clusters at any number of threads.
///
/// # Errors
/// When `k` or `min_size` exceeds the rows, or a vector is not finite.
pub fn cluster(vectors: &Matrix, params: &ClusterParams) -> Result<Personas, Error> {
    let n_units = vectors.n_rows();
    if params.min_size > n_units {
        return Err(Error::TooFewForACluster { min_size: params.min_size, n_units, unit: params.unit });
    }
    let choice = match params.k {
        K::Fixed(_) => None,
        K::Auto => choose(vectors, params)?,
    };
    let k = match (params.k, &choice) {
        (K::Fixed(k), _) => k,
        (K::Auto, Some(choice)) => choice.k,
        // Too few to choose.
        (K::Auto, None) => n_units.min(2),
    };
    if k > n_units {
        return Err(Error::TooManyClusters { k, n_units, unit: params.unit });
    }
    // Centres among principal components are no start among the vectors.
    let is_start = |choice: &&Choice| choice.centres.n_cols() == vectors.n_cols();
    let starts: Vec<Matrix> = choice.iter().filter(is_start).map(|choice| choice.centres.clone()).collect();
    let found = partition(vectors, k, &starts, params.min_size, params)?;
    let centrality = vectors
        .rows()
        .zip(&found.labels)
        .map(|(row, &cluster)| cosine(row, found.centres.row(cluster as usize)))
        .collect();
    Ok(Personas {
        clusters: found.labels,
        centres: found.centres,
        centrality,
        k,
        choice,
        dissolved: found.dissolved,
    })
}

/// The cosine of two vectors; 0 where one has no direction.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (dot(a, b) / lengths) as f32 } else { 0.0 }
}

/// The number of clusters, where it is not given: [`choose_k`], where dimensions are many among the principal components of
/// the vectors, scaled to length 1.
fn choose(vectors: &Matrix, params: &ClusterParams) -> Result<Option<Choice>, Error> {
    let how = ChoiceParams { min_size: params.min_size, seed: params.seed, ..ChoiceParams::default() };
    if vectors.n_cols() <= MAX_DIMS_TO_CHOOSE {
        return Ok(choose_k(vectors, &how)?);
    }
    let found = pca(vectors, &PcaParams { n_components: COMPONENTS_TO_CHOOSE })?;
    let mut components = found.project(vectors)?;
    components.l2_normalise_rows();
    Ok(choose_k(&components, &how)?)
}

/// Clusters of at least `min_size` rows, the largest first.
pub(crate) struct Partition {
    pub(crate) labels: Vec<u32>,
    pub(crate) centres: Matrix,
    pub(crate) dissolved: Dissolved,
}

/// k-means, also from `starts`, and then no cluster of fewer than `min_size` rows (but the last one left).
pub(crate) fn partition(
    vectors: &Matrix,
    k: usize,
    starts: &[Matrix],
    min_size: usize,
    params: &ClusterParams,
) -> Result<Partition, Error> {
    let found = kmeans_from(
        vectors,
        starts,
        &KMeansParams {
            k,
            n_init: params.n_init,
            max_iter: params.max_iter,
            seed: params.seed,
            ..KMeansParams::default()
        },
    )?;
    let (mut labels, centres) = (found.labels, found.centres);
    let dissolved = dissolve(vectors, &mut labels, &centres, min_size);
    if dissolved.n_clusters == 0 {
        return Ok(Partition { labels, centres, dissolved });
    }
    let centres = renumber(vectors, &mut labels, centres.n_rows())?;
    Ok(Partition { labels, centres, dissolved })
}

/// Moves the rows of clusters that are too small, the smallest first and of equal ones the last, to the nearest of the
/// centres that are left.
fn dissolve(vectors: &Matrix, labels: &mut [u32], centres: &Matrix, min_size: usize) -> Dissolved {
    let mut sizes = vec![0usize; centres.n_rows()];
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    let mut left: Vec<usize> = (0..centres.n_rows()).collect();
    let mut moved = vec![false; labels.len()];
    while left.len() > 1 {
        let Some(smallest) = left.iter().copied().min_by_key(|&c| (sizes[c], std::cmp::Reverse(c))) else {
            break;
        };
        if sizes[smallest] >= min_size {
            break;
        }
        left.retain(|&c| c != smallest);
        for (row, label) in labels.iter_mut().enumerate().filter(|(_, label)| **label as usize == smallest) {
            let distance = |&c: &usize| squared_distance(vectors.row(row), centres.row(c));
            if let Some(nearest) = left.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))) {
                *label = nearest as u32;
                sizes[nearest] += 1;
                moved[row] = true;
            }
        }
    }
    Dissolved {
        n_clusters: centres.n_rows() - left.len(),
        n_rows: moved.iter().filter(|&&moved| moved).count(),
    }
}

/// Numbers the clusters that have rows anew, the largest first and of equal ones the one whose first row comes first,
/// and returns the means of their rows.
fn renumber(vectors: &Matrix, labels: &mut [u32], n_numbers: usize) -> Result<Matrix, Error> {
    let n_dims = vectors.n_cols();
    let mut sizes = vec![0usize; n_numbers];
    let mut first_rows = vec![usize::MAX; n_numbers];
    let mut sums = vec![0.0f64; n_numbers * n_dims];
    for (row, &label) in labels.iter().enumerate() {
        let label = label as usize;
        sizes[label] += 1;
        first_rows[label] = first_rows[label].min(row);
        let sum = &mut sums[label * n_dims..(label + 1) * n_dims];
        sum.iter_mut().zip(vectors.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let mut order: Vec<usize> = (0..n_numbers).filter(|&c| sizes[c] > 0).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(sizes[c]), first_rows[c]));
    let mut new_numbers = vec![0u32; n_numbers];
    order.iter().zip(0..).for_each(|(&old, new)| new_numbers[old] = new);
    labels.iter_mut().for_each(|label| *label = new_numbers[*label as usize]);
    let mean = |&c: &usize| {
        let sum = &sums[c * n_dims..(c + 1) * n_dims];
        sum.iter().map(|sum| (sum / sizes[c] as f64) as f32).collect::<Vec<_>>()
    };
    Ok(Matrix::from_vec(order.len(), n_dims, order.iter().flat_map(mean).collect())?)
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
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
        assert_eq!(found.clusters, [1, 0, 0, 0]);
        assert!((found.centrality[0] - 1.0).abs() < 1e-6);
        assert!(found.centrality.iter().all(|&cosine| cosine > 0.9));
        assert_eq!((found.k, found.choice, found.dissolved), (2, None, Dissolved::default()));
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
    fn small_clusters_are_dissolved_the_smallest_first() {
        // Places 0 (4 rows), 10 (3 rows), 14 (1 row), 100 (2 rows).
        let rows = line(&[0.0, 0.1, 0.2, 0.3, 10.0, 10.1, 10.2, 14.0, 100.0, 100.2]);
        let of = |min_size| {
            let params = ClusterParams { k: K::Fixed(4), min_size, ..ClusterParams::default() };
            cluster(&rows, &params).unwrap()
        };
        assert_eq!(of(1).clusters, [0, 0, 0, 0, 1, 1, 1, 3, 2, 2]);
        let two = of(2);
        assert_eq!(two.clusters, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
        assert_eq!(two.dissolved, Dissolved { n_clusters: 1, n_rows: 1 });
        assert!((two.centres.row(1)[0] - 11.075).abs() < 1e-5, "the mean of all its rows");
        // 14 goes to 10, which then has four rows; the two at 100 follow.
        let four = of(4);
        assert_eq!(four.clusters, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(four.dissolved, Dissolved { n_clusters: 2, n_rows: 3 });
        assert_eq!(of(10).centres.n_rows(), 1);
        for min_size in 1..=10 {
            let found = of(min_size);
            for c in 0..found.centres.n_rows() as u32 {
                assert!(found.clusters.iter().filter(|&&label| label == c).count() >= min_size);
            }
        }
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
        let error = of(ClusterParams { min_size: 2, ..ClusterParams::default() });
        assert!(error.contains("1 authors") && error.contains("--min-size"), "{error}");
    }
}
