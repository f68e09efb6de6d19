//! tar: every member of an archive, and of archives that follow it, as they stream by.
//!
//! The `tar` crate reads single headers; how one follows another is told here, because a long name must not fill memory,
//! a newline in an extended header must not pass for the next one, and what comes after a damaged header is to be found
//! again.

use std::io::{self, BufRead, Read};

use populi_model::Reason;
use tar::{EntryType, Header};

use super::Damage;
use super::layer::{Counted, Layer};
use super::walk::{Place, Walk};
use crate::Error;

const BLOCK_BYTES: usize = 512;
/// The most that is held of a long name or of extended headers, which tools keep far shorter.
const MAX_EXTRA_BYTES: u64 = 1 << 20;
/// How a header of a sparse file or the block after it says that another block of its map follows.
const IS_EXTENDED: (usize, usize) = (482, 504);

/// Whether a stream that begins with `head` is a tar archive: by the mark of its header, or by its checksum where it is
/// as old as to have no mark.
pub(super) fn begins(head: &[u8]) -> bool {
    head.get(257..).is_some_and(|tail| tail.starts_with(b"ustar"))
        || head.first_chunk().is_some_and(|block| has_checksum(block) && block[0] != 0)
}

/// What the entries before a member say of it.
#[derive(Default)]
struct Extras {
    name: Option<Vec<u8>>,
    n_bytes: Option<u64>,
    is_sparse: bool,
}

/// Reads the members of the archive at `place`.
pub(super) fn walk(walk: &mut Walk<'_>, mut tar: Counted<Layer<'_>>, place: &Place<'_>) -> Result<(), Error> {
    match entries(walk, &mut tar, place)? {
        Ok(()) => Ok(()),
        Err(error) => walk.failed(error, place),
    }
}

/// The outer error stops the walk; the inner one is of reading the archive.
fn entries(
    walk: &mut Walk<'_>,
    tar: &mut Counted<Layer<'_>>,
    place: &Place<'_>,
) -> Result<io::Result<()>, Error> {
    let mut extras = Extras::default();
    let mut n_end_marks = 0_u64;
    // After a damaged header, until the next good one.
    let mut is_lost = false;
    loop {
        let start = tar.n_bytes;
        let mut block = [0; BLOCK_BYTES];
        let n = match tar.fill(&mut block) {
            Ok(n) => n,
            Err(error) => return Ok(Err(error)),
        };
        let is_zero = block.iter().all(|byte| *byte == 0);
        if n < BLOCK_BYTES {
            // What pads the end of an archive may have any length.
            let is_whole = n_end_marks > 0 && is_zero;
            return Ok(if is_whole || is_lost { Ok(()) } else { Err(truncated(tar)) });
        }
        if is_zero {
            n_end_marks += 1;
            continue;
        }
        if !has_checksum(&block) {
            if !is_lost {
                let why = if n_end_marks > 0 {
                    "expected another archive or the end"
                } else {
                    "the checksum of a header is wrong"
                };
                walk.lost(Damage::corrupt("tar", start, why), place, None)?;
            }
            is_lost = true;
            continue;
        }
        (n_end_marks, is_lost) = (0, false);
        let header = Header::from_byte_slice(&block);
        let outcome = match header.entry_size() {
            Ok(n_bytes) => entry(walk, tar, place, header, n_bytes, &mut extras)?,
            Err(_) => {
                let damage = Damage::corrupt("tar", start, "the size in a header is no number");
                walk.lost(damage, place, None)?;
                is_lost = true;
                Ok(())
            }
        };
        if outcome.is_err() {
            return Ok(outcome);
        }
        if tar.has_failed || walk.is_over {
            return Ok(Ok(()));
        }
    }
}

/// Reads what follows one header.
fn entry(
    walk: &mut Walk<'_>,
    tar: &mut Counted<Layer<'_>>,
    place: &Place<'_>,
    header: &Header,
    n_bytes: u64,
    extras: &mut Extras,
) -> Result<io::Result<()>, Error> {
    let kind = header.entry_type();
    match kind {
        EntryType::GNULongName => {
            return Ok(extra(tar, n_bytes).map(|mut name| {
                name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
                extras.name = Some(name);
            }));
        }
        EntryType::XHeader => return Ok(extra(tar, n_bytes).map(|headers| extras.read(&headers))),
        // What it says holds for all members, and none of it is of use here.
        EntryType::XGlobalHeader | EntryType::GNULongLink => return Ok(skip(tar, padded(n_bytes))),
        _ => {}
    }
    let extras = std::mem::take(extras);
    let name = extras.name.unwrap_or_else(|| header.path_bytes().into_owned());
    let n_bytes = extras.n_bytes.unwrap_or(n_bytes);
    if let Some(what) = what_is_passed_over(kind) {
        walk.passed_over(what);
        // Only what is no file of this system has content.
        let n_content = if what == UNKNOWN { n_bytes } else { 0 };
        return Ok(skip(tar, padded(n_content)));
    }
    if kind.is_dir() || kind == EntryType::Regular && name.ends_with(b"/") {
        return Ok(skip(tar, padded(n_bytes)));
    }
    if kind == EntryType::GNUSparse || extras.is_sparse {
        let why = "a sparse file of a tar archive, which is not read: unpack it with `tar -xf`";
        walk.lost(
            Damage::new(Reason::UnsupportedContent, format!("the content is {why}")),
            place,
            Some(&name),
        )?;
        if kind == EntryType::GNUSparse
            && let Err(error) = skip_sparse_map(tar, header)
        {
            return Ok(Err(error));
        }
        return Ok(skip(tar, padded(n_bytes)));
    }
    let mut left = n_bytes;
    if n_bytes > 0 {
        walk.member(Box::new(Member { tar, left: &mut left }), place, &name)?;
    }
    if tar.has_failed {
        return Ok(Ok(()));
    }
    Ok(skip(tar, left + (padded(n_bytes) - n_bytes)))
}

