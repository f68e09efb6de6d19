//! A cache of vectors, keyed by the model and the text: what was embedded once is not embedded again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use populi_geometry::Matrix;
use rayon::prelude::*;

use crate::embedder::{Embedder, Fingerprint};
use crate::error::{Error, Result};

/// One text as one model sees it: the key of its vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextKey {
    /// The model.
    pub model: Fingerprint,
    /// BLAKE3 of the text's bytes.
    pub text: [u8; 32],
}

impl TextKey {
    /// The key of `text` under `model`.
    pub fn new(model: Fingerprint, text: &str) -> Self {
        Self { model, text: *blake3::hash(text.as_bytes()).as_bytes() }
    }
}

/// Where vectors are kept. Losing entries is allowed; returning another vector than was put is not.
pub trait VectorCache {
    /// The vectors of `keys`, in their order, `None` where there is none: `[keys.len()]`.
    ///
    /// # Errors
    ///
    /// [`Error::Cache`] where the cache cannot be read.
    fn get(&self, keys: &[TextKey]) -> Result<Vec<Option<Vec<f32>>>>;

    /// Keeps row `i` of `vectors` for `keys[i]`. Keys are distinct and were not found by the last [`get`](Self::get).
    ///
    /// # Errors
    ///
    /// [`Error::Cache`] where the cache cannot be written.
    fn put(&self, keys: &[TextKey], vectors: &Matrix) -> Result<()>;
}

/// A cache that lasts as long as it is in memory.
#[derive(Debug, Default)]
pub struct MemoryCache {
    vectors: Mutex<HashMap<TextKey, Vec<f32>>>,
}

impl VectorCache for MemoryCache {
    fn get(&self, keys: &[TextKey]) -> Result<Vec<Option<Vec<f32>>>> {
        let vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().map(|key| vectors.get(key).cloned()).collect())
    }

    fn put(&self, keys: &[TextKey], vectors: &Matrix) -> Result<()> {
        let mut kept = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(keys.iter().copied().zip(vectors.rows().map(<[f32]>::to_vec)));
        Ok(())
    }
}

/// The vectors of `texts`, `[texts.len(), n_dims] f32`: those in `cache` from there, the others from `embedder`, which
/// sees each distinct text once and in the order of first appearance. What was computed goes into the cache.
///
/// ```
/// use populi_embed::{Lexical, LexicalParams, MemoryCache, embed_cached};
///
/// let texts = ["a red fox", "a brown bear", "a red fox"];
/// let model = Lexical::fit(&texts, &LexicalParams::default())?;
/// let vectors = embed_cached(&model, &MemoryCache::default(), &texts)?;
/// assert_eq!(vectors.row(0), vectors.row(2));
/// # Ok::<(), populi_embed::Error>(())
/// ```
///
/// # Errors
///
/// What `embedder` and `cache` say; [`Error::Shape`] where the cache returns vectors of another size.
pub fn embed_cached(embedder: &dyn Embedder, cache: &dyn VectorCache, texts: &[&str]) -> Result<Matrix> {
    let distinct = Distinct::new(embedder.fingerprint(), texts);
    let known = cache.get(&distinct.keys)?;
    same_size("vectors from the cache", distinct.keys.len(), known.len())?;

    let missing: Vec<usize> = (0..known.len()).filter(|&i| known[i].is_none()).collect();
    let missing_texts: Vec<&str> = missing.iter().map(|&i| texts[distinct.first[i]]).collect();
    let computed = embedder.embed(&missing_texts)?;
    same_size("rows from the embedder", missing.len(), computed.n_rows())?;
    if !missing.is_empty() {
        let keys: Vec<TextKey> = missing.iter().map(|&i| distinct.keys[i]).collect();
        cache.put(&keys, &computed)?;
    }

    let n_dims = embedder.n_dims();
    let mut rows_of_computed = computed.rows();
    let mut rows: Vec<&[f32]> = Vec::with_capacity(known.len());
    for vector in &known {
        let row = vector.as_deref().or_else(|| rows_of_computed.next()).unwrap_or_default();
        same_size("dimensions of a vector", n_dims, row.len())?;
        rows.push(row);
    }
    let values = distinct.of_text.iter().flat_map(|&i| rows[i]).copied().collect();
    Ok(Matrix::from_vec(texts.len(), n_dims, values)?)
}

