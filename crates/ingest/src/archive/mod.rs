//! What is inside a file: takes off its packing, known by content and never by name.
//!
//! gzip (every member) and zstd (every frame), nested at most [`MAX_DEPTH`] deep; anything else is read as it is, but
//! for content that is plainly not text, which is refused by name. A cut or corrupt container gives what came before
//! the damage and then an error that carries [`Damage`]. Packed content is streamed: memory is a read buffer of 64 KiB
//! a layer, the window of the codec (zstd: at most 128 MiB), and nothing is ever written to disk.

mod format;
mod gzip;
mod layer;
mod zstandard;

use std::io::{self, BufRead, BufReader, Cursor, Read};

use populi_model::Reason;

use format::Format;

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

    /// The damage that an error of [`Decoded`] speaks of; `None` where the system failed.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn into_error(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }
}

type Layer<'s> = Box<dyn BufRead + Send + 's>;

/// The content of a file without its packing.
pub struct Decoded<'s> {
    content: Layer<'s>,
}

impl<'s> Decoded<'s> {
    /// Looks at the beginning of `source` and takes off every layer of packing.
    ///
    /// What goes wrong is told by the reads that follow.
    pub fn new(source: impl Read + Send + 's) -> Self {
        let mut layer: Layer<'s> = buffered(layer::Uninterrupted(source));
        let mut depth = 0;
        loop {
            let (head, rest) = peek(layer);
            let format = Format::of(&head);
            let whole = Cursor::new(head).chain(rest);
            layer = match format {
                Format::Plain => {
                    return Self { content: Box::new(whole) };
                }
                Format::Refused(what) => return Self::refused(Reason::UnsupportedContent, what),
                Format::Gzip | Format::Zstd if depth == MAX_DEPTH => {
                    let what = format!("packed more than {MAX_DEPTH} times over: unpack it first");
                    return Self::refused(Reason::ContainerLimit, &what);
                }
                Format::Gzip => buffered(gzip::Members::new(whole)),
                Format::Zstd => buffered(zstandard::Frames::new(whole)),
            };
            depth += 1;
        }
    }

    fn refused(reason: Reason, what: &str) -> Self {
        let damage = Damage::new(reason, format!("the content is {what}"));
        Self { content: Box::new(Rest::Failed(Some(damage.into_error()))) }
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

fn buffered<'s>(content: impl Read + Send + 's) -> Layer<'s> {
    Box::new(BufReader::with_capacity(CHUNK_BYTES, content))
}

/// What follows the bytes that were looked at: the stream, or the error that it gave.
enum Rest<'s> {
    Open(Layer<'s>),
    Failed(Option<io::Error>),
}

/// Reads as much of the beginning as a format is known by.
fn peek(mut layer: Layer<'_>) -> (Vec<u8>, Rest<'_>) {
    let mut head = Vec::with_capacity(Format::HEAD_BYTES);
    while head.len() < Format::HEAD_BYTES {
        let n = match layer.fill_buf() {
            Ok([]) => break,
            Ok(chunk) => {
                let n = chunk.len().min(Format::HEAD_BYTES - head.len());
                head.extend_from_slice(&chunk[..n]);
                n
            }
            Err(error) => return (head, Rest::Failed(Some(error))),
        };
        layer.consume(n);
    }
    (head, Rest::Open(layer))
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Open(layer) => layer.read(buffer),
            Self::Failed(error) => error.take().map_or(Ok(0), Err),
        }
    }
}

impl BufRead for Rest<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Open(layer) => layer.fill_buf(),
            Self::Failed(error) => error.take().map_or(Ok(&[]), Err),
        }
    }

    fn consume(&mut self, n_bytes: usize) {
        if let Self::Open(layer) = self {
            layer.consume(n_bytes);
        }
    }
}
