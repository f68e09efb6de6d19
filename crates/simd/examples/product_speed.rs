//! Speed of products of matrices, by size and level.
//!
//! ```text
//! cargo run --release -p populi-simd --example product_speed
//! ```
//!
//! Prints a line a level and size, separated by tabs: level, rows, inner length, columns, GFLOP a CPU-second (the median of 15 runs,
//! and the best). The sizes are those of all-MiniLM-L6-v2 on a chunk of 192 tokens, and the scores of a head.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;

use populi_simd::product::{Columns, Plain, Rows, multiply};
use populi_simd::{Kernel, Level, Simd};

const SIZES: [(usize, usize, usize); 5] =
    [(192, 384, 1152), (192, 384, 384), (192, 384, 1536), (192, 1536, 384), (40, 32, 48)];

/// Operations of one run.
const OPERATIONS: f64 = 2e9;

fn main() -> Result<(), Box<dyn Error>> {
    for level in Level::all().filter(|&level| level != Level::SCALAR) {
        for (n_rows, n_inner, n_cols) in SIZES {
            let left: Vec<f32> = (0..n_rows * n_inner).map(|i| (i % 7) as f32).collect();
            let right: Vec<f32> = (0..n_cols * n_inner).map(|i| (i % 5) as f32).collect();
            let mut columns = Columns::default();
            columns.fill_transposed(Rows::new(&right, n_inner, n_cols, n_inner));
            let mut room = (Vec::new(), vec![0.0; n_rows * n_cols]);
            let operations = 2.0 * (n_rows * n_inner * n_cols) as f64;
            let n_products = (OPERATIONS / operations).ceil() as usize;
            let mut speeds = Vec::new();
            for _ in 0..15 {
                let started = cpu_seconds()?;
                for _ in 0..n_products {
                    let left = Rows::new(&left, n_inner, n_rows, n_inner);
                    level.run(Multiply { left, right: &columns, n_cols, room: &mut room });
                }
                speeds.push(operations * n_products as f64 / (cpu_seconds()? - started) / 1e9);
            }
            speeds.sort_by(f64::total_cmp);
            let (median, best) = (speeds[7], speeds[14]);
            println!("{level:?}\t{n_rows}\t{n_inner}\t{n_cols}\t{median:.1}\t{best:.1}");
        }
    }
    Ok(())
}

struct Multiply<'a> {
    left: Rows<'a>,
    right: &'a Columns,
    n_cols: usize,
    room: &'a mut (Vec<f32>, Vec<f32>),
}

impl Kernel for Multiply<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (packed, out) = self.room;
        multiply(simd, self.left, self.right, Plain, packed, out, self.n_cols);
    }
}

/// Seconds that this thread has worked, by the nanosecond.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 =
        stat.split_whitespace().next().ok_or("a field of /proc/self/schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}
