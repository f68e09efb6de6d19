//! What a file is packed in, without reading it.

use std::io::Read;

use super::format::Format;
use super::layer::{Uninterrupted, buffered, peek};
use super::{MAX_DEPTH, unpacked};

/// How a file is packed, as far as it matters for who is to unpack it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// By gzip or zstd, which unpack faster than records are read.
    Compressed,
    /// By bzip2, which unpacks slower (40 MB/s).
    SlowlyCompressed,
    /// Members, in a tar or zip archive.
    Archive,
}

impl Packing {
    /// The packing of a file that begins with these bytes, of which 512 are enough.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match Format::of(head) {
            Format::Gzip | Format::Zstd => Self::Compressed,
            Format::Bzip2 => Self::SlowlyCompressed,
            Format::Tar | Format::Zip => Self::Archive,
            Format::Refused(_) | Format::Plain => Self::Plain,
        }
    }
}

/// Whether there is an archive below the compression of a file; reads no more than its beginning.
pub fn holds_archive(file: impl Read) -> bool {
    let mut layer = buffered(Uninterrupted(file));
    for _ in 0..=MAX_DEPTH {
        let peeked = peek(layer);
        match peeked.format {
            Format::Tar | Format::Zip => return true,
            Format::Refused(_) | Format::Plain => return false,
            format => layer = unpacked(format, peeked.whole),
        }
    }
    false
}
