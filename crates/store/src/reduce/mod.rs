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

use populi_model::table::{AccountRow, QuarantineRow};
use populi_model::{Event, Key, Platform, Quarantined, Timestamp};

use crate::error::Result;
use crate::manifest::PartEntry;
use crate::run::{Entry, RunFile, Section};
use crate::settle::{
    AccountNotices, merge_account, merge_lone, merge_record, settle_account, settle_lone_create,
    settle_record,
};
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
    let mut accounts = AccountFacts::default();
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
            let actor = event.actor.map(|actor| actor.key);
            let lone = if event.platform.tells_sightings() {
                merge_lone(&event, accounts.notices(actor))
            } else {
                settle_lone_create(&event, accounts.deleted_at(actor))
            };
            if let Some(record) = lone {
                writer.write_lone_create(&record)?;
                continue;
            }
        }
        let entries = group.decode(&new)?;
        match section {
            Section::Accounts => {
                let (standing, events) = (old.take_account(key)?, events(entries));
                let settled = if tells_sightings(&events, standing.account.as_ref().map(|row| row.platform)) {
                    merge_account(standing, events)
                } else {
                    settle_account(standing, events)
                };
                accounts.learn(settled.account.as_ref());
                writer.write_account(&settled)?;
            }
            Section::Records => {
                let standing = old.take_record(key)?;
                let events = events(entries);
                let of_events = events.iter().filter_map(|event| event.actor).map(|actor| actor.key);
                let actor = of_events.chain(standing.actions.iter().filter_map(|act| act.actor_key)).min();
                let platform = standing.sources.first().map(|source| source.platform);
                let is_unavailable = standing.unavailable.is_some();
                writer.write_record(if is_unavailable || tells_sightings(&events, platform) {
                    merge_record(standing, events, accounts.notices(actor))
                } else {
                    settle_record(standing, events, accounts.deleted_at(actor))
                })?;
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

/// What of a bucket's accounts decides what becomes of their records.
#[derive(Default)]
struct AccountFacts {
    deleted_at: HashMap<Key, Timestamp>,
    notices: HashMap<Key, AccountNotices>,
}

impl AccountFacts {
    fn learn(&mut self, account: Option<&AccountRow<'_>>) {
        let Some(account) = account else { return };
        if let Some(at) = account.deleted_at {
            self.deleted_at.insert(account.account_key, at);
        }
        if let Some(notices) = AccountNotices::of(account) {
            self.notices.insert(account.account_key, notices);
        }
    }

    fn deleted_at(&self, account: Option<Key>) -> Option<Timestamp> {
        account.and_then(|account| self.deleted_at.get(&account)).copied()
    }

    fn notices(&self, account: Option<Key>) -> Option<&AccountNotices> {
        account.and_then(|account| self.notices.get(&account))
    }
}

/// Whether the columns of a record are merged rather than its versions ordered.
fn tells_sightings(events: &[Event<'_>], standing: Option<Platform>) -> bool {
    events.first().map(|event| event.platform).or(standing).is_some_and(Platform::tells_sightings)
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
