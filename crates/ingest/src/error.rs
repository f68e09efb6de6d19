//! What stops an ingest: a run that cannot go on. A bad record is no error but a row of the quarantine.

use std::io;
use std::path::PathBuf;

use crate::archive::PassedLimit;

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
    /// The content of all inputs is more than was allowed.
    #[error(
        "the inputs have more than {max_bytes} bytes of content (--max-bytes), reached in {name}: nothing of that file is \
         kept; raise the limit and run again, which goes on with the files that are left"
    )]
    MaxBytes {
        /// The input in which the limit was reached.
        name: String,
        /// The limit.
        max_bytes: u64,
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

impl Error {
    /// What an error of reading means, after this many bytes of content.
    #[must_use]
    pub fn of_read(name: &str, offset: u64, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.get_ref().and_then(|inner| inner.downcast_ref::<PassedLimit>()) {
            Some(limit) => Self::MaxBytes { name, max_bytes: limit.max },
            None => Self::Read { name, offset, source },
        }
    }

    /// Whether a table's columns are not those that were asked for, or none of them can be the text.
    #[must_use]
    pub fn is_of_columns(&self) -> bool {
        matches!(self, Self::NoSuchColumn { .. } | Self::NoTextColumn { .. })
    }
}
