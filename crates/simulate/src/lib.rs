//! A seeded world with planted truth, written in each platform's own dump format.
//!
//! [`bluesky`] makes a small society (communities with a taste and a follow graph of their own), lets some days pass, and
//! writes what a Jetstream listener would have kept: JSON lines in `jetstream/DD/HH/`, with every shape of record, edits,
//! deletes, undone likes, late and repeated copies, account notices, and a chosen share of damaged lines. Beside it lies
//! `truth/`: what a correct reader of these files must find. `truth/README.md` explains its columns.
//!
//! The truth is worked out from the events in memory by plain replay. It shares no code with the rooms that it judges.
//!
//! - Determinism: [`Params`] decide every byte of every file.
//! - Cost: one thread; about 300 bytes of memory an event; texts are drawn when they are written.
//! - Shapes follow recorded Jetstream events and the AT Protocol's published lexicons and specifications.

mod bluesky;
mod error;
mod json;
mod languages;
mod params;
mod random;
mod spoil;
mod taste;
mod truth;
mod twitter;
mod vocabulary;

pub use bluesky::bluesky;
pub use error::{Error, Result};
pub use params::{Params, Summary};
pub use twitter::params::{Api, Compression, Container, TwitterParams, TwitterSummary};
pub use twitter::twitter;
