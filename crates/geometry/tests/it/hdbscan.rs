//! HDBSCAN against its definition, worked out naively, and against recorded results of the Python package.

mod golden;
mod naive;

use populi_geometry::{
    ClusterSelection, Error, Hdbscan, HdbscanMethod, HdbscanParams, Level, Matrix, MatrixView, Metric, NOISE,
    NeighbourGraph, Silent, adjusted_rand_index, hdbscan, hdbscan_of_graph,
};
use proptest::prelude::*;

use crate::threads::same_with_any_threads;

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
fn a_place_of_many_equal_rows_is_one_row_to_the_search() {
    // 50,000 rows at each of two places, and a few around them: a search that met each of them would not end.
    let around = (0..200).flat_map(|i| [(i % 20) as f32, (i / 20) as f32 + 0.5]);
    let values: Vec<f32> =
        [[3.0f32, -4.0], [-0.0, 0.0]].repeat(50_000).concat().into_iter().chain(around).collect();
    let points = Matrix::from_vec(100_200, 2, values).unwrap();
    let found = fit(&points, &HdbscanParams::default());
    let edges =
        |row: u32| found.spanning_tree.iter().filter(move |edge| edge.a == row && edge.distance == 0.0);
    assert!([0, 1].iter().all(|&row| edges(row).count() == 49_999));
    assert_eq!((found.spanning_tree.len(), found.spanning_tree[0].b), (100_199, 2));
    assert_eq!(found.spanning_tree.iter().filter(|edge| edge.distance == 0.0).count(), 2 * 49_999);
    // Rows around the second place are its cluster's too.
    assert!(found.labels[..100_000].iter().zip(0..).all(|(&label, row)| label == 1 - row % 2));
}

