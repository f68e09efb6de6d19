//! Against what the Python package found, recorded by `golden/hdbscan/make.py`.

use populi_geometry::{ClusterSelection, HdbscanMethod, HdbscanParams, Level, Matrix, adjusted_rand_index};

use super::fit;

struct Golden {
    fitted: Matrix,
    sum_of_weights: f64,
    greatest_weight: f64,
    labels: Vec<i32>,
    strengths: Vec<f64>,
    leaves: Vec<i32>,
    leaves_with_epsilon: Vec<i32>,
    new: Matrix,
    predicted: Vec<i32>,
    predicted_strengths: Vec<f64>,
}

fn golden(file: &str, n_dims: usize) -> Golden {
    let mut lines =
        file.lines().map(|line| line.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f64>>());
    let head = lines.next().unwrap();
    let n_fitted = head[0] as usize;
    let lines: Vec<Vec<f64>> = lines.collect();
    let (fitted, new) = lines.split_at(n_fitted);
    let matrix = |lines: &[Vec<f64>]| {
        let values = lines.iter().flat_map(|line| line[..n_dims].iter().map(|&x| x as f32)).collect();
        Matrix::from_vec(lines.len(), n_dims, values).unwrap()
    };
    let column =
        |lines: &[Vec<f64>], at: usize| lines.iter().map(|line| line[n_dims + at]).collect::<Vec<f64>>();
    let labels =
        |lines: &[Vec<f64>], at: usize| column(lines, at).into_iter().map(|x| x as i32).collect::<Vec<i32>>();
    Golden {
        fitted: matrix(fitted),
        sum_of_weights: head[1],
        greatest_weight: head[2],
        labels: labels(fitted, 0),
        strengths: column(fitted, 1),
        leaves: labels(fitted, 2),
        leaves_with_epsilon: labels(fitted, 3),
        new: matrix(new),
        predicted: labels(new, 0),
        predicted_strengths: column(new, 1),
    }
}

fn files() -> [Golden; 2] {
    let (plane, space) =
        (include_str!("../golden/hdbscan/plane.csv"), include_str!("../golden/hdbscan/space.csv"));
    [golden(plane, 2), golden(space, 3)]
}

fn params() -> HdbscanParams {
    HdbscanParams { min_cluster_size: 12, min_samples: Some(5), ..HdbscanParams::default() }
}

fn agree(ours: &[i32], theirs: &[i32]) -> f64 {
    adjusted_rand_index(ours, theirs).unwrap()
}

#[test]
fn the_spanning_tree_weighs_the_same() {
    for golden in files() {
        for method in [HdbscanMethod::KdTree, HdbscanMethod::AllPairs] {
            let tree = fit(&golden.fitted, &HdbscanParams { method, ..params() }).spanning_tree;
            let sum: f64 = tree.iter().map(|edge| edge.distance).sum();
            assert!((sum / golden.sum_of_weights - 1.0).abs() < 1e-7, "{sum}");
            let greatest = tree[tree.len() - 1].distance;
            assert!((greatest / golden.greatest_weight - 1.0).abs() < 1e-6, "{greatest}");
        }
    }
}

#[test]
fn clusters_and_strengths_are_the_same() {
    for golden in files() {
        let found = fit(&golden.fitted, &params());
        assert!(agree(&found.labels, &golden.labels) >= 0.99);
        // A row that two equal edges reach may fall out at another level.
        let off =
            found.strengths.iter().zip(&golden.strengths).filter(|(a, b)| (*a - *b).abs() > 1e-5).count();
        assert!(off * 100 <= golden.strengths.len(), "{off} strengths differ");
        let leaf = HdbscanParams { selection: ClusterSelection::Leaf, ..params() };
        assert!(agree(&fit(&golden.fitted, &leaf).labels, &golden.leaves) >= 0.99);
        let merged = fit(&golden.fitted, &HdbscanParams { epsilon: 0.7, ..leaf });
        assert!(agree(&merged.labels, &golden.leaves_with_epsilon) >= 0.99);
    }
}

#[test]
fn graphs_of_enough_neighbours_find_the_same_clusters() {
    for golden in files() {
        let graph = HdbscanParams { method: HdbscanMethod::Graph, ..params() };
        assert!(agree(&fit(&golden.fitted, &graph).labels, &golden.labels) >= 0.99);
    }
}

#[test]
fn new_rows_fall_into_the_same_clusters() {
    for golden in files() {
        let found = fit(&golden.fitted, &params());
        let predicted = found.predict((&golden.fitted).into(), (&golden.new).into(), Level::best()).unwrap();
        assert!(agree(&predicted.labels, &golden.predicted) >= 0.99);
        let pairs = predicted.strengths.iter().zip(&golden.predicted_strengths);
        let off = pairs.filter(|(a, b)| (*a - *b).abs() > 1e-5).count();
        // As above: of rows that are equally near, either may be the neighbour.
        assert!(off * 20 <= golden.predicted.len(), "{off} strengths differ");
    }
}
