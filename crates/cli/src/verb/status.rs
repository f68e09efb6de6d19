//! `populi status`.

use std::collections::BTreeMap;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use populi_pipeline::status::{Account, status};
use populi_store::Snapshot;

use crate::options::{CorpusOption, Manner};

/// Print what the corpus holds, and what became of every input record.
///
/// For every file and in sum: in = stored + superseded + deletes + notices + duplicates + ignored + quarantined + blank.
/// With --json also the digest of each table: two corpora with equal digests hold the same rows, whatever the order in
/// which they came.
///
/// Time: one pass over two columns. Memory: a few counts a file.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi status --corpus ./march\n  populi status --json | jq .tables.posts.digest"
)]
pub struct Status {
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    manner: Manner,
}

/// Files that are listed; the rest is a line.
const MAX_FILES: usize = 20;

impl Status {
    pub fn run(self) -> anyhow::Result<()> {
        self.manner.start()?;
        let found = status(&Snapshot::open(&self.corpus.corpus)?)?;
        self.manner.print(&found, |found| {
            let mut text = String::new();
            if found.pending_runs > 0 {
                text.push_str("An ingest was interrupted, and what it read is not counted here: run it again, and it continues.\n");
            }
            if !found.stale.is_empty() {
                text.push_str(&format!(
                    "Made before the last changes of the corpus, so to be run again: {}.\n",
                    found.stale.join(", ")
                ));
            }
            text.push_str(&account_table(&found.total));
            text.push_str(&counts("ignored", &found.total.ignored));
            text.push_str(&counts("quarantined", &found.total.quarantined));
            text.push_str(&counts("warnings", &found.total.warnings));
            text.push_str(&counts("acts", &found.acts));
            text.push_str(&tables(found));
            if found.files.len() > 1 {
                text.push_str(&files(found));
            }
            text
        })
    }
}

/// The equation as a table of one row.
pub fn account_table(account: &Account) -> String {
    let mut table = new_table();
    table.set_header(header());
    table.add_row(account_cells(account));
    align(&mut table, 0);
    let holds = if account.balances() { "" } else { "THE EQUATION DOES NOT HOLD: please report this.\n" };
    format!("{table}\n{holds}")
}

fn header() -> Vec<&'static str> {
    vec!["in", "stored", "superseded", "deletes", "notices", "duplicates", "ignored", "quarantined", "blank"]
}

fn account_cells(account: &Account) -> Vec<String> {
    [
        account.records,
        account.stored,
        account.superseded,
        account.deletes,
        account.notices,
        account.duplicates,
        account.n_ignored(),
        account.n_quarantined(),
        account.blank,
    ]
    .iter()
    .map(ToString::to_string)
    .collect()
}

fn counts(what: &str, counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let list: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
    format!("{what}: {}\n", list.join(", "))
}

fn tables(status: &populi_pipeline::status::Status) -> String {
    let mut table = new_table();
    table.set_header(vec!["table", "rows", "bytes", "digest"]);
    for (name, found) in &status.tables {
        // The first digits tell tables apart for people; --json has them all.
        let digest = found.digest.to_string();
        table.add_row(vec![
            name.clone(),
            found.rows.to_string(),
            found.bytes.to_string(),
            digest[..16].to_owned(),
        ]);
    }
    align(&mut table, 1);
    format!("{table}\n")
}

fn files(status: &populi_pipeline::status::Status) -> String {
    let mut table = new_table();
    table.set_header([vec!["file"], header()].concat());
    for file in status.files.iter().take(MAX_FILES) {
        table.add_row([vec![file.file.escape_debug().to_string()], account_cells(&file.account)].concat());
    }
    align(&mut table, 1);
    let more = status.files.len().saturating_sub(MAX_FILES);
    let rest = if more > 0 { format!("and {more} more files: --json lists all\n") } else { String::new() };
    format!("{table}\n{rest}")
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// Aligns numbers to the right, from a column on.
fn align(table: &mut Table, first: usize) {
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
