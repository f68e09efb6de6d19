//! What can go wrong with a query, and what to do about it.

use std::path::PathBuf;

use datafusion::common::DataFusionError;

/// A [`std::result::Result`] of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a query was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error("{name} is {got}, expected {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        got: usize,
    },
    /// The text is not SQL.
    #[error("{reason}")]
    Syntax {
        /// What the parser expected and found, with line and column.
        reason: String,
    },
    /// The statement would do more than read the corpus.
    #[error(
        "{statement} is refused: a query only reads; use SELECT, EXPLAIN, SHOW TABLES, SHOW COLUMNS or DESCRIBE"
    )]
    Refused {
        /// What was asked for.
        statement: String,
    },
    /// There is not exactly one statement.
    #[error("expected one SQL statement, got {got}: run them one at a time")]
    StatementCount {
        /// How many there are.
        got: usize,
    },
    /// A table of the query is not in the corpus.
    #[error("there is no table or view {table}; there are: {}", .known.join(", "))]
    UnknownTable {
        /// The name that was asked for.
        table: String,
        /// Every name that there is.
        known: Vec<String>,
    },
    /// The columns of a table cannot be told.
    #[error("{path}: {reason}")]
    Part {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The query needs more memory than it may take and cannot go on on disk.
    #[error(
        "the query needs more than its {limit_bytes} bytes of memory ({reason}): raise the limit, use fewer threads, \
         or ask for fewer rows or columns"
    )]
    Memory {
        /// The limit.
        limit_bytes: usize,
        /// Which step asked for more.
        reason: String,
    },
    /// A file of the corpus is gone.
    #[error("{path} is gone. If the corpus was changed while it was read, run this again")]
    PartGone {
        /// Which.
        path: PathBuf,
    },
    /// The query is wrong, or its execution failed.
    #[error("{reason}")]
    Query {
        /// What DataFusion said.
        reason: String,
    },
    /// The threads that run queries could not be started.
    #[error("cannot start the query's threads: {source}")]
    Threads {
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The rows could not be written.
    #[error("cannot write the result: {source}")]
    Write {
        /// What the operating system said.
        #[from]
        source: std::io::Error,
    },
    /// A value could not be formatted.
    #[error("cannot format the result: {reason}")]
    Format {
        /// What Arrow said.
        reason: String,
    },
}

impl Error {
    /// What an error of DataFusion means to the one who asked.
    pub(crate) fn of_query(error: &DataFusionError, limit_bytes: usize) -> Self {
        let root = error.find_root();
        let reason = root.strip_backtrace();
        match root {
            DataFusionError::SQL(..) => Self::Syntax { reason },
            DataFusionError::ResourcesExhausted(_) => Self::Memory { limit_bytes, reason },
            _ => Self::Query { reason },
        }
    }

    /// What an error of one of Arrow's writers means: the disk's refusal, or a value without a format.
    pub(crate) fn of_writer(error: arrow::error::ArrowError) -> Self {
        match error {
            arrow::error::ArrowError::IoError(_, source) => Self::Write { source },
            other => Self::Format { reason: other.to_string() },
        }
    }
}
