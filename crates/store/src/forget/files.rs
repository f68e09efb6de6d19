//! Files in a corpus's folder that no table consists of: pages and exports that Populi made, and what others put there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::list::Forgotten;
use crate::corpus::{CACHE, OWN_FILES};
use crate::error::{Error, Result, io};
use crate::manifest::Manifest;
use crate::sweep::is_ours;

/// What `populi report` writes: posts word by word, and names of authors.
pub const PAGES: [&str; 4] = ["report.html", "map.png", "map.svg", "choice-of-k.svg"];
/// The recipe of the last run, which Populi keeps for people.
const RECIPE: &str = "populi.toml";
/// The file by which an export is known: it says what made it, and which files belong to it.
const CARD: &str = "card.json";
/// What stands beside a card, for people.
const CARD_IN_WORDS: &str = "README.md";
/// The file by which an export is known that was not finished.
const UNFINISHED_EXPORT: &str = "an-unfinished-export-of-populi";

/// A file in the folder of a corpus that Populi did not make or does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftFile {
    /// Its path in the corpus.
    pub file: String,
    /// Whether an id or handle of the forgotten stands in it as it is; what is packed or encoded is not seen.
    pub names_them: bool,
}

/// The files beside the tables.
#[derive(Default)]
pub(super) struct Loose {
    /// Made by Populi, and to go: as paths in the corpus.
    pub(super) made: Vec<String>,
    /// Everything else that the manifest does not name.
    pub(super) left: Vec<LeftFile>,
}

/// What a cache of vectors consists of.
const CACHED: [&str; 3] = ["vectors.cache", "vectors.cache.unpublished", "lock"];

/// Looks through the folder. `texts` are the ids and handles to search for in what is left.
pub(super) fn loose_files(
    folder: &Path,
    manifest: &Manifest,
    list: &Forgotten,
    texts: &BTreeSet<String>,
) -> Result<Loose> {
    let known: BTreeSet<&str> = manifest.files().chain(OWN_FILES).collect();
    let files = files_under(folder)?;
    let exported = exported(&files)?;
    let mut loose = Loose::default();
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        // What nothing names and the program wrote is swept after the commit.
        let is_cached = CACHED.contains(&&*file_name)
            && path.strip_prefix(folder).is_ok_and(|file| file.starts_with(CACHE));
        if known.contains(name.as_str()) || (is_ours(&name) && !is_cached) {
            continue;
        }
        let is_made_of_posts = is_cached || PAGES.contains(&&*file_name) || exported.contains(&path);
        if is_made_of_posts || (name == RECIPE && holds_name(&path, list)?) {
            loose.made.push(name);
        } else if name != RECIPE {
            let names_them = list.shown(&name) != name || holds_any(&path, texts)?;
            loose.left.push(LeftFile { file: name, names_them });
        }
    }
    Ok(loose)
}

/// Every file under the folder, in order.
fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(io("list", &folder))? {
            let entry = entry.map_err(io("list", &folder))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(io("list", &folder))?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The files of exports: who wrote a line of one cannot be seen, so all of it goes.
fn exported(files: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    #[derive(Deserialize)]
    struct Card {
        made_by: String,
        files: BTreeMap<String, IgnoredAny>,
    }
    let mut exported = BTreeSet::new();
    for path in files {
        let Some(folder) = path.parent() else { continue };
        if path.ends_with(UNFINISHED_EXPORT) {
            exported.extend(files.iter().filter(|file| file.starts_with(folder)).cloned());
        } else if path.ends_with(CARD) {
            let bytes = fs::read(path).map_err(io("read", path))?;
            match serde_json::from_slice::<Card>(&bytes) {
                Ok(card) if card.made_by.starts_with("populi ") => {
                    let names = card.files.keys().map(String::as_str).chain([CARD, CARD_IN_WORDS]);
                    exported.extend(names.map(|name| folder.join(name)));
                }
                // Somebody else's.
                _ => {}
            }
        }
    }
    Ok(exported)
}

fn holds_name(path: &Path, list: &Forgotten) -> Result<bool> {
    Ok(list.is_named_in(&fs::read(path).map_err(io("read", path))?))
}

/// Whether any of the texts stands in a file. Memory does not grow with the file.
fn holds_any(path: &Path, texts: &BTreeSet<String>) -> Result<bool> {
    if texts.is_empty() {
        return Ok(false);
    }
    let search = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .ascii_case_insensitive(true)
        .build(texts)
        .map_err(|error| Error::Io {
            action: "search",
            path: path.to_owned(),
            source: std::io::Error::other(error),
        })?;
    let file = File::open(path).map_err(io("open", path))?;
    match search.stream_find_iter(file).next() {
        None => Ok(false),
        Some(found) => found.map(|_| true).map_err(io("read", path)),
    }
}
