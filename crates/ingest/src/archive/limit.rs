//! A limit on all that is decoded.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// How many bytes of content all inputs of an ingest may have together; shared by all that read them.
#[derive(Debug)]
pub struct ByteLimit {
    max: u64,
    n_given: AtomicU64,
}

/// More content than a [`ByteLimit`] allows.
#[derive(Debug, thiserror::Error)]
#[error("the content has more than {max} bytes")]
pub(crate) struct PassedLimit {
    pub max: u64,
}

impl ByteLimit {
    /// A limit that nothing was counted for yet; `None` for no limit.
    #[must_use]
    pub fn new(max_bytes: Option<u64>) -> Self {
        Self { max: max_bytes.unwrap_or(u64::MAX), n_given: AtomicU64::new(0) }
    }

    /// Counts content that is read elsewhere, such as rows of Parquet.
    pub fn add(&self, n_bytes: u64) {
        self.n_given.fetch_add(n_bytes, Ordering::Relaxed);
    }

    /// Whether more was counted than is allowed, now that the input of this name is read.
    ///
    /// # Errors
    /// When it was.
    pub fn check_in(&self, name: &str) -> Result<(), Error> {
        self.check().map_err(|error| Error::of_read(name, 0, error))
    }

    /// The same as an error of reading.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.n_given.load(Ordering::Relaxed) <= self.max {
            return Ok(());
        }
        Err(io::Error::other(PassedLimit { max: self.max }))
    }
}

impl Default for ByteLimit {
    fn default() -> Self {
        Self::new(None)
    }
}
