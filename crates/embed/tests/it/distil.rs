//! A table made from a teacher that is a table itself: what can be learnt of it, and what has to be the same.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use populi_embed::{
    AddedToken, DistilParams, Distillation, Embedder, TableCard, TokenTable, Transformer, TransformerParams,
    WordPiece, WordPieceParams, distil,
};
use populi_geometry::{Matrix, Progress, Silent};

const N_DIMS: usize = 32;
const N_WORDS: usize = 200;

/// A number between -1 and 1 that looks random.
fn noise(i: u64) -> f32 {
    let mixed = (i ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Two special tokens, then words of two letters.
fn vocabulary() -> Vec<String> {
    let letter = |i: usize| char::from(b'a' + i as u8);
    let words = (0..N_WORDS).map(|i| [letter(i / 26), letter(i % 26)].iter().collect());
    ["[UNK]".to_owned(), "[SEP]".to_owned()].into_iter().chain(words).collect()
}

fn params() -> WordPieceParams {
    let added = vec![AddedToken { token: "[SEP]".to_owned(), is_normalised: false }];
    WordPieceParams { added, ..WordPieceParams::default() }
}

fn tokenizer() -> WordPiece {
    WordPiece::new(vocabulary(), params()).unwrap()
}

/// The teacher: rows of which each word has its own, some far longer than others.
fn teacher_rows() -> Matrix {
    let value = |i: usize| noise(i as u64) * if (i / N_DIMS).is_multiple_of(5) { 3.0 } else { 1.0 };
    Matrix::from_vec(N_WORDS + 2, N_DIMS, (0..(N_WORDS + 2) * N_DIMS).map(value).collect()).unwrap()
}

fn teacher() -> TokenTable {
    TokenTable::new(vocabulary(), params(), &teacher_rows(), TableCard::default()).unwrap()
}

/// What it says of a token alone: something of its row, and as much that has nothing to do with it.
fn token_vectors() -> Matrix {
    let mut vectors = teacher_rows();
    for (i, value) in vectors.values_mut().iter_mut().enumerate() {
        *value += 2.0 * noise((i + 1_000_000) as u64);
    }
    vectors
}

/// Texts of 1 to 12 words, some twice.
fn texts() -> Vec<String> {
    let words = vocabulary();
    let text = |i: usize| {
        let n = 1 + i * 7 % 12;
        let word = |j: usize| words[2 + ((noise((i * 100 + j) as u64) + 1.0) * 99.0) as usize].as_str();
        (0..n).map(word).collect::<Vec<_>>().join(" ")
    };
    (0..1500).map(|i| text(i % 1400)).collect()
}

fn small() -> DistilParams {
    DistilParams {
        n_dims: 16,
        n_word_lists: 300,
        n_posts: 200,
        epochs: 4,
        batch: 32,
        learning_rate: 0.02,
        held_out: 0.1,
        ..DistilParams::default()
    }
}

fn distilled(params: &DistilParams, progress: &dyn Progress) -> TokenTable {
    let (tokenizer, texts) = (tokenizer(), texts());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let work = Distillation::new(&tokenizer, &texts, params).unwrap();
    let vectors = teacher().embed(&work.texts()).unwrap();
    work.finish(&token_vectors(), &vectors, TableCard::default(), progress).unwrap()
}

#[test]
fn each_pass_comes_nearer_to_the_teacher_on_texts_that_it_has_not_seen() {
    let table = distilled(&small(), &Silent);
    let card = table.card();
    assert_eq!(card.held_out.len(), 5, "after the map and after each of four passes");
    let (map, fitted) = (card.held_out[0], card.held_out[4]);
    assert!(map.neighbours > card.plain_neighbours, "{card:?}");
    assert!(fitted.cosine > map.cosine + 0.1 && fitted.neighbours > map.neighbours + 0.1, "{card:?}");
    assert!(card.held_out.windows(2).all(|pair| pair[1].cosine > pair[0].cosine), "{card:?}");
}

#[test]
fn same_bytes_from_any_number_of_threads() {
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| distilled(&small(), &Silent).bytes().to_vec())
    };
    let one = run(1);
    assert!(one == run(2) && one == run(5));
    let other = distilled(&DistilParams { seed: 1, ..small() }, &Silent);
    assert_ne!(other.bytes(), one);
}

