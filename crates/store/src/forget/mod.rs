//! Forgetting accounts and records: nothing of them stays, and no later ingest brings them back.
//!
//! Their own rows go from every table. In other people's rows their ids become null, while keys stay, so that threads
//! and joins stay whole. Tables of later steps that were made of what changed go too. The list of what is forgotten
//! is committed in the same manifest, as digests ([`Forgotten`]); while an input is read a [`Sieve`] keeps out what it
//! names, and a merge blanks what others say of it. So it does not matter whether something was forgotten before it was
//! read or after it. The reasons are in docs/design/forget.md.

mod bucket;
mod files;
mod list;
mod names;
mod rows;
mod sieve;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use populi_model::table::{FeatureRow, Row};
use populi_model::{Key, Tally};
use rayon::prelude::*;
use serde::Serialize;

use crate::corpus::Corpus;
use crate::error::{Result, io};
use crate::failpoint;
use crate::manifest::{Manifest, StepEntry};
use crate::publish::flush_folder_of;
use crate::reduce::TABLES;
use crate::snapshot::Snapshot;

pub use bucket::ForgottenRows;
use bucket::{Mode, Owned, Sifted, sift_bucket};
use files::loose_files;
pub use files::{LeftFile, PAGES};
pub use list::Forgotten;
use list::NAMELESS;
pub use sieve::Sieve;

/// What forgetting did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forgetting {
    /// What the tables that ingest fills lose, by table; those that lose nothing are not listed.
    pub tables: BTreeMap<String, ForgottenRows>,
    /// Input records that now count as ignored.
    pub n_input_records: u64,
    /// Tables of later steps that go.
    pub dropped_tables: Vec<String>,
    /// Later steps to be run again.
    pub steps: Vec<String>,
    /// Pages, pictures, exports and recipes inside the corpus that go, as paths in it.
    pub removed_files: Vec<String>,
    /// Files inside the corpus that are not Populi's and stay, as paths in it.
    pub left_files: Vec<LeftFile>,
    /// Ids of which the corpus holds no record. They are remembered all the same.
    pub unseen: Vec<String>,
    /// Ids that were forgotten before.
    pub known: Vec<String>,
}

impl Corpus {
    /// Removes every trace of accounts and records, named by their ids, and remembers to keep them out.
    ///
    /// One commit makes it happen: interrupted before it the corpus is as it was, after it the files that were replaced
    /// are removed by the next writer. `progress` is called twice a bucket.
    ///
    /// Time: a pass over two columns of `actions`, one over all tables that ingest fills, and the writing of those parts
    /// that hold anything; buckets in parallel. Memory: a batch and a row group a thread, and 16 bytes a forgotten record.
    ///
    /// # Errors
    /// When the disk refuses or a part is damaged; the corpus is then as it was.
    pub fn forget(&mut self, ids: &BTreeSet<String>, progress: &(dyn Fn() + Sync)) -> Result<Forgetting> {
        let plan = self.plan(ids, Mode::Rewrite, progress)?;
        self.carry_out(plan)
    }

