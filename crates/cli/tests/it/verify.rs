//! `populi verify`: any changed byte of any file is found, and the file is named.

use std::path::Path;

use populi_store::verify::{Verification, verify};

use crate::faults::{Fault, Numbers, Outputs, World, gather};
use crate::program::{FAILED, FINDINGS, Folder};

fn found(folder: &Folder) -> Verification {
    verify(&folder.path("corpus"), &|_| {}).unwrap()
}

/// The files of a corpus that have bytes.
fn files(folder: &Folder) -> Outputs {
    let mut files = Outputs::new();
    gather(&folder.path("corpus"), "", &mut files);
    files.retain(|_, bytes| !bytes.is_empty());
    files
}

/// Makes sure that the damage of one file is found, and of no other.
fn check_found(folder: &Folder, file: &str, damage: &str) {
    let found = found(folder);
    let named: Vec<&str> = found.findings.iter().map(|finding| finding.file.as_str()).collect();
    assert_eq!(named, [file], "{damage} {file}: {found:?}");
}

/// Damages every file in every way, one at a time.
fn damage_everything(folder: &Folder, n_flips: usize) {
    assert!(found(folder).is_clean(), "{:?}", found(folder));
    let mut numbers = Numbers(11);
    for (file, bytes) in files(folder) {
        let path = folder.path("corpus").join(&file);
        let write = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
        for _ in 0..n_flips {
            let mut flipped = bytes.clone();
            let place = numbers.below(bytes.len() as u64) as usize;
            flipped[place] ^= 1 << numbers.below(8);
            write(&flipped);
            check_found(folder, &file, &format!("with byte {place} flipped,"));
        }
        write(&bytes[..bytes.len() - 1]);
        check_found(folder, &file, "cut,");
        write(&[&bytes[..], b"\n"].concat());
        check_found(folder, &file, "with a byte more,");
        std::fs::remove_file(&path).unwrap();
        check_found(folder, &file, "removed,");
        write(&bytes);
    }
    assert!(found(folder).is_clean());
}

#[test]
fn any_damage_of_any_file_of_a_whole_corpus_is_found_and_named() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    assert!(files(&folder).len() > 20);
    damage_everything(&folder, 2);
}

/// Runs that are not merged, buckets that are in no table yet, a recipe that is being replaced.
#[test]
fn any_damage_of_an_interrupted_corpus_is_found_and_named() {
    for (point, hit) in [("shards.committed", 1), ("bucket.committed", 1), ("kept.published", 1)] {
        let folder = World::small().begin();
        Fault::kill(point, hit).kills(&folder, "run populi.toml");
        let leftovers: Vec<String> = found(&folder).unnamed.into_iter().map(|file| file.file).collect();
        for file in leftovers {
            std::fs::remove_file(folder.path("corpus").join(file)).unwrap();
        }
        if point == "kept.published" {
            // That the file is not there yet is no damage at this moment; anything else is.
            let recipe = folder.path("corpus/populi.toml");
            std::fs::write(&recipe, "changed").unwrap();
            check_found(&folder, "populi.toml", "changed,");
            std::fs::remove_file(&recipe).unwrap();
            assert!(found(&folder).is_clean());
        } else {
            damage_everything(&folder, 1);
        }
    }
}

#[test]
fn files_that_changed_places_are_found() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    let parts: Vec<String> = files(&folder).into_keys().filter(|file| file.starts_with("posts/")).collect();
    let [a, b] = [0, 1].map(|n| folder.path("corpus").join(&parts[n]));
    let aside = folder.path("aside");
    for (from, to) in [(&a, &aside), (&b, &a), (&aside, &b)] {
        std::fs::rename(from, to).unwrap();
    }
    let named: Vec<String> = found(&folder).findings.into_iter().map(|finding| finding.file).collect();
    assert_eq!(named, parts);
}

/// The bytes are right and the rows are not: as a mistake of the program would leave it.
#[test]
fn a_manifest_that_says_something_else_of_the_rows_is_found() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    let text = folder.read_text("corpus/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let part = &manifest["tables"]["posts"]["parts"][0];
    let file = part["file"].as_str().unwrap();
    let digest = part["digest"].as_str().unwrap();
    let other = manifest["tables"]["actions"]["parts"][0]["digest"].as_str().unwrap();
    let check = |changed: String, file: &str, what: &str| {
        // Without a checksum, as of before there were any, a manifest is taken at its word; that is told too.
        let changed: String = changed.lines().filter(|line| !line.contains("\"checksum\"")).collect();
        folder.write("corpus/manifest.json", changed);
        let found = found(&folder);
        assert_eq!(found.findings.len(), 2, "{found:?}");
        let has = |file: &str, what: &str| {
            found.findings.iter().any(|finding| finding.file == file && finding.what.contains(what))
        };
        assert!(has("manifest.json", "carries no checksum") && has(file, what), "{found:?}");
    };
    check(text.replacen(digest, other, 1), file, "digest");
    let rows = format!("\"n_rows\": {},", part["n_rows"]);
    check(text.replacen(&rows, "\"n_rows\": 1,", 1), manifest_file_of(&manifest, &part["n_rows"]), "rows");
    let taken = manifest["shards"][0]["tally"]["taken"].as_u64().unwrap();
    let changed = text.replacen(&format!("\"taken\": {taken},"), &format!("\"taken\": {},", taken + 1), 1);
    folder.write(
        "corpus/manifest.json",
        changed.lines().filter(|line| !line.contains("\"checksum\"")).collect::<String>(),
    );
    let found = found(&folder);
    assert!(found.findings.iter().any(|finding| finding.what.contains("sources holds")), "{found:?}");
    assert!(found.findings.iter().any(|finding| finding.what.contains("accounted for")), "{found:?}");
}

