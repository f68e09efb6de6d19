//! From a file to its contents, through every layer of packing.

use std::io::{self, BufReader, Read, Seek};

use populi_model::Reason;

use super::format::Format;
use super::layer::{Counted, Layer, Peeked, Uninterrupted, buffered, peek};
use super::member::{Content, Resume, Sealed};
use super::{ByteLimit, CHUNK_BYTES, Damage, MAX_DEPTH, failing, tar, unpacked, zip};
use crate::Error;

/// Bits of an offset that tell where in a piece it is; those above number the pieces.
const PIECE_BITS: u32 = 40;
const PIECE_BYTES: u64 = 1 << PIECE_BITS;
/// Pieces of a file.
const MAX_PIECES: u64 = 1 << (64 - PIECE_BITS);
/// How much of a member's own name is kept.
const MAX_NAME_BYTES: usize = 4096;

/// Takes what a walk finds.
pub trait Visit {
    /// Reads content to its end, or to the error that ends it. An error that carries [`Damage`] belongs to the content:
    /// nobody else tells of it.
    ///
    /// # Errors
    /// What stops the walk.
    fn content(&mut self, content: &mut Content<'_>) -> Result<(), Error>;

    /// Whether a member of an archive, compressed or not, is to be left to [`Visit::sealed`].
    fn leaves_sealed(&self, _is_compressed: bool) -> bool {
        false
    }

    /// Takes a member as it lies in its container.
    ///
    /// # Errors
    /// What stops the walk.
    fn sealed(&mut self, _member: Sealed<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Something in a container that is not read: what it is, in words for more than one of them.
    fn passed_over(&mut self, _what: &'static str) {}
}

/// Finds all content of a file, which messages call `name`, and hands it to `visit` in the order in which it lies there.
///
/// # Errors
/// Those of `visit`, and when the system fails to read. Damage is content that ends with it.
pub fn walk<S: Read + Seek>(
    mut source: S,
    name: &str,
    limit: &ByteLimit,
    visit: &mut dyn Visit,
) -> Result<(), Error> {
    let read_error = |error| Error::of_read(name, 0, error);
    let mut walk = Walk { visit, limit, offsets: Offsets::Pieces { next: 0 }, is_over: false };
    let mut head = Vec::new();
    Uninterrupted(&mut source).take(Format::HEAD_BYTES as u64).read_to_end(&mut head).map_err(read_error)?;
    source.rewind().map_err(read_error)?;
    let place = Place { name, depth: 0, is_member: false };
    if Format::of(&head) == Format::Zip {
        let file = BufReader::with_capacity(CHUNK_BYTES, Uninterrupted(source));
        return zip::walk_file(&mut walk, Counted::new(file), &place.inside());
    }
    walk.layer(peek(buffered(Uninterrupted(source))), &place)
}

/// Goes on with a member that was left sealed, from its bytes.
///
/// # Errors
/// As [`walk`].
pub fn walk_sealed(
    reader: impl Read,
    name: &str,
    resume: Resume,
    limit: &ByteLimit,
    visit: &mut dyn Visit,
) -> Result<(), Error> {
    let offsets = Offsets::within(resume.first_offset);
    let mut walk = Walk { visit, limit, offsets, is_over: false };
    let place = Place { name, depth: resume.depth, is_member: true };
    walk.layer(peek(buffered(reader)), &place)
}

/// A walk under way.
pub(super) struct Walk<'v> {
    visit: &'v mut dyn Visit,
    limit: &'v ByteLimit,
    offsets: Offsets,
    /// Whether there are more members than can be numbered.
    pub is_over: bool,
}

/// What the offsets of records begin with.
///
/// A *piece* is what is read as a whole: the content of a file that is no archive, or a member of an archive that is no
/// archive itself, in the order of the file. Piece `n` has the offsets from `n` · 2^40 on; contents in one piece (an
/// archive inside a compressed member) follow one another, each a byte after the end of the one before.
enum Offsets {
    /// Between pieces: the number of the next one.
    Pieces { next: u64 },
    /// In a piece: what the next content begins with, and where the piece's offsets end.
    Within { next: u64, end: u64 },
}

impl Offsets {
    fn within(first_offset: u64) -> Self {
        Self::Within { next: first_offset, end: (first_offset | (PIECE_BYTES - 1)) }
    }
}

/// Where in its containers a stream is.
#[derive(Clone, Copy)]
pub(super) struct Place<'n> {
    pub name: &'n str,
    depth: usize,
    is_member: bool,
}

impl Place<'_> {
    /// The same, a layer of packing further in.
    fn inside(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl Walk<'_> {
    /// Reads a stream, whatever it is.
    fn layer(&mut self, peeked: Peeked<'_>, place: &Place<'_>) -> Result<(), Error> {
        let damage = match peeked.format {
            Format::Plain => return self.content(Box::new(peeked.whole), place),
            Format::Refused(what) => Damage::refused(what),
            _ if place.depth == MAX_DEPTH => Damage::too_deep(),
            Format::Tar => return tar::walk(self, Counted::new(Box::new(peeked.whole)), &place.inside()),
            Format::Zip => {
                return zip::walk_stream(self, Counted::new(Box::new(peeked.whole)), &place.inside());
            }
            format => return self.layer(peek(unpacked(format, peeked.whole)), &place.inside()),
        };
        self.damage(damage, place)
    }

    /// Reads a member of the archive at `archive`.
    pub fn member(&mut self, layer: Layer<'_>, archive: &Place<'_>, name: &[u8]) -> Result<(), Error> {
        if is_hidden(name) {
            self.passed_over("hidden members of an archive");
            return Ok(());
        }
        let peeked = peek(layer);
        if peeked.is_empty {
            return Ok(());
        }
        let name = member_name(archive.name, name);
        let place = Place { name: &name, depth: archive.depth, is_member: true };
        let is_archive = matches!(peeked.format, Format::Tar | Format::Zip);
        let is_compressed = matches!(peeked.format, Format::Gzip | Format::Zstd | Format::Bzip2);
        match self.offsets {
            Offsets::Pieces { next } if !is_archive => {
                if !self.has_room(archive)? {
                    return Ok(());
                }
                let first_offset = next << PIECE_BITS;
                if !matches!(peeked.format, Format::Refused(_)) && self.visit.leaves_sealed(is_compressed) {
                    let resume = Resume { first_offset, depth: place.depth };
                    let mut whole = peeked.whole;
                    self.visit.sealed(Sealed { name: &name, resume, reader: &mut whole })?;
                } else {
                    self.offsets = Offsets::within(first_offset);
                    self.layer(peeked, &place)?;
                }
                self.offsets = Offsets::Pieces { next: next + 1 };
                Ok(())
            }
            _ => self.layer(peeked, &place),
        }
    }

    /// Tells of damage of, or something that is not read in, the archive at `archive`: of a member, where it has a name.
    pub fn lost(&mut self, damage: Damage, archive: &Place<'_>, member: Option<&[u8]>) -> Result<(), Error> {
        match member {
            _ if !self.has_room(archive)? => Ok(()),
            None => self.damage(damage, archive),
            Some(name) => {
                let name = member_name(archive.name, name);
                self.damage(damage, &Place { name: &name, is_member: true, ..*archive })
            }
        }
    }

    /// Tells of something that is passed over.
    pub fn passed_over(&mut self, what: &'static str) {
        self.visit.passed_over(what);
    }

    /// An error of reading the archive: damage of what it lies in is told of, and anything else stops the walk.
    pub fn failed(&mut self, error: io::Error, archive: &Place<'_>) -> Result<(), Error> {
        match Damage::of(&error) {
            Some(damage) => self.damage(damage.clone(), archive),
            None => Err(Error::of_read(archive.name, 0, error)),
        }
    }

    fn damage(&mut self, damage: Damage, place: &Place<'_>) -> Result<(), Error> {
        self.content(failing(damage), place)
    }

    fn content(&mut self, mut reader: Layer<'_>, place: &Place<'_>) -> Result<(), Error> {
        let (first_offset, end, next_piece) = match self.offsets {
            Offsets::Within { next, end } => (next, end, None),
            Offsets::Pieces { next } => {
                let first_offset = next.min(MAX_PIECES - 1) << PIECE_BITS;
                (first_offset, first_offset | (PIECE_BYTES - 1), Some(next + 1))
            }
        };
        let mut content = Content {
            name: place.name,
            first_offset,
            is_member: place.is_member,
            reader: &mut reader,
            limit: self.limit,
            depth: place.depth,
            // The content of a file that is no archive has no other piece behind it.
            max_bytes: if place.is_member { end - first_offset } else { u64::MAX },
            n_given: 0,
            failure: None,
        };
        self.visit.content(&mut content)?;
        let n_given = content.n_given;
        self.offsets = match next_piece {
            Some(next) => Offsets::Pieces { next },
            None => Offsets::Within { next: (first_offset + n_given + 1).min(end), end },
        };
        Ok(())
    }

    /// Whether there is a number left for a piece. The last one is that of the limit itself, with which the walk is over.
    fn has_room(&mut self, archive: &Place<'_>) -> Result<bool, Error> {
        if matches!(self.offsets, Offsets::Pieces { next } if next + 1 >= MAX_PIECES) && !self.is_over {
            self.is_over = true;
            let message = format!("the archive has more than {} members", MAX_PIECES - 1);
            self.damage(Damage::new(Reason::ContainerLimit, message), archive)?;
        }
        Ok(!self.is_over)
    }
}

/// Whether a part of the name begins with a dot, as that of a hidden file in a folder.
fn is_hidden(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| *byte == b'/');
    parts.any(|part| part.starts_with(b".") && part != b"." && part != b"..")
}

/// The name of a member for people: what is no text, or would move a terminal's cursor, is shown as U+FFFD.
fn member_name(archive: &str, name: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&name[..name.len().min(MAX_NAME_BYTES)]);
    let shown = shown.replace(char::is_control, "\u{fffd}");
    let cut = if name.len() > MAX_NAME_BYTES { "…" } else { "" };
    format!("{archive}!{shown}{cut}")
}
