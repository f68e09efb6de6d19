//! What a server says: vectors, or why there are none.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Characters of a server's message that an error quotes, at most.
const MAX_QUOTED: usize = 300;

/// The vectors of one request.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    /// Row after row in the order of the texts, `[n_texts * n_dims]`, as the server gave them.
    pub(super) values: Vec<f32>,
    pub(super) n_dims: usize,
    /// What the server counted, 0 where it does not say.
    pub(super) n_tokens: u64,
}

#[derive(Deserialize)]
struct Answer<'a> {
    data: Option<Vec<Item>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<Option<f32>>,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
}

/// Reads the body of a good answer to `n_texts` texts. Every index must be there once; all vectors have one width, that of
/// `n_dims` where it is known, and finite numbers. Otherwise: what is wrong, expected and got.
pub(super) fn read_rows(body: &[u8], n_texts: usize, n_dims: Option<usize>) -> Result<Rows, String> {
    let answer: Answer<'_> = serde_json::from_slice(body)
        .map_err(|error| format!("expected JSON with a vector a text, got something else ({error})"))?;
    let Some(items) = answer.data else {
        return Err(format!("expected vectors in \"data\", got none{}", quoted(&message_of(body))));
    };
    if items.len() != n_texts {
        return Err(format!("expected {n_texts} vectors, got {}", items.len()));
    }
    let rows = in_order(items)?;
    let n_dims = n_dims.unwrap_or_else(|| rows.first().map_or(0, Vec::len));
    if n_dims == 0 {
        return Err("expected vectors of at least 1 number, got empty ones".to_owned());
    }

    let mut values = Vec::with_capacity(n_texts * n_dims);
    for (i, row) in rows.iter().enumerate() {
        if row.len() != n_dims {
            return Err(format!("vector {i}: expected {n_dims} numbers, got {}", row.len()));
        }
        for (at, value) in row.iter().enumerate() {
            match value {
                Some(value) if value.is_finite() => values.push(*value),
                Some(_) => {
                    return Err(format!("vector {i}, number {at}: expected a finite number, got infinity"));
                }
                None => return Err(format!("vector {i}, number {at}: expected a number, got null")),
            }
        }
    }
    Ok(Rows { values, n_dims, n_tokens: n_tokens(answer.usage) })
}

