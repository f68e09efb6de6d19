//! Arrays of NumPy as files: `.npy`.
//!
//! | file | question |
//! |---|---|
//! | `header.rs` | what is in the file, and from which byte on? |
//! | `vectors.rs` | rows of numbers, mapped where they lie in the file as they are wanted in memory |
//! | `integers.rs` | labels |
//! | `graph.rs` | the neighbours of rows |
//! | `decode.rs` | any width, order of bytes and order of axes to rows |
//! | `write.rs` | results |
//! | `fault.rs` | what can be wrong |
//!
//! The format is that of NumPy's enhancement proposal 1: ten bytes, a Python dictionary of three keys, the values. The crates
//! that read it (npyz, ndarray-npy) bring a parser of Python literals and big numbers with them, nine crates for three keys, and
//! say of a bad file less than a user needs; so the header is read here. Nothing in a file is executed: pickles are refused.

mod decode;
mod fault;
mod graph;
mod header;
mod integers;
mod vectors;
mod write;

pub use fault::Fault;
pub(crate) use graph::{Graph, graph};
pub(crate) use integers::labels;
pub use vectors::Facts;
pub(crate) use vectors::{Floats, Vectors};
pub(crate) use write::{write, write_parts};
