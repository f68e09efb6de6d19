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
use crate::lines::Block;
use crate::record_lines;
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use event::EventReader;

pub use crate::sink::Originals;

/// Reads the lines of a block: each is one record and has exactly one outcome.
pub fn read_block<S: Sink + ?Sized>(
    block: &Block,
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) {
    let mut reader = EventReader::new(originals);
    record_lines::read_lines(block, &mut Ledger { file, sink, tally }, |line, ledger| {
        reader.read(line.text, line.offset, ledger)
    });
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
    let content = record_lines::without_mark(document);
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
