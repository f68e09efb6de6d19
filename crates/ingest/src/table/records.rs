//! One input record after another, as bytes: a line, a row of a CSV, or an element of an array.

use std::io::{self, Read};

use memchr::memchr;
use populi_model::Reason;

use super::array::ArrayScan;
use super::delimited::{Fields, RowScan};
use super::kind::Kind;
use super::window::Window;
use crate::json::{is_blank, text_of};
use crate::lines::MAX_LINE_BYTES;
use crate::sink::Defect;

/// As much as is looked at for the end of a line or row: one byte more than it may have, for its line end, and one
/// for a `\r`.
pub(crate) const MAX_SEEN_BYTES: usize = MAX_LINE_BYTES + 2;

/// One input record.
pub(crate) struct Record<'w> {
    /// The offset in the input where it begins.
    pub(crate) offset: u64,
    /// The line where it begins, from 1.
    pub(crate) line: u64,
    /// Its bytes without the line end or comma after it; where there is a defect, perhaps only the first of them.
    pub(crate) bytes: &'w [u8],
    pub(crate) defect: Option<Defect>,
    /// What its row holds, where it is one.
    row: Option<&'w Fields>,
}

impl<'w> Record<'w> {
    /// The record, where it is text and not blank.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes).ok()?;
        (self.defect.is_none() && !self.is_blank()).then_some(text)
    }

    /// The fields of a row, in order; any other record is one field.
    pub(crate) fn fields(&self) -> Result<Vec<&'w str>, Defect> {
        self.row.map_or_else(|| Ok(vec![text_of(self.bytes)?]), Fields::texts)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.defect.is_none() && is_blank(self.bytes)
    }
}

/// What a scan found at the front of the window.
pub(crate) struct Found {
    /// The bytes of the record.
    pub(crate) n_bytes: usize,
    /// The bytes to pass over before the next one.
    pub(crate) n_consumed: usize,
    pub(crate) defect: Option<Defect>,
    /// How the record ends.
    pub(crate) end: End,
}

impl Found {
    /// The line or row whose line end, or the input's, stands at `end`.
    pub(crate) fn whole(bytes: &[u8], end: usize) -> Self {
        let n_bytes = end - usize::from(bytes[..end].ends_with(b"\r"));
        Self {
            n_bytes,
            n_consumed: (end + 1).min(bytes.len()),
            defect: (n_bytes > MAX_LINE_BYTES).then(line_too_long),
            end: if end < bytes.len() { End::Whole } else { End::Input },
        }
    }
}

/// How a record ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// As records do.
    Whole,
    /// With the input, which may have been cut.
    Input,
    /// After these bytes, to be passed over unseen.
    Later,
}

enum Scan {
    Lines,
    Rows(RowScan),
    Array(ArrayScan),
}

/// Cuts an input into records.
///
/// Memory: the window, a few times the longest record allowed. Time: each byte is looked at a bounded number of
/// times, whatever the input holds.
pub(crate) struct Records {
    scan: Scan,
    n_pending: usize,
    goes_on: bool,
}

impl Records {
    pub(crate) fn new(kind: Kind) -> Self {
        let scan = match kind {
            Kind::Delimited { delimiter, quoting } => Scan::Rows(RowScan::new(delimiter, quoting)),
            Kind::Lines | Kind::JsonLines => Scan::Lines,
            Kind::JsonArray => Scan::Array(ArrayScan::default()),
        };
        Self { scan, n_pending: 0, goes_on: false }
    }

    /// The next record, or `None` at the end. Damage of the input is a defect of the record that it cuts, or a
    /// record of its own.
    pub(crate) fn next<'w, R: Read>(
        &'w mut self,
        window: &'w mut Window<R>,
    ) -> io::Result<Option<Record<'w>>> {
        window.consume(std::mem::take(&mut self.n_pending));
        if std::mem::take(&mut self.goes_on) {
            self.pass_over_the_rest(window)?;
        }
        let found = match &mut self.scan {
            Scan::Lines => next_line(window)?,
            Scan::Rows(scan) => scan.next(window)?,
            Scan::Array(scan) => scan.next(window)?,
        };
        let is_cut = found.as_ref().is_none_or(|found| found.end == End::Input);
        let damage = if is_cut { window.take_damage() } else { None };
        let found = match (found, damage) {
            (None, None) => return Ok(None),
            (None, damage) => Found { n_bytes: 0, n_consumed: 0, defect: damage, end: End::Input },
            (Some(found), None) => found,
            (Some(found), damage) => Found { defect: damage, ..found },
        };
        (self.n_pending, self.goes_on) = (found.n_consumed, found.end == End::Later);
        Ok(Some(Record {
            offset: window.offset(),
            line: window.line(),
            bytes: &window.unread()[..found.n_bytes],
            defect: found.defect,
            row: match &self.scan {
                Scan::Rows(scan) => Some(scan.fields()),
                Scan::Lines | Scan::Array(_) => None,
            },
        }))
    }

    fn pass_over_the_rest<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        loop {
            let (n, is_over) = match &mut self.scan {
                Scan::Array(scan) => scan.rest(window.unread()),
                Scan::Lines | Scan::Rows(_) => match memchr(b'\n', window.unread()) {
                    Some(newline) => (newline + 1, true),
                    None => (window.unread().len(), false),
                },
            };
            window.consume(n);
            if is_over || !window.fill()? {
                return Ok(());
            }
        }
    }
}

/// The bytes among which a line or row must end.
pub(crate) fn seen(unread: &[u8]) -> &[u8] {
    &unread[..unread.len().min(MAX_SEEN_BYTES)]
}

/// The defect of a line, or of a row's only line, without an end.
pub(crate) fn line_too_long() -> Defect {
    let detail = format!("the line has more than {MAX_LINE_BYTES} bytes");
    Defect::new(Reason::LineTooLong, detail)
}

fn next_line<R: Read>(window: &mut Window<R>) -> io::Result<Option<Found>> {
    let mut n_seen = 0;
    loop {
        let bytes = seen(window.unread());
        if let Some(n) = memchr(b'\n', &bytes[n_seen..]) {
            return Ok(Some(Found::whole(window.unread(), n_seen + n)));
        }
        n_seen = bytes.len();
        if n_seen == MAX_SEEN_BYTES {
            return Ok(Some(Found {
                n_bytes: MAX_LINE_BYTES,
                n_consumed: n_seen,
                defect: Some(line_too_long()),
                end: End::Later,
            }));
        }
        if !window.fill()? {
            return Ok((n_seen > 0).then(|| Found::whole(window.unread(), n_seen)));
        }
    }
}
