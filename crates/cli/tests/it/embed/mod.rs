//! `populi embed`: which model, what is kept, and what is done twice.

mod corpus;
mod distill;
mod file;
mod interrupted;
mod server;

use std::path::PathBuf;

use serde_json::Value;

use crate::program::Folder;

/// Sentences in words that everybody uses, each a little different.
fn english(n: usize) -> Vec<String> {
    const WHO: [&str; 7] =
        ["the old man", "my sister", "a young dog", "her friend", "the teacher", "our team", "the cat"];
    const DOES: [&str; 6] = [
        "likes to read about",
        "went home to see",
        "is talking about",
        "never forgets",
        "wants to buy",
        "found",
    ];
    const WHAT: [&str; 5] =
        ["the house by the river", "a good book", "the long road", "some fresh bread", "music and light"];
    let of = |words: &[&str], i: usize| words[i % words.len()].to_owned();
    (0..n)
        .map(|i| format!("{} {} {} {}", of(&WHO, i), of(&DOES, i / 7), of(&WHAT, i / 42), i / 210))
        .collect()
}

/// Sentences that no English word stands in.
fn russian(n: usize) -> Vec<String> {
    const WHO: [&str; 4] = ["старик", "моя сестра", "собака", "учитель"];
    const DOES: [&str; 3] = ["читает", "видит", "покупает"];
    const WHAT: [&str; 5] = ["хорошую книгу", "свежий хлеб", "дом у реки", "длинную дорогу", "музыку"];
    (0..n).map(|i| format!("{} {} {} номер {i}", WHO[i % 4], DOES[i / 4 % 3], WHAT[i / 12 % 5])).collect()
}

/// A table of texts, as CSV, with ids from `first` on.
fn table(first: usize, texts: &[String]) -> String {
    let rows = texts.iter().enumerate().map(|(i, text)| format!("{},ann{},{text}\n", first + i, i % 9));
    std::iter::once("id,author,text\n".to_owned()).chain(rows).collect()
}

/// Takes texts into the corpus `corpus`.
fn ingest(folder: &Folder, name: &str, first: usize, texts: &[String]) {
    folder.write(name, table(first, texts));
    folder.ok(&format!("ingest text {name} --quiet"));
}

/// The summary of the step in the manifest.
fn kept_summary(folder: &Folder, corpus: &str) -> Value {
    let manifest: Value =
        serde_json::from_str(&folder.read_text(&format!("{corpus}/manifest.json"))).unwrap();
    manifest["steps"]["embed"]["summary"].clone()
}

/// The digest of a table.
fn digest(folder: &Folder, corpus: &str, table: &str) -> String {
    folder.status(corpus)["tables"][table]["digest"].as_str().unwrap_or_default().to_owned()
}

/// A transformer with two small layers and random weights.
fn tiny_transformer() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../embed/tests/fixtures/bert")
}

/// An array of NumPy, `[rows][columns]` of `float32`, as it is written here.
fn array(bytes: &[u8]) -> Vec<Vec<f32>> {
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let head = std::str::from_utf8(&bytes[10..end]).unwrap();
    assert!(head.contains("'<f4'") && head.contains("'fortran_order': False"), "{head}");
    let (_, shape) = head.split_once("'shape': (").unwrap();
    let shape: Vec<usize> =
        shape.split(')').next().unwrap().split(',').map(|axis| axis.trim().parse().unwrap()).collect();
    let values: Vec<f32> =
        bytes[end..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    assert_eq!(values.len(), shape[0] * shape[1]);
    values.chunks(shape[1]).map(<[f32]>::to_vec).collect()
}