#[test]
fn what_is_held_out_is_distinct_and_in_no_fit() {
    let (tokenizer, texts) = (tokenizer(), texts());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let params = DistilParams { n_word_lists: 0, n_posts: 0, ..small() };
    let work = Distillation::new(&tokenizer, &texts, &params).unwrap();
    let mut wanted = work.texts();
    let (mut distinct, n_wanted) = (texts.clone(), wanted.len());
    [&mut wanted, &mut distinct].into_iter().for_each(|texts| {
        texts.sort_unstable();
        texts.dedup();
    });
    assert_eq!(wanted, distinct);
    assert_eq!(n_wanted, distinct.len(), "no text twice");
}

#[test]
fn progress_sums_up_to_what_was_announced() {
    #[derive(Default)]
    struct Sums(AtomicU64, AtomicU64);
    impl Progress for Sums {
        fn stage(&self, name: &'static str, n_steps: u64) {
            assert_eq!(name, "fit");
            self.0.fetch_add(n_steps, Ordering::Relaxed);
        }
        fn advance(&self, n_steps: u64) {
            self.1.fetch_add(n_steps, Ordering::Relaxed);
        }
    }
    let sums = Sums::default();
    distilled(&small(), &sums);
    let (announced, done) = (sums.0.into_inner(), sums.1.into_inner());
    assert!(announced == done && done > 0, "{announced} {done}");
}

