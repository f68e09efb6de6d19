//! The room from outside, a module a subject.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stderr, reason = "a test says what it skipped")]

mod cache;
mod distil;
mod hub;
mod local_server;
mod server;
mod shipped;
mod token_table;
mod transformer;
mod wordpiece;
