//! What a corpus says of itself: every part, every shard, every step.
//!
//! Nothing in it holds a clock, a host name or an absolute path, so equal corpora have equal manifests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use populi_model::{Class, TableDigest, Tally};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, io};
use crate::failpoint::MANIFEST;
use crate::forget::Forgotten;
use crate::publish::publish_bytes;
use crate::run::RunFile;

/// The newest format of a corpus that this version reads and the one that it writes. Format 1 had nothing forgotten, no
/// sightings, nothing left out by a selection, and no threads under pseudonyms: a program that knows no more would drop them.
/// Format 2 had no columns for what Twitter tells: in its parts they are null.
pub const FORMAT: u32 = 3;

/// The name of the manifest in its folder.
pub(crate) const FILE_NAME: &str = "manifest.json";

/// How a manifest begins: with its own checksum, which is that of the file with zeros in the checksum's place.
const CHECKSUM_HEAD: &[u8] = b"{\n  \"checksum\": \"";
/// The digits of the checksum.
const CHECKSUM_DIGITS: usize = 2 * blake3::OUT_LEN;

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
    /// Files that lie beside the manifest for people, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, KeptEntry>,
    /// The one of them that is being written: it may be as here already, or as in `kept` still. Left only by an
    /// interruption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeping: Option<(String, KeptEntry)>,
}

/// A file that lies beside the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEntry {
    /// Its bytes.
    pub n_bytes: u64,
    /// BLAKE3 of its bytes.
    pub blake3: String,
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
            kept: BTreeMap::new(),
            keeping: None,
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
        let head = serde_json::from_slice::<Head>(&bytes).map_err(|error| bad(error.to_string()))?;
        // Manifests that were written before there were checksums are read; `verify` tells of them.
        if head.checksum.is_some() && !is_whole(&bytes) {
            return Err(bad("its checksum is not that of its bytes: it was changed or damaged".to_owned()));
        }
        if head.format > FORMAT {
            return Err(Error::NewerFormat { path, expected: FORMAT, got: head.format });
        }
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        // What an earlier format holds means the same in this one; what is written from now on is of this one.
        Ok(Some(Self { format: FORMAT, ..manifest }))
    }

    /// Whether the manifest of a corpus carries the checksum of its bytes.
    pub(crate) fn is_checked(folder: &Path) -> Result<bool> {
        let path = folder.join(FILE_NAME);
        Ok(is_whole(&fs::read(&path).map_err(io("read", &path))?))
    }

    /// Makes this the manifest of the corpus: the commit point of every change.
    pub(crate) fn commit(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE_NAME);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::BadManifest { path: path.clone(), reason: error.to_string() })?;
        publish_bytes(&path, &with_checksum(&json), &MANIFEST)
    }

    /// The later steps whose inputs have changed since they ran, so that their tables are of other posts.
    pub fn stale_steps(&self) -> impl Iterator<Item = &str> {
        let digest = |table: &String| self.tables.get(table).map(TableEntry::digest).unwrap_or_default();
        let is_stale = move |step: &StepEntry| step.inputs.iter().any(|(table, was)| digest(table) != *was);
        self.steps.iter().filter(move |(_, step)| is_stale(step)).map(|(name, _)| name.as_str())
    }

    /// Every file that the manifest names and the program does away with, as paths in the corpus: parts and runs.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.parts()
            .map(|(_, part)| part.file.as_str())
            .chain(self.pending.iter().map(|run| run.file.as_str()))
    }

    /// Every part with the name of its table, those that are staged too.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &PartEntry)> {
        let published = self
            .tables
            .iter()
            .flat_map(|(name, table)| table.parts.iter().map(move |part| (name.as_str(), part)));
        let staged = self.staged.values().flatten().map(|(name, part)| (name.as_str(), part));
        published.chain(staged)
    }
}

/// What every format has, and the checksum, which the first manifests did not have.
#[derive(Deserialize)]
struct Head {
    format: u32,
    checksum: Option<serde::de::IgnoredAny>,
}

/// A JSON object with its checksum as its first field.
fn with_checksum(json: &[u8]) -> Vec<u8> {
    let fields = json.strip_prefix(b"{").unwrap_or(json);
    let zeros = [b'0'; CHECKSUM_DIGITS];
    let mut bytes = [CHECKSUM_HEAD, &zeros, b"\",", fields].concat();
    let checksum = blake3::hash(&bytes).to_hex();
    bytes[CHECKSUM_HEAD.len()..][..CHECKSUM_DIGITS].copy_from_slice(checksum.as_bytes());
    bytes
}

/// Whether a manifest begins with the checksum of its bytes.
fn is_whole(bytes: &[u8]) -> bool {
    let digits = CHECKSUM_HEAD.len()..CHECKSUM_HEAD.len() + CHECKSUM_DIGITS;
    let Some(checksum) = bytes.get(digits.clone()).filter(|_| bytes.starts_with(CHECKSUM_HEAD)) else {
        return false;
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(CHECKSUM_HEAD).update(&[b'0'; CHECKSUM_DIGITS]).update(&bytes[digits.end..]);
    hasher.finalize().to_hex().as_bytes() == checksum
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_manifest_is_covered_by_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let manifest = Manifest::new(4, false);
        manifest.commit(folder.path()).unwrap();
        assert_eq!(Manifest::load(folder.path()).unwrap(), Some(manifest));
        let bytes = fs::read(&path).unwrap();
        assert!(is_whole(&bytes));
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                assert!(!is_whole(&flipped), "bit {bit} of byte {place}");
            }
        }
        for length in 0..bytes.len() {
            assert!(!is_whole(&bytes[..length]), "cut to {length} bytes");
        }
    }

    #[test]
    fn a_manifest_of_the_first_format_is_read_and_the_next_one_written_is_of_this() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let first =
            r#"{"format":1,"n_buckets":4,"keeps_originals":false,"tables":{},"shards":[],"steps":{}}"#;
        fs::write(&path, first).unwrap();
        let manifest = Manifest::load(folder.path()).unwrap().unwrap();
        assert_eq!((manifest.n_buckets, manifest.format), (4, FORMAT));
        manifest.commit(folder.path()).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains(&format!("\"format\": {FORMAT}")));
    }

    #[test]
    fn a_manifest_that_was_changed_is_refused_and_one_of_before_there_were_checksums_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        Manifest::new(4, false).commit(folder.path()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"n_buckets\": 4", "\"n_buckets\": 5")).unwrap();
        let error = Manifest::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("checksum") && error.contains("manifest.json"), "{error}");

        let without: String = text.lines().filter(|line| !line.contains("checksum")).collect();
        fs::write(&path, without).unwrap();
        assert_eq!(Manifest::load(folder.path()).unwrap().unwrap().n_buckets, 4);
        assert!(!Manifest::is_checked(folder.path()).unwrap());
    }
}
