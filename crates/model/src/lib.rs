//! What is a post, an account, an action?
//!
//! The words that every other room shares, and no I/O at all:
//!
//! - [`Key`], [`Id`], [`Timestamp`], [`Version`]: how things are named, placed in time and ordered;
//! - [`Event`]: what one input record says, as the rooms that read dumps hand it to the room that stores;
//! - [`table`]: the tables of a corpus, each a row type with its Arrow schema, builder and reader;
//! - [`TableDigest`]: when two tables are the same, whatever the order of their rows;
//! - [`Reason`], [`Class`], [`Tally`]: what became of every input record.

mod accounting;
mod digest;
mod event;
mod id;
pub mod table;
mod time;
mod version;

pub use accounting::{Class, ParseCodeError, Reason, Tally};
pub use digest::{RowHasher, TableDigest};
pub use event::{
    AccountStatus, Body, Counts, Event, Media, MediaKind, Operation, Origin, Platform, Post, Profile,
    Quarantined, RecordKind, Subject,
};
pub use id::{Id, Key};
pub use time::{Timestamp, TimestampError};
pub use version::Version;
