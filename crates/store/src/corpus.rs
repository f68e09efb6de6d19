//! The one writer of a corpus.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use populi_model::{Key, Tally};
use rayon::prelude::*;

use crate::error::{Error, Result, io};
use crate::failpoint;
use crate::manifest::{FILE_NAME, KeptEntry, Manifest, PartEntry, ShardEntry, TableEntry};
use crate::publish::{create_folder, publish_bytes};
use crate::reduce::{ReduceProgress, TABLES, reduce_bucket};
use crate::run::{FOLDER as RUNS, RunFile, SPOOL};
use crate::snapshot::Snapshot;
use crate::step::{StepOutput, StepSpec, fingerprint};
use crate::sweep::sweep;

/// The file that a writer holds locked.
pub(crate) const LOCK: &str = "lock";

/// The files beside the tables that every corpus has.
pub(crate) const OWN_FILES: [&str; 2] = [FILE_NAME, LOCK];

/// The folder in a corpus of what can be computed again and is dear, such as the vectors of large models. No table needs it, no
/// checksum of the manifest covers it, and forgetting empties it.
pub(crate) const CACHE: &str = "cache";

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
    /// Whether a commit failed, so that `manifest` may not be what is on the disk.
    is_halted: bool,
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
        create_folder(folder)?;
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
        Self { folder: folder.to_owned(), manifest, is_halted: false, _lock: lock }.swept()
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
        Self { folder: folder.to_owned(), manifest, is_halted: false, _lock: lock }.swept()
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of what can be computed again, which may not be there: what lies in it is no part of the corpus, and goes where
    /// something is forgotten.
    #[must_use]
    pub fn cache_folder(&self) -> PathBuf {
        self.folder.join(CACHE)
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
        self.commit("shards.commit", "shards.committed")
    }

    /// Keeps what comes in on a stream in a file of the corpus, so that it can be named by its checksum before it is
    /// read; the file is gone once the corpus is opened or changed again.
    ///
    /// # Errors
    /// When the stream or the disk refuses.
    pub fn spool(&self, mut stream: impl std::io::Read) -> Result<(PathBuf, InputFile)> {
        let folder = self.folder.join(RUNS);
        create_folder(&folder)?;
        let path = folder.join(SPOOL);
        let mut file = failpoint::pass("spool.create")
            .and_then(|()| File::create(&path))
            .map_err(io("create", &path))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        let mut n_bytes = 0;
        loop {
            let n = stream.read(&mut buffer).map_err(io("read what is copied to", &path))?;
            if n == 0 {
                break;
            }
            hasher.update(&buffer[..n]);
            failpoint::pass("spool.write")
                .and_then(|()| file.write_all(&buffer[..n]))
                .map_err(io("write", &path))?;
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
        let merged = todo.par_iter().try_for_each(|&bucket| {
            let parts = reduce_bucket(&snapshot, &runs, bucket)?;
            let mut shared = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (manifest, n_done) = &mut *shared;
            if let Some(parts) = parts {
                manifest.staged.insert(bucket, parts);
                let manifest_path = folder.join(FILE_NAME);
                failpoint::pass("bucket.commit").map_err(io("commit", &manifest_path))?;
                manifest.commit(&folder)?;
                failpoint::pass("bucket.committed").map_err(io("commit", &manifest_path))?;
            }
            *n_done += 1;
            progress(ReduceProgress { n_buckets_done: *n_done, n_buckets });
            Ok::<(), Error>(())
        });
        // Which buckets were staged before the failure is known on the disk alone.
        self.is_halted = merged.is_err();
        merged?;
        self.publish_buckets()?;
        self.forget_learned()
    }

    /// Publishes what a step made and removes what it replaced: also the tables of its last run that it did not make again, as
    /// those of another model.
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
        if let Some(before) = self.manifest.steps.get(spec.step) {
            self.manifest.tables.retain(|table, _| !before.outputs.contains(table));
        }
        for (table, part) in output {
            self.manifest.tables.insert(table, TableEntry { parts: vec![part] });
        }
        self.manifest.steps.insert(spec.step.to_owned(), entry);
        self.commit("step.commit", "step.committed")?;
        self.sweep()
    }

    /// Keeps a file beside the manifest, for people. The manifest says which bytes it has, and before it is written that
    /// it may have these.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_file(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        let entry =
            KeptEntry { n_bytes: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() };
        let is_there = || fs::read(&path).is_ok_and(|there| there == bytes);
        if self.manifest.keeping.is_none() && self.manifest.kept.get(name) == Some(&entry) && is_there() {
            return Ok(());
        }
        self.manifest.keeping = Some((name.to_owned(), entry.clone()));
        self.commit("kept.commit", "kept.committed")?;
        publish_bytes(&path, bytes, &failpoint::KEPT)?;
        self.manifest.kept.insert(name.to_owned(), entry);
        self.manifest.keeping = None;
        self.commit("kept.commit", "kept.committed")
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
        self.commit("buckets.commit", "buckets.committed")?;
        self.sweep()
    }

    /// Makes what this process knows what is on the disk. After a failure nothing more is changed: what is on the disk is
    /// then known only to who reads it again.
    pub(crate) fn commit(&mut self, before: &'static str, after: &'static str) -> Result<()> {
        self.refuse_if_halted()?;
        let path = self.folder.join(FILE_NAME);
        let outcome = failpoint::pass(before)
            .map_err(io("commit", &path))
            .and_then(|()| self.manifest.commit(&self.folder))
            .and_then(|()| failpoint::pass(after).map_err(io("commit", &path)));
        self.is_halted = outcome.is_err();
        outcome
    }

    fn refuse_if_halted(&self) -> Result<()> {
        if self.is_halted { Err(Error::Halted { path: self.folder.clone() }) } else { Ok(()) }
    }

    fn swept(mut self) -> Result<Self> {
        self.forget_lost_runs()?;
        self.sweep()?;
        Ok(self)
    }

    /// Where a pending run is gone or damaged, forgets all pending runs and the shards that they hold, so that the next
    /// ingest reads these inputs again.
    fn forget_lost_runs(&mut self) -> Result<()> {
        let is_whole = |run: &RunFile| run.is_whole(&self.folder);
        if self.manifest.pending.par_iter().all(is_whole) {
            return Ok(());
        }
        self.manifest.pending.clear();
        self.manifest.staged.clear();
        self.manifest.shards.retain(|shard| shard.is_merged);
        self.commit("lost_runs.commit", "lost_runs.committed")
    }

    /// Removes the files that the manifest does not name: what was replaced, what an interruption left, and what
    /// [`Corpus::spool`] kept. Only files whose names have the form that the program gives them go.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sweep(&self) -> Result<()> {
        self.refuse_if_halted()?;
        sweep(&self.folder, &self.manifest)
    }
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
    let file = failpoint::pass("corpus.lock")
        .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path))
        .map_err(io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io("lock", &path)(error)),
    }
}
