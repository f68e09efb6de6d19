//! `populi detector`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use populi_pipeline::detector::{
    ApplyParams, ApplySummary, ExampleParams, KnownParams, LogisticParams, NamedFile, TestParams,
    TrainFilesParams, TrainSummary, Which, apply, train,
};
use populi_pipeline::export::Existing;
use populi_pipeline::languages::languages;
use populi_store::Corpus;

use crate::model::ModelOptions;
use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Which posts are instructions: train a detector on files of texts, or apply one to a corpus
///
/// An instruction is a post that asks for something an answer can give: a question or a request.
#[derive(Args, Debug)]
pub struct Detector {
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Subcommand, Debug)]
enum Noun {
    Train(Train),
    Apply(Apply),
}

impl Detector {
    pub fn run(self) -> anyhow::Result<()> {
        match self.noun {
            Noun::Train(noun) => noun.run(),
            Noun::Apply(noun) => noun.run(),
        }
    }
}

/// Train a detector of instructions, and say what it is worth on sources that it has not seen
///
/// It is a logistic regression over the vector of a text and 27 features that can be named (question marks, first words, length …).
/// Links, handles and hash signs are taken out first, and capital letters are no feature: they tell where a text is from.
///
/// Each FILE is a source, called like the file without its ending; `NAME=FILE` calls it otherwise, and files of one NAME make one source. A
/// FILE is a text a line (.txt), a table as for `populi embed FILE` (`FILE:COLUMN` names the column), a JSON list of texts or of lists that begin
/// with one, or trees or messages of Open Assistant, of which the prompters' texts are taken. A folder is all its files of texts; of a task of
/// TweetEval those that end in _text.txt. Sources weigh alike, whatever their size; a text counts once, and not at all where it is on both sides.
///
/// It is tested on every pair of a positive and a negative source that were both left out, so each side needs two sources; and again with case and
/// punctuation removed from all texts. Beside it stand always yes, a question mark, and a classifier that only tells sources apart: where
/// the detector is no better than these, it has learnt where texts come from.
///
/// Three files are written into --out: detector.json, card.md with all figures and their 95 % intervals, and pr.svg with precision against recall.
/// The same files, options and seed give the same bytes, at any number of threads.
///
/// Time: linear in the texts that are used and in the pairs: of 30,000 texts, 18 pairs and the static model half a minute of a core. Memory: some
/// 8 kB a text.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi detector train --positive oasst=trees.jsonl banking.csv --negative tweeteval/irony tweeteval/emotion --out detector\n  populi detector apply --detector detector/detector.json"
)]
struct Train {
    /// Files or folders of instructions, each a source: [NAME=]FILE[:COLUMN]
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    positive: Vec<NamedFile>,
    /// Files or folders of other texts, each a source
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    negative: Vec<NamedFile>,
    /// The folder for the detector, its card and its curve
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace a detector that is there
    #[arg(long)]
    overwrite: bool,
    /// Texts of a source, at most; of more, as many are drawn
    #[arg(long, value_name = "N", default_value_t = ExampleParams::default().max_texts)]
    max_texts: usize,
    /// Count links, mentions, hashtags, emoji and capital letters too. Where instructions and other texts are from different places, that only tells
    /// places apart
    #[arg(long)]
    marks: bool,
    /// The penalty on the squared weights
    #[arg(long, value_name = "L2", default_value_t = LogisticParams::default().l2)]
    l2: f64,
    /// Resamples for the intervals
    #[arg(long, value_name = "N", default_value_t = TestParams::default().n_bootstraps)]
    bootstraps: usize,
    /// Decides which texts are drawn, and the resamples
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Train {
    fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let (model, settings) = self.model.into_parts();
        let params = TrainFilesParams {
            positive: self.positive,
            negative: self.negative,
            out: self.out,
            existing: if self.overwrite { Existing::Replace } else { Existing::Refuse },
            model,
            settings,
            marks: self.marks,
            examples: ExampleParams { max_texts: self.max_texts, seed: self.seed },
            test: TestParams {
                logistic: LogisticParams { l2: self.l2, ..LogisticParams::default() },
                n_bootstraps: self.bootstraps,
                seed: self.seed,
            },
        };
        self.manner.print(&train(&params, &bars)?, describe_training)
    }
}

