//! Splits a decoded stream into blocks of whole lines, so that blocks can be read in parallel.
//!
//! What is read from the blocks does not depend on where they are cut. A line longer than [`MAX_LINE_BYTES`] is never
//! held whole, and damage of a container ends the stream: both are a [`Fault`] that follows a block's lines.
//! Memory: one block, one unfinished line and one read buffer. Time: one copy and two searches for newlines.

use std::io::{self, BufRead};

use populi_model::{Quarantined, Reason};

use crate::Error;
use crate::archive::Damage;

/// The longest line that is read; a longer one is one quarantined record.
pub const MAX_LINE_BYTES: usize = 8 << 20;

/// Bytes of a block, about: enough work for a thread, little enough for many blocks in memory.
pub const BLOCK_BYTES: usize = 4 << 20;

/// Whole lines of a stream, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The lines, each with its newline; the stream's last may have none.
    pub bytes: Vec<u8>,
    /// Bytes of decoded content before the block, and what the offsets of the content begin with.
    pub offset: u64,
    /// The number of the block's first line, from 1.
    pub first_line: u64,
    /// What could not be read right after these lines.
    pub fault: Option<Fault>,
}

/// A stretch of the stream that is no line: it counts as one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub reason: Reason,
    /// In words: expected and got.
    pub detail: String,
    /// Bytes of decoded content before the stretch, as of [`Block::offset`].
    pub offset: u64,
    /// The line that it stands on, from 1.
    pub line: u64,
    /// Its first bytes, at most [`Quarantined::MAX_HEAD_BYTES`].
    pub head: Vec<u8>,
}

/// The blocks of one stream.
pub struct Blocks<R> {
    reader: R,
    name: String,
    target_bytes: usize,
    /// The start of a line whose end was not read yet.
    unfinished: Vec<u8>,
    offset: u64,
    line: u64,
    has_ended: bool,
}

impl<R: BufRead> Blocks<R> {
    /// Splits `reader`, which errors call `name`, into blocks of about [`BLOCK_BYTES`].
    pub fn new(reader: R, name: impl Into<String>) -> Self {
        Self::of_about(BLOCK_BYTES, reader, name)
    }

    /// The same with blocks of at least `target_bytes` (but the last) wherever lines are short.
    pub fn of_about(target_bytes: usize, reader: R, name: impl Into<String>) -> Self {
        let unfinished = Vec::new();
        Self { reader, name: name.into(), target_bytes, unfinished, offset: 0, line: 1, has_ended: false }
    }

    /// The same with this offset for the first byte, as that of a member of an archive.
    #[must_use]
    pub fn starting_at(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// The next block; `None` at the end.
    fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.unfinished);
        let mut lines_end = 0;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.end_at(error, bytes, lines_end).map(Some),
            };
            if chunk.is_empty() {
                self.has_ended = true;
                return Ok((!bytes.is_empty()).then(|| self.block(bytes)));
            }
            if let Some(newline) = memchr::memrchr(b'\n', chunk) {
                lines_end = bytes.len() + newline + 1;
            }
            bytes.extend_from_slice(chunk);
            let n = chunk.len();
            self.reader.consume(n);
            if lines_end == 0 && bytes.len() > MAX_LINE_BYTES {
                return self.skip_long_line(bytes).map(Some);
            }
            if lines_end > 0 && bytes.len() >= self.target_bytes {
                let mut rest = Vec::with_capacity(self.target_bytes.min(BLOCK_BYTES) + n);
                rest.extend_from_slice(&bytes[lines_end..]);
                self.unfinished = rest;
                bytes.truncate(lines_end);
                return Ok(Some(self.block(bytes)));
            }
        }
    }

    /// Gives `bytes` the place that the stream has come to, and moves on behind them.
    fn block(&mut self, bytes: Vec<u8>) -> Block {
        let block = Block { offset: self.offset, first_line: self.line, fault: None, bytes };
        self.offset += block.bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        block
    }

    /// Reads on to the end of the line that begins with `start`, and keeps none of it.
    fn skip_long_line(&mut self, start: Vec<u8>) -> io::Result<Block> {
        let mut n_bytes = start.len() as u64;
        let mut n_newline = 0;
        while n_newline == 0 {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.end_at(error, start, 0),
            };
            if chunk.is_empty() {
                self.has_ended = true;
                break;
            }
            let newline = memchr::memchr(b'\n', chunk);
            n_newline = u64::from(newline.is_some());
            let n = newline.unwrap_or(chunk.len());
            n_bytes += n as u64;
            self.reader.consume(n + n_newline as usize);
        }
        let fault = self.fault(Reason::LineTooLong, too_long_detail(n_bytes), &start);
        let mut block = self.block(Vec::new());
        block.fault = Some(fault);
        self.offset += n_bytes + n_newline;
        self.line += n_newline;
        Ok(block)
    }

    /// Ends the stream at an error of its reader, of which damage is a fault and all else is an error.
    ///
    /// The whole lines before the damage are kept; the line that it cuts belongs to the damage.
    fn end_at(&mut self, error: io::Error, mut bytes: Vec<u8>, lines_end: usize) -> io::Result<Block> {
        self.has_ended = true;
        let Some(damage) = Damage::of(&error) else {
            return Err(error);
        };
        let cut_line = bytes.split_off(lines_end);
        let mut block = self.block(bytes);
        block.fault = Some(self.fault(damage.reason, damage.to_string(), &cut_line));
        Ok(block)
    }

    /// A fault where the stream has come to.
    fn fault(&self, reason: Reason, detail: String, bytes: &[u8]) -> Fault {
        let head = bytes[..bytes.len().min(Quarantined::MAX_HEAD_BYTES)].to_vec();
        Fault { reason, detail, offset: self.offset, line: self.line, head }
    }
}

