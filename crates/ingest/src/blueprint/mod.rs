//! Threads under pseudonyms: the lines of a BluePrint data set become events.
//!
//! | line | read as |
//! |---|---|
//! | `[message, …]` | the list style; times are microseconds since 1970 |
//! | `{"thread": [message, …], "cluster_id": n}` | the published style; times are places in the order of all times |
//!
//! The unit is a message. Each message answers the one before it; the last may be an act on the one before it, which its
//! one flag that is true tells; posts are changed and deleted by their own authors only. A message stands in many lines: copies are duplicates, and of copies the one that tells
//! the most counts (which post it answers, its cluster, which post it quotes, in this order of weight).
//!
//! **Ids.** The format has none, so they are made of what it has: a post is its author and time; where the time is 0, as
//! BluePrint writes for every reply in the list style, its text too. A like, repost, follow or block is its kind, its
//! author and what it was done to, so that what takes it back names the same record.
//!
//! **Times** of both styles become `received_at`. Those of the published style order the posts and say no date.
//!
//! A line is taken whole or put aside whole, as one record. An `ignore` or `profile_update` is counted as ignored, and the
//! messages before it are taken.
//!
//! Cost: linear; a few allocations a message. Determinism: a pure function of the content and the file's key.

mod map;
mod wire;

use populi_model::{Reason, Tally};

use crate::json;
use crate::lines::{self, Block};
use crate::sink::{Defect, Ledger, Sink, SourceFile};

/// Reads the lines of a block: each is taken, message by message, or put aside.
pub fn read_block<S: Sink + ?Sized>(block: &Block, file: &SourceFile<'_>, sink: &mut S, tally: &mut Tally) {
    let mut ledger = Ledger { file, sink, tally };
    let (mut start, mut number) = (0, block.first_line);
    while start < block.bytes.len() {
        let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |n| start + n);
        let (line, offset) = (&block.bytes[start..end], block.offset + start as u64);
        if let Err(defect) = read_line(line, offset, &mut ledger) {
            ledger.quarantine(offset, number, &defect, line);
        }
        start = end + 1;
        number += 1;
    }
    if let Some(fault) = &block.fault {
        let defect = Defect { reason: fault.reason, detail: fault.detail.clone() };
        ledger.quarantine(fault.offset, fault.line, &defect, &fault.head);
    }
}

/// Reads a line and counts its messages, or says why it is put aside.
fn read_line<S: Sink + ?Sized>(line: &[u8], offset: u64, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let bytes = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.len() > lines::MAX_LINE_BYTES {
        return Err(Defect::new(Reason::LineTooLong, lines::too_long_detail(line.len() as u64)));
    }
    if json::is_blank(bytes) {
        ledger.blank();
        return Ok(());
    }
    if json::is_conflict_marker(bytes) {
        return Err(Defect::new(Reason::ConflictMarker, "a mark of a merge whose conflicts nobody settled"));
    }
    let text = json::text_of(bytes)?;
    json::check_no_nul(bytes)?;
    json::check_depth(bytes)?;
    let thread = wire::Thread::read(text)?;
    map::take(&thread, offset + (line.len() - bytes.len()) as u64, ledger);
    Ok(())
}
