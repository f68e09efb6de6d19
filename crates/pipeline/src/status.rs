//! What a corpus holds, and what became of every input record.

use std::collections::{BTreeMap, HashMap};

use populi_model::table::{ActTime, SourceClass};
use populi_model::{Class, Key, TableDigest, Tally};
use populi_store::{ShardEntry, Snapshot};
use serde::Serialize;

use crate::Result;

/// What became of the input records of one file, or of all:
/// `records = stored + superseded + deletes + notices + duplicates + ignored + quarantined + blank`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Input records: `in` in the equation.
    #[serde(rename = "in")]
    pub records: u64,
    /// Versions that stand.
    pub stored: u64,
    /// Older versions, and those whose record was deleted or undone.
    pub superseded: u64,
    /// Delete events.
    pub deletes: u64,
    /// Notices about accounts.
    pub notices: u64,
    /// The same event again.
    pub duplicates: u64,
    /// Kinds that are not taken, by kind.
    pub ignored: BTreeMap<String, u64>,
    /// Records that were put aside, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Records with nothing in them.
    pub blank: u64,
    /// Things worth telling that lost nothing but a field.
    pub warnings: BTreeMap<String, u64>,
}

/// The kind of ignored record that an update of a post is whose new version a selection left out.
const LEFT_OUT_UPDATE: &str = "filter:update";

/// The account of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileAccount {
    /// The file as the user named it.
    pub file: String,
    /// What read it, such as `ingest bluesky`.
    pub step: String,
    /// Its records.
    #[serde(flatten)]
    pub account: Account,
}

/// A table of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The digest of the rows, whatever their order, parts and encoding.
    pub digest: TableDigest,
}

/// All that `populi status` tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The version of the corpus's format.
    pub format: u32,
    /// What became of all input records.
    pub total: Account,
    /// What became of those of every file, by name.
    pub files: Vec<FileAccount>,
    /// Acts by kind.
    pub acts: BTreeMap<String, u64>,
    /// The tables, by name.
    pub tables: BTreeMap<String, TableStatus>,
    /// The later steps and what they found.
    pub steps: BTreeMap<String, serde_json::Value>,
    /// Steps whose tables are of the corpus as it was before the last changes.
    pub stale: Vec<String>,
    /// Runs that an interrupted ingest left to be merged.
    pub pending_runs: u64,
}

impl Account {
    /// All that was put aside.
    #[must_use]
    pub fn n_quarantined(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// All that was ignored.
    #[must_use]
    pub fn n_ignored(&self) -> u64 {
        self.ignored.values().sum()
    }

    /// Whether the equation holds.
    #[must_use]
    pub fn balances(&self) -> bool {
        let parts = [self.stored, self.superseded, self.deletes, self.notices, self.duplicates, self.blank];
        parts.iter().sum::<u64>() + self.n_ignored() + self.n_quarantined() == self.records
    }

    /// The share of records that are not blank and were put aside.
    #[must_use]
    pub fn quarantined_share(&self) -> f64 {
        let records = self.records - self.blank;
        if records == 0 { 0.0 } else { self.n_quarantined() as f64 / records as f64 }
    }

    fn of_tally(tally: &Tally) -> Self {
        let by_code = |(reason, n): (&populi_model::Reason, &u64)| (reason.code().to_owned(), *n);
        Self {
            records: tally.records,
            ignored: tally.ignored.clone(),
            quarantined: tally.quarantined.iter().map(by_code).collect(),
            blank: tally.blank,
            warnings: tally.warnings.clone(),
            ..Self::default()
        }
    }

    fn add_class(&mut self, class: Class, n: u64) {
        *match class {
            Class::Stored => &mut self.stored,
            Class::Superseded => &mut self.superseded,
            Class::Deletes => &mut self.deletes,
            Class::Notices => &mut self.notices,
            Class::Duplicates => &mut self.duplicates,
            Class::LeftOut => self.ignored.entry(LEFT_OUT_UPDATE.to_owned()).or_default(),
            // It is counted with the record that shows it.
            Class::Embedded => return,
        } += n;
    }
}

/// Counts what a corpus holds. Time: one pass over three columns of `sources` and `actions`.
///
/// # Errors
/// When a part cannot be read.
pub fn status(snapshot: &Snapshot) -> Result<Status> {
    let manifest = snapshot.manifest();
    let tables = snapshot.tables().iter().map(|(name, table)| {
        let status = TableStatus { rows: table.n_rows(), bytes: table.n_bytes(), digest: table.digest() };
        (name.clone(), status)
    });
    let mut acts = BTreeMap::new();
    for act in snapshot.rows::<ActTime>() {
        *acts.entry(act?.kind.name().to_owned()).or_default() += 1;
    }
    Ok(Status {
        format: manifest.format,
        total: total(snapshot),
        files: by_file(snapshot)?,
        acts,
        tables: tables.collect(),
        steps: manifest.steps.iter().map(|(name, step)| (name.clone(), step.summary.clone())).collect(),
        stale: manifest.stale_steps().map(str::to_owned).collect(),
        pending_runs: manifest.pending.len() as u64,
    })
}

/// The account of all inputs together. Reads nothing but the manifest.
#[must_use]
pub fn total(snapshot: &Snapshot) -> Account {
    let mut tally = Tally::default();
    merged(snapshot).for_each(|shard| tally.add(&shard.tally));
    let mut account = Account::of_tally(&tally);
    if let Some(sources) = snapshot.tables().get("sources") {
        sources.classes().into_iter().for_each(|(class, n)| account.add_class(class, n));
    }
    account
}

/// The account of every input: no two have the same bytes.
fn by_file(snapshot: &Snapshot) -> Result<Vec<FileAccount>> {
    let mut files: Vec<FileAccount> = merged(snapshot).map(file_account).collect();
    let place_of: HashMap<Key, usize> = merged(snapshot)
        .zip(0..)
        .filter_map(|(shard, i)| Some((Key::from_hex(&shard.file_hash)?, i)))
        .collect();
    for source in snapshot.rows::<SourceClass>() {
        let source = source?;
        if let Some(&i) = place_of.get(&source.file_hash) {
            files[i].account.add_class(source.class, 1);
        }
    }
    Ok(files)
}

/// The inputs whose events are in the tables: all but those of an ingest that was interrupted.
fn merged(snapshot: &Snapshot) -> impl Iterator<Item = &ShardEntry> {
    snapshot.manifest().shards.iter().filter(|shard| shard.is_merged)
}

fn file_account(shard: &ShardEntry) -> FileAccount {
    FileAccount {
        file: shard.name.clone(),
        step: shard.step.clone(),
        account: Account::of_tally(&shard.tally),
    }
}
