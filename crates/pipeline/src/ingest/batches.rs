//! Inputs cut into pieces of work of about equal size.
//!
//! A *unit* is what is committed together: a large file, or many small files. A *batch* is what one thread
//! turns into runs: some blocks of a large file, some members of an archive, or all of a unit of small files.
//! Both depend on the inputs only, so runs are the same at any number of threads.
//!
//! One thread reads archives and decodes what unpacks faster than records are read; compressed members, files
//! in bzip2 and tables are unpacked, and exports of repositories read, by those that take the batches.

use std::fs::File;
use std::io::{BufRead, Cursor, ErrorKind, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use populi_ingest::archive::{
    ByteLimit, Content, Damage, Packing, Resume, Sealed, Visit, holds_archive, walk,
};
use populi_ingest::bluesky::repository::{HEAD_BYTES as EXPORT_HEAD_BYTES, is_export};
use populi_ingest::lines::{Block, Blocks};
use populi_ingest::twitter;

use super::opened::Opened;
use super::passed_over::PassedOver;
use super::pipe::{Outlet, Pipes, pipe};
use super::{Prepared, ReadResult, Source, blueprint};
use crate::error::io;
use crate::progress::Progress;
use crate::{Error, Result};

/// Bytes of lines in a batch, about; a run of it is held in memory while it is sorted.
pub(super) const BATCH_BYTES: usize = 16 << 20;
/// How many times its size a packed member counts, and what every piece counts beside that.
const PACKED_WEIGHT: usize = 4;
const PIECE_WEIGHT: usize = 4 << 10;
/// The longest packed member that is held whole; a longer one streams.
const HELD_BYTES: usize = 1 << 20;
/// Bytes of a member that are handed over at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Up to this size a compressed file is decoded by whoever reads its records: there are other files for the
/// others.
const WHOLE_BYTES: u64 = 16 << 20;

/// Pieces that become runs.
pub(super) struct Batch {
    /// The unit that it belongs to.
    pub(super) unit: usize,
    /// Its place in the unit.
    pub(super) number: usize,
    /// The pieces, in order.
    pub(super) pieces: Vec<Piece>,
    /// Files that end in this batch.
    pub(super) ended: Vec<usize>,
    /// Whether it is the last of its unit.
    pub(super) is_last: bool,
    /// What was passed over while it was cut.
    pub(super) passed_over: PassedOver,
}

/// A piece of work.
pub(super) struct Piece {
    /// The number of its file.
    pub(super) file: usize,
    /// The name of what it is of.
    pub(super) name: Arc<str>,
    pub(super) work: Work,
}

pub(super) enum Work {
    /// Lines to read.
    Lines(Block),
    /// A member to decode and read.
    Member(Resume, Bytes),
    /// Content without its packing that is read as a whole, and what the offsets of its records begin with: an export of
    /// a repository, a JSON document.
    Document(u64, Bytes),
    /// A file to open, decode and read.
    File,
}

impl Piece {
    /// Bytes of lines, where these are what is read.
    pub(super) fn n_line_bytes(&self) -> usize {
        if let Work::Lines(block) = &self.work { block.bytes.len() } else { 0 }
    }
}

/// The bytes of a member or an export.
pub(super) enum Bytes {
    Held { bytes: Cursor<Vec<u8>>, damage: Option<Damage> },
    Flowing(Outlet),
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Flowing(outlet) => outlet.read(buffer),
            Self::Held { bytes, damage } => match (bytes.read(buffer)?, damage.take()) {
                (0, Some(damage)) => Err(damage.into_error()),
                (n, rest) => {
                    *damage = rest;
                    Ok(n)
                }
            },
        }
    }
}

