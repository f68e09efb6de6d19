//! `populi matrix umap`.

use clap::{Args, ValueEnum};
use populi_pipeline::matrix::{Init as UmapInit, UmapFiles, UmapParams, umap};

use super::{Files, Graph, Metric, Way, describe};

/// Draw a map on which rows stand near those that they are near to: float32 [n, components].
///
/// UMAP, with the parameters and defaults of umap-learn: the nearest --neighbors of each row (found as by `populi matrix knn`) become a
/// weighted graph, and from a start along its slowest waves the rows are pulled along its edges and pushed off others drawn at
/// random. Near groups on the map are near in the space; sizes of groups and distances between far ones mean little.
///
/// The same bytes come out at any number of threads. Give --knn and --knn-distances to draw several maps of one graph.
/// `populi matrix score --map` tells how faithful a map is.
///
/// Time: that of the neighbours, and O(epochs · n · neighbors). Memory: that of the neighbours, and about 12 bytes for each
/// neighbour of each row.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi matrix umap posts.npy --metric cosine --out map.npy\n  populi matrix knn posts.npy --metric cosine --k 30 --out near.npy --out-distances far.npy\n  populi matrix umap posts.npy --neighbors 31 --knn near.npy --knn-distances far.npy --min-dist 0 --out tight.npy\n  populi matrix score posts.npy --metric cosine --map map.npy --sample 1000"
)]
pub struct Umap {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    graph: Graph,
    /// Neighbours of a row that count, itself among them: more show the whole, fewer the parts
    #[arg(long, value_name = "N", default_value_t = UmapParams::default().n_neighbors)]
    neighbors: usize,
    /// Dimensions of the map
    #[arg(long, value_name = "C", default_value_t = UmapParams::default().n_components)]
    components: usize,
    /// How near rows come to each other on the map
    #[arg(long, value_name = "D", default_value_t = UmapParams::default().min_dist)]
    min_dist: f32,
    /// The scale of the map that --min-dist refers to
    #[arg(long, value_name = "S", default_value_t = UmapParams::default().spread)]
    spread: f32,
    /// Times that the strongest edge pulls [default: 500 up to 10,000 rows, 200 above]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Rows that are pushed off for each pull
    #[arg(long, value_name = "N", default_value_t = UmapParams::default().negative_sample_rate)]
    negative_sample_rate: usize,
    /// How far rows move in the first epoch; it falls to 0
    #[arg(long, value_name = "RATE", default_value_t = UmapParams::default().learning_rate)]
    learning_rate: f32,
    /// How far apart two rows are
    #[arg(long, value_enum, default_value_t = Metric::Euclidean)]
    metric: Metric,
    /// Where the rows stand at first
    #[arg(long, value_enum, default_value_t = Init::Spectral)]
    init: Init,
    #[command(flatten)]
    way: Way,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Init {
    /// Along the slowest waves of the graph
    Spectral,
    /// Along the directions of most variance
    Pca,
}

impl From<Init> for UmapInit {
    fn from(init: Init) -> Self {
        match init {
            Init::Spectral => Self::Spectral,
            Init::Pca => Self::Pca,
        }
    }
}

impl Umap {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.way.manner.start()?;
        let existing = self.files.existing();
        let files =
            UmapFiles { input: self.files.input, graph: self.graph.files(), out: self.files.out, existing };
        let params = UmapParams {
            n_neighbors: self.neighbors,
            n_components: self.components,
            metric: self.metric.into(),
            min_dist: self.min_dist,
            spread: self.spread,
            n_epochs: self.epochs,
            negative_sample_rate: self.negative_sample_rate,
            learning_rate: self.learning_rate,
            init: self.init.into(),
            random_state: self.way.seed,
            ..UmapParams::default()
        };
        let summary = umap(&files, &params, &bars)?;
        self.way.manner.print(&summary, |summary| {
            let found = &summary.quality;
            let mut text = format!(
                "A map of {} dimensions by {} neighbours, {} epochs.",
                params.n_components, found.n_neighbors, found.n_epochs
            );
            if let Some(recall) = found.recall {
                text.push_str(&format!(" Recall of the neighbours {recall:.4}."));
            }
            if found.named_themselves {
                text.push_str(" Rows named themselves in the graph and were taken out.");
            }
            if found.n_parts > 1 {
                text.push_str(&format!(" {} parts of the graph are not connected.", found.n_parts));
            }
            text.push('\n');
            describe(summary, &text)
        })
    }
}
