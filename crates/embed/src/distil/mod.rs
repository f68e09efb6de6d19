//! A table of tokens from a transformer: its knowledge of words, and then of texts, in a form that needs microseconds.
//!
//! Two steps. **Plain**: every token of the vocabulary goes through the teacher alone; the vectors are centred, brought to
//! `n_dims` principal components and weighted by rank (Model2Vec's recipe: [`space`]). **Fit**: the teacher embeds texts, the user's
//! and made-up ones ([`made_up`]); plain rows are turned towards these vectors by a linear map ([`ridge`]), then each row
//! moves until the sums of texts point where the teacher's vectors do ([`fit`]). What that brought is measured on texts that
//! were held out ([`quality`]).
//!
//! The teacher does nearly all of the work. Who wants to keep its answers, or has another teacher, uses [`Distillation`]:
//! it says of which texts vectors are wanted, and makes the table from them.

mod bags;
mod fit;
mod gradient;
mod made_up;
mod quality;
mod ridge;
mod space;
mod teacher;

use std::collections::HashSet;

use populi_geometry::{Matrix, MatrixView, Progress};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::embedder::Embedder;
use crate::error::{Result, require};
use crate::token_table::{TableCard, TokenTable};
use crate::transformer::Transformer;
use crate::wordpiece::WordPiece;
use bags::Bags;
use quality::HeldOut;
use space::Targets;
pub use teacher::token_vectors;

/// Texts that are held out, at most: enough for three digits.
const MAX_HELD_OUT: usize = 2500;

/// How a table is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistilParams {
    /// Dimensions of the table, a multiple of 16, at most those of the teacher. Default 256.
    pub n_dims: usize,
    /// `a` in the weight `a / (a + p)` of a token of probability `p`: smaller mutes frequent tokens more. Default 1e-4.
    pub zipf_a: f64,
    /// Lists of drawn words among the texts. Default 60,000.
    pub n_word_lists: usize,
    /// Made-up posts: texts, half of them with some words replaced by drawn ones, and lists of words, with the mentions, hashtags
    /// and links of posts. Default 60,000.
    pub n_posts: usize,
    /// Passes of the fit over all texts; 0 leaves it at the linear map. Default 3.
    pub epochs: usize,
    /// Texts of a step. Default 256.
    pub batch: usize,
    /// The size of the first step; it falls linearly to 0. Rows have a mean length of 1. Default 0.002.
    pub learning_rate: f64,
    /// The share of the texts that is held out, at most 2,500. Default 0.05.
    pub held_out: f64,
    /// Seed of made-up texts, of what is held out and of the order in the fit. Default 0.
    pub seed: u64,
}

impl Default for DistilParams {
    fn default() -> Self {
        Self {
            n_dims: 256,
            zipf_a: 1e-4,
            n_word_lists: 60_000,
            n_posts: 60_000,
            epochs: 3,
            batch: 256,
            learning_rate: 0.002,
            held_out: 0.05,
            seed: 0,
        }
    }
}

impl DistilParams {
    /// Parameters of a table that is not fitted, where no texts are given.
    #[must_use]
    pub fn plain() -> Self {
        Self { n_word_lists: 0, n_posts: 0, epochs: 0, ..Self::default() }
    }

    /// Checks each value against its range.
    ///
    /// # Errors
    ///
    /// [`Error::Param`](crate::Error::Param).
    pub fn check(&self) -> Result<()> {
        require(
            self.n_dims > 0 && self.n_dims.is_multiple_of(16),
            "n_dims",
            self.n_dims,
            "a multiple of 16",
        )?;
        require(self.zipf_a > 0.0 && self.zipf_a.is_finite(), "zipf_a", self.zipf_a, "above 0")?;
        require(self.batch > 0, "batch", self.batch, "at least 1")?;
        let rate = self.learning_rate;
        require(rate > 0.0 && rate.is_finite(), "learning_rate", rate, "above 0")?;
        require((0.0..1.0).contains(&self.held_out), "held_out", self.held_out, "0 to below 1")
    }
}

