//! The content of one member.

use std::io::{self, BufRead, Read};

use flate2::Crc;

use super::super::codec::{Codec, Member};
use super::super::gzip::Deflate;
use super::super::layer::Counted;
use super::super::{CHUNK_BYTES, Damage};
use super::header::{Facts, Method};
use super::{corrupt, truncated};

/// Reads a member from the first byte of its content on.
pub(super) struct Content<'z, R> {
    packed: Counted<Packed<'z, R>>,
    method: Method,
    /// Of a deflated member, until its end.
    deflate: Option<Member<Deflate>>,
    /// What is known before the content is read.
    expected: Option<Facts>,
    crc: Crc,
    n_given: u64,
    state: State,
}

enum State {
    Open,
    /// Damage that is yet to be told.
    Failed(Damage),
    /// Damage that was told, here or by what the archive lies in.
    Told,
    Whole,
}

/// What was read of a member whose length was not known before.
pub(super) struct Measured {
    pub crc: u32,
    pub n_packed: u64,
    pub n_unpacked: u64,
}

impl<'z, R: BufRead> Content<'z, R> {
    /// The content at the place that the archive was read to; without facts, of a length that only the content tells.
    pub fn new(zip: &'z mut Counted<R>, method: Method, expected: Option<Facts>) -> io::Result<Self> {
        let start = zip.n_bytes;
        let left = expected.map_or(u64::MAX, |facts| facts.n_packed);
        let mut packed = Counted::new(Packed { zip, left });
        packed.n_bytes = start;
        let deflate = match method {
            Method::Deflate => Some(Member::new(Deflate::next_member(None)?, start)),
            Method::Stored | Method::Other => None,
        };
        Ok(Self { packed, method, deflate, expected, crc: Crc::new(), n_given: 0, state: State::Open })
    }

    /// Reads what nobody wanted, where its end has to be found: what it was, or `None` where damage was told.
    pub fn measure(mut self, start: u64) -> io::Result<Option<Measured>> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(match self.state {
            State::Whole => Some(Measured {
                crc: self.crc.sum(),
                n_packed: self.packed.n_bytes - start,
                n_unpacked: self.n_given,
            }),
            State::Open | State::Failed(_) | State::Told => None,
        })
    }

    fn read_packed(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(deflate) = &mut self.deflate else {
            let chunk = self.packed.look()?;
            let n = chunk.len().min(buffer.len());
            buffer[..n].copy_from_slice(&chunk[..n]);
            self.packed.pass(n);
            if n == 0 {
                self.state = self.end();
            }
            return Ok(n);
        };
        let given = deflate.read(&mut self.packed, buffer)?;
        match given.end {
            None => {}
            Some(Err(damage)) => self.state = State::Failed(damage),
            Some(Ok(())) => self.deflate = None,
        }
        self.count(&buffer[..given.n_bytes]);
        if self.deflate.is_none() {
            self.state = self.end();
        }
        Ok(given.n_bytes)
    }

    fn count(&mut self, given: &[u8]) {
        self.crc.update(given);
        self.n_given += given.len() as u64;
    }

    /// Whether all was as it was told before.
    fn end(&self) -> State {
        let position = self.packed.n_bytes;
        match self.expected {
            None => State::Whole,
            Some(_) if self.method == Method::Other => State::Whole,
            Some(facts) if facts.n_unpacked != self.n_given => {
                let why = format!("a member has {} bytes, expected {}", self.n_given, facts.n_unpacked);
                State::Failed(corrupt(position, &why))
            }
            Some(facts) if facts.crc != self.crc.sum() => {
                State::Failed(corrupt(position, "the checksum of a member is wrong"))
            }
            Some(_) => State::Whole,
        }
    }
}

impl<R: BufRead> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_wanted = buffer.len().min(CHUNK_BYTES);
        let buffer = &mut buffer[..n_wanted];
        while !buffer.is_empty() {
            match std::mem::replace(&mut self.state, State::Told) {
                State::Open => {
                    self.state = State::Open;
                    let is_deflated = self.deflate.is_some();
                    let n = match self.read_packed(buffer) {
                        Ok(n) => n,
                        Err(error) => {
                            self.state = State::Told;
                            return Err(error);
                        }
                    };
                    if !is_deflated {
                        self.count(&buffer[..n]);
                    }
                    if n > 0 {
                        return Ok(n);
                    }
                }
                State::Failed(damage) => return Err(damage.into_error()),
                State::Told => return Ok(0),
                State::Whole => {
                    self.state = State::Whole;
                    return Ok(0);
                }
            }
        }
        Ok(0)
    }
}

/// The bytes of a member as they lie in the archive.
struct Packed<'z, R> {
    zip: &'z mut Counted<R>,
    left: u64,
}

impl<R: BufRead> BufRead for Packed<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        if self.zip.look()?.is_empty() {
            self.zip.has_failed = true;
            return Err(truncated(self.zip.n_bytes).into_error());
        }
        let chunk = self.zip.look()?;
        let n = usize::try_from(self.left).map_or(chunk.len(), |left| left.min(chunk.len()));
        Ok(&chunk[..n])
    }

    fn consume(&mut self, n_bytes: usize) {
        self.zip.pass(n_bytes);
        self.left = self.left.saturating_sub(n_bytes as u64);
    }
}

impl<R: BufRead> Read for Packed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let n = chunk.len().min(buffer.len());
        buffer[..n].copy_from_slice(&chunk[..n]);
        self.consume(n);
        Ok(n)
    }
}
