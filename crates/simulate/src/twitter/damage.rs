//! Lines that no reader can take, each with the one reason for which it must be put aside.

use crate::spoil::{cut, in_text, with_value};

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Cut,
    BareArray,
    OtherObject,
    NumberAsText,
    NoId,
    InvalidUtf8,
    RawNul,
    LoneSurrogate,
    NestingBomb,
    TrailingComma,
    BareNumber,
    EmptyObject,
    ConflictMarker,
}

impl Flaw {
    /// The flaws in the order in which they take their turns.
    pub(crate) const ALL: [Flaw; 13] = [
        Flaw::Cut,
        Flaw::BareArray,
        Flaw::OtherObject,
        Flaw::NumberAsText,
        Flaw::NoId,
        Flaw::InvalidUtf8,
        Flaw::RawNul,
        Flaw::LoneSurrogate,
        Flaw::NestingBomb,
        Flaw::TrailingComma,
        Flaw::BareNumber,
        Flaw::EmptyObject,
        Flaw::ConflictMarker,
    ];

    /// The reason code under which such a line is quarantined.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Flaw::Cut | Flaw::TrailingComma => "bad_json",
            Flaw::BareArray | Flaw::BareNumber => "not_an_object",
            Flaw::OtherObject | Flaw::EmptyObject => "not_an_event",
            Flaw::NumberAsText => "wrong_type",
            Flaw::NoId => "missing_id",
            Flaw::InvalidUtf8 => "invalid_utf8",
            Flaw::RawNul => "raw_nul",
            Flaw::LoneSurrogate => "lone_surrogate",
            Flaw::NestingBomb => "too_deep",
            Flaw::ConflictMarker => "conflict_marker",
        }
    }

    /// The damaged line, without its end. `good` is the line of a post, whose first `text` and `id` are its own.
    pub(crate) fn apply(self, good: &str) -> Vec<u8> {
        let text = match self {
            Flaw::Cut => cut(good).to_owned(),
            Flaw::BareArray => format!("[{good}]"),
            Flaw::OtherObject => r#"{"connection":"lost","since":"yesterday"}"#.to_owned(),
            Flaw::NumberAsText => with_value(good, "text", Some("5")),
            Flaw::NoId => with_value(&with_value(good, "id", None), "id_str", None),
            Flaw::InvalidUtf8 => return in_text(good, &[0xc3, 0x28]),
            Flaw::RawNul => return in_text(good, &[0]),
            Flaw::LoneSurrogate => return in_text(good, br"\ud83d "),
            Flaw::NestingBomb => {
                let bomb = format!("\"bomb\":{}{},\"text\":", "[".repeat(10_000), "]".repeat(10_000));
                good.replacen("\"text\":", &bomb, 1)
            }
            Flaw::TrailingComma => good.replacen("\"text\":", ",\"text\":", 1),
            Flaw::BareNumber => "200".to_owned(),
            Flaw::EmptyObject => "{}".to_owned(),
            Flaw::ConflictMarker => "<<<<<<< HEAD".to_owned(),
        };
        text.into_bytes()
    }
}
