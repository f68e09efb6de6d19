//! Neighbour graphs against a naive one, at every level and from any number of threads.

use populi_geometry::{
    Error, KnnMethod, KnnParams, Level, Matrix, MatrixView, Metric, Silent, knn, nearest_rows,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::blobs;

fn distance(a: &[f32], b: &[f32], metric: Metric) -> f64 {
    let sum = |f: fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f(f64::from(a), f64::from(b))).sum()
    };
    match metric {
        Metric::Euclidean => sum(|a, b| (a - b) * (a - b)).sqrt(),
        Metric::InnerProduct => 1.0 - sum(|a, b| a * b),
        Metric::Cosine => {
            let lengths = (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt();
            if lengths == 0.0 { 1.0 } else { 1.0 - sum(|a, b| a * b) / lengths }
        }
    }
}

/// Distances of the `k` nearest of the rows that are not `without`, the nearest first.
fn nearest(row: &[f32], points: &Matrix, without: Option<usize>, k: usize, metric: Metric) -> Vec<f64> {
    let others = points.rows().enumerate().filter(|&(i, _)| Some(i) != without);
    let mut all: Vec<f64> = others.map(|(_, other)| distance(row, other, metric)).collect();
    all.sort_unstable_by(f64::total_cmp);
    all.truncate(k);
    all
}

/// How many neighbours are farther than the last of a naive search, beyond rounding: each stands for one that was missed.
fn n_missed(got: &[f32], expected: &[f64]) -> usize {
    assert_eq!(got.len(), expected.len());
    let last = expected.last().copied().unwrap_or_default();
    got.iter().filter(|&&got| f64::from(got) > last + 1e-5).count()
}

fn params(k: usize, metric: Metric, method: KnnMethod) -> KnnParams {
    KnnParams { k, metric, method, ..KnnParams::default() }
}

