//! What became of the input records, for the page.

use std::collections::BTreeMap;

use populi_plot::{Accounting, NamedTally, Tally};
use populi_store::Snapshot;

use crate::Result;
use crate::status::{Account, status};

/// The accounting, and what is worth telling beside it.
pub(super) struct Gathered {
    pub(super) accounting: Accounting,
    pub(super) notes: Vec<String>,
}

pub(super) fn gather(snapshot: &Snapshot) -> Result<Gathered> {
    let status = status(snapshot)?;
    let notes = status.total.warnings.iter().map(|(what, n)| note(what, *n)).collect();
    let by_file = status
        .files
        .iter()
        .map(|file| NamedTally { name: file.file.clone(), tally: tally(&file.account) })
        .collect();
    let accounting = Accounting { total: tally(&status.total), by_class: Vec::new(), by_file };
    Ok(Gathered { accounting, notes })
}

fn tally(account: &Account) -> Tally {
    let listed = |counts: &BTreeMap<String, u64>| counts.iter().map(|(name, n)| (name.clone(), *n)).collect();
    Tally {
        n_in: account.records,
        stored: account.stored,
        superseded: account.superseded,
        deletes: account.deletes,
        notices: account.notices,
        duplicates: account.duplicates,
        ignored: listed(&account.ignored),
        quarantined: listed(&account.quarantined),
        blank: account.blank,
    }
}

/// A warning in words.
fn note(what: &str, n: u64) -> String {
    match what {
        "bad_created_at" => format!("{n} posts have a time that could not be read; it was left empty."),
        "float_id" => format!(
            "{n} ids look like numbers that were read as fractions (123.0); they are kept as they are."
        ),
        other => format!("{n} records: {}.", other.replace('_', " ")),
    }
}
