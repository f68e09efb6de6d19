//! Which words and pairs of words set a class of texts apart: class-based TF-IDF.
//!
//! Source: Grootendorst, "BERTopic: Neural topic modeling with a class-based TF-IDF procedure" (2022), section 3.3; the
//! reference is BERTopic's `ClassTfidfTransformer`. With
//!
//! | paper | here |
//! |---|---|
//! | class c | all texts fed with one `class`, as if they were one text |
//! | tf(t, c) | uses of term t in class c, divided by the uses of all kept terms in c (as the reference does), so that classes of different size compare |
//! | f(t) | uses of t in all classes |
//! | A | uses of all kept terms, divided by the number of classes (the reference cuts it to an integer; here it is not) |
//!
//! the score is `tf(t, c) · ln(1 + A / f(t))`.
//!
//! **Terms** are words of [`crate::words`] and pairs of neighbouring words, of the [cleaned](crate::clean) text: no links,
//! no handles. Stop words of the text's language, numbers and single letters are no terms, and no pair crosses them or
//! punctuation. Two overlapping pairs of ideographs make one term of three. A word twice in a row is no pair.
//!
//! **Who is heard.** A term is kept if at least `min_df` texts use it, at least two of them different in their words (a
//! text posted a hundred times is one). Of the kept terms, a class is named by those that two authors use in that class, so
//! that one spammer names nothing; where there is none, by those in two different texts of it; where there is none
//! either, by any kept one. Texts without an author count as written by different authors unless their words are equal.
//! With under [`TINY_CORPUS`] texts one use is enough to be kept.
//!
//! **Redundancy.** A word whose uses in the class are mostly (70 %) those of a chosen pair is left out: `york` beside
//! `new york`.
//!
//! Cost: time linear in the texts, plus a sort of the distinct terms of a class. Memory: about 110 bytes for each distinct
//! term and 60 for each (class, term) that occurs, whatever the number of texts. Counts are integers, so any split into
//! [`TermCounts`] and any order of feeding and merging gives the same bytes; ties go to the smaller term.

mod count;
mod rank;

use crate::{Error, Result};

pub use count::TermCounts;

/// Below this many texts a term needs no second text: a demonstration of ten posts should still get names.
pub const TINY_CORPUS: u64 = 20;

/// One text of a class.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The class that the text belongs to.
    pub class: u32,
    /// The text as posted; it is cleaned here.
    pub text: &'a str,
    /// Its language, for the stop words (see [`crate::stop_words::StopWords::of`]).
    pub lang: Option<&'a str>,
    /// Its author, any number that tells authors apart.
    pub author: Option<u64>,
}

/// How long a term may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermLength {
    /// Single words.
    Words,
    /// Words and pairs of words.
    WordsAndPairs,
}

/// What [`TermCounts`] counts and how many terms it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Most terms to name a class with. Default 10, BERTopic's.
    pub n_terms: usize,
    /// Fewest texts that use a kept term. Default 2; 1 is taken under [`TINY_CORPUS`] texts.
    pub min_df: u64,
    /// Default [`TermLength::WordsAndPairs`].
    pub length: TermLength,
}

impl Default for Params {
    fn default() -> Self {
        Self { n_terms: 10, min_df: 2, length: TermLength::WordsAndPairs }
    }
}

impl Params {
    /// Whether every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if `n_terms` or `min_df` is 0.
    pub fn check(&self) -> Result<()> {
        for (name, is_zero) in [("n_terms", self.n_terms == 0), ("min_df", self.min_df == 0)] {
            if is_zero {
                return Err(Error::Parameter { name, got: "0".to_owned(), expected: "at least 1" });
            }
        }
        Ok(())
    }
}

/// A term of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The word, or the pair with a space between (none between ideographs).
    pub text: String,
    /// Its c-TF-IDF in the class; above 0.
    pub score: f64,
    /// How often the class uses it.
    pub n_uses: u64,
    /// How many texts of the class use it.
    pub n_texts: u64,
}

/// A class and the terms that set it apart.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassTerms {
    /// The class, as fed.
    pub class: u32,
    /// Best first; empty if no term of the class is kept.
    pub terms: Vec<Term>,
}

/// The terms of every class of `documents`, by class: [`TermCounts`] in one go.
///
/// # Errors
///
/// [`Error::Parameter`] if a parameter is outside its range.
///
/// ```
/// use populi_text::ctfidf::{Document, Params, top_terms};
/// let post = |class, author, text| Document { class, text, lang: Some("en"), author: Some(author) };
/// let found = top_terms(
///     [
///         post(0, 1, "Rent control now, says @mayor"),
///         post(0, 2, "the rent control vote"),
///         post(1, 3, "my cat sleeps"),
///         post(1, 4, "a cat video https://example.org"),
///     ],
///     &Params::default(),
/// )?;
/// assert_eq!(found[0].terms[0].text, "rent control");
/// assert_eq!(found[1].terms[0].text, "cat");
/// # Ok::<(), populi_text::Error>(())
/// ```
pub fn top_terms<'a>(
    documents: impl IntoIterator<Item = Document<'a>>,
    params: &Params,
) -> Result<Vec<ClassTerms>> {
    let mut counts = TermCounts::new(params)?;
    for document in documents {
        counts.add(&document);
    }
    Ok(counts.top_terms())
}
