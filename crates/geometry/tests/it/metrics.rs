//! Scores against scikit-learn's, recorded by `golden/metrics/make.py`, and against naive oracles.

use populi_geometry::{
    Contingency, Error, MatrixView, Metric, NeighbourhoodParams, Partition, Real, calinski_harabasz,
    davies_bouldin, neighbourhood, sample_rows, silhouette_sampled, silhouette_score, silhouette_values,
};
use proptest::prelude::*;

use crate::blobs;
use crate::threads::same_with_any_threads;

const SCORES: &str = include_str!("golden/metrics/scores.csv");
const FILES: [(&str, &str); 2] = [
    ("blobs", include_str!("golden/metrics/blobs.csv")),
    ("lattice", include_str!("golden/metrics/lattice.csv")),
];

/// Points, their places on a map, and what is known of them.
struct Golden {
    points: Vec<f64>,
    map: Vec<f64>,
    labels: Vec<i32>,
    classes: Vec<u32>,
    silhouettes: Vec<f64>,
    without_noise: Vec<Option<f64>>,
}

fn golden(name: &str) -> Golden {
    let (_, file) = FILES.iter().find(|file| file.0 == name).unwrap();
    let mut lines = file.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let column = |name: &str| header.iter().position(|&column| column == name).unwrap();
    let of = |names: &str| -> Vec<f64> {
        let columns: Vec<usize> = (0..header.len()).filter(|&i| header[i].starts_with(names)).collect();
        rows.iter().flat_map(|row| columns.iter().map(|&i| row[i].parse().unwrap())).collect()
    };
    Golden {
        points: of("x"),
        map: of("m"),
        labels: rows.iter().map(|row| row[column("label")].parse().unwrap()).collect(),
        classes: rows.iter().map(|row| row[column("class")].parse().unwrap()).collect(),
        silhouettes: rows.iter().map(|row| row[column("silhouette")].parse().unwrap()).collect(),
        without_noise: rows.iter().map(|row| row[column("silhouette_without_noise")].parse().ok()).collect(),
    }
}

/// The score that a line of `scores.csv` names.
fn score_of<T: Real>(golden: &Golden, points: &[T], map: &[T], score: &str) -> f64 {
    let n = golden.labels.len();
    let points = MatrixView::new(n, points.len() / n, points).unwrap();
    let map = MatrixView::new(n, 2, map).unwrap();
    let (table, partition) = match score.ends_with(" without noise") {
        true => (Contingency::without_noise(&golden.classes, &golden.labels), Partition::new(&golden.labels)),
        false => (
            Contingency::new(&golden.classes, &golden.labels),
            Partition::with_noise_as_cluster(&golden.labels),
        ),
    };
    let table = table.unwrap();
    let kept = |words: &[&str]| {
        let metric = if words.len() > 1 { Metric::Cosine } else { Metric::Euclidean };
        let params =
            NeighbourhoodParams { k: words[0].parse().unwrap(), metric, ..NeighbourhoodParams::default() };
        neighbourhood(points, map, &params).unwrap()
    };
    let words: Vec<&str> = score.trim_end_matches(" without noise").split(' ').collect();
    match words[..] {
        ["adjusted", "rand"] => table.adjusted_rand_index(),
        ["adjusted", ..] => table.adjusted_mutual_information(),
        ["normalised", ..] => table.normalised_mutual_information(),
        ["homogeneity"] => table.homogeneity(),
        ["completeness"] => table.completeness(),
        ["v-measure"] => table.v_measure(),
        ["silhouette"] => silhouette_score(points, &partition).unwrap(),
        ["davies-bouldin"] => davies_bouldin(points, &partition).unwrap(),
        ["calinski-harabasz"] => calinski_harabasz(points, &partition).unwrap(),
        ["trustworthiness", ..] => kept(&words[1..]).trustworthiness,
        ["preservation", ..] => kept(&words[1..]).preservation,
        _ => panic!("no score {score}"),
    }
}

