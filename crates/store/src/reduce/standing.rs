//! What the tables of one bucket hold, record by record, in the order in which runs are merged.

use populi_model::table::{
    AccountRow, ActKind, ActionRow, AttributeRow, MediaRow, OriginalRow, PostRow, QuarantineRow, Row,
    SourceRow, TombstoneRow, UnavailableRow,
};
use populi_model::{Key, Origin, RecordKind};

use crate::error::{Error, Result};
use crate::run::{Section, quarantine_key};
use crate::settle::{AccountRows, RecordRows};
use crate::snapshot::{Rows, Snapshot};

/// The rows of a table whose next one can be looked at.
struct Cursor<R> {
    rows: Rows<R>,
    next: Option<R>,
    place: fn(&R) -> (Section, Key),
}

impl<R: Row> Cursor<R> {
    fn open(snapshot: &Snapshot, bucket: u16, place: fn(&R) -> (Section, Key)) -> Result<Self> {
        let parts = snapshot.tables().get(R::TABLE).map(|table| table.parts.as_slice()).unwrap_or_default();
        let paths = parts
            .iter()
            .filter(|part| part.bucket == Some(bucket))
            .map(|part| snapshot.folder().join(&part.file))
            .collect();
        let mut rows = Rows::new(R::schema(), paths);
        let next = rows.next().transpose()?;
        Ok(Self { rows, next, place })
    }

    fn next_place(&self) -> Option<(Section, Key)> {
        self.next.as_ref().map(|row| (self.place)(row))
    }

    /// Makes sure that every row was taken: one that stands where no source leads to it would be lost.
    fn finish(&self) -> Result<()> {
        match self.next_place() {
            None => Ok(()),
            Some((_, key)) => Err(Error::OutOfStep { table: R::TABLE, key }),
        }
    }

    fn take(&mut self, section: Section, key: Key) -> Result<Vec<R>> {
        let mut taken = Vec::new();
        while self.next_place() == Some((section, key)) {
            taken.extend(self.next.take());
            self.next = self.rows.next().transpose()?;
        }
        Ok(taken)
    }
}

/// A cursor over every table of a bucket.
pub(crate) struct Standing {
    accounts: Cursor<AccountRow<'static>>,
    posts: Cursor<PostRow<'static>>,
    tombstones: Cursor<TombstoneRow<'static>>,
    actions: Cursor<ActionRow<'static>>,
    sources: Cursor<SourceRow>,
    media: Cursor<MediaRow<'static>>,
    attributes: Cursor<AttributeRow<'static>>,
    originals: Cursor<OriginalRow<'static>>,
    quarantine: Cursor<QuarantineRow<'static>>,
    unavailable: Cursor<UnavailableRow<'static>>,
}

impl Standing {
    pub(crate) fn open(snapshot: &Snapshot, bucket: u16) -> Result<Self> {
        Ok(Self {
            accounts: Cursor::open(snapshot, bucket, |row: &AccountRow<'static>| {
                (Section::Accounts, row.account_key)
            })?,
            posts: Cursor::open(snapshot, bucket, |row: &PostRow<'static>| (Section::Records, row.post_key))?,
            tombstones: Cursor::open(snapshot, bucket, |row: &TombstoneRow<'static>| {
                (Section::Records, row.record_key)
            })?,
            actions: Cursor::open(snapshot, bucket, |row: &ActionRow<'static>| {
                (section_of_act(row), row.record_key)
            })?,
            sources: Cursor::open(snapshot, bucket, |row: &SourceRow| {
                (section_of(row.kind), row.record_key)
            })?,
            media: Cursor::open(snapshot, bucket, |row: &MediaRow<'static>| {
                (Section::Records, row.post_key)
            })?,
            attributes: Cursor::open(snapshot, bucket, |row: &AttributeRow<'static>| {
                (Section::Records, row.post_key)
            })?,
            originals: Cursor::open(snapshot, bucket, |row: &OriginalRow<'static>| {
                (section_of(row.kind), row.record_key)
            })?,
            quarantine: Cursor::open(snapshot, bucket, |row: &QuarantineRow<'static>| {
                let origin = Origin { file: row.file_hash, offset: row.offset };
                (Section::Quarantine, quarantine_key(origin))
            })?,
            unavailable: Cursor::open(snapshot, bucket, |row: &UnavailableRow<'static>| {
                (Section::Records, row.post_key)
            })?,
        })
    }

    /// Where the next record lies: what has a source has every other row. What was not taken has none, nor has what was
    /// only told beside other records: profiles, and which posts are unavailable.
    pub(crate) fn next_place(&self) -> Result<Option<(Section, Key)>> {
        let places = [
            self.sources.next_place(),
            self.quarantine.next_place(),
            self.accounts.next_place(),
            self.unavailable.next_place(),
        ];
        Ok(places.into_iter().flatten().min())
    }

    /// Makes sure that nothing that stood was passed over.
    pub(crate) fn finish(&self) -> Result<()> {
        self.accounts.finish()?;
        self.posts.finish()?;
        self.tombstones.finish()?;
        self.actions.finish()?;
        self.sources.finish()?;
        self.media.finish()?;
        self.attributes.finish()?;
        self.originals.finish()?;
        self.unavailable.finish()?;
        self.quarantine.finish()
    }

    pub(crate) fn take_account(&mut self, key: Key) -> Result<AccountRows<'static>> {
        Ok(AccountRows {
            account: self.accounts.take(Section::Accounts, key)?.pop(),
            actions: self.actions.take(Section::Accounts, key)?,
            sources: self.sources.take(Section::Accounts, key)?,
            original: self.originals.take(Section::Accounts, key)?.pop(),
        })
    }

    pub(crate) fn take_record(&mut self, key: Key) -> Result<RecordRows<'static>> {
        let section = Section::Records;
        Ok(RecordRows {
            post: self.posts.take(section, key)?.pop(),
            tombstone: self.tombstones.take(section, key)?.pop(),
            actions: self.actions.take(section, key)?,
            sources: self.sources.take(section, key)?,
            media: self.media.take(section, key)?,
            attributes: self.attributes.take(section, key)?,
            original: self.originals.take(section, key)?.pop(),
            unavailable: self.unavailable.take(section, key)?.pop(),
        })
    }

    pub(crate) fn take_quarantine(&mut self, key: Key) -> Result<Vec<QuarantineRow<'static>>> {
        self.quarantine.take(Section::Quarantine, key)
    }
}

fn section_of(kind: RecordKind) -> Section {
    if kind.is_of_the_account() { Section::Accounts } else { Section::Records }
}

/// Of the acts only those on a profile are on the account. A delete is one where record and actor are one: it exists
/// only where posts and accounts have ids of different forms.
fn section_of_act(act: &ActionRow<'_>) -> Section {
    let is_on_profile = match act.kind {
        ActKind::ProfileUpdate => true,
        ActKind::Delete => act.actor_key == Some(act.record_key),
        _ => false,
    };
    if is_on_profile { Section::Accounts } else { Section::Records }
}
