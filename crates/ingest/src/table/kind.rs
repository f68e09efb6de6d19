//! What a table is written in, known by its content.

use std::fmt;

use super::columns::is_text_name;
use super::records::{Record, Records};
use super::sample::is_known_header;
use super::window::Window;
use crate::json::is_document;

/// How many records are looked at before anything is decided.
pub(super) const N_SAMPLED: usize = 1000;

/// The share of rows, in percent, that must have the same number of fields for a delimiter to be one.
const MIN_SAME_WIDTH_PERCENT: usize = 80;

/// What quotes mean in a table of fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quoting {
    /// Nothing.
    None,
    /// A field that begins with one goes on to the next; two stand for one.
    Double,
}

/// What a table is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A text on every line.
    Lines,
    /// Rows of fields: CSV (with quotes), TSV (without).
    Delimited {
        /// What stands between two fields.
        delimiter: u8,
        /// What quotes mean.
        quoting: Quoting,
    },
    /// A JSON document on every line.
    JsonLines,
    /// The elements of one JSON array.
    JsonArray,
}

impl Kind {
    /// Rows of fields between such delimiters: TSV knows no quotes, all else does.
    pub(super) fn delimited(delimiter: u8) -> Self {
        let quoting = if delimiter == b'\t' { Quoting::None } else { Quoting::Double };
        Self::Delimited { delimiter, quoting }
    }

    /// The kind of a table that begins with `head`, in which the last line may be cut.
    ///
    /// JSON: where a sampled record is a JSON document, or the beginning looks like one. Fields: the first of comma,
    /// tab and semicolon that gives the most rows the same width of two or more, if these are four of five rows or the
    /// first row is a header with a known name;
    /// commas and semicolons count only where most of them are not followed by a space, as those in prose are. One
    /// quoted field on every row that begins with a quote is CSV. Anything else is lines.
    pub(super) fn of(head: &[u8]) -> Self {
        json_kind(head).or_else(|| delimited_kind(head)).unwrap_or(Self::Lines)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines => f.write_str("lines of text"),
            Self::Delimited { delimiter: b',', .. } => f.write_str("CSV"),
            Self::Delimited { delimiter: b'\t', .. } => f.write_str("TSV"),
            Self::Delimited { delimiter, .. } => write!(f, "CSV with {:?}", char::from(*delimiter)),
            Self::JsonLines => f.write_str("JSON lines"),
            Self::JsonArray => f.write_str("a JSON array"),
        }
    }
}

/// Calls `look` on the first records of `head` that have something in them and no defect.
pub(super) fn look_at_records(kind: Kind, head: &[u8], mut look: impl FnMut(&str)) {
    look_at(kind, head, |record| record.text().into_iter().for_each(&mut look));
}

/// Calls `look` on the fields of those records; a line is one field.
pub(super) fn look_at_rows(kind: Kind, head: &[u8], mut look: impl FnMut(&[&str])) {
    look_at(kind, head, |record| {
        if record.text().is_some()
            && let Ok(fields) = record.fields()
        {
            look(&fields);
        }
    });
}

