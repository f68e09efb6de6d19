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
//! 3. [`Sketches::candidates`]: texts with a band key in common are candidates (`bands.rs`). Only their texts are needed from here.
//! 4. [`Candidates::groups`]: the exact similarity of candidates decides (`shingles.rs`), so that every link is a true one; linked texts
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

pub use bands::MAX_CHECKS;
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
    let mut plain = crate::clean::clean(text);
    if plain.is_ascii() {
        plain.make_ascii_lowercase();
        return plain;
    }
    compared_form(&plain).into_owned()
}

/// The sketches of texts, in which their near-duplicates are found.
///
/// Memory: 56 bytes a text, and about 6 more while [`Sketches::candidates`] works (10 million texts: 0.7 GB), beside the texts of candidates,
/// which the caller holds. Everything is deterministic, at any number of threads.
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

    /// The texts that share a band key with another one; what is known of the others is let go. Time O(n log n).
    #[must_use]
    pub fn candidates(self) -> Candidates {
        let n_texts = self.keys.len();
        let is_sharing = bands::sharing(&self.keys);
        let numbers: Vec<u32> = (0..).zip(&is_sharing).filter(|(_, is)| **is).map(|(i, _)| i).collect();
        let keys = numbers.iter().map(|&i| self.keys[i as usize]).collect();
        Candidates { n_texts, numbers, keys }
    }

    /// Every two texts that share a band key, the smaller number first, in order and each once: what [`Candidates::groups`] compares, but
    /// without passing over those of one group and without its limit. For measurements: time and memory are quadratic in the number of like texts.
    #[must_use]
    pub fn candidate_pairs(&self) -> Vec<(usize, usize)> {
        bands::candidate_pairs(&self.keys)
    }
}

/// Texts that may be near-duplicates of one another.
#[derive(Debug, Clone)]
pub struct Candidates {
    n_texts: usize,
    numbers: Vec<u32>,
    keys: Vec<[u32; N_BANDS]>,
}

impl Candidates {
    /// Their numbers, ascending.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The groups of near-duplicates, of candidates whose similarity is `threshold` or more. `text_of` gives the [`normalised`]
    /// text of the candidate at a place in [`Candidates::numbers`].
    ///
    /// Time: a comparison, about a microsecond, for each two texts of a bucket that are not of one group yet. In a bucket of more than
    /// [`MAX_CHECKS`] texts each is compared with so many, those that share the next band too first: what is missed there has other
    /// bands to be found by. Where no bucket is larger, the groups do not depend on the order of the texts.
    ///
    /// # Errors
    /// When the threshold is not between 0 and 1. The bands are made for 0.8: fewer are found of what is less alike.
    pub fn groups<'t>(&self, threshold: f64, text_of: impl Fn(usize) -> &'t str) -> Result<Groups> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::Parameter {
                name: "threshold",
                got: threshold.to_string(),
                expected: "above 0 and at most 1",
            });
        }
        let linked = bands::link(&self.keys, threshold, text_of);
        Ok(linked.into_groups(self.n_texts, &self.numbers))
    }
}
