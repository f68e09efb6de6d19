//! The framing of a CAR file, version 1: a header that names the roots, then sections of a content id and its block.
//!
//! Source: ipld.io, "Content Addressable aRchives (CARv1)".

use std::io::{self, BufRead, Read};

use ipld_core::cid::Cid;
use populi_model::Reason;
use serde::Deserialize;
use unsigned_varint::io::ReadError;

use crate::archive::Damage;
use crate::lines::MAX_LINE_BYTES;

/// The longest section that is read; a longer one is passed over.
const MAX_SECTION_BYTES: usize = MAX_LINE_BYTES;

/// How much of a section that is passed over is kept: enough to know its content id.
const HEAD_BYTES: usize = 256;

/// Zeros after the last section are padding.
const PADDING: u64 = 0;

/// Whether content that begins with `head` is a CAR file. No text begins so.
pub(super) fn is_car(head: &[u8]) -> bool {
    let header = match head {
        [n, rest @ ..] if n & 0x80 == 0 => rest,
        [_, n, rest @ ..] if n & 0x80 == 0 => rest,
        _ => return false,
    };
    // A map of the roots and the version, in the order of DAG-CBOR or the other way round; version 2 begins without roots.
    [&b"\xa2\x65roots"[..], b"\xa2\x67version", b"\xa1\x67version"]
        .iter()
        .any(|start| header.starts_with(start))
}

/// A section of the file. Its bytes are in the buffer that it was read into.
pub(super) struct Section {
    /// Bytes of the file before it.
    pub offset: u64,
    /// Bytes of the file before what is in the buffer.
    pub content_offset: u64,
    /// How long it is; the buffer holds no more than its beginning where that is too much.
    pub n_bytes: u64,
}

impl Section {
    /// Why a section is too long, where it is.
    pub fn excess(&self) -> Option<String> {
        (self.n_bytes > MAX_SECTION_BYTES as u64).then(|| {
            format!("the block has {} bytes with its id; at most {MAX_SECTION_BYTES} are read", self.n_bytes)
        })
    }
}

/// Why no further section can be read.
pub(super) enum Stop {
    /// The file is cut or damaged from here on.
    Fault { reason: Reason, detail: String, offset: u64 },
    /// The system failed.
    System(io::Error),
}

/// The sections of a file, in their order.
pub(super) struct Sections<R> {
    reader: R,
    offset: u64,
}

#[derive(Deserialize)]
struct Header {
    version: u64,
    #[serde(default)]
    roots: Vec<Cid>,
}

impl<R: BufRead> Sections<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, offset: 0 }
    }

    /// Bytes of the file that were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The roots that the header names; to be called first.
    pub fn read_header(&mut self) -> Result<Vec<Cid>, Stop> {
        let mut header = Vec::new();
        let section = self.next(&mut header)?.filter(|section| section.excess().is_none());
        let read = section.map(|_| serde_ipld_dagcbor::from_slice::<Header>(&header));
        let wrong = |detail: String| Stop::Fault { reason: Reason::UnsupportedContent, detail, offset: 0 };
        match read {
            Some(Ok(Header { version: 1, roots })) => Ok(roots),
            Some(Ok(Header { version, .. })) => {
                Err(wrong(format!("the content is a CAR of version {version}; version 1 is read")))
            }
            Some(Err(error)) => Err(wrong(format!("the header of the CAR is no header: {error}"))),
            None => Err(wrong("the CAR has no header".to_owned())),
        }
    }

    /// Reads the next section into `buffer`; `None` at the end.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Section>, Stop> {
        let Some((offset, n_bytes)) = self.next_length()? else { return Ok(None) };
        let content_offset = self.offset;
        let section = Section { offset, content_offset, n_bytes };
        let n_kept = if section.excess().is_some() { HEAD_BYTES as u64 } else { n_bytes };
        buffer.clear();
        let n_read = (&mut self.reader).take(n_kept).read_to_end(buffer);
        self.offset += n_read.map_err(|error| self.stop(error))? as u64;
        let n_skipped = io::copy(&mut (&mut self.reader).take(n_bytes - n_kept), &mut io::sink());
        self.offset += n_skipped.map_err(|error| self.stop(error))?;
        let n_missing = n_bytes - (self.offset - content_offset);
        if n_missing > 0 {
            let detail = format!("the CAR is cut: {n_missing} of the {n_bytes} bytes of a block are missing");
            return Err(damaged(Reason::TruncatedContainer, detail, offset));
        }
        Ok(Some(section))
    }

    /// Where the next section begins, and its length.
    fn next_length(&mut self) -> Result<Option<(u64, u64)>, Stop> {
        loop {
            let offset = self.offset;
            let is_end = self.reader.fill_buf().map(<[u8]>::is_empty).map_err(|error| self.stop(error))?;
            if is_end {
                return Ok(None);
            }
            let n_bytes = unsigned_varint::io::read_u64(&mut self.reader).map_err(|error| match error {
                ReadError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let detail = "the CAR is cut in the length of a block".to_owned();
                    damaged(Reason::TruncatedContainer, detail, offset)
                }
                ReadError::Io(error) => self.stop(error),
                error => {
                    let detail = format!("the CAR is corrupt: no length of a block: {error}");
                    damaged(Reason::CorruptContainer, detail, offset)
                }
            })?;
            // Seven bits a byte; a length that took more bytes than it needs is refused.
            self.offset += u64::from((u64::BITS - n_bytes.leading_zeros()).div_ceil(7).max(1));
            if n_bytes != PADDING {
                return Ok(Some((offset, n_bytes)));
            }
        }
    }

    fn stop(&self, error: io::Error) -> Stop {
        match Damage::of(&error) {
            Some(damage) => {
                Stop::Fault { reason: damage.reason, detail: damage.to_string(), offset: self.offset }
            }
            None => Stop::System(error),
        }
    }
}

fn damaged(reason: Reason, detail: String, offset: u64) -> Stop {
    Stop::Fault { reason, detail, offset }
}
