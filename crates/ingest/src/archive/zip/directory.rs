//! The directory at the end of an archive that is a file.

use std::io::{self, BufReader, Read, Seek};

use super::super::Damage;
use super::super::layer::Counted;
use super::super::walk::{Place, Walk};
use super::header::{
    CENTRAL, END, Facts, LOCAL, LocalHeader, ZIP64_END, ZIP64_LOCATOR, read, read_bytes, u16_at, u32_at,
    u64_at, zip64_field,
};
use super::stream::known_member;
use super::{corrupt, truncated};
use crate::Error;

/// Members of a directory that are held, 40 bytes each; a longer one is not used.
const MAX_MEMBERS: u64 = 4 << 20;
/// Bytes of the end of a directory, without the comment behind it.
const END_BYTES: usize = 22;
const ZIP64_LOCATOR_BYTES: u64 = 20;
const CENTRAL_BYTES: u64 = 46;

/// What lies at the end of an archive.
pub(super) enum Found {
    Directory(Directory),
    /// More members than are held.
    TooLarge,
    /// None, or one that cannot be true.
    Damaged(Damage),
}

/// The members of an archive, in the order in which they lie.
pub(super) struct Directory {
    entries: Vec<Entry>,
    /// Where the directory begins and the archive ends, and the length of the file.
    start: u64,
    end: u64,
    n_file_bytes: u64,
}

/// What the directory says of one member.
struct Entry {
    offset: u64,
    facts: Facts,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    File,
    Link,
    Special,
}

/// What the end of the directory says of it.
struct Ends {
    n_members: u64,
    n_bytes: u64,
    offset: u64,
    /// Where the directory ends.
    at: u64,
    is_zip64: bool,
}

type Zip<S> = Counted<BufReader<S>>;

impl Directory {
    /// Finds and reads the directory.
    pub fn find<S: Read + Seek>(zip: &mut Zip<S>) -> io::Result<Found> {
        let n_file_bytes = zip.go_to_end()?;
        let tail_start = n_file_bytes.saturating_sub((END_BYTES + usize::from(u16::MAX)) as u64);
        zip.go_to(tail_start)?;
        let mut tail = vec![0; (n_file_bytes - tail_start) as usize];
        zip.fill(&mut tail)?;
        let Some(at) = memchr::memmem::rfind(&tail, &END.to_le_bytes()) else {
            return Ok(Found::Damaged(truncated(n_file_bytes)));
        };
        let position = tail_start + at as u64;
        let fields = &tail[at..];
        if fields.len() < END_BYTES {
            return Ok(Found::Damaged(truncated(n_file_bytes)));
        }
        let end = position + (END_BYTES + usize::from(u16_at(fields, 20))) as u64;
        if end > n_file_bytes {
            return Ok(Found::Damaged(truncated(n_file_bytes)));
        }
        let mut ends = Ends {
            n_members: u64::from(u16_at(fields, 10)),
            n_bytes: u64::from(u32_at(fields, 12)),
            offset: u64::from(u32_at(fields, 16)),
            at: position,
            is_zip64: false,
        };
        ends.enlarge(zip)?;
        // The archive begins with the file, so what an archive inside it says of itself is seen to be that.
        if ends.offset.checked_add(ends.n_bytes) != Some(ends.at) {
            return Ok(Found::Damaged(corrupt(position, "its end does not say where the directory is")));
        }
        if ends.n_bytes / CENTRAL_BYTES > MAX_MEMBERS {
            return Ok(Found::TooLarge);
        }
        let damaged =
            |position| Found::Damaged(corrupt(position, "expected the next member of its directory"));
        let Some(mut entries) = ends.entries(zip)? else {
            return Ok(damaged(zip.n_bytes));
        };
        if entries.iter().any(|entry| entry.offset >= ends.offset) {
            return Ok(damaged(ends.offset));
        }
        entries.sort_by_key(|entry| entry.offset);
        Ok(Found::Directory(Self { entries, start: ends.offset, end, n_file_bytes }))
    }

    /// Reads the members.
    pub fn walk<S: Read + Seek>(
        &self,
        walk: &mut Walk<'_>,
        zip: &mut Zip<S>,
        place: &Place<'_>,
    ) -> Result<(), Error> {
        let mut free_from = 0;
        let mut overlaps: Option<(u64, u64)> = None;
        for entry in &self.entries {
            if walk.is_over {
                return Ok(());
            }
            if entry.offset < free_from {
                let (first, n) = overlaps.unwrap_or((entry.offset, 0));
                overlaps = Some((first, n + 1));
                continue;
            }
            match self.member(walk, zip, place, entry)? {
                Ok(end) => free_from = end,
                Err(error) => walk.failed(error, place)?,
            }
        }
        if let Some((first, n)) = overlaps {
            let why = format!("{n} members lie inside others, from here on, and are not read");
            walk.lost(corrupt(first, &why), place, None)?;
        }
        match self.trailing(zip) {
            Ok(None) => Ok(()),
            Ok(Some(position)) => {
                walk.lost(corrupt(position, "expected nothing after its directory"), place, None)
            }
            Err(error) => walk.failed(error, place),
        }
    }

