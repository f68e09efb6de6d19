//! The options that mean the same wherever they appear.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::bars::Bars;

/// Which corpus.
#[derive(Args, Debug)]
pub struct CorpusOption {
    /// The folder of the corpus
    #[arg(long, value_name = "DIR", default_value = "./corpus")]
    pub corpus: PathBuf,
}

/// How to work and how to talk.
#[derive(Args, Debug)]
pub struct Manner {
    /// Threads to use [default: one a core]. The output is the same for any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// Show no progress and no notes
    #[arg(long, short)]
    pub quiet: bool,
}

impl Manner {
    /// Sets the threads up. Called once, before any work.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(&self) -> anyhow::Result<Bars> {
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(usize::from(threads))
                .build_global()
                .with_context(|| format!("cannot start {threads} threads"))?;
        }
        Ok(Bars::new(self.quiet))
    }

    /// Prints an outcome: as JSON where asked for, else the lines that `words` makes of it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn print<T: Serialize>(&self, outcome: &T, words: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        use std::io::Write;
        let mut text = if self.json { serde_json::to_string_pretty(outcome)? } else { words(outcome) };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}
