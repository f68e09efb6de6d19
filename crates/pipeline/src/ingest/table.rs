//! The reading of tables: as files and as members of archives.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;

use populi_ingest::archive::{ByteLimit, Content, Damage};
use populi_ingest::table::{ColumnRef, Header, Mapping, Rows, TableParams, is_parquet, open};
use populi_ingest::{Sink, SourceFile};
use populi_model::{Origin, Quarantined, Reason, Tally};
use populi_store::ForeignParquet;

use super::stoppable::Stoppable;
use super::{Prepared, ReadResult};
use crate::error::io;
use crate::progress::{Progress, stop_if_asked};
use crate::{Error, Result};

/// Rows that the columns of a Parquet file are guessed from.
const SAMPLE_ROWS: usize = 256;

/// Everything that decides the events of a table beside its bytes.
pub(super) fn parameters(params: &TableParams) -> serde_json::Value {
    let column = |column: &Option<ColumnRef>| column.as_ref().map(ToString::to_string);
    serde_json::json!({
        "text": column(&params.text),
        "id": column(&params.id),
        "author": column(&params.author),
        "time": column(&params.time),
        "reply_to": column(&params.reply_to),
        "lang": column(&params.lang),
        "label": column(&params.label),
        "header": match params.header {
            Header::Guess => "guess",
            Header::Present => "present",
            Header::Absent => "absent",
        },
        "time_format": params.time_format,
        "time_zone": params.time_zone,
        "delimiter": params.delimiter,
    })
}

/// What the columns of tables became, file by file and table by table; tables of a file that are like the one
/// before them are only counted.
#[derive(Default)]
pub(super) struct Mappings {
    notes: Vec<Note>,
    /// By file, why the first table that could not be read was not.
    misfits: BTreeMap<usize, populi_ingest::Error>,
}

struct Note {
    file: usize,
    name: String,
    mapping: Mapping,
    /// Tables after this one that are like it.
    n_more: u64,
}

impl Mappings {
    /// Adds a table, or why there is none.
    pub(super) fn add(&mut self, file: usize, name: &str, mapping: ReadResult<Mapping>) {
        match mapping {
            Ok(mapping) => self.add_note(Note { file, name: name.to_owned(), mapping, n_more: 0 }),
            Err(error) => drop(self.misfits.entry(file).or_insert(error)),
        }
    }

    /// Adds what came after.
    pub(super) fn add_all(&mut self, next: Self) {
        next.notes.into_iter().for_each(|note| self.add_note(note));
        for (file, error) in next.misfits {
            self.misfits.entry(file).or_insert(error);
        }
    }

    fn add_note(&mut self, note: Note) {
        match self.notes.last_mut() {
            Some(last) if last.file == note.file && last.mapping == note.mapping => {
                last.n_more += note.n_more + 1
            }
            _ => self.notes.push(note),
        }
    }

    /// Why nothing in a file could be read: one table that can be makes the others records that are put
    /// aside.
    pub(super) fn misfit(&mut self, file: usize) -> Option<populi_ingest::Error> {
        let misfit = self.misfits.remove(&file);
        misfit.filter(|_| self.notes.iter().all(|note| note.file != file))
    }

    /// Every mapping with the name of what it is of.
    pub(super) fn into_notes(self) -> impl Iterator<Item = (String, Mapping)> {
        self.notes.into_iter().map(|note| match note.n_more {
            0 => (note.name, note.mapping),
            n => (format!("{} and {n} more like it", note.name), note.mapping),
        })
    }
}

