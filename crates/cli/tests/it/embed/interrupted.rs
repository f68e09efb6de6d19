//! `kill -9` in the middle of embedding, and the same command again.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use serde_json::json;

use super::{digest, english, ingest, tiny_transformer};
use crate::faults::SIGKILL;
use crate::program::Folder;

/// More than are held in memory at a time, so that a kill at the writing of the first comes before the last are read.
const N_POSTS: usize = 9_000;

#[test]
fn a_killed_transformer_goes_on_and_embeds_nothing_twice() {
    let folder = Folder::new();
    let texts = [english(N_POSTS - 100), english(100)].concat();
    ingest(&folder, "a.csv", 0, &texts);
    let line = format!("embed --model {} --quiet", tiny_transformer().display());
    let copy = std::process::Command::new("cp")
        .arg("-r")
        .args([folder.path("corpus"), folder.path("whole")])
        .status();
    assert!(copy.unwrap().success());

    let mut command = folder.command(line.split_whitespace());
    command.env("POPULI_FAILPOINT", "part.write:1:kill").stdin(Stdio::null());
    assert_eq!(command.output().unwrap().status.signal(), Some(SIGKILL));
    assert_eq!(digest(&folder, "corpus", "vectors/bert"), "");
    let kept = cache(&folder);
    assert!(kept.len() > 64, "{} bytes", kept.len());

    let found = folder.ok_json(&line);
    let (n_before, n_now) = (found["n_from_cache"].as_u64().unwrap(), found["n_embedded"].as_u64().unwrap());
    assert_eq!(n_before + n_now, N_POSTS as u64 - 100, "{found}");
    assert!(n_before > 8_000 && n_now > 0, "{found}");
    assert!(cache(&folder).starts_with(&kept), "what was there is there still, and nothing a second time");

    let whole = folder.ok_json(&format!("{line} --corpus whole"));
    assert_eq!((&whole["n_from_cache"], &whole["n_embedded"]), (&json!(0), &json!(N_POSTS - 100)));
    assert_eq!(digest(&folder, "corpus", "vectors/bert"), digest(&folder, "whole", "vectors/bert"));
    assert_eq!(folder.read("corpus/manifest.json"), folder.read("whole/manifest.json"));
    assert_eq!(folder.ok_json("verify")["findings"], json!([]));
}

#[test]
fn a_cache_that_is_damaged_beyond_recognition_is_made_anew() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &english(60));
    let line = format!("embed --model {} --quiet", tiny_transformer().display());
    folder.ok_json(&line);
    let whole = digest(&folder, "corpus", "vectors/bert");
    let mut models = folder.path("corpus/cache/vectors").read_dir().unwrap();
    let path = models.next().unwrap().unwrap().path().join("vectors.cache");
    for model in ["lexical".to_owned(), tiny_transformer().display().to_string()] {
        std::fs::write(&path, "populated by somebody else, it seems").unwrap();
        let found = folder.ok_json(&format!("embed --model {model} --quiet"));
        if model != "lexical" {
            assert_eq!(found["n_from_cache"], json!(0), "nothing of what is damaged");
        }
    }
    assert_eq!(digest(&folder, "corpus", "vectors/bert"), whole);
}

/// The one file of the one cache.
fn cache(folder: &Folder) -> Vec<u8> {
    let mut models = folder.path("corpus/cache/vectors").read_dir().unwrap();
    let model = models.next().unwrap().unwrap().path();
    assert!(models.next().is_none());
    std::fs::read(model.join("vectors.cache")).unwrap()
}
