//! Files as memory.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// A file that is read as if it were memory: its pages come when they are looked at and go when memory is wanted.
///
/// # The file must stay as it is
///
/// Nobody, this process included, may change or cut the file while it is mapped. What is cut off ends the process when
/// it is read, and what is changed under a slice is undefined behaviour. No system can promise that nobody does, so
/// [`MappedFile::open`] would strictly have to be `unsafe`: it is safe as the one deliberate exception of this crate,
/// because inputs of a run are files that their owner leaves alone until it ends, and a caller could check no more.
#[derive(Debug)]
pub struct MappedFile {
    pages: Mmap,
}

impl MappedFile {
    /// Maps a whole file for reading. O(1); costs address space, no memory.
    ///
    /// Sound only as long as nobody changes the file: see the type.
    ///
    /// # Errors
    ///
    /// What opening or mapping says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: the map is read only. That nobody changes the file while it is mapped cannot be seen here: it is the
        // condition that the documentation of this type states, and the one exception of this crate.
        let pages = unsafe { Mmap::map(&file)? };
        Ok(Self { pages })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.pages
    }

    /// The bytes from `offset` as little-endian `f32`; `None` where they do not begin at a multiple of four bytes, do
    /// not end on one, or this machine stores numbers the other way round.
    #[must_use]
    pub fn as_f32(&self, offset: usize) -> Option<&[f32]> {
        let bytes = self.pages.get(offset..)?;
        // SAFETY: every pattern of 32 bits is an f32.
        let (before, values, after) = unsafe { bytes.align_to::<f32>() };
        (cfg!(target_endian = "little") && before.is_empty() && after.is_empty()).then_some(values)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn floats_are_read_where_they_are_aligned() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = [1.5f32, -2.0, 3.25].iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(file.path(), &bytes).unwrap();
        let mapped = MappedFile::open(file.path()).unwrap();
        assert_eq!(mapped.bytes(), bytes);
        assert_eq!(mapped.as_f32(0).unwrap(), [1.5, -2.0, 3.25]);
        assert_eq!(mapped.as_f32(4).unwrap(), [-2.0, 3.25]);
        assert_eq!(mapped.as_f32(12).unwrap(), [0.0f32; 0]);
        assert!(mapped.as_f32(2).is_none(), "not a multiple of four");
        assert!(mapped.as_f32(13).is_none(), "beyond the end");
    }
}
