//! What can be said of a record of JSON text whatever it means: is it text, is it JSON, and if not, why not.
//!
//! A record has one defect at most, the first in this order: not UTF-8, a raw NUL, nested too deep (brackets outside
//! strings are counted before anything is parsed), no JSON, no object, half a surrogate pair in a field that is kept,
//! a field of another type. Half a pair in a field that is not kept does no harm: such a field is skipped unread.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use populi_model::Reason;

use crate::sink::Defect;

/// How deep arrays and objects may be nested.
pub(crate) const MAX_DEPTH: usize = 128;

/// Whether there is nothing but white space in a record.
pub(crate) fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether a line is one that a merge leaves in a file whose conflicts nobody settled.
pub(crate) fn is_conflict_marker(line: &[u8]) -> bool {
    let marks = |mark: &[u8; 7]| {
        line.strip_prefix(mark).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r' | b'\n')))
    };
    match line.first() {
        Some(b'<') => marks(b"<<<<<<<"),
        Some(b'=') => marks(b"======="),
        Some(b'>') => marks(b">>>>>>>"),
        Some(b'|') => marks(b"|||||||"),
        _ => false,
    }
}

/// A record as text.
pub(crate) fn text_of(record: &[u8]) -> Result<&str, Defect> {
    std::str::from_utf8(record).map_err(|error| {
        let detail =
            format!("expected UTF-8, got another byte at byte {} of the record", error.valid_up_to());
        Defect::new(Reason::InvalidUtf8, detail)
    })
}

/// Refuses a record that holds a NUL byte.
pub(crate) fn check_no_nul(record: &[u8]) -> Result<(), Defect> {
    memchr::memchr(0, record).map_or(Ok(()), |at| {
        Err(Defect::new(Reason::RawNul, format!("a NUL byte stands at byte {at} of the record")))
    })
}

/// Refuses a record that is nested more than [`MAX_DEPTH`] deep, in time linear in its length.
pub(crate) fn check_depth(record: &[u8]) -> Result<(), Defect> {
    if n_opening(record) <= MAX_DEPTH || depth_of(record) <= MAX_DEPTH {
        return Ok(());
    }
    Err(Defect::new(Reason::TooDeep, format!("arrays and objects are nested more than {MAX_DEPTH} deep")))
}

