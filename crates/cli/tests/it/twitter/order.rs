//! The order, number and partition of files change nothing, and neither do threads.

use std::io::Read;

use super::{ingest, simulate};
use crate::program::{Folder, digests};

/// All lines of a world's stream, in the order of its files.
fn lines_of(folder: &Folder) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut paths = vec![folder.path("world/stream")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            paths.sort();
            continue;
        }
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap())
            .read_to_end(&mut plain)
            .unwrap();
        let body = plain.strip_suffix(b"\n").unwrap_or(&plain);
        lines.extend(body.split(|byte| *byte == b'\n').map(|line| [line, b"\n"].concat()));
    }
    lines
}

fn corpus_of(folder: &Folder, corpus: &str, batches: &[&str]) -> Vec<(String, String)> {
    batches.iter().for_each(|paths| ingest(folder, corpus, paths));
    digests(&folder.status(corpus))
}

fn check_orders(options: &str) {
    let folder = simulate(&format!("--tweets 700 --container dir --noise 0.03 {options}"));
    let lines = lines_of(&folder);
    let is_delete = |line: &&Vec<u8>| line.starts_with(b"{\"delete\"") || line.starts_with(b"{\"scrub_geo\"");
    let (mut shuffled, mut state) = (lines.clone(), 7_u64);
    for i in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        shuffled.swap(i, ((state >> 33) % (i as u64 + 1)) as usize);
    }
    folder.write("one.json", lines.concat());
    for (i, part) in shuffled.chunks(lines.len().div_ceil(7)).enumerate() {
        folder.write(&format!("seven/{i}.json"), part.concat());
    }
    let (deletes, others): (Vec<_>, Vec<_>) = lines.iter().partition(is_delete);
    let concat = |lines: &[&Vec<u8>]| lines.iter().flat_map(|line| line.iter().copied()).collect::<Vec<u8>>();
    folder.write("deletes.json", concat(&deletes));
    folder.write("others.json", concat(&others));

    let expected = corpus_of(&folder, "plain", &["world/stream"]);
    for (name, batches) in [
        ("merged", &["one.json"][..]),
        ("shuffled", &["seven"]),
        (
            "backwards",
            &[
                "seven/6.json",
                "seven/5.json seven/4.json",
                "seven/0.json seven/3.json seven/1.json seven/2.json",
            ],
        ),
        ("twice", &["world/stream", "one.json", "seven"]),
        ("deletes first", &["deletes.json", "others.json"]),
        ("deletes last", &["others.json", "deletes.json"]),
    ] {
        let corpus = name.replace(' ', "_");
        assert_eq!(corpus_of(&folder, &corpus, batches), expected, "{name}");
    }
    let hydrated = "world/hydrated.jsonl world/hydrated-v1.jsonl";
    let at_once = corpus_of(&folder, "at_once", &[&format!("world/stream {hydrated}")]);
    assert_ne!(at_once, expected);
    for (name, batches) in [("later", ["world/stream", hydrated]), ("before", [hydrated, "world/stream"])] {
        assert_eq!(corpus_of(&folder, name, &batches), at_once, "hydrated {name}");
    }
}

#[test]
fn the_order_of_statuses_changes_nothing() {
    check_orders("--seed 3");
}

#[test]
fn the_order_of_envelopes_changes_nothing() {
    check_orders("--seed 4 --api v2");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = simulate("--tweets 2000 --seed 5 --compression bz2 --cut-files 2");
    for threads in [1, 2, 5] {
        let corpus = format!("c{threads}");
        folder.ok(&format!(
            "ingest twitter world/stream --corpus {corpus} --max-quarantine 1 --quiet --threads {threads}"
        ));
        let manifest = folder.read(&format!("{corpus}/manifest.json"));
        assert_eq!(manifest, folder.read("c1/manifest.json"), "{threads} threads");
    }
}
