//! `populi personas`.

use clap::{Args, ValueEnum};
use populi_pipeline::languages::languages;
use populi_pipeline::personas::{
    K, MapMethod, Method, PersonaParams, PersonaSummary, StabilitySummary, personas,
};
use populi_store::Corpus;

use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Cluster authors by what they write: the tables `languages`, `clusters`, `maps`, `labels`, `personas`.
///
/// First the language of every post is told by a model. An author is what the vectors of their posts have in common and
/// those of other authors have not; k-means makes clusters of them, of which 0 is the largest; each is named by the terms
/// that set it apart and shown by the three posts nearest its centre. In a corpus without authors, posts are clustered.
/// UMAP draws the map: who is alike lies side by side.
///
/// With --cluster hdbscan clusters are where authors lie densely, as many as there are; who lies between them is noise. Of
/// that no more than --max-noise is left (unless there is no cluster at all): the rest joins the nearest cluster, and the columns
/// raw_cluster, assigned and strength of the table `clusters` say who did. Vectors of more than 50 dimensions are first mapped to five by UMAP.
///
/// How many clusters there are is found where --k does not say it: k-means is run for every k from 2 to 64 (on at most
/// 8,192 authors), and the smallest k stands whose simplified silhouette is within one standard error of the best. (In a
/// corpus without authors that is a rough guess: short posts have no number of clusters that stands out.) How
/// stable they are is measured on resamples of the authors: the adjusted Rand index of the clusters of a resample and
/// those that stand, and for each cluster the Jaccard index of the most similar one (0.75 or more is stable, below 0.6
/// do not rely on it), beside what shuffled labels give. The curve and both figures are on the page and in --json.
///
/// The options of selection narrow the posts that count. They have to be embedded, so an earlier `populi embed` has to have
/// run without a selection or with one that leaves out no more.
///
/// Where the input had a --label column, the adjusted Rand index and the adjusted mutual information against it are
/// printed.
///
/// Time: two passes over the posts, some seconds for k, clusters and stability, and about 3 s for the map of 100,000 authors on two
/// cores. Memory: about 4 kB an author.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi personas --lang en --min-posts 5 --k 12\n  populi personas --cluster hdbscan --min-size 20 --max-noise 0.1\n  populi personas --since 2026-03-01 --until 2026-06-01 --keyword flood.txt\n  populi sql \"SELECT * FROM exemplars\""
)]
pub struct Personas {
    #[command(flatten)]
    corpus: CorpusOption,
    /// Posts, replies or quotes with text that an author must have
    #[arg(long, value_name = "N", default_value_t = PersonaParams::default().min_posts)]
    min_posts: u32,
    /// Clusters: a number, or auto for the number from 2 to 64 at which they are best apart
    #[arg(long, value_name = "K", default_value_t = PersonaParams::default().k)]
    k: K,
    /// How clusters are found
    #[arg(long, value_enum, value_name = "METHOD", default_value_t = Cluster::Kmeans)]
    cluster: Cluster,
    /// Authors that every cluster has at least [default: 1; hdbscan: 10]
    #[arg(long, value_name = "N")]
    min_size: Option<usize>,
    /// Authors that every cluster has at most, with k-means
    #[arg(long, value_name = "N")]
    max_size: Option<usize>,
    /// Neighbours that decide how dense a place is, with hdbscan [default: that of --min-size]
    #[arg(long, value_name = "N")]
    min_samples: Option<usize>,
    /// The share of authors that may be noise, from 0 to 1, with hdbscan [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    max_noise: Option<f64>,
    /// How the map is made
    #[arg(long, value_enum, value_name = "METHOD", default_value_t = Map::Umap)]
    map: Map,
    /// Resamples that the stability of the clusters is measured on; 0 turns it off
    #[arg(long, value_name = "B", default_value_t = PersonaParams::default().bootstraps)]
    bootstraps: usize,
    /// Seeded restarts of k-means, of which the best stands
    #[arg(long, value_name = "N", default_value_t = PersonaParams::default().n_init)]
    n_init: usize,
    /// Decides the starting centres
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

/// How clusters are found.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cluster {
    /// Every author belongs to the nearest of k centres
    Kmeans,
    /// Where authors lie densely
    Hdbscan,
}

