//! One bucket: what in it belongs to the forgotten, what names them, and its parts without either.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use populi_model::table::{
    AccountHandle, AccountRow, ActKind, ActOwner, ActionRow, AttributeRow, EdgeRow, MediaRow, OriginalRow,
    PostRow, QuarantineRow, Row, SourceRow, TombstoneRow, UnavailableRow,
};
use populi_model::{Class, Key, Reason};
use serde::Serialize;

use super::list::{Forgotten, handle_key};
use super::names::authority;
use super::rows::{Fate, Forgettable};
use crate::error::Result;
use crate::manifest::PartEntry;
use crate::part::PartWriter;
use crate::reduce::Edges;
use crate::snapshot::{Rows, Snapshot};

/// What a table loses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ForgottenRows {
    /// Rows that go.
    pub removed: u64,
    /// Rows of others that stay and no longer name the forgotten.
    pub blanked: u64,
}

impl ForgottenRows {
    fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.removed += other.removed;
        self.blanked += other.blanked;
    }
}

/// What of the forgotten a bucket holds.
#[derive(Default)]
pub(super) struct Owned {
    /// Their records, and their accounts where these have records of their own.
    pub(super) keys: HashSet<Key>,
    /// Keys of further names of theirs: ids of posts that do not tell their author, and handles.
    pub(super) names: BTreeSet<Key>,
    /// The handles.
    pub(super) handles: BTreeSet<String>,
    /// Which of the ids that are looked for were met.
    pub(super) seen: BTreeSet<Key>,
}

impl Owned {
    /// Reads whose records a bucket holds. `asked` are the ids that are looked for.
    ///
    /// Memory: a key a record of the forgotten.
    pub(super) fn of(
        snapshot: &Snapshot,
        bucket: u16,
        list: &Forgotten,
        asked: &BTreeSet<Key>,
    ) -> Result<Self> {
        let mut owned = Self::default();
        for account in rows::<AccountHandle<'static>>(snapshot, bucket) {
            let account = account?;
            if list.holds(account.account_key) {
                owned.keys.insert(account.account_key);
                owned.see(account.account_key, asked);
                if let Some(handle) = account.handle {
                    owned.names.insert(handle_key(&handle));
                    owned.handles.insert(handle.into_owned());
                }
            }
        }
        for act in rows::<ActOwner<'static>>(snapshot, bucket) {
            let act = act?;
            let by_the_forgotten = act.actor_key.filter(|actor| list.holds(*actor));
            if by_the_forgotten.is_none() && !list.holds(act.record_key) {
                continue;
            }
            owned.keys.insert(act.record_key);
            owned.see(act.record_key, asked);
            if let Some(actor) = by_the_forgotten {
                owned.see(actor, asked);
                if authority(&act.record_id).is_none() && actor != act.record_key {
                    owned.names.insert(act.record_key);
                }
            }
        }
        Ok(owned)
    }

    fn see(&mut self, key: Key, asked: &BTreeSet<Key>) {
        if asked.contains(&key) {
            self.seen.insert(key);
        }
    }
}

/// Whether parts are written or only counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Count,
    Rewrite,
}

/// What a bucket loses.
#[derive(Default)]
pub(super) struct Sifted {
    pub(super) tables: BTreeMap<&'static str, ForgottenRows>,
    /// The parts of the tables that change; `None` where no row is left.
    pub(super) parts: BTreeMap<&'static str, Option<PartEntry>>,
    /// Input records that were taken and go, by the hash of their file.
    pub(super) taken: BTreeMap<Key, u64>,
    /// Input records that were put aside and go.
    pub(super) quarantined: BTreeMap<(Key, Reason), u64>,
    /// Whether follows go of accounts that stay.
    loses_follows: bool,
}

/// Looks through every table of a bucket and writes those parts anew that change, one at a time.
///
/// Memory: a batch of rows, and an encoded row group where a part is written.
pub(super) fn sift_bucket(
    snapshot: &Snapshot,
    bucket: u16,
    list: &Forgotten,
    owned: &HashSet<Key>,
    mode: Mode,
) -> Result<Sifted> {
    let mut sifter = Sifter { snapshot, bucket, list, owned, mode, sifted: Sifted::default() };
    sifter.sift::<AccountRow<'static>>(|_, _| {})?;
    sifter.sift::<ActionRow<'static>>(|sifted, row| {
        let is_of_another = row.actor_key.is_some_and(|actor| !list.holds(actor));
        sifted.loses_follows |= row.kind == ActKind::Follow && is_of_another;
    })?;
    sifter.sift::<AttributeRow<'static>>(|_, _| {})?;
    if sifter.sifted.loses_follows {
        sifter.sift_edges()?;
    } else {
        sifter.sift::<EdgeRow<'static>>(|_, _| {})?;
    }
    sifter.sift::<MediaRow<'static>>(|_, _| {})?;
    sifter.sift::<OriginalRow<'static>>(|_, _| {})?;
    sifter.sift::<PostRow<'static>>(|_, _| {})?;
    sifter.sift::<TombstoneRow<'static>>(|_, _| {})?;
    sifter.sift::<UnavailableRow<'static>>(|_, _| {})?;
    sifter.sift::<QuarantineRow<'static>>(|sifted, row| {
        *sifted.quarantined.entry((row.file_hash, row.reason)).or_default() += 1;
    })?;
    // These hold keys alone, so they change only where records go.
    if !owned.is_empty() {
        sifter.sift::<SourceRow>(|sifted, row| {
            let is_counted = row.class != Class::Embedded;
            *sifted.taken.entry(row.file_hash).or_default() += u64::from(is_counted);
        })?;
    }
    Ok(sifter.sifted)
}

