//! Features of a text that can be read off it and named, so that a score can be explained.

use populi_text::words::words;

use crate::reading::Reading;
use crate::word_class::{ANYONE, AUXILIARIES, FIRST_PERSON, IMPERATIVES, PLEASE, SECOND_PERSON, WANT, WH};

/// Their names, in the order of [`surface`]. Counts are taken as `ln(1 + n)`, shares are of the characters.
pub const SURFACE_NAMES: [&str; 27] = [
    "characters",
    "words",
    "mean word length",
    "question mark",
    "question mark at the end",
    "exclamation marks",
    "full stops",
    "ellipsis",
    "quotation marks",
    "colon",
    "share of digits",
    "first word: wh-word",
    "first word: auxiliary",
    "first word: imperative",
    "first word: please",
    "first word: first person",
    "first word: second person",
    "please",
    "wh-words",
    "auxiliary before a pronoun",
    "how to",
    "second person",
    "first person",
    "someone, anyone",
    "want, need, would like",
    "imperative before me",
    "repeated letters",
];

/// Names of what tells where a text is from more than what it asks: [`marks`].
pub const MARK_NAMES: [&str; 7] = [
    "links",
    "mentions",
    "hashtags",
    "emoji",
    "share of upper case",
    "words in upper case",
    "starts with upper case",
];

/// The features of a text's body, in the order of [`SURFACE_NAMES`]. Linear in its length.
///
/// ```
/// use populi_detector::{Form, Reading, SURFACE_NAMES, surface};
/// let values = surface(&Reading::of("How do I fix this?", Form::Plain));
/// let of = |name| values[SURFACE_NAMES.iter().position(|known| *known == name).unwrap()];
/// assert_eq!((of("question mark"), of("first word: wh-word"), of("first word: imperative")), (1.0, 1.0, 0.0));
/// ```
#[must_use]
pub fn surface(reading: &Reading) -> [f32; SURFACE_NAMES.len()] {
    let body = reading.body.as_str();
    let words = words(body);
    let n_chars = body.chars().count();
    let share = |n: usize| n as f32 / n_chars.max(1) as f32;
    let n_of = |test: fn(char) -> bool| body.chars().filter(|&c| test(c)).count();
    let has = |c: char| flag(body.contains(c));
    let first = words.first().map_or("", String::as_str);
    let first_is = |class: &[&str]| flag(class.contains(&first));
    let count = |class: &[&str]| log1p(words.iter().filter(|word| class.contains(&word.as_str())).count());
    let pairs = |left: &[&str], right: &[&str]| {
        let is_pair = |pair: &[String]| left.contains(&pair[0].as_str()) && right.contains(&pair[1].as_str());
        flag(words.windows(2).any(is_pair))
    };
    let n_letters: usize = words.iter().map(|word| word.chars().count()).sum();
    [
        log1p(n_chars),
        log1p(words.len()),
        n_letters as f32 / words.len().max(1) as f32,
        has('?'),
        flag(body.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '?').ends_with('?')),
        log1p(n_of(|c| c == '!')),
        log1p(n_of(|c| c == '.')),
        flag(body.contains("...") || body.contains('…')),
        flag(body.contains(['"', '“', '”', '«', '»'])),
        has(':'),
        share(n_of(|c| c.is_ascii_digit())),
        first_is(WH),
        first_is(AUXILIARIES),
        first_is(IMPERATIVES),
        first_is(PLEASE),
        first_is(FIRST_PERSON),
        first_is(SECOND_PERSON),
        flag(words.iter().any(|word| PLEASE.contains(&word.as_str()))),
        count(WH),
        pairs(AUXILIARIES, &["i", "you", "we", "u", "anyone", "someone", "anybody", "somebody"]),
        pairs(&["how"], &["to", "do", "can", "does", "would", "should", "much", "many", "long"]),
        count(SECOND_PERSON),
        count(FIRST_PERSON),
        count(ANYONE),
        count(WANT),
        pairs(IMPERATIVES, &["me", "us", "my"]),
        flag(has_run(body)),
    ]
}

/// The counts of links, mentions, hashtags and emoji, and the case of the letters, in the order of [`MARK_NAMES`].
#[must_use]
pub fn marks(reading: &Reading) -> [f32; MARK_NAMES.len()] {
    let body = reading.body.as_str();
    let counts = [reading.n_links, reading.n_mentions, reading.n_hashtags, reading.n_emoji];
    let [links, mentions, hashtags, emoji] = counts.map(|n| log1p(n as usize));
    let n_upper = body.chars().filter(|c| c.is_uppercase()).count();
    [
        links,
        mentions,
        hashtags,
        emoji,
        n_upper as f32 / body.chars().count().max(1) as f32,
        log1p(body.split_whitespace().filter(|word| is_shouted(word)).count()),
        flag(body.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)),
    ]
}

fn log1p(n: usize) -> f32 {
    (n as f32).ln_1p()
}

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}

/// At least two letters, all of them upper case.
fn is_shouted(word: &str) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.clone().nth(1).is_some() && letters.all(char::is_uppercase)
}

/// Whether a letter stands three times in a row.
fn has_run(text: &str) -> bool {
    let mut run = (' ', 0);
    text.chars().any(|c| {
        run = if c == run.0 && c.is_alphabetic() { (c, run.1 + 1) } else { (c, 1) };
        run.1 == 3
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;
    use crate::reading::Form;

    fn of(text: &str, name: &str) -> f32 {
        let reading = Reading::of(text, Form::Plain);
        let mut values = SURFACE_NAMES
            .into_iter()
            .zip(surface(&reading))
            .chain(MARK_NAMES.into_iter().zip(marks(&reading)));
        values.find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn each_feature_sees_what_it_is_named_after() {
        for (text, name, expected) in [
            ("ab cd", "characters", 6f32.ln()),
            ("ab cd", "words", 3f32.ln()),
            ("ab cdef", "mean word length", 3.0),
            ("Really? No.", "question mark", 1.0),
            ("Really? No.", "question mark at the end", 0.0),
            ("No. Really?! 😀", "question mark at the end", 1.0),
            ("No. Really?\" 😀", "question mark at the end", 1.0),
            ("a!!", "exclamation marks", 3f32.ln()),
            ("well…", "ellipsis", 1.0),
            ("a 12", "share of digits", 0.5),
            ("AB c", "share of upper case", 0.5),
            ("OK I am HERE", "words in upper case", 3f32.ln()),
            ("\"So\"", "starts with upper case", 1.0),
            ("@you What’s that", "first word: wh-word", 1.0),
            ("Is it", "first word: auxiliary", 1.0),
            ("Explain it", "first word: imperative", 1.0),
            ("Pls explain", "first word: please", 1.0),
            ("so can you", "auxiliary before a pronoun", 1.0),
            ("you can", "auxiliary before a pronoun", 0.0),
            ("so how to", "how to", 1.0),
            ("you and your", "second person", 3f32.ln()),
            ("and tell me", "imperative before me", 1.0),
            ("sooo", "repeated letters", 1.0),
            ("so o o 111", "repeated letters", 0.0),
        ] {
            assert!((of(text, name) - expected).abs() < 1e-6, "{name} of {text:?} is {}", of(text, name));
        }
    }

    proptest! {
        #[test]
        fn every_text_has_finite_features(text in "\\PC{0,60}") {
            for form in [Form::Plain, Form::Stripped] {
                let reading = Reading::of(&text, form);
                prop_assert!(surface(&reading).iter().chain(&marks(&reading)).all(|value| value.is_finite()));
            }
        }
    }
}
