//! Which files an ingest reads.
//!
//! Folders are walked to any depth. Inside them, names that begin with a dot (`.git`, `.DS_Store`), symbolic links and
//! what is neither file nor folder are passed over and listed; a path that the user named is read whatever its name,
//! and followed where it is a link.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use populi_model::Key;
use walkdir::WalkDir;

use crate::Error;
use crate::archive::Decoded;
use crate::lines::Blocks;

/// What was found under the named paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The inputs to read, by name, each path once.
    pub inputs: Vec<Input>,
    /// What was passed over inside folders, by name.
    pub skipped: Vec<Skipped>,
}

/// One input to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The path from the parent of the named path on, with `/` between its parts: never absolute. `-` for standard
    /// input.
    pub name: String,
    /// Where its bytes are.
    pub place: Place,
}

/// Where the bytes of an input are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// They come in on standard input.
    StandardInput,
}

/// Something inside a folder that is not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its name, as of an [`Input`].
    pub name: String,
    /// Why it is passed over.
    pub why: SkipReason,
}

/// Why something inside a folder is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Its name begins with a dot.
    Hidden,
    /// It is a symbolic link.
    SymbolicLink,
    /// It is a FIFO, a device or a socket.
    NotAFile,
}

impl SkipReason {
    /// The reason in words, for more than one of them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::SymbolicLink => "symbolic links",
            Self::NotAFile => "neither files nor folders",
        }
    }
}

/// Finds every input under `paths`, where `-` is standard input.
///
/// # Errors
/// When no path is named, one is not there or cannot be listed, one is a FIFO, device or socket, or a folder holds
/// nothing to read.
pub fn discover<P: AsRef<Path>>(paths: &[P]) -> Result<Found, Error> {
    if paths.is_empty() {
        return Err(Error::NoInput);
    }
    let mut found = Found::default();
    for path in paths {
        let path = path.as_ref();
        if path == Path::new("-") {
            found.inputs.push(Input { name: "-".to_owned(), place: Place::StandardInput });
            continue;
        }
        let kind = fs::metadata(path).map_err(|error| cannot_open(path, error))?.file_type();
        if kind.is_dir() {
            walk(path, &mut found)?;
        } else if kind.is_file() {
            found.inputs.push(Input { name: name_of(path, path), place: Place::File(path.to_owned()) });
        } else {
            return Err(Error::NotAFile { path: path.to_owned(), what: what_is(kind) });
        }
    }
    found.inputs.sort();
    found.inputs.dedup_by(|a, b| a.place == b.place);
    found.skipped.sort();
    found.skipped.dedup();
    Ok(found)
}

impl Input {
    /// The key of the file's bytes as they lie on disk: the first 16 bytes of their BLAKE3 hash.
    ///
    /// # Errors
    /// When the file cannot be read. Standard input can be read only once, so it has no key here: hash what is read
    /// of it with [`Hashed`].
    pub fn key(&self) -> Result<Key, Error> {
        let Place::File(path) = &self.place else {
            let error = io::Error::new(io::ErrorKind::Unsupported, "standard input can be read only once");
            return Err(cannot_open(Path::new(&self.name), error));
        };
        let mut hashed = Hashed::new(File::open(path).map_err(|error| cannot_open(path, error))?);
        io::copy(&mut hashed, &mut io::sink()).map_err(|error| cannot_open(path, error))?;
        Ok(hashed.key())
    }

    /// The input's bytes as they are.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        Ok(match &self.place {
            Place::File(path) => Box::new(File::open(path).map_err(|error| cannot_open(path, error))?),
            Place::StandardInput => Box::new(io::stdin()),
        })
    }

    /// The input's content without its packing, in blocks of whole lines.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn blocks(&self) -> Result<Blocks<Decoded<'static>>, Error> {
        Ok(Blocks::new(Decoded::new(self.open()?), &self.name))
    }
}

/// Hashes what is read through it.
pub struct Hashed<R> {
    reader: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Hashed<R> {
    /// Reads through to `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, hasher: blake3::Hasher::new() }
    }

    /// The key of all that was read so far.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::from_hash(&self.hasher.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        Ok(n)
    }
}

/// Adds what is inside a folder.
fn walk(folder: &Path, found: &mut Found) -> Result<(), Error> {
    let (n_inputs, n_skipped) = (found.inputs.len(), found.skipped.len());
    let mut entries = WalkDir::new(folder).min_depth(1).follow_links(false).into_iter();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            Error::Open { path, source: error.into() }
        })?;
        let name = name_of(folder, entry.path());
        let kind = entry.file_type();
        let why = if entry.file_name().as_encoded_bytes().starts_with(b".") {
            SkipReason::Hidden
        } else if kind.is_symlink() {
            SkipReason::SymbolicLink
        } else if kind.is_dir() {
            continue;
        } else if kind.is_file() {
            found.inputs.push(Input { name, place: Place::File(entry.into_path()) });
            continue;
        } else {
            SkipReason::NotAFile
        };
        if kind.is_dir() {
            entries.skip_current_dir();
        }
        found.skipped.push(Skipped { name, why });
    }
    if found.inputs.len() == n_inputs {
        let skipped = passed_over(&found.skipped[n_skipped..]);
        return Err(Error::EmptyFolder { path: folder.to_owned(), skipped });
    }
    Ok(())
}

/// What was passed over, as the end of a message.
fn passed_over(skipped: &[Skipped]) -> String {
    let counts: Vec<String> = [SkipReason::Hidden, SkipReason::SymbolicLink, SkipReason::NotAFile]
        .into_iter()
        .map(|why| (why, skipped.iter().filter(|skipped| skipped.why == why).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(why, n)| format!("{n} {}", why.words()))
        .collect();
    if counts.is_empty() { String::new() } else { format!(" (passed over: {})", counts.join(", ")) }
}

/// The name of what lies at `path`, in or at the path that the user named.
fn name_of(named: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(named).unwrap_or(path);
    // `.`, `..` and `/` have no name of their own.
    let own = named.file_name().map(PathBuf::from).unwrap_or_default();
    let relative = own.join(inside);
    let parts = relative.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn cannot_open(path: &Path, source: io::Error) -> Error {
    Error::Open { path: path.to_owned(), source }
}

/// What a path is that is neither file nor folder.
#[cfg(unix)]
fn what_is(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// What a path is that is neither file nor folder.
#[cfg(not(unix))]
fn what_is(_: FileType) -> &'static str {
    "a device"
}
