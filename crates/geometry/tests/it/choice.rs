use populi_geometry::{ChoiceParams, Matrix, choose_k};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// About normal: mean 0, variance 1.
fn normal(random: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0
}

/// A mixture of `k` round Gaussians of standard deviation 1 whose centres lie on a sphere of radius `radius`; the largest
/// has about four times the rows of the smallest.
fn mixture(n: usize, k: usize, n_dims: usize, radius: f32, seed: u64) -> Matrix {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut centres =
        Matrix::from_vec(k, n_dims, (0..k * n_dims).map(|_| normal(&mut random)).collect()).unwrap();
    centres.l2_normalise_rows();
    let weights: Vec<f64> = (0..k).map(|c| 1.0 / (c as f64 + k as f64 / 3.0)).collect();
    let total: f64 = weights.iter().sum();
    let mut values = Vec::with_capacity(n * n_dims);
    for _ in 0..n {
        let mut left = random.random::<f64>() * total;
        let of = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let centre = centres.row(of.unwrap_or(k - 1));
        values.extend(centre.iter().map(|c| radius * c + normal(&mut random)).collect::<Vec<_>>());
    }
    Matrix::from_vec(n, n_dims, values).unwrap()
}

#[test]
fn the_number_of_planted_clusters_is_found() {
    for k in [2, 3, 5, 8, 13, 20, 30] {
        let points = mixture(40 * k, k, 24, 9.0, k as u64);
        let found = choose_k(&points, &ChoiceParams::default()).unwrap().unwrap();
        assert!(found.k.abs_diff(k) <= k / 12, "{} of {k}", found.k);
        assert_eq!(found.scores.len(), 63.min(20 * k - 1));
        assert!(!found.is_at_the_end());
    }
}

#[test]
fn a_sample_of_many_rows_gives_the_same_answer() {
    let points = mixture(3_000, 9, 12, 9.0, 4);
    let params = ChoiceParams { max_rows: 600, ..ChoiceParams::default() };
    let found = choose_k(&points, &params).unwrap().unwrap();
    assert_eq!((found.k, found.n_rows), (9, 600));
}

#[test]
fn one_round_cloud_scores_low() {
    let found = choose_k(&mixture(800, 1, 24, 0.0, 5), &ChoiceParams::default()).unwrap().unwrap();
    let planted = choose_k(&mixture(800, 8, 24, 9.0, 5), &ChoiceParams::default()).unwrap().unwrap();
    let best = |choice: &populi_geometry::Choice| {
        choice.scores.iter().map(|score| score.silhouette).fold(f64::NEG_INFINITY, f64::max)
    };
    assert!(best(&found) < 0.25 && best(&planted) > 0.4, "{} and {}", best(&found), best(&planted));
}

#[test]
fn unequal_and_overlapping_clusters_are_counted() {
    // At a distance of about 1.4 times the radius; at 6 neighbours overlap. The largest has four times the rows of the smallest.
    for (radius, seeds) in [(9.0, 0..3), (7.0, 6..9), (6.0, 12..15)] {
        for seed in seeds {
            let points = mixture(1200, 8, 16, radius, seed);
            let found =
                choose_k(&points, &ChoiceParams { k_max: 24, ..ChoiceParams::default() }).unwrap().unwrap();
            let stability = |k: usize| found.scores[k - 2].stability;
            assert_eq!(found.k, 8, "radius {radius} seed {seed}");
            assert!(stability(8) > 0.97 && stability(20) < 0.9, "{} and {}", stability(8), stability(20));
            assert!(found.scores.windows(2).all(|pair| pair[1].inertia < pair[0].inertia));
        }
    }
}
