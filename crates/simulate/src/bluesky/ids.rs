//! Identifiers of the AT Protocol: TIDs, DIDs, CIDs and at-URIs, all well formed and none real.

use crate::random::mix;

/// The alphabet of TIDs, in the order of their values (atproto.com/specs/tid).
const SORTABLE: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// The alphabet of RFC 4648 in lower case, of `did:plc` and of CIDs.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A TID's 64-bit value: microseconds since 1970 in the upper bits, a clock's number in the lower ten.
pub(crate) fn tid(time_us: u64, clock: u64) -> u64 {
    (time_us << 10) | (clock & 0x3ff)
}

/// The moment in a TID's value.
pub(crate) fn tid_time_us(tid: u64) -> u64 {
    tid >> 10
}

/// The 13 characters of a TID.
pub(crate) fn push_tid(text: &mut String, tid: u64) {
    for place in (0..13).rev() {
        text.push(char::from(SORTABLE[(tid >> (5 * place)) as usize & 31]));
    }
}

/// The DID of the account with this number. One of 64 is a `did:web`.
pub(crate) fn did(seed: u64, number: u64) -> String {
    let salt = mix(seed, number);
    if salt.is_multiple_of(64) {
        return format!("did:web:social-{number}.example.org");
    }
    let mut text = String::from("did:plc:");
    push_base32(&mut text, salt, 24);
    text
}

/// A content id. `codec` is `afyrei` for a record, `afkrei` for a blob.
pub(crate) fn cid(codec: &str, salt: u64) -> String {
    let mut text = String::with_capacity(59);
    text.push('b');
    text.push_str(codec);
    push_base32(&mut text, salt, 52);
    text
}

/// The at-URI of a record.
pub(crate) fn uri(did: &str, collection: &str, rkey: u64) -> String {
    let mut text = String::with_capacity(did.len() + collection.len() + 20);
    for part in ["at://", did, "/", collection, "/"] {
        text.push_str(part);
    }
    push_tid(&mut text, rkey);
    text
}

fn push_base32(text: &mut String, salt: u64, length: usize) {
    for place in 0..length {
        let word = mix(salt, place as u64 / 12);
        text.push(char::from(BASE32[(word >> (5 * (place % 12))) as usize & 31]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tids_match_the_specification() {
        let text = |value| {
            let mut text = String::new();
            push_tid(&mut text, value);
            text
        };
        assert_eq!(text(0), "2222222222222");
        // A real event: rev 3ljgzzfy6lk2w was received at 1740973563121964 us.
        let value = "3ljgzzfy6lk2w".bytes().fold(0_u64, |value, byte| {
            value * 32 + SORTABLE.iter().position(|&letter| letter == byte).map_or(0, |at| at as u64)
        });
        assert_eq!(text(value), "3ljgzzfy6lk2w");
        assert!(tid_time_us(value).abs_diff(1_740_973_563_121_964) < 1_000_000);
        assert!(text(tid(1, 0)) > text(tid(0, 1023)));
    }

    #[test]
    fn ids_have_their_lengths() {
        assert_eq!(did(1, 2).len(), 32);
        assert_eq!(cid("afyrei", 3).len(), 59);
        assert_ne!(did(1, 2), did(1, 3));
    }
}