#[test]
fn equal_rows_have_no_distance_by_any_method() {
    // Twenty directions of five equal rows each, and three rows too short to have one.
    let (different, _) = crate::blobs(20, 3, 24, 11);
    let rows: Vec<usize> = (0..100).map(|row| row % 20).collect();
    let mut values = different.gather(&rows).unwrap().into_values();
    values.extend([1e-40; 3 * 24]);
    let points = Matrix::from_vec(103, 24, values).unwrap();
    for metric in [Metric::Cosine, Metric::Euclidean] {
        let params =
            HdbscanParams { metric, min_samples: Some(2), n_neighbours: 102, ..HdbscanParams::default() };
        let pairs = fit(&points, &HdbscanParams { method: HdbscanMethod::AllPairs, ..params });
        let graph = fit(&points, &HdbscanParams { method: HdbscanMethod::Graph, ..params });
        assert_eq!(pairs.core_distances[..100], [0.0; 100], "{metric:?}");
        assert_eq!(
            (&pairs.labels, &pairs.tree.clusters().len()),
            (&graph.labels, &graph.tree.clusters().len())
        );
        let distances =
            |found: &Hdbscan| found.spanning_tree.iter().map(|edge| edge.distance).collect::<Vec<_>>();
        let near = distances(&pairs).iter().zip(distances(&graph)).all(|(a, b)| (a - b).abs() <= 1e-6 * b);
        assert!(near, "{metric:?}");
        if metric == Metric::Cosine {
            assert_eq!(bits(&pairs), bits(&graph));
            assert_eq!(pairs.core_distances[100..], [1.0; 3]);
        }
        assert!(pairs.knn.is_none() && graph.knn.is_some_and(|knn| knn.recall == 1.0));
    }
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
fn squares_beyond_floats_are_refused_where_they_are_needed() {
    let points = line(&[0.0, 1e20, 1.0, 2e20, 3.0, 4.0]);
    let params = HdbscanParams { min_samples: Some(2), ..HdbscanParams::default() };
    assert_eq!(fit(&points, &params).spanning_tree.len(), 5);
    for method in [HdbscanMethod::AllPairs, HdbscanMethod::Graph] {
        let error = hdbscan((&points).into(), &HdbscanParams { method, ..params }, &Silent).unwrap_err();
        assert!(matches!(error, Error::TooLarge { row: 1, .. }), "{error}");
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

#[test]
fn every_method_gives_the_same_bytes_with_any_threads() {
    let (plane, _) = crate::blobs(20_000, 12, 2, 3);
    same_with_any_threads(|| bits(&fit(&plane, &HdbscanParams::default())));
    let (points, _) = crate::blobs(2500, 12, 24, 3);
    for (method, metric) in
        [(HdbscanMethod::Graph, Metric::Euclidean), (HdbscanMethod::Graph, Metric::Cosine)]
    {
        same_with_any_threads(|| {
            bits(&fit(&points, &HdbscanParams { method, metric, ..HdbscanParams::default() }))
        });
    }
    let few = points.gather(&(0..400).collect::<Vec<_>>()).unwrap();
    let params =
        HdbscanParams { method: HdbscanMethod::AllPairs, max_noise: Some(0.0), ..HdbscanParams::default() };
    same_with_any_threads(|| bits(&fit(&few, &params)));
}

/// Rows that are the corners of squares far from each other, so that no graph of three neighbours leaves a square.
fn squares(n: usize) -> Matrix {
    let corners = [[0.0f32, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let at =
        |square: usize| [0.0f32, 7.0, 40.0, 52.0, 200.0, 211.0][square % 6] + (square / 6) as f32 * 1000.0;
    let values = (0..n).flat_map(|square| corners.map(|[x, y]| [x + at(square), y])).flatten().collect();
    Matrix::from_vec(4 * n, 2, values).unwrap()
}

#[test]
fn a_graph_in_parts_is_connected_by_the_edges_of_the_exact_tree() {
    let points = squares(12);
    let params = HdbscanParams {
        min_cluster_size: 4,
        min_samples: Some(3),
        n_neighbours: 3,
        ..HdbscanParams::default()
    };
    let graph = fit(&points, &HdbscanParams { method: HdbscanMethod::Graph, ..params });
    let exact = fit(&points, &HdbscanParams { method: HdbscanMethod::KdTree, ..params });
    assert_eq!(graph.labels, exact.labels);
    assert_eq!(graph.n_clusters, 12);
    let weight = |found: &Hdbscan| found.spanning_tree.iter().map(|edge| edge.distance).sum::<f64>();
    assert!((weight(&graph) / weight(&exact) - 1.0).abs() < 1e-6);
}

#[test]
fn a_graph_that_does_not_fit_is_refused() {
    let points = squares(2);
    let graph = |n: usize, k: usize, distance: f32| {
        let ids = (0..n * k).map(|at| ((at / k + at % k + 1) % n) as u32).collect();
        NeighbourGraph::new(n, k, ids, vec![distance; n * k]).unwrap()
    };
    let params = HdbscanParams { min_samples: Some(3), ..HdbscanParams::default() };
    let of = |graph| hdbscan_of_graph((&points).into(), &graph, &params, &Silent);
    assert!(matches!(of(graph(7, 3, 1.0)), Err(Error::Shape { expected: 8, got: 7, .. })));
    assert!(matches!(of(graph(8, 2, 1.0)), Err(Error::Param { name: "neighbours of the graph", .. })));
    assert!(matches!(of(graph(8, 3, -1.0)), Err(Error::Param { name: "distance of the graph", .. })));
    assert_eq!(of(graph(8, 3, 1.0)).unwrap().method, HdbscanMethod::Graph);
}

#[test]
fn rows_without_direction_are_far_from_all_others() {
    // Two directions of six rows each, and two rows of zeros.
    let row = |i: usize| match i {
        0..6 => [1.0 + i as f32, 0.01 * i as f32],
        6..12 => [0.01 * i as f32, 1.0 + i as f32],
        _ => [0.0, 0.0],
    };
    let points = Matrix::from_vec(14, 2, (0..14).flat_map(row).collect()).unwrap();
    for method in [HdbscanMethod::AllPairs, HdbscanMethod::Graph] {
        let params = HdbscanParams {
            metric: Metric::Cosine,
            min_samples: Some(2),
            method,
            ..HdbscanParams::default()
        };
        let found = fit(&points, &params);
        assert_eq!(found.labels, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, NOISE, NOISE], "{method:?}");
        assert_eq!(found.core_distances[12], 1.0);
    }
}

#[test]
fn layers_are_nested_and_get_coarser() {
    let points = squares(12);
    let params = HdbscanParams { min_cluster_size: 4, min_samples: Some(3), ..HdbscanParams::default() };
    let layers = fit(&points, &params).layers(9);
    // Squares, pairs of squares that are near, halves of the line; what is left at most halves each time.
    assert_eq!(layers.iter().map(|layer| layer.sizes.len()).collect::<Vec<_>>(), [12, 6, 3, 2]);
    assert!(layers.iter().all(|layer| layer.n_noise == 0));
    let (noisy, _) = crate::blobs(3000, 40, 2, 5);
    let found = fit(&noisy, &HdbscanParams { min_cluster_size: 8, ..HdbscanParams::default() });
    let layers = found.layers(9);
    assert!(layers.len() > 2);
    for pair in layers.windows(2) {
        assert!(
            pair[1].sizes.len() <= (pair[0].sizes.len() / 2).max(2) && pair[1].n_noise <= pair[0].n_noise
        );
        assert!(pair[0].persistence <= pair[1].persistence);
        let mut parent = vec![None; pair[0].sizes.len()];
        for (&fine, &coarse) in pair[0].labels.iter().zip(&pair[1].labels).filter(|(fine, _)| **fine != NOISE)
        {
            assert_eq!(*parent[fine as usize].get_or_insert(coarse), coarse);
            assert_ne!(coarse, NOISE);
        }
    }
    assert_eq!(found.layers(2).len(), 2);
    assert!(fit(&line(&[0.0, 1.0]), &params).layers(3).is_empty());
}

#[test]
fn the_cut_with_the_least_noise_is_the_topmost_split() {
    let points = squares(12);
    let params = HdbscanParams {
        min_cluster_size: 4,
        min_samples: Some(3),
        selection: ClusterSelection::LeastNoise,
        ..HdbscanParams::default()
    };
    let found = fit(&points, &params);
    assert_eq!(found.labels, [vec![0; 24], vec![1; 24]].concat());
    let one_group = fit(&line(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), &params);
    assert_eq!(one_group.labels, [NOISE; 6]);
}

#[test]
fn a_fitted_row_is_predicted_where_it_is() {
    let (points, _) = crate::blobs(600, 5, 3, 8);
    let found = fit(&points, &HdbscanParams::default());
    let predicted = found.predict((&points).into(), (&points).into(), Level::best()).unwrap();
    let same = predicted.labels.iter().zip(&found.labels).filter(|(a, b)| a == b).count();
    assert!(same >= 590, "{same} of 600");
    let far = Matrix::from_vec(1, 3, vec![1e6, 0.0, 0.0]).unwrap();
    let predicted = found.predict((&points).into(), (&far).into(), Level::best()).unwrap();
    assert_eq!((predicted.labels, predicted.strengths), (vec![NOISE], vec![0.0]));
    assert!(found.predict((&far).into(), (&far).into(), Level::best()).is_err());
    assert!(found.predict((&points).into(), (&line(&[1.0])).into(), Level::best()).is_err());
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

    /// Row by row, the nearest row with a label is looked for along the edges that are left.
    #[test]
    fn noise_joins_the_nearest_cluster_until_the_target_is_met(
        values in prop::collection::vec(0u8..12, 20..=128),
        share in prop::sample::select(vec![0.0, 0.1, 0.3]),
    ) {
        let n_rows = values.len() / 2;
        let values: Vec<f32> = values[..n_rows * 2].iter().map(|&value| f32::from(value)).collect();
        let points = Matrix::from_vec(n_rows, 2, values).unwrap();
        let params = HdbscanParams { min_cluster_size: 4, min_samples: Some(2), ..HdbscanParams::default() };
        let raw = fit(&points, &params);
        let found = fit(&points, &HdbscanParams { max_noise: Some(share), ..params });
        prop_assert_eq!(adjusted_rand_index(&found.labels_raw, &raw.labels).unwrap(), 1.0);
        let expected = naive::join_noise(&raw.spanning_tree, &found.labels_raw, (share * n_rows as f64) as usize);
        prop_assert_eq!(&found.labels, &expected);
        for row in 0..n_rows {
            prop_assert_eq!(found.assigned[row], found.labels[row] != found.labels_raw[row]);
        }
        if raw.n_clusters > 0 {
            prop_assert!(found.n_noise() as f64 <= share * n_rows as f64);
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
