//! `populi matrix knn`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use populi_pipeline::matrix::{KnnFiles, KnnMethod, KnnParams, knn};

use super::{Files, Metric, Way, describe, thousands};

/// Find the nearest rows of every row: int32 [n, k], itself left out, the nearest first.
///
/// Of equal distances the smaller row number comes first. `exact` compares every pair, for d from 32 on in 8 bits where these tell
/// neighbours apart, and the best pairs again in floats: a neighbour in ten thousand may be missed; `approximate` compares rows within
/// groups of near rows and then with the neighbours of their neighbours, until the recall on a sample of 1,000 rows is what
/// --target-recall asks for, or five rounds are done. `auto` takes the faster of the two for so many rows. The recall is
/// measured and told each time; `is_target_met` in --json says whether it is as high as asked for.
///
/// Where there are no k other rows, each row has all others.
///
/// Time: O(n² d) for `exact`, about O(n log n) distances for `approximate`. Memory: 8 n k bytes for the neighbours, and for
/// d from 32 on a copy of the rows in 8 bits, n d bytes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix knn posts.npy --k 15 --metric cosine --out near.npy --out-distances far.npy\n  python -c \"import numpy; print(numpy.load('near.npy')[0], numpy.load('far.npy')[0])\""
)]
pub struct Knn {
    #[command(flatten)]
    files: Files,
    /// Where to write how far they are: float32 [n, k]
    #[arg(long, value_name = "D.npy")]
    out_distances: Option<PathBuf>,
    /// Neighbours of a row
    #[arg(long, value_name = "K", default_value_t = KnnParams::default().k)]
    k: usize,
    /// How far apart two rows are
    #[arg(long, value_enum, default_value_t = Metric::Euclidean)]
    metric: Metric,
    /// Whether every pair is compared
    #[arg(long, value_enum, default_value_t = Method::Auto)]
    method: Method,
    /// The share of true neighbours that an approximate answer is to have, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = KnnParams::default().target_recall)]
    target_recall: f64,
    #[command(flatten)]
    way: Way,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Method {
    /// The faster for so many rows
    Auto,
    /// Every pair
    Exact,
    /// Only pairs that may be near
    Approximate,
}

impl From<Method> for KnnMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Auto => Self::Auto,
            Method::Exact => Self::Exact,
            Method::Approximate => Self::Approximate,
        }
    }
}

impl Knn {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files = KnnFiles {
            input: self.files.input,
            out: self.files.out,
            out_distances: self.out_distances,
            existing,
        };
        let params = KnnParams {
            k: self.k,
            metric: self.metric.into(),
            method: self.method.into(),
            target_recall: self.target_recall,
            seed: self.way.seed,
            ..KnnParams::default()
        };
        let summary = knn(&files, &params, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let found = &summary.quality;
            let mut text = format!("{} neighbours of each row, {}. ", found.k, summary.method);
            if found.k < params.k {
                text.push_str(&format!("There are no {} other rows. ", params.k));
            }
            let n_sampled = thousands(found.n_sampled);
            text.push_str(&format!("Recall {:.4}, measured on {n_sampled} rows", found.recall));
            text.push_str(if found.is_target_met {
                ".\n"
            } else {
                ": less than --target-recall asks for.\n"
            });
            describe(summary, &text)
        })
    }
}
