//! A sliding view of an input: what has been read and not yet consumed.

use std::io::{self, Read};

use memchr::memchr_iter;

use crate::archive::Damage;
use crate::sink::Defect;

/// How much is asked of the input at a time, at least.
const CHUNK_BYTES: usize = 64 * 1024;

/// The unconsumed bytes of an input, at the offset where they begin.
///
/// Memory: at most about four times what is left unconsumed at once, and no less than a chunk. Every byte is moved
/// at most once on average, however small the steps in which it is consumed.
pub(crate) struct Window<R> {
    /// `None` once it ended.
    input: Option<R>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    line: u64,
    damage: Option<Defect>,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: Some(input), bytes: Vec::new(), start: 0, end: 0, offset: 0, line: 1, damage: None }
    }

    /// What is read and not consumed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The offset in the input of the first unread byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Counts offsets from this one on, whatever was read before.
    pub(crate) fn move_to(&mut self, first_offset: u64) {
        self.offset += first_offset;
    }

    /// The line of the first unread byte, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// What ended the input before its content did, told once.
    pub(crate) fn take_damage(&mut self) -> Option<Defect> {
        self.damage.take()
    }

    /// Passes over the first `n` unread bytes.
    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.line += memchr_iter(b'\n', &self.bytes[self.start..self.start + n]).count() as u64;
        self.start += n;
        self.offset += n as u64;
    }

    /// Reads on, and tells whether anything came: `false` at the end of the input, which damage is as well.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.bytes.len() - self.end < CHUNK_BYTES {
            self.make_room();
        }
        while let Some(input) = &mut self.input {
            match input.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.input = None,
                Ok(n) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let Some(damage) = Damage::of(&error) else {
                        return Err(error);
                    };
                    self.damage = Some(Defect::new(damage.reason, damage.to_string()));
                    self.input = None;
                }
            }
        }
        Ok(false)
    }

    /// Reads on until `n` bytes are unread or the input ends; tells whether it ended.
    pub(crate) fn fill_to(&mut self, n: usize) -> io::Result<bool> {
        while self.unread().len() < n {
            if !self.fill()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the unread bytes to the front where at least as many have been consumed, and otherwise grows.
    fn make_room(&mut self) {
        let n_unread = self.end - self.start;
        if self.start >= n_unread.max(CHUNK_BYTES) || n_unread == 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, n_unread);
        }
        if self.bytes.len() - self.end < CHUNK_BYTES {
            self.bytes.resize((self.bytes.len() * 2).max(self.end + 2 * CHUNK_BYTES), 0);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn gives_every_byte_once_and_stays_small() {
        let input: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
        let mut window = Window::new(&input[..]);
        let mut seen = Vec::new();
        loop {
            let is_at_end = window.fill_to(1000).unwrap();
            assert_eq!(window.offset(), seen.len() as u64);
            let n = window.unread().len().min(777);
            seen.extend_from_slice(&window.unread()[..n]);
            window.consume(n);
            assert!(window.bytes.len() <= 8 * CHUNK_BYTES);
            if is_at_end && window.unread().is_empty() {
                break;
            }
        }
        assert!(seen == input);
    }

    #[test]
    fn an_empty_input_ends_at_once() {
        let mut window = Window::new(io::empty());
        assert!(!window.fill().unwrap());
        window.consume(5);
        assert_eq!((window.unread(), window.offset()), (&b""[..], 0));
    }
}
