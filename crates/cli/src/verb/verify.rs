//! `populi verify`.

use std::process::ExitCode;

use clap::Args;
use populi_pipeline::verify::verify;
use populi_store::verify::Verification;

use crate::FINDINGS;
use crate::options::{CorpusOption, Manner};

/// Check that every byte of the corpus is as it was written.
///
/// Every file is held against its BLAKE3 checksum: any changed, cut, missing or exchanged file is named. The manifest carries
/// a checksum of itself. Then the rows of each table are counted and digested anew, and the records of every input are
/// counted in the tables and held against what was counted while it was read.
///
/// Files in the corpus that nothing names are listed too: an interruption leaves some, which the next command that
/// writes removes; what else there is, is somebody's. They are no findings.
///
/// Nothing is written and no lock is taken, so a corpus on a read-only disk can be verified. The exit code is 0 where all is
/// well, 1 where there are findings.
///
/// Time: each file is read twice, on all threads; about that of reading and decoding every table once. Memory: some
/// megabytes a thread.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi verify --corpus ./march\n  populi verify --json | jq -r '.findings[].file'"
)]
pub struct Verify {
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    manner: Manner,
}

impl Verify {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let bars = self.manner.start()?;
        let found = verify(&self.corpus.corpus, &bars)?;
        self.manner.print(&found, describe)?;
        Ok(if found.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }
}

/// A line a finding, then the sum.
fn describe(found: &Verification) -> String {
    let mut text = String::new();
    for finding in &found.findings {
        text.push_str(&format!("{}: {}\n", finding.file.escape_debug(), finding.what));
    }
    for unnamed in &found.unnamed {
        let why = match unnamed.is_leftover {
            true => "left by an interruption; the next command that writes removes it",
            false => "nothing names it, so no checksum covers it",
        };
        text.push_str(&format!("{}: {why}\n", unnamed.file.escape_debug()));
    }
    let Verification { n_files, n_bytes, n_rows, .. } = found;
    let outcome = match found.findings.len() {
        0 => "all as they were written".to_owned(),
        1 => "1 finding. Bring the file back from a copy, or make the corpus anew from its inputs".to_owned(),
        n => format!(
            "{n} findings. Bring these files back from a copy, or make the corpus anew from its inputs"
        ),
    };
    text.push_str(&format!("{n_files} files, {n_bytes} bytes, {n_rows} rows: {outcome}.\n"));
    text
}
