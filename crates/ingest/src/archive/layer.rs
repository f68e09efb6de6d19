//! What every layer of packing shares: how far it was read, how much it gave, and what its errors mean.

use std::io::{self, BufRead, Read};

use populi_model::Reason;

use super::{Damage, MAX_RATIO, RATIO_FREE_BYTES};

/// Reads again what a signal interrupted, so that no layer above takes that for an error.
pub(super) struct Uninterrupted<R>(pub R);

impl<R: Read> Read for Uninterrupted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Counts the bytes that are read of a container.
pub(super) struct Counted<R> {
    reader: R,
    pub n_bytes: u64,
}

impl<R> Counted<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, n_bytes: 0 }
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.n_bytes += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, n_bytes: usize) {
        self.n_bytes += n_bytes as u64;
        self.reader.consume(n_bytes);
    }
}

/// Watches how much one member gives for what was read of it.
pub(super) struct Meter {
    codec: &'static str,
    /// Bytes of the container before the member.
    start: u64,
    n_given: u64,
}

impl Meter {
    pub fn new(codec: &'static str, start: u64) -> Self {
        Self { codec, start, n_given: 0 }
    }

    /// Adds what a member gave.
    pub fn add(&mut self, n_given: usize) {
        self.n_given += n_given as u64;
    }

    /// Refuses to read on where the member gave too much for the `position` bytes that were read of its container.
    pub fn check(&self, position: u64) -> io::Result<()> {
        let n_read = position.saturating_sub(self.start).max(1);
        if self.n_given <= RATIO_FREE_BYTES || self.n_given / n_read <= MAX_RATIO {
            return Ok(());
        }
        let message = format!(
            "the {} container unpacks to more than {MAX_RATIO} times its size at byte {position} of it",
            self.codec
        );
        Err(Damage::new(Reason::ContainerLimit, message).into_error())
    }

    /// What an error of the codec means: damage, unless a layer below or the system failed.
    pub fn explain(&self, error: io::Error, position: u64) -> io::Error {
        if Damage::of(&error).is_some() || error.raw_os_error().is_some() {
            return error;
        }
        let how = if error.kind() == io::ErrorKind::UnexpectedEof { "cut" } else { "corrupt" };
        damaged(self.codec, how, position, &error.to_string())
    }
}

/// A container that is `how` at a byte of it.
pub(super) fn damaged(codec: &str, how: &str, position: u64, why: &str) -> io::Error {
    let message = format!("the {codec} container is {how} at byte {position} of it: {why}");
    Damage::new(Reason::DamagedContainer, message).into_error()
}