#[test]
fn every_recorded_score_of_scikit_learn() {
    let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|&value| value as f32).collect() };
    let mut n_scores = 0;
    for line in SCORES.lines().skip(1) {
        let [file, numbers, score, value] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (golden, expected) = (golden(file), value.parse::<f64>().unwrap());
        let (got, tolerance) = match numbers {
            "f32" => (score_of(&golden, &narrow(&golden.points), &narrow(&golden.map), score), 1e-5),
            _ => (score_of(&golden, &golden.points, &golden.map, score), 1e-9),
        };
        assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{line}: got {got}");
        n_scores += 1;
    }
    assert_eq!(n_scores, 62);
}

#[test]
fn every_recorded_silhouette_of_scikit_learn() {
    for (name, _) in FILES {
        let golden = golden(name);
        let n = golden.labels.len();
        let points = MatrixView::new(n, golden.points.len() / n, &golden.points).unwrap();
        let clusters = Partition::with_noise_as_cluster(&golden.labels);
        for (got, expected) in silhouette_values(points, &clusters).unwrap().iter().zip(&golden.silhouettes) {
            assert!((got.unwrap() - expected).abs() <= 1e-9, "{got:?} is not {expected}");
        }
        let clusters = Partition::new(&golden.labels);
        for (got, expected) in silhouette_values(points, &clusters).unwrap().iter().zip(&golden.without_noise)
        {
            assert_eq!(got.is_some(), expected.is_some());
            assert!((got.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() <= 1e-9, "{got:?}, {expected:?}");
        }
    }
}

#[test]
fn partitions_of_one_class_or_of_nothing() {
    let of = |a: &[u32], b: &[i32]| Contingency::new(a, b).unwrap();
    for same in [of(&[], &[]), of(&[5, 5], &[-1, -1]), of(&[1, 2], &[2, 1])] {
        assert_eq!((same.v_measure(), same.normalised_mutual_information()), (1.0, 1.0));
        assert_eq!((same.adjusted_rand_index(), same.adjusted_mutual_information()), (1.0, 1.0));
    }
    let split = of(&[0, 0, 0, 0], &[0, 1, 2, 3]);
    assert_eq!((split.homogeneity(), split.completeness(), split.v_measure()), (1.0, 0.0, 0.0));
    assert_eq!((split.normalised_mutual_information(), split.adjusted_mutual_information()), (0.0, 0.0));
    let nothing_left = Contingency::without_noise(&[1u32, 2], &[-1, -1]).unwrap();
    assert_eq!((nothing_left.n_items(), nothing_left.n_left_out()), (0, 2));
    assert_eq!(nothing_left.adjusted_rand_index(), 1.0);
}

#[test]
fn silhouettes_that_are_not_defined() {
    let points = MatrixView::new(3, 1, &[0.0f64, 1.0, 2.0]).unwrap();
    for labels in [[0, 0, 0], [0, 1, 2], [-1, -1, -1], [0, -1, 1]] {
        let got = silhouette_score(points, &Partition::new(&labels));
        assert!(matches!(got, Err(Error::NoScore { metric: "silhouette", .. })), "{labels:?}: {got:?}");
    }
    let partition = Partition::new(&[0, 0, 1]);
    assert!(matches!(silhouette_sampled(points, &partition, 0, 1), Err(Error::Param { .. })));
    assert!(matches!(silhouette_score(points, &Partition::new(&[0, 1])), Err(Error::Shape { .. })));
    let empty: MatrixView<'_, f64> = MatrixView::new(0, 4, &[]).unwrap();
    assert!(matches!(silhouette_score(empty, &Partition::new(&[0i32; 0])), Err(Error::Empty { .. })));
    let values = [0.0, 1.0, f32::NAN];
    let unknown = MatrixView::new(3, 1, &values).unwrap();
    let got = silhouette_score(unknown, &partition);
    assert!(matches!(got, Err(Error::NotFinite { row: 2, column: 0, .. })), "{got:?}");
}

#[test]
fn neighbourhoods_that_are_not_defined() {
    let of = |n: usize, k: usize, max_rows: usize| {
        let values: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let line = MatrixView::new(n, 1, &values).unwrap();
        neighbourhood(line, line, &NeighbourhoodParams { k, max_rows, ..NeighbourhoodParams::default() })
    };
    assert!(matches!(of(0, 1, 9), Err(Error::Empty { .. })));
    // As scikit-learn: k has to be less than half of the rows, or the worst rank is not the worst.
    for (n, k) in [(1, 1), (2, 1), (10, 5), (11, 6), (11, 0)] {
        assert!(matches!(of(n, k, 9), Err(Error::Param { name: "k", .. })), "{k} of {n}");
    }
    assert!(matches!(of(9, 4, 0), Err(Error::Param { name: "max_rows", .. })));
    assert_eq!(of(11, 5, 9).unwrap().n_rows, 9);
    assert_eq!(of(3, 1, 9).unwrap().trustworthiness, 1.0);
}

#[test]
fn rows_that_are_all_equal() {
    let points = MatrixView::new(6, 2, &[0.3f32; 12]).unwrap();
    let partition = Partition::new(&[0, 0, 0, 1, 1, 1]);
    assert_eq!(silhouette_score(points, &partition), Ok(0.0));
    assert_eq!(davies_bouldin(points, &partition), Ok(0.0));
    // The smaller number comes first in the space as on the map.
    for metric in Metric::ALL {
        let params = NeighbourhoodParams { k: 2, metric, ..NeighbourhoodParams::default() };
        let kept = neighbourhood(points, points, &params).unwrap();
        assert_eq!((kept.trustworthiness, kept.preservation), (1.0, 1.0), "{metric:?}");
    }
}

#[test]
fn a_small_difference_far_from_the_origin_counts() {
    let values: Vec<f64> = [0.0, 2.0, 9.0, 11.0].iter().map(|x| 1e8 + 1e-3 * x).collect();
    let points = MatrixView::new(4, 1, &values).unwrap();
    let score = silhouette_score(points, &Partition::new(&[0, 0, 1, 1])).unwrap();
    assert!((score - 0.775).abs() < 1e-4, "{score}");
}

#[test]
fn the_same_scores_with_any_threads() {
    let (points, labels) = blobs(1500, 6, 20, 3);
    let (map, _) = blobs(1500, 6, 2, 4);
    let (points, map) = (MatrixView::from(&points), MatrixView::from(&map));
    let partition = Partition::new(&labels);
    same_with_any_threads(|| {
        let params = NeighbourhoodParams { k: 15, max_rows: 700, ..NeighbourhoodParams::default() };
        let kept = neighbourhood(points, map, &params).unwrap();
        let silhouettes = silhouette_values(points, &partition).unwrap();
        let scores = [
            davies_bouldin(points, &partition).unwrap(),
            calinski_harabasz(points, &partition).unwrap(),
            kept.trustworthiness,
            kept.preservation,
        ];
        let silhouettes: Vec<_> = silhouettes.into_iter().map(|value| value.map(f64::to_bits)).collect();
        (silhouettes, scores.map(f64::to_bits))
    });
}

#[test]
fn a_sample_estimates_the_whole() {
    let (points, labels) = blobs(2000, 4, 3, 5);
    let points = MatrixView::from(&points);
    let partition = Partition::new(&labels);
    let (all, values) =
        (silhouette_score(points, &partition).unwrap(), silhouette_values(points, &partition).unwrap());
    let found = silhouette_sampled(points, &partition, 300, 9).unwrap();
    let by_hand: Vec<f64> = sample_rows(2000, 300, 9).into_iter().map(|row| values[row].unwrap()).collect();
    assert!((found.mean - by_hand.iter().sum::<f64>() / 300.0).abs() < 1e-12);
    assert!((found.mean - all).abs() < 5.0 * found.standard_error, "{found:?} of {all}");
    assert!((silhouette_sampled(points, &partition, 5000, 9).unwrap().mean - all).abs() < 1e-12);
}

/// Points of few values, so that many are equal or equally far, and a label for each.
fn small_world() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<i32>)> {
    (4usize..40).prop_flat_map(|n| {
        (
            prop::collection::vec((0i8..5).prop_map(f64::from), n * 3),
            prop::collection::vec((0i8..4).prop_map(f64::from), n * 2),
            prop::collection::vec(-1i32..4, n),
        )
    })
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The others of a row, the nearest first; of equally near ones the smaller number first.
fn others_by_distance(rows: MatrixView<'_, f64>, row: usize) -> Vec<usize> {
    let mut others: Vec<usize> = (0..rows.n_rows()).filter(|&other| other != row).collect();
    others.sort_by(|&a, &b| {
        squared(rows.row(row), rows.row(a)).total_cmp(&squared(rows.row(row), rows.row(b)))
    });
    others
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranks_equal_those_of_sorting((points, map, labels) in small_world(), k in 1usize..9) {
        let n = labels.len();
        prop_assume!(2 * k < n);
        let (points, map) = (MatrixView::new(n, 3, &points).unwrap(), MatrixView::new(n, 2, &map).unwrap());
        let (mut beyond, mut kept) = (0, 0);
        for row in 0..n {
            let in_space = others_by_distance(points, row);
            for near in others_by_distance(map, row).into_iter().take(k) {
                let rank = 1 + in_space.iter().position(|&other| other == near).unwrap();
                beyond += rank.saturating_sub(k);
                kept += usize::from(rank <= k);
            }
        }
        let worst = (n * k * (2 * n - 3 * k - 1)) as f64 / 2.0;
        let got = neighbourhood(points, map, &NeighbourhoodParams { k, ..NeighbourhoodParams::default() }).unwrap();
        prop_assert!((got.trustworthiness - (1.0 - beyond as f64 / worst)).abs() < 1e-12);
        prop_assert!((got.preservation - kept as f64 / (n * k) as f64).abs() < 1e-12);
    }

    #[test]
    fn silhouettes_equal_the_definition((points, _, labels) in small_world()) {
        let n = labels.len();
        let points = MatrixView::new(n, 3, &points).unwrap();
        let Ok(got) = silhouette_values(points, &Partition::new(&labels)) else {
            let mut clusters: Vec<i32> = labels.iter().copied().filter(|&label| label >= 0).collect();
            let n_clustered = clusters.len();
            clusters.sort_unstable();
            clusters.dedup();
            prop_assert!(clusters.len() < 2 || clusters.len() == n_clustered);
            return Ok(());
        };
        for row in 0..n {
            let mean_to = |label: i32| {
                let rows = (0..n).filter(|&other| other != row && labels[other] == label);
                let far: Vec<f64> = rows.map(|other| squared(points.row(row), points.row(other)).sqrt()).collect();
                (!far.is_empty()).then(|| far.iter().sum::<f64>() / far.len() as f64)
            };
            let expected = (labels[row] >= 0).then(|| {
                let others = (0..4).filter(|&label| label != labels[row]);
                let b = others.filter_map(mean_to).fold(f64::INFINITY, f64::min);
                mean_to(labels[row]).map_or(0.0, |a| if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 })
            });
            prop_assert_eq!(got[row].is_some(), expected.is_some());
            prop_assert!((got[row].unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn neither_order_nor_names_move_a_score((points, _, labels) in small_world(), salt: u64) {
        let n = labels.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&row| (row as u64 + 1).wrapping_mul(salt | 1).rotate_left(17));
        let moved: Vec<f64> = order.iter().flat_map(|&row| points[row * 3..][..3].to_vec()).collect();
        let renamed: Vec<i32> = order.iter().map(|&row| if labels[row] < 0 { -1 } else { 9 - 2 * labels[row] }).collect();
        let scores = |points: &[f64], labels: &[i32]| {
            let (points, partition) = (MatrixView::new(n, 3, points).unwrap(), Partition::new(labels));
            let silhouette = silhouette_score(points, &partition).ok()?;
            Some([silhouette, davies_bouldin(points, &partition).unwrap(), calinski_harabasz(points, &partition).unwrap()])
        };
        match (scores(&points, &labels), scores(&moved, &renamed)) {
            (Some(one), Some(other)) => for (one, other) in one.into_iter().zip(other) {
                prop_assert!((one - other).abs() <= 1e-9 * one.abs().max(1.0), "{} is not {}", one, other);
            },
            (one, other) => prop_assert_eq!(one.is_some(), other.is_some()),
        }
        let table = Contingency::without_noise(&labels, &order.iter().map(|&row| labels[row]).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(table.n_items() + table.n_left_out(), n as u64);
    }
}
