//! Where zero is decides nothing.

use populi_geometry::{
    ChoiceParams, ConstrainedParams, HdbscanParams, KMeansParams, Matrix, Silent, adjusted_rand_index,
    choose_k, constrained_kmeans, hdbscan, kmeans,
};

use crate::blobs;

fn moved(points: &Matrix, by: f32) -> Matrix {
    let values = points.values().iter().map(|value| value + by).collect();
    Matrix::from_vec(points.n_rows(), points.n_cols(), values).unwrap()
}

#[test]
fn k_means_of_rows_far_from_zero_are_those_of_rows_near_it() {
    let (points, labels) = blobs(500, 5, 8, 3);
    let params = KMeansParams { k: 5, ..KMeansParams::default() };
    let near = kmeans(&points, &params).unwrap();
    for by in [3e3, -2e4, 1e5] {
        let points = moved(&points, by);
        let far = kmeans(&points, &params).unwrap();
        assert_eq!(adjusted_rand_index(&far.labels, &labels).unwrap(), 1.0, "{by}");
        assert!((far.inertia / near.inertia - 1.0).abs() < 0.05, "{by}: {} {}", far.inertia, near.inertia);
        assert!(
            far.centres.values().iter().all(|value| (value - by).abs() < 20.0),
            "centres are where rows are"
        );
        let bounded = ConstrainedParams { kmeans: params.clone(), min_size: 20, max_size: None };
        let bounded = constrained_kmeans((&points).into(), &bounded, &Silent).unwrap().kmeans;
        assert_eq!(adjusted_rand_index(&bounded.labels, &labels).unwrap(), 1.0, "{by}");
        let choice = choose_k(&points, &ChoiceParams::default()).unwrap().unwrap();
        assert_eq!(choice.k, 5, "{by}");
        assert!(choice.centres.values().iter().all(|value| (value - by).abs() < 20.0));
    }
}

#[test]
fn parts_of_a_graph_far_from_zero_are_joined_as_near_it() {
    let (points, labels) = blobs(2400, 6, 40, 4);
    let params = HdbscanParams { min_cluster_size: 30, ..HdbscanParams::default() };
    for by in [0.0, 1e4] {
        let found = hdbscan((&moved(&points, by)).into(), &params, &Silent).unwrap();
        assert_eq!(found.n_clusters, 6, "{by}");
        let (clustered, known): (Vec<u32>, Vec<u32>) = (found.labels.iter().zip(&labels))
            .filter_map(|(&label, &known)| Some((u32::try_from(label).ok()?, known)))
            .unzip();
        assert!(clustered.len() > 2000, "{by}: {}", clustered.len());
        assert_eq!(adjusted_rand_index(&clustered, &known).unwrap(), 1.0, "{by}");
    }
}
