//! What of a post a detector reads.
//!
//! Links, handles and the signs of hashtags tell where a text is from, not what it asks: a set of instructions has none of them and a set of
//! tweets is full of them. So they are taken out before a text becomes a vector ([`populi_text::clean`]), and only counted.

use populi_text::clean::clean;
use serde::{Deserialize, Serialize};

/// How texts are read, all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As they were written, without links, handles and hash signs.
    #[default]
    Plain,
    /// Also without case, punctuation and emoji: what is left is words. A detector that is good at plain texts only has learnt how the
    /// sources are edited.
    Stripped,
}

/// A text as a detector sees it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reading {
    /// What is read, and embedded.
    pub body: String,
    /// Links in the text.
    pub n_links: u32,
    /// Handles.
    pub n_mentions: u32,
    /// Hashtags.
    pub n_hashtags: u32,
    /// Emoji.
    pub n_emoji: u32,
}

impl Reading {
    /// Reads a text. Linear in its length.
    ///
    /// ```
    /// use populi_detector::{Form, Reading};
    /// let read = |form| Reading::of("@bob How do I fix #Rust? https://t.co/x", form);
    /// assert_eq!(read(Form::Plain).body, "How do I fix Rust?");
    /// assert_eq!((read(Form::Plain).n_links, read(Form::Plain).n_mentions), (1, 1));
    /// assert_eq!(read(Form::Stripped).body, "how do i fix rust");
    /// ```
    #[must_use]
    pub fn of(text: &str, form: Form) -> Self {
        let body = clean(text);
        match form {
            Form::Plain => Self {
                body,
                n_links: text.matches("://").count() as u32,
                n_mentions: n_signs(text, '@'),
                n_hashtags: n_signs(text, '#'),
                n_emoji: text.chars().filter(|&c| is_emoji(c)).count() as u32,
            },
            Form::Stripped => Self { body: stripped(&body), ..Self::default() },
        }
    }
}

/// What two texts have in common that are the same but for case, punctuation, links and handles: the form in which repeated ones are found.
#[must_use]
pub fn fingerprint_form(text: &str) -> String {
    stripped(&clean(text))
}

/// Lower case, letters and digits; apostrophes vanish, all else becomes a space.
fn stripped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !matches!(c, '\'' | '’') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// How often a sign stands before a word and behind none.
fn n_signs(text: &str, sign: char) -> u32 {
    let mut previous = ' ';
    let mut found = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let opens = c == sign && !previous.is_alphanumeric();
        if opens && chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
            found += 1;
        }
        previous = c;
    }
    found
}

fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x2600..=0x27BF | 0x1F1E6..=0x1F1FF | 0x1F300..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_and_are_none_of_the_body() {
        let read = Reading::of("@a_b see me@host.org #one #2 # @ 😀😀 https://a.b http://c.d", Form::Plain);
        assert_eq!((read.n_links, read.n_mentions, read.n_hashtags, read.n_emoji), (2, 1, 2, 2));
        assert_eq!(read.body, "see one 2 # @ 😀😀");
    }

    #[test]
    fn stripped_texts_are_words_only() {
        for (text, expected) in [
            ("Don't  STOP — now!!", "dont stop now"),
            ("…?!", ""),
            ("", ""),
            ("Ärger, 3.5 €", "ärger 3 5"),
            ("😀 ok 😀", "ok"),
        ] {
            let read = Reading::of(text, Form::Stripped);
            assert_eq!(read.body, expected);
            assert_eq!(read, Reading { body: expected.to_owned(), ..Reading::default() });
            assert_eq!(Reading::of(&read.body, Form::Stripped), read, "stripping twice changes nothing");
        }
    }
}
