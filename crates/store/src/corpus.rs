//! The one writer of a corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use populi_model::{Key, Tally};
use rayon::prelude::*;

use crate::error::{Error, Result, io};
use crate::manifest::{FILE_NAME, Manifest, PartEntry, ShardEntry, TableEntry};
use crate::part::is_part_name;
use crate::publish::publish_bytes;
use crate::reduce::{ReduceProgress, TABLES, reduce_bucket};
use crate::run::{FOLDER as RUNS, RunFile};
use crate::snapshot::Snapshot;
use crate::step::{StepOutput, StepSpec, fingerprint};

/// The file that a writer holds locked.
const LOCK: &str = "lock";

/// The files beside the tables that every corpus has.
pub(crate) const OWN_FILES: [&str; 2] = [FILE_NAME, LOCK];

/// What a corpus is made with, and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CorpusParams {
    /// Buckets that accounts fall into: more make less memory a bucket, and more files. `None` leaves a corpus as it is
    /// and makes a new one with [`CorpusParams::N_BUCKETS`].
    pub n_buckets: Option<NonZeroU16>,
    /// Whether the untouched records are kept too, in `originals`. `None` leaves a corpus as it is and makes a new one
    /// without.
    pub keeps_originals: Option<bool>,
}

impl CorpusParams {
    /// Buckets of a corpus for which no number is asked.
    pub const N_BUCKETS: NonZeroU16 = NonZeroU16::new(16).unwrap();
}

/// An input before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// As the user named it, never absolute.
    pub name: String,
    /// 128 bits of BLAKE3 of its bytes.
    pub file_hash: Key,
    /// Its bytes.
    pub n_bytes: u64,
}

/// A piece of ingest work: one input, read by one step with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Shard {
    /// The hash of step, version, parameters and the input's checksum.
    pub spec: String,
    step: String,
    step_version: u32,
    parameters: serde_json::Value,
    input: InputFile,
}

impl Shard {
    /// Names the work.
    #[must_use]
    pub fn new(step: &str, step_version: u32, parameters: &serde_json::Value, input: InputFile) -> Self {
        let spec = fingerprint(step, step_version, parameters, &input.file_hash.to_string());
        Self { spec, step: step.to_owned(), step_version, parameters: parameters.clone(), input }
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &InputFile {
        &self.input
    }

    fn into_entry(self, tally: Tally, is_merged: bool) -> ShardEntry {
        ShardEntry {
            spec: self.spec,
            step: self.step,
            step_version: self.step_version,
            parameters: self.parameters,
            name: self.input.name,
            file_hash: self.input.file_hash.to_string(),
            n_bytes: self.input.n_bytes,
            tally,
            is_merged,
        }
    }
}

/// A corpus that this process alone may change, until it is dropped.
pub struct Corpus {
    folder: PathBuf,
    pub(crate) manifest: Manifest,
    /// Held locked; the system frees it when the process ends, however it ends.
    _lock: File,
}

impl Corpus {
    /// Opens the corpus in `folder`, or makes one there.
    ///
    /// # Errors
    /// When another process writes to it, the folder holds something else, the manifest cannot be read, or the
    /// corpus was made with other parameters.
    pub fn open_or_create(folder: &Path, params: CorpusParams) -> Result<Self> {
        refuse_foreign_folder(folder)?;
        fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
        let lock = lock(folder)?;
        let manifest = match Manifest::load(folder)? {
            Some(manifest) => manifest,
            None => {
                let n_buckets = params.n_buckets.unwrap_or(CorpusParams::N_BUCKETS).get();
                let manifest = Manifest::new(n_buckets, params.keeps_originals.unwrap_or(false));
                manifest.commit(folder)?;
                manifest
            }
        };
        let fixed = |what, got: String, asked: Option<String>| match asked {
            Some(asked) if asked != got => Err(Error::Fixed { path: folder.to_owned(), what, got, asked }),
            _ => Ok(()),
        };
        fixed("buckets", manifest.n_buckets.to_string(), params.n_buckets.map(|n| n.to_string()))?;
        let (got, asked) = (manifest.keeps_originals, params.keeps_originals);
        fixed("originals kept:", got.to_string(), asked.map(|asked| asked.to_string()))?;
        Self { folder: folder.to_owned(), manifest, _lock: lock }.swept()
    }