/// How the map is made.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Map {
    /// Who is alike lies side by side
    Umap,
    /// The two directions in which authors differ most
    Pca,
}

impl Personas {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let selection = self.select.load(&bars)?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        languages(&mut corpus, &bars)?;
        let params = PersonaParams {
            min_posts: self.min_posts,
            cluster: match self.cluster {
                Cluster::Kmeans => Method::KMeans,
                Cluster::Hdbscan => Method::Hdbscan,
            },
            k: self.k,
            min_size: self.min_size,
            max_size: self.max_size,
            min_samples: self.min_samples,
            max_noise: self.max_noise,
            map: match self.map {
                Map::Umap => MapMethod::Umap,
                Map::Pca => MapMethod::Pca,
            },
            bootstraps: self.bootstraps,
            n_init: self.n_init,
            seed: self.seed,
        };
        let outcome = personas(&mut corpus, &params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| describe(&outcome.summary))
    }
}

/// From this mean Jaccard index on, Hennig (2007) calls a cluster stable.
const STABLE_JACCARD: f64 = 0.75;

/// Unstable clusters that are listed; the page lists all.
const MAX_NAMED: usize = 8;

/// What was found, in some lines.
pub fn describe(found: &PersonaSummary) -> String {
    let left_out = describe_left_out(&found.left_out);
    if let Some(why) = &found.why_none {
        return format!("No clusters. {why}\n{left_out}");
    }
    let mut text = format!("{} {} in {} clusters.\n{left_out}", found.n_units, found.unit, found.k);
    if let Some(choice) = &found.choice {
        let (first, last) = (choice.curve.first(), choice.curve.last());
        let tried = first
            .zip(last)
            .map_or_else(String::new, |(first, last)| format!(" of {} to {}", first.k, last.k));
        let silhouette =
            choice.curve.iter().find(|point| point.k == choice.k).map_or(0.0, |point| point.silhouette);
        text.push_str(&format!("k = {}{tried} was chosen: simplified silhouette {silhouette:.3}.", choice.k));
        if choice.at_the_end {
            text.push_str(" No k stands out: the curve still rises at its end.");
        }
        text.push('\n');
    }
    if let Some(density) = &found.density {
        text.push_str(&format!(
            "{} {} are noise, {} joined the nearest cluster.\n",
            density.n_noise, found.unit, density.n_assigned
        ));
    }
    if let Some(stability) = &found.stability {
        text.push_str(&describe_stability(stability));
    }
    if let (Some(ari), Some(ami)) = (found.ari, found.ami) {
        text.push_str(&format!("Against the known labels: ARI {ari:.3}, AMI {ami:.3}.\n"));
    }
    text
}

/// How stable the clusters are, in a line or two.
fn describe_stability(found: &StabilitySummary) -> String {
    let (ari, shuffled) = (&found.ari, &found.shuffled_ari);
    let mut text = format!(
        "Stability over {} resamples: ARI {:.3} ({:.3} to {:.3}; shuffled labels {:.3}).\n",
        found.n_bootstraps, ari.mean, ari.p5, ari.p95, shuffled.mean
    );
    let unstable: Vec<String> = found
        .clusters
        .iter()
        .filter_map(|cluster| {
            Some((cluster.cluster, cluster.jaccard.filter(|jaccard| *jaccard < STABLE_JACCARD)?))
        })
        .map(|(cluster, jaccard)| format!("{cluster} ({jaccard:.2})"))
        .collect();
    if !unstable.is_empty() {
        let (n, n_unstable) = (found.clusters.len(), unstable.len());
        let which = unstable[..n_unstable.min(MAX_NAMED)].join(", ");
        let more = if n_unstable > MAX_NAMED { ", …" } else { "" };
        text.push_str(&format!(
            "Of {n} clusters, {n_unstable} have a Jaccard below {STABLE_JACCARD}: {which}{more}.\n"
        ));
    }
    text
}
