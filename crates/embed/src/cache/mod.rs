//! A cache of vectors, keyed by the model and the text: what was embedded once is not embedded again.

mod file;
mod memory;
mod record;

use std::collections::HashMap;
use std::ops::ControlFlow;

use populi_geometry::Matrix;
use rayon::prelude::*;

pub use file::FileCache;
pub use memory::MemoryCache;

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
        Self { model, text: Self::hash(text) }
    }

    /// The part of the key that depends on the text alone.
    pub fn hash(text: &str) -> [u8; 32] {
        *blake3::hash(text.as_bytes()).as_bytes()
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

/// The vectors of `texts`, `[texts.len(), n_dims] f32`: those in `cache` from there, the others from `embedder`, which
/// sees each distinct text once and in the order of first appearance.
///
/// It is asked for [`texts_per_call`](Embedder::texts_per_call) texts at a time, and what a call computed goes into the cache
/// before the next: a process that is stopped loses one call.
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
    embed_watched(embedder, cache, texts, &mut |_| ControlFlow::Continue(()))
}

/// A step of [`embed_watched`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Texts whose vectors are known now and were not before, equal ones counted each.
    pub n_texts: usize,
    /// Distinct texts that the embedder saw for it; 0 where they came from the cache.
    pub n_embedded: usize,
}

/// As [`embed_cached`]; `watch` hears how far it is, once for what was in the cache and then after every call of the embedder, and
/// may stop it. The steps sum up to `texts.len()`.
///
/// # Errors
///
/// As [`embed_cached`]; [`Error::Stopped`] where `watch` says so. What was computed is in the cache.
pub fn embed_watched(
    embedder: &dyn Embedder,
    cache: &dyn VectorCache,
    texts: &[&str],
    watch: &mut dyn FnMut(Settled) -> ControlFlow<()>,
) -> Result<Matrix> {
    let distinct = Distinct::new(embedder.fingerprint(), texts);
    let mut rows = cache.get(&distinct.keys)?;
    same_size("vectors from the cache", distinct.keys.len(), rows.len())?;

    let missing: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].is_none()).collect();
    let n_missing: usize = missing.iter().map(|&i| distinct.n_equal[i]).sum();
    let mut settle = |n_texts, n_embedded| match watch(Settled { n_texts, n_embedded }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    };
    settle(texts.len() - n_missing, 0)?;
    for call in missing.chunks(embedder.texts_per_call().max(1)) {
        let call_texts: Vec<&str> = call.iter().map(|&i| texts[distinct.first[i]]).collect();
        let computed = embedder.embed(&call_texts)?;
        same_size("rows from the embedder", call.len(), computed.n_rows())?;
        let keys: Vec<TextKey> = call.iter().map(|&i| distinct.keys[i]).collect();
        cache.put(&keys, &computed)?;
        call.iter().zip(computed.rows()).for_each(|(&i, row)| rows[i] = Some(row.to_vec()));
        settle(call.iter().map(|&i| distinct.n_equal[i]).sum(), call.len())?;
    }

    let n_dims = embedder.n_dims();
    let mut values = Vec::with_capacity(texts.len() * n_dims);
    for &i in &distinct.of_text {
        let row = rows[i].as_deref().unwrap_or_default();
        same_size("dimensions of a vector", n_dims, row.len())?;
        values.extend_from_slice(row);
    }
    Ok(Matrix::from_vec(texts.len(), n_dims, values)?)
}

/// The distinct texts of one call.
struct Distinct {
    /// One key a distinct text, in the order of first appearance.
    keys: Vec<TextKey>,
    /// Where each distinct text appears first.
    first: Vec<usize>,
    /// How many texts are equal to each, itself included.
    n_equal: Vec<usize>,
    /// Which distinct text each text is.
    of_text: Vec<usize>,
}

impl Distinct {
    fn new(model: Fingerprint, texts: &[&str]) -> Self {
        let all: Vec<TextKey> =
            texts.par_iter().with_min_len(256).map(|text| TextKey::new(model, text)).collect();
        let mut ids: HashMap<[u8; 32], usize> = HashMap::with_capacity(all.len());
        let of_text = Vec::with_capacity(all.len());
        let mut distinct = Self { keys: vec![], first: vec![], n_equal: vec![], of_text };
        for (i, key) in all.into_iter().enumerate() {
            let id = *ids.entry(key.text).or_insert_with(|| {
                distinct.keys.push(key);
                distinct.first.push(i);
                distinct.n_equal.push(0);
                distinct.keys.len() - 1
            });
            distinct.n_equal[id] += 1;
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
    use std::sync::Mutex;

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

        fn texts_per_call(&self) -> usize {
            2
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
    fn what_a_call_computed_is_kept_when_the_next_is_not_made() {
        let (model, cache) = (Lengths::default(), MemoryCache::default());
        let texts = ["a", "bb", "a", "ccc", "dddd"];
        let mut steps = Vec::new();
        let stopped = embed_watched(&model, &cache, &texts, &mut |step| {
            steps.push((step.n_texts, step.n_embedded));
            if steps.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(Error::Stopped)));
        assert_eq!(steps, [(0, 0), (3, 2)], "two distinct texts a call, one of which stands twice");

        steps.clear();
        let vectors = embed_watched(&model, &cache, &texts, &mut |step| {
            steps.push((step.n_texts, step.n_embedded));
            ControlFlow::Continue(())
        });
        assert_eq!(vectors.unwrap().values(), [1.0, 2.0, 1.0, 3.0, 4.0]);
        assert_eq!(steps, [(3, 0), (2, 2)]);
        assert_eq!(*model.asked.lock().unwrap(), ["a", "bb", "ccc", "dddd"]);
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
