//! What stops an ingest: a run that cannot go on. A bad record is no error but a row of the quarantine.

use std::io;
use std::path::PathBuf;

/// Why an input could not be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that was named is not there, or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Open {
        /// The path as the user named it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A path that was named is neither a file nor a folder.
    #[error(
        "{} is {what}, not a file or folder; to read a stream, pipe it in and name the input `-`",
        path.display()
    )]
    NotAFile {
        /// The path as the user named it.
        path: PathBuf,
        /// What it is, such as "a FIFO".
        what: &'static str,
    },
    /// A folder that was named holds nothing to read.
    #[error("the folder {} holds no file to read{skipped}", path.display())]
    EmptyFolder {
        /// The folder as the user named it.
        path: PathBuf,
        /// What was passed over, in words that follow the message; empty where nothing was.
        skipped: String,
    },
    /// No path was named.
    #[error("no input: name files or folders, or `-` for standard input")]
    NoInput,
    /// The system failed while an input was read.
    #[error("reading {name} failed after {offset} bytes of decoded content: {source}")]
    Read {
        /// The input as the user named it.
        name: String,
        /// How far the reading came.
        offset: u64,
        /// What the system says.
        source: io::Error,
    },
    /// What was said about a table cannot be followed, whatever the table.
    #[error("{0}")]
    TableParams(String),
    /// A table has no column of the name or number that was given.
    #[error("{name} has no column {column} (--{option}); its columns are: {columns}")]
    NoSuchColumn {
        /// The input as the user named it.
        name: String,
        /// The option that gave the column.
        option: &'static str,
        /// The column that was given.
        column: String,
        /// The columns that are there.
        columns: String,
    },
    /// No column of a table can be told to hold texts.
    #[error("no column of {name} looks like a text; say which one is, with --text: {columns}")]
    NoTextColumn {
        /// The input as the user named it.
        name: String,
        /// The columns that are there.
        columns: String,
    },
}
