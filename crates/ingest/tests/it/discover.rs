//! Which files are found, and by what names.

use std::fs;
use std::path::{Path, PathBuf};

use populi_ingest::Error;
use populi_ingest::discover::{Found, Place, SkipReason, discover};
use populi_model::Key;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn names(found: &Found) -> Vec<&str> {
    found.inputs.iter().map(|input| input.name.as_str()).collect()
}

fn error_of(path: &Path) -> String {
    let error = discover(&[path]).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn folders_are_walked_to_any_depth_and_named_from_their_parent_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("month");
    write(&root.join("02/00/b"), "x");
    write(&root.join("01/23/a.jsonl.gz"), "x");
    write(&root.join("01/23/empty"), "");
    write(&root.join("z"), "x");
    let found = discover(&[&root]).unwrap();
    assert_eq!(names(&found), ["month/01/23/a.jsonl.gz", "month/01/23/empty", "month/02/00/b", "month/z"]);
    assert!(found.skipped.is_empty());
    let found = discover(&[root.join("02"), root.join("01/23/empty")]).unwrap();
    assert_eq!(names(&found), ["02/00/b", "empty"]);
    let found = discover(&[root.join("z"), root.join("z")]).unwrap();
    assert_eq!(names(&found), ["z"], "each path once");
    let found = discover(&[root.join("01/..")]).unwrap();
    assert_eq!(names(&found).first(), Some(&"01/23/a.jsonl.gz"), "`..` has no name");
}

#[test]
fn a_dash_is_standard_input() {
    let found = discover(&[PathBuf::from("-")]).unwrap();
    assert_eq!((names(&found), &found.inputs[0].place), (vec!["-"], &Place::StandardInput));
    assert!(found.inputs[0].key().is_err(), "it can be read only once");
}

#[test]
fn the_key_of_a_file_is_that_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    write(&path, "some bytes");
    let found = discover(&[&path]).unwrap();
    assert_eq!(found.inputs[0].key().unwrap(), Key::of_bytes(b"some bytes"));
    let blocks: Vec<_> = found.inputs[0].blocks().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(blocks[0].bytes, b"some bytes");
}

#[test]
fn hidden_files_and_links_inside_folders_are_listed_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("dump");
    write(&root.join("a"), "x");
    write(&root.join(".git/config"), "x");
    write(&root.join(".DS_Store"), "x");
    let mut expected = vec![("dump/.DS_Store", SkipReason::Hidden), ("dump/.git", SkipReason::Hidden)];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
        expected.push(("dump/link", SkipReason::SymbolicLink));
    }
    let found = discover(&[&root]).unwrap();
    assert_eq!(names(&found), ["dump/a"]);
    let skipped: Vec<_> = found.skipped.iter().map(|skipped| (skipped.name.as_str(), skipped.why)).collect();
    assert_eq!(skipped, expected);
    assert_eq!(names(&discover(&[root.join(".DS_Store")]).unwrap()), [".DS_Store"], "named, so read");
    fs::remove_file(root.join("a")).unwrap();
    assert!(error_of(&root).contains("2 hidden"));
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error_of(folder.path()).contains("holds no file"));
    assert!(error_of(&folder.path().join("missing")).contains("cannot read"));
    assert!(matches!(discover::<&Path>(&[]), Err(Error::NoInput)));
}

#[cfg(unix)]
#[test]
fn sockets_and_devices_are_refused_when_named_and_listed_when_found() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(error_of(&socket).contains("a socket"));
    assert!(error_of(Path::new("/dev/null")).contains("a device"));
    write(&folder.path().join("a"), "x");
    let found = discover(&[folder.path()]).unwrap();
    assert_eq!((found.inputs.len(), found.skipped[0].why), (1, SkipReason::NotAFile));
}

#[cfg(unix)]
#[test]
fn a_named_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("real/a"), "x");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("real"), &link).unwrap();
    assert_eq!(names(&discover(&[&link]).unwrap()), ["link/a"]);
}