/// A table that says of texts nearly what `teacher` does, in microseconds.
///
/// `tokenizer` is that of the teacher's folder ([`WordPiece::open`]); `texts` are such as the table is for, a few ten thousand of them.
/// The teacher's name and what should be known of the texts come from `card`; the rest of it is filled in. Nearly all of the
/// time is the teacher's, on the texts and on as many made-up ones as `params` asks for; memory is `n_texts · d` floats.
/// The same input and CPU level give the same bytes from any number of threads.
///
/// # Errors
///
/// [`Error::Param`](crate::Error::Param) where `params` are out of range or `tokenizer` is another's; what the teacher says.
pub fn distil(
    teacher: &Transformer,
    tokenizer: &WordPiece,
    texts: &[&str],
    params: &DistilParams,
    card: TableCard,
    progress: &dyn Progress,
) -> Result<TokenTable> {
    let work = Distillation::new(tokenizer, texts, params)?;
    let token_vectors = token_vectors(teacher, tokenizer, progress)?;
    let text_vectors = teacher::text_vectors(teacher, &work.texts(), progress)?;
    let card = TableCard { teacher_fingerprint: teacher.fingerprint().to_string(), ..card };
    work.finish(&token_vectors, &text_vectors, card, progress)
}

/// What a distillation wants to know of the teacher, and what it makes of the answers.
///
/// ```no_run
/// use populi_embed::{DistilParams, Distillation, Embedder, TableCard, WordPiece};
/// # fn example(teacher: &dyn Embedder, token_vectors: populi_geometry::Matrix) -> populi_embed::Result<()> {
/// let tokenizer = WordPiece::open("model/tokenizer.json".as_ref())?;
/// let work = Distillation::new(&tokenizer, &["a red fox", "a brown bear"], &DistilParams::default())?;
/// let text_vectors = teacher.embed(&work.texts())?;
/// let table = work.finish(&token_vectors, &text_vectors, TableCard::default(), &populi_geometry::Silent)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Distillation<'a> {
    tokenizer: &'a WordPiece,
    params: DistilParams,
    /// Texts to fit on, then those held out.
    texts: Vec<String>,
    n_held_out: usize,
}

impl<'a> Distillation<'a> {
    /// Chooses what is held out of the distinct texts among `texts`, and makes up others.
    ///
    /// # Errors
    ///
    /// [`Error::Param`](crate::Error::Param).
    pub fn new(tokenizer: &'a WordPiece, texts: &[&str], params: &DistilParams) -> Result<Self> {
        params.check()?;
        let mut seen = HashSet::with_capacity(texts.len());
        let mut distinct: Vec<&str> = texts.iter().copied().filter(|text| seen.insert(*text)).collect();
        distinct.shuffle(&mut Stream::HeldOut.random(params.seed));
        let n_held_out = ((distinct.len() as f64 * params.held_out) as usize).min(MAX_HELD_OUT);
        let (own, held_out) = distinct.split_at(distinct.len() - n_held_out);
        let made_up = made_up::make_up(&made_up::Words::new(tokenizer.vocabulary()), own, params);
        let texts = own.iter().map(|text| (*text).to_owned()).chain(made_up);
        let texts = texts.chain(held_out.iter().map(|text| (*text).to_owned())).collect();
        Ok(Self { tokenizer, params: params.clone(), texts, n_held_out })
    }

    /// The texts whose vectors [`finish`](Self::finish) wants.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }

