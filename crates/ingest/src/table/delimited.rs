//! The rows of CSV and TSV, read by the `csv-core` crate: where they end, and their fields.
//!
//! A row ends at `\n`; a `\r` before it is no part of it, and one elsewhere is an ordinary character. All else is
//! as that crate has it: RFC 4180 and, where the RFC is silent, some meaning for whatever comes. TSV has no quotes.
//!
//! What it does not know is a limit. A quote that is never closed would swallow the rest of the file, so a row ends
//! at 8 MiB at the latest, and reading goes on at its second line. To read every byte a bounded number of times even
//! where each line opens such a quote, the abandoned row's reader is kept. Up to where it came every line end stood
//! inside the quotes, and so a later row that is inside quotes at its first line end would come there in the same
//! state: it goes on there with that reader.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use memchr::memchr;
use populi_model::Reason;

use super::kind::Quoting;
use super::records::{End, Found, MAX_SEEN_BYTES, line_too_long, seen};
use super::window::Window;
use crate::json::text_of;
use crate::lines::MAX_LINE_BYTES;
use crate::sink::Defect;

const LINE_END: &[u8] = b"\n";

/// Reads row after row.
pub(super) struct RowScan {
    /// At the begin of a row whenever none is being read.
    reader: Box<Reader>,
    fields: Fields,
    trail: Trail,
}

/// An open quote that was followed in vain.
struct Trail {
    /// The offset up to which it was followed; up to there every line end stood inside the quotes.
    end: u64,
    /// The reader as it stood then.
    reader: Box<Reader>,
}

/// The fields of a row: one text after another, without delimiters and quotes.
#[derive(Default)]
pub(super) struct Fields {
    /// Room for the texts, of which the first `n_bytes` are.
    bytes: Vec<u8>,
    n_bytes: usize,
    /// Room for the ends of the fields in `bytes`, of which the first `n_fields` are.
    ends: Vec<usize>,
    n_fields: usize,
}

impl Fields {
    /// The fields of a row that is UTF-8, in order.
    pub(super) fn texts(&self) -> Result<Vec<&str>, Defect> {
        let text = text_of(&self.bytes[..self.n_bytes])?;
        let mut start = 0;
        let field = |end: &usize| &text[std::mem::replace(&mut start, *end)..*end];
        Ok(self.ends[..self.n_fields].iter().map(field).collect())
    }

    fn clear(&mut self) {
        (self.n_bytes, self.n_fields) = (0, 0);
    }

    /// Leaves out the last byte, which stands in the last field.
    fn pop_byte(&mut self) {
        self.n_bytes -= 1;
        self.ends[self.n_fields - 1] -= 1;
    }

