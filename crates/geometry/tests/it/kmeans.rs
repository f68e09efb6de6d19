use populi_geometry::{Error, KMeans, KMeansParams, Matrix, adjusted_rand_index, kmeans, nearest_centres};
use proptest::prelude::*;

use crate::blobs;

fn points(n_cols: usize, values: &[f32]) -> Matrix {
    Matrix::from_vec(values.len() / n_cols, n_cols, values.to_vec()).unwrap()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum()
}

/// What must hold of any answer: labels of the nearest centres, centres that are means, inertia that is the sum, cluster
/// ids by size and then by first row.
fn check(points: &Matrix, found: &KMeans) {
    let n_clusters = found.centres.n_rows();
    let mut members: Vec<Vec<usize>> = vec![vec![]; n_clusters];
    found.labels.iter().enumerate().for_each(|(row, &label)| members[label as usize].push(row));
    let mut inertia = 0.0;
    for (row, &label) in points.rows().zip(&found.labels) {
        let own = squared_distance(row, found.centres.row(label as usize));
        let least =
            found.centres.rows().map(|centre| squared_distance(row, centre)).fold(f64::INFINITY, f64::min);
        assert!(own <= least + 1e-4 * (1.0 + least), "{own} to the own centre, {least} to the nearest");
        inertia += own;
    }
    assert!((found.inertia - inertia).abs() <= 1e-9 * (1.0 + inertia));
    for (cluster, rows) in members.iter().enumerate() {
        assert!(!rows.is_empty(), "cluster {cluster} is empty");
        for (j, &got) in found.centres.row(cluster).iter().enumerate() {
            let mean = rows.iter().map(|&row| f64::from(points.row(row)[j])).sum::<f64>() / rows.len() as f64;
            assert!(
                (f64::from(got) - mean).abs() < 1e-4 * (1.0 + mean.abs()),
                "{got} is not the mean {mean}"
            );
        }
    }
    let order: Vec<_> = members.iter().map(|rows| (std::cmp::Reverse(rows.len()), rows[0])).collect();
    assert!(order.is_sorted(), "cluster ids by size, then by first row");
}

/// Runs until no row moves, so that every condition of `check` is exact.
fn settled(points: &Matrix, k: usize, seed: u64) -> KMeans {
    let found = kmeans(points, &KMeansParams { k, seed, tolerance: 0.0, ..KMeansParams::default() }).unwrap();
    check(points, &found);
    found
}

/// Oracle: the least inertia over every way to split the rows into at most k groups.
fn least_inertia(points: &Matrix, k: usize) -> f64 {
    let n = points.n_rows();
    let inertia = |code: usize| -> f64 {
        let label = |row: usize| code / k.pow(row as u32) % k;
        let group = |cluster: usize| -> f64 {
            let rows: Vec<&[f32]> =
                (0..n).filter(|&row| label(row) == cluster).map(|row| points.row(row)).collect();
            let mean = |j: usize| rows.iter().map(|row| f64::from(row[j])).sum::<f64>() / rows.len() as f64;
            (0..points.n_cols())
                .map(|j| rows.iter().map(|row| (f64::from(row[j]) - mean(j)).powi(2)).sum::<f64>())
                .sum()
        };
        (0..k).map(group).sum()
    };
    (0..k.pow(n as u32)).map(inertia).fold(f64::INFINITY, f64::min)
}

