//! Runs: the events of one piece of input, sorted, until they are merged.
//!
//! A run is a private, short-lived file: the events (as postcard) in the order (bucket, section, key, version,
//! origin), and a footer that tells where each bucket begins. It is never read by another version of the program.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use populi_model::{Event, Key, Origin, Platform, Quarantined, Version};
use serde::{Deserialize, Serialize};

use crate::checksum::checksum_of;
use crate::error::{Error, Result, io};
use crate::failpoint::{self, RUN};
use crate::publish::{aside, create_aside, create_folder, publish_file};

/// The folder of runs in a corpus.
pub(crate) const FOLDER: &str = "runs";
/// The file in it that keeps what comes in on standard input.
pub(crate) const SPOOL: &str = "standard-input.spool";
/// What the names of runs end in.
pub(crate) const EXTENSION: &str = "run";
/// The last bytes of a whole run: its kind and version.
const MAGIC: &[u8; 8] = b"populir3";
/// Bytes that the readers of one bucket hold of all its runs together, about.
const MERGE_BYTES: usize = 64 << 20;
/// Bytes that a reader of one bucket holds of a run at a time: at least, so that a read is worth its while, and at most.
const READ_BYTES: std::ops::RangeInclusive<usize> = 4 << 10..=128 << 10;

/// The order of what a bucket holds: accounts come first, because whether an account was deleted decides what
/// becomes of its posts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Section {
    /// Profiles and notices, by account.
    Accounts = 0,
    /// Everything else that accounts made, by record.
    Records = 1,
    /// What was not taken, by [`quarantine_key`].
    Quarantine = 2,
}

impl Section {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Accounts, Self::Records, Self::Quarantine].into_iter().find(|section| *section as u8 == byte)
    }
}

/// The key by which a record that was not taken is sorted: one of its own, so that a file of nothing but bad lines is
/// merged as any other.
pub(crate) fn quarantine_key(origin: Origin) -> Key {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&origin.file.0);
    bytes[16..].copy_from_slice(&origin.offset.to_be_bytes());
    Key::of_bytes(&bytes)
}

/// One thing in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Entry<'a> {
    /// Something that was taken.
    Event(#[serde(borrow)] Event<'a>),
    /// Something that was not.
    Quarantined(#[serde(borrow)] Quarantined<'a>),
}

/// A run as the manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Its path in the corpus.
    pub file: String,
    /// Its bytes.
    pub n_bytes: u64,
    /// Its events and quarantined records.
    pub n_entries: u64,
    /// BLAKE3 of its bytes.
    #[serde(default)]
    pub blake3: String,
}

impl RunFile {
    /// Whether the file is there and has the bytes that were written.
    pub(crate) fn is_whole(&self, corpus: &Path) -> bool {
        checksum_of(&corpus.join(&self.file))
            .is_ok_and(|(n_bytes, hash)| n_bytes == self.n_bytes && *hash.to_hex() == *self.blake3)
    }
}

/// Gathers the events of one piece of input in memory and writes them as a run.
///
/// Memory: about two thirds of the input's size.
pub struct RunBuilder {
    n_buckets: u16,
    bytes: Vec<u8>,
    index: Vec<IndexEntry>,
}

/// Where an event lies and where it belongs.
struct IndexEntry {
    bucket: u16,
    section: Section,
    /// The key as a number: compared in one step.
    key: u128,
    version: Version,
    origin: Origin,
    start: usize,
    end: usize,
}

impl RunBuilder {
    /// An empty run for a corpus of this many buckets, of about `n_input_bytes` of input.
    #[must_use]
    pub fn new(n_buckets: u16, n_input_bytes: usize) -> Self {
        // About what Jetstream's lines come to; too little costs a copy, too much nothing but addresses.
        let (n_bytes, n_entries) = (n_input_bytes / 4 * 3, n_input_bytes / 512);
        Self { n_buckets, bytes: Vec::with_capacity(n_bytes), index: Vec::with_capacity(n_entries) }
    }

    /// Adds an event.
    ///
    /// # Panics
    /// Never: an event consists of plain values.
    pub fn push_event(&mut self, event: &Event<'_>) {
        let section =
            if event.body.kind().is_of_the_account() { Section::Accounts } else { Section::Records };
        // The ids of a network's records name their account. Those of a table do not, and one id may come with two
        // authors, so there the post itself decides where its versions meet.
        let owner = match (event.platform, event.actor) {
            (Platform::Table, _) | (_, None) => event.record.key,
            (_, Some(actor)) => actor.key,
        };
        let (bucket, key) = (owner.bucket(self.n_buckets), event.record.key);
        self.push(bucket, section, key, event.version, event.origin, &EntryRef::Event(event));
    }

