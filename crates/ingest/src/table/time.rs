//! Points in time, as tables write them.
//!
//! Day and month are never guessed: `10/11/17` is no time unless a format says which is which. Nor is anything
//! else: a number is a time only with 9 or 10 digits (seconds), 12 or 13 (milliseconds) or 15 or 16 (microseconds),
//! which are the years 1973 to 2286 of each; `20190304` or `20190304101500` might be a calendar day, and a shorter
//! number anything.

use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use populi_model::Timestamp;

use crate::Error;

/// Reads the times of one column.
pub(super) struct TimeReader {
    format: Option<String>,
    zone: TimeZone,
}

impl TimeReader {
    /// A reader of times in `format` (as of `strftime`) or, without one, in the unambiguous formats; times that name
    /// no zone are in `zone`.
    pub(super) fn new(format: Option<&str>, zone: &str) -> Result<Self, Error> {
        let reader = Self {
            format: format.map(str::to_owned),
            zone: TimeZone::get(zone).map_err(|_| {
                Error::TableParams(format!(
                    "unknown time zone {zone:?}: expected an IANA name such as UTC, Europe/Paris or Asia/Tokyo"
                ))
            })?,
        };
        if let Some(format) = format {
            reader.check_format(format)?;
        }
        Ok(reader)
    }

    /// The point in time that a cell names, if it names one. A time in the hour that a change to summer time skips
    /// is read with the offset before it; one in the hour that occurs twice is the first.
    pub(super) fn read(&self, cell: &str) -> Option<Timestamp> {
        let time = match &self.format {
            Some(format) => self.read_formatted(format, cell)?,
            None if is_number(cell) => return epoch(cell),
            None if has_clock(cell) && names_zone(cell) => cell.parse().ok()?,
            None if has_clock(cell) => self.place(cell.parse().ok()?)?,
            None => return None,
        };
        Some(Timestamp(time.as_microsecond()))
    }

    fn read_formatted(&self, format: &str, cell: &str) -> Option<jiff::Timestamp> {
        let parts = BrokenDownTime::parse(format, cell).ok()?;
        if let Ok(time) = parts.to_timestamp() {
            return Some(time);
        }
        let local = parts
            .to_datetime()
            .or_else(|_| parts.to_date().map(|day| day.to_datetime(jiff::civil::Time::midnight())));
        self.place(local.ok()?)
    }

    fn place(&self, local: DateTime) -> Option<jiff::Timestamp> {
        self.zone.to_timestamp(local).ok()
    }

    /// A format is good when it reads back what it writes: it then tells the day.
    fn check_format(&self, format: &str) -> Result<(), Error> {
        let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(self.zone.clone());
        let is_good =
            strtime::format(format, &sample).is_ok_and(|text| self.read_formatted(format, &text).is_some());
        if is_good {
            return Ok(());
        }
        Err(Error::TableParams(format!(
            "time format {format:?}: expected strftime directives that tell year, month and day, such as \
             \"%m/%d/%y %H:%M\" or \"%a %b %d %H:%M:%S %z %Y\""
        )))
    }
}

fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// What `YYYY-MM-DD HH:MM` looks like; between day and clock, `T` may stand as well.
const CLOCK: &[u8] = b"0000-00-00 00:00";

/// Whether a cell begins as a day with a clock does: the parser takes more.
fn has_clock(cell: &str) -> bool {
    let begins = |(byte, shape): (u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        b' ' => matches!(byte, b' ' | b'T' | b't'),
        _ => byte == *shape,
    };
    cell.len() >= CLOCK.len() && cell.bytes().zip(CLOCK).all(begins)
}

/// Whether something behind the clock tells the zone.
fn names_zone(cell: &str) -> bool {
    cell.bytes().skip(CLOCK.len()).any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
}

