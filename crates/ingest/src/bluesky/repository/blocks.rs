//! The blocks of an export, by content id: read once from beginning to end, then in any order.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use ipld_core::cid::Cid;
use populi_model::{Key, Quarantined, Reason};
use sha2::{Digest, Sha256};

use super::car::{Section, Sections, Stop};

/// Bytes of blocks that are held of an export whose file cannot be read at any place, because it is packed.
pub(super) const MAX_HELD_BYTES: u64 = 1 << 30;

/// Blocks that are not sound which are held of an export: a small packed file may have a billion of them.
const MAX_BAD_BLOCKS: usize = 1 << 16;

/// The code of SHA-256 among the multihashes: what every repository uses.
const SHA2_256: u64 = 0x12;

/// Every block of an export that can be told on.
pub(super) struct Blocks {
    sound: HashMap<Key, Place>,
    /// Blocks that are not sound, in the order of the file.
    bad: Vec<BadBlock>,
    bad_by_id: HashMap<Key, usize>,
    source: Source,
    buffer: Vec<u8>,
}

/// Where the bytes of the blocks are.
pub(super) enum Source {
    /// In a file that is not packed.
    File(File),
    /// Here.
    Held(Vec<u8>),
}

#[derive(Clone, Copy)]
struct Place {
    /// Bytes of the export before the block's section.
    offset: u64,
    /// Bytes of the source before the block.
    start: u64,
    n_bytes: u32,
}

/// A block that cannot be used.
pub(super) struct BadBlock {
    pub offset: u64,
    pub reason: Reason,
    pub detail: String,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// Whether something that needed it was put aside for it.
    pub was_told: bool,
}

