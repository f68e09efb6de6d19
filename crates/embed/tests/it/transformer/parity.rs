//! The ids and vectors that `fixtures/make.py` recorded.

use std::collections::BTreeMap;
use std::path::Path;

use populi_embed::{Embedder, Transformer, TransformerParams};
use populi_geometry::Matrix;
use populi_simd::Level;

use super::{MODELS, copy_of, fixture, open, strs, texts};

#[derive(serde::Deserialize)]
struct Expected {
    ids: Vec<Vec<u32>>,
    vectors: BTreeMap<String, Vec<Vec<f32>>>,
}

fn expected(name: &str) -> Expected {
    serde_json::from_slice(&std::fs::read(fixture(name).join("expected.json")).unwrap()).unwrap()
}

/// Vectors of [`texts`] that were recorded, where blank texts, for which the original has vectors of its special tokens, have
/// zeros.
fn with_zeros(recorded: &[Vec<f32>]) -> Vec<f32> {
    let texts = texts();
    assert_eq!(recorded.len(), texts.len());
    let rows = recorded.iter().zip(&texts);
    rows.flat_map(|(row, text)| if text.trim().is_empty() { vec![0.0; row.len()] } else { row.clone() })
        .collect()
}

fn assert_near(got: &Matrix, expected: &[f32], what: &str) {
    assert_eq!(got.values().len(), expected.len(), "{what}");
    let difference = got.values().iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference <= 1e-5, "{what}: {difference:e}");
}

#[test]
fn ids_are_those_of_the_original() {
    let texts = texts();
    for name in MODELS {
        let model = open(&fixture(name));
        let ids = model.ids(&strs(&texts)).unwrap();
        for ((text, ids), expected) in texts.iter().zip(&ids).zip(&expected(name).ids) {
            assert_eq!(ids, expected, "{name}: {text:?}");
        }
    }
}

#[test]
fn vectors_are_those_of_the_original_at_every_level() {
    let texts = texts();
    for name in MODELS {
        let expected = with_zeros(&expected(name).vectors[""]);
        for level in Level::all() {
            let vectors = open(&fixture(name)).at_level(level).embed(&strs(&texts)).unwrap();
            assert_near(&vectors, &expected, &format!("{name} at {level:?}"));
        }
    }
}

#[test]
fn the_first_token_may_stand_for_the_text() {
    let texts = texts();
    for name in MODELS {
        let expected = with_zeros(&expected(name).vectors["cls"]);
        for pooling in [r#"{"pooling_mode_cls_token": true}"#, r#"{"pooling_mode": "cls"}"#] {
            let copy = copy_of(name);
            std::fs::write(copy.path().join("1_Pooling/config.json"), pooling).unwrap();
            let vectors = open(copy.path()).embed(&strs(&texts)).unwrap();
            assert_near(&vectors, &expected, name);
        }
    }
}

#[test]
fn a_prefix_comes_from_the_folder_the_name_or_the_caller() {
    let texts = texts();
    let expected = with_zeros(&expected("bert").vectors["query"]);
    let prompts = r#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#;
    let by_folder = copy_of("bert");
    std::fs::write(by_folder.path().join("config_sentence_transformers.json"), prompts).unwrap();
    assert_near(&open(by_folder.path()).embed(&strs(&texts)).unwrap(), &expected, "the folder's prompt");

    let parent = tempfile::tempdir().unwrap();
    let by_name = parent.path().join("multilingual-e5-tiny");
    super::copy_files(&fixture("bert"), &by_name);
    assert_eq!(open(&by_name).prefix(), "query: ");
    assert_near(&open(&by_name).embed(&strs(&texts)).unwrap(), &expected, "a model of the E5 family");
    let none = TransformerParams { prefix: Some(String::new()), ..TransformerParams::default() };
    assert_eq!(Transformer::open(&by_name, &none).unwrap().prefix(), "");

    let query = TransformerParams { prefix: Some("query: ".to_owned()), ..TransformerParams::default() };
    let by_caller = Transformer::open(&fixture("bert"), &query).unwrap();
    assert_near(&by_caller.embed(&strs(&texts)).unwrap(), &expected, "the caller's prefix");
    assert_ne!(by_caller.fingerprint(), open(&fixture("bert")).fingerprint());
}

/// Real weights, where `POPULI_MINILM` names the folder of all-MiniLM-L6-v2.
#[test]
fn minilm_is_that_of_the_original() {
    let Ok(folder) = std::env::var("POPULI_MINILM") else {
        eprintln!("skipped: POPULI_MINILM does not name a folder of all-MiniLM-L6-v2");
        return;
    };
    let bytes = std::fs::read(fixture("minilm.f32")).unwrap();
    let expected: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let texts = texts();
    let rows: Vec<Vec<f32>> = expected.chunks_exact(384).map(<[f32]>::to_vec).collect();
    let expected = with_zeros(&rows);
    for level in [Level::avx2(), Level::avx512()].into_iter().flatten() {
        let vectors = open(Path::new(&folder)).at_level(level).embed(&strs(&texts)).unwrap();
        assert_near(&vectors, &expected, &format!("MiniLM at {level:?}"));
    }
}
