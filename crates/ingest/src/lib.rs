//! How do the bytes of a platform's dump become events?
//!
//! - [`discover`]: which files are read, by what names;
//! - [`archive`]: takes off their packing, known by content, and finds the members of archives;
//! - [`lines`]: splits the content into blocks of whole lines, to be read in parallel;
//! - [`bluesky`]: from lines of Jetstream to events;
//! - [`blueprint`]: from threads under pseudonyms to events;
//! - [`table`]: from tables of posts to events;
//! - [`twitter`]: from what Twitter gave out to events;
//! - [`Sink`]: where events and quarantined records go.
//!
//! Nothing in the input stops an ingest or makes it panic: every record is taken, counted as blank or as of an ignored
//! kind, or put aside with a [`populi_model::Reason`]. An [`Error`] is for what the user or the system did.
//!
//! ```
//! use populi_ingest::{Sink, SourceFile, archive::Decoded, bluesky, lines::Blocks};
//! use populi_model::{Event, Key, Quarantined, Tally};
//!
//! #[derive(Default)]
//! struct Accounts(Vec<String>);
//!
//! impl Sink for Accounts {
//!     fn event(&mut self, event: &Event<'_>) {
//!         self.0.extend(event.actor.map(|id| id.text.to_owned()));
//!     }
//!     fn quarantined(&mut self, _: &Quarantined<'_>) {}
//! }
//!
//! let dump = br#"{"did":"did:plc:x","time_us":1,"kind":"account","account":{"active":true}}"#;
//! let file = SourceFile { key: Key::of_bytes(dump), name: "dump.jsonl" };
//! let (mut accounts, mut tally) = (Accounts::default(), Tally::default());
//! for block in Blocks::new(Decoded::new(dump.as_slice()), file.name) {
//!     bluesky::read_block(&block?, &file, bluesky::Originals::Drop, &mut accounts, &mut tally);
//! }
//! assert_eq!(accounts.0, ["did:plc:x"]);
//! assert_eq!((tally.records, tally.taken), (1, 1));
//! # Ok::<(), populi_ingest::Error>(())
//! ```

pub mod archive;
pub mod blueprint;
pub mod bluesky;
pub mod discover;
mod error;
mod json;
pub mod lines;
mod object;
mod record_lines;
mod sink;
pub mod table;
pub mod twitter;

pub use error::Error;
pub use sink::{Originals, Sink, SourceFile};
