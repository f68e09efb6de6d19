//! `populi personas`.

use clap::Args;
use populi_pipeline::languages::languages;
use populi_pipeline::personas::{PersonaParams, PersonaSummary, personas};
use populi_store::Corpus;

use super::embed::Model;
use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Cluster authors by what they write: the tables `languages`, `clusters`, `maps`, `labels`, `personas`.
///
/// First the language of every post is told by a model. An author is the mean of the vectors of their posts; k-means
/// makes clusters of them, of which 0 is the largest; each is named by the terms that set it apart and shown by the
/// three posts nearest its centre. In a corpus without authors, posts are clustered.
///
/// The options of selection narrow the posts that count. They have to be embedded, so an earlier `populi embed` has to have
/// run without a selection or with one that leaves out no more.
///
/// Where the input had a --label column, the adjusted Rand index and the adjusted mutual information against it are
/// printed.
///
/// Time: two passes over the posts, and k-means. Memory: about 3 kB an author.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi personas --lang en --min-posts 5 --k 12\n  populi personas --since 2026-03-01 --until 2026-06-01 --keyword flood.txt\n  populi sql \"SELECT * FROM exemplars\""
)]
pub struct Personas {
    #[command(flatten)]
    corpus: CorpusOption,
    /// Posts, replies or quotes with text that an author must have
    #[arg(long, value_name = "N", default_value_t = PersonaParams::default().min_posts)]
    min_posts: u32,
    /// Clusters [default: min(25, max(2, sqrt(n / 2)))]
    #[arg(long, value_name = "K")]
    k: Option<usize>,
    /// Seeded restarts of k-means, of which the best stands
    #[arg(long, value_name = "N", default_value_t = PersonaParams::default().n_init)]
    n_init: usize,
    /// The model whose vectors are clustered
    #[arg(long, value_enum, default_value_t = Model::Lexical)]
    model: Model,
    /// Decides the starting centres
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Personas {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let selection = self.select.load(&bars)?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        languages(&mut corpus, &bars)?;
        let params = PersonaParams {
            min_posts: self.min_posts,
            k: self.k,
            n_init: self.n_init,
            model: self.model.into(),
            seed: self.seed,
        };
        let outcome = personas(&mut corpus, &params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| describe(&outcome.summary))
    }
}

/// What was found, in a line or two.
pub fn describe(found: &PersonaSummary) -> String {
    let left_out = describe_left_out(&found.left_out);
    if let Some(why) = &found.why_none {
        return format!("No clusters. {why}\n{left_out}");
    }
    let mut text = format!("{} {} in {} clusters.\n{left_out}", found.n_units, found.unit, found.k);
    if let (Some(ari), Some(ami)) = (found.ari, found.ami) {
        text.push_str(&format!("Against the known labels: ARI {ari:.3}, AMI {ami:.3}.\n"));
    }
    text
}
