//! UMAP against umap-learn's numbers, a naive fuzzy set, and maps whose neighbourhoods are known.

use std::collections::BTreeMap;

use populi_geometry::{
    Init, KnnParams, Level, Matrix, MatrixView, Metric, NeighbourGraph, Silent, Umap, UmapParams, fuzzy_set,
    knn, umap, umap_of_graph,
};
use proptest::prelude::*;

use crate::blobs;

/// What umap-learn says: `golden.py` wrote it.
struct Golden {
    /// `min_dist`, `spread`, `a` and `b`.
    curves: Vec<[f64; 4]>,
    graph: NeighbourGraph,
    sigmas: Vec<f64>,
    rhos: Vec<f64>,
    memberships: BTreeMap<(usize, usize), f64>,
}

fn golden() -> Golden {
    let (mut curves, mut memberships) = (Vec::new(), BTreeMap::new());
    let (mut n, mut k, mut ids, mut distances) = (0, 0, Vec::new(), Vec::new());
    let (mut sigmas, mut rhos) = (Vec::new(), Vec::new());
    for line in include_str!("golden.txt").lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        let values: Vec<f64> = rest.split(' ').map(|value| value.parse().unwrap()).collect();
        match kind {
            "curve" => curves.push(values.try_into().unwrap()),
            "graph" => (n, k) = (values[0] as usize, values[1] as usize),
            "row" => {
                sigmas.push(values[0]);
                rhos.push(values[1]);
            }
            "ids" => ids.extend(values.iter().map(|&id| id as u32)),
            "distances" => distances.extend(values.iter().map(|&distance| distance as f32)),
            "entry" => _ = memberships.insert((values[0] as usize, values[1] as usize), values[2]),
            kind => panic!("no such line: {kind}"),
        }
    }
    let graph = NeighbourGraph::new(n, k, ids, distances).unwrap();
    Golden { curves, graph, sigmas, rhos, memberships }
}

