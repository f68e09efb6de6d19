//! Twitter: what its streams, APIs and exports give becomes events.

mod entities;
mod event;
mod geo;
mod id;
mod notice;
mod shape;
mod status;
mod text;
mod time;
mod v1;
mod wire;

use populi_model::{Reason, Tally};

use crate::json;
use crate::lines::Block;
use crate::record_lines;
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use shape::Shape;

pub use crate::sink::Originals;

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
        read_record(Record { text: line.text, whole: line.text, offset: line.offset, keeps_original }, ledger)
    });
}

/// A record, as text that was found to be one.
#[derive(Clone, Copy)]
struct Record<'r> {
    text: &'r str,
    /// The line that it stands on.
    whole: &'r str,
    /// Where it begins.
    offset: u64,
    keeps_original: bool,
}

/// Reads a record in whatever format it is, and counts it as taken or ignored; an error is why it is neither.
fn read_record<S: Sink + ?Sized>(record: Record<'_>, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let shape = match Shape::at_a_glance(record.text) {
        Some(shape) => shape,
        None => Shape::of(record.text).map_err(|error| json::defect_of(&error, record.text, record.whole))?,
    };
    match shape {
        Shape::V1 => v1::read(record, ledger),
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