/// Reads the inputs and hands over batches, in order, until `send` says that nobody takes them any more.
pub(super) fn cut(
    inputs: &[Prepared],
    source: &Source,
    limit: &ByteLimit,
    progress: &dyn Progress,
    send: impl FnMut(Batch) -> bool,
) -> Result<()> {
    let leaves_all_sealed = matches!(source, Source::Table(_));
    let mut cutter = Cutter {
        source,
        leaves_all_sealed,
        progress,
        pipes: Arc::default(),
        file: 0,
        batch: Batch::new(0),
        weight: 0,
        send,
        is_closed: false,
    };
    for (file, prepared) in inputs.iter().enumerate() {
        cutter.file = file;
        let outcome = if is_left_whole(prepared, source, inputs.len())? {
            cutter.leave_file(prepared);
            Ok(())
        } else {
            walk(Opened::new(prepared.path(), progress)?, &prepared.input.name, limit, &mut cutter)
        };
        if cutter.is_closed {
            return Ok(());
        }
        outcome.map_err(Error::from)?;
        cutter.end_file(file + 1 == inputs.len());
        if cutter.is_closed {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a file is opened and read by whoever takes the batch.
fn is_left_whole(prepared: &Prepared, source: &Source, n_inputs: usize) -> Result<bool> {
    let is_table = matches!(source, Source::Table(_));
    let path = prepared.path();
    let open = |path: &Path| File::open(path).map_err(io("open", path));
    let mut head = Vec::new();
    open(path)?.take(512).read_to_end(&mut head).map_err(io("read", path))?;
    let is_small = prepared.shard.input().n_bytes <= WHOLE_BYTES;
    Ok(match Packing::of(&head) {
        Packing::Archive => false,
        Packing::Plain => is_table || is_document(source, &head),
        Packing::SlowlyCompressed if !is_table => true,
        Packing::Compressed if !is_table => is_small && n_inputs > 1,
        // Of a large one the members are told apart here, so that many threads read them.
        Packing::Compressed | Packing::SlowlyCompressed => is_small || !holds_archive(open(path)?),
    })
}

/// Whether content that begins so is read as a whole rather than by lines.
fn is_document(source: &Source, head: &[u8]) -> bool {
    match source {
        Source::Bluesky => is_export(head),
        Source::Twitter { .. } => twitter::is_document(head),
        Source::Blueprint | Source::Table(_) => false,
    }
}

/// Opens a file that is an export of a repository as it is.
pub(super) fn open_export(path: &Path) -> Result<Option<File>> {
    let (mut file, mut head) = (File::open(path).map_err(io("open", path))?, Vec::new());
    (&mut file).take(EXPORT_HEAD_BYTES as u64).read_to_end(&mut head).map_err(io("read", path))?;
    file.rewind().map_err(io("read", path))?;
    Ok(is_export(&head).then_some(file))
}

struct Cutter<'a, F> {
    source: &'a Source,
    leaves_all_sealed: bool,
    progress: &'a dyn Progress,
    pipes: Arc<Pipes>,
    /// The number of the file that is read.
    file: usize,
    batch: Batch,
    /// What the pieces of the batch cost to read, in bytes of lines.
    weight: usize,
    send: F,
    /// Whether nobody takes batches any more.
    is_closed: bool,
}

impl<F: FnMut(Batch) -> bool> Cutter<'_, F> {
    fn push(&mut self, name: Arc<str>, work: Work, weight: usize) {
        self.batch.pieces.push(Piece { file: self.file, name, work });
        self.weight += weight;
    }

    fn send_if_full(&mut self) -> ReadResult<()> {
        if self.weight < BATCH_BYTES {
            return Ok(());
        }
        self.send_batch()
    }

    /// Hands the batch over. What a small file before this one brought along ends there too, in the same
    /// unit.
    fn send_batch(&mut self) -> ReadResult<()> {
        let next = self.batch.next_in_unit();
        self.weight = 0;
        self.is_closed = !(self.send)(std::mem::replace(&mut self.batch, next));
        if self.is_closed { Err(nobody_listens()) } else { Ok(()) }
    }

    fn leave_file(&mut self, prepared: &Prepared) {
        let n_bytes = usize::try_from(prepared.shard.input().n_bytes).unwrap_or(BATCH_BYTES);
        let weight = n_bytes.min(BATCH_BYTES) * PACKED_WEIGHT + PIECE_WEIGHT;
        self.push(prepared.input.name.as_str().into(), Work::File, weight);
    }

    fn end_file(&mut self, is_last_file: bool) {
        self.batch.ended.push(self.file);
        if is_last_file || self.batch.number > 0 || self.weight >= BATCH_BYTES / 2 {
            self.batch.is_last = true;
            let next = Batch::new(self.batch.unit + 1);
            self.weight = 0;
            self.is_closed = !(self.send)(std::mem::replace(&mut self.batch, next));
        }
    }

    /// Hands over the bytes of a work: whole where they are few, and otherwise in a batch of their own, as
    /// they are read.
    fn leave(
        &mut self,
        name: &str,
        reader: &mut dyn BufRead,
        work: impl FnOnce(Bytes) -> Work,
    ) -> ReadResult<()> {
        let (held, end) = read_up_to(reader, HELD_BYTES, name)?;
        if let Some(damage) = end {
            let weight = held.len() * PACKED_WEIGHT + PIECE_WEIGHT;
            let bytes = Bytes::Held { bytes: Cursor::new(held), damage: damage.err() };
            self.push(name.into(), work(bytes), weight);
            return self.send_if_full();
        }
        if !self.batch.pieces.is_empty() {
            self.send_batch()?;
        }
        let (inlet, outlet) = pipe(&self.pipes);
        self.push(name.into(), work(Bytes::Flowing(outlet)), 0);
        self.send_batch()?;
        inlet.send(held);
        loop {
            // What was handed over of it goes to waste: its unit never ends, so nothing of that is committed.
            if self.progress.is_stopped() {
                self.is_closed = true;
                return Err(nobody_listens());
            }
            let (chunk, end) = read_up_to(reader, CHUNK_BYTES, name)?;
            inlet.send(chunk);
            match end {
                None => {}
                Some(Ok(())) => return Ok(()),
                Some(Err(damage)) => {
                    inlet.fail(damage);
                    return Ok(());
                }
            }
        }
    }
}

impl<F: FnMut(Batch) -> bool> Visit for Cutter<'_, F> {
    fn content(&mut self, content: &mut Content<'_>) -> ReadResult<()> {
        let (name, first_offset): (Arc<str>, u64) = (content.name.into(), content.first_offset);
        if self.leaves_all_sealed {
            let resume = content.resume();
            return self.leave(&name, content, |bytes| Work::Member(resume, bytes));
        }
        match self.source {
            source if is_document(source, content.head()) => {
                return self.leave(&name, content, |bytes| Work::Document(first_offset, bytes));
            }
            Source::Blueprint if blueprint::passes_over(content) => {
                self.passed_over(blueprint::OTHER_MEMBERS);
                return Ok(());
            }
            _ => {}
        }
        for block in Blocks::new(content, &*name).starting_at(first_offset) {
            let block = block?;
            let weight = block.bytes.len() + PIECE_WEIGHT;
            self.push(Arc::clone(&name), Work::Lines(block), weight);
            self.send_if_full()?;
        }
        Ok(())
    }

    fn leaves_sealed(&self, is_compressed: bool) -> bool {
        self.leaves_all_sealed || is_compressed
    }

    fn sealed(&mut self, member: Sealed<'_>) -> ReadResult<()> {
        self.leave(member.name, member.reader, |bytes| Work::Member(member.resume, bytes))
    }

    fn passed_over(&mut self, what: &'static str) {
        self.batch.passed_over.add(self.file, what, 1);
    }
}

