//! Names of posts, accounts and records: the string for people, a 128-bit key for machines.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The 128-bit key of an id: the first 16 bytes of the BLAKE3 hash of its string.
///
/// Joins, threads and buckets use keys only. Two ids of a corpus of a billion share a key with a probability of
/// about 1e-21. Ordered by bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// The key of an id's string.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self::of_bytes(id.as_bytes())
    }

    /// The key of any bytes, for example of a file.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_hash(&blake3::hash(bytes))
    }

    /// The key that stands for a full BLAKE3 hash.
    #[must_use]
    pub fn from_hash(hash: &blake3::Hash) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        Self(key)
    }

    /// The key as a number, in the same order as the bytes.
    #[must_use]
    pub fn to_u128(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// The key of which [`Key::to_u128`] gave this number.
    #[must_use]
    pub fn from_u128(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// The key that [`Key`]'s `Display` wrote: 32 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok().map(Self::from_u128)).flatten()
    }

    /// The bucket of `n_buckets` that this key falls into, where it names an acting account (or, in tables
    /// without authors, a post).
    #[must_use]
    pub fn bucket(self, n_buckets: u16) -> u16 {
        let prefix = u64::from_be_bytes([
            self.0[0], self.0[1], self.0[2], self.0[3], self.0[4], self.0[5], self.0[6], self.0[7],
        ]);
        // Below n_buckets, so the cast loses nothing.
        (prefix % u64::from(n_buckets.max(1))) as u16
    }
}

/// As its bytes in one piece, where derived code would write them one by one.
impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer)?
            .try_into()
            .map(Self)
            .map_err(|_| D::Error::custom("expected a key of 16 bytes"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// An id: its string and its key.
///
/// Strings are `<platform>:<native id>`, or an at-URI or DID as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id<'a> {
    /// The id as people and exports see it.
    pub text: &'a str,
    /// The key of `text`.
    pub key: Key,
}

impl<'a> Id<'a> {
    /// Names `text` and hashes it.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, key: Key::of(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_blake3_prefix_and_orders_as_its_number() {
        // BLAKE3 of the empty input begins af1349b9f5f9a1a6a0404dea36dcc949.
        assert_eq!(Key::of("").to_string(), "af1349b9f5f9a1a6a0404dea36dcc949");
        let (a, b) = (Key::of("a"), Key::of("b"));
        assert_eq!(a < b, a.to_u128() < b.to_u128());
        assert_eq!(Key::from_u128(a.to_u128()), a);
        assert_eq!(Key::from_hex(&a.to_string()), Some(a));
        assert_eq!(Key::from_hex("af"), None);
    }

    #[test]
    fn buckets_stay_in_range() {
        for n_buckets in [0, 1, 16, 1000] {
            let bucket = Key::of("did:plc:x").bucket(n_buckets);
            assert!(bucket < n_buckets.max(1));
        }
    }
}
