//! The cache in a folder: what comes back, after any cut, damage or kill.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use populi_embed::{FileCache, Fingerprint, TextKey, VectorCache};
use populi_geometry::Matrix;
use proptest::prelude::*;

/// Tells a child process which folder to fill.
const FOLDER: &str = "POPULI_TEST_CACHE";

fn model() -> Fingerprint {
    Fingerprint::of(&[b"a model"])
}

fn key(text: &str) -> TextKey {
    TextKey::new(model(), text)
}

/// A vector that only this text has.
fn vector(text: &str, n_dims: usize) -> Vec<f32> {
    let hash = blake3_of(text);
    (0..n_dims).map(|i| f32::from(hash[i % 32]) + i as f32).collect()
}

fn blake3_of(text: &str) -> [u8; 32] {
    key(text).text
}

fn put(cache: &FileCache, texts: &[&str], n_dims: usize) {
    let keys: Vec<TextKey> = texts.iter().map(|text| key(text)).collect();
    let values = texts.iter().flat_map(|text| vector(text, n_dims)).collect();
    cache.put(&keys, &Matrix::from_vec(texts.len(), n_dims, values).unwrap()).unwrap();
}

fn get(cache: &FileCache, text: &str) -> Option<Vec<f32>> {
    cache.get(&[key(text)]).unwrap().remove(0)
}

fn open(folder: &Path, n_dims: usize) -> FileCache {
    FileCache::open(folder, model(), n_dims).unwrap()
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join("vectors.cache")
}

#[test]
fn what_was_put_is_there_when_the_cache_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 3);
    assert!(cache.is_empty());
    put(&cache, &["a", "b"], 3);
    put(&cache, &[], 3);
    put(&cache, &["c"], 3);
    assert_eq!(get(&cache, "c"), Some(vector("c", 3)));
    drop(cache);
    let cache = open(folder.path(), 3);
    assert_eq!((cache.len(), cache.n_damaged()), (3, 0));
    for text in ["a", "b", "c"] {
        assert_eq!(get(&cache, text), Some(vector(text, 3)));
    }
    assert_eq!(get(&cache, "d"), None);
    let of_another_model = TextKey::new(Fingerprint::of(&[b"another"]), "a");
    assert_eq!(cache.get(&[of_another_model]).unwrap(), [None]);
}

#[test]
fn values_that_are_no_numbers_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let values = [f32::NAN, -0.0, f32::INFINITY, f32::MIN_POSITIVE / 2.0];
    let cache = open(folder.path(), 4);
    cache.put(&[key("x")], &Matrix::from_vec(1, 4, values.to_vec()).unwrap()).unwrap();
    drop(cache);
    let got = get(&open(folder.path(), 4), "x").unwrap();
    assert_eq!(got.map_bits(), values.to_vec().map_bits());
}

trait Bits {
    fn map_bits(&self) -> Vec<u32>;
}

impl Bits for Vec<f32> {
    fn map_bits(&self) -> Vec<u32> {
        self.iter().map(|value| value.to_bits()).collect()
    }
}

#[test]
fn cut_at_any_byte_it_keeps_every_whole_record_and_goes_on() {
    let made = tempfile::tempdir().unwrap();
    let texts = ["a", "b", "c"];
    put(&open(made.path(), 2), &texts, 2);
    let bytes = fs::read(file_of(made.path())).unwrap();
    let (header, record) = (64, 32 + 8 + 8);
    assert_eq!(bytes.len(), header + 3 * record);
    for cut in 0..=bytes.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(file_of(folder.path()), &bytes[..cut]).unwrap();
        let cache = open(folder.path(), 2);
        let n_whole = cut.saturating_sub(header) / record;
        assert_eq!((cache.len(), cache.n_damaged()), (n_whole, 0), "cut at {cut}");
        for (i, text) in texts.iter().enumerate() {
            assert_eq!(get(&cache, text), (i < n_whole).then(|| vector(text, 2)), "cut at {cut}");
        }
        put(&cache, &["later"], 2);
        drop(cache);
        let cache = open(folder.path(), 2);
        assert_eq!(cache.len(), n_whole + 1, "cut at {cut}");
        assert_eq!(get(&cache, "later"), Some(vector("later", 2)));
    }
}

