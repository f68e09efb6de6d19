//! Texts that nobody wrote, so that every word of the vocabulary meets the teacher in company.
//!
//! Texts of a user show a few thousand words often and most words never. Lists of words drawn from the vocabulary, and
//! texts in which some words are replaced by drawn ones, let the teacher say what the others do to a text.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{DistilParams, Stream};

/// Words of a list.
const LIST_WORDS: std::ops::RangeInclusive<usize> = 2..=12;

/// Words of a text that are kept, at most.
const MAX_WORDS: usize = 40;

/// Shares of a text's words that are replaced, each as often.
const REPLACED: [f64; 4] = [0.1, 0.2, 0.35, 0.5];

/// A word is drawn with probability proportional to `(rank + SHIFT)^-EXPONENT`: flatter than Zipf's law, so that rare words come
/// often enough to be learnt.
const SHIFT: f64 = 200.0;
const EXPONENT: f64 = 0.75;

/// The whole words of a vocabulary in Latin letters, by rank.
pub(super) struct Words<'v> {
    words: Vec<&'v str>,
    /// Running sums of the weights.
    cumulative: Vec<f64>,
}

impl<'v> Words<'v> {
    /// Takes from a vocabulary, most frequent first, what can be drawn.
    pub(super) fn new(vocabulary: &'v [String]) -> Self {
        let is_word = |token: &&str| token.len() > 1 && token.bytes().all(|byte| byte.is_ascii_alphabetic());
        let words: Vec<&str> = vocabulary.iter().map(String::as_str).filter(is_word).collect();
        let mut total = 0.0;
        let cumulative = (0..words.len()).map(|rank| {
            total += (rank as f64 + SHIFT).powf(-EXPONENT);
            total
        });
        Self { cumulative: cumulative.collect(), words }
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> &'v str {
        let target = random.random::<f64>() * self.cumulative.last().copied().unwrap_or_default();
        let at = self.cumulative.partition_point(|&sum| sum <= target);
        self.words[at.min(self.words.len() - 1)]
    }
}

/// The texts that `params` asks for: lists of words, then `texts` with words replaced. None where there are no words to draw.
pub(super) fn make_up(words: &Words<'_>, texts: &[&str], params: &DistilParams) -> Vec<String> {
    if words.words.is_empty() {
        return vec![];
    }
    let mut random = Stream::WordLists.random(params.seed);
    let mut made: Vec<String> = (0..params.n_word_lists).map(|_| word_list(words, &mut random)).collect();
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.trim().is_empty()).collect();
    if !texts.is_empty() {
        let mut random = Stream::Replaced.random(params.seed);
        made.extend((0..params.n_substituted).map(|_| {
            let text = texts[below(&mut random, texts.len())];
            with_words_replaced(text, words, &mut random)
        }));
    }
    made
}

fn word_list(words: &Words<'_>, random: &mut ChaCha8Rng) -> String {
    let n = LIST_WORDS.start() + below(random, LIST_WORDS.end() - LIST_WORDS.start() + 1);
    (0..n).map(|_| words.draw(random)).collect::<Vec<_>>().join(" ")
}

fn with_words_replaced(text: &str, words: &Words<'_>, random: &mut ChaCha8Rng) -> String {
    let mut of_text: Vec<&str> = text.split_whitespace().take(MAX_WORDS).collect();
    let n = of_text.len();
    let share = REPLACED[below(random, REPLACED.len())];
    let n_replaced = ((n as f64 * share) as usize).clamp(1, n);
    // The first of a shuffle: distinct places.
    let mut places: Vec<usize> = (0..n).collect();
    for i in 0..n_replaced {
        let other = i + below(random, n - i);
        places.swap(i, other);
        of_text[places[i]] = words.draw(random);
    }
    of_text.join(" ")
}

/// A whole number below `n`, which is not 0.
fn below(random: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vec<String> {
        ["[UNK]", "the", "fox", "##es", "a", "née", "bear", "2nd"].map(str::to_owned).to_vec()
    }

    #[test]
    fn lists_have_whole_words_and_the_first_most_often() {
        let vocabulary = vocabulary();
        let params = DistilParams { n_word_lists: 3000, n_substituted: 0, ..DistilParams::default() };
        let made = make_up(&Words::new(&vocabulary), &[], &params);
        assert_eq!(made.len(), 3000);
        let mut counts = [0; 3];
        for list in &made {
            let words: Vec<&str> = list.split(' ').collect();
            assert!((2..=12).contains(&words.len()));
            for word in words {
                counts[["the", "fox", "bear"].iter().position(|other| *other == word).expect("a word")] += 1;
            }
        }
        // 21,000 words on average, a third each but for the slope of 200^-0.75 to 202^-0.75.
        assert!(counts.iter().all(|count| (6500..7500).contains(count)), "{counts:?}");
        assert_eq!(made, make_up(&Words::new(&vocabulary), &[], &params));
        assert_ne!(made, make_up(&Words::new(&vocabulary), &[], &DistilParams { seed: 1, ..params }));
    }

    #[test]
    fn some_words_of_a_text_are_replaced() {
        let vocabulary = vocabulary();
        let params = DistilParams { n_word_lists: 0, n_substituted: 400, ..DistilParams::default() };
        let text = (0..60).map(|i| i.to_string()).collect::<Vec<_>>().join("  ");
        let made = make_up(&Words::new(&vocabulary), &[" ", &text, "one"], &params);
        assert_eq!(made.len(), 400);
        let mut seen = [0; 5];
        for made in &made {
            let words: Vec<&str> = made.split(' ').collect();
            let n_drawn = words.iter().filter(|word| ["the", "fox", "bear"].contains(word)).count();
            let at = [1, 4, 8, 14, 20].iter().position(|&n| n == n_drawn).expect("one of the shares");
            assert_eq!(words.len(), if at == 0 { 1 } else { MAX_WORDS });
            seen[at] += 1;
        }
        assert!(seen.iter().all(|&n| n > 20), "{seen:?}");
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let params = DistilParams::default();
        assert!(make_up(&Words::new(&["[UNK]".to_owned()]), &["a text"], &params).is_empty());
        let lists_only = make_up(&Words::new(&vocabulary()), &["", " "], &params);
        assert_eq!(lists_only.len(), params.n_word_lists);
    }
}