/// Reads a table: what its columns became, or why the member of an archive is put aside whole; `None` where
/// there is nothing but damage.
///
/// # Errors
/// When the system fails to read, or the columns of a file that is no archive do not fit.
pub(super) fn read_content(
    content: &mut Content<'_>,
    params: &TableParams,
    file: &SourceFile<'_>,
    progress: &dyn Progress,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> ReadResult<Option<ReadResult<Mapping>>> {
    let (first_offset, is_member) = (content.first_offset, content.is_member);
    let origin = Origin { file: file.key, offset: first_offset };
    if let Err(error) = content.fill_buf() {
        let Some(damage) = Damage::of(&error) else {
            return Err(populi_ingest::Error::of_read(file.name, 0, error));
        };
        put_aside(damage.reason, &damage.to_string(), origin, 1, file.name, b"", sink, tally);
        return Ok(None);
    }
    let reader = match open(Stoppable::new(content, progress), file.name, params) {
        Ok(reader) => reader.starting_at(first_offset),
        Err(error) if is_member && error.is_of_columns() => {
            put_aside(Reason::UnsupportedContent, &error.to_string(), origin, 1, file.name, b"", sink, tally);
            return Ok(Some(Err(error)));
        }
        Err(error) => return Err(error),
    };
    let mapping = reader.mapping().clone();
    reader.read_all(file, sink, tally)?;
    Ok(Some(Ok(mapping)))
}

/// Whether a file is Parquet, which is decoded by the store.
pub(crate) fn is_parquet_file(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(io("open", path))?;
    file.take(4).read_to_end(&mut head).map_err(io("read", path))?;
    Ok(is_parquet(&head))
}

/// Reads a file of Parquet: what its columns became.
pub(super) fn read_parquet_file(
    prepared: &Prepared,
    params: &TableParams,
    limit: &ByteLimit,
    progress: &dyn Progress,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Result<Mapping> {
    let input = prepared.shard.input();
    let file = SourceFile { key: input.file_hash, name: &input.name };
    match read_parquet(prepared.path(), params, limit, progress, &file, sink, tally) {
        Err(Error::Store(error)) => {
            // What is left of a damaged file is one record that is put aside, as with every container.
            let origin = Origin { file: file.key, offset: tally.records };
            let (line, detail) = (tally.records + 1, error.to_string());
            put_aside(Reason::CorruptContainer, &detail, origin, line, file.name, b"PAR1", sink, tally);
            Ok(no_mapping())
        }
        outcome => outcome,
    }
}

fn read_parquet(
    path: &Path,
    params: &TableParams,
    limit: &ByteLimit,
    progress: &dyn Progress,
    file: &SourceFile<'_>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Result<Mapping> {
    let parquet = ForeignParquet::open(path)?;
    let columns = parquet.columns().to_vec();
    let mut sample: Vec<Vec<Option<Cow<'_, str>>>> = Vec::new();
    for row in parquet.first_rows(SAMPLE_ROWS)? {
        sample.push(row.into_iter().map(|cell| cell.map(Cow::Owned)).collect());
    }
    let mut rows = Rows::open(&columns, &sample, params, file.name)?;
    ForeignParquet::open(path)?.read(|row| {
        stop_if_asked(progress)?;
        limit.add(row.iter().flatten().map(|cell| cell.len() as u64).sum());
        limit.check_in(file.name)?;
        let cells: Vec<Option<Cow<'_, str>>> =
            row.iter().map(|cell| cell.as_deref().map(Cow::Borrowed)).collect();
        rows.push(&cells, file, sink, tally);
        Ok::<(), Error>(())
    })?;
    Ok(rows.mapping().clone())
}

/// Puts something aside that is no record of a table.
#[expect(clippy::too_many_arguments, reason = "what a row of the quarantine says, and where it goes")]
fn put_aside(
    reason: Reason,
    detail: &str,
    origin: Origin,
    line: u64,
    file_name: &str,
    head: &[u8],
    sink: &mut dyn Sink,
    tally: &mut Tally,
) {
    tally.records += 1;
    tally.quarantine(reason);
    sink.quarantined(&Quarantined { origin, file_name, line, reason, detail, head });
}

/// Of a file that could not be read.
fn no_mapping() -> Mapping {
    Mapping {
        columns: Vec::new(),
        choices: BTreeMap::new(),
        notes: vec!["it is damaged; see the table quarantine".to_owned()],
    }
}
