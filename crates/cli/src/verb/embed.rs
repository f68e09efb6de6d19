//! `populi embed`.

use clap::{Args, ValueEnum};
use populi_pipeline::embed::{EmbedParams, Model as EmbedModel, embed};
use populi_pipeline::languages::languages;
use populi_store::Corpus;

use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Turn the text of every post into a vector: the table `vectors/MODEL`.
///
/// The model `lexical` needs no download and knows any script: words and parts of words, weighed by how rare they are,
/// put into 256 dimensions that are learnt from at most 20,000 of the texts.
///
/// The options of selection narrow the posts that get one; with --lang, the language of every post is told first (the table
/// `languages`). Without them all posts do, and later steps can select as they like.
///
/// Time: linear in the text. Memory: some 300 MB for learning, then a few thousand posts.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi embed --seed 7")]
pub struct Embed {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The model
    #[arg(long, value_enum, default_value_t = Model::Lexical)]
    model: Model,
    /// Decides the sample that the model learns from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum Model {
    /// Words and parts of words
    Lexical,
}

impl From<Model> for EmbedModel {
    fn from(model: Model) -> Self {
        match model {
            Model::Lexical => Self::Lexical,
        }
    }
}

impl Embed {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let params = EmbedParams { model: self.model.into(), seed: self.seed };
        let selection = self.select.load(&bars)?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        if selection.asks_for_languages() {
            languages(&mut corpus, &bars)?;
        }
        let outcome = embed(&mut corpus, params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| {
            let found = &outcome.summary;
            format!(
                "{} posts in {} dimensions in the table {}; {} of them have nothing in them.\n{}",
                found.n_posts,
                found.n_dims,
                found.table,
                found.n_empty,
                describe_left_out(&found.left_out)
            )
        })
    }
}
