//! An input that tells how far it was read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::Result;
use crate::progress::Progress;

/// A file whose reading is progress.
pub(super) struct Opened<'p> {
    file: File,
    progress: &'p dyn Progress,
}

impl<'p> Opened<'p> {
    pub(super) fn new(path: &Path, progress: &'p dyn Progress) -> Result<Self> {
        let file = File::open(path).map_err(crate::error::io("open", path))?;
        Ok(Self { file, progress })
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.progress.advance(n as u64);
        Ok(n)
    }
}

impl Seek for Opened<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