/// What there is of a block.
pub(super) enum Found<'b> {
    Sound { offset: u64, bytes: &'b [u8] },
    Bad(&'b BadBlock),
    Missing,
}

/// What the first reading of an export gave.
pub(super) struct Scan {
    pub roots: Vec<Cid>,
    pub blocks: Blocks,
    /// Bytes that were read.
    pub n_bytes: u64,
    /// Where and why the reading ended before the export did.
    pub fault: Option<Fault>,
}

/// The place from which on nothing could be read.
pub(super) struct Fault {
    pub reason: Reason,
    pub detail: String,
    pub offset: u64,
}

/// Reads an export through once and checks every block: of `file`, where there is one, only the places are kept.
pub(super) fn scan(reader: impl BufRead, file: Option<File>) -> io::Result<Scan> {
    let source = file.map_or(Source::Held(Vec::new()), Source::File);
    let (sound, bad_by_id) = (HashMap::new(), HashMap::new());
    let blocks = Blocks { sound, bad: Vec::new(), bad_by_id, source, buffer: Vec::new() };
    let mut scan = Scan { roots: Vec::new(), blocks, n_bytes: 0, fault: None };
    let mut sections = Sections::new(reader);
    let stop = scan.read(&mut sections).err();
    scan.n_bytes = sections.offset();
    match stop {
        Some(Stop::System(error)) => return Err(error),
        Some(Stop::Fault { reason, detail, offset }) => scan.fault = Some(Fault { reason, detail, offset }),
        None => {}
    }
    Ok(scan)
}

impl Scan {
    fn read(&mut self, sections: &mut Sections<impl BufRead>) -> Result<(), Stop> {
        self.roots = sections.read_header()?;
        let mut buffer = Vec::new();
        while let Some(section) = sections.next(&mut buffer)? {
            self.blocks.add(&section, &buffer)?;
        }
        Ok(())
    }
}

impl Blocks {
    /// Looks a block up. A bad one is taken for told.
    pub fn get(&mut self, id: &Cid) -> io::Result<Found<'_>> {
        let key = key_of(id);
        if let Some(&Place { offset, start, n_bytes }) = self.sound.get(&key) {
            let bytes = self.source.bytes(start, n_bytes as usize, &mut self.buffer)?;
            return Ok(Found::Sound { offset, bytes });
        }
        let Some(&i) = self.bad_by_id.get(&key) else { return Ok(Found::Missing) };
        self.bad[i].was_told = true;
        Ok(Found::Bad(&self.bad[i]))
    }

    /// The bad blocks that nothing asked for.
    pub fn untold(&self) -> impl Iterator<Item = &BadBlock> {
        self.bad.iter().filter(|bad| !bad.was_told)
    }

    fn add(&mut self, section: &Section, bytes: &[u8]) -> Result<(), Stop> {
        let mut block = bytes;
        let id = match Cid::read_bytes(&mut block) {
            Ok(id) => id,
            Err(error) => {
                let detail = format!("the block has no content id: {error}");
                return self.add_bad(section, Reason::WrongContentId, detail, bytes, None);
            }
        };
        let key = key_of(&id);
        if let Some(detail) = section.excess() {
            self.add_bad(section, Reason::LineTooLong, detail, block, Some(key))?;
        } else if let Err(detail) = check(&id, block) {
            self.add_bad(section, Reason::WrongContentId, detail, block, Some(key))?;
        } else if !self.sound.contains_key(&key) {
            let n_before = (bytes.len() - block.len()) as u64;
            let start =
                self.source.keep(block, section.content_offset + n_before).ok_or_else(|| Stop::Fault {
                    reason: Reason::ContainerLimit,
                    detail: format!(
                        "of a packed export at most {MAX_HELD_BYTES} bytes are read: unpack it first"
                    ),
                    offset: section.offset,
                })?;
            // A section has at most 8 MiB.
            self.sound.insert(key, Place { offset: section.offset, start, n_bytes: block.len() as u32 });
        }
        Ok(())
    }

    fn add_bad(
        &mut self,
        section: &Section,
        reason: Reason,
        detail: String,
        block: &[u8],
        id: Option<Key>,
    ) -> Result<(), Stop> {
        if self.bad.len() == MAX_BAD_BLOCKS {
            return Err(Stop::Fault {
                reason: Reason::ContainerLimit,
                detail: format!(
                    "more than {MAX_BAD_BLOCKS} blocks are not sound: nothing behind them is read"
                ),
                offset: section.offset,
            });
        }
        if let Some(id) = id {
            self.bad_by_id.entry(id).or_insert(self.bad.len());
        }
        let head = block[..block.len().min(Quarantined::MAX_HEAD_BYTES)].to_vec();
        self.bad.push(BadBlock { offset: section.offset, reason, detail, head, was_told: false });
        Ok(())
    }
}

impl Source {
    /// Keeps a block that begins at `offset` of the file, and says where it is; `None` where there is no room.
    fn keep(&mut self, block: &[u8], offset: u64) -> Option<u64> {
        let held = match self {
            Self::File(_) => return Some(offset),
            Self::Held(held) => held,
        };
        let start = held.len() as u64;
        if start + block.len() as u64 > MAX_HELD_BYTES {
            return None;
        }
        held.extend_from_slice(block);
        Some(start)
    }

    fn bytes<'b>(&'b mut self, start: u64, n_bytes: usize, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        match self {
            Self::File(file) => {
                buffer.resize(n_bytes, 0);
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(buffer)?;
                Ok(buffer)
            }
            // The place is one that `keep` gave.
            Self::Held(held) => Ok(&held[start as usize..start as usize + n_bytes]),
        }
    }
}

fn key_of(id: &Cid) -> Key {
    Key::of_bytes(&id.to_bytes())
}

/// Whether the block has the bytes that its id says; an error says why not.
fn check(id: &Cid, block: &[u8]) -> Result<(), String> {
    if id.hash().code() != SHA2_256 {
        let code = id.hash().code();
        return Err(format!(
            "the content id {id} cannot be checked: its hash is {code:#x}, not SHA-256 (0x12)"
        ));
    }
    if Sha256::digest(block).as_slice() == id.hash().digest() {
        return Ok(());
    }
    Err(format!("the block's bytes are not those that its content id {id} says"))
}
