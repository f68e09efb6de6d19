//! What of a post is its body: not whom it is addressed to, nor what hangs on it.
//!
//! A reply begins with the handles that it goes to, and a post ends with the links to its pictures, to what it quotes and
//! to what it shares. Both are the network's bookkeeping. [`body`] leaves them out and touches nothing between:
//!
//! - **In front** go mentions (`@name`, `＠name`, `@name.example`, `.@name`), one after another, each with white space or
//!   nothing behind it, and a `,` or `:` between. `@name's house` stays: there the mention is a part of the sentence.
//! - **At the end** go links with `http://`, `https://` or `pic.twitter.com/` in front, and one of Twitter's own
//!   (`https://t.co/…`) even where it is glued to a word, as in scripts without spaces.
//!
//! Mentions at the end stay (`thanks @bob`), as do links in front (`https://t.co/x is down`).

use std::ops::Range;

/// The body of a post, without white space at its ends. `start` and `end` are the range that the network itself gives,
/// in characters (code points); mentions and links that it left at the edges go too. A range outside the text is taken
/// as far as the text goes.
///
/// ```
/// use populi_text::edges::body;
/// assert_eq!(body("@ann @bob: why not? https://t.co/AbC1 https://t.co/x", None, None), "why not?");
/// assert_eq!(body("@ann sure! https://t.co/AbC1", Some(5), Some(10)), "sure!");
/// ```
///
/// Borrows from `text`; time is linear in its length.
#[must_use]
pub fn body(text: &str, start: Option<u32>, end: Option<u32>) -> &str {
    &text[body_range(text, start, end)]
}

/// Where [`body`] lies in the text, in bytes.
#[must_use]
pub fn body_range(text: &str, start: Option<u32>, end: Option<u32>) -> Range<usize> {
    let given = range(text, start, end);
    let body = without_mentions_in_front(text[given.clone()].trim_start());
    let start = given.end - body.len();
    start..start + without_links_behind(body.trim_end()).len()
}

/// The characters from `start` up to `end`.
fn range(text: &str, start: Option<u32>, end: Option<u32>) -> Range<usize> {
    let byte_of = |n_chars: u32| {
        let nth = usize::try_from(n_chars).unwrap_or(usize::MAX);
        text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at)
    };
    let end = end.map_or(text.len(), byte_of);
    start.map_or(0, byte_of).min(end)..end
}

fn without_mentions_in_front(mut text: &str) -> &str {
    while let Some(rest) = behind_mention(text) {
        text = rest;
    }
    text
}

/// What follows the mention that the text begins with, if it begins with one that stands by itself.
fn behind_mention(text: &str) -> Option<&str> {
    let name = text.strip_prefix('.').unwrap_or(text).strip_prefix(['@', '＠'])?;
    let mut length = name_length(name);
    if length == 0 {
        return None;
    }
    // A handle that is a host name: `.` or `-` with letters behind it.
    while let Some(more) = name[length..].strip_prefix(['.', '-']).map(name_length).filter(|&n| n > 0) {
        length += 1 + more;
    }
    let rest = &name[length..];
    let rest = rest.strip_prefix([',', ':']).unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start())
}

fn name_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

fn without_links_behind(mut text: &str) -> &str {
    while let Some(rest) = before_short_link(text) {
        text = rest;
    }
    while let Some(rest) = before_link(text) {
        text = rest;
        while let Some(rest) = before_short_link(text) {
            text = rest;
        }
    }
    text
}

/// What stands before the `https://t.co/…` that the text ends with.
fn before_short_link(text: &str) -> Option<&str> {
    let before = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let rest = before.strip_suffix("://t.co/")?;
    let rest = rest.strip_suffix("https").or_else(|| rest.strip_suffix("http"))?;
    (before.len() < text.len()).then(|| rest.trim_end())
}

/// What stands before the last word, if that is a link.
fn before_link(text: &str) -> Option<&str> {
    let at = text
        .rfind(char::is_whitespace)
        .map_or(0, |space| space + text[space..].chars().next().map_or(0, char::len_utf8));
    let word = &text[at..];
    let begins = |mark: &str| {
        word.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
            && word.len() > mark.len()
    };
    ["https://", "http://", "pic.twitter.com/"].into_iter().any(begins).then(|| text[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn mentions_in_front_and_links_behind_go() {
        for (text, expected) in [
            ("", ""),
            (" \n ", ""),
            ("plain, as it is.", "plain, as it is."),
            ("@ann", ""),
            ("@ann @bob_2\n@c  what?", "what?"),
            ("@ann, @bob: what?", "what?"),
            (".@ann you said", "you said"),
            ("＠ann こんにちは", "こんにちは"),
            ("@alice.bsky.social hi", "hi"),
            ("@ann's house", "@ann's house"),
            ("@ann! no", "@ann! no"),
            ("@ 5pm", "@ 5pm"),
            (". . .", ". . ."),
            ("a@b.example wrote", "a@b.example wrote"),
            ("thanks @bob", "thanks @bob"),
            ("see https://t.co/AbC1", "see"),
            ("see https://t.co/AbC1 https://t.co/x\u{3000}", "see"),
            ("見てhttps://t.co/AbC1", "見て"),
            ("見てhttps://t.co/AbC1https://t.co/AbC1", "見て"),
            ("cut https://t.co/Ab…", "cut"),
            ("HTTP://EXAMPLE.ORG/a?b", ""),
            ("photo pic.twitter.com/x1", "photo"),
            ("https://t.co/x is down", "https://t.co/x is down"),
            ("(https://t.co/x)", "(https://t.co/x)"),
            ("what is https://", "what is https://"),
            ("what is https://t.co/", "what is"),
            ("@ann https://t.co/x", ""),
            ("@ann @", "@"),
        ] {
            assert_eq!(body(text, None, None), expected, "of {text:?}");
        }
    }

    #[test]
    fn the_range_counts_characters_and_is_no_more_than_the_text() {
        let text = "@ann 🐝é! https://t.co/x";
        assert_eq!(body(text, Some(5), Some(8)), "🐝é!");
        assert_eq!(body(text, Some(5), None), "🐝é!");
        assert_eq!(body(text, None, Some(7)), "🐝é");
        assert_eq!(body(text, Some(99), Some(3)), "");
        assert_eq!(body(text, Some(6), Some(u32::MAX)), "é!");
    }
}
