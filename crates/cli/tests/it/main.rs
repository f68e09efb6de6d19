//! The program as its users meet it: every test runs the real binary.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod bluesky_shapes;
mod containers;
mod demo;
mod export;
mod forget;
mod help;
mod interruption;
mod jetstream;
mod locks;
mod program;
mod real_data;
mod reasons;
mod repository;
mod sql;
mod tables;
mod truth;