    /// Opens the corpus in `folder` for writing, whatever it was made with.
    ///
    /// # Errors
    /// When there is none, another process writes to it, or its manifest cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let no_corpus = || Error::NoCorpus { path: folder.to_owned() };
        if !folder.join(FILE_NAME).exists() {
            return Err(no_corpus());
        }
        let lock = lock(folder)?;
        let manifest = Manifest::load(folder)?.ok_or_else(no_corpus)?;
        Self { folder: folder.to_owned(), manifest, _lock: lock }.swept()
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the manifest says now.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The corpus as it is now, for reading.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.folder, self.manifest.clone())
    }

    /// Records that shards were read and that these runs hold all their events. They are in no table before
    /// [`Corpus::reduce`]. Runs may hold several shards, so the two are committed together.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn commit_shards(&mut self, shards: Vec<(Shard, Tally)>, runs: Vec<RunFile>) -> Result<()> {
        // Buckets that were merged without these runs have to be merged anew.
        self.manifest.staged.clear();
        self.manifest.pending.extend(runs);
        self.manifest.pending.sort_by(|a, b| a.file.cmp(&b.file));
        // Without a run there is nothing to merge.
        let is_merged = self.manifest.pending.is_empty();
        self.manifest
            .shards
            .extend(shards.into_iter().map(|(shard, tally)| shard.into_entry(tally, is_merged)));
        self.manifest.shards.sort_by(|a, b| (&a.name, &a.spec).cmp(&(&b.name, &b.spec)));
        self.manifest.commit(&self.folder)
    }

    /// Keeps what comes in on a stream in a file of the corpus, so that it can be named by its checksum before it is
    /// read; the file is gone once the corpus is opened or changed again.
    ///
    /// # Errors
    /// When the stream or the disk refuses.
    pub fn spool(&self, mut stream: impl std::io::Read) -> Result<(PathBuf, InputFile)> {
        let folder = self.folder.join(RUNS);
        fs::create_dir_all(&folder).map_err(io("create the folder", &folder))?;
        let path = folder.join("standard-input.spool");
        let mut file = File::create(&path).map_err(io("create", &path))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        let mut n_bytes = 0;
        loop {
            let n = stream.read(&mut buffer).map_err(io("read what is copied to", &path))?;
            if n == 0 {
                break;
            }
            hasher.update(&buffer[..n]);
            file.write_all(&buffer[..n]).map_err(io("write", &path))?;
            n_bytes += n as u64;
        }
        let file_hash = Key::from_hash(&hasher.finalize());
        Ok((path, InputFile { name: "-".to_owned(), file_hash, n_bytes }))
    }

    /// Whether runs wait to be merged, or what they told of the forgotten waits to be heeded.
    #[must_use]
    pub fn has_pending_runs(&self) -> bool {
        !self.manifest.pending.is_empty() || self.manifest.forgotten.is_owed()
    }

    /// Merges the pending runs with what stands and publishes the outcome; buckets in parallel on rayon's threads.
    ///
    /// Time: that of reading and writing the buckets that the runs touch. Interrupted, it goes on with the buckets
    /// that are left.
    ///
    /// # Errors
    /// When the disk refuses or a run or part is damaged; the tables are then as they were.
    pub fn reduce(&mut self, progress: &(dyn Fn(ReduceProgress) + Sync)) -> Result<()> {
        let snapshot = self.snapshot();
        let runs = self.manifest.pending.clone();
        let n_buckets = self.manifest.n_buckets;
        let todo: Vec<u16> =
            (0..n_buckets).filter(|bucket| !self.manifest.staged.contains_key(bucket)).collect();
        let folder = self.folder.clone();
        let shared = Mutex::new((&mut self.manifest, n_buckets - todo.len() as u16));
        todo.par_iter().try_for_each(|&bucket| {
            let parts = reduce_bucket(&snapshot, &runs, bucket)?;
            let mut shared = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (manifest, n_done) = &mut *shared;
            if let Some(parts) = parts {
                manifest.staged.insert(bucket, parts);
                manifest.commit(&folder)?;
            }
            *n_done += 1;
            progress(ReduceProgress { n_buckets_done: *n_done, n_buckets });
            Ok::<(), Error>(())
        })?;
        self.publish_buckets()?;
        self.forget_learned()
    }

    /// Publishes what a step made and removes what it replaced.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn publish_step(
        &mut self,
        spec: &StepSpec,
        output: BTreeMap<String, PartEntry>,
        summary: serde_json::Value,
    ) -> Result<()> {
        let outputs: Vec<String> = output.keys().cloned().collect();
        let entry = spec.entry(&self.manifest, outputs, summary);
        for (table, part) in output {
            self.manifest.tables.insert(table, TableEntry { parts: vec![part] });
        }
        self.manifest.steps.insert(spec.step.to_owned(), entry);
        self.manifest.commit(&self.folder)?;
        self.sweep()
    }

    /// Keeps a file beside the manifest, for people.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        publish_bytes(&self.folder.join(name), bytes)
    }

    /// Makes the staged buckets part of the tables: the commit of an ingest.
    fn publish_buckets(&mut self) -> Result<()> {
        let mut staged = std::mem::take(&mut self.manifest.staged);
        for table in TABLES {
            let entry = self.manifest.tables.entry(table.to_owned()).or_default();
            entry.parts.retain(|part| part.bucket.is_none_or(|bucket| !staged.contains_key(&bucket)));
            entry.parts.extend(staged.values_mut().filter_map(|parts| parts.remove(table)));
            entry.parts.sort_by_key(|part| part.bucket);
        }
        self.manifest.pending.clear();
        self.manifest.shards.iter_mut().for_each(|shard| shard.is_merged = true);
        self.manifest.commit(&self.folder)?;
        self.sweep()
    }

    fn swept(mut self) -> Result<Self> {
        self.forget_lost_runs()?;
        self.sweep()?;
        Ok(self)
    }

    /// Where a pending run is gone or cut, forgets all pending runs and the shards that they hold, so that the next
    /// ingest reads these inputs again.
    fn forget_lost_runs(&mut self) -> Result<()> {
        let is_whole = |run: &RunFile| {
            fs::metadata(self.folder.join(&run.file)).is_ok_and(|metadata| metadata.len() == run.n_bytes)
        };
        if self.manifest.pending.iter().all(is_whole) {
            return Ok(());
        }
        self.manifest.pending.clear();
        self.manifest.staged.clear();
        self.manifest.shards.retain(|shard| shard.is_merged);
        self.manifest.commit(&self.folder)
    }

    /// Removes the files that the manifest does not name: what was replaced, what an interruption left, and what
    /// [`Corpus::spool`] kept.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sweep(&self) -> Result<()> {
        let named: BTreeSet<&str> = self.manifest.files().collect();
        let swept = swept_folders(&self.manifest);
        for folder in folders_in(&self.folder)? {
            let path = self.folder.join(&folder);
            for entry in fs::read_dir(&path).map_err(io("list", &path))? {
                let entry = entry.map_err(io("list", &path))?;
                let name = entry.file_name();
                let name = name.to_str().unwrap_or_default();
                // Of a table that is gone only the parts are known to be ours.
                let is_ours = swept.contains(folder.as_str()) || is_part_name(name);
                let is_named = named.contains(format!("{folder}/{name}").as_str());
                if is_ours && !is_named && entry.file_type().map_err(io("list", &path))?.is_file() {
                    fs::remove_file(entry.path()).map_err(io("remove", &entry.path()))?;
                }
            }
        }
        Ok(())
    }
}

