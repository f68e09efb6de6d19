//! Which texts say nearly the same?
//!
//! Two texts are near-duplicates if the Jaccard similarity of their sets of character 5-grams is at least a threshold,
//! 0.8 by default. The unit is the character, since posts are short and in every script: one word changed out of
//! twenty leaves about 0.8 of the 5-grams of characters but only half of those of words, and Chinese, Japanese and Thai
//! have no spaces to cut words at.
//!
//! The way of a text:
//!
//! 1. [`normalised`]: without links, handles and hash signs, in lower case, NFKC, with single spaces. Equal normalised texts are
//!    equal texts; who calls folds them to one before anything else, so that a million copies cost a lookup each.
//! 2. [`Sketches::sketch`]: MinHash values of its 5-grams, folded to a key a band (`sketch.rs`).
//! 3. [`Sketches::sharing`]: texts with a band key in common are candidates (`bands.rs`). Only their texts are needed from here.
//! 4. [`Sketches::groups`]: the exact similarity of candidates decides (`shingles.rs`), so that every link is a true one; linked texts
//!    are one group (`groups.rs`).
//!
//! **A group is a connected component**: if `a` is like `b`, and `b` like `c`, all three are one group, although `a` and `c` may be
//! less alike than the threshold. A pair of a group needs no further comparison, and so a text that went viral in 100,000
//! versions costs one comparison a version and not one a pair.
//!
//! A text shorter than 5 characters has one shingle, itself: it is like its equals and nothing else. An empty text is like none.

mod bands;
mod groups;
mod shingles;
mod sketch;

use std::borrow::Cow;

pub use groups::Groups;
pub use shingles::{SHINGLE_CHARS, similarity};
pub use sketch::{N_BANDS, ROWS_PER_BAND, Sketch};

use crate::words::compared_form;
use crate::{Error, Result};

/// The form in which texts are compared: without links, handles, hash signs and superfluous white space, in lower case and NFKC.
///
/// ```
/// use populi_text::near_duplicate::normalised;
/// assert_eq!(normalised("@ann LOOK  at #This https://t.co/x"), "look at this");
/// ```
#[must_use]
pub fn normalised(text: &str) -> String {
    let plain = crate::clean::clean(text);
    match compared_form(&plain) {
        Cow::Owned(folded) => folded,
        Cow::Borrowed(_) => plain,
    }
}

/// The sketches of texts, in which their near-duplicates are found.
///
/// Memory: 80 bytes a text, and while [`Sketches::sharing`] and [`Sketches::groups`] work 12 bytes a text more (10 million texts: 0.9 GB), beside the
/// texts of candidates, which the caller holds. Everything is deterministic, at any number of threads.
#[derive(Debug, Clone, Default)]
pub struct Sketches {
    keys: Vec<[u32; N_BANDS]>,
}

impl Sketches {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sketch of a [`normalised`] text: none of an empty one. Time: a hash a character and round, where a text of 100
    /// characters needs about 8 rounds, and a long one a single one. Keeps nothing.
    #[must_use]
    pub fn sketch(normalised: &str) -> Option<Sketch> {
        Sketch::of(normalised)
    }

    /// Adds a text, whose number is how many were added before.
    ///
    /// # Errors
    /// When there are 2^32 - 1 already.
    pub fn push(&mut self, sketch: Sketch) -> Result<()> {
        if self.keys.len() >= u32::MAX as usize {
            return Err(Error::Parameter {
                name: "texts",
                got: "more".to_owned(),
                expected: "at most 4,294,967,295 that differ",
            });
        }
        self.keys.push(sketch.keys);
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// For each text, whether it shares a band key with another one: of the others no text is needed. Time O(n log n).
    #[must_use]
    pub fn sharing(&self) -> Vec<bool> {
        bands::sharing(&self.keys)
    }

    /// The groups of near-duplicates, of candidates whose similarity is `threshold` or more. `text_of` gives the normalised
    /// text of a number; it is asked only for texts that [`Sketches::sharing`] names.
    ///
    /// Time: O(n log n) for the bands, and a comparison (some microseconds) for each two candidates that are not of one group
    /// yet. In a bucket of more than [`MAX_CHECKS`] texts each is compared with so many, those that share the next
    /// band too first: what is missed there has other bands to be found by. Where no bucket is larger, the groups do not depend on the order of
    /// the texts.
    ///
    /// # Errors
    /// When the threshold is not between 0 and 1. The bands are made for 0.8: recall at lower ones is less.
    pub fn groups<'t>(&self, threshold: f64, text_of: impl Fn(usize) -> &'t str) -> Result<Groups> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::Parameter {
                name: "threshold",
                got: threshold.to_string(),
                expected: "above 0 and at most 1",
            });
        }
        Ok(bands::link(&self.keys, threshold, text_of))
    }

    /// Every two texts that share a band key, the smaller number first, in order and each once: what [`Sketches::groups`] compares, but
    /// without passing over those of one group and without its limit. For measurements: time and memory are quadratic in the number of like texts.
    #[must_use]
    pub fn candidate_pairs(&self) -> Vec<(usize, usize)> {
        bands::candidate_pairs(&self.keys)
    }
}

pub use bands::MAX_CHECKS;
