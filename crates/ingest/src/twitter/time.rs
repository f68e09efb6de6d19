//! The ways in which Twitter writes a time.

use populi_model::Timestamp;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Reads a time: `Wed Sep 04 13:51:55 +0000 2019` of API v1.1, RFC 3339 of v2 and Gnip, and the
/// `2013-05-08 12:34:56 +0000` of old exports.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    of_v1(text.as_bytes()).or_else(|| Timestamp::parse_rfc3339(text).ok()).or_else(|| {
        let time = jiff::Zoned::strptime("%Y-%m-%d %H:%M:%S %z", text).ok()?;
        Some(Timestamp(time.timestamp().as_microsecond()))
    })
}

/// A time in milliseconds since 1970.
pub(super) fn of_ms(ms: u64) -> Option<Timestamp> {
    i64::try_from(ms).ok()?.checked_mul(1000).map(Timestamp)
}

/// A time as exact as most formats tell it, where one tells more.
pub(super) fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp(time.0 - time.0.rem_euclid(1_000_000))
}

/// The time that API v1.1 writes, which is always in UTC.
fn of_v1(text: &[u8]) -> Option<Timestamp> {
    let has_marks = text.len() == 30
        && [3, 7, 10, 19, 25].into_iter().all(|at| text[at] == b' ')
        && text[13] == b':'
        && text[16] == b':'
        && &text[20..25] == b"+0000";
    if !has_marks {
        return None;
    }
    let month = MONTHS.iter().position(|month| text[4..7] == month[..])? + 1;
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let part = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let date = jiff::civil::Date::new(number(26, 30)?, month as i8, part(8)?).ok()?;
    let time =
        jiff::civil::Time::new(part(11)?, part(14)?, part(17).filter(|second| *second <= 60)?.min(59), 0)
            .ok()?;
    let time = jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Some(Timestamp(time.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_twitter_writes() {
        for (text, seconds) in [
            ("Wed Sep 04 13:51:55 +0000 2019", 1_567_605_115),
            ("Thu Jan 01 00:00:00 +0000 1970", 0),
            ("Thu Feb 29 23:59:59 +0000 2024", 1_709_251_199),
            ("2017-07-18T23:25:04.000Z", 1_500_420_304),
            ("2013-05-08 12:34:56 +0000", 1_368_016_496),
        ] {
            assert_eq!(parse(text), Some(Timestamp(seconds * 1_000_000)), "{text}");
        }
        for text in [
            "",
            "Wed Sep 31 13:51:55 +0000 2019",
            "Wed Sep 04 24:51:55 +0000 2019",
            "Wed Sxp 04 13:51:55 +0000 2019",
            "Wed Sep 0x 13:51:55 +0000 2019",
            "Wed Sep 04 13:51:55 +0200 2019",
            "Wed Sep 04 13:51:55 +0000 201é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
