//! `populi matrix`: geometry on anybody's vectors.

mod dbscan;
mod hdbscan;
mod kmeans;
mod knn;
mod pca;
mod score;
mod umap;

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use populi_pipeline::export::Existing;
use populi_pipeline::matrix::{Clusters, GraphFiles, Metric as GeometryMetric, Summary};

use crate::options::Manner;

/// Neighbours, maps and clusters of your own vectors: .npy in, .npy out.
///
/// IN.npy is an array of NumPy with a row for each vector, of float32 (f4), float16 (f2) or float64 (f8). What is found is
/// written as .npy too, a row for each row of the input and in its order, so `numpy.load` reads it beside the vectors. No corpus
/// is needed.
///
/// Float32 in C order, as numpy.save writes it, is used where it lies in the file, through a memory map: it costs no memory of
/// its own, and must not be changed meanwhile. Other types and Fortran order are converted to float32, at 4 bytes a value.
/// Values that are NaN or infinite are refused, and so are pickles, which are never loaded.
///
/// The same input, options and seed give the same bytes, at any number of threads. A result appears as a whole or not at all.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  python -c \"import numpy; numpy.save('posts.npy', numpy.random.rand(9999, 64).astype('f4'))\"\n  populi matrix knn posts.npy --metric cosine --out neighbours.npy\n  populi matrix kmeans posts.npy --k 12 --out clusters.npy --json\n  python -c \"import numpy; print(numpy.load('clusters.npy'))\""
)]
pub struct Matrix {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Knn(knn::Knn),
    Pca(pca::Pca),
    Umap(umap::Umap),
    Hdbscan(hdbscan::Hdbscan),
    Dbscan(dbscan::Dbscan),
    Kmeans(kmeans::Kmeans),
    Score(score::Score),
}

impl Matrix {
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Knn(verb) => verb.run(),
            What::Pca(verb) => verb.run(),
            What::Umap(verb) => verb.run(),
            What::Hdbscan(verb) => verb.run(),
            What::Dbscan(verb) => verb.run(),
            What::Kmeans(verb) => verb.run(),
            What::Score(verb) => verb.run(),
        }
    }
}

/// What is read and written.
#[derive(Args, Debug)]
struct Files {
    /// The vectors: a .npy array of floats, a row each
    #[arg(value_name = "IN.npy")]
    input: PathBuf,
    /// The .npy file to write
    #[arg(long, value_name = "OUT.npy")]
    out: PathBuf,
    /// Replace arrays that are there already
    #[arg(long)]
    overwrite: bool,
}

impl Files {
    fn existing(&self) -> Existing {
        existing(self.overwrite)
    }
}

/// Neighbours that are known already.
#[derive(Args, Debug)]
struct Graph {
    /// Neighbours of each row that are known already: integers [n, k], the nearest first. Rows that name themselves are taken
    /// out, as umap-learn, pynndescent and faiss put them in
    #[arg(long, value_name = "GRAPH.npy", requires = "knn_distances")]
    knn: Option<PathBuf>,
    /// How far they are: floats [n, k]
    #[arg(long, value_name = "D.npy", requires = "knn")]
    knn_distances: Option<PathBuf>,
}

impl Graph {
    fn files(self) -> Option<GraphFiles> {
        let (neighbours, distances) = self.knn.zip(self.knn_distances)?;
        Some(GraphFiles { neighbours, distances })
    }
}

/// What to do with what is there.
fn existing(overwrite: bool) -> Existing {
    if overwrite { Existing::Replace } else { Existing::Refuse }
}

/// How to work, how to talk, and what to draw.
#[derive(Args, Debug)]
struct Way {
    /// Decides what is drawn at random
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
enum Metric {
    /// The length of the difference
    #[default]
    Euclidean,
    /// One less the cosine of the angle, from 0 to 2; lengths do not count
    Cosine,
    /// One less the product: cosine for vectors of length 1
    InnerProduct,
}

impl From<Metric> for GeometryMetric {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::Euclidean => Self::Euclidean,
            Metric::Cosine => Self::Cosine,
            Metric::InnerProduct => Self::InnerProduct,
        }
    }
}

/// A summary for people: what was worked on, what was found, how long it took, where it is.
fn describe<Q>(summary: &Summary<Q>, found: &str) -> String {
    let how_read = if summary.vectors.is_mapped { "in place" } else { "converted" };
    let mut text = format!(
        "{} rows of {} columns ({}, {how_read}).\n{found}",
        thousands(summary.vectors.n_rows),
        summary.vectors.n_cols,
        summary.vectors.dtype
    );
    let times = &summary.timings;
    // To write into a text cannot fail.
    let _ = writeln!(
        text,
        "Read {:.2} s, computed {:.2} s with {} threads and {}, wrote {:.2} s.",
        times.read_s, times.compute_s, summary.threads, summary.simd, times.write_s
    );
    for path in &summary.outputs {
        let _ = writeln!(text, "{}", path.display());
    }
    text
}

/// A number with its thousands apart.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Clusters and noise, in a line.
fn clusters(found: &Clusters) -> String {
    format!(
        "{} clusters of {} rows; {} rows ({:.1} %) are noise.\n",
        found.n_clusters,
        sizes(&found.sizes),
        thousands(found.n_noise),
        100.0 * found.noise_share
    )
}

/// The sizes of clusters, the first ones.
fn sizes(sizes: &[usize]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = sizes.iter().take(SHOWN).map(|size| thousands(*size)).collect();
    if shown.is_empty() {
        return "no".to_owned();
    }
    format!("{}{}", shown.join(", "), if sizes.len() > SHOWN { ", …" } else { "" })
}