    /// Adds a record that was not taken.
    ///
    /// # Panics
    /// Never: it consists of plain values.
    pub fn push_quarantined(&mut self, record: &Quarantined<'_>) {
        let key = quarantine_key(record.origin);
        let bucket = key.bucket(self.n_buckets);
        let entry = EntryRef::Quarantined(record);
        self.push(bucket, Section::Quarantine, key, Version::default(), record.origin, &entry);
    }

    /// Bytes gathered so far.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() + self.index.len() * size_of::<IndexEntry>()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Sorts and publishes the run as `runs/<name>.run`; the manifest does not name it yet.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(mut self, corpus: &Path, name: &str) -> Result<RunFile> {
        self.index.sort_unstable_by(|a, b| {
            let order = |e: &IndexEntry| (e.bucket, e.section, e.key, e.version, e.origin);
            order(a).cmp(&order(b))
        });
        create_folder(&corpus.join(FOLDER))?;
        let file_name = format!("{FOLDER}/{name}.{EXTENSION}");
        let path = corpus.join(&file_name);
        let unpublished = aside(&path);
        let file = create_aside(&unpublished, &RUN)?;
        let (file, n_bytes, hash) =
            failpoint::pass(RUN.write).and_then(|()| self.write(file)).map_err(io("write", &unpublished))?;
        publish_file(&file, &unpublished, &path, &RUN)?;
        let (n_entries, blake3) = (self.index.len() as u64, hash.to_hex().to_string());
        Ok(RunFile { file: file_name, n_bytes, n_entries, blake3 })
    }

    fn push(
        &mut self,
        bucket: u16,
        section: Section,
        key: Key,
        version: Version,
        origin: Origin,
        entry: &EntryRef<'_>,
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEAD_BYTES]);
        postcard::serialize_with_flavor(entry, Appended(&mut self.bytes))
            .expect("plain values always fit into memory");
        let end = self.bytes.len();
        let length = (end - start - HEAD_BYTES) as u32;
        let head = &mut self.bytes[start..start + HEAD_BYTES];
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4] = section as u8;
        head[5..].copy_from_slice(&key.0);
        self.index.push(IndexEntry { bucket, section, key: key.to_u128(), version, origin, start, end });
    }

    fn write(&self, file: File) -> std::io::Result<(File, u64, blake3::Hash)> {
        // Hashed below the buffer: in large pieces.
        let mut writer =
            BufWriter::with_capacity(1 << 20, HashedFile { file, hasher: blake3::Hasher::new() });
        let mut starts = Vec::with_capacity(usize::from(self.n_buckets) + 1);
        let mut offset = 0u64;
        for entry in &self.index {
            while starts.len() <= usize::from(entry.bucket) {
                starts.push(offset);
            }
            writer.write_all(&self.bytes[entry.start..entry.end])?;
            offset += (entry.end - entry.start) as u64;
        }
        starts.resize(usize::from(self.n_buckets) + 1, offset);
        for start in &starts {
            writer.write_all(&start.to_le_bytes())?;
        }
        writer.write_all(MAGIC)?;
        let HashedFile { file, hasher } = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok((file, offset + (starts.len() * 8 + MAGIC.len()) as u64, hasher.finalize()))
    }
}

/// A file, and the hash of what was written to it.
struct HashedFile {
    file: File,
    hasher: blake3::Hasher,
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Appends texts in one piece; postcard's own writer to a vector goes through an iterator.
struct Appended<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// What is written before each entry: its length, section and key, so that merging reads no further.
const HEAD_BYTES: usize = 4 + 1 + 16;

/// [`Entry`] without taking what it holds; the same bytes.
#[derive(Serialize)]
enum EntryRef<'a> {
    Event(&'a Event<'a>),
    Quarantined(&'a Quarantined<'a>),
}

/// Reads one bucket of a run from its first entry to its last.
///
/// The file is open only while bytes are fetched, so that thousands of runs can be merged at once.
pub(crate) struct RunReader {
    path: PathBuf,
    /// Where in the file the next fetch begins, and where the bucket ends.
    next: u64,
    end: u64,
    read_bytes: usize,
    buffer: Vec<u8>,
    position: usize,
}

/// The place of an entry, and its bytes.
pub(crate) struct RawEntry<'a> {
    pub(crate) section: Section,
    pub(crate) key: Key,
    pub(crate) bytes: &'a [u8],
}

