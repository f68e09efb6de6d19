//! The stage that turns the text of every visible post, or of a selection of them, into a vector.

use std::collections::{BTreeMap, HashMap};

use populi_embed::{Embedder, Lexical, LexicalParams, TextKey, TextSample, VectorCache, embed_cached};
use populi_geometry::Matrix;
use populi_model::Key;
use populi_model::table::{PostText, VectorRow};
use populi_store::{Corpus, Snapshot, StepOutput, StepSpec};
use serde::{Deserialize, Serialize};

use crate::progress::{Progress, Unit};
use crate::select::{Chosen, Selection};
use crate::visible::{CHUNK_POSTS, rows_by_chunk, visible_posts};
use crate::{Outcome, Result, summary_of, unless_done};

/// Above this, vectors of an earlier run are not held in memory for reuse; they are then computed again.
const MAX_CACHE_BYTES: u64 = 1 << 30;

/// Which model makes the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Words and parts of words, TF-IDF, randomised SVD: no download, any script.
    #[default]
    Lexical,
}

impl Model {
    /// The table of its vectors.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Lexical => "vectors/lexical",
        }
    }
}

/// How to embed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EmbedParams {
    /// The model.
    pub model: Model,
    /// Decides the sample that a model is fitted on.
    pub seed: u64,
}

/// What [`embed`] made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbedSummary {
    /// The table of the vectors.
    pub table: String,
    /// The model's fingerprint: equal ones give equal vectors for equal texts.
    pub fingerprint: String,
    /// Dimensions of a vector.
    pub n_dims: usize,
    /// Posts.
    pub n_posts: u64,
    /// Posts whose vector is zero: texts in which the model found nothing.
    pub n_empty: u64,
    /// Visible posts that the selection left out, by clause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// Embeds every visible post that the selection admits. Time linear in the text, after fitting on at most 20,000 of the texts; memory a few
/// thousand posts, the fitted model, and at most 1 GiB of vectors to reuse.
///
/// # Errors
/// When the corpus cannot be read or written, the selection leaves nothing or asks for languages that were not told yet, or
/// the model fails.
pub fn embed(
    corpus: &mut Corpus,
    params: EmbedParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Outcome<EmbedSummary>> {
    let mut inputs = vec!["posts", "accounts"];
    inputs.extend(selection.asks_for_languages().then_some("languages"));
    let spec = StepSpec {
        step: "embed",
        step_version: 1,
        parameters: serde_json::json!({
            "model": params.model,
            "seed": params.seed,
            "select": selection.parameters(),
        }),
        inputs: inputs.into_iter().map(str::to_owned).collect(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        let chosen = Chosen::of(&snapshot, selection, progress)?;
        let n_posts = chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"));
        progress.begin("fit the embedder", Some(n_posts), Unit::Rows);
        let model = fit_lexical(&snapshot, &chosen, params.seed, progress)?;
        progress.end();

        progress.begin("embed", Some(n_posts), Unit::Rows);
        let cache = StandingVectors::load(&snapshot, params.model, &model)?;
        let mut summary = EmbedSummary {
            table: params.model.table().to_owned(),
            fingerprint: model.fingerprint().to_string(),
            n_dims: model.n_dims(),
            left_out: chosen.left_out(),
            ..EmbedSummary::default()
        };
        let rows = rows_by_chunk(&snapshot, &chosen, progress, |posts| {
            let rows = embed_chunk(&model, &cache, posts)?;
            summary.n_posts += rows.len() as u64;
            summary.n_empty +=
                rows.iter().filter(|row| row.vector.iter().all(|&value| value == 0.0)).count() as u64;
            Ok(rows)
        });
        let mut output = StepOutput::new(&snapshot);
        output.write_as(params.model.table(), rows)?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

/// Fits the lexical model on a sample of the texts that depends on their set only.
fn fit_lexical(snapshot: &Snapshot, chosen: &Chosen, seed: u64, progress: &dyn Progress) -> Result<Lexical> {
    let params = LexicalParams { seed, ..LexicalParams::default() };
    let mut sample = TextSample::new(&params);
    let mut posts = visible_posts::<PostText<'_>>(snapshot, chosen);
    loop {
        let chunk: Vec<PostText<'_>> = posts.by_ref().take(CHUNK_POSTS).collect::<Result<_>>()?;
        if chunk.is_empty() {
            return Ok(Lexical::learn(&sample, &params)?);
        }
        let texts: Vec<&str> = chunk.iter().map(|post| &*post.text).collect();
        sample.add(&texts);
        progress.advance(chunk.len() as u64);
    }
}

fn embed_chunk(
    model: &dyn Embedder,
    cache: &StandingVectors,
    posts: &[PostText<'_>],
) -> Result<Vec<VectorRow>> {
    let texts: Vec<&str> = posts.iter().map(|post| &*post.text).collect();
    let vectors = embed_cached(model, cache, &texts)?;
    let row = |(post, vector): (&PostText<'_>, &[f32])| VectorRow {
        post_key: post.post_key,
        text_key: Key::of(&post.text),
        vector: vector.to_vec(),
    };
    Ok(posts.iter().zip(vectors.rows()).map(row).collect())
}

/// The vectors of the last run, where the same model made them: texts that were embedded once are not embedded again.
struct StandingVectors(HashMap<Key, Vec<f32>>);

impl StandingVectors {
    fn load(snapshot: &Snapshot, model: Model, embedder: &dyn Embedder) -> Result<Self> {
        let made_by =
            summary_of::<EmbedSummary>(snapshot.manifest(), "embed").map(|summary| summary.fingerprint);
        let n_bytes = snapshot.n_rows(model.table()) * (embedder.n_dims() * size_of::<f32>()) as u64;
        let mut vectors = HashMap::new();
        if made_by == Some(embedder.fingerprint().to_string()) && n_bytes <= MAX_CACHE_BYTES {
            for row in snapshot.rows_of::<VectorRow>(model.table()) {
                let row = row?;
                vectors.insert(row.text_key, row.vector);
            }
        }
        Ok(Self(vectors))
    }
}

impl VectorCache for StandingVectors {
    fn get(&self, keys: &[TextKey]) -> populi_embed::Result<Vec<Option<Vec<f32>>>> {
        let key = |key: &TextKey| {
            let mut prefix = [0; 16];
            prefix.copy_from_slice(&key.text[..16]);
            Key(prefix)
        };
        Ok(keys.iter().map(|text| self.0.get(&key(text)).cloned()).collect())
    }

    /// What is computed is kept by the table that this stage writes.
    fn put(&self, _: &[TextKey], _: &Matrix) -> populi_embed::Result<()> {
        Ok(())
    }
}
