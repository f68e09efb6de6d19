//! A model that is opened once, for texts that are none of the table `posts`.

use std::path::Path;

use populi_embed::FileCache;
use populi_geometry::Matrix;
use populi_store::Corpus;

use super::open::Opened;
use super::{Model, ModelSettings, cache, embed_chunk};
use crate::progress::Progress;
use crate::{Error, Result};

/// A model that needs no fit, and where the vectors of a dear one are kept.
pub(crate) struct OpenModel {
    name: String,
    opened: Opened,
    kept: Option<FileCache>,
}

impl OpenModel {
    /// Opens a model; `auto` is the one that comes with the program. What a dear one computes is kept in a folder of caches.
    ///
    /// # Errors
    /// When there is no such model, it is `lexical`, or a setting is none of its.
    pub(crate) fn with_cache(model: &Model, settings: &ModelSettings, folder: &Path) -> Result<Self> {
        Self::open(model, settings, |opened| cache::open_in(folder, opened))
    }

    /// The same, and what it computes is kept with the corpus.
    ///
    /// # Errors
    /// As [`with_cache`](Self::with_cache).
    pub(crate) fn in_corpus(model: &Model, settings: &ModelSettings, corpus: &Corpus) -> Result<Self> {
        Self::open(model, settings, |opened| cache::open(corpus, opened))
    }

    fn open(
        model: &Model,
        settings: &ModelSettings,
        cache: impl FnOnce(&Opened) -> Result<FileCache>,
    ) -> Result<Self> {
        let model = if *model == Model::Auto { &Model::Static } else { model };
        if *model == Model::Lexical {
            let reason = "it is fitted on the texts of one corpus, and its vectors mean nothing elsewhere; take static, or a transformer";
            return Err(Error::NoModel { name: model.to_string(), reason: reason.to_owned() });
        }
        settings.check(model)?;
        let opened = settings.open(model)?;
        let kept = if opened.is_kept() { Some(cache(&opened)?) } else { None };
        Ok(Self { name: settings.name_of(model), opened, kept })
    }

    /// The model's name, without the folder or the server that it came from.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Equal fingerprints give equal vectors.
    pub(crate) fn fingerprint(&self) -> String {
        self.opened.embedder().fingerprint().to_string()
    }

    /// Dimensions of a vector.
    pub(crate) fn n_dims(&self) -> usize {
        self.opened.embedder().n_dims()
    }

    /// The vectors of texts, `[n, n_dims]`; progress is told by text.
    ///
    /// # Errors
    /// When the model fails, or the user asks to stop.
    pub(crate) fn vectors(&self, texts: &[&str], progress: &dyn Progress) -> Result<Matrix> {
        embed_chunk(self.opened.embedder(), self.kept.as_ref(), texts, &mut 0, progress)
    }
}
