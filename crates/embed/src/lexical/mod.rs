//! The lexical embedder: needs no download, knows any script.
//!
//! Texts that share words and parts of words point the same way; and, through the decomposition, so do texts whose
//! words go with the same other words.
//!
//! 1. [`features`]: words and runs of 3 to 5 letters, hashed to 2^16 buckets of each kind.
//! 2. [`vocabulary`]: TF-IDF with sublinear counts; words and runs each make half of a text's squared length.
//! 3. Randomised SVD of a sample of at most 20,000 texts to 256 dimensions (Halko et al. 2011, see `populi-geometry`):
//!    latent semantic analysis.
//! 4. Any text, in the sample or not, is projected in one pass, and scaled to length 1.

mod features;
mod sample;
mod vocabulary;

use populi_geometry::{Matrix, SparseMatrix, SvdParams, randomised_svd};
use rayon::prelude::*;

pub use sample::TextSample;

use crate::embedder::{Embedder, Fingerprint};
use crate::error::{Error, Result};
use features::Reader;
pub(crate) use sample::readable;
use vocabulary::{SparseRows, Vocabulary};

/// Raised by hand when the same texts and parameters give other vectors than before.
const VERSION: u32 = 1;

/// Texts that one task reads and projects. Moves nothing but speed.
const TEXTS_PER_TASK: usize = 256;

/// Passes that sharpen the decomposition. A second one costs half as much again and moves the scores of `lexical_ami` by less
/// than another seed does.
const POWER_ITERATIONS: usize = 1;

/// What [`Lexical::fit`] is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexicalParams {
    /// Dimensions of a vector, at most; fewer where the sample has fewer independent texts. Default 256.
    pub n_dims: usize,
    /// Distinct texts to learn from, at most. Default 20,000.
    pub max_sample: usize,
    /// Decides the sample and the start of the decomposition. Default 0.
    pub seed: u64,
}

impl Default for LexicalParams {
    fn default() -> Self {
        Self { n_dims: 256, max_sample: 20_000, seed: 0 }
    }
}

impl LexicalParams {
    /// Checks every field against its range.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] with the field.
    pub fn check(&self) -> Result<()> {
        at_least_one("n_dims", self.n_dims)?;
        at_least_one("max_sample", self.max_sample)
    }
}

/// One feature of a fitted model: what was learnt of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// The bucket that it is hashed to.
    pub bucket: u32,
    /// Its inverse document frequency.
    pub weight: f32,
    /// `[n_dims]`: where it points.
    pub direction: Vec<f32>,
}

/// A fitted lexical model.
#[derive(Debug, Clone)]
pub struct Lexical {
    vocabulary: Vocabulary,
    /// `[n_columns, n_dims]`: where each feature points.
    directions: Matrix,
    fingerprint: Fingerprint,
}

impl Lexical {
    /// Learns from a sample of `texts`. The same set of texts gives the same model, in whatever order and however often
    /// each occurs.
    ///
    /// About 2 CPU-seconds at 20,000 short texts; memory 300 MB there, and more for long ones (8 bytes twice for every
    /// distinct feature of every text of the sample).
    ///
    /// ```
    /// use populi_embed::{Embedder, Lexical, LexicalParams};
    ///
    /// let texts = ["the red fox", "red foxes", "stock prices fall", "falling prices"];
    /// let vectors = Lexical::fit(&texts, &LexicalParams::default())?.embed(&texts)?;
    /// let cosine = |a, b| -> f32 { vectors.row(a).iter().zip(vectors.row(b)).map(|(x, y)| x * y).sum() };
    /// assert!(cosine(0, 1) > cosine(0, 2) && cosine(2, 3) > cosine(1, 3));
    /// # Ok::<(), populi_embed::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What [`LexicalParams::check`] says.
    pub fn fit(texts: &[&str], params: &LexicalParams) -> Result<Self> {
        params.check()?;
        let mut sample = TextSample::new(params);
        sample.add(texts);
        Self::learn(&sample, params)
    }

