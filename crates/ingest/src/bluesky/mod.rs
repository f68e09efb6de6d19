//! Bluesky: lines of Jetstream become events.
//!
//! | line | becomes |
//! |---|---|
//! | `commit` of a post, like, repost, follow or block | an event of the record `at://<did>/<collection>/<rkey>` |
//! | `commit` of a profile | an event of the account, named by its DID |
//! | `identity`, `account` | a notice on the account |
//! | `commit` of any other collection | one more ignored record of that name, whatever its record looks like |
//! | any other object | quarantined: `not_an_event` |
//!
//! The collection alone says what a record is: its `$type` is not looked at. Ids that are no at-URIs or DIDs are taken
//! as they are. Identity is (DID, collection, rkey); `createdAt` is the author's clock and `time_us` the network's.
//! What is wrong deep inside a post (an embed, a facet, a language, a tag, its `createdAt`) costs that field and a
//! warning; what is wrong about its id, its text or what it answers costs the record.
//!
//! Where a line has several defects, what is wrong with its JSON and its types is told before what is missing in it.
//!
//! Cost: 360 MB of Jetstream per CPU-second (measured on a shared 2-core EPYC; a third of it is the hashing of ids); no
//! allocation for a record without escapes, but a few for a post. See `examples/parse_speed.rs`.
//! Determinism: a pure function of the content and the file's key; blocks may be cut and read in any way.

mod at_uri;
mod event;
mod post;
pub mod repository;
mod revision;
mod wire;

use populi_model::{Reason, Tally};
use serde::de::IgnoredAny;

use crate::json;
use crate::lines::{self, Block};
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use event::EventReader;

/// Whether events carry the record that they were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Originals {
    /// They do not.
    #[default]
    Drop,
    /// They do, with its content id, for the table `originals`.
    Keep,
}

/// Reads the lines of a block: each is one record and has exactly one outcome.
pub fn read_block<S: Sink + ?Sized>(
    block: &Block,
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) {
    let mut ledger = Ledger { file, sink, tally };
    let mut reader = EventReader::new(originals);
    let traits = BlockTraits::of(&block.bytes);
    let (mut start, mut number) = (0, block.first_line);
    while start < block.bytes.len() {
        let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |n| start + n);
        let line = Line {
            bytes: &block.bytes[start..end],
            text: traits.text.map(|text| &text[start..end]),
            offset: block.offset + start as u64,
        };
        if let Err(defect) = read_line(line, traits.holds_nul, &mut reader, &mut ledger) {
            ledger.quarantine(line.offset, number, &defect, line.bytes);
        }
        start = end + 1;
        number += 1;
    }
    if let Some(fault) = &block.fault {
        let defect = Defect { reason: fault.reason, detail: fault.detail.clone() };
        ledger.quarantine(fault.offset, fault.line, &defect, &fault.head);
    }
}

/// Reads one JSON document, over any number of lines, as one record.
///
/// What is no JSON (RFC 8259, so UTF-8) is quarantined as `bad_json`; JSON of any type that is no event as
/// `not_an_event`. A byte-order mark before it is accepted. JSON that is nested more than 128 deep is `too_deep`.
pub fn read_document<S: Sink + ?Sized>(
    document: &[u8],
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) {
    let mut ledger = Ledger { file, sink, tally };
    let content = without_mark(document);
    let outcome = json::text_of(content)
        .map_err(|defect| Defect { reason: Reason::BadJson, ..defect })
        .and_then(|text| read_document_text(text, originals, &mut ledger));
    if let Err(defect) = outcome {
        ledger.quarantine(0, 1, &defect, document);
    }
}

fn read_document_text<S: Sink + ?Sized>(
    text: &str,
    originals: Originals,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| json::defect_of(&error, text, text))?;
    json::check_depth(text.as_bytes())?;
    EventReader::new(originals).read(text, 0, ledger).map_err(|defect| match defect.reason {
        Reason::NotAnObject => Defect { reason: Reason::NotAnEvent, ..defect },
        _ => defect,
    })
}

/// What is found out once for all lines of a block.
struct BlockTraits<'b> {
    /// The block as text, where all of it is UTF-8.
    text: Option<&'b str>,
    holds_nul: bool,
}

impl<'b> BlockTraits<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        Self { text: std::str::from_utf8(bytes).ok(), holds_nul: memchr::memchr(0, bytes).is_some() }
    }
}

/// One line without its newline.
#[derive(Clone, Copy)]
struct Line<'b> {
    bytes: &'b [u8],
    /// The line as text, where that is known.
    text: Option<&'b str>,
    offset: u64,
}

/// Reads a line and counts it, or says why it is put aside.
fn read_line<S: Sink + ?Sized>(
    line: Line<'_>,
    may_hold_nul: bool,
    reader: &mut EventReader,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let bytes = without_mark(line.bytes);
    if json::is_blank(bytes) && bytes.len() <= lines::MAX_LINE_BYTES {
        ledger.blank();
        return Ok(());
    }
    if line.bytes.len() > lines::MAX_LINE_BYTES {
        return Err(Defect::new(Reason::LineTooLong, lines::too_long_detail(line.bytes.len() as u64)));
    }
    if json::is_conflict_marker(bytes) {
        return Err(Defect::new(Reason::ConflictMarker, "a mark of a merge whose conflicts nobody settled"));
    }
    let text = match line.text {
        Some(text) => &text[line.bytes.len() - bytes.len()..],
        None => json::text_of(bytes)?,
    };
    if may_hold_nul {
        json::check_no_nul(bytes)?;
    }
    json::check_depth(bytes)?;
    reader.read(text, line.offset, ledger)
}

/// A record without the byte-order mark that it may begin with: streams that were joined have one at every seam.
fn without_mark(record: &[u8]) -> &[u8] {
    record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record)
}