impl<R: BufRead> Iterator for Blocks<R> {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let block = self.next_block().transpose()?;
        Some(block.map_err(|source| {
            self.has_ended = true;
            Error::of_read(&self.name, self.offset, source)
        }))
    }
}

/// What is said of a line that is longer than [`MAX_LINE_BYTES`].
pub(crate) fn too_long_detail(n_bytes: u64) -> String {
    format!("the line has {n_bytes} bytes; at most {MAX_LINE_BYTES} are read")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn split(bytes: &[u8], target_bytes: usize, chunk_bytes: usize) -> Vec<Block> {
        let reader = BufReader::with_capacity(chunk_bytes, bytes);
        Blocks::of_about(target_bytes, reader, "test").collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn blocks_end_at_newlines_and_say_where_they_are() {
        let blocks = split(b"one\ntwo\r\n\nfour", 6, 3);
        let parts: Vec<_> = blocks.iter().map(|b| (b.bytes.as_slice(), b.offset, b.first_line)).collect();
        assert_eq!(
            parts,
            [(b"one\n".as_slice(), 0, 1), (b"two\r\n\n".as_slice(), 4, 2), (b"four".as_slice(), 10, 4)]
        );
    }

    #[test]
    fn an_empty_stream_has_no_blocks() {
        assert!(split(b"", 10, 10).is_empty());
        assert_eq!(split(b"\n", 10, 10).len(), 1);
    }

    #[test]
    fn a_long_line_is_skipped_and_the_next_one_found() {
        for tail in ["", "\n", "\nlast", "\nlast\n"] {
            let long = MAX_LINE_BYTES + 70_000;
            let text = ["first\n", &"x".repeat(long), tail].concat();
            let blocks = split(text.as_bytes(), BLOCK_BYTES, 65_536);
            let fault = blocks.iter().find_map(|block| block.fault.clone()).unwrap();
            assert_eq!((fault.reason, fault.offset, fault.line), (Reason::LineTooLong, 6, 2));
            assert!(fault.detail.contains(&long.to_string()), "{}", fault.detail);
            assert_eq!(fault.head, vec![b'x'; Quarantined::MAX_HEAD_BYTES]);
            assert!(blocks.iter().all(|block| block.bytes.len() < 100));
            let last = blocks.last().unwrap();
            if tail.len() > 1 {
                assert_eq!((last.offset, last.first_line), ((6 + long + 1) as u64, 3));
                assert_eq!(last.bytes, &tail.as_bytes()[1..]);
            }
        }
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_a_line() {
        let text = "x".repeat(MAX_LINE_BYTES);
        for tail in ["", "\n"] {
            let blocks = split([&text, tail].concat().as_bytes(), BLOCK_BYTES, 65_536);
            assert_eq!(blocks.len(), 1);
            assert!(blocks[0].fault.is_none());
        }
    }

    #[test]
    fn a_failing_disk_is_an_error_and_not_a_fault() {
        struct Failing;
        impl io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("no disk"))
            }
        }
        let mut blocks = Blocks::new(BufReader::new(Failing), "dump.jsonl");
        let error = blocks.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("dump.jsonl") && error.contains("no disk"), "{error}");
        assert!(blocks.next().is_none());
    }
}
