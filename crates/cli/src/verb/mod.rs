//! The verbs, a file each: the help text first, then the one call that it is a face of.

mod clean;
mod demo;
mod detector;
mod distill;
mod embed;
mod export;
mod forget;
mod ingest;
mod matrix;
mod personas;
mod report;
mod run;
mod simulate;
mod sql;
mod status;
mod threads;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::signals::Stopped;

/// From social-media dumps to conversations, personas, labelled maps and a page.
///
/// A corpus is one folder. `populi ingest` fills it, the other verbs read its tables and add new ones, and `populi run`
/// does all of it from one recipe. Every step can be interrupted and started again, and the same input and seed give
/// the same bytes, at any number of threads.
///
/// Exit codes: 0 done, 1 done with findings (such as more quarantined than allowed), 2 failed, 130 and 143 interrupted
/// (SIGINT, SIGTERM).
#[derive(Parser, Debug)]
#[command(
    name = "populi",
    version,
    max_term_width = 100,
    after_help = "Begin with:\n  populi demo\n  populi ingest bluesky dump/ && populi threads && populi embed && populi personas && populi report"
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Demo(demo::Demo),
    Simulate(simulate::Simulate),
    Ingest(ingest::Ingest),
    Status(status::Status),
    Sql(sql::Sql),
    Threads(threads::Threads),
    Clean(clean::Clean),
    Embed(embed::Embed),
    Distill(distill::Distill),
    Detector(detector::Detector),
    Personas(personas::Personas),
    Export(export::Export),
    Report(report::Report),
    Run(run::Run),
    Forget(forget::Forget),
    Verify(verify::Verify),
    Matrix(matrix::Matrix),
}

impl Cli {
    /// What an interruption of the verb leaves.
    pub fn stopped(&self) -> Stopped {
        match self.verb {
            Verb::Demo(_)
            | Verb::Ingest(_)
            | Verb::Threads(_)
            | Verb::Clean(_)
            | Verb::Embed(_)
            | Verb::Distill(_)
            | Verb::Detector(_)
            | Verb::Personas(_)
            | Verb::Run(_) => Stopped::Continues,
            Verb::Export(_) => Stopped::TakesBack,
            Verb::Simulate(_)
            | Verb::Status(_)
            | Verb::Sql(_)
            | Verb::Report(_)
            | Verb::Forget(_)
            | Verb::Verify(_)
            | Verb::Matrix(_) => Stopped::EndsAtOnce,
        }
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            // The verbs that end with findings that are no error.
            Verb::Forget(verb) => return verb.run(),
            Verb::Verify(verb) => return verb.run(),
            Verb::Demo(verb) => verb.run(),
            Verb::Simulate(verb) => verb.run(),
            Verb::Ingest(verb) => verb.run(),
            Verb::Status(verb) => verb.run(),
            Verb::Sql(verb) => verb.run(),
            Verb::Threads(verb) => verb.run(),
            Verb::Clean(verb) => verb.run(),
            Verb::Embed(verb) => verb.run(),
            Verb::Distill(verb) => verb.run(),
            Verb::Detector(verb) => verb.run(),
            Verb::Personas(verb) => verb.run(),
            Verb::Export(verb) => verb.run(),
            Verb::Report(verb) => verb.run(),
            Verb::Run(verb) => verb.run(),
            Verb::Matrix(verb) => verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
