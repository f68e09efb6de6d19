//! A cache in a folder, which outlives its process however that ends.
//!
//! One file of records of one length ([`record`](super::record)), written at its end only. A process that is killed while it
//! writes leaves a torn last record, which its checksum or the file's length gives away and the next opening cuts off; a
//! record that is damaged later is passed over. So a vector comes back bit for bit or not at all.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use populi_geometry::Matrix;
use rayon::prelude::*;

use super::record::{
    HASH_BYTES, HEADER_BYTES, MAGIC, header, parse_header, push_record, record_bytes, text_of, vector_of,
};
use super::{TextKey, VectorCache};
use crate::embedder::Fingerprint;
use crate::error::{Error, Result};

/// The file of the vectors.
const VECTORS: &str = "vectors.cache";

/// The file that is locked by who uses the cache.
const LOCK: &str = "lock";

/// Ends the name of a file that is being written to take the other's place.
const UNPUBLISHED: &str = "unpublished";

/// Bytes that are read or written at a time when the whole file is gone through.
const BLOCK_BYTES: usize = 1 << 20;

/// A hash of a text, as [`TextKey`] has it.
type TextHash = [u8; HASH_BYTES];

/// The vectors of one model, in a folder of their own. One process uses it at a time.
///
/// Memory: about 80 bytes a text; vectors stay on the disk. [`put`](VectorCache::put) writes once and flushes to the disk before it
/// returns, so what was put survives a kill and a power cut.
///
/// ```
/// use populi_embed::{Embedder, FileCache, Lexical, LexicalParams, embed_cached};
///
/// let folder = tempfile::tempdir()?;
/// let texts = ["a red fox", "a brown bear"];
/// let model = Lexical::fit(&texts, &LexicalParams::default())?;
/// let cache = FileCache::open(folder.path(), model.fingerprint(), model.n_dims())?;
/// embed_cached(&model, &cache, &texts)?;
/// drop(cache);
/// assert_eq!(FileCache::open(folder.path(), model.fingerprint(), model.n_dims())?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    model: Fingerprint,
    n_dims: usize,
    n_damaged: u64,
    vectors: RwLock<Vectors>,
    /// Held locked; the system frees it when the process ends, however it ends.
    _lock: File,
}

/// The file and what is in it.
#[derive(Debug)]
struct Vectors {
    file: File,
    /// Records in the file, damaged ones too.
    n_records: u64,
    /// Which record is that of a text.
    record_of: HashMap<TextHash, u64>,
}

impl FileCache {
    /// Opens the cache in `folder`, or makes one there. Reads the file once, in parallel, to see what is whole.
    ///
    /// # Errors
    ///
    /// [`Error::Cache`] where another process uses it, the folder holds vectors of another model or somebody else's file, or the
    /// system refuses.
    pub fn open(folder: &Path, model: Fingerprint, n_dims: usize) -> Result<Self> {
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
        let lock = lock(folder)?;
        let aside = aside(folder);
        if aside.exists() {
            // Left by a kill; the file that it was to replace is there.
            fs::remove_file(&aside).map_err(failed("remove", &aside))?;
        }
        let path = folder.join(VECTORS);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(failed("open", &path))?;
        let dims = u32::try_from(n_dims)
            .map_err(|_| Error::Cache(format!("{n_dims} dimensions are too many").into()))?;
        match begin(&file, &path)? {
            Some((got, dims)) if got != model || dims as usize != n_dims => {
                let what = format!(
                    "{} holds vectors of another model ({got}, {dims} dimensions; expected {model}, {n_dims}): name another folder, \
                     or delete this one",
                    folder.display()
                );
                return Err(Error::Cache(what.into()));
            }
            Some(_) => {}
            None => {
                file.set_len(0).map_err(failed("empty", &path))?;
                file.write_all_at(&header(model, dims), 0).map_err(failed("write", &path))?;
                file.sync_all().and_then(|()| flush(folder)).map_err(failed("flush", &path))?;
            }
        }
        let (vectors, n_damaged) = Vectors::read(file, n_dims).map_err(failed("read", &path))?;
        Ok(Self {
            folder: folder.to_owned(),
            model,
            n_dims,
            n_damaged,
            vectors: RwLock::new(vectors),
            _lock: lock,
        })
    }

    /// Empties the file of vectors in `folder` where it does not begin as one, so that it can be opened: for folders in which nobody
    /// else's files are. Gives whether it did.
    ///
    /// # Errors
    ///
    /// [`Error::Cache`] where the system refuses.
    pub fn empty_if_unknown(folder: &Path) -> Result<bool> {
        let path = folder.join(VECTORS);
        if !path.exists() {
            return Ok(false);
        }
        let file = File::options().read(true).write(true).open(&path).map_err(failed("open", &path))?;
        let n_bytes = file.metadata().map_err(failed("read", &path))?.len();
        let mut head = [0; MAGIC.len()];
        let n_head = n_bytes.min(MAGIC.len() as u64) as usize;
        file.read_exact_at(&mut head[..n_head], 0).map_err(failed("read", &path))?;
        let is_unknown = head[..n_head] != MAGIC[..n_head];
        if is_unknown {
            file.set_len(0).map_err(failed("empty", &path))?;
        }
        Ok(is_unknown)
    }

