//! What the stages promise, through the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any_order;
mod repository;
mod stopped;
mod world;