/// Judge the posts of a corpus: the table `instructions`
///
/// For each post that answers no other (with --posts: each post): the chance that it is an instruction, where every second post is one; whether
/// that is at least the detector's threshold; the three features that moved it most; the entry of a list of words and hashtags with which people
/// ask, if one is in it; and, with --known, the mean cosine to the nearest of the instructions in those files.
///
/// Where instructions are rare, more of what is found is something else: the detector's card says how much, and --threshold asks for more certainty.
/// Detectors are trained on one language, the ones of the card on English: narrow the posts with --lang.
///
/// The detector has to be given the model that it was trained with; the one that comes with the program needs no naming. It reads texts, so the
/// corpus need not be embedded.
///
/// Time: linear in the text, some 40,000 short posts a second and core with the static model. Memory: a few thousand posts and the model.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi detector apply --detector detector/detector.json --lang en\n  populi sql \"SELECT probability, keyword, reasons, text FROM instructions JOIN posts USING (post_key) WHERE is_instruction ORDER BY probability DESC LIMIT 20\""
)]
struct Apply {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The file that `populi detector train` made
    #[arg(long, value_name = "FILE")]
    detector: PathBuf,
    /// Judge every post, not only those that answer no other
    #[arg(long)]
    posts: bool,
    /// The probability from which on a post is an instruction [default: the detector's own]
    #[arg(long, value_name = "P")]
    threshold: Option<f64>,
    /// Files of known instructions to compare with, as for --positive of `populi detector train`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    known: Vec<NamedFile>,
    /// How many of the nearest known instructions count
    #[arg(long, value_name = "K", default_value_t = KnownParams::default().k, requires = "known")]
    k: usize,
    /// A list of words, phrases and #hashtags with which people ask, one a line as for --keyword [default: one in English]
    #[arg(long, value_name = "FILE")]
    asking: Option<PathBuf>,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Apply {
    fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let (model, settings) = self.model.into_parts();
        let params = ApplyParams {
            detector: self.detector,
            model,
            settings,
            which: if self.posts { Which::Posts } else { Which::Roots },
            threshold: self.threshold,
            known: KnownParams { files: self.known, k: self.k },
            keywords: self.asking,
        };
        let selection = self.select.load(&bars)?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        if selection.asks_for_languages() {
            languages(&mut corpus, &bars)?;
        }
        let outcome = apply(&mut corpus, &params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| describe_posts(&outcome.summary))
    }
}

fn describe_training(found: &TrainSummary) -> String {
    let mut text = String::new();
    for source in &found.sources {
        text.push_str(&format!(
            "{} ({}): {} of {} texts.\n",
            source.name,
            source.side.name(),
            source.n_used,
            source.n_read
        ));
    }
    text.push_str("\nOn pairs of sources left out, all together (ROC AUC, average precision, F1; without case and punctuation):\n");
    for (plain, stripped) in found.left_out.iter().zip(&found.left_out_stripped) {
        let figures = |found: &populi_pipeline::detector::Figures| {
            format!("{:.3}, {:.3}, {:.3}", found.roc_auc.value, found.average_precision.value, found.f1.value)
        };
        text.push_str(&format!(
            "  {:<14} {}; {}\n",
            plain.judge.name(),
            figures(&plain.figures),
            figures(&stripped.figures)
        ));
    }
    if let Some(worst) = found.pairs.iter().min_by(|a, b| a.roc_auc.total_cmp(&b.roc_auc)) {
        text.push_str(&format!(
            "The detector's worst pair is {} against {}: {:.3} ({:.3} without case and punctuation).\n",
            worst.positive, worst.negative, worst.roc_auc, worst.roc_auc_stripped
        ));
    }
    text.push_str(&format!(
        "\nVectors by the model {}. The detector is {}, what to know of it {}.\n",
        found.model,
        found.detector.display(),
        found.card.display()
    ));
    text
}

fn describe_posts(found: &ApplySummary) -> String {
    format!(
        "{} posts, {} of them instructions (from a probability of {:.3} on); {} say what people say who ask, {} of these are instructions.\n\
         The threshold of a detector is the best where every second post is an instruction: where few are, many of those found \
         are none, so rank them, or ask for more with --threshold.\n\
         {} posts answer others and were not judged.\n{}",
        found.n_posts,
        found.n_instructions,
        found.threshold,
        found.n_with_keyword,
        found.n_with_both,
        found.n_replies,
        describe_left_out(&found.left_out)
    )
}
