//! Texts as Twitter delivers them: with three characters as HTML entities, and with offsets that count those.

use std::borrow::Cow;

/// What Twitter writes for characters that mean something in HTML; the last three stand in old records only.
const ENTITIES: [(&str, char); 6] =
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\''), ("&apos;", '\'')];

/// A text without HTML entities. What is no entity that Twitter writes stays as it is: every `&` of an author is
/// delivered as one.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(&text[..first]);
    let mut rest = &text[first..];
    while !rest.is_empty() {
        let (n_bytes, character) = entity(rest);
        plain.push(character);
        rest = &rest[n_bytes..];
        let next = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        plain.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(plain)
}

/// The entity that a text begins with, and its bytes; or its first character.
fn entity(text: &str) -> (usize, char) {
    let known = ENTITIES.iter().find(|(written, _)| text.starts_with(written));
    known.map_or(('&'.len_utf8(), '&'), |(written, character)| (written.len(), *character))
}

/// How many characters of the text without entities lie before the first `n` of the text with them.
pub(super) fn unescaped_offset(text: &str, n: usize) -> usize {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return n.min(n_chars(text));
    }
    let end = text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    // An entity that the offset cuts counts as before it.
    unescape(&text[..end]).chars().count().min(unescape(text).chars().count())
}

/// Code points of a text.
pub(super) fn n_chars(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The stretch of an unescaped text that the author wrote, in characters, where the network does not tell it: without
/// the mentions that a reply begins with, and without the links at its end of which `is_hidden` says that the network shows
/// what they lead to in their place.
pub(super) fn body_of(text: &str, is_reply: bool, is_hidden: impl Fn(&str) -> bool) -> (u32, u32) {
    let start = if is_reply { leading_mentions(text) } else { 0 };
    let mut end = text.len();
    loop {
        let shown = text[start..end].trim_end();
        let word = shown.rfind(char::is_whitespace).map_or(0, |at| at + char_len_at(shown, at));
        if !is_hidden(&shown[word..]) {
            break;
        }
        end = start + shown[..word].trim_end().len();
    }
    range(text, start, end)
}

/// A stretch of bytes as one of characters.
fn range(text: &str, start: usize, end: usize) -> (u32, u32) {
    let before = n_chars(&text[..start]);
    let inside = n_chars(&text[start..end]);
    (offset_of(before), offset_of(before + inside))
}

/// A number of characters: no text is longer than a line, so it fits.
pub(super) fn offset_of(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Bytes of the mentions that a text begins with, and of the white space behind them.
fn leading_mentions(text: &str) -> usize {
    let mut rest = text;
    while let Some(behind) = rest.strip_prefix(['@', '＠']) {
        let n = behind.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let after = behind[n..].trim_start();
        // A mention ends at white space, or with the text.
        if n == 0 || (after.len() == behind.len() - n && !after.is_empty()) {
            break;
        }
        rest = after;
    }
    text.len() - rest.len()
}

fn char_len_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_characters_once() {
        for (text, plain) in [
            ("", ""),
            ("a &amp; b", "a & b"),
            ("&amp;lt; &lt;3 &gt;&gt;", "&lt; <3 >>"),
            ("&", "&"),
            ("R&D &copy; &amp", "R&D &copy; &amp"),
            ("&quot;x&#39;s&quot;", "\"x's\""),
            ("&&amp;é&amp;", "&&é&"),
        ] {
            assert_eq!(unescape(text), plain, "{text}");
        }
    }

    #[test]
    fn offsets_follow_the_characters() {
        // a & 😀 & b
        let text = "a &amp; 😀 &amp; b";
        for (n, expected) in [(0, 0), (2, 2), (7, 3), (8, 4), (9, 5), (10, 6), (15, 7), (17, 9), (99, 9)] {
            assert_eq!(unescaped_offset(text, n), expected, "{n}");
        }
        assert_eq!(unescaped_offset("aé", 5), 2);
    }

    #[test]
    fn a_body_lies_between_mentions_and_hidden_links() {
        let hides = |word: &str| word.starts_with("https://t.co/m");
        let body = |text: &str, is_reply| {
            let (start, end) = body_of(text, is_reply, hides);
            text.chars().skip(start as usize).take((end - start) as usize).collect::<String>()
        };
        assert_eq!(
            body("@a @b_1 hi é https://t.co/x https://t.co/m1 https://t.co/m2", true),
            "hi é https://t.co/x"
        );
        assert_eq!(body("@a hi https://t.co/m1", false), "@a hi");
        assert_eq!(body("@a", true), "");
        assert_eq!(body("@a@b hi", true), "@a@b hi");
        assert_eq!(body("@ a", true), "@ a");
        assert_eq!(body("https://t.co/m1", false), "");
        assert_eq!(body("@a\nhttps://t.co/m1 ", true), "");
        assert_eq!(body("hi ", false), "hi ");
        assert_eq!(body("", true), "");
    }
}