/// What entries that are neither file nor folder are, in words for more than one.
fn what_is_passed_over(kind: EntryType) -> Option<&'static str> {
    match kind {
        EntryType::Link => Some("hard links in a tar archive"),
        EntryType::Symlink => Some("symbolic links in a tar archive"),
        EntryType::Char | EntryType::Block => Some("devices in a tar archive"),
        EntryType::Fifo => Some("FIFOs in a tar archive"),
        EntryType::Regular | EntryType::Continuous | EntryType::Directory | EntryType::GNUSparse => None,
        _ => Some(UNKNOWN),
    }
}

const UNKNOWN: &str = "entries of an unknown kind in a tar archive";

impl Extras {
    /// Reads extended headers, each `<length> <key>=<value>\n`, as far as they are that.
    fn read(&mut self, mut headers: &[u8]) {
        while let Some((key, value, rest)) = next_record(headers) {
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.n_bytes = number(value),
                key if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            headers = rest;
        }
    }
}

/// The key and value of the first extended header, and what follows it.
fn next_record(headers: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = memchr::memchr(b' ', headers)?;
    let n_bytes = usize::try_from(number(&headers[..blank])?).ok()?;
    let (record, rest) = headers.split_at_checked(n_bytes)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some((&record[..equals], &record[equals + 1..], rest))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The content of an entry that speaks of the next one.
fn extra(tar: &mut Counted<Layer<'_>>, n_bytes: u64) -> io::Result<Vec<u8>> {
    if n_bytes > MAX_EXTRA_BYTES {
        let why = format!("an extended header has {n_bytes} bytes; at most {MAX_EXTRA_BYTES} are read");
        return Err(Damage::corrupt("tar", tar.n_bytes, &why).into_error());
    }
    let mut content = vec![0; n_bytes as usize];
    if tar.fill(&mut content)? < content.len() {
        return Err(truncated(tar));
    }
    skip(tar, padded(n_bytes) - n_bytes)?;
    Ok(content)
}

/// Passes over the blocks that go on with the map of a sparse file.
fn skip_sparse_map(tar: &mut Counted<Layer<'_>>, header: &Header) -> io::Result<()> {
    let mut is_extended = header.as_bytes()[IS_EXTENDED.0] != 0;
    while is_extended {
        let mut block = [0; BLOCK_BYTES];
        if tar.fill(&mut block)? < BLOCK_BYTES {
            return Err(truncated(tar));
        }
        is_extended = block[IS_EXTENDED.1] != 0;
    }
    Ok(())
}

fn skip(tar: &mut Counted<Layer<'_>>, n_bytes: u64) -> io::Result<()> {
    if tar.skip(n_bytes)? < n_bytes { Err(truncated(tar)) } else { Ok(()) }
}

fn truncated(tar: &Counted<Layer<'_>>) -> io::Error {
    Damage::truncated("tar", tar.n_bytes).into_error()
}

/// The bytes of whole blocks that hold this many.
fn padded(n_bytes: u64) -> u64 {
    n_bytes.checked_next_multiple_of(BLOCK_BYTES as u64).unwrap_or(n_bytes)
}

/// Whether a block is a header: the sum of its bytes, with blanks for the field of the sum, is what that field says.
fn has_checksum(block: &[u8; BLOCK_BYTES]) -> bool {
    let told = Header::from_byte_slice(block).cksum();
    let field = 148..156;
    let bytes = || block.iter().enumerate().map(|(i, byte)| if field.contains(&i) { b' ' } else { *byte });
    let unsigned: u32 = bytes().map(u32::from).sum();
    // As some old programs summed.
    let signed: i32 = bytes().map(|byte| i32::from(byte as i8)).sum();
    told.is_ok_and(|told| told == unsigned || i64::from(told) == i64::from(signed))
}

/// The content of one member.
struct Member<'t, 'l> {
    tar: &'t mut Counted<Layer<'l>>,
    left: &'t mut u64,
}

impl BufRead for Member<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if *self.left == 0 || self.tar.has_failed {
            return Ok(&[]);
        }
        if self.tar.look()?.is_empty() {
            self.tar.has_failed = true;
            return Err(truncated(self.tar));
        }
        let chunk = self.tar.look()?;
        let n = usize::try_from(*self.left).map_or(chunk.len(), |left| left.min(chunk.len()));
        Ok(&chunk[..n])
    }

    fn consume(&mut self, n_bytes: usize) {
        self.tar.pass(n_bytes);
        *self.left = self.left.saturating_sub(n_bytes as u64);
    }
}

impl Read for Member<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let n = chunk.len().min(buffer.len());
        buffer[..n].copy_from_slice(&chunk[..n]);
        self.consume(n);
        Ok(n)
    }
}