/// Whether a text is a JSON document (RFC 8259), of any depth.
///
/// Where the standard leaves it open: numbers of any size and escaped halves of surrogate pairs are JSON.
pub(crate) fn is_document(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Why `part` of the text `whole`, both of which are one record, was not read.
///
/// `whole` is searched for what is wrong in it before a field of another type is blamed.
pub(crate) fn defect_of(error: &serde_json::Error, part: &str, whole: &str) -> Defect {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(whole) {
        let what = match error.classify() {
            Category::Eof => "the record is cut short",
            _ => "the record is no JSON",
        };
        return Defect::new(Reason::BadJson, format!("{what}: {}", located(&error, whole, whole)));
    }
    if !whole.trim_ascii_start().starts_with('{') {
        return Defect::new(Reason::NotAnObject, format!("expected an object, got {}", shape_of(whole)));
    }
    let reason = if is_lone_surrogate(error, part) { Reason::LoneSurrogate } else { Reason::WrongType };
    Defect::new(reason, located(error, part, whole))
}

/// Whether an error in reading `part`, which is JSON, came from half a surrogate pair.
///
/// In text that is JSON the parser finds fault with such halves and with numbers out of range only; all else that can
/// go wrong are the types that we expect.
pub(crate) fn is_lone_surrogate(error: &serde_json::Error, part: &str) -> bool {
    error.classify() == Category::Syntax && has_lone_surrogate(part)
}

/// What a parser's error says, with the byte of the record in place of line and column of the part.
fn located(error: &serde_json::Error, part: &str, whole: &str) -> String {
    let message = error.to_string();
    let (line, column) = (error.line(), error.column());
    let Some(what) = message.strip_suffix(&format!(" at line {line} column {column}")) else {
        return message;
    };
    let before = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    let lines = part.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    format!("{what} at byte {} of the record", before + lines + column)
}

/// What a JSON document is, by its first letter.
fn shape_of(document: &str) -> &'static str {
    match document.trim_ascii_start().as_bytes().first() {
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// How many brackets and braces open, those in strings too.
fn n_opening(record: &[u8]) -> usize {
    // `[` and `{` differ in one bit. Counts of at most 255 bytes fit a byte and cannot wrap, so that the compiler may
    // count many bytes in one instruction.
    let count = |part: &[u8]| part.iter().fold(0_u8, |n, byte| n.wrapping_add(u8::from(byte | 0x20 == b'{')));
    record.chunks(255).map(|part| usize::from(count(part))).sum()
}

/// How deep the brackets and braces outside strings are nested.
fn depth_of(record: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = record.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Moves behind the string whose opening quote was read.
fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// Whether an escape names half a surrogate pair without the other half behind it, in text that is JSON.
fn has_lone_surrogate(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        rest = &rest[at..];
        rest = match unit_of(rest) {
            Some(0xd800..=0xdbff) if matches!(rest.get(6..).and_then(unit_of), Some(0xdc00..=0xdfff)) => {
                &rest[12..]
            }
            Some(0xd800..=0xdfff) => return true,
            Some(_) => &rest[6..],
            // Another escape: a backslash and one letter, which may be a backslash.
            None => rest.get(2..).unwrap_or_default(),
        };
    }
    false
}

/// The UTF-16 unit of the escape that `text` begins with.
fn unit_of(text: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(text.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// A part of a record that may be odd without harm to the rest, such as one facet.
///
/// # Errors
/// When a field that is kept holds half a surrogate pair; anything else that is wrong makes it `None`.
pub(crate) fn lenient<'a, T: Deserialize<'a>>(part: &'a str, whole: &str) -> Result<Option<T>, Defect> {
    match serde_json::from_str(part) {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_lone_surrogate(&error, part) => Err(defect_of(&error, part, whole)),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflict_markers_are_whole_marks() {
        for line in ["<<<<<<< HEAD:file", "=======", "=======\r", ">>>>>>> main", "||||||| base", "<<<<<<<"] {
            assert!(is_conflict_marker(line.as_bytes()), "{line}");
        }
        for line in ["", "<<<<<< six", "========", "<<<<<<<HEAD", " =======", "{}"] {
            assert!(!is_conflict_marker(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert_eq!(depth_of(br#"{"a":["[[[[",{"b\"[":1}]}"#), 3);
        assert_eq!(depth_of(b"[[[["), 4);
        assert_eq!(depth_of(b"]]][]"), 1);
        assert_eq!(depth_of(b"\"[[["), 0);
        let nested = |n: usize| ["[".repeat(n), "]".repeat(n)].concat();
        assert!(check_depth(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(check_depth(nested(MAX_DEPTH + 1).as_bytes()).map_err(|d| d.reason), Err(Reason::TooDeep));
        let quoted = format!("\"{}\"", "[".repeat(100_000));
        assert!(check_depth(quoted.as_bytes()).is_ok());
    }

    #[test]
    fn opening_brackets_are_counted_past_a_byte() {
        for n in [0, 1, 255, 256, 1000] {
            assert_eq!(n_opening(&b"[".repeat(n)), n);
            assert_eq!(n_opening(&b"{x\xdb".repeat(n)), n);
        }
    }

    #[test]
    fn half_pairs_are_told_from_pairs_and_from_escaped_backslashes() {
        for text in [
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#""\uD83D\u0041""#,
            r#""\ud83d\ud83d\ude00""#,
            r#""\ud800\n""#,
        ] {
            assert!(has_lone_surrogate(text), "{text}");
        }
        for text in
            [r#""\ud83d\ude00""#, r#""\\ud800""#, r#""\u0000""#, r#""\\\\""#, "\"\u{1f600}\"", r#""\n""#]
        {
            assert!(!has_lone_surrogate(text), "{text}");
        }
    }

    #[test]
    fn errors_say_the_byte_of_the_record() {
        let whole = "{\n \"text\": 5}";
        let part = &whole[1..];
        let error = serde_json::from_str::<String>(&whole[11..12]).expect_err("no string");
        let defect = defect_of(&error, &whole[11..12], whole);
        assert_eq!(defect.reason, Reason::WrongType);
        assert!(defect.detail.ends_with("at byte 12 of the record"), "{}", defect.detail);
        let error = serde_json::from_str::<IgnoredAny>(part).expect_err("no document");
        assert_eq!(defect_of(&error, part, part).reason, Reason::BadJson);
    }
}