#[test]
fn any_damaged_byte_costs_one_record_and_never_a_wrong_vector() {
    let made = tempfile::tempdir().unwrap();
    let texts = ["a", "b", "c"];
    put(&open(made.path(), 2), &texts, 2);
    let bytes = fs::read(file_of(made.path())).unwrap();
    for place in 64..bytes.len() {
        let folder = tempfile::tempdir().unwrap();
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        fs::write(file_of(folder.path()), &damaged).unwrap();
        let cache = open(folder.path(), 2);
        let lost = (place - 64) / 48;
        for (i, text) in texts.iter().enumerate() {
            assert_eq!(get(&cache, text), (i != lost).then(|| vector(text, 2)), "byte {place}");
        }
        // A damaged end looks like a torn one.
        assert_eq!(cache.n_damaged(), u64::from(lost < 2), "byte {place}");
    }
}

#[test]
fn damage_while_it_is_open_is_seen_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 2);
    put(&cache, &["a", "b"], 2);
    let mut bytes = fs::read(file_of(folder.path())).unwrap();
    bytes[64 + 33] ^= 1;
    fs::write(file_of(folder.path()), &bytes).unwrap();
    assert_eq!(get(&cache, "a"), None);
    assert_eq!(get(&cache, "b"), Some(vector("b", 2)));
    put(&cache, &["a"], 2);
    assert_eq!(get(&cache, "a"), Some(vector("a", 2)));
}

#[test]
fn a_damaged_head_begins_anew_and_files_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    put(&open(folder.path(), 2), &["a"], 2);
    let bytes = fs::read(file_of(folder.path())).unwrap();
    let error = FileCache::open(folder.path(), Fingerprint::of(&[b"other"]), 2).unwrap_err().to_string();
    assert!(error.contains("another model") && error.contains("delete"), "{error}");
    assert!(FileCache::open(folder.path(), model(), 3).is_err());

    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    fs::write(file_of(folder.path()), &damaged).unwrap();
    assert!(open(folder.path(), 2).is_empty());

    for foreign in ["a letter to nobody, which is longer than any header of ours would ever be", "hm"] {
        fs::write(file_of(folder.path()), foreign).unwrap();
        let error = FileCache::open(folder.path(), model(), 2).unwrap_err().to_string();
        assert!(error.contains("no cache") && error.contains("vectors.cache"), "{error}");
        assert_eq!(fs::read(file_of(folder.path())).unwrap(), foreign.as_bytes());
    }
}

#[test]
fn what_is_not_kept_is_gone_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = open(folder.path(), 2);
    put(&cache, &["a", "b", "c"], 2);
    assert_eq!(cache.retain(|_| true).unwrap(), 0);
    assert_eq!(cache.retain(|text| *text != blake3_of("b")).unwrap(), 1);
    assert_eq!((get(&cache, "b"), get(&cache, "c")), (None, Some(vector("c", 2))));
    put(&cache, &["d"], 2);
    drop(cache);
    let bytes = fs::read(file_of(folder.path())).unwrap();
    let holds = |text: &str| bytes.windows(32).any(|window| window == blake3_of(text));
    assert_eq!(["a", "b", "c", "d"].map(holds), [true, false, true, true]);
    // A rewriting that was killed leaves its file aside; it goes.
    let aside = folder.path().join("vectors.cache.unpublished");
    fs::write(&aside, "half").unwrap();
    let cache = FileCache::reopen(folder.path()).unwrap().unwrap();
    assert!(!aside.exists());
    assert_eq!((cache.len(), cache.model()), (3, model()));
}

