//! `populi matrix hdbscan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use populi_pipeline::matrix::{ClusterSelection, HdbscanFiles, HdbscanParams, hdbscan};

use super::{Files, Graph, Metric, Way, clusters, describe};

/// Group the rows by density, however uneven: the cluster of each, int32 [n], -1 for noise.
///
/// HDBSCAN*: a cluster is what stays together while the distance that is near shrinks; no distance has to be given. Cluster 0
/// has the most rows. Up to 16 columns the answer is exact (a kd-tree); above, and for cosine, it is exact up to 2,048 rows, and
/// beyond goes over the graph of the nearest neighbours. A map of few dimensions, as `populi matrix umap` draws it, is what it is mostly
/// used on.
///
/// --max-noise says which share of the rows may stay in no cluster: noise joins the nearest cluster, the nearest first, until it is
/// met; where no cluster is found, all stay noise. --out-strengths tells how much each row belongs to its cluster, from 0 to 1. --layers writes several granularities of the one
/// tree, int32 [n, layers], fine to coarse, before any noise joins: clusters of one lie within those of the next.
///
/// Time: O(n log n) in few columns, a second for a million points of a plane on two cores; else that of the neighbours. Memory: about 90
/// bytes a row.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix hdbscan map.npy --min-cluster-size 50 --min-samples 5 --out clusters.npy\n  populi matrix hdbscan map.npy --min-cluster-size 20 --max-noise 0.1 --out clusters.npy --layers layers.npy"
)]
pub struct Hdbscan {
    #[command(flatten)]
    files: Files,
    /// Where to write how much each row belongs to its cluster: float32 [n]
    #[arg(long, value_name = "S.npy")]
    out_strengths: Option<PathBuf>,
    /// Where to write the clusters of several granularities: int32 [n, layers]
    #[arg(long, value_name = "FILE.npy")]
    layers: Option<PathBuf>,
    #[command(flatten)]
    graph: Graph,
    /// Rows that make a cluster
    #[arg(long, value_name = "N", default_value_t = HdbscanParams::default().min_cluster_size)]
    min_cluster_size: usize,
    /// Neighbours within whose distance a row's place counts as dense; more smooth more [default: --min-cluster-size]
    #[arg(long, value_name = "N")]
    min_samples: Option<usize>,
    /// How far apart two rows are; the inner product is none, since it may be below 0
    #[arg(long, value_enum, default_value_t = Metric::Euclidean)]
    metric: Metric,
    /// Which clusters of the tree are taken
    #[arg(long, value_enum, default_value_t = Selection::Eom)]
    selection: Selection,
    /// Clusters that split below this distance stay one
    #[arg(long, value_name = "DISTANCE", default_value_t = HdbscanParams::default().epsilon)]
    epsilon: f64,
    /// The share of rows that may be noise, 0 to 1 [default: any]
    #[arg(long, value_name = "SHARE")]
    max_noise: Option<f64>,
    #[command(flatten)]
    way: Way,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Selection {
    /// Those that last longest in the tree
    Eom,
    /// Those that split no more: small and even ones
    Leaf,
    /// The two parts of the topmost split: the least noise of any two or more
    LeastNoise,
}

impl From<Selection> for ClusterSelection {
    fn from(selection: Selection) -> Self {
        match selection {
            Selection::Eom => Self::Eom,
            Selection::Leaf => Self::Leaf,
            Selection::LeastNoise => Self::LeastNoise,
        }
    }
}

impl Hdbscan {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files = HdbscanFiles {
            input: self.files.input,
            graph: self.graph.files(),
            out: self.files.out,
            out_strengths: self.out_strengths,
            layers: self.layers,
            existing,
        };
        let params = HdbscanParams {
            min_cluster_size: self.min_cluster_size,
            min_samples: self.min_samples,
            metric: self.metric.into(),
            selection: self.selection.into(),
            epsilon: self.epsilon,
            max_noise: self.max_noise,
            seed: self.way.seed,
            ..HdbscanParams::default()
        };
        let summary = hdbscan(&files, &params, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let found = &summary.quality;
            let mut text = clusters(&found.clusters);
            if found.clusters.n_clusters == 0 {
                text.push_str(
                    "No two places are denser than what lies between them: lower --min-cluster-size or --min-samples.\n",
                );
            }
            if found.n_assigned > 0 {
                text.push_str(&format!("{} rows of noise joined the nearest cluster.\n", found.n_assigned));
            }
            if !found.layers.is_empty() {
                let counts: Vec<String> =
                    found.layers.iter().map(|layer| layer.n_clusters.to_string()).collect();
                text.push_str(&format!("Layers of {} clusters.\n", counts.join(", ")));
            }
            describe(summary, &text)
        })
    }
}