impl RunReader {
    /// Opens a bucket of one of `n_runs` runs that are merged; `None` where the run has nothing in it.
    pub(crate) fn open(
        corpus: &Path,
        run: &RunFile,
        bucket: u16,
        n_buckets: u16,
        n_runs: usize,
    ) -> Result<Option<Self>> {
        let path = corpus.join(&run.file);
        let footer_bytes = (usize::from(n_buckets) + 1) * 8 + MAGIC.len();
        let mut footer = vec![0; footer_bytes];
        let mut file = File::open(&path).map_err(io("open", &path))?;
        let damaged = |reason: &str, offset| Error::DamagedRun {
            path: path.clone(),
            offset,
            reason: reason.to_owned(),
        };
        let n_bytes = file.metadata().map_err(io("read", &path))?.len();
        if n_bytes != run.n_bytes || n_bytes < footer_bytes as u64 {
            return Err(damaged("its length is not what the manifest says", n_bytes));
        }
        let footer_start = n_bytes - footer_bytes as u64;
        file.seek(SeekFrom::Start(footer_start)).map_err(io("read", &path))?;
        file.read_exact(&mut footer).map_err(io("read", &path))?;
        if !footer.ends_with(MAGIC) {
            return Err(damaged("its last bytes are not those of a run", n_bytes));
        }
        let start_of = |bucket: usize| {
            let mut le = [0; 8];
            le.copy_from_slice(&footer[bucket * 8..bucket * 8 + 8]);
            u64::from_le_bytes(le)
        };
        let (next, end) = (start_of(usize::from(bucket)), start_of(usize::from(bucket) + 1));
        if next > end || end > footer_start {
            return Err(damaged("its footer contradicts itself", footer_start));
        }
        let read_bytes = (MERGE_BYTES / n_runs.max(1)).clamp(*READ_BYTES.start(), *READ_BYTES.end());
        Ok((next < end).then(|| Self { path, next, end, read_bytes, buffer: Vec::new(), position: 0 }))
    }

    /// The next entry, without going past it; `None` at the end.
    pub(crate) fn peek(&mut self) -> Result<Option<RawEntry<'_>>> {
        if !self.hold(HEAD_BYTES)? {
            return Ok(None);
        }
        let length = self.entry_length();
        if !self.hold(HEAD_BYTES + length)? {
            return Err(self.damaged("an entry reaches past its bucket"));
        }
        let entry = &self.buffer[self.position..self.position + HEAD_BYTES + length];
        let mut key = [0; 16];
        key.copy_from_slice(&entry[5..HEAD_BYTES]);
        match Section::from_byte(entry[4]) {
            Some(section) => Ok(Some(RawEntry { section, key: Key(key), bytes: &entry[HEAD_BYTES..] })),
            None => Err(self.damaged("an entry is of no known section")),
        }
    }

    /// Goes past the entry that [`RunReader::peek`] showed.
    pub(crate) fn advance(&mut self) {
        self.position += HEAD_BYTES + self.entry_length();
    }

    fn entry_length(&self) -> usize {
        let mut le = [0; 4];
        le.copy_from_slice(&self.buffer[self.position..self.position + 4]);
        u32::from_le_bytes(le) as usize
    }

    /// Makes sure that `n` bytes from the position are in the buffer; false at the clean end of the bucket.
    fn hold(&mut self, n: usize) -> Result<bool> {
        let held = self.buffer.len() - self.position;
        if held >= n {
            return Ok(true);
        }
        let left = self.end - self.next;
        if (held as u64 + left) < n as u64 {
            return if held == 0 && left == 0 { Ok(false) } else { Err(self.damaged("an entry is cut")) };
        }
        self.buffer.drain(..self.position);
        self.position = 0;
        let want = (n - held).max(self.read_bytes).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.buffer.resize(held + want, 0);
        let mut file = File::open(&self.path).map_err(io("open", &self.path))?;
        file.seek(SeekFrom::Start(self.next)).map_err(io("read", &self.path))?;
        file.read_exact(&mut self.buffer[held..]).map_err(io("read", &self.path))?;
        self.next += want as u64;
        Ok(true)
    }

    /// Where in the file the next entry begins.
    pub(crate) fn offset(&self) -> u64 {
        self.next - (self.buffer.len() - self.position) as u64
    }

    /// The error of a run that holds something else than an entry at `offset`.
    pub(crate) fn damaged_at(&self, offset: u64, reason: &str) -> Error {
        Error::DamagedRun { path: self.path.clone(), offset, reason: reason.to_owned() }
    }

    fn damaged(&self, reason: &str) -> Error {
        self.damaged_at(self.offset(), reason)
    }
}
