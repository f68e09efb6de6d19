//! `populi run`.

use std::path::PathBuf;

use clap::Args;
use populi_pipeline::recipe::Recipe;
use populi_pipeline::run::{RunSummary, run};

use super::embed::describe_model;
use super::personas::describe as describe_personas;
use super::status::account_table;
use crate::options::Manner;

/// Do everything that a recipe says: ingest, threads, languages, embed, personas, report.
///
/// A recipe is a TOML file, in which everything but the input has a default:
///
///   corpus = "corpus"
///   seed = 1
///   [ingest]
///   from = "bluesky"          # or "twitter", "text", "blueprint"
///   paths = ["dump/"]
///   [select]                  # which posts the later stages see: since, until, lang, keyword, author
///   lang = ["en", "de"]
///   [clean]                   # only where it is there: what `populi clean` finds, with its flags
///   min_length = 1
///   [embed]
///   model = "auto"            # as for `populi embed`, with its other flags: prefix, server_model, …
///   [personas]
///   min_posts = 2
///
/// Names are those of the flags. [ingest.select] says what is taken in at all, and [embed.select], [personas.select] and
/// [report.select] stand in place of [select] for one stage. Stages whose settings and inputs did not change are passed over, so an interrupted run
/// continues, and a changed setting costs only what depends on it. The page is written beside the corpus, and its path
/// printed. Where more is quarantined than `max_quarantine` allows, the run stops after the ingest with exit code 1.
///
/// Time and memory: those of the stages; see their help.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, after_help = "Example:\n  populi run populi.toml")]
pub struct Run {
    /// The recipe
    recipe: PathBuf,
    /// Decides everything that is drawn at random [default: the recipe's]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    manner: Manner,
}

impl Run {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let mut recipe = Recipe::load(&self.recipe)?;
        recipe.seed = self.seed.unwrap_or(recipe.seed);
        let summary = run(&recipe, &bars)?;
        self.manner
            .print(&summary, |summary| format!("{}{}\n", describe(summary), summary.report.page.display()))
    }
}

/// What a run found, for people.
pub fn describe(summary: &RunSummary) -> String {
    format!(
        "{}{}{} conversations; {}",
        account_table(&summary.accounting),
        describe_model(&summary.embed.summary),
        summary.threads.summary.n_conversations,
        describe_personas(&summary.personas.summary),
    )
}
