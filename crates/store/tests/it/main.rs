//! Whole corpora, made of events without a platform's reader.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forget;
