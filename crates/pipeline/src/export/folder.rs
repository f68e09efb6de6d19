//! The folder of an export: there as a whole, or not at all.
//!
//! It is made aside, under its name and `.unfinished`, and renamed at the end. What is in the way is only replaced where
//! it is an earlier export and nothing else, and the user asked for it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use populi_dataset::dialogue::DialogueCard;
use populi_dataset::{Card, FileCard};
use serde::Deserialize;

use super::Existing;
use crate::error::io;
use crate::{Error, Result};

/// The card, by which an export is known.
pub(super) const CARD: &str = "card.json";
/// The card for people.
pub(super) const README: &str = "README.md";
/// The file by which an unfinished folder of ours is known.
const MARK: &str = "an-unfinished-export-of-populi";

/// A folder that is being filled. Where it is dropped before it is whole, it goes.
pub(super) struct Unfinished {
    aside: PathBuf,
    out: PathBuf,
    is_published: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_published {
            // Where even this fails, the next attempt removes it.
            let _ = fs::remove_dir_all(&self.aside);
        }
    }
}

impl Unfinished {
    /// Begins a folder that will be `out`; what an interruption left of an earlier attempt is removed, and an export that
    /// it left aside is put back.
    ///
    /// # Errors
    /// When something else is in the way, or the disk refuses.
    pub(super) fn begin(out: &Path, existing: Existing) -> Result<Self> {
        // Without a slash at the end, behind which there would be no name to give.
        let out: PathBuf = std::path::absolute(out).map_err(io("find", out))?.components().collect();
        restore(&out)?;
        match contents(&out)? {
            Contents::None => {}
            Contents::Export if existing == Existing::Replace => {}
            Contents::Export => return Err(Error::ExportExists { path: named(&out) }),
            Contents::Other(what) => return Err(Error::NotAnExport { path: named(&out), what }),
        }
        let aside = with_ending(&out, "unfinished");
        if aside.join(MARK).exists() || matches!(contents(&aside)?, Contents::Export) {
            fs::remove_dir_all(&aside).map_err(io("remove", &aside))?;
        } else if let Contents::Other(what) = contents(&aside)? {
            return Err(Error::NotAnExport { path: named(&aside), what });
        }
        fs::create_dir_all(&aside).map_err(io("create the folder", &aside))?;
        let mark = aside.join(MARK);
        File::create(&mark).map_err(io("create", &mark))?;
        Ok(Self { aside, out, is_published: false })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.aside.join(name)
    }

    /// Takes a file away that was for the making only.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(io("remove", &path))
    }

    /// Gives the folder its name, in place of what was there.
    pub(super) fn publish(mut self) -> Result<()> {
        self.remove(MARK)?;
        flush(&self.aside)?;
        let replaced = with_ending(&self.out, "replaced");
        if matches!(contents(&replaced)?, Contents::Export) {
            fs::remove_dir_all(&replaced).map_err(io("remove", &replaced))?;
        }
        let replaces = matches!(contents(&self.out)?, Contents::Export);
        if replaces {
            fs::rename(&self.out, &replaced).map_err(io("move aside", &self.out))?;
        }
        if let Err(error) = fs::rename(&self.aside, &self.out) {
            // Where this fails too, the next attempt puts it back.
            restore(&self.out)?;
            return Err(io("publish", &self.out)(error));
        }
        self.is_published = true;
        if let Some(parent) = self.out.parent() {
            flush(parent)?;
        }
        if replaces {
            fs::remove_dir_all(&replaced).map_err(io("remove", &replaced))?;
        }
        Ok(())
    }
}

/// Where an export that was to be replaced lies aside and nothing came in its place, puts it back.
fn restore(out: &Path) -> Result<()> {
    let replaced = with_ending(out, "replaced");
    if !out.exists() && matches!(contents(&replaced)?, Contents::Export) {
        fs::rename(&replaced, out).map_err(io("put back", out))?;
    }
    Ok(())
}

/// What is at a path.
enum Contents {
    /// Nothing, or an empty folder.
    None,
    /// An export, and nothing else.
    Export,
    /// This.
    Other(String),
}

/// What the cards of all exports say.
#[derive(Deserialize)]
struct AnyCard {
    made_by: String,
    files: BTreeMap<String, FileCard>,
}

fn contents(folder: &Path) -> Result<Contents> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Contents::None),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Ok(Contents::Other("a file".to_owned()));
        }
        Err(error) => return Err(io("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(io("list", folder))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    if names.is_empty() {
        return Ok(Contents::None);
    }
    let card =
        fs::read(folder.join(CARD)).ok().and_then(|card| serde_json::from_slice::<AnyCard>(&card).ok());
    let files = match card {
        Some(card) if [Card::MADE_BY, DialogueCard::MADE_BY].contains(&card.made_by.as_str()) => card.files,
        _ => return Ok(Contents::Other(names.swap_remove(0))),
    };
    let foreign = names.into_iter().find(|name| name != CARD && name != README && !files.contains_key(name));
    Ok(foreign.map_or(Contents::Export, Contents::Other))
}

/// A path beside another one.
fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// As much of a path as an error needs.
fn named(path: &Path) -> PathBuf {
    path.file_name().map_or_else(|| path.to_owned(), PathBuf::from)
}

fn flush(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("flush the folder", folder))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Makes an export without lines; its card says so many acts.
    fn fill(folder: &Path, acts: u64) {
        let card = Card { made_by: Card::MADE_BY.to_owned(), acts, ..Card::default() };
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(CARD), serde_json::to_vec(&card).unwrap()).unwrap();
    }

    fn acts(folder: &Path) -> u64 {
        serde_json::from_slice::<Card>(&fs::read(folder.join(CARD)).unwrap()).unwrap().acts
    }

    #[test]
    fn an_export_that_was_left_aside_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        // As after a kill between the two renames of `publish`.
        fill(&with_ending(&out, "replaced"), 1);
        let refused = Unfinished::begin(&out, Existing::Refuse);
        assert!(matches!(refused.err(), Some(Error::ExportExists { .. })));
        assert_eq!(acts(&out), 1);
        let next = Unfinished::begin(&out, Existing::Replace).unwrap();
        fill(&next.aside, 2);
        next.publish().unwrap();
        assert_eq!(acts(&out), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
