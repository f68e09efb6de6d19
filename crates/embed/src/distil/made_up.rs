//! Texts that nobody wrote, so that every word of the vocabulary meets the teacher in company, and in the dress of a post.
//!
//! Texts of a user show a few thousand words often and most words never. Lists of words drawn from the vocabulary, and
//! texts in which some words are replaced by drawn ones, let the teacher say what the others do to a text. Mentions,
//! hashtags and links around them teach the table how little those say, where the user's texts have none.

use std::borrow::Cow;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{DistilParams, Stream};

/// Words of a list.
const LIST_WORDS: std::ops::RangeInclusive<usize> = 2..=12;

/// Words of a text that are kept, at most.
const MAX_WORDS: usize = 40;

/// Shares of a text's words that are replaced, each as often; where it is not 0, at least one is.
const REPLACED: [f64; 8] = [0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.35, 0.5];

/// Shares of posts with mentions, with hashtags, with a link, and of reposts.
const WITH_MENTIONS: f64 = 0.6;
const WITH_HASHTAGS: f64 = 0.5;
const WITH_LINK: f64 = 0.2;
const REPOSTED: f64 = 0.15;
/// How many where there are any, each as often.
const MENTIONS: [usize; 5] = [1, 1, 1, 2, 3];
const HASHTAGS: [usize; 4] = [1, 1, 2, 3];
const LINK_LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

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

/// The texts that `params` asks for: lists of words, then posts. None where there are no words to draw.
pub(super) fn make_up(words: &Words<'_>, texts: &[&str], params: &DistilParams) -> Vec<String> {
    if words.words.is_empty() {
        return vec![];
    }
    let mut random = Stream::WordLists.random(params.seed);
    let mut made: Vec<String> =
        (0..params.n_word_lists).map(|_| word_list(words, &mut random).join(" ")).collect();
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.trim().is_empty()).collect();
    let mut random = Stream::Posts.random(params.seed);
    made.extend((0..params.n_posts).map(|_| {
        let body = if texts.is_empty() || below(&mut random, 3) == 0 {
            word_list(words, &mut random)
        } else {
            let text = texts[below(&mut random, texts.len())];
            with_words_replaced(text, words, &mut random)
        };
        dressed(body, words, &mut random)
    }));
    made
}

fn word_list<'v>(words: &Words<'v>, random: &mut ChaCha8Rng) -> Vec<Cow<'v, str>> {
    let n = LIST_WORDS.start() + below(random, LIST_WORDS.end() - LIST_WORDS.start() + 1);
    (0..n).map(|_| words.draw(random).into()).collect()
}

fn with_words_replaced<'t>(text: &'t str, words: &Words<'t>, random: &mut ChaCha8Rng) -> Vec<Cow<'t, str>> {
    let mut of_text: Vec<Cow<'t, str>> = text.split_whitespace().take(MAX_WORDS).map(Cow::from).collect();
    let n = of_text.len();
    let n_replaced = match REPLACED[below(random, REPLACED.len())] {
        0.0 => 0,
        share => ((n as f64 * share) as usize).clamp(1, n),
    };
    // The first of a shuffle: distinct places.
    let mut places: Vec<usize> = (0..n).collect();
    for i in 0..n_replaced {
        let other = i + below(random, n - i);
        places.swap(i, other);
        of_text[places[i]] = words.draw(random).into();
    }
    of_text
}

/// A post with this body: in most, mentions before it, in half, hashtags among its words, in some, a link behind it, or the
/// mark of a repost before it all.
fn dressed(body: Vec<Cow<'_, str>>, words: &Words<'_>, random: &mut ChaCha8Rng) -> String {
    let mut post: Vec<Cow<'_, str>> = Vec::with_capacity(body.len() + 8);
    if random.random_bool(REPOSTED) {
        post.push("RT".into());
        post.push(format!("{}:", mention(words, random)).into());
    }
    if random.random_bool(WITH_MENTIONS) {
        let n = MENTIONS[below(random, MENTIONS.len())];
        post.extend((0..n).map(|_| Cow::from(mention(words, random))));
    }
    post.extend(body);
    if random.random_bool(WITH_HASHTAGS) {
        for _ in 0..HASHTAGS[below(random, HASHTAGS.len())] {
            let end = post.len();
            let at = if random.random_bool(0.5) { end } else { below(random, end + 1) };
            post.insert(at, hashtag(words, random).into());
        }
    }
    if random.random_bool(WITH_LINK) {
        let path = (0..10).map(|_| char::from(LINK_LETTERS[below(random, LINK_LETTERS.len())]));
        post.push(format!("https://t.co/{}", path.collect::<String>()).into());
    }
    post.join(" ")
}

