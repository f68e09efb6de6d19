//! Reading a corpus: what the manifest names at one moment.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use populi_model::table::Row;

use crate::checksum::checksum_of;
use crate::error::{Error, Result, io};
use crate::manifest::{Manifest, TableEntry};
use crate::part::read_batches;

/// Rows that are read at a time.
const BATCH_ROWS: usize = 8 * 1024;

/// A corpus as its manifest described it when it was opened.
///
/// Cheap to make. It takes no lock: a writer that publishes meanwhile removes parts that this snapshot names, and
/// reading one of them is then an error that says to run again.
#[derive(Clone, Debug)]
pub struct Snapshot {
    folder: PathBuf,
    manifest: Manifest,
}

impl Snapshot {
    /// Opens the corpus in a folder.
    ///
    /// # Errors
    /// When there is none, or its manifest is damaged or of a newer format.
    pub fn open(folder: &Path) -> Result<Self> {
        match Manifest::load(folder)? {
            Some(manifest) => Ok(Self::of(folder, manifest)),
            None => Err(Error::NoCorpus { path: folder.to_owned() }),
        }
    }

    pub(crate) fn of(folder: &Path, manifest: Manifest) -> Self {
        Self { folder: folder.to_owned(), manifest }
    }

    /// The folder of the corpus.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the manifest says.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The tables, by name.
    #[must_use]
    pub fn tables(&self) -> &BTreeMap<String, TableEntry> {
        &self.manifest.tables
    }

    /// The files of a table in the order of its rows; none where the table is not there.
    #[must_use]
    pub fn part_paths(&self, table: &str) -> Vec<PathBuf> {
        let parts = self.manifest.tables.get(table).map(|entry| entry.parts.as_slice()).unwrap_or_default();
        parts.iter().map(|part| self.folder.join(&part.file)).collect()
    }

    /// Rows of a table; 0 where it is not there.
    #[must_use]
    pub fn n_rows(&self, table: &str) -> u64 {
        self.manifest.tables.get(table).map_or(0, TableEntry::n_rows)
    }

    /// Bytes of every file that the manifest names.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        let parts = self.manifest.parts().map(|(_, part)| part.n_bytes).sum::<u64>();
        let runs = self.manifest.pending.iter().map(|run| run.n_bytes).sum::<u64>();
        parts + runs + self.manifest.kept.values().map(|kept| kept.n_bytes).sum::<u64>()
    }

    /// Refuses the parts of a bucket that are not as they were published, before their rows are carried over into new
    /// ones: damage must not get a checksum of its own.
    pub(crate) fn check_bucket(&self, bucket: u16) -> Result<()> {
        let parts = self.manifest.tables.values().flat_map(|table| &table.parts);
        for part in parts.filter(|part| part.bucket == Some(bucket)) {
            let path = self.folder.join(&part.file);
            let (n_bytes, hash) = checksum_of(&path).map_err(io("read", &path))?;
            if n_bytes != part.n_bytes || *hash.to_hex() != *part.blake3 {
                let reason = "its bytes are not those that were published".to_owned();
                return Err(Error::Damaged { path, reason });
            }
        }
        Ok(())
    }

    /// Reads the rows of a table in order; none where the table is not there. Only the columns of `R` are read, so
    /// a row type with fewer fields than its table costs less.
    #[must_use]
    pub fn rows<R: Row>(&self) -> Rows<R> {
        self.rows_of(R::TABLE)
    }

    /// Reads the rows of a table that has another name than its row type, such as `vectors/lexical`.
    #[must_use]
    pub fn rows_of<R: Row>(&self, table: &str) -> Rows<R> {
        Rows::new(R::schema(), self.part_paths(table))
    }

    /// Reads batches of the named columns of a table in order.
    ///
    /// # Errors
    /// Each item fails when its part cannot be read.
    pub fn batches(
        &self,
        table: &str,
        columns: &[&str],
    ) -> impl Iterator<Item = Result<RecordBatch>> + use<> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        self.part_paths(table).into_iter().flat_map(move |path| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let (batches, error) = match read_batches(&path, Some(&columns), BATCH_ROWS) {
                Ok(batches) => (Some(batches), None),
                Err(error) => (None, Some(Err(error))),
            };
            error.into_iter().chain(batches.into_iter().flatten())
        })
    }
}

/// The rows of some parts, in order.
pub struct Rows<R> {
    schema: SchemaRef,
    parts: std::vec::IntoIter<PathBuf>,
    part: Option<OpenPart>,
    row_type: PhantomData<R>,
}

struct OpenPart {
    path: PathBuf,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send>,
    columns: Vec<ArrayRef>,
    n_rows: usize,
    row: usize,
}

impl<R: Row> Rows<R> {
    pub(crate) fn new(schema: SchemaRef, parts: Vec<PathBuf>) -> Self {
        Self { schema, parts: parts.into_iter(), part: None, row_type: PhantomData }
    }

    /// Reads the next row, if there is one.
    fn read_next(&mut self) -> Result<Option<R>> {
        loop {
            if let Some(part) = &mut self.part {
                if part.row < part.n_rows {
                    let row = R::read(&part.columns, part.row)
                        .map_err(|source| Error::Value { path: part.path.clone(), source })?;
                    part.row += 1;
                    return Ok(Some(row));
                }
                if let Some(batch) = part.batches.next().transpose()? {
                    part.columns = R::columns(&batch)
                        .map_err(|source| Error::Columns { path: part.path.clone(), source })?;
                    part.n_rows = batch.num_rows();
                    part.row = 0;
                    continue;
                }
            }
            let Some(path) = self.parts.next() else {
                return Ok(None);
            };
            let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
            let batches = Box::new(read_batches(&path, Some(&columns), BATCH_ROWS)?);
            self.part = Some(OpenPart { path, batches, columns: Vec::new(), n_rows: 0, row: 0 });
        }
    }
}

impl<R: Row> Iterator for Rows<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        self.read_next().transpose()
    }
}