    /// Reads a member: where it ends.
    fn member<S: Read + Seek>(
        &self,
        walk: &mut Walk<'_>,
        zip: &mut Zip<S>,
        place: &Place<'_>,
        entry: &Entry,
    ) -> Result<io::Result<u64>, Error> {
        let header = match entry.header(zip) {
            Ok(header) => header,
            Err(error) => return Ok(Err(error)),
        };
        let (facts, start) = (entry.facts, zip.n_bytes);
        let Some(header) = header.filter(|header| header.facts.method == facts.method) else {
            let damage = corrupt(entry.offset, "expected the member that its directory has here");
            walk.lost(damage, place, None)?;
            return Ok(Ok(entry.offset));
        };
        let end = match start.checked_add(facts.n_packed) {
            Some(end) if end <= self.start => end,
            _ => {
                let damage = corrupt(entry.offset, "a member reaches into the directory");
                walk.lost(damage, place, Some(&header.name))?;
                return Ok(Ok(entry.offset));
            }
        };
        if header.name.ends_with(b"/") || facts.n_packed == 0 {
            return Ok(Ok(end));
        }
        match (entry.kind, facts.readable()) {
            (Kind::Link, _) => walk.passed_over("symbolic links in a zip archive"),
            (Kind::Special, _) => walk.passed_over("devices and FIFOs in a zip archive"),
            (Kind::File, Err(damage)) => walk.lost(damage, place, Some(&header.name))?,
            (Kind::File, Ok(method)) => {
                let outcome = known_member(walk, zip, place, &header.name, method, facts)?;
                // A file that is cut while it is read fails once, not for every member behind the cut.
                zip.has_failed = false;
                if let Err(error) = outcome {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(end))
    }

    /// Where something stands behind the archive that is no padding.
    fn trailing<S: Read + Seek>(&self, zip: &mut Zip<S>) -> io::Result<Option<u64>> {
        if self.end == self.n_file_bytes {
            return Ok(None);
        }
        zip.go_to(self.end)?;
        zip.position_behind_zeros()
    }
}

impl Entry {
    /// The header of the member, if there is one where the directory says.
    fn header<S: Read + Seek>(&self, zip: &mut Zip<S>) -> io::Result<Option<LocalHeader>> {
        zip.go_to(self.offset)?;
        if u32::from_le_bytes(read(zip)?) != LOCAL {
            return Ok(None);
        }
        LocalHeader::read(zip).map(Some)
    }
}

impl Ends {
    /// Puts in the numbers of a large archive, which stand in a record of their own.
    fn enlarge<S: Read + Seek>(&mut self, zip: &mut Zip<S>) -> io::Result<()> {
        let Some(locator) = self.at.checked_sub(ZIP64_LOCATOR_BYTES) else {
            return Ok(());
        };
        zip.go_to(locator)?;
        let fields: [u8; ZIP64_LOCATOR_BYTES as usize] = read(zip)?;
        let at = u64_at(&fields, 8);
        if u32_at(&fields, 0) != ZIP64_LOCATOR || at >= locator {
            return Ok(());
        }
        zip.go_to(at)?;
        let fields: [u8; 56] = read(zip)?;
        if u32_at(&fields, 0) == ZIP64_END {
            *self = Self {
                n_members: u64_at(&fields, 32),
                n_bytes: u64_at(&fields, 40),
                offset: u64_at(&fields, 48),
                at,
                is_zip64: true,
            };
        }
        Ok(())
    }

    /// The members; `None` where the directory is not what its end says.
    fn entries<S: Read + Seek>(&self, zip: &mut Zip<S>) -> io::Result<Option<Vec<Entry>>> {
        // No more than there is room for, whatever is told.
        let mut entries = Vec::with_capacity((self.n_bytes / CENTRAL_BYTES).min(self.n_members) as usize);
        zip.go_to(self.offset)?;
        while zip.n_bytes < self.at {
            let fields: [u8; CENTRAL_BYTES as usize] = read(zip)?;
            if u32_at(&fields, 0) != CENTRAL {
                return Ok(None);
            }
            let lengths = [u16_at(&fields, 28), u16_at(&fields, 30), u16_at(&fields, 32)];
            zip.skip(u64::from(lengths[0]))?;
            let extra = read_bytes(zip, lengths[1])?;
            zip.skip(u64::from(lengths[2]))?;
            let mut offset = u64::from(u32_at(&fields, 42));
            let mut facts = Facts {
                flags: u16_at(&fields, 8),
                method: u16_at(&fields, 10),
                crc: u32_at(&fields, 16),
                n_packed: u64::from(u32_at(&fields, 20)),
                n_unpacked: u64::from(u32_at(&fields, 24)),
            };
            facts.enlarge(zip64_field(&extra), Some(&mut offset));
            entries.push(Entry { offset, facts, kind: kind_of(u16_at(&fields, 4), u32_at(&fields, 38)) });
        }
        let n_members = entries.len() as u64;
        let is_as_told =
            n_members == self.n_members || !self.is_zip64 && n_members % (1 << 16) == self.n_members;
        Ok((zip.n_bytes == self.at && is_as_told).then_some(entries))
    }
}

/// What a member is, where Unix made the archive.
fn kind_of(made_by: u16, attributes: u32) -> Kind {
    const UNIX: u16 = 3;
    if made_by >> 8 != UNIX {
        return Kind::File;
    }
    match attributes >> 16 & 0o170_000 {
        0o120_000 => Kind::Link,
        0 | 0o100_000 | 0o040_000 => Kind::File,
        _ => Kind::Special,
    }
}