    /// Opens the cache that is in `folder`, of whatever model; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn reopen(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(VECTORS);
        if !path.exists() {
            return Ok(None);
        }
        let file = File::open(&path).map_err(failed("open", &path))?;
        match begin(&file, &path)? {
            Some((model, n_dims)) => Self::open(folder, model, n_dims as usize).map(Some),
            None => Ok(None),
        }
    }

    /// The model whose vectors these are.
    pub fn model(&self) -> Fingerprint {
        self.model
    }

    /// Texts that have a vector here.
    pub fn len(&self) -> usize {
        self.vectors.read().unwrap_or_else(PoisonError::into_inner).record_of.len()
    }

    /// Whether no text has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records that were found damaged when the cache was opened. A torn end is none of them.
    pub fn n_damaged(&self) -> u64 {
        self.n_damaged
    }

    /// Drops the vectors of all texts but those whose hash `keeps` says to keep, and with them what is damaged: the file is
    /// written anew where anything goes, and takes the other's place as a whole. Gives the number of texts that went.
    ///
    /// # Errors
    ///
    /// [`Error::Cache`] where the system refuses; the cache is then as it was.
    pub fn retain(&mut self, keeps: impl Fn(&TextHash) -> bool) -> Result<usize> {
        let vectors = self.vectors.get_mut().unwrap_or_else(PoisonError::into_inner);
        let n_before = vectors.record_of.len();
        let n_kept = vectors.record_of.keys().filter(|text| keeps(text)).count();
        if n_kept as u64 == vectors.n_records {
            return Ok(0);
        }
        let (path, aside) = (self.folder.join(VECTORS), aside(&self.folder));
        let outcome = vectors
            .copy(&aside, self.model, self.n_dims, &keeps)
            .and_then(|kept| fs::rename(&aside, &path).and_then(|()| flush(&self.folder)).map(|()| kept));
        *vectors = outcome.map_err(failed("write anew", &path))?;
        Ok(n_before - vectors.record_of.len())
    }
}

impl VectorCache for FileCache {
    fn get(&self, keys: &[TextKey]) -> Result<Vec<Option<Vec<f32>>>> {
        let vectors = self.vectors.read().unwrap_or_else(PoisonError::into_inner);
        let read = |key: &TextKey| match vectors.record_of.get(&key.text) {
            Some(&record) if key.model == self.model => vectors.vector(record, &key.text, self.n_dims),
            _ => Ok(None),
        };
        let found: io::Result<Vec<_>> = keys.par_iter().with_min_len(64).map(read).collect();
        found.map_err(failed("read", &self.folder.join(VECTORS)))
    }

    fn put(&self, keys: &[TextKey], rows: &Matrix) -> Result<()> {
        let wrong = |what, expected, got| Err(Error::Shape { what, expected, got });
        if rows.n_cols() != self.n_dims {
            return wrong("dimensions of vectors for the cache", self.n_dims, rows.n_cols());
        }
        if rows.n_rows() != keys.len() {
            return wrong("vectors for the cache", keys.len(), rows.n_rows());
        }
        let mut bytes = Vec::with_capacity(keys.len() * record_bytes(self.n_dims));
        let texts: Vec<&TextKey> = keys.iter().filter(|key| key.model == self.model).collect();
        for (key, row) in keys.iter().zip(rows.rows()).filter(|(key, _)| key.model == self.model) {
            push_record(&mut bytes, &key.text, row);
        }
        let mut vectors = self.vectors.write().unwrap_or_else(PoisonError::into_inner);
        let (first, end) = (vectors.n_records, vectors.end(self.n_dims));
        let written = vectors.file.write_all_at(&bytes, end).and_then(|()| vectors.file.sync_data());
        if let Err(error) = written {
            // Where even this fails, the next opening cuts what is torn.
            let _ = vectors.file.set_len(end);
            return Err(failed("write", &self.folder.join(VECTORS))(error));
        }
        vectors.n_records += texts.len() as u64;
        vectors.record_of.extend(texts.iter().map(|key| key.text).zip(first..));
        Ok(())
    }
}

impl Vectors {
    /// Reads a file that begins with its header, and cuts off what stands behind its last whole record. Gives the number of
    /// damaged records before that, too.
    fn read(file: File, n_dims: usize) -> io::Result<(Self, u64)> {
        let record = record_bytes(n_dims) as u64;
        let n_bytes = file.metadata()?.len();
        let n_found = (n_bytes - HEADER_BYTES as u64) / record;
        let found = Self { file, n_records: n_found, record_of: HashMap::new() };
        let texts: Vec<Option<TextHash>> = found.blocks(n_dims, text_of)?;

        let n_records = texts.iter().rposition(Option::is_some).map_or(0, |last| last as u64 + 1);
        let vectors = Self { n_records, ..found };
        if vectors.end(n_dims) < n_bytes {
            vectors.file.set_len(vectors.end(n_dims))?;
        }
        let whole = texts.into_iter().zip(0..).filter_map(|(text, i)| Some((text?, i)));
        let record_of: HashMap<TextHash, u64> = whole.collect();
        let n_damaged = n_records - record_of.len() as u64;
        Ok((Self { record_of, ..vectors }, n_damaged))
    }

