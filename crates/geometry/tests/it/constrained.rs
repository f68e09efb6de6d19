use populi_geometry::{
    ConstrainedKMeans, ConstrainedParams, Error, KMeansParams, Matrix, MatrixView, Silent,
    constrained_kmeans, kmeans,
};
use proptest::prelude::*;

use crate::blobs;

fn fit(points: &Matrix, k: usize, min_size: usize, max_size: Option<usize>) -> ConstrainedKMeans {
    let kmeans = KMeansParams { k, n_init: 2, ..KMeansParams::default() };
    let params = ConstrainedParams { kmeans, min_size, max_size };
    constrained_kmeans(MatrixView::from(points), &params, &Silent).unwrap()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum()
}

/// What must hold of any answer: sizes in their range and falling, centres that are means, inertia that is the sum.
fn check(points: &Matrix, found: &ConstrainedKMeans, k: usize, min_size: usize, max_size: usize) {
    let kmeans = &found.kmeans;
    let mut sizes = vec![0usize; k];
    kmeans.labels.iter().for_each(|&label| sizes[label as usize] += 1);
    assert_eq!((found.sizes.clone(), kmeans.centres.n_rows()), (sizes.clone(), k));
    assert!(sizes.iter().all(|size| (min_size..=max_size).contains(size)), "{sizes:?}");
    assert!(sizes.is_sorted_by(|a, b| a >= b));
    let own = |(row, &label): (&[f32], &u32)| squared_distance(row, kmeans.centres.row(label as usize));
    let inertia: f64 = points.rows().zip(&kmeans.labels).map(own).sum();
    assert!((kmeans.inertia - inertia).abs() <= 1e-9 * (1.0 + inertia));
    let is_displaced = |(row, &label): (&[f32], &u32)| {
        let own = squared_distance(row, kmeans.centres.row(label as usize));
        kmeans.centres.rows().any(|centre| squared_distance(row, centre) < own - 1e-3 * (1.0 + own))
    };
    assert!(points.rows().zip(&kmeans.labels).filter(|&row| is_displaced(row)).count() <= found.n_displaced);
}

#[test]
fn squares_beyond_floats_are_refused_with_the_first_row() {
    for size in [1e19f32, 1e20] {
        let values: Vec<f32> =
            (0..40).map(|i| if i < 2 { 0.5 } else { size * (i % 7) as f32 + size }).collect();
        let params = ConstrainedParams { max_size: Some(12), ..ConstrainedParams::default() };
        let error =
            constrained_kmeans(MatrixView::new(20, 2, &values).unwrap(), &params, &Silent).unwrap_err();
        assert!(matches!(error, Error::TooLarge { row: 1, .. }), "{error}");
    }
}

#[test]
fn a_choice_of_k_is_among_those_that_the_sizes_allow() {
    let of = |min_size, max_size, n_rows| {
        let params = ConstrainedParams { min_size, max_size, ..ConstrainedParams::default() };
        (params.least_k(n_rows), params.choice(n_rows).map(|choice| (choice.k_min, choice.k_max)))
    };
    assert_eq!(of(1, None, 1000), (1, Some((2, 64))));
    assert_eq!(of(1, Some(30), 1000), (34, Some((34, 64))));
    assert_eq!(of(25, Some(100), 1000), (10, Some((10, 40))));
    assert_eq!(of(1, Some(10), 1000), (100, None));
    assert_eq!(of(600, None, 1000), (1, None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sizes_are_kept_whatever_the_rows(
        values in prop::collection::vec(-9i8..9, 8..80), k in 1usize..6, min_size in 1usize..9, room in 0usize..9,
    ) {
        let values: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
        let n = values.len() / 2;
        let points = Matrix::from_vec(n, 2, values[..2 * n].to_vec()).unwrap();
        let (k, min_size) = (k.min(n), min_size.min(n / k.min(n)));
        let max_size = n.div_ceil(k).max(min_size) + room;
        check(&points, &fit(&points, k, min_size, Some(max_size)), k, min_size, max_size);
    }
}

#[test]
fn without_bounds_that_bind_it_is_k_means() {
    let (points, _) = blobs(600, 5, 6, 2);
    let found = fit(&points, 5, 10, Some(500));
    check(&points, &found, 5, 10, 500);
    let plain = kmeans(&points, &KMeansParams { k: 5, ..KMeansParams::default() }).unwrap();
    assert_eq!((found.kmeans.labels, found.n_displaced), (plain.labels, 0));
}

#[test]
fn far_rows_share_a_cluster_where_each_must_be_large() {
    // 80 rows near zero, and 2, 4 and 6 far from them and from each other.
    let (near, _) = blobs(80, 1, 4, 5);
    let mut values = near.values().to_vec();
    let axes = [vec![0; 2], vec![1; 4], vec![2; 6]].concat();
    for (row, &axis) in axes.iter().enumerate() {
        values.extend((0..4).map(|j| if j == axis { 400.0 } else { row as f32 }));
    }
    let points = Matrix::from_vec(92, 4, values).unwrap();
    let plain = kmeans(&points, &KMeansParams { k: 3, ..KMeansParams::default() }).unwrap();
    assert!(plain.labels.iter().filter(|&&label| label == 2).count() < 6);
    let found = fit(&points, 3, 6, None);
    check(&points, &found, 3, 6, 92);
    // 2 and 4 make six without any of the 80, which is the least of all sums.
    assert_eq!(found.sizes, [80, 6, 6]);
    let label = |row: usize| found.kmeans.labels[row];
    assert!(label(80) == label(85) && label(86) == label(91) && label(80) != label(91));
}

#[test]
fn equal_rows_are_dealt_out() {
    let points = Matrix::from_vec(10, 1, vec![2.5; 10]).unwrap();
    let found = fit(&points, 3, 3, Some(4));
    check(&points, &found, 3, 3, 4);
    assert_eq!((found.sizes, found.kmeans.inertia), (vec![4, 3, 3], 0.0));
    let one = fit(&Matrix::zeros(1, 2), 1, 1, None);
    assert_eq!((one.kmeans.labels, one.sizes), (vec![0], vec![1]));
    assert_eq!(fit(&Matrix::from_vec(2, 1, vec![1.0, 7.0]).unwrap(), 2, 1, Some(1)).sizes, [1, 1]);
}

#[test]
fn sizes_that_cannot_be_are_an_error_with_the_numbers() {
    let points = Matrix::zeros(10, 1);
    let run = |k, min_size, max_size| {
        let kmeans = KMeansParams { k, ..KMeansParams::default() };
        let params = ConstrainedParams { kmeans, min_size, max_size };
        constrained_kmeans(MatrixView::from(&points), &params, &Silent).unwrap_err()
    };
    assert_eq!(run(3, 4, None), Error::Sizes { k: 3, min_size: 4, max_size: 10, n_rows: 10 });
    let error = run(3, 1, Some(3));
    assert_eq!(error, Error::Sizes { k: 3, min_size: 1, max_size: 3, n_rows: 10 });
    assert!(
        ["3 clusters", "1 to 3 rows", "n = 10"].iter().all(|part| error.to_string().contains(part)),
        "{error}"
    );
    assert!(matches!(run(3, 0, None), Error::Param { name: "min_size", .. }));
    assert!(matches!(run(3, 3, Some(2)), Error::Param { name: "max_size", .. }));
    assert!(matches!(run(11, 1, None), Error::MoreClustersThanRows { .. }));
    let params = ConstrainedParams::default();
    assert!(constrained_kmeans(MatrixView::new(0, 1, &[]).unwrap(), &params, &Silent).is_err());
}
