//! What the reading of dumps promises, through the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "a test says what it skipped")]

mod archive;
mod blueprint;
mod bluesky;
mod containers;
mod discover;
mod json_suite;
mod outcome;
mod real_data;
mod reasons;
mod repository;
mod twitter;