    /// Learns from a sample that was gathered before, for texts that do not fit in memory at once. With the same
    /// parameters as the sample this is [`fit`](Lexical::fit).
    ///
    /// # Errors
    ///
    /// What [`LexicalParams::check`] says.
    pub fn learn(sample: &TextSample, params: &LexicalParams) -> Result<Self> {
        params.check()?;
        let texts = sample.texts();
        let vocabulary = Vocabulary::learn(&texts);
        let svd_params = SvdParams {
            rank: params.n_dims,
            power_iterations: POWER_ITERATIONS,
            seed: params.seed,
            ..SvdParams::default()
        };
        let directions = randomised_svd(&weigh_texts(&vocabulary, &texts)?, &svd_params)?.right;
        Ok(Self::of(vocabulary, directions))
    }

    /// All that was learnt, in the order of the buckets: [`from_features`](Self::from_features) makes the same model of it.
    pub fn features(&self) -> impl Iterator<Item = Feature> {
        self.vocabulary.features().enumerate().map(|(column, (bucket, weight))| {
            // Without dimensions a matrix has no rows to be lent.
            let direction =
                if self.directions.n_cols() == 0 { vec![] } else { self.directions.row(column).to_vec() };
            Feature { bucket, weight, direction }
        })
    }

    /// A model that was learnt before, with the fingerprint that it had.
    ///
    /// # Errors
    ///
    /// Those of `features`; [`Error::Param`] where their buckets do not rise, are too large, or directions differ in length.
    pub fn from_features<E: From<Error>>(
        features: impl IntoIterator<Item = std::result::Result<Feature, E>>,
    ) -> std::result::Result<Self, E> {
        let (mut learnt, mut values, mut n_dims) = (vec![], vec![], None);
        let wrong = |got: String, must_be| Error::Param { name: "features", got, must_be };
        for feature in features {
            let Feature { bucket, weight, direction } = feature?;
            if *n_dims.get_or_insert(direction.len()) != direction.len() {
                return Err(wrong(
                    format!("{} numbers in bucket {bucket}", direction.len()),
                    "directions of one length",
                )
                .into());
            }
            learnt.push((bucket, weight));
            values.extend(direction);
        }
        let n_features = learnt.len();
        let Some(vocabulary) = Vocabulary::of(learnt) else {
            return Err(
                wrong(format!("{n_features} of them"), "buckets that rise, with finite weights").into()
            );
        };
        let directions = Matrix::from_vec(n_features, n_dims.unwrap_or(0), values).map_err(Error::from)?;
        Ok(Self::of(vocabulary, directions))
    }

    fn of(vocabulary: Vocabulary, directions: Matrix) -> Self {
        let fingerprint = fingerprint(&vocabulary, &directions);
        Self { vocabulary, directions, fingerprint }
    }
}

impl Embedder for Lexical {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// At most what was asked for; 1 where the sample had no words at all.
    fn n_dims(&self) -> usize {
        self.directions.n_cols().max(1)
    }

    /// A text's row is zero where none of its words or runs was in the sample. Parallel over blocks of texts; reads the
    /// first [`TextSample::MAX_BYTES`] of each.
    fn embed(&self, texts: &[&str]) -> Result<Matrix> {
        let n_dims = self.n_dims();
        let mut vectors = Matrix::zeros(texts.len(), n_dims);
        if self.directions.n_cols() == 0 {
            return Ok(vectors);
        }
        let blocks = vectors
            .values_mut()
            .par_chunks_mut(TEXTS_PER_TASK * n_dims)
            .zip(texts.par_chunks(TEXTS_PER_TASK));
        blocks.try_for_each(|(vectors, texts)| -> Result<()> {
            let rows = weigh_texts(&self.vocabulary, texts)?;
            vectors.copy_from_slice(rows.multiply(&self.directions)?.values());
            Ok(())
        })?;
        vectors.l2_normalise_rows();
        Ok(vectors)
    }
}

