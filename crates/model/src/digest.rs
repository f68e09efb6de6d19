//! When two tables are the same.
//!
//! The digest of a table is the sum modulo 2^256 of BLAKE3 over each row's canonical bytes: it does not depend on
//! the order of rows, on buckets, parts or encoding, and the digests of parts add up to that of the table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The digest of a set of rows (with their multiplicity).
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct TableDigest([u64; 4]);

impl TableDigest {
    /// Adds one row's hash.
    pub fn add_row(&mut self, hash: &blake3::Hash) {
        let bytes = hash.as_bytes();
        let mut words = [0u64; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            let mut le = [0; 8];
            le.copy_from_slice(chunk);
            *word = u64::from_le_bytes(le);
        }
        self.add(&Self(words));
    }

    /// Adds the rows of another part.
    pub fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            let (sum, first) = mine.overflowing_add(theirs);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *mine = sum;
            carry = first || second;
        }
    }
}

impl fmt::Display for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl fmt::Debug for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableDigest({self})")
    }
}

impl std::str::FromStr for TableDigest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no table digest: expected 64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut words = [0u64; 4];
        for (i, word) in words.iter_mut().rev().enumerate() {
            *word = u64::from_str_radix(&text[i * 16..(i + 1) * 16], 16).map_err(|_| wrong())?;
        }
        Ok(Self(words))
    }
}

impl Serialize for TableDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TableDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Gathers one row's canonical bytes (docs/format.md): every value in column order, variable lengths preceded by
/// their length, absent values marked, so that no two different rows give the same bytes.
#[derive(Default)]
pub struct RowHasher {
    bytes: Vec<u8>,
}

impl RowHasher {
    /// Adds a value of fixed length.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a value of any length.
    pub fn variable(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    /// Says whether the next value is there.
    pub fn presence(&mut self, is_present: bool) {
        self.bytes.push(u8::from(is_present));
    }

    /// The hash of the row, after which the next row begins.
    pub fn finish_row(&mut self) -> blake3::Hash {
        let hash = blake3::hash(&self.bytes);
        self.bytes.clear();
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(rows: &[&str]) -> TableDigest {
        let mut digest = TableDigest::default();
        for row in rows {
            digest.add_row(&blake3::hash(row.as_bytes()));
        }
        digest
    }

    #[test]
    fn order_does_not_matter_but_multiplicity_does() {
        assert_eq!(digest_of(&["a", "b", "c"]), digest_of(&["c", "a", "b"]));
        assert_ne!(digest_of(&["a", "b"]), digest_of(&["a", "b", "b"]));
    }

    #[test]
    fn parts_add_up_with_carries() {
        let mut sum = digest_of(&["a"]);
        sum.add(&digest_of(&["b", "c"]));
        assert_eq!(sum, digest_of(&["a", "b", "c"]));
        let mut wrapped = TableDigest([u64::MAX; 4]);
        wrapped.add(&TableDigest([1, 0, 0, 0]));
        assert_eq!(wrapped, TableDigest::default());
    }

    #[test]
    fn reads_what_it_writes() {
        let digest = digest_of(&["a"]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("12".parse::<TableDigest>().is_err());
    }

    #[test]
    fn neighbouring_values_cannot_run_together() {
        let mut hasher = RowHasher::default();
        hasher.variable(b"ab");
        hasher.variable(b"c");
        let first = hasher.finish_row();
        hasher.variable(b"a");
        hasher.variable(b"bc");
        assert_ne!(first, hasher.finish_row());
    }
}