#[test]
fn squares_beyond_floats_are_refused_with_the_first_row() {
    let large = points(2, &[1.0, 2.0, 1e20, 3.0, 0.0, -1e20, 5.0, 6.0]);
    let params = KMeansParams { k: 2, ..KMeansParams::default() };
    let error = kmeans(&large, &params).unwrap_err();
    assert!(matches!(error, Error::TooLarge { row: 1, length } if (length / 1e20 - 1.0).abs() < 1e-6));
    assert!(error.to_string().starts_with("row 1 has the length 1.0"), "{error}");
    let small = points(2, &[1.0, 2.0]);
    assert!(matches!(nearest_centres(&large, &small), Err(Error::TooLarge { row: 1, .. })));
    assert!(matches!(nearest_centres(&small, &large), Err(Error::TooLarge { row: 1, .. })));
    // Just below the limit all is as ever.
    let below = points(1, &[6e18, -6e18, 6e18, -6e18, 6e18]);
    assert_eq!(kmeans(&below, &params).unwrap().labels, [0, 1, 0, 1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_answer_is_a_fixed_point(
        values in prop::collection::vec(-3i8..4, 2..80), k in 1usize..9, seed: u64,
    ) {
        // Whole numbers on a small grid: many duplicates and ties.
        let values: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
        let points = points(2, &values[..values.len() / 2 * 2]);
        let k = k.min(points.n_rows());
        let mut distinct: Vec<Vec<i8>> = points.rows().map(|row| row.iter().map(|&v| v as i8).collect()).collect();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(settled(&points, k, seed).centres.n_rows(), k.min(distinct.len()));
    }

    #[test]
    fn many_starts_come_near_the_best_split(
        values in prop::collection::vec(-50i8..50, 8..9), k in 1usize..4, seed: u64,
    ) {
        let points = points(1, &values.iter().map(|&v| f32::from(v)).collect::<Vec<f32>>());
        let params = KMeansParams { k, n_init: 60, seed, tolerance: 0.0, ..KMeansParams::default() };
        let (got, best) = (kmeans(&points, &params).unwrap().inertia, least_inertia(&points, k));
        let rounding = 1e-3 * (1.0 + best);
        prop_assert!(got > best - rounding, "{} is less than the least, {}", got, best);
        prop_assert!(got < 1.5 * best + rounding, "{} where {} is possible", got, best);
    }
}

#[test]
fn six_points_by_hand() {
    let found = settled(&points(2, &[0.0, 0.0, 10.0, 10.0, 0.0, 2.0, 0.0, 1.0, 10.0, 12.0, 50.0, 0.0]), 3, 1);
    assert_eq!(found.labels, [0, 1, 0, 0, 1, 2]);
    assert_eq!(found.centres.values(), [0.0, 1.0, 10.0, 11.0, 50.0, 0.0]);
    assert_eq!(found.inertia, 4.0);
}

#[test]
fn far_apart_groups_are_found() {
    let (points, labels) = blobs(5000, 12, 20, 3);
    let found = settled(&points, 12, 0);
    assert_eq!(adjusted_rand_index(&found.labels, &labels).unwrap(), 1.0);
    assert_eq!(nearest_centres(&points, &found.centres).unwrap(), found.labels);
}

#[test]
fn one_cluster_is_the_mean() {
    let found = settled(&points(1, &[1.0, 2.0, 6.0]), 1, 0);
    assert_eq!((found.labels, found.centres.values(), found.inertia), (vec![0, 0, 0], &[3.0f32][..], 14.0));
}

#[test]
fn as_many_clusters_as_rows_leaves_nothing_over() {
    let found = settled(&points(1, &[5.0, 1.0, 9.0, 3.0]), 4, 0);
    assert_eq!((found.labels, found.inertia), (vec![0, 1, 2, 3], 0.0));
}

#[test]
fn equal_rows_are_one_cluster_whatever_k() {
    let found = settled(&points(2, &[0.3; 20]), 5, 0);
    assert_eq!((found.labels, found.centres.n_rows(), found.inertia), (vec![0; 10], 1, 0.0));
}

#[test]
fn zero_rows_are_rows_like_others() {
    let found = settled(&points(2, &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]), 3, 0);
    assert_eq!(found.labels, [0, 1, 0, 2]);
}

#[test]
fn tolerance_and_max_iter_end_a_start_early() {
    let (points, _) = blobs(3000, 3, 5, 1);
    let one = kmeans(&points, &KMeansParams { k: 40, max_iter: 1, ..KMeansParams::default() }).unwrap();
    let all = kmeans(&points, &KMeansParams { k: 40, tolerance: 0.0, ..KMeansParams::default() }).unwrap();
    let loose = kmeans(&points, &KMeansParams { k: 40, tolerance: 0.1, ..KMeansParams::default() }).unwrap();
    assert_eq!(one.n_iterations, 1);
    assert!(loose.n_iterations < all.n_iterations && all.inertia < one.inertia);
    assert_eq!(nearest_centres(&points, &one.centres).unwrap(), one.labels);
}

#[test]
fn wrong_input_is_an_error() {
    let two = points(1, &[1.0, 2.0]);
    let run = |points: &Matrix, change: fn(&mut KMeansParams)| {
        let mut params = KMeansParams { k: 1, ..KMeansParams::default() };
        change(&mut params);
        kmeans(points, &params)
    };
    let error = run(&two, |params| params.k = 3).unwrap_err();
    assert_eq!(error, Error::MoreClustersThanRows { k: 3, n_rows: 2 });
    assert_eq!(error.to_string(), "k = 3 clusters of n = 2 rows: ask for at most one cluster a row");
    assert!(run(&two, |params| params.k = 0).is_err());
    assert!(run(&two, |params| params.n_init = 0).is_err());
    assert!(run(&two, |params| params.max_iter = 0).is_err());
    assert!(run(&two, |params| params.tolerance = f64::NAN).is_err());
    assert!(run(&Matrix::zeros(2, 0), |_| ()).is_err());
    assert!(run(&Matrix::zeros(0, 1), |_| ()).is_err());
    assert!(matches!(
        run(&points(1, &[1.0, f32::NAN]), |_| ()),
        Err(Error::NotFinite { row: 1, column: 0, .. })
    ));
    assert!(nearest_centres(&two, &Matrix::zeros(0, 1)).is_err());
    assert!(nearest_centres(&two, &Matrix::zeros(1, 2)).is_err());
}
