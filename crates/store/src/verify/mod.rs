//! Is every byte of a corpus as it was published?
//!
//! Every file is covered: parts, runs and kept files by the BLAKE3 that the manifest names, the manifest by its own checksum,
//! the lock by being empty. Beyond bytes, the rows of each part are counted and digested anew, by code that shares nothing
//! with the writer but the format, and the records of each input are counted in `sources` and `quarantine` and held
//! against what was counted while it was read.

mod account;
mod rows;

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use crate::checksum::checksum_of;
use crate::corpus::LOCK;
use crate::error::{Error, Result};
use crate::manifest::{FILE_NAME, KeptEntry, Manifest, PartEntry};
use crate::snapshot::Snapshot;
use crate::sweep::{files, is_ours};

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Files that were checked.
    pub n_files: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// Rows that were digested.
    pub n_rows: u64,
    /// What is not as it should be: nothing in a sound corpus.
    pub findings: Vec<Finding>,
    /// Files in the corpus that nothing names, so that no checksum covers them: what an interruption left (the next
    /// writer removes it), or somebody else's.
    pub unnamed: Vec<Unnamed>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, as a path in the corpus.
    pub file: String,
    /// What differs: expected and got.
    pub what: String,
}

/// A file that nothing names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unnamed {
    /// The file, as a path in the corpus.
    pub file: String,
    /// Whether it has the form of what an interruption leaves, and will be removed by the next writer.
    pub is_leftover: bool,
}