/// How bytes end: as they should, or with damage.
type End = std::result::Result<(), Damage>;

/// As many bytes as are there, at most `n_bytes` and a little more, and how they end, if they do.
fn read_up_to(reader: &mut dyn BufRead, n_bytes: usize, name: &str) -> ReadResult<(Vec<u8>, Option<End>)> {
    let mut bytes = Vec::new();
    while bytes.len() < n_bytes {
        let n = match reader.fill_buf() {
            Ok([]) => return Ok((bytes, Some(Ok(())))),
            Ok(chunk) => {
                bytes.extend_from_slice(chunk);
                chunk.len()
            }
            Err(error) => match Damage::of(&error) {
                Some(damage) => return Ok((bytes, Some(Err(damage.clone())))),
                None => return Err(populi_ingest::Error::of_read(name, 0, error)),
            },
        };
        reader.consume(n);
    }
    Ok((bytes, None))
}

/// Ends a walk whose content nobody wants; never told.
fn nobody_listens() -> populi_ingest::Error {
    populi_ingest::Error::of_read("", 0, ErrorKind::BrokenPipe.into())
}

impl Batch {
    fn new(unit: usize) -> Self {
        Self {
            unit,
            number: 0,
            pieces: Vec::new(),
            ended: Vec::new(),
            is_last: false,
            passed_over: PassedOver::default(),
        }
    }

    fn next_in_unit(&self) -> Self {
        Self { number: self.number + 1, ..Self::new(self.unit) }
    }
}