    /// What [`Corpus::forget`] would do. Time: the same without the writing.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn would_forget(&self, ids: &BTreeSet<String>, progress: &(dyn Fn() + Sync)) -> Result<Forgetting> {
        Ok(self.plan(ids, Mode::Count, progress)?.forgetting)
    }

    /// Remembers further names of the forgotten, which a [`Sieve`] learned. They are committed with the inputs that they
    /// were learned from, and the tables hear of them when the runs are merged.
    pub fn remember(&mut self, learned: BTreeSet<Key>) {
        if self.manifest.forgotten.add(learned) {
            self.manifest.forgotten.set_owed(true);
        }
    }

    /// Forgets in the tables what an ingest learned to be another name of the forgotten.
    pub(crate) fn forget_learned(&mut self) -> Result<()> {
        if self.manifest.forgotten.is_owed() {
            let plan = self.plan(&BTreeSet::new(), Mode::Rewrite, &|| {})?;
            self.carry_out(plan)?;
        }
        Ok(())
    }

    fn plan(&self, ids: &BTreeSet<String>, mode: Mode, progress: &(dyn Fn() + Sync)) -> Result<Plan> {
        let known = ids.iter().filter(|id| self.manifest.forgotten.holds(Key::of(id))).cloned().collect();
        let mut plan = Plan {
            manifest: self.manifest.clone(),
            forgetting: Forgetting { known, ..Forgetting::default() },
            shards: BTreeMap::new(),
        };
        for (i, shard) in plan.manifest.shards.iter().enumerate() {
            plan.shards.entry(shard.file_hash.clone()).or_default().push(i);
        }
        if plan.manifest.forgotten.is_empty() {
            plan.manifest.forgotten = Forgotten::salted(salt_of(&self.manifest));
        }
        let asked: BTreeSet<Key> = ids.iter().map(|id| Key::of(id)).collect();
        plan.manifest.forgotten.add(asked.iter().copied());
        plan.manifest.forgotten.set_owed(false);

        let snapshot = self.snapshot();
        let owned = each_bucket(&snapshot, progress, |bucket| {
            Owned::of(&snapshot, bucket, &plan.manifest.forgotten, &asked)
        })?;
        plan.manifest.forgotten.add(owned.iter().flat_map(|owned| &owned.names).copied());
        let sifted = each_bucket(&snapshot, progress, |bucket| {
            let keys = &owned[usize::from(bucket)].keys;
            sift_bucket(&snapshot, bucket, &plan.manifest.forgotten, keys, mode)
        })?;

        let seen: BTreeSet<Key> = owned.iter().flat_map(|owned| &owned.seen).copied().collect();
        let is_unseen = |id: &&String| !seen.contains(&Key::of(id)) && !plan.forgetting.known.contains(*id);
        plan.forgetting.unseen = ids.iter().filter(is_unseen).cloned().collect();
        for (bucket, sifted) in (0..).zip(sifted) {
            plan.take_bucket(bucket, sifted, mode);
        }
        plan.rename_inputs();
        plan.drop_later_steps(mode);
        let handles = owned.into_iter().flat_map(|owned| owned.handles);
        let texts: BTreeSet<String> = ids.iter().cloned().chain(handles).collect();
        let loose = loose_files(self.folder(), &plan.manifest, &plan.manifest.forgotten, &texts)?;
        plan.forgetting.removed_files = loose.made;
        plan.forgetting.left_files = loose.left;
        Ok(plan)
    }

    fn carry_out(&mut self, mut plan: Plan) -> Result<Forgetting> {
        // Before the commit: what is removed can be made again, but after it nobody might come back for them.
        for file in &plan.forgetting.removed_files {
            let path = self.folder().join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io("remove", &path)(error));
                }
                _ => flush_folder_of(&path)?,
            }
        }
        // Also those that a forgetting removed which did not come to its commit.
        plan.manifest.kept.retain(|file, _| self.folder().join(file).exists());
        failpoint::pass("forget.removed").map_err(io("remove files from", self.folder()))?;
        self.manifest = plan.manifest;
        self.commit("forget.commit", "forget.committed")?;
        self.sweep()?;
        Ok(plan.forgetting)
    }
}

/// The manifest as it is to be, and what it changes.
struct Plan {
    manifest: Manifest,
    forgetting: Forgetting,
    /// Where the manifest has the shards of a file, by its hash.
    shards: BTreeMap<String, Vec<usize>>,
}

impl Plan {
    /// Puts the new parts of a bucket into the tables, and counts their input records as ignored.
    fn take_bucket(&mut self, bucket: u16, sifted: Sifted, mode: Mode) {
        for (table, rows) in sifted.tables {
            self.forgetting.tables.entry(table.to_owned()).or_default().add(rows);
        }
        for (table, part) in sifted.parts {
            let Some(entry) = self.manifest.tables.get_mut(table) else { continue };
            entry.parts.retain(|part| part.bucket != Some(bucket));
            entry.parts.extend(part);
            entry.parts.sort_by_key(|part| part.bucket);
        }
        for (file, n) in sifted.taken {
            self.count(file, n, |tally| tally.forget_taken(n), mode);
        }
        for ((file, reason), n) in sifted.quarantined {
            self.count(file, n, |tally| tally.forget_quarantined(reason, n), mode);
        }
    }

