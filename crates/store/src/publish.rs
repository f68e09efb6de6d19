//! How a file appears in a corpus: whole, or not at all.
//!
//! Written aside under a name that no manifest uses, flushed to the disk, renamed, and the folder flushed. The
//! manifest is published the same way and last, so that what it names is there. (A crash between two renames
//! leaves a file that no manifest names; the next writer removes it.)

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Result, io};

/// The ending of files that are not published yet.
const UNPUBLISHED: &str = "unpublished";

/// The name under which a file is written before it is published.
pub(crate) fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNPUBLISHED);
    PathBuf::from(name)
}

/// Publishes bytes as a whole file.
pub(crate) fn publish_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let unpublished = aside(path);
    let mut file = File::create(&unpublished).map_err(io("create", &unpublished))?;
    file.write_all(bytes).map_err(io("write", &unpublished))?;
    publish_file(&file, &unpublished, path)
}

/// Publishes a file that was written aside.
pub(crate) fn publish_file(file: &File, unpublished: &Path, path: &Path) -> Result<()> {
    file.sync_all().map_err(io("flush", unpublished))?;
    fs::rename(unpublished, path).map_err(io("publish", path))?;
    flush_folder(path)
}

/// Flushes the folder that a path lies in, so that its name survives a power cut.
fn flush_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("flush the folder", folder))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_published_file_replaces_the_old_one_and_leaves_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        publish_bytes(&path, b"old").unwrap();
        publish_bytes(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = publish_bytes(Path::new("/no/such/folder/file"), b"").unwrap_err().to_string();
        assert!(error.contains("/no/such/folder/file"), "{error}");
    }
}
