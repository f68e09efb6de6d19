//! The members of an archive as they stream by, through the headers before them.

use std::io::{self, BufRead};

use super::super::layer::{Counted, buffered};
use super::super::walk::{Place, Walk};
use super::header::{
    CENTRAL, DESCRIPTOR, END, Facts, LOCAL, LocalHeader, Method, SIGNED, ZIP64_END, ZIP64_LOCATOR, read,
    refused, u16_at, u64_at,
};
use super::member::{Content, Measured};
use super::{corrupt, truncated};
use crate::Error;

/// How the reading of an archive ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With a directory and its end, and nothing to complain of on the way.
    Clean,
    /// With something that was told.
    Told,
}

/// Where the next header is.
enum Next {
    /// Here.
    Here,
    /// Nobody knows; it was told.
    Lost,
}

/// What reading an archive comes to: the outer error stops the walk, the inner one is of reading.
type Outcome<T> = Result<io::Result<T>, Error>;

pub(super) fn walk<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
) -> Result<End, Error> {
    match members(walk, zip, place)? {
        Ok(end) => Ok(end),
        Err(error) => {
            walk.failed(error, place)?;
            Ok(End::Told)
        }
    }
}

fn members<R: BufRead>(walk: &mut Walk<'_>, zip: &mut Counted<R>, place: &Place<'_>) -> Outcome<End> {
    let mut end = End::Clean;
    let mut is_lost = false;
    loop {
        let start = zip.n_bytes;
        let signature =
            if is_lost { next_signature(zip) } else { read(zip).map(u32::from_le_bytes).map(Some) };
        let signature = match signature {
            Ok(Some(signature)) => signature,
            Ok(None) => return Ok(Ok(End::Told)),
            Err(error) => return Ok(Err(error)),
        };
        match signature {
            LOCAL => match member(walk, zip, place)? {
                Ok(next) => is_lost = matches!(next, Next::Lost),
                Err(error) => return Ok(Err(error)),
            },
            CENTRAL | END | ZIP64_END | SIGNED => {
                return directory(walk, zip, place, signature, end);
            }
            _ => {
                walk.lost(corrupt(start, "expected the header of a member or the directory"), place, None)?;
                is_lost = true;
            }
        }
        if is_lost {
            end = End::Told;
        }
        if zip.has_failed || walk.is_over {
            return Ok(Ok(End::Told));
        }
    }
}

/// Reads a member behind the signature of its header.
fn member<R: BufRead>(walk: &mut Walk<'_>, zip: &mut Counted<R>, place: &Place<'_>) -> Outcome<Next> {
    let header = match LocalHeader::read(zip) {
        Ok(header) => header,
        Err(error) => return Ok(Err(error)),
    };
    let (facts, start) = (header.facts, zip.n_bytes);
    let method = facts.readable();
    // Where the length is told behind the content, only deflate says itself where it ends. Some programs tell it before
    // all the same.
    let is_open = facts.has_descriptor() && facts.n_packed == 0;
    match method {
        Err(damage) => {
            walk.lost(damage, place, Some(&header.name))?;
            if is_open {
                return Ok(Ok(Next::Lost));
            }
        }
        Ok(Method::Deflate) if is_open => {
            return open_member(walk, zip, place, &header);
        }
        Ok(_) if is_open => {
            if header.name.ends_with(b"/") {
                return Ok(
                    check_descriptor(walk, zip, place, &header, &Measured::NOTHING)?.map(|()| Next::Here)
                );
            }
            let why = "a member of a zip archive whose length is not told before it: unpack it with `unzip`";
            walk.lost(refused(why), place, Some(&header.name))?;
            return Ok(Ok(Next::Lost));
        }
        Ok(method) if facts.n_packed > 0 && !header.name.ends_with(b"/") => {
            if let Err(error) = known_member(walk, zip, place, &header.name, method, facts)? {
                return Ok(Err(error));
            }
        }
        Ok(_) => {}
    }
    if zip.has_failed {
        return Ok(Ok(Next::Here));
    }
    let n_left = start.saturating_add(facts.n_packed).saturating_sub(zip.n_bytes);
    match zip.skip(n_left) {
        Ok(n) if n < n_left => Ok(Err(truncated(zip.n_bytes).into_error())),
        Ok(_) if facts.has_descriptor() => Ok(skip_descriptor(zip, &header).map(|()| Next::Here)),
        Ok(_) => Ok(Ok(Next::Here)),
        Err(error) => Ok(Err(error)),
    }
}

/// Reads a member of which all is known.
pub(super) fn known_member<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
    name: &[u8],
    method: Method,
    facts: Facts,
) -> Outcome<()> {
    let content = match Content::new(zip, method, Some(facts)) {
        Ok(content) => content,
        Err(error) => return Ok(Err(error)),
    };
    walk.member(buffered(content), place, name)?;
    Ok(Ok(()))
}

/// Reads a deflated member whose length follows it.
fn open_member<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
    header: &LocalHeader,
) -> Outcome<Next> {
    let start = zip.n_bytes;
    let mut content = match Content::new(zip, Method::Deflate, None) {
        Ok(content) => content,
        Err(error) => return Ok(Err(error)),
    };
    walk.member(buffered(&mut content), place, &header.name)?;
    match content.measure(start) {
        Err(error) => {
            walk.failed(error, place)?;
            Ok(Ok(Next::Lost))
        }
        Ok(None) => Ok(Ok(Next::Lost)),
        Ok(Some(measured)) => Ok(check_descriptor(walk, zip, place, header, &measured)?.map(|()| Next::Here)),
    }
}

