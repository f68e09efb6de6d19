//! What can go wrong when a world is made: options that make no world, and files that cannot be written.

use std::path::{Path, PathBuf};

/// Why no world was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option lies outside what a world can be made of.
    #[error("{option} is {got}, expected {expected}")]
    Option {
        /// The field of [`Params`](crate::Params).
        option: &'static str,
        /// What was asked for.
        got: String,
        /// What is possible.
        expected: &'static str,
    },
    /// The output folder already holds a world, or something under its names.
    #[error("{} exists already; name a new folder, or remove it first", path.display())]
    Occupied {
        /// The file or folder in the way.
        path: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A truth file could not be turned into JSON.
    #[error("cannot write {} as JSON: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What serde_json said.
        source: serde_json::Error,
    },
}

/// A result whose error is this crate's.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the path in an I/O error: `write(...).map_err(at(path))`.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    move |source| Error::Write { path: path.to_path_buf(), source }
}