/// Half of the handles are `@user`, as published data sets mask them; the others are one or two words and maybe a number.
fn mention(words: &Words<'_>, random: &mut ChaCha8Rng) -> String {
    if random.random_bool(0.5) {
        return "@user".to_owned();
    }
    let n_words = 1 + below(random, 2);
    let mut handle: String = std::iter::once("@").chain((0..n_words).map(|_| words.draw(random))).collect();
    if random.random_bool(0.4) {
        handle += &(1 + below(random, 99)).to_string();
    }
    handle
}

/// One or two words, more often than not with a capital each.
fn hashtag(words: &Words<'_>, random: &mut ChaCha8Rng) -> String {
    let mut hashtag = "#".to_owned();
    for _ in 0..1 + below(random, 2) {
        let (first, rest) = words.draw(random).split_at(1);
        let first = if random.random_bool(0.6) { first.to_ascii_uppercase() } else { first.to_owned() };
        hashtag.extend([&first, rest]);
    }
    hashtag
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
        let params = DistilParams { n_word_lists: 3000, n_posts: 0, ..DistilParams::default() };
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
        let words = Words::new(&vocabulary);
        let text = (0..60).map(|i| i.to_string()).collect::<Vec<_>>().join("  ");
        let mut random = Stream::Posts.random(0);
        let mut seen = [0; 5];
        for _ in 0..800 {
            let made = with_words_replaced(&text, &words, &mut random);
            let n_drawn = made.iter().filter(|word| ["the", "fox", "bear"].contains(&&***word)).count();
            assert_eq!(made.len(), MAX_WORDS);
            seen[[0, 4, 8, 14, 20].iter().position(|&n| n == n_drawn).expect("one of the shares")] += 1;
        }
        assert!((320..480).contains(&seen[0]) && seen[1..].iter().all(|&n| n > 60), "{seen:?}");
        let ones: Vec<String> =
            (0..100).map(|_| with_words_replaced("one", &words, &mut random).concat()).collect();
        assert!(ones.iter().any(|word| word == "one") && ones.iter().any(|word| word != "one"));
    }

    #[test]
    fn posts_have_mentions_hashtags_and_links_as_often_as_is_said() {
        let vocabulary = vocabulary();
        let params = DistilParams { n_word_lists: 0, n_posts: 2000, ..DistilParams::default() };
        let made = make_up(&Words::new(&vocabulary), &[" ", "one two three"], &params);
        let share = |is: &dyn Fn(&str) -> bool| {
            made.iter().filter(|post| is(post)).count() as f64 / made.len() as f64
        };
        let is_near = |got: f64, expected: f64| (got - expected).abs() < 0.05;
        assert!(is_near(share(&|post| post.starts_with("RT @") && post.contains(": ")), REPOSTED));
        assert!(is_near(share(&|post| post.contains('#')), WITH_HASHTAGS));
        assert!(is_near(share(&|post| post.contains("https://t.co/")), WITH_LINK));
        let mentions = 1.0 - (1.0 - WITH_MENTIONS) * (1.0 - REPOSTED);
        assert!(is_near(share(&|post| post.contains('@')), mentions));
        assert!(
            share(&|post| post.contains("#The") || post.contains("#Fox") || post.contains("#Bear")) > 0.1
        );
        assert_eq!(made, make_up(&Words::new(&vocabulary), &[" ", "one two three"], &params));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let params = DistilParams::default();
        assert!(make_up(&Words::new(&["[UNK]".to_owned()]), &["a text"], &params).is_empty());
        let lists_only = make_up(&Words::new(&vocabulary()), &["", " "], &params);
        assert_eq!(lists_only.len(), params.n_word_lists + params.n_posts);
    }
}
