//! Any table of posts: CSV, TSV, lines of text, JSON lines, a JSON array, or rows that were decoded elsewhere.
//!
//! [`open`] looks at the beginning of an input, decides what it is written in ([`Kind`]) and which column is what
//! ([`Mapping`]), and gives a [`Reader`] that makes a post of every record. Column names and, for a text without a
//! known name, the length of values are all that is guessed from; every choice can be shown and overruled.
//!
//! # Records
//! A record is a line, a row of a CSV (which may span lines), or an element of the array; a header is none. An object
//! is a row by its keys, an array a row by its places, and a string a row that is nothing but its text. A byte-order
//! mark and CRLF are accepted, and so are `\u0000` escapes. What cannot be taken is put aside with a reason, and reading goes on:
//! a CSV row with another number of fields (one empty field at its end apart), a quote that is never closed (the row
//! ends at 8 MiB or with the input; reading goes on at its second line), broken JSON, bytes that are no UTF-8, and so
//! on. An array that is cut keeps what came before; its unfinished rest is one record put aside.
//!
//! # Posts
//! The id is `table:<id>`, or `table:<key of the file>:<row from 0>` where no column holds ids (in an archive the first
//! row has the number of the member's first offset, see [`Reader::starting_at`]). Rows are counted with
//! blank and bad ones. Ids, authors, times and languages are trimmed; a text is kept byte for byte. A reply names
//! no post where its cell is empty, `null`, `NULL`, `None`, `nan` or `NaN`. An id such as `123.0` is kept as it is
//! and warned of (`float_id`). Columns without a role are attributes by their names (`column_3` for the third, where
//! it has none; `x_2` for a second `x`); empty cells are none. The column of the label is the attribute `label`.
//!
//! # Times
//! RFC 3339; `YYYY-MM-DD HH:MM[:SS[.fraction]]` (or with `T`) in the zone of the parameters; a number of 9 or 10 digits
//! is seconds since 1970, of 12 or 13 milliseconds, of 15 or 16 microseconds. With a format of `strftime`, that alone.
//! Any other value leaves the post without a time, is kept as an attribute, and is warned of (`bad_created_at`).
//!
//! # Cost
//! Memory: a few times the longest record, which is 8 MiB at most. Time: linear in the input.

mod array;
mod columns;
mod delimited;
mod document;
mod kind;
mod params;
mod post;
pub(crate) mod records;
mod rows;
mod sample;
mod time;
pub(crate) mod window;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use populi_model::{Reason, Tally};

use crate::Error;
use crate::json::{check_no_nul, is_conflict_marker, text_of};
use crate::sink::{Defect, Ledger, Sink, SourceFile};

use document::{Cell, Document};
use post::{Place, PostMaker, Row};
use records::{Record, Records};
use sample::Sample;
use window::Window;

pub use columns::{Choice, How, Mapping, Role};
pub use kind::{Kind, Quoting};
pub use params::{ColumnRef, Header, TableParams};
pub use rows::Rows;

/// How much of an input is looked at before it is read.
const HEAD_BYTES: usize = 1 << 20;

/// The first bytes of every Parquet file.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Whether a file that begins with these bytes is Parquet, whose rows are taken through [`Rows`].
#[must_use]
pub fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(PARQUET_MAGIC)
}

/// A table whose columns are known, before its first record.
pub struct Reader<R> {
    window: Window<R>,
    kind: Kind,
    has_header: bool,
    maker: PostMaker,
    /// The places of the columns by name.
    places: HashMap<String, usize>,
    /// The number of the first row.
    first_row: u64,
}

/// Looks at the first MiB of the decoded content of the input that the user knows as `name`, and chooses its kind and
/// columns.
///
/// # Errors
/// When the parameters are wrong, a column that they give is not there, no column can be the text (all columns are
/// listed), or the system fails to read.
pub fn open<R: Read>(input: R, name: &str, params: &TableParams) -> Result<Reader<R>, Error> {
    params.check()?;
    let mut window = Window::new(input);
    let is_whole = window.fill_to(HEAD_BYTES).map_err(|source| read_error(name, &window, source))?;
    pass_over_byte_order_mark(&mut window);
    let head = window.unread();
    let kind = params.delimiter.map_or_else(|| Kind::of(whole_lines(head, is_whole)), Kind::delimited);
    // An array's cut element is found out by itself.
    let head = if kind == Kind::JsonArray { head } else { whole_lines(head, is_whole) };
    let mut sample = Sample::of(kind, head, params);
    let mapping = Mapping::choose(params, &mut sample, name)?;
    let places = mapping.columns.iter().enumerate().map(|(i, name)| (name.clone(), i)).collect();
    let maker = PostMaker::new(mapping, params)?;
    Ok(Reader { window, kind, has_header: sample.has_header, maker, places, first_row: 0 })
}

impl<R: Read> Reader<R> {
    /// Gives the input's first byte this offset and its first row this number, as in a member of an archive, so that its
    /// records and the names of its posts are not those of another member.
    #[must_use]
    pub fn starting_at(mut self, offset: u64) -> Self {
        self.window.move_to(offset);
        self.first_row = offset;
        self
    }

