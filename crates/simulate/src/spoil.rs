//! Single flaws in the text of a JSON line.

/// The first two thirds of a line, up to a whole character.
pub(crate) fn cut(line: &str) -> &str {
    let mut length = line.len() * 2 / 3;
    while !line.is_char_boundary(length) {
        length -= 1;
    }
    &line[..length]
}

/// The line with another value at the first place where `key` stands, or without key and value.
pub(crate) fn with_value(line: &str, key: &str, value: Option<&str>) -> String {
    let name = format!("\"{key}\":");
    let Some(start) = line.find(&name) else {
        return line.to_string();
    };
    let old = start + name.len();
    let end = old + value_length(&line[old..]);
    match value {
        Some(value) => format!("{}{value}{}", &line[..old], &line[end..]),
        None if line[end..].starts_with(',') => format!("{}{}", &line[..start], &line[end + 1..]),
        None => format!("{}{}", &line[..start], &line[end..]),
    }
}

/// The line with these bytes at the start of the post's text.
pub(crate) fn in_text(line: &str, bytes: &[u8]) -> Vec<u8> {
    const TEXT: &str = "\"text\":\"";
    let start = line.find(TEXT).map_or(line.len(), |at| at + TEXT.len());
    [&line.as_bytes()[..start], bytes, &line.as_bytes()[start..]].concat()
}

/// The bytes of the number or string at the start of `text`.
fn value_length(text: &str) -> usize {
    if !text.starts_with('"') {
        return text.find([',', '}']).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = concat!(
        r#"{"did":"did:plc:a","time_us":5,"kind":"commit","commit":{"rev":"r","operation":"create","#,
        r#""collection":"app.bsky.feed.post","rkey":"k","record":{"text":"say \"é\""},"cid":"c"}}"#
    );

    #[test]
    fn values_are_replaced_whole() {
        assert!(serde_json::from_str::<serde_json::Value>(GOOD).is_ok());
        assert!(with_value(GOOD, "text", Some("5")).contains(r#""record":{"text":5},"cid""#));
        assert!(with_value(GOOD, "did", None).starts_with(r#"{"time_us":5"#));
        assert!(with_value(GOOD, "time_us", Some("1.5")).contains(r#""time_us":1.5,"kind""#));
    }
}