/// Rows of any length: some of zeros, some twice.
fn matrix(n: usize, n_cols: usize, seed: u64) -> Matrix {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rows: Vec<Vec<f32>> = Vec::new();
    for i in 0..n {
        rows.push(match random.random_range(0..10u32) {
            0 => vec![0.0; n_cols],
            1 if i > 0 => rows[random.random_range(0..i)].clone(),
            _ => (0..n_cols).map(|_| random.random_range(-1.0..1.0f32)).collect(),
        });
    }
    Matrix::from_vec(n, n_cols, rows.concat()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn distances_are_those_of_a_naive_search(
        n in 1usize..64,
        n_cols in 1usize..40,
        k in 1usize..20,
        seed: u64,
        metric in proptest::sample::select(&Metric::ALL[..]),
        method in proptest::sample::select(&[KnnMethod::Exact, KnnMethod::Approximate][..]),
    ) {
        let points = matrix(n, n_cols, seed);
        let found = knn(MatrixView::from(&points), &params(k, metric, method), &Silent).unwrap();
        prop_assert_eq!((found.k, found.graph.k()), (k.min(n - 1), k.min(n - 1)));
        let mut missed = 0;
        for row in 0..n {
            let (ids, distances) = found.graph.of(row);
            let expected = nearest(points.row(row), &points, Some(row), found.k, metric);
            missed += n_missed(distances, &expected);
            for (&id, &got) in ids.iter().zip(distances) {
                let named = distance(points.row(row), points.row(id as usize), metric);
                prop_assert!((f64::from(got) - named).abs() < 1e-5, "{row}: {got} to {id}, not {named}");
            }
            let pairs: Vec<(f32, u32)> = distances.iter().copied().zip(ids.iter().copied()).collect();
            prop_assert!(pairs.windows(2).all(|two| two[0] < two[1]), "order of {:?}", pairs);
        }
        // Floats miss nothing, and where n is at most k and what is kept beyond it nobody is left out.
        let n_allowed = if n_cols < 32 || n <= k + 4 { 0 } else { n * found.k / 100 + 1 };
        prop_assert!(missed <= n_allowed, "{missed} neighbours of {} are missed", n * found.k);
    }

    #[test]
    fn new_rows_find_what_a_naive_search_finds(
        n in 1usize..64, n_queries in 1usize..10, n_cols in 1usize..40, k in 1usize..20, seed: u64,
        metric in proptest::sample::select(&Metric::ALL[..]),
    ) {
        let (points, queries) = (matrix(n, n_cols, seed), matrix(n_queries, n_cols, !seed));
        let params = params(k, metric, KnnMethod::Auto);
        let found =
            nearest_rows(MatrixView::from(&queries), MatrixView::from(&points), &params, &Silent).unwrap();
        prop_assert_eq!(found.k, k.min(n));
        for query in 0..n_queries {
            let expected = nearest(queries.row(query), &points, None, found.k, metric);
            let got = found.of(query).1;
            prop_assert_eq!(n_missed(got, &expected), 0, "{}: {:?}, not {:?}", query, got, expected);
        }
    }
}

/// The share of a graph's neighbours that are as near as those of a naive search.
fn recall(points: &Matrix, found: &populi_geometry::Knn, metric: Metric) -> f64 {
    let rows = (0..points.n_rows()).step_by(41);
    let n_rows = rows.len();
    let n_found: usize = rows
        .map(|row| {
            let farthest = *nearest(points.row(row), points, Some(row), found.k, metric).last().unwrap();
            found.graph.of(row).1.iter().filter(|&&d| f64::from(d) <= farthest * (1.0 + 1e-6) + 1e-6).count()
        })
        .sum();
    n_found as f64 / (n_rows * found.k) as f64
}

#[test]
fn graphs_are_the_same_at_every_level_and_from_any_number_of_threads_and_good() {
    let (points, _) = blobs(1500, 12, 40, 3);
    let mut directions = points.clone();
    directions.l2_normalise_rows();
    for (points, metric) in [
        (&points, Metric::Euclidean),
        (&points, Metric::Cosine),
        (&directions, Metric::Euclidean),
        (&directions, Metric::InnerProduct),
    ] {
        for method in [KnnMethod::Exact, KnnMethod::Approximate] {
            let graph = |level: Level, n_threads: usize| {
                let params = KnnParams { level, ..params(10, metric, method) };
                in_pool(n_threads, || knn(MatrixView::from(points), &params, &Silent).unwrap())
            };
            let found = graph(Level::best(), 2);
            for n_threads in [1, 7] {
                assert_eq!(graph(Level::best(), n_threads), found, "{metric:?} {method:?} {n_threads}");
            }
            for level in Level::all() {
                assert_eq!(graph(level, 2), found, "{metric:?} {method:?} {level:?}");
            }
            assert_eq!(found.method, method);
            let measured = recall(points, &found, metric);
            let least = if method == KnnMethod::Exact { 0.999 } else { 0.95 };
            assert!(measured >= least, "{metric:?} {method:?}: {measured}");
            assert!((measured - found.recall).abs() < 0.03, "said {}, is {measured}", found.recall);
        }
    }
}

/// Noise without groups, so that near rows are hard to guess and no group holds all rows.
fn noise(n: usize, n_cols: usize, seed: u64) -> Matrix {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let values = (0..n * n_cols).map(|_| random.random_range(-1.0..1.0f32)).collect();
    Matrix::from_vec(n, n_cols, values).unwrap()
}

fn in_pool<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(work)
}

#[test]
fn graphs_of_near_rows_are_the_same_at_every_level_and_from_any_number_of_threads() {
    // More groups than a row is in; 32 columns for integers, 8 for floats.
    for (n_cols, metric) in [(32, Metric::Cosine), (8, Metric::Euclidean)] {
        let points = noise(6500, n_cols, 7);
        let graph = |level: Level, n_threads: usize| {
            let params = params(10, metric, KnnMethod::Approximate);
            let params = KnnParams { level, target_recall: 1.0, max_rounds: 2, ..params };
            in_pool(n_threads, || knn(MatrixView::from(&points), &params, &Silent).unwrap())
        };
        let found = graph(Level::best(), 2);
        assert!(found.n_rounds > 0, "the groups alone found everything");
        for n_threads in [1, 7] {
            assert_eq!(graph(Level::best(), n_threads), found, "{metric:?} {n_threads}");
        }
        for level in Level::all() {
            assert_eq!(graph(level, 2), found, "{metric:?} {level:?}");
        }
        let measured = recall(&points, &found, metric);
        assert!((measured - found.recall).abs() < 0.05, "said {}, is {measured}", found.recall);
    }
}