fn assert_near(got: impl Into<f64>, expected: f64, what: &str) {
    let got = got.into();
    assert!((got - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{what} is {got}, not {expected}");
}

#[test]
fn sigma_rho_and_memberships_are_those_of_umap_learn() {
    let golden = golden();
    let found = fuzzy_set(&golden.graph, golden.graph.k() + 1).unwrap();
    for row in 0..golden.graph.n_rows() {
        assert_near(found.sigmas[row], golden.sigmas[row], "sigma");
        assert_near(found.rhos[row], golden.rhos[row], "rho");
    }
    let mut n_entries = 0;
    for row in 0..golden.graph.n_rows() {
        let (columns, values) = found.memberships.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let expected = golden.memberships.get(&(row, column as usize)).copied();
            assert_near(value, expected.unwrap_or_else(|| panic!("{row} and {column}")), "membership");
            n_entries += 1;
        }
    }
    assert_eq!(n_entries, golden.memberships.len());
}

#[test]
fn a_and_b_are_those_of_umap_learn() {
    let points = Matrix::from_vec(3, 1, vec![0.0, 1.0, 2.0]).unwrap();
    for [min_dist, spread, a, b] in golden().curves {
        let params = UmapParams {
            min_dist: min_dist as f32,
            spread: spread as f32,
            n_epochs: Some(1),
            ..UmapParams::default()
        };
        let found = umap((&points).into(), &params, &Silent).unwrap();
        assert_near(found.a, a, "a");
        assert_near(found.b, b, "b");
    }
}

/// The fuzzy set by its definition, over all pairs.
fn naive_memberships(graph: &NeighbourGraph, sigmas: &[f32], rhos: &[f32]) -> Vec<Vec<f64>> {
    let n = graph.n_rows();
    let mut directed = vec![vec![0.0; n]; n];
    for row in 0..n {
        let (ids, distances) = graph.of(row);
        for (&id, &distance) in ids.iter().zip(distances) {
            let beyond = f64::from(distance) - f64::from(rhos[row]);
            directed[row][id as usize] = (-beyond.max(0.0) / f64::from(sigmas[row])).exp();
        }
    }
    let both = |i: usize, j: usize| directed[i][j] + directed[j][i] - directed[i][j] * directed[j][i];
    (0..n).map(|i| (0..n).map(|j| both(i, j)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_fuzzy_set_is_the_naive_one_and_sums_to_its_target(
        values in prop::collection::vec(0u8..40, 4..64),
        n_neighbors in 2usize..12,
    ) {
        // Small integers, so that there are equal rows and equal distances.
        let points: Vec<f32> = values.iter().map(|&value| f32::from(value)).collect();
        let points = MatrixView::new(points.len(), 1, &points).unwrap();
        let graph = knn(points, &KnnParams { k: n_neighbors - 1, ..KnnParams::default() }, &Silent).unwrap().graph;
        let found = fuzzy_set(&graph, n_neighbors).unwrap();
        let expected = naive_memberships(&graph, &found.sigmas, &found.rhos);
        for (row, expected) in expected.iter().enumerate() {
            let mut got = vec![0.0; expected.len()];
            let (columns, values) = found.memberships.row(row);
            columns.iter().zip(values).for_each(|(&column, &value)| got[column as usize] += f64::from(value));
            for (got, expected) in got.iter().zip(expected) {
                prop_assert!((got - expected).abs() < 1e-5, "{} is not {}", got, expected);
            }
            // Sigma is where the row's own memberships sum to log2 of its neighbours, where it can.
            let (_, distances) = graph.of(row);
            let one = distances.iter().filter(|&&d| d <= found.rhos[row]).count();
            let target = ((graph.k() + 1) as f64).log2();
            let sum: f64 = distances.iter().map(|&d| {
                (-f64::from((d - found.rhos[row]).max(0.0)) / f64::from(found.sigmas[row])).exp()
            }).sum();
            if (one as f64) < target - 0.1 && distances.len() > one {
                prop_assert!((sum - target).abs() < 1e-3, "{} is not {}", sum, target);
            }
        }
    }
}

/// The share of the 10 nearest on the map that carry the same label.
fn agreement(map: &Matrix, labels: &[u32]) -> f64 {
    let found = knn(map.into(), &KnnParams { k: 10, ..KnnParams::default() }, &Silent).unwrap().graph;
    let ids = found.ids().chunks_exact(10).zip(labels);
    let same: usize =
        ids.map(|(ids, label)| ids.iter().filter(|&&id| labels[id as usize] == *label).count()).sum();
    same as f64 / found.ids().len() as f64
}

/// Trustworthiness of `k` neighbours (Venna and Kaski), over all rows.
fn trustworthiness(points: &Matrix, map: &Matrix, k: usize) -> f64 {
    let n = points.n_rows();
    let all =
        |rows: &Matrix, k| knn(rows.into(), &KnnParams { k, ..KnnParams::default() }, &Silent).unwrap().graph;
    let (high, low) = (all(points, n - 1), all(map, k));
    let mut penalty = 0;
    for row in 0..n {
        let mut rank = vec![0; n];
        high.of(row).0.iter().enumerate().for_each(|(i, &id)| rank[id as usize] = i + 1);
        penalty += low.of(row).0.iter().map(|&id| rank[id as usize].saturating_sub(k)).sum::<usize>();
    }
    1.0 - penalty as f64 * 2.0 / (n * k * (2 * n - 3 * k - 1)) as f64
}

#[test]
fn near_rows_stay_near_in_two_and_five_dimensions() {
    let (points, labels) = blobs(600, 6, 20, 3);
    for n_components in [2, 5] {
        let found =
            umap((&points).into(), &UmapParams { n_components, ..UmapParams::default() }, &Silent).unwrap();
        assert_eq!(found.map.n_cols(), n_components);
        found.map.check_finite().unwrap();
        let (same, trust) = (agreement(&found.map, &labels), trustworthiness(&points, &found.map, 15));
        assert!(same > 0.99, "{n_components} dimensions: {same} of the neighbours are of the same blob");
        assert!(trust > 0.95, "{n_components} dimensions: trustworthiness {trust}");
    }
    // What no map at all would give: the bars above can be missed.
    let (random, _) = blobs(600, 1, 2, 4);
    assert!(agreement(&random, &labels) < 0.3 && trustworthiness(&points, &random, 15) < 0.6);
}

#[test]
fn new_rows_come_to_their_own_blob_and_known_ones_to_their_place() {
    let (points, labels) = blobs(500, 4, 12, 8);
    let rows = |rows: std::ops::Range<usize>| points.gather(&rows.collect::<Vec<_>>()).unwrap();
    let (fitted, new) = (rows(0..400), rows(400..500));
    let found = umap((&fitted).into(), &UmapParams::default(), &Silent).unwrap();
    let placed = found.transform((&fitted).into(), (&new).into(), &Silent).unwrap();
    let mut both = found.map.values().to_vec();
    both.extend_from_slice(placed.values());
    let both = Matrix::from_vec(500, 2, both).unwrap();
    let graph = knn((&both).into(), &KnnParams { k: 5, ..KnnParams::default() }, &Silent).unwrap().graph;
    for row in 400..500 {
        let same = graph.of(row).0.iter().filter(|&&id| labels[id as usize] == labels[row]).count();
        assert!(same >= 4, "row {row} came among others");
    }
    assert!(found.transform((&new).into(), (&new).into(), &Silent).is_err(), "not the rows of the fit");
    let narrow = Matrix::zeros(1, 3);
    assert!(found.transform((&fitted).into(), (&narrow).into(), &Silent).is_err());
}

fn bits(matrix: &Matrix) -> Vec<u32> {
    matrix.values().iter().map(|value| value.to_bits()).collect()
}

fn map_of(points: &Matrix, params: &UmapParams) -> Umap {
    umap(points.into(), params, &Silent).unwrap()
}

#[test]
fn the_same_bytes_from_any_number_of_threads() {
    // More than two tasks a batch of the descent, and several blocks of every other step. The wide rows are so many, and have
    // so many columns, that their principal components are found by iteration.
    for (n, n_cols, n_components) in [(20_000, 3, 2), (16_400, 176, 3)] {
        let (points, _) = blobs(n, 40, n_cols, 5);
        let few = points.gather(&(0..300).collect::<Vec<_>>()).unwrap();
        let params = UmapParams { n_components, n_epochs: Some(5), ..UmapParams::default() };
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let found = map_of(&points, &params);
                let placed = found.transform((&points).into(), (&few).into(), &Silent).unwrap();
                (bits(&found.map), bits(&placed))
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(7), "{n_components} dimensions: threads differ");
    }
}

#[test]
fn the_same_bytes_at_every_level_and_others_of_another_seed() {
    let (points, _) = blobs(200, 7, 6, 5);
    for n_components in [2, 3] {
        let params = UmapParams { n_components, n_epochs: Some(9), ..UmapParams::default() };
        let at = |level| bits(&map_of(&points, &UmapParams { level, ..params.clone() }).map);
        for level in Level::all() {
            assert!(at(level) == at(Level::SCALAR), "{n_components} dimensions: {level:?}");
        }
        let other = UmapParams { random_state: 1, ..params.clone() };
        assert!(bits(&map_of(&points, &other).map) != at(Level::best()), "the seed decides nothing");
    }
}

#[test]
fn few_rows_equal_rows_and_many_neighbours() {
    for n in 1..=4 {
        let points = Matrix::from_vec(n, 2, (0..2 * n).map(|i| (i * i) as f32).collect()).unwrap();
        let found = map_of(&points, &UmapParams::default());
        assert_eq!((found.map.n_rows(), found.n_neighbors), (n, n), "all rows are neighbours");
        found.map.check_finite().unwrap();
        let again = found.transform((&points).into(), (&points).into(), &Silent).unwrap();
        assert_eq!(again.n_rows(), n);
        again.check_finite().unwrap();
    }
    let same = Matrix::from_vec(50, 3, vec![2.5; 150]).unwrap();
    map_of(&same, &UmapParams::default()).map.check_finite().unwrap();
}

#[test]
fn parts_that_nothing_joins_lie_apart() {
    let (points, _) = blobs(300, 1, 4, 2);
    let mut values = points.values().to_vec();
    values[..400].iter_mut().for_each(|value| *value += 1e4);
    let points = Matrix::from_vec(300, 4, values).unwrap();
    let found = map_of(&points, &UmapParams::default());
    assert_eq!(found.n_parts, 2);
    let sides: Vec<u32> = (0..300).map(|row| u32::from(row < 100)).collect();
    assert!(agreement(&found.map, &sides) == 1.0);
}

#[test]
fn a_start_may_be_given_and_points_may_be_absent() {
    let (points, labels) = blobs(400, 3, 6, 9);
    let graph = knn((&points).into(), &KnnParams { k: 14, ..KnnParams::default() }, &Silent).unwrap().graph;
    for init in [Init::Spectral, Init::Pca, Init::Given(points.gather(&[0; 400]).unwrap())] {
        let given = matches!(init, Init::Given(_));
        let params = UmapParams { init, ..UmapParams::default() };
        let found = umap_of_graph(&graph, None, &params, &Silent);
        // The start that is given has six columns.
        assert_eq!(found.is_err(), given);
        if let Ok(found) = found {
            assert!(agreement(&found.map, &labels) > 0.95 && found.knn.is_none());
        }
    }
    let start = Matrix::from_vec(400, 2, (0..800).map(|i| i as f32).collect()).unwrap();
    let params = UmapParams { init: Init::Given(start), ..UmapParams::default() };
    let same = agreement(&umap_of_graph(&graph, None, &params, &Silent).unwrap().map, &labels);
    // Blobs that begin mixed along a line do not all come together again.
    assert!(same > 0.9, "{same} of the neighbours are of the same blob");
}

#[test]
fn wrong_parameters_and_input_are_errors() {
    let (points, _) = blobs(30, 2, 3, 1);
    let wrong = [
        UmapParams { n_neighbors: 1, ..UmapParams::default() },
        UmapParams { n_components: 0, ..UmapParams::default() },
        UmapParams { n_components: 65, ..UmapParams::default() },
        UmapParams { min_dist: 2.0, ..UmapParams::default() },
        UmapParams { spread: 0.0, ..UmapParams::default() },
        UmapParams { n_epochs: Some(0), ..UmapParams::default() },
        UmapParams { learning_rate: f32::NAN, ..UmapParams::default() },
    ];
    for params in wrong {
        assert!(umap((&points).into(), &params, &Silent).is_err(), "{params:?}");
    }
    let params = UmapParams { metric: Metric::Cosine, ..UmapParams::default() };
    assert!(umap((&Matrix::zeros(0, 3)).into(), &params, &Silent).is_err());
    let mut broken = points.clone();
    broken.row_mut(17)[2] = f32::INFINITY;
    let error = umap((&broken).into(), &params, &Silent).unwrap_err();
    assert!(error.to_string().starts_with("row 17, column 2"), "{error}");
}