    /// The table, from the teacher's vectors of each token alone, `[n_tokens, d]`, and of the [`texts`](Self::texts),
    /// `[n_texts, d]`. Tells `progress` of the fit. Where there are no texts the table is plain.
    ///
    /// A pass costs some ten operations a dimension and token of the texts, in parallel. The same vectors, parameters and
    /// CPU level give the same bytes from any number of threads.
    ///
    /// # Errors
    ///
    /// [`Error::Param`](crate::Error::Param) where there are not as many vectors or `n_dims` is above `d`;
    /// [`Error::Geometry`](crate::Error::Geometry) where vectors are not finite.
    pub fn finish(
        &self,
        token_vectors: &Matrix,
        text_vectors: &Matrix,
        card: TableCard,
        progress: &dyn Progress,
    ) -> Result<TokenTable> {
        let (tokenizer, params) = (self.tokenizer, &self.params);
        require(
            token_vectors.n_rows() == tokenizer.vocabulary().len(),
            "token_vectors",
            token_vectors.n_rows(),
            "one vector a token",
        )?;
        require(
            text_vectors.n_rows() == self.texts.len(),
            "text_vectors",
            text_vectors.n_rows(),
            "one vector a text",
        )?;
        let n_dims = token_vectors.n_cols();
        require(params.n_dims <= n_dims, "n_dims", params.n_dims, "at most the dimensions of the teacher")?;
        let plain = space::plain_rows(token_vectors, tokenizer.special_ids(), params.n_dims, params.zipf_a)?;

        let n_fitted = self.texts.len() - self.n_held_out;
        let mut card = TableCard {
            parameters: serde_json::to_value(params).unwrap_or_default(),
            n_texts: n_fitted as u64,
            ..card
        };
        let rows = if n_fitted == 0 {
            plain
        } else {
            require(
                text_vectors.n_cols() == n_dims,
                "text_vectors",
                text_vectors.n_cols(),
                "as wide as those of tokens",
            )?;
            self.fitted(plain, text_vectors, &mut card, progress)?
        };
        TokenTable::new(tokenizer.vocabulary().to_vec(), tokenizer.params().clone(), &rows, card)
    }

    /// The rows after the linear map and the fit. Writes on the card how near they were to the teacher on the way.
    fn fitted(
        &self,
        plain: Matrix,
        text_vectors: &Matrix,
        card: &mut TableCard,
        progress: &dyn Progress,
    ) -> Result<Matrix> {
        let (n_fitted, n_cols) = (self.texts.len() - self.n_held_out, text_vectors.n_cols());
        let (fitted, held_out) = text_vectors.values().split_at(n_fitted * n_cols);
        let fitted = MatrixView::new(n_fitted, n_cols, fitted)?;
        let held_out = MatrixView::new(self.n_held_out, n_cols, held_out)?;

        let space = Targets::new(fitted, self.params.n_dims)?;
        let targets = space.of(fitted)?;
        let texts = Bags::new(self.tokenizer, &self.texts[..n_fitted]);
        let own = Bags::new(self.tokenizer, &self.texts[n_fitted..]);
        let held_out = HeldOut::new(own, space.of(held_out)?, held_out)?;

        let mut rows = space::aligned(&plain, &texts, &targets)?;
        let mut nearness = vec![held_out.nearness(&rows)?];
        progress.stage("fit", (self.params.epochs * texts.n_with_tokens()) as u64);
        fit::fit(&mut rows, &texts, &targets, &self.params, progress, |rows| {
            nearness.push(held_out.nearness(rows)?);
            Ok(())
        })?;
        if self.n_held_out > 0 {
            card.plain_neighbours = held_out.nearness(&plain)?.neighbours;
            card.held_out = nearness;
        }
        Ok(rows)
    }
}

/// What random numbers are drawn for.
enum Stream {
    HeldOut,
    WordLists,
    Posts,
    /// The order of a pass.
    Shuffle(usize),
}

impl Stream {
    fn random(self, seed: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(match self {
            Self::HeldOut => 1,
            Self::WordLists => 2,
            Self::Posts => 3,
            Self::Shuffle(epoch) => 1 << 32 | epoch as u64,
        });
        random
    }
}
