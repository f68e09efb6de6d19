//! How fast k-means is, and how near rows come to their centres.
//!
//! ```text
//! cargo run --release -p populi-geometry --example kmeans_speed -- MATRIX.npy K [MAX_ITER] [N_INIT] [SEED]
//! ```
//!
//! Reads little-endian `f32` and prints one line of JSON: seconds of the clock and of the CPU, iterations of the start that stands,
//! inertia. `RAYON_NUM_THREADS` decides the threads. With `--constrained MIN MAX` at the end, sizes of clusters are kept within these.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::time::Instant;

use populi_geometry::{KMeansParams, MatrixView, kmeans};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("which matrix?")?;
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |number| number.parse());
    let params = KMeansParams {
        k: number(1, 8)?,
        max_iter: number(2, 300)?,
        n_init: number(3, 1)?,
        seed: number(4, 0)? as u64,
        ..KMeansParams::default()
    };
    let (n_rows, n_cols, values) = read_npy(path)?;
    let points = MatrixView::new(n_rows, n_cols, &values)?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let found = kmeans(points, &params)?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!(
        r#"{{"rows": {n_rows}, "columns": {n_cols}, "k": {}, "wall_s": {wall:.3}, "cpu_s": {cpu:.2}, "iterations": {}, "inertia": {:.3}}}"#,
        params.k, found.n_iterations, found.inertia
    );
    Ok(())
}

/// Seconds that all threads of this process have worked.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse().unwrap_or(0u64)).sum();
    Ok(ticks as f64 / 100.0)
}

/// Rows, columns and values of a matrix of `<f4` in C order.
fn read_npy(path: &str) -> Result<(usize, usize, Vec<f32>), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length])?;
    if !header.contains("<f4") || !header.contains("False") {
        return Err("not a matrix of <f4 in C order".into());
    }
    let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let sizes: Result<Vec<usize>, _> =
        shape.split(',').map(str::trim).filter(|size| !size.is_empty()).map(str::parse).collect();
    let values =
        bytes[10 + length..].as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    match sizes?[..] {
        [n_rows, n_cols] => Ok((n_rows, n_cols, values)),
        _ => Err("not a matrix".into()),
    }
}
