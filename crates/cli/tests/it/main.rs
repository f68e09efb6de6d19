//! The program as its users meet it: every test runs the real binary.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod bluesky_shapes;
mod demo;
mod disk;
mod faults;
mod guarantees;
mod help;
mod interruption;
mod jetstream;
mod killed;
mod locks;
mod program;
mod real_data;
mod reasons;
mod sql;
mod stopped;
mod tables;
mod truth;
mod verify;
