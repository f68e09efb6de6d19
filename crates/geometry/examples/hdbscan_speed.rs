//! How fast HDBSCAN is, and what it finds.
//!
//! ```text
//! cargo run --release -p populi-geometry --example hdbscan_speed -- ROWS.npy [KEY=VALUE ...]
//! ```
//!
//! `ROWS.npy` is little-endian `f4`, `[n, d]`, in C order. Keys: `min_cluster_size` (50), `min_samples` (5), `method` (auto, tree, graph,
//! pairs), `metric` (euclidean, cosine), `selection` (eom, leaf), `max_noise`, `k` (neighbours of the graph), `repeat` (1), `out` (labels, as lines
//! of text), `raw` (those before coverage). Prints one line of JSON a run. `RAYON_NUM_THREADS` decides the threads.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Mutex;
use std::time::Instant;

use populi_geometry::{
    ClusterSelection, HdbscanMethod, HdbscanParams, MatrixView, Metric, Progress, hdbscan,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a .npy file")?;
    let options: BTreeMap<String, String> =
        arguments.filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))).collect();
    let number = |key: &str, default: usize| options.get(key).map_or(Ok(default), |value| value.parse());
    let (n_rows, n_cols, values) = read_npy(&path)?;
    let points = MatrixView::new(n_rows, n_cols, &values)?;
    let text = |key: &str| options.get(key).map_or("", String::as_str);
    let params = HdbscanParams {
        min_cluster_size: number("min_cluster_size", 50)?,
        min_samples: Some(number("min_samples", 5)?),
        n_neighbours: number("k", 15)?,
        max_noise: options.get("max_noise").map(|share| share.parse()).transpose()?,
        metric: if text("metric") == "cosine" { Metric::Cosine } else { Metric::Euclidean },
        selection: if text("selection") == "leaf" { ClusterSelection::Leaf } else { ClusterSelection::Eom },
        method: match text("method") {
            "tree" => HdbscanMethod::KdTree,
            "graph" => HdbscanMethod::Graph,
            "pairs" => HdbscanMethod::AllPairs,
            _ => HdbscanMethod::Auto,
        },
        ..HdbscanParams::default()
    };
    for _ in 0..number("repeat", 1)? {
        let stages = Stages::default();
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let found = hdbscan(points, &params, &stages)?;
        let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!(
            r#"{{"rows":{n_rows},"columns":{n_cols},"method":"{:?}","wall_s":{wall:.3},"cpu_s":{cpu:.2},"stages_s":{{{}}},"clusters":{},"noise_raw":{:.4},"noise":{:.4},"peak_mib":{}}}"#,
            found.method,
            stages.report(),
            found.n_clusters,
            found.labels_raw.iter().filter(|&&label| label < 0).count() as f64 / n_rows as f64,
            found.n_noise() as f64 / n_rows as f64,
            peak_mib(),
        );
        for (key, labels) in [("out", &found.labels), ("raw", &found.labels_raw)] {
            if let Some(path) = options.get(key) {
                let lines: String = labels.iter().map(|label| format!("{label}\n")).collect();
                std::fs::write(path, lines)?;
            }
        }
    }
    Ok(())
}

/// Notes when each stage began.
#[derive(Default)]
struct Stages(Mutex<Vec<(&'static str, Instant)>>);

impl Progress for Stages {
    fn stage(&self, name: &'static str, _: u64) {
        if let Ok(mut stages) = self.0.lock() {
            stages.push((name, Instant::now()));
        }
    }
    fn advance(&self, _: u64) {}
}

impl Stages {
    fn report(&self) -> String {
        let Ok(stages) = self.0.lock() else { return String::new() };
        let ends = stages.iter().skip(1).map(|stage| stage.1).chain([Instant::now()]);
        let seconds = stages.iter().zip(ends).map(|((name, began), ended)| {
            format!(r#""{name}":{:.3}"#, ended.duration_since(*began).as_secs_f64())
        });
        seconds.collect::<Vec<_>>().join(",")
    }
}

/// Seconds of all threads of this process, user and system, from Linux's `/proc` in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn read_npy(path: &str) -> Result<(usize, usize, Vec<f32>), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let n_header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (header, body) = bytes[10..].split_at(n_header);
    let header = std::str::from_utf8(header)?;
    if !header.contains("<f4") || header.contains("True") {
        return Err(format!("{path}: expected little-endian f4 in C order, got {header}").into());
    }
    let shape = header.split_once('(').and_then(|(_, rest)| rest.split_once(')')).ok_or("no shape")?.0;
    let shape: Result<Vec<usize>, _> =
        shape.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::parse).collect();
    let [n_rows, n_cols] = shape?[..] else { return Err("expected two dimensions".into()) };
    let values = body.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect();
    Ok((n_rows, n_cols, values))
}
