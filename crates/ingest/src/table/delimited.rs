//! Lines, and the rows of CSV and TSV: where they end, and their fields.
//!
//! A row ends at `\n`; a `\r` before it is no part of it. In CSV a field that begins with a quote goes on to the
//! closing quote, over delimiters and lines; a doubled quote in it is one quote; what stands between the closing
//! quote and the next delimiter is kept as it is. A quote elsewhere is an ordinary character. (RFC 4180, and the
//! `csv` crate where the RFC is silent.) TSV has no quotes.
//!
//! A quote that is never closed would swallow the rest of the file. So a row ends at 8 MiB at the latest, and
//! reading goes on at its second line. To read every byte only twice even where each line opens such a quote, the
//! scan remembers how far the last one came: there every line end stood inside the quotes, and so a later row that
//! is inside quotes at any of them is, from there on, in the same state as the row before.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::{memchr, memchr2};
use populi_model::Reason;

use super::kind::Quoting;
use super::records::{End, Found};
use super::window::Window;
use crate::lines::MAX_LINE_BYTES;
use crate::sink::Defect;

const QUOTE: u8 = b'"';

/// Where in a row a scan stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    FieldStart,
    Field,
    Quoted,
    /// After a quote inside quotes, which closes them or is the first of two.
    QuoteInQuoted,
}

/// An open quote that was followed in vain.
#[derive(Clone, Copy)]
struct Trail {
    /// The offset up to which it was followed; up to there every line end stood inside the quotes.
    end: u64,
    /// Where the scan stood then.
    at: At,
}

/// Finds the ends of rows.
pub(super) struct RowScan {
    delimiter: u8,
    quoting: Quoting,
    trail: Option<Trail>,
}

impl RowScan {
    pub(super) fn new(delimiter: u8, quoting: Quoting) -> Self {
        Self {
            delimiter,
            quoting,
            trail: None,
        }
    }

    pub(super) fn of_lines() -> Self {
        Self::new(b'\n', Quoting::None)
    }

    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Option<Found>> {
        let mut at = At::FieldStart;
        let mut n_seen = 0;
        self.trail = self.trail.filter(|trail| trail.end > window.offset());
        loop {
            // One more than a record may have, for its line end, and one for a `\r`.
            let n_usable = window.unread().len().min(MAX_LINE_BYTES + 2);
            let trail = self
                .trail
                .map(|trail| ((trail.end - window.offset()) as usize, trail.at));
            if let Some(end) = self.row_end(&window.unread()[..n_usable], &mut n_seen, &mut at, trail) {
                return Ok(Some(whole_row(window.unread(), end)));
            }
            if n_seen == MAX_LINE_BYTES + 2 {
                return Ok(Some(self.give_up(window, n_seen, at)));
            }
            if !window.fill()? {
                break;
            }
        }
        Ok(match at {
            _ if n_seen == 0 => None,
            At::Quoted => Some(self.give_up(window, n_seen, at)),
            _ => Some(whole_row(window.unread(), n_seen)),
        })
    }

    /// The first line end in `bytes` from `n_seen` on that ends the row. `trail`: see [`Trail`], its end counted from
    /// the row's begin.
    fn row_end(
        &self,
        bytes: &[u8],
        n_seen: &mut usize,
        at: &mut At,
        trail: Option<(usize, At)>,
    ) -> Option<usize> {
        if self.quoting == Quoting::None {
            let end = memchr(b'\n', &bytes[*n_seen..]).map(|i| *n_seen + i);
            *n_seen = bytes.len();
            return end;
        }
        let delimiter = self.delimiter;
        while let Some(rest) = bytes.get(*n_seen..).filter(|rest| !rest.is_empty()) {
            let (n, next) = match (*at, rest[0]) {
                (At::FieldStart | At::Field | At::QuoteInQuoted, b'\n') => return Some(*n_seen),
                (At::FieldStart, QUOTE) => (1, At::Quoted),
                (At::QuoteInQuoted, QUOTE) => (1, At::Quoted),
                (At::FieldStart | At::Field | At::QuoteInQuoted, byte) if byte == delimiter => {
                    (1, At::FieldStart)
                }
                (At::FieldStart | At::Field | At::QuoteInQuoted, _) => {
                    (memchr2(delimiter, b'\n', rest).unwrap_or(rest.len()), At::Field)
                }
                (At::Quoted, QUOTE) => (1, At::QuoteInQuoted),
                (At::Quoted, b'\n') => match trail {
                    // The window holds all that the trail saw.
                    Some((end, there)) if *n_seen < end && end <= bytes.len() => (end - *n_seen, there),
                    _ => (1, At::Quoted),
                },
                (At::Quoted, _) if trail.is_some() => {
                    (memchr2(QUOTE, b'\n', rest).unwrap_or(rest.len()), At::Quoted)
                }
                (At::Quoted, _) => (memchr(QUOTE, rest).unwrap_or(rest.len()), At::Quoted),
            };
            *n_seen += n;
            *at = next;
        }
        None
    }

