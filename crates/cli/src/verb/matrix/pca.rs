//! `populi matrix pca`.

use clap::Args;
use populi_pipeline::matrix::{PcaFiles, PcaParams, pca};

use super::{Files, Way, describe};

/// Put the rows along the directions of most variance: float32 [n, components].
///
/// The rows are centred first, not scaled. Each direction points so that its largest entry by size is positive, so a map does
/// not flip from run to run. The share of the variance that each component holds is told.
///
/// Time: O(n d² + d³). Memory: the result, and 8 d² bytes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix pca posts.npy --components 50 --out reduced.npy\n  populi matrix kmeans reduced.npy --k auto --out clusters.npy"
)]
pub struct Pca {
    #[command(flatten)]
    files: Files,
    /// Directions to keep, at most the number of columns
    #[arg(long, value_name = "C", default_value_t = PcaParams::default().n_components)]
    components: usize,
    #[command(flatten)]
    way: Way,
}

impl Pca {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files = PcaFiles { input: self.files.input, out: self.files.out, existing };
        let params = PcaParams { n_components: self.components };
        let summary = pca(&files, &params, self.way.seed, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let shares = &summary.quality.explained_share;
            let found = format!(
                "{} components hold {:.1} % of the variance.\n",
                shares.len(),
                100.0 * shares.iter().sum::<f64>()
            );
            describe(summary, &found)
        })
    }
}