/// The first part in the text of the manifest that has so many rows: tables stand there by name.
fn manifest_file_of<'m>(manifest: &'m serde_json::Value, n_rows: &serde_json::Value) -> &'m str {
    let tables = manifest["tables"].as_object().unwrap();
    let mut parts = tables.values().flat_map(|table| table["parts"].as_array().unwrap());
    parts.find(|part| part["n_rows"] == *n_rows).unwrap()["file"].as_str().unwrap()
}

#[test]
fn verify_says_what_it_found_and_its_exit_code_says_whether_all_is_well() {
    let folder = World::small().begin();
    let answer = folder.run(["verify"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("holds no corpus"), "{answer:?}");

    folder.ok("run populi.toml");
    let before = files(&folder);
    let answer = folder.ok("verify");
    assert!(answer.stdout.contains("all as they were written"), "{answer:?}");
    let json = folder.ok_json("verify");
    assert_eq!(json["findings"], serde_json::json!([]));
    assert_eq!(json["n_files"], before.len());
    assert_eq!(json["n_bytes"], before.values().map(Vec::len).sum::<usize>());

    folder.write("corpus/posts/notes.txt", "mine");
    folder.write("corpus/posts/step.unpublished", "left");
    let answer = folder.ok("verify");
    assert!(answer.stdout.contains("posts/notes.txt: nothing names it"), "{answer:?}");
    assert!(answer.stdout.contains("posts/step.unpublished: left by an interruption"), "{answer:?}");
    folder.ok("threads");
    folder.ok("run populi.toml");
    assert!(folder.path("corpus/posts/notes.txt").exists(), "what is somebody's stays");
    assert!(!folder.path("corpus/posts/step.unpublished").exists());

    let part = before.keys().find(|file| file.starts_with("posts/")).unwrap();
    std::fs::write(folder.path("corpus").join(part), "no Parquet").unwrap();
    let answer = folder.run(["verify"]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    assert!(
        answer.stdout.contains(&format!("{part}: it has 10 bytes")) && answer.stdout.contains("1 finding"),
        "{answer:?}"
    );
    let answer = folder.run(["verify", "--json"]);
    assert_eq!(answer.code, FINDINGS);
    assert_eq!(answer.json()["findings"][0]["file"], part.as_str());
}

/// Rows that are carried over into new parts get new checksums, so damage has to stop a merge.
#[test]
fn a_merge_does_not_carry_damage_over() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    let part = files(&folder).into_keys().find(|file| file.starts_with("posts/0000")).unwrap();
    let path = folder.path("corpus").join(&part);
    flip_a_text_byte(&path);
    folder.ok("simulate bluesky --users 10 --days 1 --seed 9 --out more");
    let answer = folder.run("ingest bluesky more/jetstream --max-quarantine 1".split_whitespace());
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains(&part) && answer.stderr.contains("populi verify"), "{answer:?}");
}

#[test]
fn forgetting_does_not_carry_damage_over() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    let authors = folder.rows("corpus", "SELECT DISTINCT author_id FROM posts");
    let authors: Vec<&str> = authors.iter().map(|row| row["author_id"].as_str().unwrap()).collect();
    let before = folder.status("corpus");
    let part = files(&folder).into_keys().find(|file| file.starts_with("posts/0000")).unwrap();
    let path = folder.path("corpus").join(&part);
    // What wrote the part: no reader of its rows looks at that.
    let mut bytes = std::fs::read(&path).unwrap();
    let writer = bytes.windows(6).rposition(|window| window == b"populi").unwrap();
    bytes[writer] ^= 0x10;
    std::fs::write(&path, bytes).unwrap();
    let answer = folder.run(["forget", "--author"].into_iter().chain(authors));
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains(&part) && answer.stderr.contains("populi verify"), "{answer:?}");
    assert_eq!(folder.status("corpus"), before);
}

fn flip_a_text_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}