    /// Ends a row that does not end: at its first line end or, where there is none, unseen.
    fn give_up<R: Read>(&mut self, window: &Window<R>, n_seen: usize, at: At) -> Found {
        let line_end = memchr(b'\n', &window.unread()[..n_seen]);
        let is_cut = n_seen > MAX_LINE_BYTES;
        let (reason, detail) = match line_end {
            None if is_cut => (
                Reason::LineTooLong,
                format!("the line has more than {MAX_LINE_BYTES} bytes"),
            ),
            _ if is_cut => (
                Reason::UnclosedQuote,
                format!("a quoted field is open after {MAX_LINE_BYTES} bytes"),
            ),
            _ => (
                Reason::UnclosedQuote,
                "a quoted field is open at the end of the input".to_owned(),
            ),
        };
        if line_end.is_some() {
            self.trail = Some(Trail {
                end: window.offset() + n_seen as u64,
                at,
            });
        }
        let n_consumed = line_end.map_or(n_seen, |newline| newline + 1);
        let end = match line_end {
            None if is_cut => End::Later,
            None => End::Input,
            Some(_) => End::Whole,
        };
        Found {
            n_bytes: n_seen.min(MAX_LINE_BYTES),
            n_consumed,
            defect: Some(Defect::new(reason, detail)),
            end,
        }
    }
}

/// The row whose line end, or the input's, stands at `end`.
fn whole_row(bytes: &[u8], end: usize) -> Found {
    let n_bytes = if end > 0 && bytes[end - 1] == b'\r' {
        end - 1
    } else {
        end
    };
    let defect = (n_bytes > MAX_LINE_BYTES).then(|| {
        Defect::new(
            Reason::LineTooLong,
            format!("the line has more than {MAX_LINE_BYTES} bytes"),
        )
    });
    let n_consumed = (end + 1).min(bytes.len());
    Found {
        n_bytes,
        n_consumed,
        defect,
        end: if end < bytes.len() { End::Whole } else { End::Input },
    }
}

/// The fields of a row, in order.
pub(super) fn fields(row: &str, delimiter: u8, quoting: Quoting) -> Vec<Cow<'_, str>> {
    let mut fields = Vec::new();
    let mut rest = Some(row);
    while let Some(row) = rest {
        let (field, after) = match quoting {
            Quoting::Double if row.as_bytes().first() == Some(&QUOTE) => quoted_field(&row[1..], delimiter),
            _ => plain_field(row, delimiter),
        };
        fields.push(field);
        rest = after;
    }
    fields
}

fn plain_field(row: &str, delimiter: u8) -> (Cow<'_, str>, Option<&str>) {
    match memchr(delimiter, row.as_bytes()) {
        Some(i) => (Cow::Borrowed(&row[..i]), Some(&row[i + 1..])),
        None => (Cow::Borrowed(row), None),
    }
}

/// The field whose opening quote stood before `row`, and what follows it.
fn quoted_field(row: &str, delimiter: u8) -> (Cow<'_, str>, Option<&str>) {
    let mut field = Cow::Borrowed("");
    let mut rest = row;
    loop {
        let Some(quote) = memchr(QUOTE, rest.as_bytes()) else {
            return (append(field, Cow::Borrowed(rest)), None);
        };
        let is_doubled = rest.as_bytes().get(quote + 1) == Some(&QUOTE);
        field = append(field, Cow::Borrowed(&rest[..quote + usize::from(is_doubled)]));
        rest = &rest[quote + 1 + usize::from(is_doubled)..];
        if !is_doubled {
            let (tail, after) = plain_field(rest, delimiter);
            return (append(field, tail), after);
        }
    }
}

/// `field` and then `part`, borrowed as long as one of the two is empty.
fn append<'r>(field: Cow<'r, str>, part: Cow<'r, str>) -> Cow<'r, str> {
    match field {
        field if part.is_empty() => field,
        field if field.is_empty() => part,
        field => Cow::Owned(field.into_owned() + &part),
    }
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
            let row = std::str::from_utf8(&window.unread()[..found.n_bytes]).unwrap();
            if found.defect.is_none() && !row.is_empty() {
                rows.push(
                    fields(row, delimiter, quoting)
                        .into_iter()
                        .map(Cow::into_owned)
                        .collect(),
                );
            }
            window.consume(found.n_consumed);
        }
        rows
    }

    #[test]
    fn fields_are_borrowed_where_nothing_is_left_out() {
        let fields = fields("a,\"b\",,\"c \"\"d\"\"\",\"\"", b',', Quoting::Double);
        assert_eq!(fields, ["a", "b", "", "c \"d\"", ""]);
        let is_borrowed: Vec<_> = fields
            .iter()
            .map(|field| matches!(field, Cow::Borrowed(_)))
            .collect();
        assert_eq!(is_borrowed, [true, true, true, false, true]);
        assert_eq!(super::fields("", b',', Quoting::Double), [""]);
        assert_eq!(
            super::fields("\"a\tb\"\t", b'\t', Quoting::None),
            ["\"a", "b\"", ""]
        );
    }

    #[test]
    fn a_quote_open_at_the_end_ends_with_its_line() {
        let table = b"a,b\n\"c,d\ne,f\n";
        assert_eq!(rows(table, b',', Quoting::Double), [["a", "b"], ["e", "f"]]);
    }

    proptest! {
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
