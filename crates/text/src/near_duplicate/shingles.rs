//! The shingles of a text: its runs of five characters.

/// Characters of a shingle.
pub const SHINGLE_CHARS: usize = 5;

/// Bits that a character needs.
const CHAR_BITS: u32 = 21;

/// All bits of a shingle.
const MASK: u128 = (1 << (CHAR_BITS * SHINGLE_CHARS as u32)) - 1;

/// Calls `visit` with each run of five characters, packed into 105 bits: equal numbers are equal shingles. Of a shorter text it
/// visits the whole; the space above a character's bits keeps `ab` and `\0ab` apart.
pub(super) fn for_each_shingle(text: &str, mut visit: impl FnMut(u128)) {
    let mut shingle = 0_u128;
    let mut n_chars = 0_usize;
    for c in text.chars() {
        shingle = (shingle << CHAR_BITS | u128::from(u32::from(c) + 1)) & MASK;
        n_chars += 1;
        if n_chars >= SHINGLE_CHARS {
            visit(shingle);
        }
    }
    if 0 < n_chars && n_chars < SHINGLE_CHARS {
        visit(shingle);
    }
}

/// The set of a text's shingles, ascending.
#[derive(Debug, Default)]
pub(super) struct ShingleSet(Vec<u128>);

impl ShingleSet {
    /// Replaces the set by that of `text`.
    pub(super) fn fill(&mut self, text: &str) {
        self.0.clear();
        for_each_shingle(text, |shingle| self.0.push(shingle));
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// The shingles in both over the shingles in either; 0 of two empty sets.
    pub(super) fn jaccard(&self, other: &Self) -> f64 {
        let (mut i, mut j, mut n_both) = (0, 0, 0_usize);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            n_both += usize::from(a == b);
            i += usize::from(a <= b);
            j += usize::from(b <= a);
        }
        let n_either = self.0.len() + other.0.len() - n_both;
        if n_either == 0 { 0.0 } else { n_both as f64 / n_either as f64 }
    }
}

/// The Jaccard similarity of the sets of character 5-grams of two normalised texts, from 0 to 1. A text of fewer than
/// five characters is its own only shingle; an empty text is like none, not even an empty one. Time O(n log n).
///
/// ```
/// use populi_text::near_duplicate::similarity;
/// // "abcde" is in both; "bcdef" and "bcdex" are in one each.
/// assert_eq!(similarity("abcdef", "abcdex"), 1.0 / 3.0);
/// ```
#[must_use]
pub fn similarity(a: &str, b: &str) -> f64 {
    let (mut of_a, mut of_b) = (ShingleSet::default(), ShingleSet::default());
    of_a.fill(a);
    of_b.fill(b);
    of_a.jaccard(&of_b)
}
