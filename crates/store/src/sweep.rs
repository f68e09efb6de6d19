//! Removing what no manifest names: replaced parts, and what an interruption left.
//!
//! An interruption may leave files in folders that the manifest does not name yet, such as that of the first table of a
//! step. So every folder is looked at, and what goes is told by its name: files have names of a form that the
//! program gives them, and nothing else is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::corpus::CACHE;
use crate::error::{Result, io};
use crate::failpoint;
use crate::manifest::{FILE_NAME, Manifest};
use crate::publish::UNPUBLISHED;
use crate::run::{EXTENSION as RUN, FOLDER as RUNS, SPOOL};

/// Folders that lie in one another at most: a table such as `vectors/lexical`.
const MAX_DEPTH: usize = 2;

/// Hexadecimal digits of a part's checksum in its name.
const NAME_DIGITS: usize = 16;

/// Removes what `manifest` does not name and the program wrote.
pub(crate) fn sweep(corpus: &Path, manifest: &Manifest) -> Result<()> {
    failpoint::pass("sweep.list").map_err(io("list", corpus))?;
    let named: BTreeSet<&str> = manifest.files().collect();
    for file in files(corpus)? {
        if !named.contains(file.as_str()) && is_ours(&file) {
            let path = corpus.join(&file);
            failpoint::pass("sweep.remove")
                .and_then(|()| fs::remove_file(&path))
                .map_err(io("remove", &path))?;
        }
    }
    Ok(())
}

/// Every file of a corpus folder and of the folders of tables in it, as paths in the corpus, in order. Links are not
/// followed. What lies deeper than any table, a corpus inside this one, the cache, and names that are no Unicode are left out.
pub(crate) fn files(corpus: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let path = corpus.join(&folder);
        if depth > 0 && path.join(FILE_NAME).exists() {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(io("list", &path))? {
            let entry = entry.map_err(io("list", &path))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(io("list", &path))?;
            if kind.is_file() {
                files.push(name);
            } else if kind.is_dir() && depth < MAX_DEPTH && name != CACHE {
                folders.push((name, depth + 1));
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Whether a path in a corpus has the form of those that the program writes and does away with.
pub(crate) fn is_ours(file: &str) -> bool {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    match extension {
        UNPUBLISHED => true,
        RUN => folder == RUNS,
        "parquet" => !folder.is_empty() && is_part(stem),
        _ => file == format!("{RUNS}/{SPOOL}"),
    }
}

/// Whether a name is that of a part: the checksum, after the bucket where there is one.
fn is_part(stem: &str) -> bool {
    let (bucket, checksum) = stem.split_once('-').unwrap_or(("0000", stem));
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    checksum.len() == NAME_DIGITS
        && checksum.bytes().all(is_hex)
        && (4..=5).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_form_are_ours() {
        for ours in [
            "posts/0003-0123456789abcdef.parquet",
            "posts/65535-0123456789abcdef.parquet",
            "vectors/lexical/0123456789abcdef.parquet",
            "conversations/step.unpublished",
            "manifest.json.unpublished",
            "runs/0123456789abcdef-0.run",
            "runs/standard-input.spool",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for not_ours in [
            "manifest.json",
            "populi.toml",
            "lock",
            "0123456789abcdef.parquet",
            "posts/notes.txt",
            "posts/0003-0123456789ABCDEF.parquet",
            "posts/my-0123456789abcdef.parquet",
            "posts/0123456789abcde.parquet",
            "posts/standard-input.spool",
            "marathon/monday.run",
            "posts/README",
        ] {
            assert!(!is_ours(not_ours), "{not_ours}");
        }
    }

    #[test]
    fn leftovers_go_from_folders_that_no_manifest_names_and_nothing_else_goes() {
        let corpus = tempfile::tempdir().unwrap();
        let path = |name: &str| corpus.path().join(name);
        let leftovers =
            ["conversations/step.unpublished", "vectors/new/0123456789abcdef.parquet", "runs/a-0.run"];
        let others = [
            "mine/letter.txt",
            "mine/a/b/deep.unpublished",
            "posts/notes.txt",
            "manifest.json",
            "inner/manifest.json",
            "inner/posts/0000-0123456789abcdef.parquet",
            "cache/vectors/a.unpublished",
        ];
        for name in leftovers.into_iter().chain(others) {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), "").unwrap();
        }
        sweep(corpus.path(), &Manifest::new(1, false)).unwrap();
        assert!(leftovers.iter().all(|name| !path(name).exists()));
        assert!(others.iter().all(|name| path(name).exists()));
    }
}
