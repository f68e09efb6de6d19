//! The vectors of dear models, kept in the folder of the corpus: what was embedded once is not embedded again, whether or not its
//! run came to an end.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use populi_embed::{FileCache, Server, TextKey, VectorCache};
use populi_model::table::PostText;
use populi_store::{Corpus, Snapshot};

use super::open::Opened;
use crate::Result;
use crate::error::io;
use crate::select::Chosen;
use crate::visible::visible_posts;

/// The folder of the caches in that of what can be computed again.
const VECTORS: &str = "vectors";

/// Opens the cache of a model in a corpus.
pub(super) fn open(corpus: &Corpus, model: &Opened) -> Result<FileCache> {
    let folder = folder(corpus);
    FileCache::empty_if_unknown(&of_model(&folder, model))?;
    open_in(&folder, model)
}

/// Opens the cache of a model in a folder of caches: one folder a model.
pub(super) fn open_in(folder: &Path, model: &Opened) -> Result<FileCache> {
    let embedder = model.embedder();
    let fingerprint = embedder.fingerprint();
    let mut cache = FileCache::open(&of_model(folder, model), fingerprint, embedder.n_dims())?;
    // Without it nobody can say whether the server has the model that the other vectors are of.
    let probe = TextKey::new(fingerprint, Server::PROBE);
    if matches!(model, Opened::Server(_)) && !cache.is_empty() && cache.get(&[probe])?[0].is_none() {
        cache.retain(|_| false)?;
    }
    model.check(&cache)?;
    Ok(cache)
}

/// Drops, from the caches of all models, the texts that no visible post has any more. A pass over the texts, where there is a cache;
/// 50 bytes a distinct text.
pub(super) fn prune(corpus: &Corpus, snapshot: &Snapshot) -> Result<()> {
    let folder = folder(corpus);
    let mut caches = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder).map_err(io("list", &folder))? {
            let path = entry.map_err(io("list", &folder))?.path();
            FileCache::empty_if_unknown(&path)?;
            caches.extend(FileCache::reopen(&path)?);
        }
    }
    if caches.is_empty() {
        return Ok(());
    }
    // What tells that a server has its model still is no post's.
    let mut texts = HashSet::from([TextKey::hash(Server::PROBE)]);
    for post in visible_posts::<PostText<'_>>(snapshot, &Chosen::all(snapshot)?) {
        texts.insert(TextKey::hash(&post?.text));
    }
    for cache in &mut caches {
        cache.retain(|text| texts.contains(text))?;
    }
    Ok(())
}

/// The folder of a model's cache in a folder of caches.
fn of_model(folder: &Path, model: &Opened) -> PathBuf {
    folder.join(model.embedder().fingerprint().to_string())
}

fn folder(corpus: &Corpus) -> PathBuf {
    corpus.cache_folder().join(VECTORS)
}
