//! SQL over the corpus.
//!
//! [`Engine`] opens what a corpus's manifest names: every table under its name, and views that put the strings back
//! beside the keys. It reads and never writes: a statement other than `SELECT`, `EXPLAIN`, `SHOW TABLES`,
//! `SHOW COLUMNS` and `DESCRIBE` is refused before it is planned, and no query can name a file. docs/sql.md lists
//! tables, views, functions and examples.
//!
//! This is the only room with DataFusion, so that nothing else waits for its build.
//!
//! Rows come in an order that depends on the threads unless the query has an `ORDER BY`; apart from the order, the
//! result is the same with any number of threads (sums of floats to within rounding).

mod catalog;
mod engine;
mod error;
mod format;
mod function;
mod parts;
mod statement;
mod views;

pub use engine::{Engine, EngineParams, Query};
pub use error::{Error, Result};
pub use format::{Format, TableParams, write};
pub use views::{VIEWS, View};
