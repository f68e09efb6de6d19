//! One JSON document as a row: its members as texts, decoded only as far as needed.

use std::borrow::Cow;
use std::fmt;

use populi_model::Reason;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{check_depth, is_document};
use crate::sink::Defect;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell<'r> {
    /// A text; a number, `true` or `false` as it is written.
    Text(Cow<'r, str>),
    /// An array or object, as it is written.
    Nested(Cow<'r, str>),
}

impl Cell<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Nested(text) => text,
        }
    }

    pub(super) fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Nested(text) => Cell::Nested(Cow::Owned(text.into_owned())),
        }
    }
}

/// A JSON document, by what it can be in a table. `null` is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document<'r> {
    /// Members by name, in the document's order; of equal names, all.
    Object(Vec<(Cow<'r, str>, Option<Cell<'r>>)>),
    Array(Vec<Option<Cell<'r>>>),
    Text(Cow<'r, str>),
    /// A number, `true`, `false` or `null`, as it is written.
    Other(&'r str),
}

impl<'r> Document<'r> {
    /// Reads a record. What is nested in its members is checked and passed over.
    pub(super) fn parse(record: &'r str) -> Result<Self, Defect> {
        check_depth(record.as_bytes())?;
        let record = record.trim_ascii();
        match record.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = read(record)?;
                let cells = members.into_iter().map(|(Name(name), value)| Ok((name, cell(value.get())?)));
                Ok(Self::Object(cells.collect::<Result<_, Defect>>()?))
            }
            Some(b'[') => {
                let values: Vec<&RawValue> = read(record)?;
                let cells = values.into_iter().map(|value| cell(value.get()));
                Ok(Self::Array(cells.collect::<Result<_, Defect>>()?))
            }
            Some(b'"') => {
                let value: &RawValue = read(record)?;
                Ok(Self::Text(string(value.get())?))
            }
            _ => {
                let value: &RawValue = read(record)?;
                Ok(Self::Other(value.get()))
            }
        }
    }
}

/// Reads a document; a failure is that of its syntax, or else half a surrogate pair in a name.
fn read<'r, T: Deserialize<'r>>(record: &'r str) -> Result<T, Defect> {
    serde_json::from_str(record).map_err(|error| {
        if is_document(record) {
            return lone_surrogate();
        }
        Defect::new(Reason::BadJson, format!("expected one JSON document: {error}"))
    })
}

/// The value of a checked document's member.
fn cell(json: &str) -> Result<Option<Cell<'_>>, Defect> {
    match json.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => string(json).map(|text| Some(Cell::Text(text))),
        Some(b'{' | b'[') => Ok(Some(Cell::Nested(Cow::Borrowed(json)))),
        _ => Ok(Some(Cell::Text(Cow::Borrowed(json)))),
    }
}

/// The text of a checked JSON string.
fn string(json: &str) -> Result<Cow<'_, str>, Defect> {
    let inner = json.get(1..json.len() - 1).unwrap_or_default();
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    // Its escapes were checked one by one, so that only a pair can be wrong.
    serde_json::from_str(json).map(Cow::Owned).map_err(|_| lone_surrogate())
}

fn lone_surrogate() -> Defect {
    Defect::new(Reason::LoneSurrogate, "a \\u escape is half of a surrogate pair, which is no character")
}

#[derive(serde::Deserialize)]
struct Name<'r>(#[serde(borrow)] Cow<'r, str>);

struct Members<'r>(Vec<(Name<'r>, &'r RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<Cell<'_>> {
        Some(Cell::Text(Cow::Borrowed(text)))
    }

    fn reason(record: &str) -> Reason {
        Document::parse(record).unwrap_err().reason
    }

    #[test]
    fn keeps_order_and_writing() {
        let record =
            r#" {"b": "x\ny", "a": 1.50, "n": null, "t": true, "o": { "k" : [1, 2] }, "\u0061": "A"} "#;
        let Document::Object(members) = Document::parse(record).unwrap() else { panic!("an object") };
        let expected = [
            ("b", text("x\ny")),
            ("a", text("1.50")),
            ("n", None),
            ("t", text("true")),
            ("o", Some(Cell::Nested("{ \"k\" : [1, 2] }".into()))),
            ("a", text("A")),
        ];
        assert_eq!(members, expected.map(|(name, cell)| (Cow::Borrowed(name), cell)));
    }

    #[test]
    fn tells_rows_texts_and_others_apart() {
        assert_eq!(Document::parse(r#"["a", 1]"#).unwrap(), Document::Array(vec![text("a"), text("1")]));
        assert_eq!(Document::parse(r#""a\u0000\ud83d\ude00""#).unwrap(), Document::Text("a\0😀".into()));
        assert_eq!(Document::parse("null").unwrap(), Document::Other("null"));
        assert_eq!(Document::parse("-1.5e3").unwrap(), Document::Other("-1.5e3"));
    }

    #[test]
    fn says_what_is_wrong() {
        for record in [
            "",
            "{",
            "{\"a\":1",
            "[1,]",
            "\"",
            "nul",
            "{} {}",
            "{\"a\": \"\\ud800\", }",
            "\"\\u12\"",
            "{'a':1}",
        ] {
            assert_eq!(reason(record), Reason::BadJson, "{record}");
        }
        for record in [r#""\ud800""#, r#"{"a": "\udc00x"}"#, r#"{"\ud800": 1}"#, r#"["\ud800\ud800"]"#] {
            assert_eq!(reason(record), Reason::LoneSurrogate, "{record}");
        }
    }

    #[test]
    fn a_hundred_and_twenty_eight_levels_are_enough() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
        assert!(Document::parse(&nested(128)).is_ok());
        assert_eq!(reason(&nested(129)), Reason::TooDeep);
        assert_eq!(reason(&nested(1_000_000)), Reason::TooDeep);
        assert_eq!(reason(&"[".repeat(1_000_000)), Reason::TooDeep);
        assert!(Document::parse(r#"{"a": ["]]]]\"[[[["]}"#).is_ok());
    }
}
