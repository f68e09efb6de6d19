//! HDBSCAN against its definition, worked out naively, and against recorded results of the Python package.

mod naive;

use populi_geometry::{
    ClusterSelection, Error, Hdbscan, HdbscanMethod, HdbscanParams, Matrix, MatrixView, Metric, NOISE,
    Silent, hdbscan,
};
use populi_simd::Level;
use proptest::prelude::*;

fn fit(points: &Matrix, params: &HdbscanParams) -> Hdbscan {
    hdbscan(MatrixView::from(points), params, &Silent).unwrap()
}

fn line(x: &[f32]) -> Matrix {
    Matrix::from_vec(x.len(), 1, x.to_vec()).unwrap()
}

/// Labels, and strengths and edges as bits.
fn bits(found: &Hdbscan) -> (Vec<i32>, Vec<i32>, Vec<u64>) {
    let edges = found
        .spanning_tree
        .iter()
        .flat_map(|edge| [u64::from(edge.a), u64::from(edge.b), edge.distance.to_bits()]);
    let strengths = found.strengths.iter().map(|strength| strength.to_bits());
    (found.labels.clone(), found.labels_raw.clone(), strengths.chain(edges).collect())
}

#[test]
fn two_groups_and_a_row_far_from_both() {
    // Distances inside the groups are 1, the groups are 6 apart, the last row is 20 from the second.
    let points = line(&[0.0, 1.0, 2.0, 8.0, 9.0, 10.0, 30.0]);
    let found = fit(
        &points,
        &HdbscanParams { min_cluster_size: 3, min_samples: Some(1), ..HdbscanParams::default() },
    );
    assert_eq!(found.labels, [0, 0, 0, 1, 1, 1, NOISE]);
    let distances: Vec<f64> = found.spanning_tree.iter().map(|edge| edge.distance).collect();
    assert_eq!(distances, [1.0, 1.0, 1.0, 1.0, 6.0, 20.0]);
    assert_eq!(found.core_distances, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 20.0]);
    let clusters = found.tree.clusters();
    // The root is born at 0 and has six rows up to 1/6 and one to 1/20; the groups have three from 1/6 to 1.
    assert_eq!(clusters.len(), 3);
    assert!((clusters[0].stability - (6.0 / 6.0 + 1.0 / 20.0)).abs() < 1e-12);
    for group in &clusters[1..] {
        assert_eq!((group.parent, group.size, group.death), (Some(0), 3, 1.0));
        assert!((group.birth - 1.0 / 6.0).abs() < 1e-12);
        assert!((group.stability - 3.0 * 5.0 / 6.0).abs() < 1e-12);
    }
    assert_eq!(found.strengths, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(found.tree.edges().count(), 2 + 7);
}

