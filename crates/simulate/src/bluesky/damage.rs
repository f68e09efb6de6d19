//! Lines that no reader can take, each with the one reason for which it must be put aside.
//!
//! A damaged line is a copy of a post's event with a single flaw, so that a reader that overlooks the flaw finds an event
//! that it knows already, or a wrong version of it.

use crate::spoil::{cut, in_text, with_value};

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Cut,
    TrailingComma,
    BareArray,
    BareNumber,
    BareString,
    BareNull,
    OtherObject,
    EmptyObject,
    NumberAsDid,
    NumberAsRkey,
    NumberAsText,
    NoDid,
    NoRkey,
    NoTime,
    TimeAsString,
    TimeAsFraction,
    TimeTooLarge,
    InvalidUtf8,
    RawNul,
    LoneSurrogate,
    ConflictStart,
    ConflictMiddle,
    ConflictEnd,
    NestingBomb,
}

impl Flaw {
    /// The flaws in the order in which they take their turns; neighbours differ in their reason.
    pub(crate) const ALL: [Flaw; 24] = [
        Flaw::Cut,
        Flaw::BareArray,
        Flaw::OtherObject,
        Flaw::NumberAsDid,
        Flaw::NoDid,
        Flaw::NoTime,
        Flaw::InvalidUtf8,
        Flaw::RawNul,
        Flaw::LoneSurrogate,
        Flaw::ConflictStart,
        Flaw::NestingBomb,
        Flaw::TrailingComma,
        Flaw::BareNumber,
        Flaw::EmptyObject,
        Flaw::NumberAsText,
        Flaw::NoRkey,
        Flaw::TimeAsString,
        Flaw::ConflictMiddle,
        Flaw::BareString,
        Flaw::NumberAsRkey,
        Flaw::TimeAsFraction,
        Flaw::ConflictEnd,
        Flaw::BareNull,
        Flaw::TimeTooLarge,
    ];

    /// The reason code under which such a line is quarantined.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Flaw::Cut | Flaw::TrailingComma => "bad_json",
            Flaw::BareArray | Flaw::BareNumber | Flaw::BareString | Flaw::BareNull => "not_an_object",
            Flaw::OtherObject | Flaw::EmptyObject => "not_an_event",
            Flaw::NumberAsDid | Flaw::NumberAsRkey | Flaw::NumberAsText => "wrong_type",
            Flaw::NoDid | Flaw::NoRkey => "missing_id",
            Flaw::NoTime | Flaw::TimeAsString | Flaw::TimeAsFraction | Flaw::TimeTooLarge => "bad_time",
            Flaw::InvalidUtf8 => "invalid_utf8",
            Flaw::RawNul => "raw_nul",
            Flaw::LoneSurrogate => "lone_surrogate",
            Flaw::ConflictStart | Flaw::ConflictMiddle | Flaw::ConflictEnd => "conflict_marker",
            Flaw::NestingBomb => "too_deep",
        }
    }

    /// The damaged line, without its end. `good` is the line of a post's create or update.
    pub(crate) fn apply(self, good: &str) -> Vec<u8> {
        let text = match self {
            Flaw::Cut => cut(good).to_string(),
            Flaw::TrailingComma => good.replacen("},\"cid\"", ",},\"cid\"", 1),
            Flaw::BareArray => format!("[{good}]"),
            Flaw::BareNumber => "42".to_string(),
            Flaw::BareString => "\"connection reset by peer\"".to_string(),
            Flaw::BareNull => "null".to_string(),
            Flaw::OtherObject => r#"{"error":"FutureCursor","message":"cursor in the future"}"#.to_string(),
            Flaw::EmptyObject => "{}".to_string(),
            Flaw::NumberAsDid => with_value(good, "did", Some("7")),
            Flaw::NumberAsRkey => with_value(good, "rkey", Some("12")),
            Flaw::NumberAsText => with_value(good, "text", Some("5")),
            Flaw::NoDid => with_value(good, "did", None),
            Flaw::NoRkey => with_value(good, "rkey", None),
            Flaw::NoTime => with_value(good, "time_us", None),
            Flaw::TimeAsString => with_value(good, "time_us", Some("\"yesterday\"")),
            Flaw::TimeAsFraction => with_value(good, "time_us", Some("1740787200000000.5")),
            Flaw::TimeTooLarge => with_value(good, "time_us", Some("99999999999999999999")),
            Flaw::InvalidUtf8 => return in_text(good, &[0xc3, 0x28]),
            Flaw::RawNul => return in_text(good, &[0]),
            Flaw::LoneSurrogate => return in_text(good, br"\ud83d "),
            Flaw::ConflictStart => "<<<<<<< HEAD".to_string(),
            Flaw::ConflictMiddle => "=======".to_string(),
            Flaw::ConflictEnd => ">>>>>>> 1f0c5a9 (add the second half of the day)".to_string(),
            Flaw::NestingBomb => {
                let bomb = format!("\"record\":{{\"bomb\":{}{},", "[".repeat(10_000), "]".repeat(10_000));
                good.replacen("\"record\":{", &bomb, 1)
            }
        };
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const GOOD: &str = concat!(
        r#"{"did":"did:plc:a","time_us":5,"kind":"commit","commit":{"rev":"r","operation":"create","#,
        r#""collection":"app.bsky.feed.post","rkey":"k","record":{"text":"say \"é\""},"cid":"c"}}"#
    );

    #[test]
    fn every_flaw_has_its_turn_and_changes_the_line() {
        let names: BTreeSet<String> = Flaw::ALL.iter().map(|flaw| format!("{flaw:?}")).collect();
        assert_eq!(names.len(), 24);
        for flaw in Flaw::ALL {
            assert_ne!(flaw.apply(GOOD), GOOD.as_bytes(), "{flaw:?}");
        }
    }

    #[test]
    fn the_json_of_a_flaw_is_valid_or_not_as_its_reason_says() {
        for flaw in Flaw::ALL {
            let valid = serde_json::from_slice::<serde_json::Value>(&flaw.apply(GOOD)).is_ok();
            let may_be_valid = ["not_an_object", "not_an_event", "wrong_type", "missing_id", "bad_time"];
            assert_eq!(valid, may_be_valid.contains(&flaw.reason()), "{flaw:?}");
        }
    }
}
