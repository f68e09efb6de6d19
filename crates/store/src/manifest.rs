//! What a corpus says of itself: every part, every shard, every step.
//!
//! Nothing in it holds a clock, a host name or an absolute path, so equal corpora have equal manifests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use populi_model::{Class, TableDigest, Tally};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, io};
use crate::forget::Forgotten;
use crate::publish::publish_bytes;
use crate::run::RunFile;

/// The newest format of a corpus that this version reads and the one that it writes.
pub const FORMAT: u32 = 1;

/// The name of the manifest in its folder.
pub(crate) const FILE_NAME: &str = "manifest.json";

/// Everything that a corpus consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub format: u32,
    /// How many buckets the acting accounts fall into: fixed when the corpus is made.
    pub n_buckets: u16,
    /// Whether untouched records are kept: fixed when the corpus is made.
    pub keeps_originals: bool,
    /// The tables, by name.
    pub tables: BTreeMap<String, TableEntry>,
    /// The inputs that were read, in the order of their names.
    pub shards: Vec<ShardEntry>,
    /// The later steps, by name.
    pub steps: BTreeMap<String, StepEntry>,
    /// Runs that are not merged yet, after an interruption.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<RunFile>,
    /// Parts of buckets that were merged before an interruption, not yet part of any table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub staged: BTreeMap<u16, BTreeMap<String, PartEntry>>,
    /// The accounts and records that were forgotten and are never taken in again.
    #[serde(default, skip_serializing_if = "Forgotten::is_empty")]
    pub forgotten: Forgotten,
}

/// A table: its parts in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The parts, in the order in which their rows are read.
    pub parts: Vec<PartEntry>,
}

impl TableEntry {
    /// Rows of all parts.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.parts.iter().map(|part| part.n_rows).sum()
    }

    /// Bytes of all parts.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.n_bytes).sum()
    }

    /// The digest of the table's rows, whatever their order.
    #[must_use]
    pub fn digest(&self) -> TableDigest {
        let mut digest = TableDigest::default();
        for part in &self.parts {
            digest.add(&part.digest);
        }
        digest
    }

    /// Rows by class, in the table `sources`.
    #[must_use]
    pub fn classes(&self) -> BTreeMap<Class, u64> {
        let mut classes = BTreeMap::new();
        for (class, n) in self.parts.iter().flat_map(|part| &part.classes) {
            *classes.entry(*class).or_default() += n;
        }
        classes
    }
}

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Its path in the corpus.
    pub file: String,
    /// Its bucket, in tables that ingest fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u16>,
    /// Its rows.
    pub n_rows: u64,
    /// Its bytes.
    pub n_bytes: u64,
    /// BLAKE3 of its bytes.
    pub blake3: String,
    /// The digest of its rows.
    pub digest: TableDigest,
    /// Rows by class, in the table `sources`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<Class, u64>,
}

/// One input that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// The hash of step, version, parameters and the input's checksum.
    pub spec: String,
    /// The step that read it, such as `ingest bluesky`.
    pub step: String,
    /// The step's version: an integer raised by hand when its output changes.
    pub step_version: u32,
    /// The step's parameters.
    pub parameters: serde_json::Value,
    /// The input as the user named it.
    pub name: String,
    /// 128 bits of BLAKE3 of its bytes, in hexadecimal.
    pub file_hash: String,
    /// Its bytes.
    pub n_bytes: u64,
    /// What was counted while it was read.
    pub tally: Tally,
    /// Whether its events are in the tables; false only where an ingest was interrupted.
    pub is_merged: bool,
}

/// One later step and the tables that it made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepEntry {
    /// The hash of step, version, parameters and the digests of its inputs.
    pub spec: String,
    /// The step's version.
    pub step_version: u32,
    /// The step's parameters.
    pub parameters: serde_json::Value,
    /// The digests of the tables that it read.
    pub inputs: BTreeMap<String, TableDigest>,
    /// The tables that it wrote.
    pub outputs: Vec<String>,
    /// What it found, for people.
    pub summary: serde_json::Value,
}

impl Manifest {
    /// The manifest of a new corpus.
    pub(crate) fn new(n_buckets: u16, keeps_originals: bool) -> Self {
        Self {
            format: FORMAT,
            n_buckets,
            keeps_originals,
            tables: BTreeMap::new(),
            shards: Vec::new(),
            steps: BTreeMap::new(),
            pending: Vec::new(),
            staged: BTreeMap::new(),
            forgotten: Forgotten::default(),
        }
    }

    /// Reads the manifest of a corpus; `None` where there is none.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE_NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io("read", &path)(error)),
        };
        let bad = |reason: String| Error::BadManifest { path: path.clone(), reason };
        let format =
            serde_json::from_slice::<FormatOnly>(&bytes).map_err(|error| bad(error.to_string()))?.format;
        if format > FORMAT {
            return Err(Error::NewerFormat { path, expected: FORMAT, got: format });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|error| bad(error.to_string()))
    }

    /// Makes this the manifest of the corpus: the commit point of every change.
    pub(crate) fn commit(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE_NAME);
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::BadManifest { path: path.clone(), reason: error.to_string() })?;
        publish_bytes(&path, &bytes)
    }

    /// The later steps whose inputs have changed since they ran, so that their tables are of other posts.
    pub fn stale_steps(&self) -> impl Iterator<Item = &str> {
        let digest = |table: &String| self.tables.get(table).map(TableEntry::digest).unwrap_or_default();
        let is_stale = move |step: &StepEntry| step.inputs.iter().any(|(table, was)| digest(table) != *was);
        self.steps.iter().filter(move |(_, step)| is_stale(step)).map(|(name, _)| name.as_str())
    }

    /// Every file that the manifest names, as paths in the corpus.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let published = self.tables.values().flat_map(|table| &table.parts);
        let staged = self.staged.values().flat_map(BTreeMap::values);
        published
            .chain(staged)
            .map(|part| part.file.as_str())
            .chain(self.pending.iter().map(|run| run.file.as_str()))
    }
}

/// The one field that every format has.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}
