//! Queries over a small corpus with known rows.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod examples;
mod formats;
mod queries;
mod refusals;
mod views;
mod world;
