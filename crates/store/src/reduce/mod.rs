//! The reduce of ingest: runs and what stands, merged bucket by bucket in one pass.
//!
//! Memory: 64 MiB of read buffers (past 16,384 runs, 4 KiB a run), a batch a table that stands, an encoded row group a
//! table that is written, the follow relations of one bucket, and one record's events: bounded by buffers and buckets,
//! not by the data.

mod bucket_writer;
mod edges;
mod run_merge;
mod standing;

use std::collections::{BTreeMap, HashMap};

use populi_model::table::QuarantineRow;
use populi_model::{Event, Key, Quarantined, Timestamp};

use crate::error::Result;
use crate::manifest::PartEntry;
use crate::run::{Entry, RunFile, Section};
use crate::settle::{settle_account, settle_lone_create, settle_record};
use crate::snapshot::Snapshot;

use bucket_writer::BucketWriter;
pub(crate) use bucket_writer::TABLES;
pub(crate) use edges::Edges;
use run_merge::{Group, RunMerge};
use standing::Standing;

/// How far a reduce is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReduceProgress {
    /// Buckets that are merged.
    pub n_buckets_done: u16,
    /// Buckets in all.
    pub n_buckets: u16,
}

/// Merges one bucket of the runs with what stands there; `None` where no run has anything in the bucket, so that
/// what stands may stay as it is.
pub(crate) fn reduce_bucket(
    snapshot: &Snapshot,
    runs: &[RunFile],
    bucket: u16,
) -> Result<Option<BTreeMap<String, PartEntry>>> {
    let manifest = snapshot.manifest();
    let mut new = RunMerge::open(snapshot.folder(), runs, bucket, manifest.n_buckets)?;
    if new.is_empty() {
        return Ok(None);
    }
    snapshot.check_bucket(bucket)?;
    let mut old = Standing::open(snapshot, bucket)?;
    let mut writer = BucketWriter::new(snapshot.folder(), bucket, manifest);
    let mut deleted_accounts: HashMap<Key, Timestamp> = HashMap::new();
    let mut group = Group::default();
    loop {
        let stands = old.next_place()?;
        let Some((section, key)) = [new.next_place()?, stands].into_iter().flatten().min() else { break };
        new.take(section, key, &mut group)?;
        // Where something is forgotten, rows are looked through before they are written.
        if section == Section::Records
            && manifest.forgotten.is_empty()
            && stands != Some((section, key))
            && let Some(Entry::Event(event)) = group.decode_only(&new)?
        {
            let deleted_at = event.actor.and_then(|actor| deleted_accounts.get(&actor.key)).copied();
            if let Some(record) = settle_lone_create(&event, deleted_at) {
                writer.write_lone_create(&record)?;
                continue;
            }
        }
        let entries = group.decode(&new)?;
        match section {
            Section::Accounts => {
                let settled = settle_account(old.take_account(key)?, events(entries));
                let account = settled.account.as_ref();
                if let Some((key, at)) =
                    account.and_then(|row| row.deleted_at.map(|at| (row.account_key, at)))
                {
                    deleted_accounts.insert(key, at);
                }
                writer.write_account(&settled)?;
            }
            Section::Records => {
                let standing = old.take_record(key)?;
                let events = events(entries);
                let actor = match (events.first(), standing.actions.first()) {
                    (Some(event), _) => event.actor.map(|actor| actor.key),
                    (None, Some(act)) => act.actor_key,
                    (None, None) => None,
                };
                let deleted_at = actor.and_then(|actor| deleted_accounts.get(&actor)).copied();
                writer.write_record(settle_record(standing, events, deleted_at))?;
            }
            Section::Quarantine => {
                let mut rows = old.take_quarantine(key)?;
                rows.extend(entries.into_iter().filter_map(|entry| match entry {
                    Entry::Quarantined(record) => Some(quarantine_row(&record)),
                    Entry::Event(_) => None,
                }));
                writer.write_quarantine(rows)?;
            }
        }
    }
    old.finish()?;
    writer.publish().map(Some)
}

fn events<'a>(entries: Vec<Entry<'a>>) -> Vec<Event<'a>> {
    let event = |entry| match entry {
        Entry::Event(event) => Some(event),
        Entry::Quarantined(_) => None,
    };
    entries.into_iter().filter_map(event).collect()
}

fn quarantine_row<'a>(record: &Quarantined<'a>) -> QuarantineRow<'a> {
    QuarantineRow {
        file: record.file_name.into(),
        file_hash: record.origin.file,
        offset: record.origin.offset,
        line: record.line,
        reason: record.reason,
        detail: record.detail.into(),
        head: record.head.into(),
    }
}
