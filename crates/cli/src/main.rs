//! The `populi` command: what the user asked for, said to the library, and the answer shown.
//!
//! No logic lives here: each verb is one file in [`verb`], and each is a face of one library function.

mod bars;
mod model;
mod options;
mod selection;
mod signals;
mod verb;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Done, but with findings that the user should look at.
pub(crate) const FINDINGS: u8 = 1;
/// It failed.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let cli = verb::Cli::parse();
    let stopped = cli.stopped();
    let watched = signals::watch(stopped).map_err(anyhow::Error::from);
    match watched.and_then(|()| cli.run()) {
        Ok(outcome) => outcome,
        Err(error) => report(&error, stopped),
    }
}

/// Says what went wrong, once, and gives the exit code that goes with it.
fn report(error: &anyhow::Error, stopped: signals::Stopped) -> ExitCode {
    if is_broken_pipe(error) {
        // Whoever read our output had enough of it.
        return ExitCode::SUCCESS;
    }
    if let Some(populi_pipeline::Error::Stopped) = error.downcast_ref() {
        signals::tell(stopped);
        return ExitCode::from(signals::exit_code());
    }
    bars::clear();
    // Where even this cannot be written, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "populi: {}", in_words(error));
    match error.downcast_ref::<populi_pipeline::Error>() {
        Some(
            populi_pipeline::Error::TooMuchQuarantined { .. }
            | populi_pipeline::Error::NothingSelected { .. },
        ) => ExitCode::from(FINDINGS),
        _ => ExitCode::from(FAILED),
    }
}

/// The error and its causes, each told once: most messages quote their cause already.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |words, cause| {
        if words.contains(&cause) { words } else { format!("{words}: {cause}") }
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
