//! Points in time: UTC microseconds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z; negative before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// A text that is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an RFC 3339 time such as 2025-03-01T12:30:00Z")]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// Reads RFC 3339 (and the ISO 8601 forms close to it that networks write), with its offset.
    ///
    /// # Errors
    /// When the text is no time, has no offset, or lies outside the years -9999 to 9999.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_microsecond()))
            .map_err(|_| TimestampError { text: text.chars().take(64).collect() })
    }

    /// When Twitter gave this number to a post or an account: its milliseconds stand above 22 bits that tell apart what came in
    /// the same one. `None` of numbers before 4 November 2010, which were counted up.
    #[must_use]
    pub fn of_snowflake(number: u64) -> Option<Self> {
        const FIRST: u64 = 29_700_859_248;
        const EPOCH_MS: u64 = 1_288_834_974_657;
        // 42 bits of milliseconds, so it fits.
        (number >= FIRST).then_some(Self(((number >> 22) + EPOCH_MS) as i64 * 1000))
    }

    /// The start of the UTC day that this lies in.
    #[must_use]
    pub fn day(self) -> Self {
        const DAY_US: i64 = 86_400_000_000;
        Self(self.0 - self.0.rem_euclid(DAY_US))
    }

    /// A number in the same order that is never negative, for use as a [`crate::Version`]'s revision.
    #[must_use]
    pub fn to_ordered_u64(self) -> u64 {
        (self.0 as u64) ^ (1 << 63)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} us", self.0),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn snowflakes_tell_their_time() {
        // A real post whose `created_at` is Wed Sep 04 13:51:55 +0000 2019.
        let time = |number| Timestamp::of_snowflake(number).map(|time| time.to_string());
        assert_eq!(time(1_169_246_717_864_136_705).as_deref(), Some("2019-09-04T13:51:55.749Z"));
        assert_eq!(time(29_700_859_247), None);
        assert!(Timestamp::of_snowflake(u64::MAX).is_some());
    }

    #[test]
    fn reads_what_networks_write() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-07-04T14:38:08.999Z", 1_783_175_888_999_000),
            ("2026-07-04T14:38:02+00:00", 1_783_175_882_000_000),
            ("1969-12-31T23:59:59.999999-00:00", -1),
            ("2025-03-01T01:00:00.123456789+01:00", 1_740_787_200_123_456),
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text).unwrap(), Timestamp(micros), "{text}");
        }
        for text in ["", "yesterday", "2025-03-01", "2025-13-01T00:00:00Z", "2025-03-01T00:00:00"] {
            assert!(Timestamp::parse_rfc3339(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_and_order_hold_before_1970() {
        assert_eq!(Timestamp(-1).day(), Timestamp(-86_400_000_000));
        assert!(Timestamp(-1).to_ordered_u64() < Timestamp(0).to_ordered_u64());
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
    }
}