/// The distinct texts of one call.
struct Distinct {
    /// One key a distinct text, in the order of first appearance.
    keys: Vec<TextKey>,
    /// Where each distinct text appears first.
    first: Vec<usize>,
    /// Which distinct text each text is.
    of_text: Vec<usize>,
}

impl Distinct {
    fn new(model: Fingerprint, texts: &[&str]) -> Self {
        let all: Vec<TextKey> =
            texts.par_iter().with_min_len(256).map(|text| TextKey::new(model, text)).collect();
        let mut ids: HashMap<[u8; 32], usize> = HashMap::with_capacity(all.len());
        let mut distinct = Self { keys: vec![], first: vec![], of_text: Vec::with_capacity(all.len()) };
        for (i, key) in all.into_iter().enumerate() {
            let id = *ids.entry(key.text).or_insert_with(|| {
                distinct.keys.push(key);
                distinct.first.push(i);
                distinct.keys.len() - 1
            });
            distinct.of_text.push(id);
        }
        distinct
    }
}

fn same_size(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// The vector of a text is its length; remembers what it was asked for.
    #[derive(Default)]
    struct Lengths {
        version: u8,
        asked: Mutex<Vec<String>>,
    }

    impl Embedder for Lengths {
        fn fingerprint(&self) -> Fingerprint {
            Fingerprint::of(&[b"lengths", &[self.version]])
        }

        fn n_dims(&self) -> usize {
            1
        }

        fn embed(&self, texts: &[&str]) -> Result<Matrix> {
            self.asked.lock().unwrap().extend(texts.iter().map(|text| (*text).to_owned()));
            Ok(Matrix::from_vec(texts.len(), 1, texts.iter().map(|text| text.len() as f32).collect())?)
        }
    }

    #[test]
    fn equal_texts_are_embedded_once_and_known_ones_never() {
        let (model, cache) = (Lengths::default(), MemoryCache::default());
        let vectors = embed_cached(&model, &cache, &["bb", "a", "bb", ""]).unwrap();
        assert_eq!(vectors.values(), [2.0, 1.0, 2.0, 0.0]);
        let vectors = embed_cached(&model, &cache, &["ccc", "a"]).unwrap();
        assert_eq!(vectors.values(), [3.0, 1.0]);
        assert_eq!(*model.asked.lock().unwrap(), ["bb", "a", "", "ccc"]);
    }

    #[test]
    fn another_model_does_not_get_the_vectors_of_the_first() {
        let cache = MemoryCache::default();
        embed_cached(&Lengths::default(), &cache, &["a"]).unwrap();
        let second = Lengths { version: 2, ..Lengths::default() };
        embed_cached(&second, &cache, &["a"]).unwrap();
        assert_eq!(*second.asked.lock().unwrap(), ["a"]);
    }

    #[test]
    fn no_texts_give_no_rows() {
        let vectors = embed_cached(&Lengths::default(), &MemoryCache::default(), &[]).unwrap();
        assert_eq!((vectors.n_rows(), vectors.n_cols()), (0, 1));
    }

    #[test]
    fn a_damaged_cache_is_an_error() {
        let (model, cache) = (Lengths::default(), MemoryCache::default());
        let key = TextKey::new(model.fingerprint(), "a");
        cache.put(&[key], &Matrix::zeros(1, 3)).unwrap();
        let error = embed_cached(&model, &cache, &["a"]).unwrap_err();
        assert!(error.to_string().starts_with("dimensions of a vector: expected 1, got 3"), "{error}");
    }
}
