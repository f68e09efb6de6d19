//! Texts that are put aside while an export is made: written once, read again by their place.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::error::io;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;
/// Bytes that are read at a time: most posts are shorter.
const READ_BYTES: usize = 512;

/// A file of texts, each with its length before it (u32, little-endian).
pub(super) struct Texts {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    n_written: u64,
}

impl Texts {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let options = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = options.map_err(io("create", path))?;
        Ok(Self { path: path.to_owned(), file, buffer: Vec::new(), n_written: 0 })
    }

    /// Adds a text and says where it is. Texts that are added one after the other lie one after the other.
    pub(super) fn push(&mut self, text: &str) -> Result<u64> {
        let place = self.n_written + self.buffer.len() as u64;
        // No text is longer than a line of input, which is 8 MiB.
        self.buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(text.as_bytes());
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(place)
    }

    /// Makes what was added readable.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.file.write_all_at(&self.buffer, self.n_written).map_err(io("write", &self.path))?;
        self.n_written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The text at a place, and the place behind it. Needs [`Texts::flush`] after the text was added.
    pub(super) fn read(&self, place: u64) -> Result<(String, u64)> {
        let mut bytes = vec![0; READ_BYTES.min((self.n_written - place) as usize)];
        let failed = || io("read", &self.path);
        self.file.read_exact_at(&mut bytes, place).map_err(failed())?;
        let mut length = [0; 4];
        length.copy_from_slice(&bytes[..4]);
        let length = u32::from_le_bytes(length) as usize;
        let n_read = bytes.len() - 4;
        bytes.drain(..4);
        bytes.resize(length, 0);
        if length > n_read {
            let rest = &mut bytes[n_read..];
            self.file.read_exact_at(rest, place + 4 + n_read as u64).map_err(failed())?;
        }
        let text = String::from_utf8(bytes).map_err(|error| failed()(std::io::Error::other(error)))?;
        Ok((text, place + 4 + length as u64))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_read_from_their_places() {
        let folder = tempfile::tempdir().unwrap();
        let mut texts = Texts::create(&folder.path().join("texts")).unwrap();
        let all: Vec<String> = [0, 1, 507, 508, 509, 512, 513, 2_000_000, 3].map(|n| "é".repeat(n)).into();
        let places: Vec<u64> = all.iter().map(|text| texts.push(text).unwrap()).collect();
        texts.flush().unwrap();
        for (i, text) in all.iter().enumerate().rev() {
            let (read, end) = texts.read(places[i]).unwrap();
            assert!(read == *text, "text {i}");
            assert!(places.get(i + 1).is_none_or(|next| *next == end), "text {i}");
        }
    }
}