/// The folders in which everything is the corpus's own: those of tables and of runs.
pub(crate) fn swept_folders(manifest: &Manifest) -> BTreeSet<&str> {
    manifest.tables.keys().map(String::as_str).chain(TABLES).chain([RUNS]).collect()
}

/// The folders of a corpus in which tables may lie, as paths in it: `posts`, `vectors`, `vectors/lexical`.
fn folders_in(corpus: &Path) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    let mut list = |parent: &str| -> Result<Vec<String>> {
        let path = corpus.join(parent);
        let mut found = Vec::new();
        for entry in fs::read_dir(&path).map_err(io("list", &path))? {
            let entry = entry.map_err(io("list", &path))?;
            if let (Some(name), true) =
                (entry.file_name().to_str(), entry.file_type().map_err(io("list", &path))?.is_dir())
            {
                found.push(if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") });
            }
        }
        folders.extend(found.iter().cloned());
        Ok(found)
    };
    for folder in list("")? {
        list(&folder)?;
    }
    Ok(folders)
}

impl StepOutput<'_> {
    /// Publishes the tables as the output of a step; see [`Corpus::publish_step`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(self, corpus: &mut Corpus, spec: &StepSpec, summary: serde_json::Value) -> Result<()> {
        let parts = self.into_parts();
        corpus.publish_step(spec, parts, summary)
    }
}

/// Refuses a folder that has files in it but is no corpus, so that nothing of anybody's is ever touched.
fn refuse_foreign_folder(folder: &Path) -> Result<()> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("open the folder", folder)(error)),
    };
    if folder.join(FILE_NAME).exists() {
        return Ok(());
    }
    // An interruption before the first manifest leaves these two.
    let is_ours = |name: &std::ffi::OsStr| name == LOCK || name.to_string_lossy().starts_with(FILE_NAME);
    let foreign = entries.any(|entry| entry.is_ok_and(|entry| !is_ours(&entry.file_name())));
    if foreign { Err(Error::NotACorpus { path: folder.to_owned() }) } else { Ok(()) }
}

/// Locks the corpus for this process.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io("lock", &path)(error)),
    }
}
