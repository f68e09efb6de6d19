//! Fits a logistic regression to random rows, ours or smartcore's, and prints seconds and the loss: `fit ours|smartcore N_ROWS N_COLS`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints, and stops where something is wrong"
)]

use std::time::Instant;

use populi_detector::{Logistic, LogisticParams};
use populi_geometry::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

const L2: f64 = 0.1;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (n, d): (usize, usize) = (args[2].parse().unwrap(), args[3].parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut uniform = || random.random::<f64>() - 0.5;
    let truth: Vec<f64> = (0..d).map(|_| uniform()).collect();
    let rows: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| uniform() * 12f64.sqrt()).collect()).collect();
    let z = |row: &[f64]| row.iter().zip(&truth).map(|(x, t)| x * t).sum::<f64>();
    let y: Vec<u32> = rows.iter().map(|row| u32::from(z(row) + 4.0 * uniform() > 0.0)).collect();
    let since = Instant::now();
    let (coefficients, intercept) = if args[1] == "ours" {
        let x = Matrix::from_vec(n, d, rows.iter().flatten().map(|&value| value as f32).collect()).unwrap();
        let y: Vec<f64> = y.iter().map(|&y| f64::from(y)).collect();
        let params = LogisticParams { l2: L2, ..LogisticParams::default() };
        let fitted = Logistic::fit((&x).into(), &y, &vec![1.0; n], &params, None).unwrap();
        println!("{} steps", fitted.n_steps);
        (fitted.coefficients, fitted.intercept)
    } else {
        let x = DenseMatrix::from_2d_vec(&rows).unwrap();
        let params = LogisticRegressionParameters::default().with_alpha(L2 * n as f64);
        let fitted = LogisticRegression::fit(&x, &y, params).unwrap();
        ((0..d).map(|j| *fitted.coefficients().get((0, j))).collect(), *fitted.intercept().get((0, 0)))
    };
    let seconds = since.elapsed().as_secs_f64();
    let loss = |(row, &y): (&Vec<f64>, &u32)| {
        let z = row.iter().zip(&coefficients).map(|(x, c)| x * c).sum::<f64>() + intercept;
        z.max(0.0) + (-z.abs()).exp().ln_1p() - f64::from(y) * z
    };
    let squares: f64 = coefficients.iter().map(|c| c * c).sum();
    let total = rows.iter().zip(&y).map(loss).sum::<f64>() / n as f64 + 0.5 * L2 * squares;
    println!("{}: {seconds:.2} s, loss {total:.9}", args[1]);
}
