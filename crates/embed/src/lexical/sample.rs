//! Which texts a lexical model learns from: a seeded sample that does not depend on the order of the input.

use std::collections::BTreeMap;

use rayon::prelude::*;

/// Distinct texts, at most a given number: those whose seeded hashes are the smallest.
///
/// Texts may be added in any order and any portions; the sample is a function of the set of texts alone. Equal texts
/// count once, so one that is posted ten thousand times weighs as much as any other. Memory: the texts kept, of each
/// its first [`MAX_BYTES`](TextSample::MAX_BYTES).
///
/// ```
/// use populi_embed::{Lexical, LexicalParams, TextSample};
///
/// let params = LexicalParams::default();
/// let mut sample = TextSample::new(&params);
/// sample.add(&["a red fox", "a brown bear"]); // one portion of a stream after another
/// sample.add(&["a brown fox"]);
/// let model = Lexical::learn(&sample, &params)?;
/// # Ok::<(), populi_embed::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextSample {
    max_texts: usize,
    key: [u8; 32],
    texts: BTreeMap<[u8; 32], String>,
}

impl TextSample {
    /// Bytes of a text that a lexical model reads, at most; about 700 words of English. Bounds time and memory on
    /// hostile input; more would hardly turn a vector.
    pub const MAX_BYTES: usize = 4096;

    /// An empty sample of `params.max_sample` texts under `params.seed`.
    pub fn new(params: &super::LexicalParams) -> Self {
        let key = blake3::derive_key("populi lexical sample 1", &params.seed.to_le_bytes());
        Self { max_texts: params.max_sample, key, texts: BTreeMap::new() }
    }

    /// Takes from `texts` those that belong to the sample. One hash a text, in parallel.
    pub fn add(&mut self, texts: &[&str]) {
        let hash = |text: &&str| *blake3::keyed_hash(&self.key, text.as_bytes()).as_bytes();
        let hashes: Vec<[u8; 32]> = texts.par_iter().with_min_len(256).map(hash).collect();
        for (hash, text) in hashes.into_iter().zip(texts) {
            let is_full = self.texts.len() >= self.max_texts;
            let belongs = !is_full || self.texts.last_key_value().is_some_and(|(largest, _)| hash < *largest);
            if belongs && !self.texts.contains_key(&hash) {
                if is_full {
                    self.texts.pop_last();
                }
                self.texts.insert(hash, readable(text).to_owned());
            }
        }
    }

    /// The texts kept, by their hashes: the first `n` of them are the sample of `n` texts under the same seed.
    pub fn texts(&self) -> Vec<&str> {
        self.texts.values().map(String::as_str).collect()
    }
}

/// As much of the start of `text` as a model reads.
pub(crate) fn readable(text: &str) -> &str {
    &text[..text.floor_char_boundary(TextSample::MAX_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::LexicalParams;

    fn sampled(portions: &[&[&str]], max_sample: usize, seed: u64) -> Vec<String> {
        let mut sample = TextSample::new(&LexicalParams { max_sample, seed, ..LexicalParams::default() });
        portions.iter().for_each(|texts| sample.add(texts));
        sample.texts().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn depends_on_the_set_of_texts_alone() {
        for seed in 0..20 {
            let at_once = sampled(&[&["a", "b", "c", "d", "e", "f"]], 3, seed);
            let in_portions = sampled(&[&["e", "c", "c"], &[], &["a", "f", "b", "d", "a"], &["a"]], 3, seed);
            assert_eq!(at_once, in_portions);
            assert_eq!(at_once.len(), 3);
            assert_eq!(sampled(&[&["a", "b", "a"]], 9, seed).len(), 2, "equal texts count once");
            let fewer = sampled(&[&["a", "b", "c", "d", "e", "f"]], 2, seed);
            assert_eq!(at_once[..2], fewer, "a smaller sample is the start of a larger one");
        }
    }

    #[test]
    fn the_seed_decides() {
        let with = |seed| sampled(&[&["a", "b", "c", "d", "e", "f"]], 3, seed);
        assert!((1..20).any(|seed| with(seed) != with(0)));
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        let text = "ab".to_owned() + &"語".repeat(4000);
        assert_eq!(readable(&text).len(), 2 + 3 * ((TextSample::MAX_BYTES - 2) / 3));
        assert_eq!(readable("語"), "語");
    }
}
