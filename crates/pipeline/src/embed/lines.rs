//! The texts of a file: one a line, or a column of a table.
//!
//! Row `i` of what is made of them is text `i`, so nothing is passed over silently: what cannot be read stops the reading and is
//! named.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use populi_ingest::archive::Decoded;
use populi_ingest::table::{ColumnRef, Header, Rows, TableParams, open};
use populi_ingest::{Sink, SourceFile};
use populi_model::{Body, Event, Key, Quarantined, Reason, Tally};
use populi_store::ForeignParquet;

use crate::error::io;
use crate::ingest::is_parquet_file;
use crate::{Error, Result};

/// Rows that the columns of a Parquet file are guessed from.
const SAMPLE_ROWS: usize = 256;

/// The ending of files with a text a line.
const LINES: &str = "txt";

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The texts, in order; of a row without one an empty text.
    pub(crate) texts: Vec<String>,
    /// Rows of a table that have nothing where the text should be.
    pub(crate) n_missing: u64,
    /// The column that the texts came from.
    pub(crate) column: Option<String>,
}

/// Reads a file: with the ending `.txt` (perhaps packed, as `.txt.gz`) and no column named a text a line, an empty line too; else a table,
/// in which blank lines are no rows. Memory: the texts.
///
/// # Errors
/// When it cannot be read, no column can be the text, or a row cannot be read: with its line.
pub(crate) fn read(path: &Path, column: Option<&ColumnRef>) -> Result<Lines> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_lines = name.split('.').skip(1).any(|ending| ending == LINES);
    if is_parquet_file(path)? {
        read_parquet(path, &params(column))
    } else if is_lines && column.is_none() {
        read_lines(path)
    } else {
        read_table(path, &params(column))
    }
}

fn params(column: Option<&ColumnRef>) -> TableParams {
    TableParams { text: column.cloned(), header: Header::Guess, ..TableParams::default() }
}

fn read_lines(path: &Path) -> Result<Lines> {
    let file = File::open(path).map_err(io("open", path))?;
    let mut input = BufReader::new(Decoded::new(file));
    let mut found = Lines::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(io("read", path))? == 0 {
            return Ok(found);
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let n_before = found.texts.len() as u64;
        let text = str::from_utf8(text).map_err(|error| Error::NoText {
            path: path.to_owned(),
            line: n_before + 1,
            reason: format!("byte {} of the line is no UTF-8", error.valid_up_to() + 1),
        })?;
        // A byte-order mark is none of the text.
        let text = if n_before == 0 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        found.texts.push(text.to_owned());
    }
}

fn read_table(path: &Path, params: &TableParams) -> Result<Lines> {
    let name = path.to_string_lossy();
    let reader = open(Decoded::new(File::open(path).map_err(io("open", path))?), &name, params)?;
    let mut texts = Texts::default();
    let column = text_column(reader.mapping());
    let file = SourceFile { key: Key::default(), name: &name };
    reader.read_all(&file, &mut texts, &mut Tally::default())?;
    texts.finish(path, column)
}

fn read_parquet(path: &Path, params: &TableParams) -> Result<Lines> {
    let name = path.to_string_lossy();
    let parquet = ForeignParquet::open(path)?;
    let columns = parquet.columns().to_vec();
    let mut sample: Vec<Vec<Option<Cow<'_, str>>>> = Vec::new();
    for row in parquet.first_rows(SAMPLE_ROWS)? {
        sample.push(row.into_iter().map(|cell| cell.map(Cow::Owned)).collect());
    }
    let mut rows = Rows::open(&columns, &sample, params, &name)?;
    let (mut texts, mut tally) = (Texts::default(), Tally::default());
    let file = SourceFile { key: Key::default(), name: &name };
    ForeignParquet::open(path)?.read(|row| {
        let cells: Vec<Option<Cow<'_, str>>> =
            row.iter().map(|cell| cell.as_deref().map(Cow::Borrowed)).collect();
        rows.push(&cells, &file, &mut texts, &mut tally);
        Ok::<(), Error>(())
    })?;
    texts.finish(path, text_column(rows.mapping()))
}

fn text_column(mapping: &populi_ingest::table::Mapping) -> Option<String> {
    mapping.column(populi_ingest::table::Role::Text).map(|column| mapping.columns[column].clone())
}

/// Takes the texts of a table, and the first row that has none because it cannot be read.
#[derive(Default)]
struct Texts {
    found: Lines,
    unreadable: Option<(u64, String)>,
}

impl Texts {
    fn finish(self, path: &Path, column: Option<String>) -> Result<Lines> {
        match self.unreadable {
            None => Ok(Lines { column, ..self.found }),
            Some((line, reason)) => Err(Error::NoText { path: path.to_owned(), line, reason }),
        }
    }
}

impl Sink for Texts {
    fn event(&mut self, event: &Event<'_>) {
        if let Body::Post(post) = &event.body {
            self.found.texts.push(post.text.to_owned());
        }
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        if record.reason == Reason::MissingText {
            self.found.texts.push(String::new());
            self.found.n_missing += 1;
        } else if self.unreadable.is_none() {
            self.unreadable = Some((record.line, format!("{} ({})", record.detail, record.reason.code())));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn lines(name: &str, content: &[u8], column: Option<&str>) -> Result<Lines> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        read(&path, column.map(|column| column.parse().unwrap()).as_ref())
    }

    #[test]
    fn every_line_is_a_text_the_empty_ones_too() {
        let found = lines("a.txt", "\u{feff}one\r\n\ntwo, three\n".as_bytes(), None).unwrap();
        assert_eq!(found.texts, ["one", "", "two, three"]);
        assert_eq!(lines("a.txt", b"no end", None).unwrap().texts, ["no end"]);
        assert_eq!(lines("a.txt", b"", None).unwrap().texts.len(), 0);
    }

    #[test]
    fn a_line_that_is_no_text_is_named() {
        let error = lines("a.txt", b"one\ntw\xffo\n", None).unwrap_err().to_string();
        assert!(error.contains("a.txt, line 2") && error.contains("byte 3"), "{error}");
        let error = lines("a.csv", b"id,text\n1,one\n2\n3,three\n", None).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("2 fields"), "{error}");
    }

    #[test]
    fn a_column_of_a_table_by_name_or_number() {
        let csv = b"id,body,note\n1,one text,x\n2,\"two\nlines\",y\n3,,z\n";
        for column in [Some("body"), Some("2")] {
            let found = lines("a.csv", csv, column).unwrap();
            assert_eq!(found.texts, ["one text", "two\nlines", ""]);
            assert_eq!(found.column.as_deref(), Some("body"));
        }
        assert_eq!(lines("a.tsv", b"a\ttext\n1\tone\n", Some("text")).unwrap().texts, ["one"]);
        let json = b"{\"text\":\"one\"}\n{\"text\":null}\n{\"text\":\"\"}\n";
        let found = lines("a.jsonl", json, Some("text")).unwrap();
        assert_eq!((found.texts, found.n_missing), (vec!["one".to_owned(), String::new(), String::new()], 1));
    }
}
