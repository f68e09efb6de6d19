//! Does the corpus hold what was counted while its inputs were read?

use std::collections::BTreeMap;

use populi_model::table::{QuarantineRow, Row, SourceClass};
use populi_model::{Class, Key, Reason};
use rayon::prelude::*;

use crate::error::Result;
use crate::manifest::{PartEntry, ShardEntry};
use crate::snapshot::{Rows, Snapshot};

/// The table of the records that were taken.
pub(super) const SOURCES: &str = SourceClass::TABLE;
/// The table of the records that were not.
pub(super) const QUARANTINE: &str = QuarantineRow::TABLE;

/// What a part of `sources` holds.
#[derive(Default)]
struct Counts {
    by_file: BTreeMap<Key, u64>,
    by_class: BTreeMap<Class, u64>,
}

/// Counts the records of every input in the tables; what differs, in words.
pub(super) fn check(snapshot: &Snapshot) -> Result<Vec<String>> {
    let mut whats = Vec::new();
    let mut taken: BTreeMap<Key, u64> = BTreeMap::new();
    let parts = parts(snapshot, SOURCES);
    let counts: Vec<Counts> = parts.par_iter().map(|part| count(snapshot, part)).collect::<Result<_>>()?;
    for (part, counts) in parts.iter().zip(counts) {
        if counts.by_class != part.classes {
            whats.push(format!("{}: its rows by class are not those that the manifest says", part.file));
        }
        for (file, n) in counts.by_file {
            *taken.entry(file).or_default() += n;
        }
    }
    let mut put_aside: BTreeMap<Key, BTreeMap<Reason, u64>> = BTreeMap::new();
    for row in snapshot.rows::<QuarantineRow<'static>>() {
        let row = row?;
        *put_aside.entry(row.file_hash).or_default().entry(row.reason).or_default() += 1;
    }
    for shard in snapshot.manifest().shards.iter().filter(|shard| shard.is_merged) {
        let key = Key::from_hex(&shard.file_hash);
        let taken = key.and_then(|key| taken.remove(&key)).unwrap_or(0);
        let put_aside = key.and_then(|key| put_aside.remove(&key)).unwrap_or_default();
        whats.extend(check_input(shard, taken, &put_aside));
    }
    // What is left belongs to no input.
    for (file, n) in taken {
        whats.push(format!("{n} rows of {SOURCES} are of the file {file}, which no input is"));
    }
    for file in put_aside.into_keys() {
        whats.push(format!("rows of {QUARANTINE} are of the file {file}, which no input is"));
    }
    Ok(whats)
}

fn check_input(shard: &ShardEntry, taken: u64, put_aside: &BTreeMap<Reason, u64>) -> Vec<String> {
    let (name, tally) = (shard.name.escape_debug(), &shard.tally);
    let mut whats = Vec::new();
    if taken != tally.taken {
        whats.push(format!(
            "the input {name}: {SOURCES} holds {taken} of its records, {} were taken",
            tally.taken
        ));
    }
    if *put_aside != tally.quarantined {
        let n: u64 = put_aside.values().sum();
        let expected = tally.n_quarantined();
        whats.push(format!(
            "the input {name}: {QUARANTINE} holds {n} of its records, {expected} were put aside, or the reasons differ"
        ));
    }
    let sum = tally.taken + tally.blank + tally.n_ignored() + tally.n_quarantined();
    if sum != tally.records {
        whats.push(format!("the input {name}: it had {} records, {sum} are accounted for", tally.records));
    }
    whats
}

fn count(snapshot: &Snapshot, part: &PartEntry) -> Result<Counts> {
    let mut counts = Counts::default();
    for row in Rows::<SourceClass>::new(SourceClass::schema(), vec![snapshot.folder().join(&part.file)]) {
        let row = row?;
        // What was found inside another record is none of its own.
        let is_counted = row.class != Class::Embedded;
        *counts.by_file.entry(row.file_hash).or_default() += u64::from(is_counted);
        *counts.by_class.entry(row.class).or_default() += 1;
    }
    Ok(counts)
}

fn parts<'s>(snapshot: &'s Snapshot, table: &str) -> &'s [PartEntry] {
    snapshot.tables().get(table).map(|entry| entry.parts.as_slice()).unwrap_or_default()
}
