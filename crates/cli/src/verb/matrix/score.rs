//! `populi matrix score`.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use populi_pipeline::matrix::{Agreement, ScoreFiles, ScoreParams, ScoreQuality, score};

use super::{Metric, Way, clusters, describe, existing, thousands};

/// Judge a map of the vectors, or clusters of them.
///
/// With --map: trustworthiness (are the neighbours on the map neighbours in the space?) and preservation (how many of the
/// neighbours in the space are neighbours on the map), both by --k neighbours.
///
/// With --labels: silhouette, Davies-Bouldin and Caliński-Harabasz, of the rows that are no noise, by Euclidean distances;
/// --out writes the silhouette of every row. With --truth as well: adjusted Rand index, adjusted and normalised mutual
/// information, homogeneity, completeness and V-measure, with noise as a cluster of its own, and again without it where there
/// is some. The numbers are those of scikit-learn; float64 is read with all its digits.
///
/// --sample looks at so many rows, each of them compared with all rows: an estimate without bias (scikit-learn compares a sample with
/// itself only, which is another number).
///
/// Time: O(n² d) for a map and for the silhouette, O(sample n d) with --sample, else O(n d). Memory: little beside the input.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix umap posts.npy --metric cosine --out map.npy\n  populi matrix hdbscan map.npy --min-cluster-size 50 --out clusters.npy\n  populi matrix score posts.npy --metric cosine --map map.npy --sample 1000\n  populi matrix score map.npy --labels clusters.npy --truth known.npy --json"
)]
pub struct Score {
    /// The vectors: a .npy array of floats, a row each
    #[arg(value_name = "IN.npy")]
    input: PathBuf,
    /// A map of them: a .npy array of floats, a row each
    #[arg(long, value_name = "MAP.npy", required_unless_present = "labels")]
    map: Option<PathBuf>,
    /// The cluster of each row: a .npy array of integers, -1 for noise
    #[arg(long, value_name = "LABELS.npy")]
    labels: Option<PathBuf>,
    /// What each row is known to be: a .npy array of integers
    #[arg(long, value_name = "TRUTH.npy", requires = "labels")]
    truth: Option<PathBuf>,
    /// Where to write the silhouette of each row: float32 [n], NaN for noise
    #[arg(long, value_name = "OUT.npy", requires = "labels", conflicts_with = "sample")]
    out: Option<PathBuf>,
    /// Replace an array that is there already
    #[arg(long)]
    overwrite: bool,
    /// Neighbours that a map is judged by
    #[arg(long, value_name = "K", default_value_t = ScoreParams::default().k)]
    k: usize,
    /// How far apart two vectors are, where a map is judged
    #[arg(long, value_enum, default_value_t = Metric::Euclidean)]
    metric: Metric,
    /// Rows to look at [default: all]
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    #[command(flatten)]
    way: Way,
}

impl Score {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let files = ScoreFiles {
            input: self.input,
            map: self.map,
            labels: self.labels,
            truth: self.truth,
            out: self.out,
            existing: existing(self.overwrite),
        };
        let params = ScoreParams {
            k: self.k,
            metric: self.metric.into(),
            n_sampled: self.sample,
            seed: self.way.seed,
        };
        let summary = score(&files, &params, &bars)?;
        self.way.manner.print(&summary, |summary| describe(summary, &in_words(&summary.quality)))
    }
}

fn in_words(found: &ScoreQuality) -> String {
    let mut text = String::new();
    // To write into a text cannot fail.
    if let Some(map) = &found.map {
        let _ = writeln!(
            text,
            "Map: trustworthiness {:.4}, preservation {:.4}, by {} neighbours of {} rows.",
            map.trustworthiness,
            map.preservation,
            map.k,
            thousands(map.n_sampled)
        );
    }
    if let Some(score) = &found.clusters {
        text.push_str(&clusters(&score.clusters));
        let error =
            score.silhouette_standard_error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
        let scores = score.silhouette.zip(score.davies_bouldin).zip(score.calinski_harabasz);
        let _ = match scores {
            Some(((silhouette, davies_bouldin), calinski_harabasz)) => writeln!(
                text,
                "Silhouette {silhouette:.4}{error}, Davies-Bouldin {davies_bouldin:.4}, Caliński-Harabasz {calinski_harabasz:.2}."
            ),
            None => writeln!(
                text,
                "No silhouette, Davies-Bouldin or Caliński-Harabasz: they need two clusters, and fewer than rows."
            ),
        };
    }
    let mut agreement = |of: &Option<Agreement>, what: &str| {
        if let Some(found) = of {
            let _ = writeln!(
                text,
                "Against the truth{what}: ARI {:.4}, AMI {:.4}, NMI {:.4}, V-measure {:.4}.",
                found.ari, found.ami, found.nmi, found.v_measure
            );
        }
    };
    agreement(&found.agreement, "");
    agreement(&found.agreement_without_noise, ", noise left out");
    text
}
