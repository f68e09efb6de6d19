//! How fast a neighbour graph is, and how good.
//!
//! ```text
//! cargo run --release -p populi-geometry --example knn_speed -- X.npy [K] [METRIC] [METHOD] [TARGET] [N_CHECKED]
//! ```
//!
//! Reads a little-endian `.npy` of f4 or f2 in C order and prints one line of JSON: wall and CPU seconds of the graph, what
//! it says of its recall (asked for: `TARGET`, 0.98), and the recall over `N_CHECKED` rows (1,000) against all rows. `RAYON_NUM_THREADS` decides
//! the threads, `LEVEL` (`scalar`, `avx2`, `avx512`) the instructions.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::time::Instant;

use populi_geometry::{
    KnnMethod, KnnParams, Level, Matrix, MatrixView, Metric, Progress, knn, nearest_rows, sample_rows,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &'static str| arguments.get(at).map_or(default, String::as_str);
    let points = read_npy(argument(0, ""))?;
    let level = std::env::var("LEVEL").unwrap_or_default();
    let params = KnnParams {
        k: argument(1, "15").parse()?,
        metric: named(&Metric::ALL, Metric::name, argument(2, "cosine"))?,
        method: named(
            &[KnnMethod::Auto, KnnMethod::Exact, KnnMethod::Approximate],
            KnnMethod::name,
            argument(3, "auto"),
        )?,
        target_recall: argument(4, "0.98").parse()?,
        level: Level::all().find(|known| known.name() == level).unwrap_or_default(),
        ..KnnParams::default()
    };
    let n_checked: usize = argument(5, "1000").parse()?;

    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let stages = Stages::default();
    let found = knn(MatrixView::from(&points), &params, &stages)?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let stages = stages.finish();

    let sample = sample_rows(points.n_rows(), n_checked, 1);
    let queries = points.gather(&sample)?;
    let with_itself = KnnParams { k: found.k + 1, ..params.clone() };
    let truth = nearest_rows(
        MatrixView::from(&queries),
        MatrixView::from(&points),
        &with_itself,
        &Stages::default(),
    )?;
    let mut n_found = 0;
    for (i, &row) in sample.iter().enumerate() {
        let others: Vec<u32> =
            truth.of(i).0.iter().copied().filter(|&id| id as usize != row).take(found.k).collect();
        n_found += found.graph.of(row).0.iter().filter(|id| others.contains(id)).count();
    }
    println!(
        "{{\"rows\":{},\"columns\":{},\"k\":{},\"metric\":\"{}\",\"level\":\"{}\",\"method\":\"{}\",\"wall_s\":{wall:.3},\"cpu_s\":{cpu:.2},\
         \"recall_said\":{:.4},\"n_sampled\":{},\"met\":{},\"rounds\":{},\"recall_checked\":{:.4},\"stages\":\"{stages}\"}}",
        points.n_rows(),
        points.n_cols(),
        found.k,
        params.metric.name(),
        params.level.name(),
        found.method.name(),
        found.recall,
        found.n_sampled,
        found.met,
        found.n_rounds,
        n_found as f64 / (sample.len() * found.k).max(1) as f64,
    );
    Ok(())
}

/// Wall seconds of each stage.
#[derive(Default)]
struct Stages(std::sync::Mutex<Vec<(&'static str, Instant)>>);

impl Stages {
    fn finish(self) -> String {
        self.stage("end", 0);
        let begun = self.0.into_inner().unwrap_or_default();
        let seconds = begun
            .windows(2)
            .map(|pair| format!("{} {:.3}", pair[0].0, (pair[1].1 - pair[0].1).as_secs_f64()));
        seconds.collect::<Vec<_>>().join(", ")
    }
}

impl Progress for Stages {
    fn stage(&self, name: &'static str, _: u64) {
        if let Ok(mut begun) = self.0.lock() {
            begun.push((name, Instant::now()));
        }
    }
    fn advance(&self, _: u64) {}
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, wanted: &str) -> Result<T, String> {
    all.iter()
        .copied()
        .find(|&one| name(one) == wanted)
        .ok_or_else(|| format!("{wanted} is none of the names"))
}

fn read_npy(path: &str) -> Result<Matrix, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let n_header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let (header, data) =
        (String::from_utf8_lossy(&bytes[10..10 + n_header]).into_owned(), &bytes[10 + n_header..]);
    let shape = header.split('(').nth(1).and_then(|rest| rest.split(')').next()).ok_or("no shape")?;
    let shape: Vec<usize> = shape.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let values: Vec<f32> = if header.contains("<f4") {
        data.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
    } else if header.contains("<f2") {
        data.as_chunks::<2>().0.iter().map(|&two| half(u16::from_le_bytes(two))).collect()
    } else {
        return Err("values are neither f4 nor f2".into());
    };
    Ok(Matrix::from_vec(shape[0], shape[1], values)?)
}

/// A half-precision float; the exponents meet by a product with 2^112.
fn half(bits: u16) -> f32 {
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// Seconds of all threads, of user and system, as Linux counts them in hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}
