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

use populi_model::Tally;

use crate::lines::Block;
use crate::record_lines;
use crate::sink::{Ledger, Sink, SourceFile};

/// Reads the lines of a block: each is taken, message by message, or put aside.
pub fn read_block<S: Sink + ?Sized>(block: &Block, file: &SourceFile<'_>, sink: &mut S, tally: &mut Tally) {
    record_lines::read_lines(block, &mut Ledger { file, sink, tally }, |line, ledger| {
        let thread = wire::Thread::read(line.text)?;
        map::take(&thread, line.offset + line.n_mark_bytes as u64, ledger);
        Ok(())
    });
}
