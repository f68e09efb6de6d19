//! Sentence encoders: parity with sentence-transformers, the same bits however they are called, folders that are damaged.

mod bits;
mod folder;
mod parity;

use std::path::{Path, PathBuf};

use populi_embed::{Transformer, TransformerParams};
use populi_geometry::Matrix;

/// The tiny models.
const MODELS: [&str; 3] = ["bert", "mpnet", "xlm-roberta"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn open(folder: &Path) -> Transformer {
    Transformer::open(folder, &TransformerParams::default()).unwrap()
}

fn texts() -> Vec<String> {
    serde_json::from_slice(&std::fs::read(fixture("texts.json")).unwrap()).unwrap()
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn bits(matrix: &Matrix) -> Vec<u32> {
    matrix.values().iter().map(|value| value.to_bits()).collect()
}

/// A copy of a fixture that a test may damage.
fn copy_of(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_files(&fixture(name), copy.path());
    copy
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_files(&path, &to);
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
}