/// Compares what stands behind a member with what it was.
fn check_descriptor<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
    header: &LocalHeader,
    measured: &Measured,
) -> Outcome<()> {
    let start = zip.n_bytes;
    let told = match descriptor(zip, header.is_zip64) {
        Ok(told) => told,
        Err(error) => return Ok(Err(error)),
    };
    if (told.crc, told.n_packed, told.n_unpacked) != (measured.crc, measured.n_packed, measured.n_unpacked) {
        let damage = corrupt(start, "what stands behind a member is not its checksum and lengths");
        walk.lost(damage, place, Some(&header.name))?;
    }
    Ok(Ok(()))
}

fn skip_descriptor<R: BufRead>(zip: &mut Counted<R>, header: &LocalHeader) -> io::Result<()> {
    descriptor(zip, header.is_zip64).map(|_| ())
}

impl Measured {
    const NOTHING: Self = Self { crc: 0, n_packed: 0, n_unpacked: 0 };
}

/// What stands behind a member: its checksum and lengths, with a signature or without.
fn descriptor<R: BufRead>(zip: &mut Counted<R>, is_zip64: bool) -> io::Result<Measured> {
    let first = u32::from_le_bytes(read(zip)?);
    let crc = if first == DESCRIPTOR { u32::from_le_bytes(read(zip)?) } else { first };
    let lengths = if is_zip64 {
        let lengths: [u8; 16] = read(zip)?;
        (u64_at(&lengths, 0), u64_at(&lengths, 8))
    } else {
        let lengths: [u8; 8] = read(zip)?;
        let lengths = u64_at(&lengths, 0);
        (lengths & u64::from(u32::MAX), lengths >> 32)
    };
    Ok(Measured { crc, n_packed: lengths.0, n_unpacked: lengths.1 })
}

/// The next signature of a member or of the directory, wherever it is; `None` at the end.
fn next_signature<R: BufRead>(zip: &mut Counted<R>) -> io::Result<Option<u32>> {
    let mut last = 0_u32;
    loop {
        let chunk = zip.look()?;
        if chunk.is_empty() {
            return Ok(None);
        }
        let n_chunk = chunk.len();
        let found = chunk.iter().position(|byte| {
            last = last >> 8 | u32::from(*byte) << 24;
            matches!(last, LOCAL | CENTRAL | END)
        });
        zip.pass(found.map_or(n_chunk, |at| at + 1));
        if found.is_some() {
            return Ok(Some(last));
        }
    }
}

/// Reads the directory, of which the first signature was read, for what is wrong with it.
fn directory<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
    mut signature: u32,
    before: End,
) -> Outcome<End> {
    let mut n_members = 0_u64;
    loop {
        let start = zip.n_bytes;
        let is_known = match directory_record(zip, signature) {
            Ok(is_known) => is_known,
            Err(error) => return Ok(Err(error)),
        };
        n_members += u64::from(signature == CENTRAL);
        if !is_known {
            walk.lost(
                corrupt(start.saturating_sub(4), "expected the next member of its directory"),
                place,
                None,
            )?;
            return Ok(Ok(End::Told));
        }
        if signature == END {
            return directory_end(walk, zip, place, n_members, before);
        }
        signature = match read(zip) {
            Ok(bytes) => u32::from_le_bytes(bytes),
            Err(error) => return Ok(Err(error)),
        };
    }
}

/// Passes over a record of the directory, but for its end; tells whether it is any.
fn directory_record<R: BufRead>(zip: &mut Counted<R>, signature: u32) -> io::Result<bool> {
    let n_left = match signature {
        CENTRAL => {
            let fields: [u8; 42] = read(zip)?;
            [24, 26, 28].into_iter().map(|at| u64::from(u16_at(&fields, at))).sum()
        }
        SIGNED => u64::from(u16::from_le_bytes(read(zip)?)),
        ZIP64_END => u64::from_le_bytes(read(zip)?),
        ZIP64_LOCATOR => 16,
        END => 0,
        _ => return Ok(false),
    };
    if zip.skip(n_left)? < n_left { Err(truncated(zip.n_bytes).into_error()) } else { Ok(true) }
}

/// Reads the end of the directory. What is wrong before it explains a wrong number of members.
fn directory_end<R: BufRead>(
    walk: &mut Walk<'_>,
    zip: &mut Counted<R>,
    place: &Place<'_>,
    n_members: u64,
    before: End,
) -> Outcome<End> {
    let start = zip.n_bytes;
    let n_told = match number_at_end(zip) {
        Ok(n_told) => n_told,
        Err(error) => return Ok(Err(error)),
    };
    let is_wrong = n_told != u16::MAX && u64::from(n_told) != n_members % (1 << 16);
    let damage = match zip.position_behind_zeros() {
        Err(error) => return Ok(Err(error)),
        _ if is_wrong && before == End::Clean => {
            corrupt(start, "its directory has another number of members than its end says")
        }
        Ok(None) => return Ok(Ok(before)),
        Ok(Some(position)) => corrupt(position, "expected nothing after its directory"),
    };
    walk.lost(damage, place, None)?;
    Ok(Ok(End::Told))
}

/// Passes over the end of the directory: how many members it says there are.
fn number_at_end<R: BufRead>(zip: &mut Counted<R>) -> io::Result<u16> {
    let fields: [u8; 18] = read(zip)?;
    let n_comment = u64::from(u16_at(&fields, 16));
    if zip.skip(n_comment)? < n_comment {
        return Err(truncated(zip.n_bytes).into_error());
    }
    Ok(u16_at(&fields, 6))
}