/// The weighted features of `texts`, `[texts.len(), n_columns]`.
fn weigh_texts(vocabulary: &Vocabulary, texts: &[&str]) -> Result<SparseMatrix> {
    let block = |texts: &[&str]| {
        let (mut reader, mut buckets, mut rows) = (Reader::default(), Vec::new(), SparseRows::default());
        for text in texts {
            reader.read(readable(text), &mut buckets);
            vocabulary.weigh(&mut buckets, &mut rows);
        }
        rows
    };
    let blocks: Vec<SparseRows> = texts.par_chunks(TEXTS_PER_TASK).map(block).collect();
    let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for block in blocks {
        let start = columns.len();
        offsets.extend(block.ends.iter().map(|end| start + end));
        columns.extend(block.columns);
        values.extend(block.values);
    }
    Ok(SparseMatrix::new(texts.len(), vocabulary.n_columns(), offsets, columns, values)?)
}

fn fingerprint(vocabulary: &Vocabulary, directions: &Matrix) -> Fingerprint {
    let directions_bytes: Vec<u8> =
        directions.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    Fingerprint::of(&[b"lexical", &VERSION.to_le_bytes(), &vocabulary.bytes(), &directions_bytes])
}

fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value > 0 { Ok(()) } else { Err(Error::Param { name, got: value.to_string(), must_be: "at least 1" }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn fitted(texts: &[&str]) -> Lexical {
        Lexical::fit(texts, &LexicalParams::default()).unwrap()
    }

    fn cosine(vectors: &Matrix, a: usize, b: usize) -> f32 {
        vectors.row(a).iter().zip(vectors.row(b)).map(|(x, y)| x * y).sum()
    }

    /// Texts over a vocabulary of made-up words, some of them in common.
    fn made_up(n: usize) -> Vec<String> {
        let word = |i: usize| format!("w{}", (i as u32).wrapping_mul(2_654_435_761) >> 22);
        (0..n).map(|i| (0..6).map(|j| word(i / 3 * 7 + i * j)).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn rows_have_length_one_or_are_zero() {
        let texts = ["red fox", "", "red dog", " ... ", "#fox"];
        let vectors = fitted(&texts).embed(&texts).unwrap();
        let lengths: Vec<f32> = (0..5).map(|i| cosine(&vectors, i, i).sqrt()).collect();
        for (length, expected) in lengths.iter().zip([1.0, 0.0, 1.0, 0.0, 1.0]) {
            assert!((length - expected).abs() < 1e-6, "{lengths:?}");
        }
    }

    #[test]
    fn any_script_has_neighbours() {
        for [a, near, far] in [
            ["running in the park", "he runs in parks", "stocks fell sharply"],
            ["今天天气很好", "天气不好", "股票大跌了"],
            ["Я люблю кошек", "кошка любит меня", "цены на нефть"],
            ["สวัสดีครับ", "สวัสดีค่ะ", "ราคาหุ้นตก"],
            ["أحب القطط", "قطط صغيرة", "أسعار النفط"],
        ] {
            let texts = [a, near, far];
            let vectors = fitted(&texts).embed(&texts).unwrap();
            assert!(cosine(&vectors, 0, 1) > cosine(&vectors, 0, 2) + 0.01, "{texts:?}");
        }
    }

    #[test]
    fn texts_without_words_give_one_dimension_of_zeros() {
        for texts in [&[] as &[&str], &["", "?!"]] {
            let model = fitted(texts);
            let vectors = model.embed(&["anything", ""]).unwrap();
            assert_eq!((model.n_dims(), vectors.values()), (1, &[0.0f32, 0.0][..]));
        }
    }

    #[test]
    fn texts_of_one_pattern_are_fitted() {
        let words = |parts: [&[&str]; 3], i: usize| {
            let [a, b, c] = parts;
            format!(
                "{} {} {} 0",
                a[i % a.len()],
                b[i / a.len() % b.len()],
                c[i / a.len() / b.len() % c.len()]
            )
        };
        let who =
            ["the old man", "my sister", "a young dog", "her friend", "the teacher", "our team", "the cat"];
        let does = [
            "likes to read about",
            "went home to see",
            "is talking about",
            "never forgets",
            "wants to buy",
            "found",
        ];
        let what =
            ["the house by the river", "a good book", "the long road", "some fresh bread", "music and light"];
        for n in [80, 200] {
            let texts: Vec<String> = (0..n).map(|i| words([&who, &does, &what], i)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            assert!(fitted(&texts).n_dims() > 10, "an eigenvalue of rounding errors alone stops nothing");
        }
    }

    #[test]
    fn one_text_and_equal_texts_have_a_direction() {
        let vectors = fitted(&["a red fox", "a red fox"]).embed(&["a red fox", "fox"]).unwrap();
        assert!((cosine(&vectors, 0, 1) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_model_depends_on_the_set_of_texts_and_on_what_is_learnt() {
        let model = fitted(&["red fox", "brown bear", "red bear"]);
        let again = fitted(&["red bear", "red fox", "red fox", "brown bear"]);
        assert_eq!(model.fingerprint(), again.fingerprint());
        assert_ne!(model.fingerprint(), fitted(&["red fox", "brown bear"]).fingerprint());
        let fewer_dims = LexicalParams { n_dims: 1, ..LexicalParams::default() };
        let fewer_dims = Lexical::fit(&["red fox", "brown bear", "red bear"], &fewer_dims).unwrap();
        assert_eq!(fewer_dims.n_dims(), 1);
        assert_ne!(model.fingerprint(), fewer_dims.fingerprint());
    }

    #[test]
    fn made_again_of_its_features_it_is_the_same_model() {
        let all = made_up(1200);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        for texts in [&all[..], &["one"], &["", "?!"], &[]] {
            let model = fitted(texts);
            let again = Lexical::from_features(model.features().map(Ok::<_, Error>)).unwrap();
            assert_eq!((again.fingerprint(), again.n_dims()), (model.fingerprint(), model.n_dims()));
            assert_eq!(again.embed(texts).unwrap().values(), model.embed(texts).unwrap().values());
        }
    }

    #[test]
    fn features_that_no_model_has_are_refused() {
        let feature = |bucket, n_dims| Ok(Feature { bucket, weight: 1.0, direction: vec![0.5; n_dims] });
        let made = |features: Vec<Result<Feature>>| Lexical::from_features(features);
        assert!(made(vec![feature(3, 2), feature(7, 2)]).is_ok());
        for wrong in [
            vec![feature(7, 2), feature(3, 2)],
            vec![feature(3, 2), feature(3, 2)],
            vec![feature(3, 2), feature(7, 3)],
        ] {
            assert!(made(wrong).is_err());
        }
        assert!(made(vec![feature(features::N_BUCKETS as u32, 2)]).is_err());
        assert!(made(vec![Ok(Feature { weight: f32::NAN, ..feature(3, 2).unwrap() })]).is_err());
        assert!(made(vec![Err(Error::Stopped)]).is_err());
    }

    #[test]
    fn same_bytes_from_any_number_of_threads() {
        let texts = made_up(3000);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let params = LexicalParams { n_dims: 16, max_sample: 1500, seed: 3 };
                let model = Lexical::fit(&texts, &params).unwrap();
                (model.fingerprint(), model.embed(&texts).unwrap().into_values())
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(8));
    }

    #[test]
    fn a_row_does_not_depend_on_the_other_texts() {
        let texts = made_up(700);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let model = fitted(&texts);
        let together = model.embed(&texts).unwrap();
        for i in [0, 255, 256, 699] {
            assert_eq!(model.embed(&texts[i..=i]).unwrap().row(0), together.row(i));
        }
    }

    #[test]
    fn wrong_parameters_are_errors() {
        for params in [
            LexicalParams { n_dims: 0, ..LexicalParams::default() },
            LexicalParams { max_sample: 0, ..LexicalParams::default() },
        ] {
            assert!(Lexical::fit(&["a"], &params).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_gives_finite_rows(texts in prop::collection::vec(".{0,40}", 1..6)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let vectors = fitted(&texts).embed(&texts).unwrap();
            prop_assert!(vectors.values().iter().all(|value| value.is_finite()));
        }
    }
}
