use populi_geometry::{Dbscan, DbscanParams, Error, Matrix, MatrixView, NOISE, Silent, dbscan};
use proptest::prelude::*;

use crate::blobs;

fn fit(points: &Matrix, eps: impl Into<Option<f64>>, min_samples: usize) -> Dbscan {
    let params = DbscanParams { eps: eps.into(), min_samples, ..DbscanParams::default() };
    dbscan(MatrixView::from(points), &params, &Silent).unwrap()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum()
}

/// Oracle: every row with every other, clusters grown one after the other.
fn naive(points: &Matrix, eps: f64, min_samples: usize) -> (Vec<i32>, Vec<bool>) {
    let n = points.n_rows();
    let distance = |a: usize, b: usize| squared_distance(points.row(a), points.row(b));
    let near = |a: usize| (0..n).filter(move |&b| distance(a, b) <= eps * eps);
    let is_core: Vec<bool> = (0..n).map(|row| near(row).count() >= min_samples).collect();
    let mut labels = vec![NOISE; n];
    let mut next = 0;
    for row in 0..n {
        if !is_core[row] || labels[row] != NOISE {
            continue;
        }
        let mut grown = vec![row];
        while let Some(row) = grown.pop() {
            labels[row] = next;
            grown.extend(near(row).filter(|&other| is_core[other] && labels[other] == NOISE));
        }
        next += 1;
    }
    for row in (0..n).filter(|&row| !is_core[row]) {
        let cores = near(row).filter(|&other| is_core[other]);
        let nearest = cores.min_by(|&a, &b| distance(row, a).total_cmp(&distance(row, b)).then(a.cmp(&b)));
        labels[row] = nearest.map_or(NOISE, |core| labels[core]);
    }
    (labels, is_core)
}

#[test]
fn many_equal_rows_in_many_columns_are_joined_once() {
    // 60,000 rows at one place of five columns, and a chain of ten that reaches it.
    let chain = (0..10).flat_map(|i| [0.0, 0.0, 0.0, 0.0, 0.9 * (10 - i) as f32]);
    let values: Vec<f32> = std::iter::repeat_n(0.0, 300_000).chain(chain).collect();
    let points = Matrix::from_vec(60_010, 5, values).unwrap();
    let found = fit(&points, 1.0, 2);
    assert_eq!((found.n_clusters, found.labels), (1, vec![0; 60_010]));
    let apart = fit(&points, 0.5, 2);
    assert_eq!((apart.n_clusters, &apart.labels[60_000..]), (1, &[NOISE; 10][..]));
}

