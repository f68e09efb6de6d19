//! How fast the scores of a clustering and of a map are.
//!
//! ```text
//! cargo run --release -p populi-geometry --example metrics_speed -- POINTS.npy LABELS.npy MAP.npy [N_SAMPLED]
//! ```
//!
//! Reads little-endian `.npy` files in C order, f4 and (labels) i4, and prints a line of JSON a score: its value, wall and CPU
//! seconds. With N_SAMPLED, silhouette and neighbourhood are of so many rows. `RAYON_NUM_THREADS` decides the threads.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::time::Instant;

use populi_geometry::{
    Contingency, MatrixView, NeighbourhoodParams, Partition, calinski_harabasz, davies_bouldin,
    neighbourhood, silhouette_sampled,
};

type Anything<T> = Result<T, Box<dyn Error>>;

fn main() -> Anything<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [points, labels, map, n_sampled @ ..] = &arguments[..] else {
        return Err("give POINTS.npy LABELS.npy MAP.npy".into());
    };
    let (n_rows, points) = read_npy(points, f32::from_le_bytes)?;
    let (_, labels) = read_npy(labels, i32::from_le_bytes)?;
    let (_, map) = read_npy(map, f32::from_le_bytes)?;
    let n_sampled = n_sampled.first().map_or(Ok(usize::MAX), |n| n.parse())?;
    let points = MatrixView::new(n_rows, points.len() / n_rows, &points)?;
    let map = MatrixView::new(n_rows, map.len() / n_rows, &map)?;

    let partition = Partition::with_noise_as_cluster(&labels);
    let mirrored: Vec<i32> = labels.iter().rev().copied().collect();
    timed("silhouette", || Ok(silhouette_sampled(points, &partition, n_sampled, 0)?.mean))?;
    timed("davies-bouldin", || Ok(davies_bouldin(points, &partition)?))?;
    timed("calinski-harabasz", || Ok(calinski_harabasz(points, &partition)?))?;
    timed("adjusted mutual information", || {
        Ok(Contingency::new(&labels, &mirrored)?.adjusted_mutual_information())
    })?;
    let params = NeighbourhoodParams { k: 15, max_rows: n_sampled, ..NeighbourhoodParams::default() };
    timed("trustworthiness", || Ok(neighbourhood(points, map, &params)?.trustworthiness))
}

fn timed(score: &str, of: impl Fn() -> Anything<f64>) -> Anything<()> {
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let value = of()?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!("{{\"score\":\"{score}\",\"value\":{value},\"wall_s\":{wall:.3},\"cpu_s\":{cpu:.2}}}");
    Ok(())
}

/// Rows, and all values of four bytes.
fn read_npy<T>(path: &str, number: fn([u8; 4]) -> T) -> Anything<(usize, Vec<T>)> {
    let bytes = std::fs::read(path)?;
    let data = 10 + u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = String::from_utf8_lossy(&bytes[10..data]).into_owned();
    let shape = header.split('(').nth(1).and_then(|rest| rest.split([',', ')']).next()).ok_or("no shape")?;
    let values = bytes[data..].as_chunks::<4>().0.iter().map(|&four| number(four)).collect();
    Ok((shape.trim().parse()?, values))
}

/// Seconds of all threads, of user and system, as Linux counts them in hundredths.
fn cpu_seconds() -> Anything<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}