/// Seconds, milli- or microseconds since 1970, by the number of digits; a fraction of less than a microsecond is cut.
fn epoch(cell: &str) -> Option<Timestamp> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let n_decimals = match whole.len() {
        9 | 10 => 6,
        12 | 13 => 3,
        15 | 16 => 0,
        _ => return None,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals = fraction.bytes().chain(std::iter::repeat(b'0')).take(n_decimals);
    let micros = whole.bytes().chain(decimals).fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(Timestamp(micros))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read(format: Option<&str>, zone: &str, cell: &str) -> Option<String> {
        TimeReader::new(format, zone).unwrap().read(cell).map(|time| time.to_string())
    }

    #[test]
    fn reads_the_unambiguous_formats() {
        for (cell, expected) in [
            ("2025-03-01T12:30:00Z", "2025-03-01T12:30:00Z"),
            ("2025-03-01T12:30:00.25+01:00", "2025-03-01T11:30:00.25Z"),
            ("2025-03-01 12:30:05+00:00", "2025-03-01T12:30:05Z"),
            ("2025-03-01 12:30", "2025-03-01T12:30:00Z"),
            ("2025-03-01 12:30:05", "2025-03-01T12:30:05Z"),
            ("2025-03-01T12:30:05.123456", "2025-03-01T12:30:05.123456Z"),
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("1700000000.5", "2023-11-14T22:13:20.5Z"),
            ("1700000000.0", "2023-11-14T22:13:20Z"),
            ("1700000000123", "2023-11-14T22:13:20.123Z"),
            ("1700000000123456", "2023-11-14T22:13:20.123456Z"),
            ("100000000", "1973-03-03T09:46:40Z"),
        ] {
            assert_eq!(read(None, "UTC", cell).as_deref(), Some(expected), "{cell}");
        }
    }

    #[test]
    fn never_guesses() {
        for cell in [
            "",
            ".",
            "10/16/17 22:59",
            "10-11-2017 10:00",
            "2025-03-01",
            "20250301",
            "20250301T101500Z",
            "20250301101500",
            "yesterday",
            "2025",
            "12:30",
            "2025-13-01 10:00",
            "2025-02-30 10:00",
            "2025-03-01 25:00",
            "1.2.3",
            "1700000000.1x",
            "-1700000000",
            "1.7e9",
            "2025-03-01 12:30 or so",
            "٢٠٢٥-03-01 12:30",
            "99999999999999999999999999",
        ] {
            assert_eq!(read(None, "UTC", cell), None, "{cell}");
        }
    }

    #[test]
    fn places_local_times_in_the_zone() {
        assert_eq!(read(None, "Europe/Paris", "2025-07-01 12:00").as_deref(), Some("2025-07-01T10:00:00Z"));
        assert_eq!(
            read(None, "Europe/Paris", "2025-07-01T12:00:00Z").as_deref(),
            Some("2025-07-01T12:00:00Z")
        );
        assert_eq!(read(None, "Asia/Tokyo", "1700000000").as_deref(), Some("2023-11-14T22:13:20Z"));
        // Skipped and doubled hours.
        assert_eq!(read(None, "Europe/Paris", "2025-03-30 02:30").as_deref(), Some("2025-03-30T01:30:00Z"));
        assert_eq!(read(None, "Europe/Paris", "2025-10-26 02:30").as_deref(), Some("2025-10-26T00:30:00Z"));
    }

    #[test]
    fn reads_a_given_format_only() {
        let us = Some("%m/%d/%y %H:%M");
        assert_eq!(read(us, "UTC", "10/2/17 7:41").as_deref(), Some("2017-10-02T07:41:00Z"));
        assert_eq!(read(us, "America/New_York", "10/16/17 22:59").as_deref(), Some("2017-10-17T02:59:00Z"));
        assert_eq!(read(us, "UTC", "2025-03-01T12:30:00Z"), None);
        let twitter = Some("%a %b %d %H:%M:%S %z %Y");
        assert_eq!(
            read(twitter, "Asia/Tokyo", "Wed Oct 10 20:19:24 +0000 2018").as_deref(),
            Some("2018-10-10T20:19:24Z")
        );
        assert_eq!(read(Some("%Y%m%d"), "UTC", "20250301").as_deref(), Some("2025-03-01T00:00:00Z"));
        assert_eq!(read(Some("%s"), "UTC", "-1").as_deref(), Some("1969-12-31T23:59:59Z"));
    }

    #[test]
    fn a_format_must_tell_the_day() {
        for format in ["", "%H:%M", "%Y", "%Y-%m", "%Q", "day", "%"] {
            assert!(TimeReader::new(Some(format), "UTC").is_err(), "{format}");
        }
    }
}
