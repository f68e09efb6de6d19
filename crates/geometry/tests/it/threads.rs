use populi_geometry::{
    ChoiceParams, DbscanParams, DiscriminantParams, KMeansParams, Matrix, MatrixView, PcaParams, Scatter,
    Silent, SparseMatrix, SvdParams, choose_k, dbscan, discriminant, kmeans, multiply, pca, randomised_svd,
};

use crate::blobs;

/// Runs `work` with 1, 2 and 7 threads and wants equal answers, to the bit.
pub fn same_with_any_threads<T: PartialEq + Send>(work: impl Fn() -> T + Sync) {
    let run =
        |n_threads| rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(&work);
    let one = run(1);
    assert!(one == run(2), "two threads differ from one");
    assert!(one == run(7), "seven threads differ from one");
}

fn bits(matrix: &Matrix) -> Vec<u32> {
    matrix.values().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn kmeans_from_one_start_and_from_many() {
    let (points, _) = blobs(9000, 5, 30, 7);
    for (k, n_init) in [(40, 1), (7, 4)] {
        same_with_any_threads(|| {
            let params = KMeansParams { k, n_init, seed: 5, ..KMeansParams::default() };
            let found = kmeans(&points, &params).unwrap();
            (found.labels, bits(&found.centres), found.inertia.to_bits(), found.n_iterations)
        });
    }
}

#[test]
fn kmeans_seeded_from_a_sample() {
    let (points, _) = blobs(70_000, 5, 4, 7);
    same_with_any_threads(|| {
        let found = kmeans(&points, &KMeansParams { k: 9, n_init: 1, ..KMeansParams::default() }).unwrap();
        (found.labels, bits(&found.centres), found.inertia.to_bits())
    });
}

#[test]
fn products_and_pca() {
    let (points, _) = blobs(5000, 5, 300, 9);
    let (right, _) = blobs(300, 5, 17, 9);
    same_with_any_threads(|| bits(&multiply(&points, &right).unwrap()));
    same_with_any_threads(|| {
        let found = pca(&points, &PcaParams { n_components: 5 }).unwrap();
        bits(&found.project(&points).unwrap())
    });
}

#[test]
fn svd() {
    // 5000 rows with ten entries each, spread by multiplication.
    let columns: Vec<u32> = (0..50_000u32).map(|i| i.wrapping_mul(2_654_435_761) >> 22).collect();
    let values = columns.iter().map(|&column| 1.0 / (1.0 + column as f32)).collect();
    let sparse =
        SparseMatrix::new(5000, 1024, (0..=5000).map(|i| i * 10).collect(), columns, values).unwrap();
    same_with_any_threads(|| {
        let svd = randomised_svd(&sparse, &SvdParams { rank: 30, ..SvdParams::default() }).unwrap();
        (bits(&svd.right), svd.singular_values.iter().map(|s| s.to_bits()).collect::<Vec<_>>())
    });
}

#[test]
fn the_choice_of_k() {
    let (points, _) = blobs(3000, 5, 8, 11);
    same_with_any_threads(|| {
        let params = ChoiceParams { k_max: 12, max_rows: 2000, ..ChoiceParams::default() };
        let found = choose_k(&points, &params).unwrap().unwrap();
        let bits =
            |score: &populi_geometry::Score| (score.silhouette.to_bits(), score.standard_error.to_bits());
        (found.k, found.scores.iter().map(bits).collect::<Vec<_>>())
    });
}

#[test]
fn directions_that_tell_groups_apart() {
    // Groups of two rows each: the sum over the root of two, and the mean.
    let (points, _) = blobs(3000, 5, 40, 12);
    let pairs = |scale: f32| {
        let pairs = points.values().chunks_exact(80);
        let values =
            pairs.flat_map(|pair| (0..40).map(|j| scale * (pair[j] + pair[40 + j])).collect::<Vec<_>>());
        Matrix::from_vec(1500, 40, values.collect()).unwrap()
    };
    same_with_any_threads(|| {
        let (mut of_rows, mut of_groups) = (Scatter::new(40), Scatter::new(40));
        of_rows.add(&points).unwrap();
        of_groups.add(&pairs(0.5f32.sqrt())).unwrap();
        let within = of_rows.within(&of_groups).unwrap().unwrap();
        let params = DiscriminantParams::default();
        let found = discriminant(&within, &pairs(0.5), &[2; 1500], &params).unwrap();
        (bits(&found.directions), found.noise_bound.to_bits())
    });
}

#[test]
fn dense_places_in_few_columns_and_in_many() {
    for (n_dims, eps) in [(2, None), (3, Some(0.4)), (9, Some(2.0))] {
        let (points, _) = blobs(6000, 30, n_dims, 13);
        same_with_any_threads(|| {
            let params = DbscanParams { eps, min_samples: 8, ..DbscanParams::default() };
            let found = dbscan(MatrixView::from(&points), &params, &Silent).unwrap();
            (found.labels, found.is_core, found.eps.to_bits())
        });
    }
}
