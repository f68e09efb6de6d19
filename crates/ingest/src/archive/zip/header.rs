//! The header before each member, and what it and the directory say of it.

use std::io::{self, BufRead};

use populi_model::Reason;

use super::super::Damage;
use super::super::layer::Counted;
use super::truncated;

pub(super) const LOCAL: u32 = u32::from_le_bytes(*b"PK\x03\x04");
pub(super) const CENTRAL: u32 = u32::from_le_bytes(*b"PK\x01\x02");
pub(super) const END: u32 = u32::from_le_bytes(*b"PK\x05\x06");
pub(super) const ZIP64_END: u32 = u32::from_le_bytes(*b"PK\x06\x06");
pub(super) const ZIP64_LOCATOR: u32 = u32::from_le_bytes(*b"PK\x06\x07");
pub(super) const SIGNED: u32 = u32::from_le_bytes(*b"PK\x05\x05");
pub(super) const DESCRIPTOR: u32 = u32::from_le_bytes(*b"PK\x07\x08");

/// Members that are encrypted, in one way or another.
const IS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Members whose length and checksum follow their content.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// The extra field of lengths that do not fit into 32 bits.
const ZIP64_FIELD: u16 = 1;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Methods that are formats of files, which are known by content and decoded as such.
const BZIP2: u16 = 12;
const ZSTD: u16 = 93;

/// What a header says of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub n_packed: u64,
    pub n_unpacked: u64,
}

/// The header right before a member.
pub(super) struct LocalHeader {
    pub facts: Facts,
    pub name: Vec<u8>,
    pub is_zip64: bool,
}

/// How the content of a member is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Deflate,
    /// As it is.
    Stored,
    /// As it is, which is a format that the walk unpacks; the checksum is that of what comes out.
    Other,
}

impl LocalHeader {
    /// Reads the header behind its signature.
    pub fn read<R: BufRead>(zip: &mut Counted<R>) -> io::Result<Self> {
        let fields: [u8; 26] = read(zip)?;
        let (n_name, n_extra) = (u16_at(&fields, 22), u16_at(&fields, 24));
        let name = read_bytes(zip, n_name)?;
        let extra = read_bytes(zip, n_extra)?;
        let mut facts = Facts {
            flags: u16_at(&fields, 2),
            method: u16_at(&fields, 4),
            crc: u32_at(&fields, 10),
            n_packed: u64::from(u32_at(&fields, 14)),
            n_unpacked: u64::from(u32_at(&fields, 18)),
        };
        let large = zip64_field(&extra);
        facts.enlarge(large, None);
        Ok(Self { facts, name, is_zip64: large.is_some() })
    }
}

impl Facts {
    /// Puts in the numbers that did not fit: each is there only where it is needed, in this order.
    pub fn enlarge(&mut self, mut large: Option<&[u8]>, offset: Option<&mut u64>) {
        let numbers = [Some(&mut self.n_unpacked), Some(&mut self.n_packed), offset];
        for number in numbers.into_iter().flatten().filter(|number| **number == u64::from(u32::MAX)) {
            if let Some((first, rest)) = large.and_then(|large| large.split_first_chunk()) {
                *number = u64::from_le_bytes(*first);
                large = Some(rest);
            }
        }
    }

    pub fn has_descriptor(&self) -> bool {
        self.flags & HAS_DESCRIPTOR != 0
    }

    /// How the member is read, or why it is not.
    pub fn readable(&self) -> Result<Method, Damage> {
        if self.flags & IS_ENCRYPTED != 0 {
            return Err(refused("an encrypted member of a zip archive: decrypt it first"));
        }
        match self.method {
            STORED => Ok(Method::Stored),
            DEFLATED => Ok(Method::Deflate),
            BZIP2 | ZSTD => Ok(Method::Other),
            method => Err(refused(&format!(
                "a member of a zip archive that is packed by method {method}, which is not read: unpack it with `unzip`"
            ))),
        }
    }
}

pub(super) fn refused(what: &str) -> Damage {
    Damage::new(Reason::UnsupportedContent, format!("the content is {what}"))
}

/// The content of the extra field for large numbers.
pub(super) fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let (field, rest) = rest.split_at_checked(usize::from(u16_at(head, 2)))?;
        if u16_at(head, 0) == ZIP64_FIELD {
            return Some(field);
        }
        extra = rest;
    }
    None
}

/// Reads as many bytes as are asked for, which must be there.
pub(super) fn read<const N: usize, R: BufRead>(zip: &mut Counted<R>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    if zip.fill(&mut bytes)? < N {
        return Err(truncated(zip.n_bytes).into_error());
    }
    Ok(bytes)
}

/// The same for a number of bytes that the archive tells.
pub(super) fn read_bytes<R: BufRead>(zip: &mut Counted<R>, n_bytes: u16) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(n_bytes)];
    if zip.fill(&mut bytes)? < bytes.len() {
        return Err(truncated(zip.n_bytes).into_error());
    }
    Ok(bytes)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
