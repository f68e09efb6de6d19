//! Files in a corpus's folder that no table consists of: pages and pictures that Populi made, and what others put there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde::Serialize;

use super::list::Forgotten;
use crate::corpus::OWN_FILES;
use crate::error::{Error, Result, io};
use crate::manifest::Manifest;
use crate::sweep::is_ours;

/// What `populi report` writes: posts word by word, and names of authors.
const PAGES: [&str; 4] = ["report.html", "map.png", "map.svg", "choice-of-k.svg"];
/// The recipe of the last run, which Populi keeps for people.
const RECIPE: &str = "populi.toml";

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

/// Looks through the folder. `texts` are the ids and handles to search for in what is left.
pub(super) fn loose_files(
    folder: &Path,
    manifest: &Manifest,
    list: &Forgotten,
    texts: &BTreeSet<String>,
) -> Result<Loose> {
    let known: BTreeSet<&str> = manifest.files().chain(OWN_FILES).collect();
    let mut loose = Loose::default();
    for path in files_under(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        // What nothing names and the program wrote is swept after the commit.
        if known.contains(name.as_str()) || is_ours(&name) {
            continue;
        }
        if PAGES.contains(&&*file_name) || (name == RECIPE && holds_name(&path, list)?) {
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
