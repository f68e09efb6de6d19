//! Lines that are one JSON record each: what is found out about a line before its platform reads it.

use populi_model::Reason;

use crate::json;
use crate::lines::{self, Block};
use crate::sink::{Defect, Ledger, Sink};

/// One line that holds text, without its newline and without a byte-order mark.
#[derive(Clone, Copy)]
pub(crate) struct RecordLine<'b> {
    /// What stands on it.
    pub text: &'b str,
    /// Where the line begins, mark and all.
    pub offset: u64,
    /// Its number, from 1.
    pub number: u64,
    /// Bytes of the mark before the text.
    pub n_mark_bytes: usize,
}

/// Gives each line of a block exactly one outcome: blank, what `read` makes of it, or put aside. `read` counts what it
/// takes and ignores; an error is why it did neither.
pub(crate) fn read_lines<S: Sink + ?Sized>(
    block: &Block,
    ledger: &mut Ledger<'_, S>,
    mut read: impl FnMut(RecordLine<'_>, &mut Ledger<'_, S>) -> Result<(), Defect>,
) {
    let traits = BlockTraits::of(&block.bytes);
    let (mut start, mut number) = (0, block.first_line);
    while start < block.bytes.len() {
        let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |n| start + n);
        let bytes = &block.bytes[start..end];
        let offset = block.offset + start as u64;
        let line = Line { bytes, text: traits.text.map(|text| &text[start..end]), offset, number };
        let outcome = match checked(line, traits.holds_nul) {
            Ok(Some(record)) => read(record, ledger),
            Ok(None) => {
                ledger.blank();
                Ok(())
            }
            Err(defect) => Err(defect),
        };
        if let Err(defect) = outcome {
            ledger.quarantine(offset, number, &defect, bytes);
        }
        start = end + 1;
        number += 1;
    }
    if let Some(fault) = &block.fault {
        let defect = Defect { reason: fault.reason, detail: fault.detail.clone() };
        ledger.quarantine(fault.offset, fault.line, &defect, &fault.head);
    }
}

/// A record without the byte-order mark that it may begin with: streams that were joined have one at every seam.
pub(crate) fn without_mark(record: &[u8]) -> &[u8] {
    record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record)
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
    number: u64,
}

/// The record on a line; `None` where the line is blank.
fn checked(line: Line<'_>, may_hold_nul: bool) -> Result<Option<RecordLine<'_>>, Defect> {
    let bytes = without_mark(line.bytes);
    if json::is_blank(bytes) && bytes.len() <= lines::MAX_LINE_BYTES {
        return Ok(None);
    }
    if line.bytes.len() > lines::MAX_LINE_BYTES {
        return Err(Defect::new(Reason::LineTooLong, lines::too_long_detail(line.bytes.len() as u64)));
    }
    if json::is_conflict_marker(bytes) {
        return Err(Defect::new(Reason::ConflictMarker, "a mark of a merge whose conflicts nobody settled"));
    }
    let n_mark_bytes = line.bytes.len() - bytes.len();
    let text = match line.text {
        Some(text) => &text[n_mark_bytes..],
        None => json::text_of(bytes)?,
    };
    if may_hold_nul {
        json::check_no_nul(bytes)?;
    }
    json::check_depth(bytes)?;
    Ok(Some(RecordLine { text, offset: line.offset, number: line.number, n_mark_bytes }))
}
