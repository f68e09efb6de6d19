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
    if text.chars().all(is_simple) {
        let mut folded = String::with_capacity(text.len() + 8);
        text.chars().for_each(|c| push_caseless(c, &mut folded));
        return Cow::Owned(folded);
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

/// Whether a character is no mark and no decoration, is composed, and stays so in whatever company: true of most characters of
/// most posts, and quickly told. Texts of such characters need no normalisation.
fn is_simple(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00..=0x7F
            // Latin, without what NFKC takes apart.
            | 0xC0..=0x131 | 0x134..=0x13E | 0x141..=0x148 | 0x14A..=0x17E
            // Greek and Cyrillic, Hebrew, Arabic, Devanagari: letters only.
            | 0x391..=0x3A1 | 0x3A3..=0x3A9 | 0x3B1..=0x3C9 | 0x400..=0x481 | 0x48A..=0x52F
            | 0x5D0..=0x5EA | 0x621..=0x64A | 0x905..=0x939
            // Dashes and quotation marks; kana, Han, Hangul; emoji.
            | 0x2013 | 0x2014 | 0x2018..=0x201E | 0x3001 | 0x3002 | 0x3041..=0x3096 | 0x30A1..=0x30FC
            | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF | 0x1F900..=0x1F9FF
    )
}

fn push_caseless(c: char, out: &mut String) {
    match c {
        '’' => out.push('\''),
        'ı' => out.push(c),
        c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
        // Scripts without case, and small letters that stay what they are.
        'а'..='џ' | 'א'..='ת' | 'ء'..='ي' | 'अ'..='ह' | 'ぁ'..='ー' | '一'..='\u{9FFF}' | '가'..='힣' => {
            out.push(c)
        }
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
        // What most posts are written in, so as not to ask the tables: Latin, Greek, Cyrillic; kana, Han, Hangul.
        0xC0..=0xD6
        | 0xD8..=0xF6
        | 0xF8..=0x2AF
        | 0x391..=0x3A1
        | 0x3A3..=0x3A9
        | 0x3B1..=0x3C9
        | 0x400..=0x481
        | 0x48A..=0x52F => Class::Word,
        0x3041..=0x3096 | 0x30A1..=0x30FA | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 => Class::Single,
        // Han with its signs, kana, Hangul, Thai and Lao, Burmese, Khmer.
        0x3005..=0x3007
        | 0x3041..=0x30FF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
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
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

    use super::{Class, class_of, fold, is_simple, push_marked};
    use crate::words::undecorated;

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

    /// Every character.
    fn chars() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    #[test]
    fn simple_characters_need_no_normalisation() {
        let caseless = |c: char| -> String {
            c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
        };
        for c in chars().filter(|c| is_simple(*c)) {
            let text = String::from(c);
            assert!(
                text.chars().nfkc().eq([c]) && undecorated(&text) == text,
                "{c:?} is composed and no decoration"
            );
            assert!(canonical_combining_class(c) == 0 && !is_combining_mark(c), "{c:?} goes with nothing");
            // What comes of it is composed too, and goes with nothing that comes before it.
            let folded = fold(&text).into_owned();
            assert!(folded.nfkc().eq(folded.chars()), "{c:?}");
            assert!(!is_combining_mark(folded.chars().next().unwrap_or('a')), "{c:?}");
            if !matches!(c, 'ı' | '’') {
                assert_eq!(folded, caseless(c), "{c:?}");
            }
        }
        // A simple character and a mark are composed as ever.
        assert_eq!(fold("И\u{306} e\u{301}"), "й é");
    }

    #[test]
    fn the_classes_are_those_of_the_tables() {
        for c in chars().filter(|c| class_of(*c) == Class::Word && *c != '_') {
            assert!(c.is_alphanumeric() && !is_combining_mark(c), "{c:?}");
        }
        for c in chars().filter(|c| is_combining_mark(*c)) {
            assert!(class_of(c) == Class::Mark, "{c:?}");
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
