//! Where an event stands in the history of its record: the commit's TID as a number.
//!
//! A TID is 64 bits in base 32: microseconds since 1970 in 53 bits, then 10 bits that tell apart what happened in the
//! same one. Source: the AT protocol's specification of record keys, "TID".

use populi_model::Timestamp;

/// Digits of a TID, by value.
const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// Digits in a TID.
const N_DIGITS: usize = 13;

/// Bits below the microseconds.
const CLOCK_BITS: u32 = 10;

/// Values of letters; 255 for what is no digit.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The revision of a commit: its TID, or where it has none that is valid the network's time in the same units.
pub(super) fn of_commit(rev: Option<&str>, received_at: Timestamp) -> u64 {
    rev.and_then(tid).unwrap_or_else(|| of_time(received_at))
}

/// The revision of an export, where it has one.
pub(super) fn of_export(rev: Option<&str>) -> Option<u64> {
    rev.and_then(tid)
}

/// A time in the units of a TID. Times before 1970 and after 2540 do not fit and count as the first and last that do,
/// so that order is kept.
pub(super) fn of_time(time: Timestamp) -> u64 {
    const LAST: i64 = (1 << (u64::BITS - CLOCK_BITS)) - 1;
    // Not negative after the clamp, so the cast loses nothing.
    (time.0.clamp(0, LAST) as u64) << CLOCK_BITS
}

/// The value of a TID; `None` for any other text.
fn tid(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    if digits.len() != N_DIGITS {
        return None;
    }
    let mut value = 0_u64;
    for (place, digit) in digits.iter().enumerate() {
        let digit = VALUES[usize::from(*digit)];
        // 13 digits hold 65 bits: the first must leave the highest unset.
        if digit == u8::MAX || (place == 0 && digit > 15) {
            return None;
        }
        value = value << 5 | u64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tids_are_read_and_other_texts_are_not() {
        // The AT protocol's examples of both kinds.
        for text in ["3jzfcijpj2z2a", "7777777777777", "3zzzzzzzzzzzz", "2222222222222"] {
            assert!(tid(text).is_some(), "{text}");
        }
        for text in [
            "3jzfcijpj2z21",
            "0000000000000",
            "3JZFCIJPJ2Z2A",
            "3jzfcijpj2z2aa",
            "3jzfcijpj2z2",
            "222",
            "3jzf-cij-pj2z-2a",
            "zzzzzzzzzzzzz",
            "kjzfcijpj2z2a",
            "",
        ] {
            assert_eq!(tid(text), None, "{text}");
        }
    }

    #[test]
    fn a_tid_is_a_time_in_microseconds_and_a_clock() {
        assert_eq!(tid("2222222222222"), Some(0));
        assert_eq!(tid("222222222222z"), Some(31));
        assert_eq!(tid("2222222222322"), Some(1 << 10));
        // A commit of 2026-07-04T14:38:08Z, as a real stream has it.
        let micros = tid("3mptbypluud2a").map(|value| value >> CLOCK_BITS);
        assert_eq!(micros.map(|micros| micros / 1_000_000), Some(1_783_175_887));
    }

    #[test]
    fn times_without_a_tid_keep_their_order() {
        let times = [i64::MIN, -1, 0, 1, 1_783_175_888_085_434, 253_402_300_799_999_999, i64::MAX];
        let revisions = times.map(|time| of_time(Timestamp(time)));
        assert!(revisions.is_sorted());
        assert_eq!(of_commit(Some("no tid"), Timestamp(5)), 5 << 10);
        assert_eq!(of_commit(None, Timestamp(5)), 5 << 10);
        assert_eq!(of_commit(Some("2222222222222"), Timestamp(5)), 0);
    }
}
