//! What can go wrong with a corpus, where, and what to do about it.

use std::path::{Path, PathBuf};

use populi_model::table::{ColumnMismatch, UnknownValue};

/// A [`std::result::Result`] of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a corpus could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}{}", remedy(.source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// There is no corpus.
    #[error(
        "{path} holds no corpus (no manifest.json): ingest something into it first, or name another with --corpus"
    )]
    NoCorpus {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error(
        "{path} is neither empty nor a corpus (it has no manifest.json): choose an empty or new folder with --corpus"
    )]
    NotACorpus {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes to the corpus.
    #[error(
        "the corpus {path} is being written by another process: wait until it has ended, then run this again"
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest is not what this version wrote.
    #[error("{path}: {reason}; restore it from a copy, or ingest into a new folder")]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The manifest was written by a later version.
    #[error("{path} has format {got}, this populi reads up to {expected}: use a newer populi")]
    NewerFormat {
        /// The manifest.
        path: PathBuf,
        /// The newest format that this version knows.
        expected: u32,
        /// The manifest's.
        got: u32,
    },
    /// A corpus was asked to change what it is.
    #[error(
        "the corpus {path} was made with {what} {got}, not {asked}: leave it as it is, or ingest into a new folder"
    )]
    Fixed {
        /// The folder.
        path: PathBuf,
        /// The property.
        what: &'static str,
        /// Its value.
        got: String,
        /// The value asked for.
        asked: String,
    },
    /// A Parquet file cannot be read or written.
    #[error("{path}: {source}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// Arrow refused a batch.
    #[error("{path}: {source}")]
    Arrow {
        /// The file.
        path: PathBuf,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
    /// A part has other columns than its table.
    #[error("{path}: {source}")]
    Columns {
        /// The part.
        path: PathBuf,
        /// What differs.
        source: ColumnMismatch,
    },
    /// A part holds a name that this version does not know.
    #[error("{path}: {source}")]
    Value {
        /// The part.
        path: PathBuf,
        /// What it holds.
        source: UnknownValue,
    },
    /// A run is cut or damaged.
    #[error(
        "{path}: the run is damaged at byte {offset} ({reason}): delete this file and run the same ingest again: it reads these inputs anew"
    )]
    DamagedRun {
        /// The run.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A file of the corpus is not as it was published.
    #[error(
        "{path} is damaged ({reason}): `populi verify` lists everything that is; bring this file back from a copy, or make \
         the corpus anew from its inputs"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// A corpus that could not commit is used further.
    #[error(
        "a change of the corpus {path} could not be written: open it again to go on from what is on the disk"
    )]
    Halted {
        /// The folder.
        path: PathBuf,
    },
    /// The corpus changed while it was verified.
    #[error("the corpus {path} was changed while it was read: run this again when nobody writes to it")]
    Changed {
        /// The folder.
        path: PathBuf,
    },
    /// A row stands where the other tables say that there is nothing.
    #[error(
        "the table {table} holds a row of the record {key} that `sources` does not know: the corpus is damaged; make it \
         anew from its inputs"
    )]
    OutOfStep {
        /// The table.
        table: &'static str,
        /// The record's key.
        key: populi_model::Key,
    },
}

/// The number of "input/output error" on every Unix.
const EIO: i32 = 5;

/// What helps against the commonest refusals.
fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull => ". Free some space and run the same command again: it continues",
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ". Check that you may use this folder, or name another one (--corpus, --out)"
        }
        _ if source.raw_os_error() == Some(EIO) => {
            ". The disk or the way to it fails: when that is mended, run the same command again: it continues"
        }
        std::io::ErrorKind::NotFound => ". If the corpus was changed while it was read, run this again",
        _ => "",
    }
}

/// Names the action and the path of an I/O error.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

/// Names the file of a Parquet error. Where the system refused, it says that, and what helps.
pub(crate) fn parquet(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> Error {
    use parquet::errors::ParquetError;
    let path = path.to_owned();
    move |source| match source {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::Io { action: "read or write", path, source: *source },
            Err(source) => Error::Parquet { path, source: ParquetError::External(source) },
        },
        source => Error::Parquet { path, source },
    }
}

/// Names the file of an Arrow error.
pub(crate) fn arrow(path: &Path) -> impl FnOnce(arrow::error::ArrowError) -> Error {
    let path = path.to_owned();
    move |source| Error::Arrow { path, source }
}