/// Checks the corpus in `folder`. Takes no lock and writes nothing. `progress` is told the bytes of each file that is done.
///
/// Time: each file is read twice, for its bytes and for its rows, in parallel on rayon's threads. Memory: a batch of
/// rows a thread, and a count an input.
///
/// # Errors
/// When there is no corpus, it is of a newer format, a folder cannot be listed, or another process changed the corpus meanwhile.
/// Damage is no error but a [`Finding`].
pub fn verify(folder: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Verification> {
    let manifest = match Manifest::load(folder) {
        Ok(Some(manifest)) => manifest,
        Ok(None) if folder.is_dir() && files(folder)?.iter().any(|file| is_ours(file)) => {
            let what = "it is missing, so nothing says what the other files should be".to_owned();
            return Ok(Verification::of_manifest(what));
        }
        Ok(None) => return Err(Error::NoCorpus { path: folder.to_owned() }),
        Err(Error::BadManifest { reason, .. }) => {
            return Ok(Verification::of_manifest(format!(
                "{reason}; nothing else can be checked without it"
            )));
        }
        Err(error) => return Err(error),
    };
    let mut found = Verification::default();
    found.check_manifest(folder, &manifest)?;
    found.check_parts(folder, &manifest, progress);
    found.check_other_files(folder, &manifest, progress);
    found.check_account(&Snapshot::of(folder, manifest.clone()));
    found.find_unnamed(folder, &manifest)?;
    found.findings.sort_unstable();
    if !found.is_clean() && Manifest::load(folder)?.as_ref() != Some(&manifest) {
        return Err(Error::Changed { path: folder.to_owned() });
    }
    Ok(found)
}

impl Verification {
    /// Whether nothing is wrong. Files that nothing names are nothing wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Of a corpus whose manifest cannot be used.
    fn of_manifest(what: String) -> Self {
        let mut found = Self { n_files: 1, ..Self::default() };
        found.tell(FILE_NAME, what);
        found
    }

    fn tell(&mut self, file: &str, what: String) {
        self.findings.push(Finding { file: file.to_owned(), what });
    }

    fn check_manifest(&mut self, folder: &Path, manifest: &Manifest) -> Result<()> {
        self.n_files += 1;
        self.n_bytes += std::fs::metadata(folder.join(FILE_NAME)).map_or(0, |metadata| metadata.len());
        if !Manifest::is_checked(folder)? {
            let what = "it carries no checksum, so what it says is not proved: every verb that changes the corpus writes one";
            self.tell(FILE_NAME, what.to_owned());
        }
        for (step, entry) in &manifest.steps {
            for table in entry.outputs.iter().filter(|table| !manifest.tables.contains_key(*table)) {
                self.tell(FILE_NAME, format!("the step {step} made the table {table}, which is not there"));
            }
        }
        Ok(())
    }

    fn check_parts(&mut self, folder: &Path, manifest: &Manifest, progress: &(dyn Fn(u64) + Sync)) {
        let parts: Vec<(&str, &PartEntry)> = manifest.parts().collect();
        let outcomes: Vec<std::result::Result<(), String>> = parts
            .par_iter()
            .map(|(_, part)| {
                let outcome = check_part(folder, part);
                progress(part.n_bytes);
                outcome
            })
            .collect();
        for ((_, part), outcome) in parts.into_iter().zip(outcomes) {
            self.n_files += 1;
            self.n_bytes += part.n_bytes;
            match outcome {
                Ok(()) => self.n_rows += part.n_rows,
                Err(what) => self.tell(&part.file, what),
            }
        }
    }

    /// Runs, kept files and the lock.
    fn check_other_files(&mut self, folder: &Path, manifest: &Manifest, progress: &(dyn Fn(u64) + Sync)) {
        for run in &manifest.pending {
            self.n_files += 1;
            self.n_bytes += run.n_bytes;
            if let Err(what) = check_bytes(folder, &run.file, run.n_bytes, &run.blake3) {
                self.tell(&run.file, what);
            }
            progress(run.n_bytes);
        }
        let keeping = manifest.keeping.as_ref();
        let names: BTreeSet<&String> = manifest.kept.keys().chain(keeping.map(|(name, _)| name)).collect();
        for name in names {
            self.n_files += 1;
            let kept = manifest.kept.get(name);
            self.n_bytes += kept.map_or(0, |kept| kept.n_bytes);
            let new = keeping.filter(|(new, _)| new == name).map(|(_, entry)| entry);
            if let Err(what) = check_kept(folder, name, kept, new) {
                self.tell(name, what);
            }
            progress(kept.map_or(0, |kept| kept.n_bytes));
        }
        if std::fs::metadata(folder.join(LOCK)).is_ok_and(|metadata| metadata.len() > 0) {
            self.tell(LOCK, "it should be empty".to_owned());
        }
    }

    /// Holds the tables against what was counted while the inputs were read. Left out where one of the tables is damaged:
    /// that is told already.
    fn check_account(&mut self, snapshot: &Snapshot) {
        let is_damaged = |finding: &Finding| {
            [account::SOURCES, account::QUARANTINE]
                .iter()
                .any(|table| finding.file.split('/').next() == Some(*table))
        };
        if self.findings.iter().any(is_damaged) {
            return;
        }
        match account::check(snapshot) {
            Ok(whats) => whats.into_iter().for_each(|what| self.tell(FILE_NAME, what)),
            Err(error) => self.tell(FILE_NAME, format!("the account cannot be checked: {error}")),
        }
    }

    fn find_unnamed(&mut self, folder: &Path, manifest: &Manifest) -> Result<()> {
        let kept = manifest.kept.keys().chain(manifest.keeping.as_ref().map(|(name, _)| name));
        let named: BTreeSet<&str> =
            manifest.files().chain(kept.map(String::as_str)).chain([FILE_NAME, LOCK]).collect();
        for file in files(folder)? {
            if !named.contains(file.as_str()) {
                let is_leftover = is_ours(&file);
                self.unnamed.push(Unnamed { file, is_leftover });
            }
        }
        Ok(())
    }
}

/// Checks the bytes of a part and then its rows. What is damaged is not decoded.
fn check_part(folder: &Path, part: &PartEntry) -> std::result::Result<(), String> {
    check_bytes(folder, &part.file, part.n_bytes, &part.blake3)?;
    let (n_rows, digest) = rows::digest_of(&folder.join(&part.file)).map_err(|error| error.to_string())?;
    if n_rows != part.n_rows {
        return Err(format!("it holds {n_rows} rows, the manifest says {}", part.n_rows));
    }
    if digest != part.digest {
        return Err(format!("its rows have the digest {digest}, the manifest says {}", part.digest));
    }
    Ok(())
}

/// Checks a kept file, which may be the new one or the one before while a change is under way.
fn check_kept(
    folder: &Path,
    name: &str,
    kept: Option<&KeptEntry>,
    new: Option<&KeptEntry>,
) -> std::result::Result<(), String> {
    if new.is_some_and(|new| check_bytes(folder, name, new.n_bytes, &new.blake3).is_ok()) {
        return Ok(());
    }
    match kept {
        Some(kept) => check_bytes(folder, name, kept.n_bytes, &kept.blake3),
        None if !folder.join(name).exists() => Ok(()),
        None => Err("its bytes are not those that were to be written".to_owned()),
    }
}

fn check_bytes(folder: &Path, file: &str, n_bytes: u64, blake3: &str) -> std::result::Result<(), String> {
    let (got_bytes, hash) = match checksum_of(&folder.join(file)) {
        Ok(got) => got,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err("it is missing".to_owned()),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    if got_bytes != n_bytes {
        return Err(format!("it has {got_bytes} bytes, the manifest says {n_bytes}"));
    }
    let got = hash.to_hex();
    if *got == *blake3 {
        Ok(())
    } else {
        Err(format!("its bytes have the BLAKE3 {got}, the manifest says {blake3}"))
    }
}