    fn count(&mut self, file: Key, n: u64, change: impl Fn(&mut Tally), mode: Mode) {
        self.forgetting.n_input_records += n;
        if mode == Mode::Rewrite {
            let places = self.shards.get(&file.to_string()).into_iter().flatten();
            places.for_each(|&i| change(&mut self.manifest.shards[i].tally));
        }
    }

    /// An input may be named after the person whose posts it holds.
    fn rename_inputs(&mut self) {
        let list = &self.manifest.forgotten;
        for shard in &mut self.manifest.shards {
            let shown = list.shown(&shard.name);
            if shown != shard.name {
                shard.name = shown.to_owned();
            }
            if list.is_named_in(shard.parameters.to_string().as_bytes()) {
                shard.parameters = NAMELESS.into();
            }
        }
        self.manifest.shards.sort_by(|a, b| (&a.name, &a.spec).cmp(&(&b.name, &b.spec)));
    }

    /// Drops what was made of tables that are no longer what they were, what names the forgotten in its parameters, and
    /// what no step answers for.
    fn drop_later_steps(&mut self, mode: Mode) {
        let mut dropped: BTreeSet<String> = BTreeSet::new();
        loop {
            let more = self.steps_to_drop(&dropped, mode);
            if more.is_empty() {
                break;
            }
            dropped.extend(more);
        }
        self.manifest.steps.retain(|name, _| !dropped.contains(name));
        let kept: BTreeSet<&String> = self.manifest.steps.values().flat_map(|step| &step.outputs).collect();
        let is_dropped = |table: &String| !TABLES.contains(&table.as_str()) && !kept.contains(table);
        let tables: Vec<String> =
            self.manifest.tables.keys().filter(|table| is_dropped(table)).cloned().collect();
        self.manifest.tables.retain(|table, _| !tables.contains(table));
        self.forgetting.dropped_tables = tables;
        self.forgetting.steps = dropped.into_iter().collect();
    }

    /// The steps that have to go, too, once those in `dropped` go. A model that was fitted on posts may have learnt from some that
    /// are in no table any more, and are now forgotten, so it goes where anything does.
    fn steps_to_drop(&self, dropped: &BTreeSet<String>, mode: Mode) -> Vec<String> {
        let steps = &self.manifest.steps;
        let outputs = dropped.iter().filter_map(|step| steps.get(step)).flat_map(|step| &step.outputs);
        let gone: BTreeSet<&String> = outputs.collect();
        let stale: BTreeSet<&str> = self.manifest.stale_steps().collect();
        // Where parts are only counted, tables still have their old digests.
        let will_change = |table: &String| mode == Mode::Count && self.forgetting.tables.contains_key(table);
        let goes = |(name, step): &(&String, &StepEntry)| {
            let says = serde_json::json!([step.parameters, step.summary]).to_string();
            stale.contains(name.as_str())
                || (!self.forgetting.tables.is_empty() && step.outputs.iter().any(|table| is_fitted(table)))
                || step.inputs.keys().any(|table| gone.contains(table) || will_change(table))
                || self.manifest.forgotten.is_named_in(says.as_bytes())
        };
        let more = steps.iter().filter(|(name, _)| !dropped.contains(*name)).filter(goes);
        more.map(|(name, _)| name.clone()).collect()
    }
}

/// Whether a table is a model that was fitted on posts.
fn is_fitted(table: &str) -> bool {
    table.split_once('/').is_some_and(|(folder, _)| folder == FeatureRow::TABLE)
}

/// Does the same to every bucket, in parallel; the outcomes in their order.
fn each_bucket<T: Send>(
    snapshot: &Snapshot,
    progress: &(dyn Fn() + Sync),
    work: impl Fn(u16) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let buckets = 0..snapshot.manifest().n_buckets;
    buckets.into_par_iter().map(|bucket| work(bucket).inspect(|_| progress())).collect()
}

/// What makes the list of a corpus its own, decided by what the corpus is when something is forgotten first.
fn salt_of(manifest: &Manifest) -> [u8; 32] {
    let text = serde_json::to_vec(manifest).unwrap_or_default();
    blake3::derive_key("populi 2026-11 salt of the forgotten", &text)
}
