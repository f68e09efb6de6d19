//! May the results be written where they are to be? Asked before anything is computed.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use populi_store::aside;

use crate::error::io;
use crate::export::Existing;
use crate::{Error, Result};

/// The first bytes of every `.npy` file.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Checks that no output is an input or another output, that nothing is in the way that may not be replaced, and that the disk
/// lets files be made there. Folders that are missing are made.
///
/// # Errors
/// [`Error::Output`] with what is in the way, or what the system says.
pub(crate) fn check(inputs: &[&Path], outputs: &[&Path], existing: Existing) -> Result<()> {
    let refuse = |path: &Path, reason| Err(Error::Output { path: path.to_owned(), reason });
    let read: Vec<PathBuf> = inputs.iter().map(|path| place(path)).collect();
    let mut written = Vec::new();
    for &path in outputs {
        if path.file_name().is_none() || path.is_dir() {
            return refuse(path, "this is a folder: name a file in it");
        }
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return refuse(path, "this is a pipe or a device, not a file: name a file");
        }
        let (at, beside) = (place(path), place(&aside(path)));
        if written.contains(&beside) || outputs.iter().any(|other| place(&aside(other)) == at) {
            return refuse(path, "another result passes through this name: choose another one");
        }
        if read.contains(&at) || read.contains(&beside) {
            return refuse(path, "this is read, so it cannot be written: choose another name");
        }
        if written.contains(&at) {
            return refuse(path, "two results cannot be one file: choose another name for one of them");
        }
        written.push(at);
        match (is_array(path)?, existing) {
            (None, _) | (Some(true), Existing::Replace) => {}
            (Some(true), Existing::Refuse) => {
                return refuse(
                    path,
                    "there is an array already: choose another name, or replace it with --overwrite",
                );
            }
            (Some(false), _) => {
                return refuse(
                    path,
                    "there is a file that is no .npy array, so it is left as it is: choose another name",
                );
            }
        }
        can_be_made(path)?;
    }
    Ok(())
}

/// Where a path leads, also where there is nothing yet.
fn place(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// Whether a file is an array of NumPy; `None` where there is none.
fn is_array(path: &Path) -> Result<Option<bool>> {
    let mut head = [0; MAGIC.len()];
    match File::open(path) {
        Ok(mut file) => match file.read_exact(&mut head) {
            Ok(()) => Ok(Some(head == MAGIC)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some(false)),
            Err(error) => Err(io("read", path)(error)),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path)(error)),
    }
}

/// Makes a file under the name that it is written under, and takes it away again.
fn can_be_made(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
    }
    let beside = aside(path);
    File::create(&beside).and_then(|_| fs::remove_file(&beside)).map_err(io("create", &beside))
}
