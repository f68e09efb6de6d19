//! Content whose reading can be put down.

use std::io::{self, BufRead, Read};

use super::batches::BATCH_BYTES;
use crate::Error;
use crate::progress::Progress;

/// Content of which no more than a batch is read once the user asked to stop: what is short is finished and
/// committed, and what is long does not keep that from being done in time.
pub(super) struct Stoppable<'p, R> {
    content: R,
    progress: &'p dyn Progress,
    n_read: usize,
}

/// The error that the reading then ends with.
#[derive(Debug, thiserror::Error)]
#[error("the user asked to stop")]
struct AskedToStop;

impl<'p, R> Stoppable<'p, R> {
    pub(super) fn new(content: R, progress: &'p dyn Progress) -> Self {
        Self { content, progress, n_read: 0 }
    }

    fn check(&self) -> io::Result<()> {
        if self.n_read >= BATCH_BYTES && self.progress.is_stopped() {
            return Err(io::Error::other(AskedToStop));
        }
        Ok(())
    }
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let n = self.content.read(buffer)?;
        self.n_read += n;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Stoppable<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.content.fill_buf()
    }

    fn consume(&mut self, n_bytes: usize) {
        self.n_read += n_bytes;
        self.content.consume(n_bytes);
    }
}

/// What an error of reading means: whether the user asked for it.
pub(super) fn or_stopped(error: Error) -> Error {
    match &error {
        Error::Ingest(populi_ingest::Error::Read { source, .. })
            if source.get_ref().is_some_and(|inner| inner.is::<AskedToStop>()) =>
        {
            Error::Stopped
        }
        _ => error,
    }
}