#[test]
fn where_there_is_no_cache_none_is_reopened() {
    let folder = tempfile::tempdir().unwrap();
    assert!(FileCache::reopen(folder.path()).unwrap().is_none());
    assert!(FileCache::reopen(&folder.path().join("nothing")).unwrap().is_none());
}

#[test]
fn vectors_of_another_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 2);
    assert!(cache.put(&[key("a")], &Matrix::zeros(1, 3)).is_err());
    assert!(cache.put(&[key("a")], &Matrix::zeros(2, 2)).is_err());
    assert!(cache.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a map in memory: puts, reopenings, cuts and prunings in any order.
    #[test]
    fn it_is_a_map(
        n_dims in 1usize..6,
        steps in prop::collection::vec((0u8..5, prop::collection::vec("[a-d]{1,2}", 0..4), any::<prop::sample::Index>()), 1..16),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path(), n_dims);
        // In the order of the file.
        let mut expected: Vec<String> = Vec::new();
        for (step, mut texts, at) in steps {
            match step {
                0..3 => {
                    texts.sort();
                    texts.dedup();
                    texts.retain(|text| !expected.contains(text));
                    put(&cache, &texts.iter().map(String::as_str).collect::<Vec<_>>(), n_dims);
                    expected.extend(texts);
                }
                3 => {
                    let keep: Vec<[u8; 32]> = texts.iter().map(|text| blake3_of(text)).collect();
                    let n_gone = cache.retain(|text| keep.contains(text)).unwrap();
                    let before = expected.len();
                    expected.retain(|text| texts.contains(text));
                    prop_assert_eq!(n_gone, before - expected.len());
                }
                _ => {
                    drop(cache);
                    let path = file_of(folder.path());
                    let n_bytes = fs::metadata(&path).unwrap().len();
                    let cut = at.index(n_bytes as usize + 1);
                    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(cut as u64).unwrap();
                    cache = open(folder.path(), n_dims);
                    expected.truncate(cut.saturating_sub(64) / (40 + 4 * n_dims));
                }
            }
            prop_assert_eq!(cache.len(), expected.len());
            for text in &expected {
                prop_assert_eq!(get(&cache, text), Some(vector(text, n_dims)));
            }
        }
    }
}

/// Fills the cache of another process's choice until it is killed; as a test of its own it does nothing.
#[test]
#[allow(clippy::print_stdout, reason = "the process that started this one reads it")]
fn fills_a_cache_where_it_is_asked_to() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let cache = open(Path::new(&folder), 64);
    for i in 0.. {
        let texts: Vec<String> = (0..7).map(|j| format!("{i} {j}")).collect();
        put(&cache, &texts.iter().map(String::as_str).collect::<Vec<_>>(), 64);
        // Said after the call has returned, so it has to be there later.
        println!("put {i}");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_put_and_a_second_one_is_kept_out() {
    let mut n_kept = BTreeMap::new();
    for delay_ms in [0, 5, 20, 50] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::fills_a_cache_where_it_is_asked_to", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("put 3\n") {
            assert!(std::io::BufRead::read_line(&mut said, &mut lines).unwrap() > 0, "{lines}");
        }
        let error = FileCache::open(folder.path(), model(), 64).unwrap_err().to_string();
        assert!(error.contains("used by another process"), "{error}");
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        std::io::Read::read_to_string(&mut said, &mut lines).unwrap();
        let n_said = lines.lines().filter(|line| line.contains("put ")).count();

        let cache = open(folder.path(), 64);
        assert_eq!(cache.n_damaged(), 0);
        assert!(cache.len() >= 7 * n_said, "{} records after {n_said} calls", cache.len());
        for i in 0..n_said {
            for j in 0..7 {
                let text = format!("{i} {j}");
                assert_eq!(get(&cache, &text), Some(vector(&text, 64)));
            }
        }
        n_kept.insert(delay_ms, cache.len());
    }
    assert!(n_kept.values().all(|&n| n >= 28), "{n_kept:?}");
}
