//! `populi distill`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use populi_pipeline::embed::{
    DistilFileParams, DistilParams, DistilSummary, Model, ModelSettings, distil_file,
};
use populi_pipeline::export::Existing;
use populi_pipeline::ingest::ColumnRef;

use crate::options::Manner;

/// Make a table of word pieces from a transformer: vectors like its own, far faster.
///
/// First every token of the vocabulary goes through the teacher alone: its vector, in the main directions
/// of all and weighed down if it is frequent, is its row. Then the teacher embeds the texts (and made-up ones of words that they
/// lack), and the rows are moved until the sum of the rows of a text points where the teacher's vector does. A table knows words, not their
/// order. How near it comes is measured on texts that are held out, and printed: the share of the teacher's ten nearest texts that
/// are the table's, too.
///
/// The more the texts are like those to be embedded later, the better. Without texts the table is the first step alone. `populi embed
/// --model TABLE` uses it.
///
/// The teacher is BERT or MPNet with WordPiece: a folder of sentence-transformers, or an id of the Hugging Face hub. Its vectors
/// are kept in --cache, so an interrupted command goes on, and one with other settings of the fit computes only what is new. The same
/// teacher, texts, settings and seed give the same bytes, at any number of threads.
///
/// Time: linear in the texts, with the made-up ones; with a teacher of the size of all-MiniLM-L6-v2 about 10 ms of a core each, so 20 minutes of a core
/// for the defaults without texts of your own, and some minutes for the fit. Memory: the texts, and 1.5 kB a text.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi distill --teacher ./all-MiniLM-L6-v2 --texts posts.txt talk.csv --out posts.table\n  populi embed --model posts.table"
)]
pub struct Distill {
    /// The teacher: a folder of sentence-transformers, or an id of the hub (owner/name)
    #[arg(long, value_name = "DIR")]
    teacher: Model,
    /// Files of texts: one a line (.txt), or tables as for `populi ingest text`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    texts: Vec<PathBuf>,
    /// The column of the texts in tables, by name or number from 1 [default: guessed]
    #[arg(long, value_name = "COLUMN")]
    text: Option<ColumnRef>,
    /// Where the table goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace a table that is there
    #[arg(long)]
    overwrite: bool,
    /// The folder where the teacher's vectors are kept [default: that of --out and .cache]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// A text that goes into the table, for people: the texts and their licences, quality, limits
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    /// Dimensions, a multiple of 16, at most those of the teacher
    #[arg(long, value_name = "N", default_value_t = DistilParams::default().n_dims)]
    dims: usize,
    /// a in the weight a / (a + p) of a token of probability p: smaller mutes frequent tokens more
    #[arg(long, value_name = "A", default_value_t = DistilParams::default().zipf_a)]
    zipf: f64,
    /// Made-up texts of drawn words [default: 60000; without --texts: 0]
    #[arg(long, value_name = "N")]
    word_lists: Option<usize>,
    /// Made-up posts: texts of the files, half of them with some words replaced by drawn ones, and drawn words, with mentions,
    /// hashtags and links [default: 60000; without --texts: 0]
    #[arg(long, value_name = "N")]
    made_up_posts: Option<usize>,
    /// Passes of the fit over all texts [default: 3; without --texts: 0]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Texts of a step of the fit
    #[arg(long, value_name = "N", default_value_t = DistilParams::default().batch)]
    batch: usize,
    /// The size of the first step of the fit
    #[arg(long, value_name = "RATE", default_value_t = DistilParams::default().learning_rate)]
    learning_rate: f64,
    /// The share of the texts that is held out, at most 2,500
    #[arg(long, value_name = "SHARE", default_value_t = DistilParams::default().held_out)]
    held_out: f64,
    /// Stands before every text that the teacher sees
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// Of the hub: a branch, tag or commit of the teacher [default: main]
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,
    /// Of the hub: take the teacher from the cache and ask nothing of the network
    #[arg(long)]
    offline: bool,
    /// Decides what is made up, held out, and the order of the fit
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    manner: Manner,
}

impl Distill {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let notes = match &self.notes {
            Some(path) => {
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
            }
            None => String::new(),
        };
        let defaults = if self.texts.is_empty() { DistilParams::plain() } else { DistilParams::default() };
        let params = DistilFileParams {
            teacher: self.teacher,
            settings: ModelSettings {
                prefix: self.prefix,
                revision: self.revision,
                offline: self.offline,
                ..ModelSettings::default()
            },
            texts: self.texts,
            text: self.text,
            out: self.out,
            existing: if self.overwrite { Existing::Replace } else { Existing::Refuse },
            cache: self.cache,
            notes,
            params: DistilParams {
                n_dims: self.dims,
                zipf_a: self.zipf,
                n_word_lists: self.word_lists.unwrap_or(defaults.n_word_lists),
                n_posts: self.made_up_posts.unwrap_or(defaults.n_posts),
                epochs: self.epochs.unwrap_or(defaults.epochs),
                batch: self.batch,
                learning_rate: self.learning_rate,
                held_out: self.held_out,
                seed: self.seed,
            },
        };
        self.manner.print(&distil_file(&params, &bars)?, describe)
    }
}

fn describe(found: &DistilSummary) -> String {
    let mut text = format!(
        "{} tokens in {} dimensions, {:.1} MB, in {}.\n",
        found.n_tokens,
        found.n_dims,
        found.n_bytes as f64 / 1e6,
        found.output.display()
    );
    match found.held_out.last() {
        Some(last) => text.push_str(&format!(
            "Fitted to {} on {} texts. On texts that were held out: cosine {:.3}; of the teacher's ten nearest texts {:.0} % are the \
             table's too (before the fit {:.0} %).\n",
            found.teacher,
            found.n_fitted,
            last.cosine,
            100.0 * last.neighbours,
            100.0 * found.plain_neighbours
        )),
        None => text.push_str(&format!("Fitted to {} on {} texts; none was held out.\n", found.teacher, found.n_fitted)),
    }
    text.push_str(&format!(
        "The teacher's vectors are kept in {}: delete it when you need no other table.\n",
        found.cache.display()
    ));
    text
}
