//! How fast k-means is, beside the matrix product that it cannot do without.
//!
//! ```text
//! cargo run --release -p populi-geometry --example kmeans_speed -- [N_ROWS] [N_DIMS] [K]
//! ```
//!
//! Prints, for random directions: seconds of one start with 1 and with 21 iterations, so also of one iteration and of the
//! seeding; and seconds of one product of the same size. `RAYON_NUM_THREADS` decides the threads.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::time::Instant;

use populi_geometry::{KMeansParams, Matrix, kmeans, multiply_transposed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn Error>> {
    let sizes: Result<Vec<usize>, _> = std::env::args().skip(1).map(|argument| argument.parse()).collect();
    let sizes = sizes?;
    let size = |at: usize, default: usize| sizes.get(at).copied().unwrap_or(default);
    let (n_rows, n_dims, k) = (size(0, 20_000), size(1, 256), size(2, 77));

    let mut random = ChaCha8Rng::seed_from_u64(0);
    let values = (0..n_rows * n_dims).map(|_| random.random_range(-1.0..1.0f32)).collect();
    let mut points = Matrix::from_vec(n_rows, n_dims, values)?;
    points.l2_normalise_rows();

    let seconds = |max_iter: usize| -> Result<(f64, usize), Box<dyn Error>> {
        let started = Instant::now();
        let params = KMeansParams { k, n_init: 1, max_iter, tolerance: 0.0, seed: 0 };
        let n_iterations = kmeans(&points, &params)?.n_iterations;
        Ok((started.elapsed().as_secs_f64(), n_iterations))
    };
    let (one, _) = seconds(1)?;
    let (many, n_iterations) = seconds(21)?;
    let iteration = (many - one) / (n_iterations - 1).max(1) as f64;
    let centres = points.gather(&(0..k).collect::<Vec<_>>())?;
    let started = Instant::now();
    multiply_transposed(&points, &centres)?;
    let product = started.elapsed().as_secs_f64();
    let gflops = 2e-9 * (n_rows * n_dims * k) as f64 / product;
    println!("{n_rows} x {n_dims}, k {k}: 1 iteration {one:.4} s, {n_iterations} iterations {many:.4} s");
    println!("one iteration {iteration:.4} s, seeding and ends {:.4} s", one - iteration);
    println!("one product {product:.4} s ({gflops:.0} GFLOP/s)");
    Ok(())
}