    /// Adds what `reader` makes of `bytes`. How many of them belong to its row, line end and all; `None` where the
    /// row goes on after them.
    fn read(&mut self, reader: &mut Reader, bytes: &[u8]) -> Option<usize> {
        let mut n_read = 0;
        // To the reader, no bytes are the end of the input.
        while n_read < bytes.len() {
            let (result, n_in, n_out, n_ends) = reader.read_record(
                &bytes[n_read..],
                &mut self.bytes[self.n_bytes..],
                &mut self.ends[self.n_fields..],
            );
            n_read += n_in;
            self.n_bytes += n_out;
            self.n_fields += n_ends;
            match result {
                ReadRecordResult::Record => return Some(n_read),
                ReadRecordResult::OutputFull => self.bytes.resize((self.bytes.len() * 2).max(4096), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize((self.ends.len() * 2).max(64), 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return None,
            }
        }
        None
    }
}

impl RowScan {
    pub(super) fn new(delimiter: u8, quoting: Quoting) -> Self {
        Self {
            reader: reader(delimiter, quoting),
            fields: Fields::default(),
            trail: Trail { end: 0, reader: reader(delimiter, quoting) },
        }
    }

    /// The fields of the row that was found last; none where it is an empty line or was given up.
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Option<Found>> {
        if window.unread().is_empty() && !window.fill()? {
            return Ok(None);
        }
        self.fields.clear();
        // The reader would pass over it.
        if window.unread()[0] == LINE_END[0] {
            return Ok(Some(Found::whole(window.unread(), 0)));
        }
        // The window still holds all that the trail saw.
        let n_followed = self.trail.end.saturating_sub(window.offset()) as usize;
        let followed = window.unread().get(..n_followed).unwrap_or_default();
        let Some(line_end) = memchr(LINE_END[0], followed) else {
            return self.read_on(window, 0).map(Some);
        };
        if self.fields.read(&mut self.reader, &followed[..=line_end]).is_some() {
            return Ok(Some(self.whole_row(window.unread(), line_end)));
        }
        std::mem::swap(&mut self.reader, &mut self.trail.reader);
        self.read_on(window, n_followed).map(Some)
    }

    /// Reads on in a row, behind the `n_passed` bytes at its front that the trail's reader has read.
    fn read_on<R: Read>(&mut self, window: &mut Window<R>, n_passed: usize) -> io::Result<Found> {
        let mut n_seen = n_passed;
        let end = loop {
            let bytes = seen(window.unread());
            if let Some(n_read) = self.fields.read(&mut self.reader, &bytes[n_seen..]) {
                break n_seen + n_read - LINE_END.len();
            }
            n_seen = bytes.len();
            if n_seen == MAX_SEEN_BYTES {
                return Ok(self.give_up(window, n_seen));
            }
            if !window.fill()? {
                // A line end ends the row, unless a quote is open.
                if self.fields.read(&mut self.reader, LINE_END).is_none() {
                    return Ok(self.give_up(window, n_seen));
                }
                break n_seen;
            }
        };
        if n_passed > 0 {
            self.fields.clear();
            self.fields.read(&mut self.reader, &window.unread()[..end]);
            self.fields.read(&mut self.reader, LINE_END);
        }
        Ok(self.whole_row(window.unread(), end))
    }

    /// The row whose line end, or the input's, stands at `end`.
    fn whole_row(&mut self, bytes: &[u8], end: usize) -> Found {
        let row = Found::whole(bytes, end);
        if row.n_bytes < end {
            self.fields.pop_byte();
        }
        row
    }

    /// Ends a row that does not end: at its first line end or, where there is none, unseen.
    fn give_up<R: Read>(&mut self, window: &Window<R>, n_seen: usize) -> Found {
        let line_end = memchr(LINE_END[0], &window.unread()[..n_seen]);
        if line_end.is_some() {
            std::mem::swap(&mut self.reader, &mut self.trail.reader);
            self.trail.end = window.offset() + n_seen as u64;
        }
        end_row(&mut self.reader);
        self.fields.clear();
        let unclosed = |detail| Defect::new(Reason::UnclosedQuote, detail);
        let is_cut = n_seen > MAX_LINE_BYTES;
        let (defect, end) = match line_end {
            None if is_cut => (line_too_long(), End::Later),
            Some(_) if is_cut => {
                (unclosed(format!("a quoted field is open after {MAX_LINE_BYTES} bytes")), End::Whole)
            }
            _ => (
                unclosed("a quoted field is open at the end of the input".to_owned()),
                if line_end.is_some() { End::Whole } else { End::Input },
            ),
        };
        Found {
            n_bytes: n_seen.min(MAX_LINE_BYTES),
            n_consumed: line_end.map_or(n_seen, |newline| newline + 1),
            defect: Some(defect),
            end,
        }
    }
}

/// A reader at the begin of a row.
fn reader(delimiter: u8, quoting: Quoting) -> Box<Reader> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(quoting == Quoting::Double).terminator(Terminator::Any(LINE_END[0]));
    let mut reader = Box::new(builder.build());
    // A reader that has read nothing yet would pass over a byte-order mark.
    end_row(&mut reader);
    reader
}

/// Brings a reader from anywhere in a row to the begin of the next one, as the end of an input does.
fn end_row(reader: &mut Reader) {
    reader.read_record(&[], &mut [], &mut [0]);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(table: &[u8], delimiter: u8, quoting: Quoting) -> Vec<Vec<String>> {
        let mut window = Window::new(table);
        let mut scan = RowScan::new(delimiter, quoting);
        let mut rows = Vec::new();
        while let Some(found) = scan.next(&mut window).unwrap() {
            if found.defect.is_none() && found.n_bytes > 0 {
                let fields = scan.fields().texts().unwrap();
                rows.push(fields.into_iter().map(str::to_owned).collect());
            }
            window.consume(found.n_consumed);
        }
        rows
    }

    #[test]
    fn fields_are_without_delimiters_and_quotes() {
        let quoted = b"a,\"b\",,\"c \"\"d\"\"\",\"\"\r\n";
        assert_eq!(rows(quoted, b',', Quoting::Double), [["a", "b", "", "c \"d\"", ""]]);
        assert_eq!(rows(b"\"\"", b';', Quoting::Double), [[""]]);
        assert_eq!(rows(b"a\rb;\r", b';', Quoting::Double), [["a\rb", ""]]);
        assert_eq!(rows(b"\"a\tb\"\t\r\n", b'\t', Quoting::None), [["\"a", "b\"", ""]]);
    }

    #[test]
    fn a_byte_order_mark_inside_is_text() {
        let table = "\u{feff}a,b\n\u{feff}c,d\n\"e,\n\u{feff}f,g\n";
        assert_eq!(
            rows(table.as_bytes(), b',', Quoting::Double),
            [["\u{feff}a", "b"], ["\u{feff}c", "d"], ["\u{feff}f", "g"]]
        );
    }

    #[test]
    fn a_quote_open_at_the_end_ends_with_its_line() {
        let table = b"a,b\n\"c,d\ne,f\n";
        assert_eq!(rows(table, b',', Quoting::Double), [["a", "b"], ["e", "f"]]);
    }

    proptest! {
        /// Each row is what it is without the rows before it, whatever trail they left.
        #[test]
        fn a_trail_changes_nothing(table in "([a,\"\n]|\r\n|\"\"|,\"|\",){0,40}") {
            let mut window = Window::new(table.as_bytes());
            let mut scan = RowScan::new(b',', Quoting::Double);
            while let Some(found) = scan.next(&mut window).unwrap() {
                let mut rest = Window::new(&table.as_bytes()[window.offset() as usize..]);
                let mut alone = RowScan::new(b',', Quoting::Double);
                let expected = alone.next(&mut rest).unwrap().unwrap();
                prop_assert_eq!((found.n_bytes, found.n_consumed), (expected.n_bytes, expected.n_consumed));
                prop_assert_eq!(found.defect.map(|d| d.reason), expected.defect.map(|d| d.reason));
                prop_assert_eq!(scan.fields().texts().unwrap(), alone.fields().texts().unwrap());
                window.consume(found.n_consumed);
            }
        }

        /// Wherever no quote is open at the end, rows and fields are those of the `csv` crate (which takes a lone
        /// `\r` for a line end).
        #[test]
        fn rows_are_those_of_the_csv_crate(table in "([a,\"\n]|\r\n|\"\"|,\"|\",){0,40}") {
            let mut window = Window::new(table.as_bytes());
            let mut scan = RowScan::new(b',', Quoting::Double);
            let mut is_closed = true;
            while let Some(found) = scan.next(&mut window).unwrap() {
                is_closed &= found.defect.is_none();
                window.consume(found.n_consumed);
            }
            prop_assume!(is_closed);
            let mut oracle = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table.as_bytes());
            let expected: Vec<Vec<String>> =
                oracle.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(rows(table.as_bytes(), b',', Quoting::Double), expected);
        }
    }
}
