//! How a file appears: whole, or not at all.
//!
//! Written aside under a name that no manifest uses, flushed to the disk, renamed, and the folder flushed. The
//! manifest is published the same way and last, so that what it names is there. (A crash between two renames
//! leaves a file that no manifest names; the next writer removes it.) A folder is made likewise: it is flushed in the
//! one that it lies in before anything is named that is in it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Result, io};
use crate::failpoint::{self, Publishing};

/// The ending of files that are not published yet.
pub(crate) const UNPUBLISHED: &str = "unpublished";

/// Bytes that are put together before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// Publishes a file that is no part of a corpus, such as a page, as files of a corpus are: it is the old one or the
/// new one, never half of one. What an interruption leaves beside it, `<name>.unpublished`, is replaced the next time.
///
/// # Errors
/// When the disk refuses.
pub fn publish_output(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    publish_bytes(path, bytes, &failpoint::OUTPUT)
}

/// As [`publish_output`], for a file that is written bit by bit, so that its bytes are never in memory at once. Where `write`
/// fails, what it wrote is removed.
///
/// # Errors
/// When the disk refuses.
pub fn publish_written(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let unpublished = aside(path);
    let points = &failpoint::OUTPUT;
    let mut file = BufWriter::with_capacity(WRITE_BYTES, create_aside(&unpublished, points)?);
    failpoint::pass(points.write)
        .and_then(|()| write(&mut file))
        .and_then(|()| file.flush())
        .map_err(io("write", &unpublished))
        .and_then(|()| publish_file(file.get_ref(), &unpublished, path, points))
        .inspect_err(|_| {
            // Where even this fails, the next attempt replaces it.
            let _ = fs::remove_file(&unpublished);
        })
}

/// The name under which a file is written before it is published.
#[must_use]
pub fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNPUBLISHED);
    PathBuf::from(name)
}

/// Publishes bytes as a whole file.
pub(crate) fn publish_bytes(path: &Path, bytes: &[u8], points: &Publishing) -> Result<()> {
    let unpublished = aside(path);
    let mut file = create_aside(&unpublished, points)?;
    failpoint::pass(points.write).and_then(|()| file.write_all(bytes)).map_err(io("write", &unpublished))?;
    publish_file(&file, &unpublished, path, points)
}

/// Begins a file that is written aside.
pub(crate) fn create_aside(unpublished: &Path, points: &Publishing) -> Result<File> {
    failpoint::pass(points.create).and_then(|()| File::create(unpublished)).map_err(io("create", unpublished))
}

/// Publishes a file that was written aside.
pub(crate) fn publish_file(file: &File, unpublished: &Path, path: &Path, points: &Publishing) -> Result<()> {
    failpoint::pass(points.flush).and_then(|()| file.sync_all()).map_err(io("flush", unpublished))?;
    failpoint::pass(points.rename)
        .and_then(|()| fs::rename(unpublished, path))
        .map_err(io("publish", path))?;
    failpoint::pass(points.flush_folder).map_err(io("flush the folder of", path))?;
    flush_folder_of(path)?;
    failpoint::pass(points.published).map_err(io("publish", path))
}

/// Makes a folder and those above it that are not there, each flushed in the one that it lies in.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    // One at a time, so that nobody takes a folder for made that another thread has not flushed yet.
    static CREATING: Mutex<()> = Mutex::new(());
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&Path> =
        path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    for folder in missing.into_iter().rev() {
        failpoint::pass("folder.create")
            .and_then(|()| fs::create_dir(folder))
            .or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })
            .map_err(io("create the folder", folder))?;
        failpoint::pass("folder.flush").map_err(io("flush the folder of", folder))?;
        flush_folder_of(folder)?;
    }
    Ok(())
}

/// Flushes the folder that a path lies in, so that its name survives a power cut.
pub(crate) fn flush_folder_of(path: &Path) -> Result<()> {
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
    use crate::failpoint::MANIFEST;

    #[test]
    fn a_published_file_replaces_the_old_one_and_leaves_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        publish_bytes(&path, b"old", &MANIFEST).unwrap();
        publish_bytes(&path, b"new", &MANIFEST).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_fails_while_it_is_written_leaves_the_old_file_and_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.npy");
        publish_written(&path, |file| file.write_all(b"old")).unwrap();
        let full = publish_written(&path, |file| {
            file.write_all(b"half of the new")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(full.unwrap_err().to_string().contains("map.npy"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = publish_bytes(Path::new("/no/such/folder/file"), b"", &MANIFEST).unwrap_err().to_string();
        assert!(error.contains("/no/such/folder/file"), "{error}");
    }

    #[test]
    fn folders_are_made_as_deep_as_asked_and_a_file_in_the_way_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("vectors/lexical");
        create_folder(&deep).unwrap();
        create_folder(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(folder.path().join("file"), "").unwrap();
        let error = create_folder(&folder.path().join("file/posts")).unwrap_err().to_string();
        assert!(error.contains("file"), "{error}");
    }
}
