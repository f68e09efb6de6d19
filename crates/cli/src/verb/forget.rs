//! `populi forget`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use populi_pipeline::forget::{ForgetParams, ForgetSummary, forget, read_ids};
use populi_store::Corpus;

use crate::FINDINGS;
use crate::options::{CorpusOption, Manner};

/// Forget accounts and records: remove every trace of them, and never take them in again.
///
/// Of an account go its posts, profile, handle, acts, follows in both directions, deleted posts, media, attributes and
/// originals, and what was put aside of it; of a record, all of that record. In other people's rows the id becomes null and
/// its key stays, so conversations keep their shape. What other people wrote is theirs and stays, even where they
/// quote. Tables of later steps that were made of what changed are dropped, and so are pages, pictures and exports inside
/// the corpus; the steps to run again are listed.
///
/// The manifest remembers digests of the ids, so a later ingest leaves the same people out, of whatever file, and counts
/// their records as ignored (`forgotten`). There is no way back but a new corpus.
///
/// An account is a DID, twitter:user:<number>, table:<author>, blueprint:<user>, or @handle; a record an at-URI,
/// twitter:<number>, table:<post> or blueprint:<post>. An id that the corpus never saw is remembered too. One commit makes it happen: interrupted, the corpus is as before or as after.
///
/// What this cannot reach: the dumps, copies and backups of the corpus, pages outside of it, free blocks of the disk. Exit
/// code 1: files inside the corpus that are not Populi's still name them.
///
/// Time: two passes over the tables that ingest fills, in parallel, and the writing of those parts that change. Memory: some
/// thousand rows a thread, and 16 bytes a record that goes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi forget --author did:plc:ewvi7nxzyoun6zhxrhs64oiz --dry-run\n  populi forget --author @ann.example --record at://did:plc:bob/app.bsky.feed.post/3k\n  populi forget --file requests.txt --json"
)]
pub struct Forget {
    /// Accounts to forget: did:…, twitter:user:<number>, @handle, table:<author>, blueprint:<user>
    #[arg(long, value_name = "ID", num_args = 1.., required_unless_present_any = ["record", "file"])]
    author: Vec<String>,
    /// Records to forget: at://…, table:<post>, blueprint:<post>
    #[arg(long, value_name = "ID", num_args = 1..)]
    record: Vec<String>,
    /// A file of ids, one a line: `author ID`, `record ID`, or an id whose form tells which; # begins a comment
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    manner: Manner,
}

impl Forget {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let bars = self.manner.start()?;
        let mut params = ForgetParams { authors: self.author, records: self.record, dry_run: self.dry_run };
        for file in &self.file {
            let (authors, records) = read_ids(file)?;
            // A list of requests that got lost on the way must not look like one that was honoured.
            anyhow::ensure!(
                !(authors.is_empty() && records.is_empty()),
                "{}: no id stands in it; expected one a line",
                file.display()
            );
            params.authors.extend(authors);
            params.records.extend(records);
        }
        let summary = forget(&mut Corpus::open(&self.corpus.corpus)?, &params, &bars)?;
        self.manner.print(&summary, describe)?;
        let is_named = summary.forgetting.left_files.iter().any(|file| file.names_them);
        Ok(if is_named { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
    }
}

fn describe(summary: &ForgetSummary) -> String {
    let found = &summary.forgetting;
    let mut lines = Vec::new();
    if summary.dry_run {
        lines.push("Nothing was changed. This would go:".to_owned());
    }
    for (table, rows) in &found.tables {
        lines.push(format!(
            "{table}: {} rows removed, {} rows of others no longer name them",
            rows.removed, rows.blanked
        ));
    }
    if found.tables.is_empty() {
        lines.push("No table holds anything of them.".to_owned());
    } else {
        lines.push(format!("{} input records count as ignored (forgotten) now.", found.n_input_records));
    }
    let list =
        |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    lines.extend(list("Tables of later steps dropped", &found.dropped_tables));
    lines.extend(list("Files removed", &found.removed_files));
    lines.extend(list("To be run again", &found.steps));
    lines.extend(list("Not in this corpus, but remembered", &found.unseen));
    lines.extend(list("Forgotten before", &found.known));
    for file in &found.left_files {
        let what =
            if file.names_them { "names them, and is to be removed by hand" } else { "was left alone" };
        lines.push(format!("{} is not Populi's: it {what}.", file.file));
    }
    for page in &summary.beside {
        lines.push(format!("{} lies outside the corpus and may show them: write it again with `populi report`, or remove it.", page.display()));
    }
    lines.join("\n") + "\n"
}