struct Sifter<'a> {
    snapshot: &'a Snapshot,
    bucket: u16,
    list: &'a Forgotten,
    owned: &'a HashSet<Key>,
    mode: Mode,
    sifted: Sifted,
}

impl Sifter<'_> {
    /// Counts what the table loses, and then writes its part if it loses anything. `on_removed` sees what goes.
    fn sift<R: Forgettable>(&mut self, on_removed: impl Fn(&mut Sifted, &R)) -> Result<()> {
        let mut lost = ForgottenRows::default();
        for row in rows::<R>(self.snapshot, self.bucket) {
            let mut row = row?;
            match self.fate(&mut row) {
                Fate::Stays => {}
                Fate::Blanked => lost.blanked += 1,
                Fate::Goes => {
                    lost.removed += 1;
                    on_removed(&mut self.sifted, &row);
                }
            }
        }
        self.lose::<R>(lost, |sifter| {
            let left = rows::<R>(sifter.snapshot, sifter.bucket).filter_map(|row| match row {
                Ok(mut row) => (sifter.fate(&mut row) != Fate::Goes).then_some(Ok(row)),
                Err(error) => Some(Err(error)),
            });
            sifter.write(left)
        })
    }

    /// A relation may be made of several follows, so it does not go with one of them: what is left is made anew.
    fn sift_edges(&mut self) -> Result<()> {
        let edges = Edges::without(self.owned, self.list, self.snapshot, self.bucket)?;
        let ends = |edge: &EdgeRow<'_>| (edge.follower_key, edge.followed_key);
        let left: BTreeMap<(Key, Key), EdgeRow<'static>> =
            edges.into_rows().map(|edge| (ends(&edge), edge)).collect();
        let mut lost = ForgottenRows::default();
        for edge in rows::<EdgeRow<'static>>(self.snapshot, self.bucket) {
            let edge = edge?;
            match left.get(&ends(&edge)) {
                None => lost.removed += 1,
                Some(left) if *left != edge => lost.blanked += 1,
                Some(_) => {}
            }
        }
        self.lose::<EdgeRow<'static>>(lost, |sifter| sifter.write(left.into_values().map(Ok)))
    }

    /// Takes down what a table loses, and has its part written if it loses anything.
    fn lose<R: Forgettable>(
        &mut self,
        lost: ForgottenRows,
        rewrite: impl FnOnce(&Self) -> Result<Option<PartEntry>>,
    ) -> Result<()> {
        if lost.is_none() {
            return Ok(());
        }
        self.sifted.tables.insert(R::TABLE, lost);
        if self.mode == Mode::Rewrite {
            // Before anything of the bucket is carried over.
            if self.sifted.parts.is_empty() {
                self.snapshot.check_bucket(self.bucket)?;
            }
            let part = rewrite(self)?;
            self.sifted.parts.insert(R::TABLE, part);
        }
        Ok(())
    }

    fn write<R: Forgettable>(&self, rows: impl Iterator<Item = Result<R>>) -> Result<Option<PartEntry>> {
        let mut part: Option<PartWriter> = None;
        for row in rows {
            let row = row?;
            let writer = match &mut part {
                Some(writer) => writer,
                None => {
                    let scope = format!("forget-{:04}", self.bucket);
                    let folder = self.snapshot.folder();
                    part.insert(PartWriter::create::<R>(folder, R::TABLE, Some(self.bucket), &scope)?)
                }
            };
            writer.push(&row)?;
            row.class().into_iter().for_each(|class| writer.count_class(class));
        }
        part.map(PartWriter::publish).transpose()
    }

    fn fate<R: Forgettable>(&self, row: &mut R) -> Fate {
        if row.owner().is_some_and(|owner| self.owned.contains(&owner)) {
            return Fate::Goes;
        }
        row.blank(self.list)
    }
}

/// The rows of one bucket of a table.
fn rows<R: Row>(snapshot: &Snapshot, bucket: u16) -> Rows<R> {
    let parts = snapshot.tables().get(R::TABLE).map(|table| table.parts.as_slice()).unwrap_or_default();
    let of_the_bucket = parts.iter().filter(|part| part.bucket == Some(bucket));
    Rows::new(R::schema(), of_the_bucket.map(|part| snapshot.folder().join(&part.file)).collect())
}
