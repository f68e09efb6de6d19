//! Twitter through the real binary: simulated worlds against their truth, the archives of the shared generator, members that
//! end in the middle, and hostile containers.

mod containers;
mod cut;
mod generator;
mod order;
mod truth;
mod wishes;

use std::path::Path;

use crate::program::Folder;

/// A world in the folder `world`.
fn simulate(options: &str) -> Folder {
    let folder = Folder::new();
    folder.ok(&format!("simulate twitter --out world {options}"));
    folder
}

/// Takes `paths` into `corpus`.
fn ingest(folder: &Folder, corpus: &str, paths: &str) {
    folder.ok(&format!("ingest twitter {paths} --corpus {corpus} --max-quarantine 1 --quiet"));
}

/// Runs a script of this folder with what it is given; nothing where there is no Python.
fn python(script: &Path, args: &[&Path]) -> Option<String> {
    let output = match std::process::Command::new("python3").arg(script).args(args).output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: python3: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}
