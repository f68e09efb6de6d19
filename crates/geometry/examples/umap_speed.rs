//! How long a map takes, stage by stage.
//!
//! ```text
//! cargo run --release -p populi-geometry --example umap_speed -- IN.npy OUT.npy [METRIC] [N_COMPONENTS] [N_EPOCHS]
//! ```
//!
//! `IN.npy` holds f32 or f16 rows; the map is written to `OUT.npy` as f32. Prints one line of JSON: wall and CPU seconds of every stage, and of all.
//! `RAYON_NUM_THREADS` decides the threads.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::sync::Mutex;
use std::time::Instant;

use populi_geometry::{Matrix, Metric, Progress, UmapParams, umap};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, rest @ ..] = arguments.as_slice() else {
        return Err("umap_speed IN.npy OUT.npy [METRIC] [N_COMPONENTS] [N_EPOCHS]".into());
    };
    let name = rest.first().map_or("cosine", String::as_str);
    let metric = Metric::ALL.into_iter().find(|metric| metric.name() == name).ok_or("no such metric")?;
    let number = |at: usize| rest.get(at).map(|text| text.parse::<usize>()).transpose();
    let (n_components, n_epochs) = (number(1)?.unwrap_or(2), number(2)?);
    let points = read(input)?;

    let clock = Clock::default();
    let params = UmapParams { metric, n_components, n_epochs, ..UmapParams::default() };
    let found = umap((&points).into(), &params, &clock)?;
    clock.stage("end", 0);
    write(output, &found.map)?;
    println!(
        "{{\"n\": {}, \"threads\": {}, {}}}",
        points.n_rows(),
        rayon::current_num_threads(),
        clock.json()
    );
    Ok(())
}

/// When each stage began: wall and CPU seconds.
#[derive(Default)]
struct Clock(Mutex<Vec<(&'static str, Instant, f64)>>);

impl Progress for Clock {
    fn stage(&self, name: &'static str, _: u64) {
        self.0.lock().expect("one thread at a time").push((name, Instant::now(), cpu_seconds()));
    }
    fn advance(&self, _: u64) {}
}

impl Clock {
    fn json(&self) -> String {
        let stages = self.0.lock().expect("one thread at a time");
        let line = |name: &str, from: &(&str, Instant, f64), to: &(&str, Instant, f64)| {
            format!("\"{name}\": [{:.3}, {:.2}]", (to.1 - from.1).as_secs_f64(), to.2 - from.2)
        };
        let mut lines: Vec<String> =
            stages.windows(2).map(|pair| line(pair[0].0, &pair[0], &pair[1])).collect();
        lines.push(line("all", &stages[0], &stages[stages.len() - 1]));
        lines.join(", ")
    }
}

/// User and system time of all threads of this process, from Linux's `/proc`; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let ticks = |text: String| {
        let fields: Vec<f64> =
            text.rsplit(')').next()?.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
        Some((fields.get(11)? + fields.get(12)?) / 100.0)
    };
    std::fs::read_to_string("/proc/self/stat").ok().and_then(ticks).unwrap_or(0.0)
}

/// A matrix of f32 or f16 in NumPy's format.
fn read(path: &str) -> Outcome<Matrix> {
    let bytes = std::fs::read(path)?;
    let length = if bytes[6] == 1 {
        usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10
    } else {
        u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize + 12
    };
    let header = std::str::from_utf8(&bytes[10..length])?;
    let shape =
        header.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')')).ok_or("no shape")?.0;
    let sizes: Result<Vec<usize>, _> =
        shape.split(',').filter(|s| !s.trim().is_empty()).map(|s| s.trim().parse()).collect();
    let [n_rows, n_cols] = sizes?[..] else { return Err("not a matrix".into()) };
    let values = if header.contains("'<f4'") {
        bytes[length..].as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    } else if header.contains("'<f2'") {
        bytes[length..].as_chunks::<2>().0.iter().map(|&b| half(u16::from_le_bytes(b))).collect()
    } else {
        return Err("neither f32 nor f16".into());
    };
    Ok(Matrix::from_vec(n_rows, n_cols, values)?)
}

fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let scaled = f32::from_bits(u32::from(bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(scaled.to_bits() | sign)
}

fn write(path: &str, matrix: &Matrix) -> Outcome<()> {
    let shape = format!("({}, {})", matrix.n_rows(), matrix.n_cols());
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(matrix.values().iter().flat_map(|value| value.to_le_bytes()));
    Ok(std::fs::write(path, bytes)?)
}
