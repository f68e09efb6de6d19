//! The rooms use one another as ARCHITECTURE.md says, and files keep to the house rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that may know a library, where not every room may.
const KEPT_APART: [(&str, &[&str]); 4] =
    [("parquet", &["store"]), ("datafusion", &["query"]), ("clap", &["cli"]), ("indicatif", &["cli"])];

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "misc"];

/// Lines of a file, at most.
const MAX_LINES: usize = 800;

/// The tables of a `Cargo.toml` that name what a room uses.
const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

#[test]
fn the_list_of_edges_is_what_the_manifests_say() {
    let actual: BTreeMap<String, BTreeSet<String>> =
        rooms().into_iter().map(|(room, manifest)| (room, rooms_in(&manifest, "dependencies"))).collect();
    assert_eq!(listed_edges(), actual, "left: ARCHITECTURE.md, right: crates/*/Cargo.toml");
}

#[test]
fn a_room_uses_only_rooms_above_it() {
    let order = headings();
    let place = |room: &str| order.iter().position(|name| name == room);
    let (named, existing): (BTreeSet<_>, BTreeSet<_>) =
        (order.iter().cloned().collect(), rooms().into_keys().collect());
    assert_eq!(named, existing, "left: headings of ARCHITECTURE.md, right: folders of crates/");
    assert_eq!(named.len(), order.len(), "a room has two headings: {order:?}");
    for (room, manifest) in rooms() {
        for used in DEPENDENCY_TABLES.iter().flat_map(|table| rooms_in(&manifest, table)) {
            assert!(place(&used) < place(&room), "{room} uses {used}, which stands below it");
        }
    }
}

#[test]
fn some_libraries_are_known_to_one_room_only() {
    for (library, may_use) in KEPT_APART {
        for (room, manifest) in rooms() {
            let uses =
                DEPENDENCY_TABLES.iter().any(|table| names_in(&manifest, table).any(|name| name == library));
            assert_eq!(uses, may_use.contains(&room.as_str()), "{room} and {library}");
        }
    }
}

#[test]
fn files_have_names_and_lengths_that_can_be_read() {
    let mut n_files = 0;
    for path in source_files() {
        n_files += 1;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        assert!(!EMPTY_NAMES.contains(&&*name), "{}: a name that says nothing", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let n_lines = text.lines().count();
        assert!(n_lines <= MAX_LINES, "{}: {n_lines} lines, at most {MAX_LINES}", path.display());
    }
    assert!(n_files > 100, "only {n_files} files were looked at");
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every room with what its `Cargo.toml` says.
fn rooms() -> BTreeMap<String, toml::Table> {
    folders(&root().join("crates"))
        .into_iter()
        .filter(|folder| folder.join("Cargo.toml").exists())
        .map(|folder| {
            let manifest = read(&folder.join("Cargo.toml"));
            let manifest = manifest.parse().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            (folder.file_name().unwrap_or_default().to_string_lossy().into_owned(), manifest)
        })
        .collect()
}

/// The libraries that a table of a `Cargo.toml` names.
fn names_in<'m>(manifest: &'m toml::Table, table: &str) -> impl Iterator<Item = &'m str> {
    let table = manifest.get(table).and_then(toml::Value::as_table);
    table.into_iter().flat_map(|table| table.keys().map(String::as_str))
}

/// The rooms that a table of a `Cargo.toml` names.
fn rooms_in(manifest: &toml::Table, table: &str) -> BTreeSet<String> {
    names_in(manifest, table).filter_map(|name| name.strip_prefix("populi-")).map(str::to_owned).collect()
}

/// The edges in the fenced list of ARCHITECTURE.md.
fn listed_edges() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let list = text
        .split_once("```edges\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(list, _)| list.to_owned())
        .expect("ARCHITECTURE.md has a list that begins with ```edges");
    let mut edges = BTreeMap::new();
    for line in list.lines() {
        let (room, uses) = line.split_once(':').unwrap_or_else(|| panic!("an edge without a colon: {line}"));
        let uses = uses.split(',').map(str::trim).filter(|room| !room.is_empty());
        let before = edges.insert(room.to_owned(), uses.map(str::to_owned).collect());
        assert!(before.is_none(), "{room} is listed twice");
    }
    edges
}

/// The rooms in the order of their headings in ARCHITECTURE.md: ``## `room` ``.
fn headings() -> Vec<String> {
    let text = read(&root().join("ARCHITECTURE.md"));
    text.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).map(str::to_owned).collect()
}

/// Every `.rs` file of the rooms.
fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut todo = vec![root().join("crates")];
    while let Some(folder) = todo.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                // What a build leaves is not written by hand.
                if path.file_name().is_some_and(|name| name != "target") {
                    todo.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path())
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
