//! Texts in the form in which they are compared, with a mark wherever a word may begin or end.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::words::undecorated;

/// Where a word may begin or end. Control characters of texts become spaces, so no text has one.
pub(super) const MARK: char = '\u{1}';
/// An `@` that begins no handle.
const INNER_AT: char = '\u{2}';

/// A text without the differences that do not count: compatibility-composed, without case, without decoration.
///
/// The caseless form of a character is the lower case of the upper case of its lower case: Unicode's full case folding
/// (compared with it for all characters; only Cherokee is folded the other way round), with the dotless `ı` kept.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let plain = undecorated(text);
    let is_composed = |text: &str| is_nfkc_quick(text.chars()) == IsNormalized::Yes;
    let mut folded = String::with_capacity(plain.len() + plain.len() / 8);
    if is_composed(&plain) {
        plain.chars().for_each(|c| push_caseless(c, &mut folded));
    } else {
        plain.nfkc().for_each(|c| push_caseless(c, &mut folded));
    }
    Cow::Owned(if is_composed(&folded) { folded } else { folded.nfkc().collect() })
}

fn push_caseless(c: char, out: &mut String) {
    match c {
        '’' => out.push('\''),
        'ı' => out.push(c),
        c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
        c => out.extend(c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)),
    }
}

/// What a character is, as far as the ends of words go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Letters, digits and `_`, which make words together.
    Word,
    /// Goes with the character before it.
    Mark,
    /// Joins what stands before and behind it.
    Joiner,
    Space,
    /// A word by itself.
    Single,
}

/// Appends a text in its compared form, with marks.
pub(super) fn push_marked(text: &str, out: &mut String) {
    let folded = fold(text);
    out.reserve(2 * folded.len() + 2);
    let (mut before, mut last) = (Class::Single, MARK);
    out.push(MARK);
    let mut rest = folded.as_ref();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let class = class_of(c);
        if class == Class::Space && before == Class::Space {
            continue;
        }
        let is_joined = matches!(class, Class::Mark | Class::Joiner)
            || before == Class::Joiner
            || (before == Class::Word && class == Class::Word);
        if !is_joined && !out.ends_with(MARK) {
            out.push(MARK);
        }
        let mut end = c;
        match c {
            '@' if !last.is_ascii_alphanumeric() => {
                let n = handle_length(rest);
                out.push('@');
                out.push_str(&rest[..n]);
                end = rest[..n].chars().next_back().unwrap_or(c);
                rest = &rest[n..];
                before = if n > 0 { Class::Word } else { Class::Single };
            }
            '@' => {
                out.push(INNER_AT);
                before = Class::Single;
            }
            _ => {
                out.push(if class == Class::Space { ' ' } else { c });
                // A mark leaves its letter what it is.
                before = if class == Class::Mark { before } else { class };
            }
        }
        last = end;
    }
    if !out.ends_with(MARK) {
        out.push(MARK);
    }
}

/// Appends a hashtag without its sign. White space within it is no end of it.
pub(super) fn push_hashtag(tag: &str, out: &mut String) {
    let tag: String = tag.trim().chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    push_marked(&format!("#{tag}"), out);
}

/// Appends a handle without its sign.
pub(super) fn push_handle(handle: &str, out: &mut String) {
    let folded = fold(handle);
    if !folded.bytes().all(is_handle_byte) {
        return push_marked(&format!("@{folded}"), out);
    }
    out.extend([MARK, '@']);
    out.push_str(&folded);
    out.push(MARK);
}

fn class_of(c: char) -> Class {
    match u32::from(c) {
        0x30..=0x39 | 0x5F | 0x61..=0x7A => Class::Word,
        0x00..=0x20 => Class::Space,
        0x21..=0x7E => Class::Single,
        0x200C | 0x200D => Class::Joiner,
        // Han with its signs, kana, Hangul, Thai and Lao, Burmese, Khmer.
        0x3005..=0x3007
        | 0x3041..=0x30FF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF
        | 0x1100..=0x11FF
        | 0x3131..=0x318E
        | 0xAC00..=0xD7FF
        | 0x0E00..=0x0EFF
        | 0x1000..=0x109F
        | 0x1780..=0x17FF
            if !is_combining_mark(c) =>
        {
            Class::Single
        }
        _ if is_combining_mark(c) => Class::Mark,
        _ if c.is_alphanumeric() => Class::Word,
        _ if c.is_whitespace() || c.is_control() => Class::Space,
        _ => Class::Single,
    }
}

/// The length of the ASCII handle at the start of a text: letters, digits, `_`, and inner `.` and `-`.
fn handle_length(text: &str) -> usize {
    let run = text.bytes().position(|byte| !is_handle_byte(byte)).unwrap_or(text.len());
    text[..run].trim_end_matches(['.', '-']).len()
}

fn is_handle_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::{fold, push_marked};

    fn marked(text: &str) -> String {
        let mut out = String::new();
        push_marked(text, &mut out);
        out.replace('\u{1}', "|").replace('\u{2}', "(at)")
    }

    #[test]
    fn marks_stand_where_words_may_end() {
        for (text, expected) in [
            ("", "|"),
            ("a b", "|a| |b|"),
            ("  a \n b ", "| |a| |b| |"),
            ("It’s 5.2", "|it|'|s| |5|.|2|"),
            ("#A_1!", "|#|a_1|!|"),
            ("洪水x", "|洪|水|x|"),
            ("@a.b. x@y.z", "|@a.b|.| |x|(at)|y|.|z|"),
            ("@a@b", "|@a|(at)|b|"),
            ("a\u{1}b", "|a| |b|"),
            ("\u{301}a", "|\u{301}|a|"),
        ] {
            assert_eq!(marked(text), expected, "of {text:?}");
        }
    }

    #[test]
    fn folding_is_the_case_folding_of_unicode() {
        for (text, folded) in [
            ("ẞß", "ssss"),
            ("İI", "i\u{307}i"),
            ("ı", "ı"),
            ("ΣΑΣ ς", "σασ σ"),
            ("ŉ", "ʼn"),
            ("ﬃ", "ffi"),
            ("Å", "å"),
            ("ΐ", "ΐ"),
            ("Ǆ", "dž"),
        ] {
            assert_eq!(fold(text), folded, "of {text:?}");
        }
    }
}
