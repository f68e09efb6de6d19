//! A text's row has the same bits whatever it is embedded with, and wherever.

use std::sync::LazyLock;

use populi_embed::{Embedder, Error, Transformer, TransformerParams};
use populi_simd::Level;
use proptest::prelude::*;

use super::{MODELS, bits, fixture, open, strs, texts};

static TINY: LazyLock<Vec<Transformer>> = LazyLock::new(|| MODELS.map(|name| open(&fixture(name))).into());

proptest! {
    #[test]
    fn a_batched_text_is_the_text_alone(
        texts in proptest::collection::vec("(\\PC{0,20}|[a-z ]{0,200}|[ぁ-ん一-龥]{0,30})", 1..16),
        model in 0..MODELS.len(),
    ) {
        let model = &TINY[model];
        let together = model.embed(&strs(&texts)).unwrap();
        for (row, text) in together.rows().zip(&texts) {
            let alone = model.embed(&[text]).unwrap();
            let row: Vec<u32> = row.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(row, bits(&alone), "{:?}", text);
        }
    }
}

#[test]
fn levels_and_threads_do_not_matter() {
    let texts = texts();
    for name in MODELS {
        let expected = bits(&open(&fixture(name)).embed(&strs(&texts)).unwrap());
        for level in Level::all() {
            let model = open(&fixture(name)).at_level(level);
            for n_threads in [1, 2, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let vectors = pool.install(|| model.embed(&strs(&texts)).unwrap());
                assert_eq!(bits(&vectors), expected, "{name} at {level:?} with {n_threads} threads");
            }
        }
    }
}

#[test]
fn blank_texts_give_zeros() {
    let with_prefix =
        TransformerParams { prefix: Some("query: ".to_owned()), ..TransformerParams::default() };
    for name in MODELS {
        for params in [TransformerParams::default(), with_prefix.clone()] {
            let model = Transformer::open(&fixture(name), &params).unwrap();
            let rows = model.embed(&["", "a", " \n\t\u{3000}"]).unwrap();
            let zeros = vec![0; model.n_dims()];
            assert_eq!(bits(&rows)[..model.n_dims()], zeros, "{name}");
            assert_eq!(bits(&rows)[2 * model.n_dims()..], zeros, "{name}");
            assert_eq!(rows.row(1), model.embed(&["a"]).unwrap().row(0), "{name}");
            assert_eq!(bits(&model.embed(&[" "]).unwrap()), zeros, "{name}");
            let template = model.embed_ids(&model.ids(&[""]).unwrap()).unwrap();
            assert!(template.row(0).iter().any(|&value| value != 0.0), "{name}: ids are taken as they are");
        }
    }
}

#[test]
fn rows_are_of_length_one_whatever_the_text() {
    let long = "so it goes 😀 ".repeat(8_000);
    let word = "x".repeat(100_000);
    for (model, name) in TINY.iter().zip(MODELS) {
        let rows = model.embed(&["\u{fffd}", "\u{202e}\u{200d}", &long, &word]).unwrap();
        for row in rows.rows() {
            let squares: f64 = row.iter().map(|&value| f64::from(value).powi(2)).sum();
            assert!((squares - 1.0).abs() < 1e-6, "{name}: {squares}");
        }
        assert!(model.ids(&[&long]).unwrap()[0].len() == model.max_tokens(), "{name} cuts");
    }
}

#[test]
fn ids_give_the_rows_of_their_texts_not_normalised() {
    let mut texts = texts();
    texts.retain(|text| !text.trim().is_empty());
    for model in TINY.iter() {
        let mut rows = model.embed_ids(&model.ids(&strs(&texts)).unwrap()).unwrap();
        assert!(rows.row(0).iter().map(|value| value * value).sum::<f32>() > 1.5, "not normalised");
        rows.l2_normalise_rows();
        assert_eq!(bits(&rows), bits(&model.embed(&strs(&texts)).unwrap()));
        let vocabulary = model.vocabulary();
        assert!(vocabulary.iter().any(|token| token == "[UNK]" || token == "<unk>"));

        let none = model.embed_ids(&[vec![], vec![2]]).unwrap();
        assert!(
            none.row(0).iter().all(|&value| value == 0.0) && none.row(1).iter().any(|&value| value != 0.0)
        );
        assert_eq!(model.embed_ids(&[]).unwrap().n_rows(), 0);
        let beyond = model.embed_ids(&[vec![2, vocabulary.len() as u32]]).unwrap_err();
        assert!(matches!(beyond, Error::Param { name: "token id", .. }), "{beyond}");
        let long = model.embed_ids(&[vec![2; 1000]]).unwrap_err();
        assert!(matches!(long, Error::Param { name: "tokens of a sequence", .. }), "{long}");
    }
}

#[test]
fn fewer_tokens_may_be_looked_at() {
    let folder = fixture("bert");
    let set = |max_tokens| TransformerParams { max_tokens: Some(max_tokens), ..TransformerParams::default() };
    let model = Transformer::open(&folder, &set(4)).unwrap();
    let whole = &TINY[0];
    let rows = model.embed(&["word word word word word"]).unwrap();
    assert_eq!(bits(&rows), bits(&whole.embed(&["word word"]).unwrap()));
    assert_ne!(model.fingerprint(), whole.fingerprint());
    for max_tokens in [0, 65] {
        assert!(matches!(Transformer::open(&folder, &set(max_tokens)), Err(Error::Param { .. })));
    }
    assert!(
        matches!(Transformer::open(&folder, &set(2)), Err(Error::ModelFile { .. })),
        "no room for a token"
    );
}