#[test]
fn no_texts_give_a_plain_table() {
    let tokenizer = tokenizer();
    let params = DistilParams { n_dims: N_DIMS, ..DistilParams::plain() };
    let work = Distillation::new(&tokenizer, &[], &params).unwrap();
    assert!(work.texts().is_empty());
    let nothing = Matrix::zeros(0, N_DIMS);
    let table = work.finish(&token_vectors(), &nothing, TableCard::default(), &Silent).unwrap();
    assert!(table.card().held_out.is_empty() && table.card().n_texts == 0);
    // All components are kept, so angles between centred token vectors are those between rows.
    let (vectors, means) = (token_vectors(), token_vectors().column_means());
    let centred = |id: usize| -> Vec<f64> {
        vectors.row(id).iter().zip(&means).map(|(&value, mean)| f64::from(value) - mean).collect()
    };
    let cosine = |a: &[f64], b: &[f64]| {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let words = vocabulary();
    for (a, b) in [(2, 3), (7, 150), (201, 30)] {
        let rows = table.embed(&[&words[a], &words[b]]).unwrap();
        let wide = |i: usize| rows.row(i).iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let (got, expected) = (cosine(&wide(0), &wide(1)), cosine(&centred(a), &centred(b)));
        assert!((got - expected).abs() < 0.02, "{got} is not {expected}");
    }
    assert_eq!(table.embed(&["[SEP]"]).unwrap().values(), [0.0; N_DIMS]);
    // Of two words together the rarer one says more: their weights are a / (a + p).
    let both = table.embed(&["aa hr", "aa", "hr"]).unwrap();
    let along = |i: usize| both.row(0).iter().zip(both.row(i)).map(|(a, b)| a * b).sum::<f32>();
    assert!(along(2) > along(1) + 0.3, "{} {}", along(1), along(2));
}

#[test]
fn few_texts_and_texts_without_tokens_are_no_problem() {
    let tokenizer = tokenizer();
    for texts in [&["aa"][..], &[""], &["", "?!", "[SEP]"], &["aa bb", "cc"]] {
        let params = DistilParams { n_word_lists: 0, n_posts: 3, ..small() };
        let work = Distillation::new(&tokenizer, texts, &params).unwrap();
        let vectors = teacher().embed(&work.texts()).unwrap();
        let table = work.finish(&token_vectors(), &vectors, TableCard::default(), &Silent).unwrap();
        assert!(table.embed(&["aa bb cc dd"]).unwrap().values().iter().all(|value| value.is_finite()));
    }
}

#[test]
fn wrong_input_is_an_error() {
    let tokenizer = tokenizer();
    for params in [
        DistilParams { n_dims: 0, ..small() },
        DistilParams { n_dims: 20, ..small() },
        DistilParams { zipf_a: 0.0, ..small() },
        DistilParams { batch: 0, ..small() },
        DistilParams { learning_rate: f64::NAN, ..small() },
        DistilParams { held_out: 1.0, ..small() },
    ] {
        assert!(Distillation::new(&tokenizer, &["a"], &params).is_err(), "{params:?}");
    }
    let work = Distillation::new(&tokenizer, &["aa", "bb"], &small()).unwrap();
    let n_texts = work.texts().len();
    let finish = |tokens: &Matrix, texts: &Matrix| {
        work.finish(tokens, texts, TableCard::default(), &Silent)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let texts = Matrix::zeros(n_texts, N_DIMS);
    assert!(finish(&Matrix::zeros(3, N_DIMS), &texts).unwrap_err().contains("token_vectors is 3"));
    assert!(finish(&token_vectors(), &Matrix::zeros(1, N_DIMS)).unwrap_err().contains("text_vectors is 1"));
    assert!(finish(&token_vectors(), &Matrix::zeros(n_texts, 8)).unwrap_err().contains("text_vectors is 8"));
    assert!(finish(&Matrix::zeros(N_WORDS + 2, 8), &texts).unwrap_err().contains("n_dims is 16"));
    assert!(finish(&token_vectors(), &texts).is_ok());
}

/// The folder of a tiny BERT of random weights.
fn tiny_bert() -> (Transformer, WordPiece) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bert");
    let teacher = Transformer::open(&folder, &TransformerParams::default()).unwrap();
    (teacher, WordPiece::open(&folder.join("tokenizer.json")).unwrap())
}

#[test]
fn a_transformer_is_asked_for_tokens_in_its_template_and_for_texts() {
    let (teacher, tokenizer) = tiny_bert();
    let texts = ["a red fox", "the brown bear", "", "no more of that", "what else"];
    let params = DistilParams { n_word_lists: 40, n_posts: 20, held_out: 0.3, ..small() };
    let card = TableCard { teacher: "tiny".to_owned(), ..TableCard::default() };
    let table = distil(&teacher, &tokenizer, &texts, &params, card, &Silent).unwrap();

    let id = |token: &str| tokenizer.vocabulary().iter().position(|other| other == token).unwrap() as u32;
    let n_tokens = tokenizer.vocabulary().len() as u32;
    let alone: Vec<Vec<u32>> = (0..n_tokens).map(|token| vec![id("[CLS]"), token, id("[SEP]")]).collect();
    let work = Distillation::new(&tokenizer, &texts, &params).unwrap();
    let text_vectors = teacher.embed(&work.texts()).unwrap();
    let card = TableCard {
        teacher: "tiny".to_owned(),
        teacher_fingerprint: teacher.fingerprint().to_string(),
        ..TableCard::default()
    };
    let expected = work.finish(&teacher.embed_ids(&alone).unwrap(), &text_vectors, card, &Silent).unwrap();
    assert_eq!(table.card(), expected.card());
    assert!(table.bytes() == expected.bytes());

    let error =
        distil(&teacher, &self::tokenizer(), &texts, &params, TableCard::default(), &Silent).unwrap_err();
    assert!(error.to_string().contains("must be that of the teacher"), "{error}");
}