    /// What `read` makes of every record, in order. Blocks of records are read in parallel.
    fn blocks<T: Send>(&self, n_dims: usize, read: impl Fn(&[u8]) -> T + Sync) -> io::Result<Vec<T>> {
        let record = record_bytes(n_dims);
        let n_a_block = (BLOCK_BYTES / record).max(1) as u64;
        let block = |block: u64| {
            let first = block * n_a_block;
            let mut bytes = vec![0; record * (self.n_records - first).min(n_a_block) as usize];
            self.file.read_exact_at(&mut bytes, HEADER_BYTES as u64 + first * record as u64)?;
            Ok(bytes.chunks_exact(record).map(&read).collect())
        };
        let blocks = (0..self.n_records.div_ceil(n_a_block)).into_par_iter().map(block);
        Ok(blocks.collect::<io::Result<Vec<Vec<T>>>>()?.into_iter().flatten().collect())
    }

    /// The vector of a record, if it is whole and that of `text`.
    fn vector(&self, record: u64, text: &TextHash, n_dims: usize) -> io::Result<Option<Vec<f32>>> {
        let n_bytes = record_bytes(n_dims);
        let mut bytes = vec![0; n_bytes];
        self.file.read_exact_at(&mut bytes, HEADER_BYTES as u64 + record * n_bytes as u64)?;
        Ok((text_of(&bytes).as_ref() == Some(text)).then(|| vector_of(&bytes)))
    }

    /// Writes the records of the texts to be kept, in their order, into another file.
    fn copy(
        &self,
        path: &Path,
        model: Fingerprint,
        n_dims: usize,
        keeps: &impl Fn(&TextHash) -> bool,
    ) -> io::Result<Self> {
        let mut kept: Vec<(u64, &TextHash)> = self.record_of.iter().map(|(text, &i)| (i, text)).collect();
        kept.retain(|(_, text)| keeps(text));
        kept.sort_unstable();
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let dims = u32::try_from(n_dims).map_err(io::Error::other)?;
        let mut copy = Self { file, n_records: 0, record_of: HashMap::with_capacity(kept.len()) };
        copy.file.write_all_at(&header(model, dims), 0)?;
        for block in kept.chunks((BLOCK_BYTES / record_bytes(n_dims)).max(1)) {
            let mut bytes = Vec::new();
            let end = copy.end(n_dims);
            for (record, text) in block {
                // What was damaged since it was read does not go on.
                if let Some(vector) = self.vector(*record, text, n_dims)? {
                    push_record(&mut bytes, text, &vector);
                    copy.record_of.insert(**text, copy.n_records);
                    copy.n_records += 1;
                }
            }
            copy.file.write_all_at(&bytes, end)?;
        }
        copy.file.sync_all()?;
        Ok(copy)
    }

    /// Where the next record goes.
    fn end(&self, n_dims: usize) -> u64 {
        HEADER_BYTES as u64 + self.n_records * record_bytes(n_dims) as u64
    }
}

/// What the header of a file says; `None` where the file is new, was torn while its header was written, or has a damaged one: then
/// nothing in it can be trusted.
fn begin(file: &File, path: &Path) -> Result<Option<(Fingerprint, u32)>> {
    let n_bytes = file.metadata().map_err(failed("read", path))?.len();
    let mut head = [0; HEADER_BYTES];
    let n_head = n_bytes.min(HEADER_BYTES as u64) as usize;
    file.read_exact_at(&mut head[..n_head], 0).map_err(failed("read", path))?;
    let n_magic = n_head.min(MAGIC.len());
    if head[..n_magic] != MAGIC[..n_magic] {
        let what = format!("{} is no cache of vectors: name another folder, or move it away", path.display());
        return Err(Error::Cache(what.into()));
    }
    Ok(if n_head == HEADER_BYTES { parse_header(&head) } else { None })
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let lock = File::options().write(true).create(true).truncate(false).open(&path);
    let lock = lock.map_err(failed("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
        Err(TryLockError::WouldBlock) => {
            let what = format!(
                "{} is used by another process: wait until it has ended, or name another folder",
                folder.display()
            );
            Err(Error::Cache(what.into()))
        }
    }
}

fn aside(folder: &Path) -> PathBuf {
    folder.join(format!("{VECTORS}.{UNPUBLISHED}"))
}

/// Flushes a folder, so that the names in it survive a power cut.
fn flush(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Names the action and the path of what the system refused.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Cache(format!("cannot {action} {}: {error}", path.display()).into())
}
