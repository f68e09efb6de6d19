//! The texts of a file, as an array of vectors.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use populi_embed::{TextSample, TokenTable};
use populi_model::Key;
use serde::Serialize;

use super::choice::Decision;
use super::lines::{self, Lines};
use super::open::Opened;
use super::{Model, ModelSettings, cache, embed_chunk, fit};
use crate::Result;
use crate::export::Existing;
use crate::ingest::ColumnRef;
use crate::matrix::{npy, outputs};
use crate::progress::{Progress, Unit};

/// Texts whose vectors are in memory at a time.
const CHUNK_TEXTS: usize = 8 * 1024;

/// Which file, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileParams {
    /// The texts: one a line (`.txt`), or a table.
    pub input: PathBuf,
    /// The column of a table that holds them. Default: guessed, as when a table is taken in.
    pub text: Option<ColumnRef>,
    /// Where the vectors go: `.npy`.
    pub out: PathBuf,
    /// What to do with an array that is there already.
    pub existing: Existing,
    /// Where vectors of dear models are kept. Default: the name of the output with `.cache` behind it.
    pub cache: Option<PathBuf>,
    /// The model. `lexical` is fitted on the file, and `auto` decides by it.
    pub model: Model,
    /// How it is reached and asked.
    pub settings: ModelSettings,
    /// Decides the sample that `auto` looks at and that `lexical` is fitted on.
    pub seed: u64,
}

/// What [`embed_file`] made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FileSummary {
    /// The texts.
    pub input: PathBuf,
    /// The column that they came from, of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The vectors, `[n_texts, n_dims]`, `float32`: row `i` is that of text `i`.
    pub output: PathBuf,
    /// The model.
    pub model: String,
    /// Why this one, where `auto` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The model's fingerprint.
    pub fingerprint: String,
    /// Rows.
    pub n_texts: u64,
    /// Columns.
    pub n_dims: usize,
    /// Different texts.
    pub n_distinct: u64,
    /// Different texts whose vector was kept by an earlier run; 0 of models that are cheaper than a cache.
    pub n_from_cache: u64,
    /// Rows of zeros: texts in which the model found nothing.
    pub n_empty: u64,
    /// Rows of a table that have nothing where the text should be; they are among the empty ones.
    pub n_missing: u64,
    /// Texts embedded in a second, those from the cache among them.
    pub texts_per_s: f64,
    /// The cache, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
}

/// Embeds the texts of a file. The same texts and model give the same bytes, at any number of threads.
///
/// Time: that of the model. Memory: the texts, the model, and some thousand vectors. What a transformer or a server computed is kept as it
/// comes, so the same call goes on after an interruption and embeds only what is new after a change of the file.
///
/// # Errors
/// When the file cannot be read as texts (with the line), the output cannot be written, or the model is not there or fails.
pub fn embed_file(params: &FileParams, progress: &dyn Progress) -> Result<FileSummary> {
    outputs::check(&[&params.input], &[&params.out], params.existing)?;
    progress.begin("read", None, Unit::Steps);
    let Lines { texts, n_missing, column } = lines::read(&params.input, params.text.as_ref())?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    progress.end();

    let chosen = Chosen::of(&texts, params)?;
    if let Some(why) = &chosen.why {
        progress.note(why);
    }
    let embedder = chosen.opened.embedder();
    let folder = params.cache.clone().unwrap_or_else(|| beside(&params.out));
    let kept = if chosen.opened.is_kept() { Some(cache::open_in(&folder, &chosen.opened)?) } else { None };

    progress.begin("embed", Some(texts.len() as u64), Unit::Rows);
    let since = Instant::now();
    let (mut n_empty, mut n_embedded) = (0, 0);
    let parts = texts.chunks(CHUNK_TEXTS).map(|chunk| {
        let vectors = embed_chunk(embedder, kept.as_ref(), chunk, &mut n_embedded, progress)?;
        n_empty += vectors.rows().filter(|row| row.iter().all(|&value| value == 0.0)).count() as u64;
        Ok(vectors.into_values())
    });
    npy::write_parts(&params.out, &[texts.len(), embedder.n_dims()], parts)?;
    let seconds = since.elapsed().as_secs_f64();
    progress.end();

    let n_distinct = texts.iter().map(|text| Key::of(text)).collect::<HashSet<_>>().len() as u64;
    Ok(FileSummary {
        input: params.input.clone(),
        column,
        output: params.out.clone(),
        model: params.settings.name_of(&chosen.model),
        why: chosen.why,
        fingerprint: embedder.fingerprint().to_string(),
        n_texts: texts.len() as u64,
        n_dims: embedder.n_dims(),
        n_distinct,
        n_from_cache: if kept.is_some() { n_distinct.saturating_sub(n_embedded) } else { 0 },
        n_empty,
        n_missing,
        texts_per_s: texts.len() as f64 / seconds.max(f64::MIN_POSITIVE),
        cache: kept.is_some().then_some(folder),
    })
}

/// A model that is ready, and how it was come by.
struct Chosen {
    model: Model,
    opened: Opened,
    why: Option<String>,
}

impl Chosen {
    fn of(texts: &[&str], params: &FileParams) -> Result<Self> {
        let mut sample = TextSample::new(&fit::params(params.seed));
        let (model, why) = match &params.model {
            Model::Auto => {
                sample.add(texts);
                let decision = Decision::of(&sample, &TokenTable::embedded()?, serde_json::Value::Null);
                (decision.model.clone(), Some(decision.why()))
            }
            Model::Lexical => {
                sample.add(texts);
                (Model::Lexical, None)
            }
            other => (other.clone(), None),
        };
        params.settings.check(&model)?;
        let opened = match model {
            Model::Lexical => Opened::Quick(Box::new(fit::learn(&sample, params.seed)?)),
            _ => params.settings.open(&model)?,
        };
        Ok(Self { model, opened, why })
    }
}

/// The folder of the cache, where none is named.
pub(super) fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".cache");
    name.into()
}