/// What a server says of a failure, in one short line: the message in its JSON; else the beginning of the text. Other parts of JSON are not
/// shown, because some servers repeat the texts there.
pub(super) fn message_of(body: &[u8]) -> String {
    let message = match serde_json::from_slice::<Value>(body) {
        Ok(json) => message_in(&json).unwrap_or_default().to_owned(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `: "message"`, cut where it is long; nothing where there is no message.
pub(super) fn quoted(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {:?}", shortened(message)) }
}

/// At most [`MAX_QUOTED`] characters of `text`.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The vectors, sorted by their indexes.
fn in_order(items: Vec<Item>) -> Result<Vec<Vec<Option<f32>>>, String> {
    let n = items.len();
    let mut rows: Vec<Option<Vec<Option<f32>>>> = (0..n).map(|_| None).collect();
    for item in items {
        let Some(index) = item.index else {
            return Err("expected an index with every vector, got one without".to_owned());
        };
        let Some(row) = rows.get_mut(index) else {
            return Err(format!("expected indexes below {n}, got {index}"));
        };
        if row.replace(item.embedding).is_some() {
            return Err(format!("expected every index once, got {index} twice"));
        }
    }
    // n distinct indexes below n: none is missing.
    Ok(rows.into_iter().flatten().collect())
}

/// The shapes in use: `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}`, `{"detail": …}`, `{"detail": [{"msg": …}]}`.
fn message_in(json: &Value) -> Option<&str> {
    ["/error/message", "/error", "/message", "/detail", "/detail/0/msg", "/detail/message"]
        .iter()
        .find_map(|pointer| json.pointer(pointer)?.as_str())
}

/// Usage is for the ledger: one that cannot be read is 0, never a reason to lose vectors.
fn n_tokens(usage: Option<&RawValue>) -> u64 {
    usage
        .and_then(|usage| serde_json::from_str::<Usage>(usage.get()).ok())
        .and_then(|usage| usage.total_tokens.or(usage.prompt_tokens))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn read(body: &str, n_texts: usize, n_dims: Option<usize>) -> Result<Rows, String> {
        read_rows(body.as_bytes(), n_texts, n_dims)
    }

    #[test]
    fn vectors_come_in_the_order_of_their_indexes() {
        let body = r#"{"object": "list", "data": [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [-1, 2e-1]}],
            "usage": {"prompt_tokens": 7, "total_tokens": 9}}"#;
        assert_eq!(
            read(body, 2, None),
            Ok(Rows { values: vec![-1.0, 0.2, 3.0, 4.5], n_dims: 2, n_tokens: 9 })
        );
    }

    #[test]
    fn usage_never_costs_the_vectors() {
        for usage in ["null", r#"{"prompt_tokens": 3}"#, r#"{"total_tokens": "many"}"#, "[]"] {
            let body = format!(r#"{{"data": [{{"index": 0, "embedding": [1]}}], "usage": {usage}}}"#);
            let expected = if usage.contains('3') { 3 } else { 0 };
            assert_eq!(read(&body, 1, Some(1)).unwrap().n_tokens, expected, "{usage}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_expected_and_got() {
        let two = |a: &str, b: &str| format!(r#"{{"data": [{a}, {b}]}}"#);
        let (zero, one) = (r#"{"index": 0, "embedding": [1, 2]}"#, r#"{"index": 1, "embedding": [1, 2]}"#);
        for (body, n_texts, n_dims, expected) in [
            (two(zero, one), 3, None, "expected 3 vectors, got 2"),
            (two(zero, one), 1, None, "expected 1 vectors, got 2"),
            (two(zero, zero), 2, None, "expected every index once, got 0 twice"),
            (two(zero, r#"{"index": 2, "embedding": [1, 2]}"#), 2, None, "expected indexes below 2, got 2"),
            (two(zero, r#"{"embedding": [1, 2]}"#), 2, None, "expected an index with every vector"),
            (two(zero, r#"{"index": 1, "embedding": [1]}"#), 2, None, "vector 1: expected 2 numbers, got 1"),
            (two(zero, one), 2, Some(3), "vector 0: expected 3 numbers, got 2"),
            (
                two(zero, r#"{"index": 1, "embedding": [1, null]}"#),
                2,
                None,
                "number 1: expected a number, got null",
            ),
            (two(zero, r#"{"index": 1, "embedding": [1, 1e39]}"#), 2, None, "expected a finite number"),
            (
                two(zero, r#"{"index": 1, "embedding": [1, NaN]}"#),
                2,
                None,
                "expected JSON with a vector a text",
            ),
            (
                two(zero, r#"{"index": 1, "embedding": "AAAA"}"#),
                2,
                None,
                "expected JSON with a vector a text",
            ),
            ("<html>".to_owned(), 1, None, "expected JSON with a vector a text"),
            (r#"{"error": "out of memory"}"#.to_owned(), 1, None, r#"got none: "out of memory""#),
            (r#"{"data": [{"index": 0, "embedding": []}]}"#.to_owned(), 1, None, "at least 1 number"),
        ] {
            let error = read(&body, n_texts, n_dims).unwrap_err();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn the_message_is_found_in_the_shapes_in_use() {
        for (body, message) in [
            (r#"{"error": {"message": "too long", "type": "x"}}"#, "too long"),
            (r#"{"error": "too long"}"#, "too long"),
            (r#"{"object": "error", "message": "too\nlong"}"#, "too long"),
            (r#"{"detail": "too long"}"#, "too long"),
            (r#"{"detail": [{"msg": "too long", "input": "a private text"}]}"#, "too long"),
            (r#"{"input": "a private text"}"#, ""),
            ("  too \u{7}\n long ", "too \u{7} long"),
            ("", ""),
        ] {
            assert_eq!(message_of(body.as_bytes()), message, "{body}");
        }
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("a\u{7}"), r#": "a\u{7}""#);
        assert_eq!(shortened(&"ä".repeat(1000)).chars().count(), MAX_QUOTED + 1);
    }
}
