//! What is inside a file: takes off its packing, known by content and never by name.
//!
//! gzip, bzip2 and zstd (every member and frame), tar and zip (every member), in every nesting of at most [`MAX_DEPTH`];
//! anything else is read as it is, but for content that is plainly not text, which is refused by name. [`walk`] hands
//! over one [`Content`] after another, in the order in which they lie in the file. Packed content is streamed, never
//! unpacked to disk: memory is a read buffer of 64 KiB a layer and the window of the codec (bzip2: 4 MB; zstd: at most
//! 128 MiB), and 40 bytes a member of a zip's directory.
//!
//! # Damage
//! A cut or corrupt container gives what came before the damage and then an error that carries [`Damage`], told once: by
//! the content that it cuts, or, between members, by a content that fails at once. What follows is read where it can be
//! found: behind a member whose length is known, or from the next header that can be told on.
//!
//! # Limits
//! At most [`MAX_DEPTH`] layers; a member of a codec or zip gives at most [`MAX_RATIO`] times its size, once it has given
//! [`RATIO_FREE_BYTES`]; an archive has at most 2^24 members that hold something, of at most 1 TiB each; and all
//! together at most what a [`ByteLimit`] says.

mod bzip2;
mod codec;
mod format;
mod gzip;
mod layer;
mod limit;
mod member;
mod probe;
mod tar;
mod walk;
mod zip;
mod zstandard;

use std::io::{self, BufRead, Read};

use populi_model::Reason;

use codec::Members;
use format::Format;
use layer::{Layer, Uninterrupted, buffered, peek};

pub use limit::ByteLimit;
pub(crate) use limit::PassedLimit;
pub use member::{Content, Resume, Sealed};
pub use probe::{Packing, holds_archive};
pub use walk::{Visit, walk, walk_sealed};

/// How many containers may be nested, codecs counted.
pub const MAX_DEPTH: usize = 5;

/// How many times its own size a member may unpack to, once it has given [`RATIO_FREE_BYTES`].
pub const MAX_RATIO: u64 = 200;

/// What every member may unpack to, whatever its size.
pub const RATIO_FREE_BYTES: u64 = 10_000_000;

/// Bytes read at a time at every layer.
const CHUNK_BYTES: usize = 64 << 10;

/// Why a stream ends before its content does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Damage {
    /// The code to put it aside with.
    pub reason: Reason,
    message: String,
}

impl Damage {
    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// A container that cannot be read on from one of its bytes.
    fn container(name: &str, reason: Reason, position: u64, why: &str) -> Self {
        let how = match reason {
            Reason::TruncatedContainer => "is cut",
            Reason::CorruptContainer => "is corrupt",
            _ => "cannot be read on",
        };
        Self::new(reason, format!("the {name} container {how} at byte {position} of it: {why}"))
    }

    fn truncated(name: &str, position: u64) -> Self {
        Self::container(name, Reason::TruncatedContainer, position, "it ends before its end mark")
    }

    fn corrupt(name: &str, position: u64, why: &str) -> Self {
        Self::container(name, Reason::CorruptContainer, position, why)
    }

    fn refused(what: &str) -> Self {
        Self::new(Reason::UnsupportedContent, format!("the content is {what}"))
    }

    fn too_deep() -> Self {
        let message = format!("the content is packed more than {MAX_DEPTH} times over: unpack it first");
        Self::new(Reason::ContainerLimit, message)
    }

    /// The damage that an error of reading speaks of; `None` where the system failed.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The error that a reader gives where its content ends with this.
    #[must_use]
    pub fn into_error(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }
}

/// The content of a single stream without its compression. Archives, which hold members, are refused: [`walk`] reads
/// them.
pub struct Decoded<'s> {
    content: Layer<'s>,
}

impl<'s> Decoded<'s> {
    /// Looks at the beginning of `source` and takes off every layer of compression.
    ///
    /// What goes wrong is told by the reads that follow.
    pub fn new(source: impl Read + 's) -> Self {
        let mut layer = buffered(Uninterrupted(source));
        for depth in 0.. {
            let peeked = peek(layer);
            let damage = match peeked.format {
                Format::Plain => return Self { content: Box::new(peeked.whole) },
                Format::Refused(what) => Damage::refused(what),
                Format::Tar | Format::Zip => Damage::refused("an archive, whose members are not one stream"),
                _ if depth == MAX_DEPTH => Damage::too_deep(),
                format => {
                    layer = unpacked(format, peeked.whole);
                    continue;
                }
            };
            return Self { content: failing(damage) };
        }
        Self { content: Box::new(io::empty()) }
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl BufRead for Decoded<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.content.fill_buf()
    }

    fn consume(&mut self, n_bytes: usize) {
        self.content.consume(n_bytes);
    }
}

/// Takes off a layer of compression; any other layer stays.
fn unpacked<'s>(format: Format, packed: impl BufRead + 's) -> Layer<'s> {
    match format {
        Format::Gzip => buffered(Members::<_, gzip::Gzip>::new(packed)),
        Format::Zstd => buffered(Members::<_, zstandard::Zstd>::new(packed)),
        Format::Bzip2 => buffered(Members::<_, bzip2::Bzip2>::new(packed)),
        Format::Tar | Format::Zip | Format::Refused(_) | Format::Plain => Box::new(packed),
    }
}

/// A stream that ends with damage at once.
fn failing<'s>(damage: Damage) -> Layer<'s> {
    Box::new(layer::Rest::Failed(Some(damage.into_error())))
}
