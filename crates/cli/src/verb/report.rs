//! `populi report`.

use std::path::PathBuf;

use clap::Args;
use populi_pipeline::report::{ReportParams, report};
use populi_pipeline::run::beside;
use populi_store::Snapshot;

use crate::options::{CorpusOption, Manner};
use crate::selection::{SelectOptions, describe_left_out};

/// Write the page: one HTML file with the map, the clusters, the activity and the account.
///
/// The page asks nothing of the network. It shows posts verbatim and is for the owner of the corpus. The map is written
/// as map.png and map.svg too; it shows at most 50,000 points, chosen by the seed, and says so.
///
/// With options of selection the page is about the posts that they admit: their number, languages, conversations and authors.
/// Other acts are shown where their author and time are admitted, and of the map the authors with such a post; the clusters
/// are those that `populi personas` found, and the account is that of the whole corpus.
///
/// Time: some passes over the tables. Memory: about 200 bytes a conversation.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi report --corpus ./march --out ./march-page --title 'March 2025'\n  populi report --since 2025-03-08 --until 2025-03-15 --title 'The second week'"
)]
pub struct Report {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The folder to write to [default: the one that the corpus lies in]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The title [default: the name of the corpus's folder]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Decides which points are shown where there are too many
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Report {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let snapshot = Snapshot::open(&self.corpus.corpus)?;
        let out = self.out.clone().unwrap_or_else(|| beside(&self.corpus.corpus));
        let params = ReportParams { title: self.title.clone(), recipe: String::new(), seed: self.seed };
        let selection = self.select.load(&bars)?;
        let files = report(&snapshot, &out, &params, &selection, &bars)?;
        self.manner.print(&files, |files| {
            format!("{}{}\n", describe_left_out(&files.left_out), files.page.display())
        })
    }
}