#[test]
fn many_new_rows_of_many_columns_find_what_a_naive_search_finds() {
    let (points, queries) = (noise(700, 64, 1), noise(400, 64, 2));
    for metric in Metric::ALL {
        let found = |level: Level, n_threads: usize| {
            let params = KnnParams { level, ..params(10, metric, KnnMethod::Auto) };
            let (queries, points) = (MatrixView::from(&queries), MatrixView::from(&points));
            in_pool(n_threads, || nearest_rows(queries, points, &params, &Silent).unwrap())
        };
        let nearest_found = found(Level::best(), 2);
        for n_threads in [1, 7] {
            assert_eq!(found(Level::best(), n_threads), nearest_found, "{metric:?} {n_threads}");
        }
        for level in Level::all() {
            assert_eq!(found(level, 2), nearest_found, "{metric:?} {level:?}");
        }
        let missed = |query: usize| {
            let expected = nearest(queries.row(query), &points, None, 10, metric);
            n_missed(nearest_found.of(query).1, &expected)
        };
        let missed: usize = (0..400).map(missed).sum();
        assert!(missed <= 40, "{metric:?}: {missed} of 4,000 are missed");
    }
}

#[test]
fn very_many_equal_rows_have_neighbours() {
    // All equal rows fall into the same few groups, which are too large to compare all of their rows.
    let mut points = Matrix::from_vec(15_000, 32, vec![0.25; 15_000 * 32]).unwrap();
    let others = noise(1000, 32, 3);
    points.values_mut()[14_000 * 32..].copy_from_slice(others.values());
    let found =
        knn(MatrixView::from(&points), &params(5, Metric::Euclidean, KnnMethod::Approximate), &Silent)
            .unwrap();
    assert!((0..14_000).all(|row| found.graph.of(row).1 == [0.0; 5]));
    assert!(found.met, "{}", found.recall);
}

#[test]
fn few_columns_and_many_rows_do_not_need_every_pair() {
    let (points, _) = blobs(20_000, 40, 2, 5);
    let found =
        knn(MatrixView::from(&points), &params(15, Metric::Euclidean, KnnMethod::Approximate), &Silent)
            .unwrap();
    assert!(recall(&points, &found, Metric::Euclidean) > 0.98);
}

#[test]
fn a_target_that_cannot_be_met_is_said() {
    let points = noise(6000, 64, 1);
    let ask = |target_recall, max_rounds| {
        let params = params(10, Metric::Cosine, KnnMethod::Approximate);
        knn(MatrixView::from(&points), &KnnParams { target_recall, max_rounds, ..params }, &Silent).unwrap()
    };
    let hasty = ask(0.999, 0);
    assert!(!hasty.met && hasty.n_rounds == 0 && hasty.n_sampled == 1000);
    let patient = ask(0.999, 1);
    assert!(patient.recall > hasty.recall && patient.n_rounds == 1);
    assert!((recall(&points, &patient, Metric::Cosine) - patient.recall).abs() < 0.05);
}

#[test]
fn one_row_has_no_neighbours_and_two_have_each_other() {
    for method in [KnnMethod::Auto, KnnMethod::Exact, KnnMethod::Approximate] {
        for metric in Metric::ALL {
            let one = MatrixView::new(1, 2, &[1.0, 2.0]).unwrap();
            let found = knn(one, &params(15, metric, method), &Silent).unwrap();
            assert_eq!((found.k, found.graph.n_rows(), found.graph.ids()), (0, 1, &[][..]));
            let two = MatrixView::new(2, 2, &[1.0, 0.0, 0.0, 1.0]).unwrap();
            let found = knn(two, &params(15, metric, method), &Silent).unwrap();
            assert_eq!((found.k, found.graph.ids()), (1, &[1, 0][..]));
        }
    }
}

