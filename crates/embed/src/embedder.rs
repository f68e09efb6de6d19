//! The trait that every backend implements, and the fingerprint that tells two models apart.

use std::fmt;

use populi_geometry::Matrix;

use crate::error::Result;

/// A model that turns texts into vectors.
pub trait Embedder: Send + Sync {
    /// What decides the vectors: equal fingerprints, equal vectors for equal texts.
    fn fingerprint(&self) -> Fingerprint;

    /// Columns of what [`embed`](Embedder::embed) returns, at least 1.
    fn n_dims(&self) -> usize;

    /// Texts that one call of [`embed`](Embedder::embed) should bring: what is lost at most where a run is stopped, and how
    /// often its caller hears of progress. Moves no bit of a vector.
    fn texts_per_call(&self) -> usize {
        8192
    }

    /// One row a text, `[texts.len(), n_dims] f32`, each of length 1; a text in which the model sees nothing gives a
    /// row of zeros. A text's row does not depend on the other texts.
    ///
    /// # Errors
    ///
    /// Where the backend fails; no text is an error by itself.
    fn embed(&self, texts: &[&str]) -> Result<Matrix>;
}

/// The identity of a model: a BLAKE3 hash over its kind, version, parameters and learnt weights.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Hashes the parts of a model. Each part is preceded by its length, so no two lists of parts look alike.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The hash, 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(Fingerprint::of(&[b"ab", b"c"]), Fingerprint::of(&[b"a", b"bc"]));
        assert_ne!(Fingerprint::of(&[b"", b"a"]), Fingerprint::of(&[b"a"]));
    }

    #[test]
    fn prints_as_hexadecimal() {
        let mut bytes = [0u8; 32];
        bytes[0] = 0x0f;
        assert_eq!(Fingerprint::from(bytes).to_string(), format!("0f{}", "00".repeat(31)));
    }
}
