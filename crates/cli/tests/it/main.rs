//! The program as its users meet it: every test runs the real binary.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod blueprint_reader;
mod bluesky_shapes;
mod clean;
mod containers;
mod demo;
mod detector;
mod disk;
mod earlier_format;
mod embed;
mod export;
mod faults;
mod forget;
mod guarantees;
mod help;
mod interruption;
mod jetstream;
mod killed;
mod locks;
mod matrix;
mod personas;
mod program;
mod real_data;
mod reasons;
mod repository;
mod repository_file;
mod selection;
mod sql;
mod stopped;
mod tables;
mod threads;
mod truth;
mod twitter;
mod verify;
