//! The parts of one bucket while they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use populi_model::table::{
    AccountRow, ActionRow, AttributeRow, EdgeRow, MediaRow, OriginalRow, PostRow, QuarantineRow, Row,
    SourceRow, TombstoneRow, UnavailableRow,
};

use super::edges::Edges;
use crate::error::Result;
use crate::forget::Forgotten;
use crate::manifest::{Manifest, PartEntry};
use crate::part::PartWriter;
use crate::settle::{AccountRows, LoneCreate, SettledRecord};

/// The tables that ingest fills.
pub(crate) const TABLES: [&str; 11] = [
    AccountRow::TABLE,
    ActionRow::TABLE,
    AttributeRow::TABLE,
    EdgeRow::TABLE,
    MediaRow::TABLE,
    OriginalRow::TABLE,
    PostRow::TABLE,
    QuarantineRow::TABLE,
    SourceRow::TABLE,
    TombstoneRow::TABLE,
    UnavailableRow::TABLE,
];

/// Writes settled records to the parts of one bucket. A table without rows gets no part.
pub(crate) struct BucketWriter<'a> {
    folder: PathBuf,
    bucket: u16,
    keeps_originals: bool,
    /// `None` where nothing is forgotten.
    forgotten: Option<&'a Forgotten>,
    parts: BTreeMap<&'static str, PartWriter>,
    edges: Edges,
}

impl<'a> BucketWriter<'a> {
    pub(crate) fn new(folder: &Path, bucket: u16, manifest: &'a Manifest) -> Self {
        Self {
            folder: folder.to_owned(),
            bucket,
            keeps_originals: manifest.keeps_originals,
            forgotten: Some(&manifest.forgotten).filter(|forgotten| !forgotten.is_empty()),
            parts: BTreeMap::new(),
            edges: Edges::default(),
        }
    }

    pub(crate) fn write_account(&mut self, account: &AccountRows<'_>) -> Result<()> {
        self.push_all(account.account.as_slice())?;
        self.push_all(&account.actions)?;
        let is_kept = |original: &&OriginalRow<'_>| match self.forgotten {
            Some(forgotten) => !forgotten.is_named_in_record(&original.bytes),
            None => true,
        };
        if let (true, Some(original)) = (self.keeps_originals, account.original.as_ref().filter(is_kept)) {
            self.push_all(std::slice::from_ref(original))?;
        }
        self.push_sources(&account.sources)
    }

    pub(crate) fn write_record(&mut self, mut record: SettledRecord<'_>) -> Result<()> {
        if let Some(forgotten) = self.forgotten {
            forgotten.blank_record(&mut record);
        }
        self.push_all(record.rows.post.as_slice())?;
        self.push_all(record.rows.tombstone.as_slice())?;
        self.push_all(&record.rows.actions)?;
        self.push_all(&record.rows.media)?;
        self.push_all(&record.rows.attributes)?;
        self.push_all(record.rows.unavailable.as_slice())?;
        self.push_sources(&record.rows.sources)?;
        if self.keeps_originals {
            self.push_all(record.rows.original.as_slice())?;
        }
        for follow in record.follows {
            self.edges.see(&follow);
        }
        Ok(())
    }

    pub(crate) fn write_lone_create(&mut self, record: &LoneCreate<'_>) -> Result<()> {
        if let Some(rows) = &record.post {
            self.push_all(std::slice::from_ref(&rows.post))?;
            self.push_all(&rows.media)?;
            self.push_all(&rows.attributes)?;
        }
        self.push_all(&record.actions)?;
        self.push_sources(std::slice::from_ref(&record.source))?;
        if self.keeps_originals {
            self.push_all(record.original.as_slice())?;
        }
        record.follows.iter().for_each(|follow| self.edges.see(follow));
        Ok(())
    }

    pub(crate) fn write_quarantine(&mut self, mut rows: Vec<QuarantineRow<'_>>) -> Result<()> {
        rows.sort_by(|a, b| (a.offset, a.line, &a.file).cmp(&(b.offset, b.line, &b.file)));
        self.push_all(&rows)
    }

    /// Publishes every part. The manifest does not name them yet.
    pub(crate) fn publish(mut self) -> Result<BTreeMap<String, PartEntry>> {
        for edge in std::mem::take(&mut self.edges).into_rows() {
            self.push_all(&[edge])?;
        }
        self.parts.into_iter().map(|(table, part)| Ok((table.to_owned(), part.publish()?))).collect()
    }

    fn push_all<R: Row>(&mut self, rows: &[R]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let part = self.part::<R>()?;
        rows.iter().try_for_each(|row| part.push(row))
    }

    fn push_sources(&mut self, rows: &[SourceRow]) -> Result<()> {
        self.push_all(rows)?;
        if let Some(part) = self.parts.get_mut(SourceRow::TABLE) {
            rows.iter().for_each(|row| part.count_class(row.class));
        }
        Ok(())
    }

    fn part<R: Row>(&mut self) -> Result<&mut PartWriter> {
        use std::collections::btree_map::Entry;
        match self.parts.entry(R::TABLE) {
            Entry::Occupied(part) => Ok(part.into_mut()),
            Entry::Vacant(slot) => {
                let scope = format!("bucket-{:04}", self.bucket);
                let part = PartWriter::create::<R>(&self.folder, R::TABLE, Some(self.bucket), &scope)?;
                Ok(slot.insert(part))
            }
        }
    }
}