#[test]
fn the_largest_cluster_is_the_first_and_coverage_keeps_what_was_noise() {
    let points = line(&[0.0, 1.0, 2.0, 8.0, 9.0, 10.0, 10.5, 30.0]);
    let params = HdbscanParams { min_cluster_size: 3, min_samples: Some(1), ..HdbscanParams::default() };
    let found = fit(&points, &HdbscanParams { max_noise: Some(0.0), ..params });
    assert_eq!(found.labels_raw, [1, 1, 1, 0, 0, 0, 0, NOISE]);
    assert_eq!(found.labels, [1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(found.assigned, [false, false, false, false, false, false, false, true]);
    assert!(found.strengths[7] > 0.0 && found.strengths[7] < 0.1, "{:?}", found.strengths);
    // One row of eight may stay noise, so nothing happens.
    let enough = fit(&points, &HdbscanParams { max_noise: Some(0.125), ..params });
    assert_eq!(enough.labels, found.labels_raw);
    assert!(enough.assigned.iter().all(|assigned| !assigned));
}

#[test]
fn one_row_two_rows_and_fewer_than_a_cluster_are_noise() {
    for n in 1..5 {
        for method in [HdbscanMethod::KdTree, HdbscanMethod::AllPairs] {
            let points = line(&(0..n).map(|i| i as f32).collect::<Vec<_>>());
            for allow_single_cluster in [false, true] {
                let found =
                    fit(&points, &HdbscanParams { method, allow_single_cluster, ..HdbscanParams::default() });
                assert_eq!(found.labels, vec![NOISE; n]);
                assert_eq!(found.spanning_tree.len(), n - 1);
                assert_eq!(found.min_samples, (n - 1).max(1));
            }
        }
    }
}

#[test]
fn equal_rows_are_one_place() {
    let points = line(&[7.0; 40]);
    for method in [HdbscanMethod::KdTree, HdbscanMethod::AllPairs] {
        let params = HdbscanParams { method, ..HdbscanParams::default() };
        let found = fit(&points, &params);
        assert_eq!(found.labels, [NOISE; 40]);
        let single = fit(&points, &HdbscanParams { allow_single_cluster: true, ..params });
        assert_eq!((single.labels, single.strengths), (vec![0; 40], vec![1.0; 40]));
    }
}

#[test]
fn places_with_many_equal_rows_are_clusters_with_finite_numbers() {
    let points = line(&[[1.0f32; 30], [2.0; 30], [9.0; 30]].concat());
    let found = fit(&points, &HdbscanParams::default());
    assert_eq!(found.n_clusters, 3);
    assert!(found.tree.clusters().iter().all(|cluster| cluster.stability.is_finite()));
    assert!(found.strengths.iter().all(|&strength| strength == 1.0));
}

#[test]
fn coordinates_near_the_limits_of_floats_change_nothing() {
    let (points, _) = crate::blobs(300, 4, 2, 5);
    let params = HdbscanParams::default();
    let expected = fit(&points, &params);
    for power in [-100, 100] {
        let values = points.values().iter().map(|value| value * 2f32.powi(power)).collect();
        let found = fit(&Matrix::from_vec(300, 2, values).unwrap(), &params);
        assert_eq!(found.labels, expected.labels);
        assert_eq!(found.spanning_tree[9].distance, expected.spanning_tree[9].distance * 2f64.powi(power));
    }
}

#[test]
fn what_cannot_be_clustered_is_refused_by_name() {
    let points = line(&[0.0, 1.0, f32::NAN]);
    let refused =
        |points: &Matrix, params: HdbscanParams| hdbscan(points.into(), &params, &Silent).unwrap_err();
    let not_finite = refused(&points, HdbscanParams::default());
    assert!(matches!(not_finite, Error::NotFinite { row: 2, column: 0, .. }), "{not_finite}");
    let empty = refused(&Matrix::zeros(0, 2), HdbscanParams::default());
    assert!(matches!(empty, Error::Empty { n_rows: 0, .. }), "{empty}");
    let points = line(&[0.0, 1.0]);
    let wrong = [
        ("min_cluster_size", HdbscanParams { min_cluster_size: 1, ..HdbscanParams::default() }),
        ("min_samples", HdbscanParams { min_samples: Some(0), ..HdbscanParams::default() }),
        ("metric", HdbscanParams { metric: Metric::InnerProduct, ..HdbscanParams::default() }),
        ("epsilon", HdbscanParams { epsilon: f64::NAN, ..HdbscanParams::default() }),
        ("max_noise", HdbscanParams { max_noise: Some(1.5), ..HdbscanParams::default() }),
        (
            "method",
            HdbscanParams {
                method: HdbscanMethod::KdTree,
                metric: Metric::Cosine,
                ..HdbscanParams::default()
            },
        ),
    ];
    for (name, params) in wrong {
        let error = refused(&points, params);
        assert!(matches!(&error, Error::Param { name: got, .. } if *got == name), "{error}");
    }
}

#[test]
fn every_level_of_instructions_gives_the_same_bytes() {
    for n_dims in [2, 3, 7] {
        let (points, _) = crate::blobs(1500, 6, n_dims, 3);
        let of = |level| bits(&fit(&points, &HdbscanParams { level, ..HdbscanParams::default() }));
        let expected = of(Level::SCALAR);
        Level::all().for_each(|level| assert!(of(level) == expected, "{n_dims} columns, {level:?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Small integers: nearly every distance is there more than once.
    #[test]
    fn ties_give_the_result_of_the_definition(
        n_dims in 1usize..6,
        values in prop::collection::vec(0u8..7, 5..=192),
        min_cluster_size in 2usize..7,
        min_samples in 1usize..6,
        leaf: bool,
        allow_single_cluster: bool,
        epsilon in prop::sample::select(vec![0.0, 0.0, 1.2]),
    ) {
        let n_rows = (values.len() / n_dims).min(64);
        let values: Vec<f32> = values[..n_rows * n_dims].iter().map(|&value| f32::from(value)).collect();
        let points = Matrix::from_vec(n_rows, n_dims, values).unwrap();
        let params = HdbscanParams {
            min_cluster_size,
            min_samples: Some(min_samples),
            selection: if leaf { ClusterSelection::Leaf } else { ClusterSelection::Eom },
            allow_single_cluster,
            epsilon,
            ..HdbscanParams::default()
        };
        let expected = naive::hdbscan(&points, &params);
        for method in [HdbscanMethod::KdTree, HdbscanMethod::AllPairs] {
            let found = fit(&points, &HdbscanParams { method, ..params });
            prop_assert_eq!(&found.spanning_tree, &expected.edges, "{:?}", method);
            prop_assert_eq!(&found.labels, &expected.labels, "{:?}", method);
            prop_assert_eq!(&found.strengths, &expected.strengths, "{:?}", method);
            let mut stabilities: Vec<f64> = found.tree.clusters().iter().map(|c| c.stability).collect();
            stabilities.sort_by(f64::total_cmp);
            prop_assert_eq!(&stabilities, &expected.stabilities, "{:?}", method);
        }
    }

    #[test]
    fn the_tree_over_many_leaves_is_that_of_all_pairs(n_rows in 300usize..700, n_dims in 1usize..4, seed: u64) {
        // On a coarse grid, so that boxes touch and ties reach from leaf to leaf.
        let (points, _) = crate::blobs(n_rows, 5, n_dims, seed);
        let values = points.values().iter().map(|value| (value * 2.0).round()).collect();
        let points = Matrix::from_vec(n_rows, n_dims, values).unwrap();
        let params = HdbscanParams { method: HdbscanMethod::KdTree, ..HdbscanParams::default() };
        let tree = fit(&points, &params);
        let pairs = fit(&points, &HdbscanParams { method: HdbscanMethod::AllPairs, ..params });
        prop_assert_eq!(bits(&tree), bits(&pairs));
    }
}
