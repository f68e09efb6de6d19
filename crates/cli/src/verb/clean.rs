//! `populi clean`.

use clap::Args;
use populi_pipeline::clean::{CleanParams, CleanSummary, Finding, clean};
use populi_pipeline::languages::languages;
use populi_store::Corpus;

use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Find posts that are short, said before, or posted by a machine: the table `cleaning`.
///
/// A row a post tells where its body lies in its text (without the mentions in front and the links at the end), what was
/// found of it, and whether it is kept. Nothing is taken out of the corpus; exports leave out what is not kept, and count
/// it. The findings:
///
///   too_short         The body has fewer characters than --min-length.
///   duplicate         An earlier post says the same, but for case, white space, mentions and links.
///   near_duplicate    An earlier post says nearly the same: of the runs of five characters in either
///                     text at least --near-duplicate are in both (Jaccard similarity). Posts that hang
///                     together by such pairs are one group, of which the earliest post is kept.
///   posting_rate      Its author writes more than --max-posts-per-day, on days with posts. Of a sample
///                     of the network only that share of the posts is seen: ask for less.
///   repeated_text     Of its author's posts, 5 or more, a larger share than --max-repeated says nearly
///                     the same as another one of theirs.
///   automated_client  It was written with a program that posts by itself: one of a list of schedulers,
///                     feeds and bots, one whose name says so, or one that --automated-client names.
///
/// The options of selection narrow the posts that are looked at, and what is a duplicate is decided among these; with --lang the
/// language of every post is told first (the table `languages`).
///
/// Near-duplicates are found by MinHash and compared exactly: what is called one is one; of pairs at the
/// threshold of 0.8 about 96 in 100 are found, of more similar ones nearly all.
///
/// Time: about 20 MB of text a second and core. Memory: about 24 bytes a post, 150 a text that differs.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  populi clean --min-length 15 --max-posts-per-day 50 --automated-client \"My App\"\n  populi clean --allow duplicate,automated_client\n  populi sql \"SELECT keep, reasons, count(*) FROM cleaning GROUP BY keep, reasons ORDER BY 3 DESC\"\n  populi sql \"SELECT text, near_duplicate_of, similarity FROM cleaned_posts WHERE similarity < 1\""
)]
pub struct Clean {
    #[command(flatten)]
    corpus: CorpusOption,
    /// Characters that the body of a post has at least
    #[arg(long, value_name = "N", default_value_t = CleanParams::default().min_length)]
    min_length: u32,
    /// The similarity from which on two texts are near-duplicates, above 0 and at most 1
    #[arg(long, value_name = "SHARE", default_value_t = CleanParams::default().near_duplicate)]
    near_duplicate: f64,
    /// Posts a day, on days with posts, that an author writes at most
    #[arg(long, value_name = "N", default_value_t = CleanParams::default().max_posts_per_day)]
    max_posts_per_day: f64,
    /// The share of an author's posts, from 0 to 1, that may say nearly the same as another one of theirs
    #[arg(long, value_name = "SHARE", default_value_t = CleanParams::default().max_repeated)]
    max_repeated: f64,
    /// A client that posts by itself, beside those that are known; may be given several times
    #[arg(long, value_name = "NAME")]
    automated_client: Vec<String>,
    /// Findings that are told but leave no post out, separated by commas
    #[arg(long, value_name = "FINDINGS", value_delimiter = ',')]
    allow: Vec<Finding>,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Clean {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let selection = self.select.load(&bars)?;
        let params = CleanParams {
            min_length: self.min_length,
            near_duplicate: self.near_duplicate,
            max_posts_per_day: self.max_posts_per_day,
            max_repeated: self.max_repeated,
            automated_client: self.automated_client,
            allow: self.allow,
        };
        params.check()?;
        let mut corpus = Corpus::open(&self.corpus.corpus)?;
        if selection.asks_for_languages() {
            languages(&mut corpus, &bars)?;
        }
        let outcome = clean(&mut corpus, &params, &selection, &bars)?;
        self.manner.print(&outcome, |outcome| describe(&outcome.summary))
    }
}

/// What was found, in some lines.
pub fn describe(found: &CleanSummary) -> String {
    let findings: Vec<String> = Finding::ALL
        .into_iter()
        .filter_map(|finding| {
            Some(format!("  {:<17} {}\n", finding.name(), found.findings.get(finding.name())?))
        })
        .collect();
    let n_clients = |kind: &str| found.clients.get(kind).copied().unwrap_or(0);
    format!(
        "{} of {} posts are kept.\n{}{} texts differ, with {} groups of near-duplicates. Clients: {} official, {} automated, {} others, {} unknown.\n{}",
        found.n_kept,
        found.n_posts,
        findings.concat(),
        found.n_texts,
        found.n_near_groups,
        n_clients("official"),
        n_clients("automated"),
        n_clients("other"),
        n_clients("unknown"),
        describe_left_out(&found.left_out),
    )
}
