//! `populi embed`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use populi_pipeline::embed::{EmbedParams, EmbedSummary, FileParams, FileSummary, embed, embed_file};
use populi_pipeline::export::Existing;
use populi_pipeline::ingest::ColumnRef;
use populi_pipeline::languages::languages;
use populi_store::Corpus;

use crate::model::ModelOptions;
use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// What belongs to a corpus alone.
const OF_A_CORPUS: [&str; 7] = ["corpus", "refit", "since", "until", "lang", "keyword", "author"];

/// Turn texts into vectors: of a corpus (table `vectors/…`), or of a FILE (a .npy array)
///
/// Texts about the same things get vectors that point the same way. The models:
///
///   static    A table of word pieces that comes with the program: English, and by far the fastest.
///   lexical   Words and parts of words, fitted on at most 20,000 of the texts: any script.
///   auto      static where its vocabulary has at least 80 % of the words of 2,000 of the texts, else
///             lexical; it says which, and why. One decision a corpus: it stands when posts are added,
///             until another selection is asked for, --refit is given, or somebody is forgotten.
///   DIR       A folder of sentence-transformers (BERT, MPNet, XLM-RoBERTa): the best vectors, on the
///             CPU. Its model.safetensors and tokenizer.json are read, and no code of it.
///   OWNER/ID  The same from the Hugging Face hub, fetched once. HF_ENDPOINT, HF_HOME and HF_TOKEN are
///             heeded.
///   TABLE     A file that `populi distill` made.
///   URL       A server with an OpenAI-compatible /v1/embeddings; --server-model names its model. The
///             key comes from the environment and is never written anywhere.
///
/// Vectors have length 1; a text in which the model finds nothing has zeros. The same texts, model and
/// seed give the same bits, at any number of threads; a server may give other last digits.
///
/// What a transformer or a server computed is kept by text (in the corpus, or in --cache): when a run
/// was interrupted the same command goes on, a later one embeds only what is new, and equal texts are
/// embedded once. The other models are faster than a cache would be. The fit of lexical is the table
/// `models/lexical`; it stands while seed and selection are the same, and --refit makes it anew.
///
/// A corpus has the vectors of one model: those of another one go. The options of selection narrow the
/// posts that get one; with --lang the language of every post is told first (the table `languages`).
///
/// A FILE is a text a line (.txt, also packed) or a table as for `populi ingest text`: CSV, TSV, JSON
/// lines, Parquet, where blank lines are no rows. Row i of the array is text i. A line that cannot be
/// read stops the work and is named; an empty text has a row of zeros and is counted.
///
/// Time: linear in the text. On one core some 250,000 short texts a second with static, 20,000 with
/// lexical after 2 s of fitting, 100 with a transformer of the size of all-MiniLM-L6-v2. Memory: a few
/// thousand posts (of a FILE: its texts), and the model: 10 MB, 300 MB while it is fitted, 250 MB.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  populi embed --corpus ./march\n  populi embed --model ./all-MiniLM-L6-v2\n  populi embed --model intfloat/e5-small-v2 --prefix 'query: '\n  populi embed posts.csv --text body --out posts.npy\n  populi embed posts.txt --model http://localhost:11434 --server-model nomic-embed-text --out posts.npy"
)]
pub struct Embed {
    /// The texts [default: those of the corpus]
    #[arg(requires = "out", conflicts_with_all = OF_A_CORPUS)]
    file: Option<PathBuf>,
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    model: ModelOptions,
    /// Decides the sample that auto looks at and lexical is fitted on
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Decide and fit anew, as if the corpus had not been embedded before
    #[arg(long)]
    refit: bool,
    /// Of a FILE: where the array goes
    #[arg(long, value_name = "FILE.npy", requires = "file")]
    out: Option<PathBuf>,
    /// Of a FILE: the column of the texts, by name or number from 1 [default: guessed]
    #[arg(long, value_name = "COLUMN", requires = "file")]
    text: Option<ColumnRef>,
    /// Of a FILE: the folder where vectors of a transformer or server are kept [default: that of --out and .cache]
    #[arg(long, value_name = "DIR", requires = "file")]
    cache: Option<PathBuf>,
    /// Of a FILE: replace an array that is there
    #[arg(long, requires = "file")]
    overwrite: bool,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Embed {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let (model, settings) = self.model.into_parts();
        // clap lets this through where an option of a corpus is given, too.
        if let (None, Some(out)) = (&self.file, &self.out) {
            bail!(
                "--out {} is for a FILE of texts, and none is given: name one, or leave --out away",
                out.display()
            );
        }
        if let (Some(input), Some(out)) = (self.file, self.out) {
            if out.as_os_str() == "-" {
                bail!("--out has to be a file: an array is not written to the standard output");
            }
            let params = FileParams {
                input,
                text: self.text,
                out,
                existing: if self.overwrite { Existing::Replace } else { Existing::Refuse },
                cache: self.cache,
                model,
                settings,
                seed: self.seed,
            };
            return self.manner.print(&embed_file(&params, &bars)?, describe_file);
        }
        let params = EmbedParams { model, settings, seed: self.seed, refit: self.refit };
        let selection = self.select.load(&bars)?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        if selection.asks_for_languages() {
            languages(&mut corpus, &bars)?;
        }
        let outcome = embed(&mut corpus, &params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| {
            let found = &outcome.summary;
            let from_cache = match (found.n_embedded, found.n_from_cache) {
                (Some(now), Some(before)) => {
                    format!("{now} different texts were embedded now, {before} before.\n")
                }
                _ => String::new(),
            };
            format!(
                "{} posts in {} dimensions in the table {}; {} of them have nothing in them.\n{from_cache}{}{}",
                found.n_posts,
                found.n_dims,
                found.table,
                found.n_empty,
                describe_model(found),
                describe_left_out(&found.left_out)
            )
        })
    }
}

/// Which model, and why.
pub fn describe_model(found: &EmbedSummary) -> String {
    match found.why() {
        Some(why) => format!("Vectors by the model {}: {why}.\n", found.model),
        None => format!("Vectors by the model {}.\n", found.model),
    }
}

fn describe_file(found: &FileSummary) -> String {
    let mut text = format!(
        "{} texts in {} dimensions in {}; {} of them have nothing in them.\n",
        found.n_texts,
        found.n_dims,
        found.output.display(),
        found.n_empty
    );
    if let Some(column) = &found.column {
        text.push_str(&format!("They are the column {column}"));
        text.push_str(&match found.n_missing {
            0 => ".\n".to_owned(),
            n => format!(", which {n} rows do not have.\n"),
        });
    }
    let why = found.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    text.push_str(&format!("Vectors by the model {}{why}.\n", found.model));
    if let Some(cache) = &found.cache {
        text.push_str(&format!(
            "{} of {} different texts were known already; all are in {}.\n",
            found.n_from_cache,
            found.n_distinct,
            cache.display()
        ));
    }
    text
}