#[test]
fn squares_beyond_floats_are_refused_where_eps_is_read_off_distances() {
    let points = Matrix::from_vec(4, 1, vec![0.0, 1.0, 1e20, 1.0]).unwrap();
    let error =
        dbscan((&points).into(), &DbscanParams { min_samples: 2, ..DbscanParams::default() }, &Silent);
    assert!(matches!(error, Err(Error::TooLarge { row: 2, .. })), "{error:?}");
    assert_eq!(fit(&points, 2e20, 2).labels, [0; 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn equals_the_naive_one(
        n_cols in 1usize..6, values in prop::collection::vec(-12i8..12, 5..320), quarters in 1u8..20, min_samples in 1usize..8,
    ) {
        // A small grid: distances of exactly eps, equal rows and ties.
        let values: Vec<f32> = values.iter().map(|&v| f32::from(v) * 0.5).collect();
        let n = values.len() / n_cols;
        let points = Matrix::from_vec(n, n_cols, values[..n * n_cols].to_vec()).unwrap();
        let eps = f64::from(quarters) * 0.25;
        let found = fit(&points, eps, min_samples);
        let (labels, is_core) = naive(&points, eps, min_samples);
        prop_assert_eq!(&found.labels, &labels);
        prop_assert_eq!(&found.is_core, &is_core);
        prop_assert_eq!(found.n_clusters, labels.iter().max().map_or(0, |&most| (most + 1) as usize));
        // A row that was fitted has the label that it got, core or not.
        let view = MatrixView::from(&points);
        prop_assert_eq!(found.predict(view, view).unwrap(), labels);
    }
}

/// Points as `tests/golden/dbscan.py` draws them.
fn drawn(n_rows: usize, n_cols: usize) -> Matrix {
    let mut x = n_cols as u64;
    let mut value = |i: usize| {
        let (row, column) = (i / n_cols, i % n_cols);
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (x >> 40) as f32 / (1u64 << 24) as f32;
        (row * (column + 1) % 7) as f32 + share * (row % 11) as f32 / 4.0
    };
    Matrix::from_vec(n_rows, n_cols, (0..n_rows * n_cols).map(&mut value).collect()).unwrap()
}

#[test]
fn core_points_are_those_of_scikit_learn() {
    let mut n_borders = 0;
    for case in include_str!("../golden/dbscan.txt").lines() {
        let parts: Vec<&str> = case.split(' ').collect();
        let points = drawn(400, parts[0].parse().unwrap());
        let (eps, min_samples): (f64, usize) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
        let labels: Vec<i32> = parts[3].split(',').map(|label| label.parse().unwrap_or(NOISE)).collect();
        let found = fit(&points, eps, min_samples);
        assert!(found.n_clusters > 1, "{} columns", parts[0]);
        for (row, is_core) in parts[4].bytes().map(|byte| byte == b'1').enumerate() {
            assert_eq!(found.is_core[row], is_core, "row {row} of {} columns", parts[0]);
            // A row at two borders may go to either.
            if is_core || labels[row] == NOISE || found.labels[row] == NOISE {
                assert_eq!(found.labels[row], labels[row], "row {row} of {} columns", parts[0]);
            } else {
                n_borders += 1;
            }
        }
    }
    assert!(n_borders > 50);
}

#[test]
fn a_border_row_goes_to_the_nearest_core_point_and_of_equals_to_the_first() {
    let line = |values: &[f32]| Matrix::from_vec(values.len(), 1, values.to_vec()).unwrap();
    // One row at 4 and one at 0, each with three more behind it; the last is within 2.05 of these two only.
    for (between, cluster) in [(1.96, 1), (2.04, 0), (2.0, 0)] {
        let found = fit(&line(&[4.0, 5.0, 5.0, 5.0, 0.0, -1.0, -1.0, -1.0, between]), 2.05, 4);
        assert_eq!(found.labels, [0, 0, 0, 0, 1, 1, 1, 1, cluster], "{between}");
    }
}

#[test]
fn the_knee_parts_dense_places_from_noise() {
    let (dense, labels) = blobs(900, 6, 2, 3);
    let (thin, _) = blobs(100, 100, 2, 4);
    let values = [dense.values(), &thin.values().iter().map(|v| v * 10.0).collect::<Vec<_>>()].concat();
    let found = fit(&Matrix::from_vec(1000, 2, values).unwrap(), None, 5);
    let curve = found.k_distances.as_ref().unwrap();
    assert_eq!((curve.knee, curve.k, curve.distances.len()), (found.eps, 5, 1000));
    assert!(curve.distances.is_sorted());
    assert!(found.labels[900..].iter().filter(|&&label| label == NOISE).count() > 80);
    // No cluster of two places, and hardly a dense row is lost.
    let dense = &found.labels[..900];
    assert!(dense.iter().filter(|&&label| label != NOISE).count() > 880);
    for cluster in 0..found.n_clusters as i32 {
        let places: std::collections::BTreeSet<u32> = dense
            .iter()
            .zip(&labels)
            .filter(|&(&label, _)| label == cluster)
            .map(|(_, &place)| place)
            .collect();
        assert!(places.len() <= 1, "cluster {cluster} is of places {places:?}");
    }
}

#[test]
fn one_row_two_rows_and_equal_rows() {
    let row = Matrix::zeros(1, 2);
    assert_eq!(fit(&row, 1.0, 1).labels, [0]);
    assert_eq!(fit(&row, 1.0, 2).labels, [NOISE]);
    assert_eq!(fit(&row, None, 5).labels, [NOISE]);
    let two = Matrix::from_vec(2, 1, vec![0.0, 3.0]).unwrap();
    assert_eq!(fit(&two, 3.0, 2).labels, [0, 0]);
    assert_eq!(fit(&two, 2.9, 1).labels, [0, 1]);
    assert_eq!(fit(&two, None, 2).labels, [0, 0]);
    for n_cols in [1, 2, 3, 4, 70] {
        let equal = Matrix::from_vec(20, n_cols, vec![-0.3; 20 * n_cols]).unwrap();
        let found = fit(&equal, None, 5);
        assert_eq!((found.labels, found.n_clusters), (vec![0; 20], 1));
        assert!(found.eps > 0.0);
        assert_eq!(fit(&equal, 1e-30, 21).labels, [NOISE; 20]);
    }
}

#[test]
fn far_rows_and_any_eps_are_taken_or_refused() {
    let far = Matrix::from_vec(4, 2, vec![-3e38, 0.0, 3e38, 0.0, 3e38, 1.0, -3e38, 1.0]).unwrap();
    assert_eq!(fit(&far, 1e30, 2).labels, [0, 1, 1, 0]);
    assert_eq!(fit(&far, 1e300, 2).labels, [0; 4]);
    let refused = |eps| {
        let params = DbscanParams { eps: Some(eps), ..DbscanParams::default() };
        dbscan(MatrixView::from(&far), &params, &Silent).unwrap_err()
    };
    for eps in [1.0, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(eps), Error::Param { name: "eps", .. }), "{eps}");
    }
}

#[test]
fn wrong_input_is_an_error() {
    let run = |points: &Matrix, params| dbscan(MatrixView::from(points), &params, &Silent).unwrap_err();
    let error = run(&Matrix::zeros(0, 2), DbscanParams::default());
    assert_eq!(error, Error::Empty { n_rows: 0, n_cols: 2 });
    let not_finite = Matrix::from_vec(2, 1, vec![0.0, f32::INFINITY]).unwrap();
    assert!(matches!(run(&not_finite, DbscanParams::default()), Error::NotFinite { row: 1, .. }));
    let rows = Matrix::zeros(9, 1);
    for (eps, min_samples) in [(None, 1), (None, 0), (Some(1.0), 0)] {
        let params = DbscanParams { eps, min_samples, ..DbscanParams::default() };
        assert!(matches!(run(&rows, params), Error::Param { name: "min_samples", .. }));
    }
    let found = fit(&rows, 1.0, 5);
    let view = MatrixView::from(&rows);
    assert!(found.predict(MatrixView::new(0, 1, &[]).unwrap(), view).is_err());
    assert!(found.predict(view, MatrixView::new(1, 2, &[0.0; 2]).unwrap()).is_err());
}
