//! What every layer of packing shares: how far it was read, and whether it gave more than it may.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::format::Format;
use super::{CHUNK_BYTES, MAX_RATIO, RATIO_FREE_BYTES};

/// A stream whose packing may be looked at.
pub(super) type Layer<'s> = Box<dyn BufRead + 's>;

/// Reads `content` a chunk at a time.
pub(super) fn buffered<'s>(content: impl Read + 's) -> Layer<'s> {
    Box::new(BufReader::with_capacity(CHUNK_BYTES, content))
}

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

impl<R: io::Seek> io::Seek for Uninterrupted<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// A container: how many of its bytes were read, and whether reading it failed.
pub(super) struct Counted<R> {
    reader: R,
    pub n_bytes: u64,
    /// Whether an error was handed on, so that whoever got it tells of it and nobody else.
    pub has_failed: bool,
}

impl<R> Counted<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, n_bytes: 0, has_failed: false }
    }
}

impl<R: BufRead> Counted<R> {
    /// The bytes that are there, without taking them: none at the end.
    pub fn look(&mut self) -> io::Result<&[u8]> {
        // Asked twice, because a borrow that is returned cannot be told of before.
        if let Err(error) = self.reader.fill_buf() {
            self.has_failed = true;
            return Err(error);
        }
        self.reader.fill_buf()
    }

    /// Passes over bytes that were looked at.
    pub fn pass(&mut self, n_bytes: usize) {
        self.n_bytes += n_bytes as u64;
        self.reader.consume(n_bytes);
    }

    /// Fills `buffer`, or as much of it as there is: how many bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n_filled = 0;
        while n_filled < buffer.len() {
            let chunk = self.look()?;
            if chunk.is_empty() {
                break;
            }
            let n = chunk.len().min(buffer.len() - n_filled);
            buffer[n_filled..n_filled + n].copy_from_slice(&chunk[..n]);
            self.pass(n);
            n_filled += n;
        }
        Ok(n_filled)
    }

    /// Passes over zeros: where something else stands, or `None` at the end.
    pub fn position_behind_zeros(&mut self) -> io::Result<Option<u64>> {
        loop {
            let chunk = self.look()?;
            let (n_chunk, n_zeros) = (chunk.len(), chunk.iter().take_while(|byte| **byte == 0).count());
            self.pass(n_zeros);
            if n_zeros < n_chunk {
                return Ok(Some(self.n_bytes));
            }
            if n_chunk == 0 {
                return Ok(None);
            }
        }
    }

    /// Passes over `n` bytes, or as many as there are: how many.
    pub fn skip(&mut self, n_bytes: u64) -> io::Result<u64> {
        let mut left = n_bytes;
        while left > 0 {
            let n_here = self.look()?.len();
            if n_here == 0 {
                break;
            }
            let n = usize::try_from(left).map_or(n_here, |left| left.min(n_here));
            self.pass(n);
            left -= n as u64;
        }
        Ok(n_bytes - left)
    }
}

impl<R: io::Seek> Counted<BufReader<R>> {
    /// Goes to the end of a file: its length.
    pub fn go_to_end(&mut self) -> io::Result<u64> {
        self.n_bytes = io::Seek::seek(&mut self.reader, io::SeekFrom::End(0))?;
        Ok(self.n_bytes)
    }

    /// Goes to another place of a file.
    pub fn go_to(&mut self, position: u64) -> io::Result<()> {
        let distance = i128::from(position) - i128::from(self.n_bytes);
        match i64::try_from(distance) {
            // What is in the buffer already is not read again.
            Ok(distance) => self.reader.seek_relative(distance)?,
            Err(_) => {
                io::Seek::seek(&mut self.reader, io::SeekFrom::Start(position))?;
            }
        }
        self.n_bytes = position;
        Ok(())
    }
}

/// Watches how much one member gives for what was read of it.
pub(super) struct Meter {
    /// Bytes of the container before the member.
    start: u64,
    n_given: u64,
}

impl Meter {
    pub fn new(start: u64) -> Self {
        Self { start, n_given: 0 }
    }

    /// Adds what a member gave, and tells whether that is too much for the `position` bytes that were read of its
    /// container.
    pub fn adds_too_much(&mut self, n_given: usize, position: u64) -> bool {
        self.n_given += n_given as u64;
        let n_read = position.saturating_sub(self.start).max(1);
        self.n_given > RATIO_FREE_BYTES && self.n_given / n_read > MAX_RATIO
    }
}

/// What follows the bytes that were looked at: the stream, or the error that it gave.
pub(super) enum Rest<'s> {
    Open(Layer<'s>),
    Failed(Option<io::Error>),
}

/// The beginning of a stream and the whole stream.
pub(super) struct Peeked<'s> {
    pub format: Format,
    /// Whether there is nothing in it, not even an error.
    pub is_empty: bool,
    pub whole: io::Chain<Cursor<Vec<u8>>, Rest<'s>>,
}

/// Reads as much of the beginning as a format is known by.
pub(super) fn peek(mut layer: Layer<'_>) -> Peeked<'_> {
    let mut head = Vec::with_capacity(Format::HEAD_BYTES);
    let rest = loop {
        if head.len() == Format::HEAD_BYTES {
            break Rest::Open(layer);
        }
        let n = match layer.fill_buf() {
            Ok([]) => break Rest::Open(layer),
            Ok(chunk) => {
                let n = chunk.len().min(Format::HEAD_BYTES - head.len());
                head.extend_from_slice(&chunk[..n]);
                n
            }
            Err(error) => break Rest::Failed(Some(error)),
        };
        layer.consume(n);
    };
    let is_empty = head.is_empty() && matches!(rest, Rest::Open(_));
    Peeked { format: Format::of(&head), is_empty, whole: Cursor::new(head).chain(rest) }
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