fn look_at(kind: Kind, head: &[u8], mut look: impl FnMut(&Record<'_>)) {
    let mut window = Window::new(head);
    let mut records = Records::new(kind);
    for _ in 0..N_SAMPLED {
        // Reading from memory does not fail.
        let Ok(Some(record)) = records.next(&mut window) else {
            return;
        };
        look(&record);
    }
}

fn json_kind(head: &[u8]) -> Option<Kind> {
    let (first, after) = head.trim_ascii_start().split_first()?;
    let second = after.trim_ascii_start().first();
    let mut n_lines = 0;
    let mut n_documents = 0;
    let mut is_header = false;
    look_at_records(Kind::JsonLines, head, |line| {
        is_header |= n_lines == 0 && is_text_name(line.trim_matches(['"', '\r']));
        n_lines += 1;
        n_documents +=
            usize::from(line.trim_ascii_start().as_bytes().first() == Some(first) && is_document(line));
    });
    match (first, second) {
        // One record that is put aside whole, where lines would give pieces of it.
        (b'{', _) if n_documents == 0 && is_one_object(head) => Some(Kind::JsonArray),
        (b'{', None | Some(b'"' | b'}')) => Some(Kind::JsonLines),
        (b'{', _) if n_documents > 0 => Some(Kind::JsonLines),
        (b'"', _) if n_documents == n_lines && !is_header => Some(Kind::JsonLines),
        (b'[', _) if n_documents > 1 => Some(Kind::JsonLines),
        (b'[', None | Some(b'{' | b'[' | b'"' | b']')) => Some(Kind::JsonArray),
        (b'[', _) => {
            let mut n_elements = 0;
            look_at_records(Kind::JsonArray, head, |element| n_elements += usize::from(is_document(element)));
            (n_elements > 0).then_some(Kind::JsonArray)
        }
        _ => None,
    }
}

/// Whether the first object goes on over several lines.
fn is_one_object(head: &[u8]) -> bool {
    let mut documents = serde_json::Deserializer::from_slice(head).into_iter::<serde::de::IgnoredAny>();
    let is_object =
        documents.next().is_some_and(|object| object.map_or_else(|error| error.is_eof(), |_| true));
    let end = documents.byte_offset();
    is_object && head[..if end > 0 { end } else { head.len() }].trim_ascii().contains(&b'\n')
}

fn delimited_kind(head: &[u8]) -> Option<Kind> {
    let mut best = None;
    for delimiter in [b',', b'\t', b';'] {
        let kind = Kind::delimited(delimiter);
        let widths = Widths::of(kind, head);
        let is_same = widths.width >= 2 && widths.n_same * 100 >= widths.n_rows * MIN_SAME_WIDTH_PERCENT;
        if (is_same || widths.has_header)
            && (delimiter == b'\t' || widths.n_in_prose * 2 <= widths.n_delimiters)
            && best.is_none_or(|(_, n_same)| widths.n_same > n_same)
        {
            best = Some((kind, widths.n_same));
        }
    }
    best.map(|(kind, _)| kind).or_else(|| quoted_lines(head))
}

/// How many fields rows have.
struct Widths {
    n_rows: usize,
    /// The most common number of fields, the larger of equally common ones.
    width: usize,
    /// How many rows have it, or one more of which the last is empty.
    n_same: usize,
    n_delimiters: usize,
    /// Delimiters that are followed by a space.
    n_in_prose: usize,
    /// Whether the first row has several fields and looks like a header that we know.
    has_header: bool,
}

impl Widths {
    fn of(kind: Kind, head: &[u8]) -> Self {
        let mut all = Vec::new();
        let mut n_in_prose = 0;
        let mut has_header = false;
        // The widths of rows with an empty field at their end, which may be one more than the others'.
        let mut with_empty_end = Vec::new();
        look_at_rows(kind, head, |fields| {
            n_in_prose += fields.iter().skip(1).filter(|field| field.starts_with(' ')).count();
            has_header |= all.is_empty() && fields.len() > 1 && is_known_header(fields);
            all.push(fields.len());
            with_empty_end.extend(fields.last().filter(|last| last.is_empty()).map(|_| fields.len()));
        });
        let n_delimiters = all.iter().map(|width| width - 1).sum();
        let (width, n_same) = most_common(&mut all);
        let n_same = n_same + with_empty_end.iter().filter(|longer| **longer == width + 1).count();
        Self { n_rows: all.len(), width, n_same, n_delimiters, n_in_prose, has_header }
    }
}

/// The most common number, the larger of equally common ones, and how often it occurs. Sorts them.
pub(super) fn most_common(numbers: &mut [usize]) -> (usize, usize) {
    numbers.sort_unstable();
    let runs = numbers.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0]));
    runs.max().map_or((0, 0), |(n, number)| (number, n))
}

/// CSV of one column: every row that begins with a quote is one quoted field, and there is such a row.
fn quoted_lines(head: &[u8]) -> Option<Kind> {
    let kind = Kind::delimited(b',');
    let (mut n_quoted, mut n_other) = (0, 0);
    look_at_records(kind, head, |row| match row.strip_prefix('"') {
        Some(rest)
            if rest.strip_suffix('"').is_some_and(|field| !field.replace("\"\"", "").contains('"')) =>
        {
            n_quoted += 1;
        }
        Some(_) => n_other += 1,
        None => n_other += usize::from(row.contains(',')),
    });
    (n_quoted > 0 && n_other == 0).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_tables_by_their_content() {
        let semicolons = Kind::delimited(b';');
        for (head, expected) in [
            ("", Kind::Lines),
            ("text,label\n", Kind::delimited(b',')),
            ("a,b\n\"x, y\nz\",2\nq,3\n", Kind::delimited(b',')),
            ("3\tone, two\n4\tfive\n3\tsix, seven, eight\n", Kind::delimited(b'\t')),
            ("id;text\n1;one, two\n2;three\n", semicolons),
            ("hello, world\n", Kind::Lines),
            ("hello, world\nwhat, now\n", Kind::Lines),
            ("hello\nyou\n", Kind::Lines),
            ("\"quoted\" words\nand more\n", Kind::Lines),
            ("text\n\"quoted, and\nlong\"\nplain\n\"with \"\"quotes\"\"\"\n", Kind::delimited(b',')),
            ("{\"text\": 1}\n{\"text\": 2}\n", Kind::JsonLines),
            ("{\"text\": 1", Kind::JsonLines),
            ("{smile} hello\n{} is json\n{}\n", Kind::JsonLines),
            ("{smile} hello\nyou\n", Kind::Lines),
            ("\"one\"\n\"two\\n\"\n", Kind::JsonLines),
            ("\"text\"\n\"two\"\n", Kind::delimited(b',')),
            ("[\"a\", \"b\"]\n[\"c\", \"d\"]\n", Kind::JsonLines),
            ("\n [\n[\"a\", \"b\"],\n[\"c\", \"d\"]\n]", Kind::JsonArray),
            ("[{\"text\": 1}, {\"text\": 2}]", Kind::JsonArray),
            ("[", Kind::JsonArray),
            ("[]", Kind::JsonArray),
            ("[1, 2]", Kind::JsonArray),
            ("{\n  \"a\": [\n    \"b\"\n  ]\n}\n", Kind::JsonArray),
            ("{\n  \"a\": [\n    \"b\",\n", Kind::JsonArray),
            ("{\"a\": \"cut\n{\"text\": \"b\"}\n", Kind::JsonLines),
            ("[Video] look\n[Audio] hear\n", Kind::Lines),
        ] {
            assert_eq!(Kind::of(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn counts_the_most_common() {
        assert_eq!(most_common(&mut []), (0, 0));
        assert_eq!(most_common(&mut [2, 3, 2, 3, 1]), (3, 2));
    }
}
