//! Twitter: what its streams, APIs and exports give becomes events.

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
            "an object that is no post, page of posts or notice of Twitter",
        )),
    }
}