#[test]
fn of_equal_rows_the_smaller_numbers_are_nearest() {
    let points = Matrix::from_vec(1500, 40, vec![0.25; 1500 * 40]).unwrap();
    for metric in [Metric::Euclidean, Metric::Cosine] {
        for n_cols in [40, 8] {
            let points = MatrixView::new(1500 * 40 / n_cols, n_cols, points.values()).unwrap();
            let found = knn(points, &params(3, metric, KnnMethod::Exact), &Silent).unwrap();
            assert_eq!(found.graph.of(0), (&[1, 2, 3][..], &[0.0; 3][..]));
            assert_eq!(found.graph.of(2).0, [0, 1, 3]);
            assert_eq!(found.graph.of(1400).0, [0, 1, 2]);
            assert_eq!(found.recall, 1.0);
        }
    }
}

#[test]
fn rows_without_direction_are_at_one_from_everything() {
    let mut values = vec![0.0f32; 40 * 40];
    // The first ten rows have a direction: one column each, all positive.
    for row in 0..10 {
        values[row * 40..(row + 1) * 40].fill(0.1);
        values[row * 40 + row] = 1.0;
    }
    let points = MatrixView::new(40, 40, &values).unwrap();
    let found = knn(points, &params(5, Metric::Cosine, KnnMethod::Exact), &Silent).unwrap();
    assert_eq!(found.graph.of(20), (&[0, 1, 2, 3, 4][..], &[1.0; 5][..]));
    assert!(found.graph.of(0).1.iter().all(|&distance| distance < 0.6));
}

#[test]
fn rows_of_very_unlike_lengths_are_searched_in_floats() {
    let mut points = matrix(600, 48, 4);
    for (i, value) in points.values_mut().iter_mut().enumerate() {
        *value *= 10f32.powi((i / 48 % 13) as i32 - 6);
    }
    let found =
        knn(MatrixView::from(&points), &params(5, Metric::Euclidean, KnnMethod::Auto), &Silent).unwrap();
    assert!(recall(&points, &found, Metric::Euclidean) > 0.99);
    let huge = Matrix::from_vec(3, 1, vec![1e30, -2e30, 3e38]).unwrap();
    let found =
        knn(MatrixView::from(&huge), &params(2, Metric::Euclidean, KnnMethod::Auto), &Silent).unwrap();
    assert_eq!(found.graph.of(0).0, [1, 2]);
    assert!((found.graph.of(0).1[0] / 3e30 - 1.0).abs() < 1e-6);
}

#[test]
fn wrong_input_is_an_error() {
    let fail = |points: MatrixView<'_>, params: &KnnParams| knn(points, params, &Silent).unwrap_err();
    let ask = KnnParams::default();
    let points = MatrixView::new(2, 1, &[0.0, f32::NAN]).unwrap();
    assert!(matches!(fail(points, &ask), Error::NotFinite { row: 1, column: 0, .. }));
    assert_eq!(fail(MatrixView::new(0, 3, &[]).unwrap(), &ask), Error::Empty { n_rows: 0, n_cols: 3 });
    let points = MatrixView::new(2, 1, &[0.0, 1.0]).unwrap();
    assert!(matches!(fail(points, &KnnParams { k: 0, ..ask.clone() }), Error::Param { name: "k", .. }));
    let unlikely = KnnParams { target_recall: 1.5, ..ask.clone() };
    assert!(matches!(fail(points, &unlikely), Error::Param { name: "target_recall", .. }));
    let wider = MatrixView::new(1, 2, &[0.0, 1.0]).unwrap();
    assert!(matches!(
        nearest_rows(wider, points, &ask, &Silent),
        Err(Error::Shape { expected: 1, got: 2, .. })
    ));
}