    /// What the table is written in.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the first row holds the columns' names.
    #[must_use]
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Which column became what.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        self.maker.mapping()
    }

    /// Reads all records: `tally.records` grows by those that are taken, put aside or blank.
    ///
    /// # Errors
    /// When the system fails to read. What came before has been handed on.
    pub fn read_all<S: Sink + ?Sized>(
        mut self,
        file: &SourceFile<'_>,
        sink: &mut S,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let mut records = Records::new(self.kind);
        let mut ledger = Ledger { file, sink, tally };
        let mut header_is_next = self.has_header;
        let mut n_rows = self.first_row;
        loop {
            let record = match records.next(&mut self.window) {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(source) => return Err(read_error(file.name, &self.window, source)),
            };
            // As in the sample, the header is the first record that is text.
            if header_is_next && record.text().is_some() {
                header_is_next = false;
                continue;
            }
            let place = Place { offset: record.offset, line: record.line, row: n_rows };
            n_rows += 1;
            if record.is_blank() {
                ledger.blank();
                continue;
            }
            let taken = match record.defect {
                Some(defect) => Err(defect),
                None => take(&mut self.maker, &self.places, self.kind, &record, place, &mut ledger),
            };
            if let Err(defect) = taken {
                ledger.quarantine(place.offset, place.line, &defect, record.bytes);
            }
        }
    }
}

fn take<S: Sink + ?Sized>(
    maker: &mut PostMaker,
    places: &HashMap<String, usize>,
    kind: Kind,
    record: &Record<'_>,
    place: Place,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let text = checked(record.bytes, kind)?;
    let n_columns = maker.mapping().columns.len();
    let row = match kind {
        Kind::Lines | Kind::Delimited { .. } => row_of_fields(record.fields()?, n_columns)?,
        Kind::JsonLines | Kind::JsonArray => {
            row_of_document(Document::parse(text)?, maker.mapping(), places)?
        }
    };
    maker.take(&row, place, ledger)
}

/// The record as text, if it can be one.
fn checked(bytes: &[u8], kind: Kind) -> Result<&str, Defect> {
    let record = text_of(bytes)?;
    check_no_nul(bytes)?;
    if kind != Kind::Lines && is_conflict_marker(bytes) {
        return Err(Defect::new(Reason::ConflictMarker, "a mark of a merge whose conflicts nobody settled"));
    }
    Ok(record)
}

fn row_of_fields(mut fields: Vec<&str>, n_columns: usize) -> Result<Row<'_>, Defect> {
    if fields.len() == n_columns + 1 && fields.last().is_some_and(|field| field.is_empty()) {
        fields.pop();
    }
    if fields.len() != n_columns {
        let detail = format!("expected {n_columns} fields, got {}", fields.len());
        return Err(Defect::new(Reason::FieldCount, detail));
    }
    let cells = fields.into_iter().map(|field| Some(Cell::Text(Cow::Borrowed(field))));
    Ok(Row { cells: cells.collect(), extra: Vec::new() })
}

fn row_of_document<'r>(
    document: Document<'r>,
    mapping: &Mapping,
    places: &HashMap<String, usize>,
) -> Result<Row<'r>, Defect> {
    let n_columns = mapping.columns.len();
    let mut row = Row { cells: Vec::new(), extra: Vec::new() };
    match document {
        Document::Array(cells) if cells.len() == n_columns => row.cells = cells,
        Document::Array(cells) => {
            let detail = format!("expected {n_columns} elements, got {}", cells.len());
            return Err(Defect::new(Reason::FieldCount, detail));
        }
        Document::Text(text) => {
            row.cells.resize(n_columns, None);
            if let Some(cell) = mapping.column(Role::Text).and_then(|column| row.cells.get_mut(column)) {
                *cell = Some(Cell::Text(text));
            }
        }
        Document::Object(members) => {
            row.cells.resize(n_columns, None);
            for (name, cell) in members {
                match (places.get(&*name), cell) {
                    // Of equal names the last one counts, as everywhere in JSON.
                    (Some(place), cell) => row.cells[*place] = cell,
                    (None, Some(cell)) => row.extra.push((name, cell)),
                    (None, None) => {}
                }
            }
        }
        Document::Other(json) => {
            let detail = format!("expected an object, an array or a string, got {json:.32}");
            return Err(Defect::new(Reason::NotAnObject, detail));
        }
    }
    Ok(row)
}

fn read_error<R: Read>(name: &str, window: &Window<R>, source: std::io::Error) -> Error {
    let offset = window.offset() + window.unread().len() as u64;
    Error::of_read(name, offset, source)
}

fn pass_over_byte_order_mark<R: Read>(window: &mut Window<R>) {
    let mark = "\u{feff}".as_bytes();
    if window.unread().starts_with(mark) {
        window.consume(mark.len());
    }
}

/// The lines of `head` that have an end, or all of it where the input is no longer than it, or the line no shorter.
fn whole_lines(head: &[u8], is_whole: bool) -> &[u8] {
    match memchr::memrchr(b'\n', head) {
        Some(end) if !is_whole => &head[..=end],
        _ => head,
    }
}
