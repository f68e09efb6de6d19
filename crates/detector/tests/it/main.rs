//! The detector from outside.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod file;
mod left_out;
mod oracle;
mod world;
