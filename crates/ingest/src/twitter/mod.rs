//! Twitter: what its streams, APIs and exports give becomes events.
//!
//! | record | becomes |
//! |---|---|
//! | status of API v1.1: of a stream, hydrated, of an export | a post `twitter:<id>`, or the act of a retweet |
//! | envelope of API v2, a line of a stream or a page | the same for each element of `data`, which are the records |
//! | post of API v2 by itself, as twarc flattens envelopes | the same |
//! | activity of Gnip, `post` or `share` | the same |
//! | `delete` (or Gnip's verb), `scrub_geo`, `status_withheld`, `user_withheld` | a delete or a notice |
//! | `limit`, `disconnect`, `warning`, `info`; counts, accounts and empty pages of v2; other parts of exports | one more ignored record of that name |
//! | any other object | quarantined: `not_an_event` |
//!
//! **What a record shows** is handed on beside it and is no record: retweeted and quoted posts, what v2 includes, the
//! account beside each post (a profile), and which posts v2 does not show. It has the origin and the time of the record
//! that shows it. A retweet says nothing of its own: its text, counts and entities are those of what it shows, cut.
//!
//! **Ids** come from texts (`*_str`, v2, Gnip's URNs). A number alone counts where it is at most 2^53 or has `timestamp_ms`
//! beside it, since programs that pass records on round larger ones. An author that is not told puts the record aside; a
//! shown post without author is left out with a warning.
//!
//! **Text** is the longest that is told (`extended_tweet`, `note_tweet`, `full_text`, `text`), without HTML entities. Its
//! body is what the network displays: as `display_text_range` says, counted again without entities; else without the
//! mentions that a reply begins with and without the links at the end that lead to its media, to what it quotes or to
//! itself.
//!
//! **Sightings**: `Create` in a stream, `Seen` in a collection that was asked for later, at the time that is told
//! (`timestamp_ms`, twarc's `retrieved_at`), else when the newest post in the record was made (in a collection a
//! millisecond after that, since it is seen after it was made). The content is the hash of the record's bytes.
//!
//! What is wrong deep inside a post (entities, counts, a place, its time) costs that field and a warning; what is wrong
//! about its id, its author or its text costs the record. Where a record has several defects, what is wrong with its JSON and
//! its types is told before what is missing in it.
//!
//! Cost: 350 MB of a v1.1 stream per CPU-second (measured on a busy 2-core EPYC), a sixth of it hashing; see
//! `examples/twitter_speed.rs`. Pages of v2 are read twice. Determinism: a pure function of the content and the file's
//! key; blocks may be cut and read in any way.
//! Sources: the data dictionaries of Twitter's APIs v1.1 and v2 and of Gnip's activity streams; payloads that were really
//! given where they differ.

mod document;
mod entities;
mod event;
mod export;
mod geo;
mod gnip;
mod id;
mod notice;
mod shape;
mod status;
mod text;
mod time;
mod v1;
mod v2;
mod wire;

use populi_model::{Reason, Tally};

use crate::json;
use crate::lines::Block;
use crate::record_lines;
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use shape::Shape;

pub use crate::sink::Originals;
pub use document::{is_document, read_content};

/// Reads the lines of a block: each is one record, but for pages of API v2, of which each post is one, and has exactly
/// one outcome.
pub fn read_block<S: Sink + ?Sized>(
    block: &Block,
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) {
    record_lines::read_lines(block, &mut Ledger { file, sink, tally }, |line, ledger| {
        let keeps_original = originals == Originals::Keep;
        let offset = line.offset + line.n_mark_bytes as u64;
        read_record(
            Record { text: line.text, offset, line: line.number, keeps_original, owner: None },
            ledger,
        )
    });
}

/// A record, as text that was found to be one.
#[derive(Clone, Copy)]
struct Record<'r> {
    text: &'r str,
    /// Where it begins.
    offset: u64,
    /// The line where it begins, from 1.
    line: u64,
    keeps_original: bool,
    /// Whose export it stands in, where that is known.
    owner: Option<u64>,
}

impl<'r> Record<'r> {
    /// A part of this record as one of its own.
    fn part(&self, text: &'r str) -> Self {
        let n_before = (text.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.as_bytes().get(..n_before).unwrap_or_default();
        let line = self.line + memchr::memchr_iter(b'\n', before).count() as u64;
        Self { text, offset: self.offset + n_before as u64, line, ..*self }
    }
}

/// Reads a record in whatever format it is, and counts it as taken or ignored; an error is why it is neither.
fn read_record<S: Sink + ?Sized>(record: Record<'_>, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let shape = match Shape::at_a_glance(record.text) {
        Some(shape) => shape,
        None => Shape::of(record.text).map_err(|error| json::defect_of(&error, record.text, record.text))?,
    };
    match shape {
        Shape::V1 => v1::read(record, ledger),
        Shape::V2 => v2::read_envelope(record, ledger),
        Shape::V2Post => v2::read_post(record, ledger),
        Shape::Gnip => gnip::read(record, ledger),
        Shape::Export => export::read_post(record, ledger),
        Shape::Notice => notice::read(record, ledger),
        Shape::Message(name) => {
            ledger.ignore(name);
            Ok(())
        }
        Shape::Unknown => Err(Defect::new(
            Reason::NotAnEvent,
            "expected a post, a page of posts or a notice of Twitter, got another object",
        )),
    }
}
