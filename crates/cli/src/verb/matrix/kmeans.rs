//! `populi matrix kmeans`.

use std::path::PathBuf;

use clap::Args;
use populi_pipeline::matrix::{Clustering, ConstrainedParams, K, KMeansFiles, KMeansParams, kmeans};

use super::{Files, Way, describe, sizes};

/// Group the rows around k centres: the cluster of each, int32 [n].
///
/// Cluster 0 has the most rows; of equal sizes the one whose first row comes first. Distances are Euclidean: for cosine,
/// scale the rows to length 1 first. Of --n-init seeded starts (greedy k-means++) the one with the least inertia stands.
///
/// With `--k auto`, at most 8,192 rows are cut in two again and again, k-means settles the clusters for every k from 2 to 64, and
/// the smallest k stands whose simplified silhouette is within one standard error of the best. The whole curve, with the
/// stability of each k in two halves of the rows, is in --json.
///
/// With --min-size or --max-size, rows are assigned at the least sum of squared distances that the sizes allow (Bradley, Bennett and
/// Demiriz 2000), and how many are not at their nearest centre for it is told.
///
/// Time: at most n-init · max-iter · O(n k d). Memory: little beside the
/// input; with bounded sizes 4 k bytes a row.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix kmeans posts.npy --k 12 --out clusters.npy --out-centres centres.npy\n  populi matrix kmeans posts.npy --k auto --out clusters.npy --json\n  populi matrix kmeans posts.npy --k 25 --min-size 10 --max-size 350 --out clusters.npy"
)]
pub struct Kmeans {
    #[command(flatten)]
    files: Files,
    /// Where to write the centres: float32 [k, d]
    #[arg(long, value_name = "C.npy")]
    out_centres: Option<PathBuf>,
    /// Clusters: a number, or auto for the number from 2 to 64 at which they are best apart
    #[arg(long, value_name = "K", default_value_t = K::Auto)]
    k: K,
    /// Rows that every cluster has at least
    #[arg(long, value_name = "N", default_value_t = ConstrainedParams::default().min_size)]
    min_size: usize,
    /// Rows that every cluster has at most [default: any number]
    #[arg(long, value_name = "N")]
    max_size: Option<usize>,
    /// Starts, of which the best stands
    #[arg(long, value_name = "N", default_value_t = KMeansParams::default().n_init)]
    n_init: usize,
    /// Iterations of a start, at most
    #[arg(long, value_name = "N", default_value_t = KMeansParams::default().max_iter)]
    max_iter: usize,
    #[command(flatten)]
    way: Way,
}

impl Kmeans {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files = KMeansFiles {
            input: self.files.input,
            out: self.files.out,
            out_centres: self.out_centres,
            existing,
        };
        let kmeans_params = KMeansParams {
            n_init: self.n_init,
            max_iter: self.max_iter,
            seed: self.way.seed,
            ..KMeansParams::default()
        };
        let params =
            ConstrainedParams { kmeans: kmeans_params, min_size: self.min_size, max_size: self.max_size };
        let summary = kmeans(&files, &Clustering { k: self.k, params }, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let found = &summary.quality;
            let mut text = format!(
                "{} clusters of {} rows; inertia {:.6e} after {} iterations.\n",
                found.n_clusters,
                sizes(&found.sizes),
                found.inertia,
                found.n_iterations
            );
            if found.n_displaced > 0 {
                text.push_str(&format!(
                    "{} rows are not at the nearest centre, because of the sizes.\n",
                    found.n_displaced
                ));
            }
            if found.choice.as_ref().is_some_and(|choice| choice.is_at_the_end) {
                text.push_str("No k stands out: the curve still rises at its end.\n");
            }
            describe(summary, &text)
        })
    }
}
