//! `populi matrix dbscan`.

use clap::Args;
use populi_pipeline::matrix::{DbscanFiles, DbscanParams, dbscan};

use super::{Files, Way, clusters, describe};

/// Group the rows by density at one distance: the cluster of each, int32 [n], -1 for noise.
///
/// A row with --min-samples rows within --eps, itself among them, is in a dense place; rows that are dense and within eps of
/// each other are one cluster, other rows within eps of such a row are at its border, and all else is noise. It is exact, with the
/// core points of scikit-learn; a row at the border of two clusters goes to the nearest dense row.
///
/// Without --eps, the distance is read off the knee of the curve of distances to the neighbour that makes a row dense, on a
/// sample of the rows; the one that was taken is told. Where densities differ, `populi matrix hdbscan` needs no such distance.
/// Distances are Euclidean: for cosine, scale the rows to length 1 first.
///
/// Time: O(n log n) in up to three dimensions; above, O(n² d) at worst. Memory: 40 bytes a row.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix umap posts.npy --metric cosine --out map.npy\n  populi matrix dbscan map.npy --min-samples 50 --out clusters.npy"
)]
pub struct Dbscan {
    #[command(flatten)]
    files: Files,
    /// How near is near [default: the knee of the curve of distances]
    #[arg(long, value_name = "DISTANCE")]
    eps: Option<f64>,
    /// Rows within eps, itself among them, that make a row dense
    #[arg(long, value_name = "N", default_value_t = DbscanParams::default().min_samples)]
    min_samples: usize,
    #[command(flatten)]
    way: Way,
}

impl Dbscan {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files = DbscanFiles { input: self.files.input, out: self.files.out, existing };
        let params = DbscanParams { eps: self.eps, min_samples: self.min_samples, seed: self.way.seed };
        let summary = dbscan(&files, &params, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let found = &summary.quality;
            let whence = if found.is_eps_found { ", read off the curve of distances" } else { "" };
            let text = format!("{}eps {}{whence}.\n", clusters(&found.clusters), found.eps);
            describe(summary, &text)
        })
    }
}
