//! What can be wrong with a key.

use std::path::PathBuf;

/// A [`std::result::Result`] of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no key. No message ever holds any part of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of a key could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is there already, and a key that is written over is lost for good.
    #[error("{path} is there already, and a key is never written over: choose another name")]
    KeyExists {
        /// The file.
        path: PathBuf,
    },
    /// What the file holds is no key.
    #[error(
        "{path} holds no key: expected {expected} hexadecimal digits, got {got}. Make one with `populi export key --out FILE`"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
        /// Digits of a key.
        expected: usize,
        /// What is there, without quoting it.
        got: String,
    },
    /// Others on the machine may read the key.
    #[error("{path} can be read by others than its owner (mode {mode:o}): run `chmod 600` on it")]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system gave no random bytes.
    #[error("the operating system gave no random bytes: {reason}")]
    NoRandomness {
        /// What it said.
        reason: String,
    },
}
