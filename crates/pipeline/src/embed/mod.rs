//! The stage that turns the text of every visible post, or of a selection of them, into a vector.
//!
//! 1. Which model (`model.rs`). `auto` is decided on a sample of the texts, once a corpus (`choice.rs`).
//! 2. The model as an `Embedder` (`open.rs`); the lexical one is fitted on the texts, or taken as it was fitted before (`fit.rs`).
//! 3. All texts through it, some thousand posts at a time; through a cache where it computes long (`cache.rs`).
//!
//! [`embed_file`] does the same for the texts of any file, and [`distil_file`] makes a table of word pieces of a larger model.

mod cache;
mod choice;
mod distil;
mod file;
mod fit;
pub(crate) mod lines;
mod model;
mod open;
mod opened_once;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use populi_embed::{Embedder, FileCache, Lexical, Settled, TextSample, TokenTable, embed_watched};
use populi_geometry::Matrix;
use populi_model::Key;
use populi_model::table::{PostText, VectorRow};
use populi_store::{Corpus, Snapshot, StepOutput, StepSpec};
use serde::{Deserialize, Serialize};

use crate::progress::{Progress, Unit, stop_if_asked};
use crate::select::{Chosen, Selection};
use crate::visible::{CHUNK_POSTS, rows_by_chunk, visible_posts};
use crate::{Error, Outcome, Result, Work, done_before, refuse_interrupted, summary_of};

pub use choice::Decision;
pub use distil::{DistilFileParams, DistilSummary, distil_file};
pub use file::{FileParams, FileSummary, embed_file};
use fit::FitOf;
pub use model::Model;
pub use open::ModelSettings;
use open::Opened;
pub(crate) use opened_once::OpenModel;
pub use populi_embed::{DistilParams, Nearness};

/// The name of the step.
const STEP: &str = "embed";

/// How to embed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EmbedParams {
    /// The model. Default `auto`.
    pub model: Model,
    /// How it is reached and asked.
    pub settings: ModelSettings,
    /// Decides the sample that `auto` looks at and that `lexical` is fitted on.
    pub seed: u64,
    /// Whether what was decided and fitted before is decided and fitted anew. Default: it holds also when posts were added.
    pub refit: bool,
}

/// What [`embed`] made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbedSummary {
    /// The model, without the folder that it came from.
    #[serde(default)]
    pub model: String,
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
    /// What `auto` decided when it was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What the lexical model was fitted on, where that is the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fit: Option<FitOf>,
    /// Of a model whose vectors are kept: distinct texts whose vector was there before this run. The manifest does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_from_cache: Option<u64>,
    /// Of such a model: distinct texts that it saw in this run. The manifest does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_embedded: Option<u64>,
    /// Visible posts that the selection left out, by clause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

impl EmbedSummary {
    /// Why this model, where `auto` decided so.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let decision = self.decision.as_ref()?;
        (decision.model.to_string() == self.model).then(|| decision.why())
    }
}

/// Embeds every visible post that the selection admits.
///
/// Time: that of the model, linear in the text; before that a pass over the texts where `auto` decides or `lexical` is fitted (on at most
/// 20,000 of them). Memory: a few thousand posts, the model, and of one whose vectors are kept 150 bytes a distinct text. A model that is a transformer or a server sees each distinct text once: what
/// it computed is kept in the corpus's folder, so that an interrupted run goes on where it was and a later one embeds what is new.
///
/// # Errors
/// When the corpus cannot be read or written, the selection leaves nothing or asks for languages that were not told yet, the
/// model is not there or fails, or a setting is none of the model's.
pub fn embed(
    corpus: &mut Corpus,
    params: &EmbedParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Outcome<EmbedSummary>> {
    refuse_interrupted(corpus)?;
    let snapshot = corpus.snapshot();
    let before = summary_of::<EmbedSummary>(snapshot.manifest(), STEP);
    let mut texts = Texts::new(&snapshot, selection, progress);

    let decision = decide(params, before.as_ref(), &mut texts)?;
    let decides_now = decision != before.as_ref().and_then(|before| before.decision.clone());
    let model = match (&params.model, &decision) {
        (Model::Auto, Some(decision)) => decision.model.clone(),
        (asked, _) => asked.clone(),
    };
    params.settings.check(&model)?;
    let fit_of = FitOf { seed: params.seed, select: selection.parameters() };
    let standing_fit = before.filter(|before| !params.refit && fit::stands(&snapshot, before, &fit_of));

    // What can be known of the model's vectors before the texts are read.
    let (identity, opened) = match &model {
        Model::Lexical => (standing_fit.as_ref().map(|before| before.fingerprint.clone()), None),
        Model::Server(url) => (Some(params.settings.identity_of_server(url)), None),
        _ => {
            let opened = params.settings.open(&model)?;
            (Some(opened.embedder().fingerprint().to_string()), Some(opened))
        }
    };
    let name = params.settings.name_of(&model);
    let seed = (model == Model::Lexical).then_some(params.seed);
    let spec = |identity: &str| spec(&name, identity, seed, selection);
    // A new decision has to be written down, though the vectors be those that are there.
    if !decides_now
        && let Some(identity) = &identity
        && let Some(mut done) = done_before::<EmbedSummary>(corpus, &spec(identity))
    {
        done.summary.decision = decision;
        return Ok(done);
    }

    let backend = match (opened, &model, &standing_fit) {
        (Some(model), ..) => Backend::Opened(model),
        (None, Model::Lexical, Some(before)) => Backend::Standing(fit::load(&snapshot, &before.fingerprint)?),
        (None, Model::Lexical, None) => Backend::Fitted(fit::learn(texts.sample(params.seed)?, params.seed)?),
        (None, ..) => Backend::Opened(params.settings.open(&model)?),
    };
    let embedder = backend.embedder();
    let mut summary = EmbedSummary {
        table: model::table_of(&name),
        model: name.clone(),
        fingerprint: embedder.fingerprint().to_string(),
        n_dims: embedder.n_dims(),
        decision,
        fit: (model == Model::Lexical).then(|| fit_of.clone()),
        ..EmbedSummary::default()
    };
    if let (Model::Auto, Some(why)) = (&params.model, summary.why()) {
        progress.note(&why);
    }
    let kept = match &backend {
        Backend::Opened(opened) if opened.is_kept() => Some(cache::open(corpus, opened)?),
        _ => None,
    };
    let mut counts = Counts::default();
    let chosen = texts.chosen()?;
    summary.left_out = chosen.left_out();

    progress.begin("embed", Some(chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"))), Unit::Rows);
    let rows = rows_by_chunk(&snapshot, chosen, progress, |posts: &[PostText<'static>]| {
        let texts: Vec<&str> = posts.iter().map(|post| &*post.text).collect();
        let vectors = embed_chunk(embedder, kept.as_ref(), &texts, &mut counts.n_embedded, progress)?;
        counts.rows(posts, &vectors, kept.is_some())
    });
    let mut output = StepOutput::new(&snapshot);
    output.write_as(&summary.table, rows)?;
    match &backend {
        Backend::Fitted(model) => fit::write(&mut output, model)?,
        Backend::Standing(_) => output.keep(fit::TABLE),
        Backend::Opened(_) => {}
    }
    (summary.n_posts, summary.n_empty) = (counts.n_posts, counts.n_empty);
    // Before the commit: what is published has no vector left of a text that is gone.
    let is_kept = kept.is_some();
    drop(kept);
    cache::prune(corpus, &snapshot)?;
    output.publish(
        corpus,
        &spec(identity.as_ref().unwrap_or(&summary.fingerprint)),
        serde_json::json!(summary),
    )?;
    progress.end();
    if is_kept {
        summary.n_embedded = Some(counts.n_embedded);
        // A record that was damaged meanwhile is embedded a second time.
        summary.n_from_cache = Some((counts.distinct.len() as u64).saturating_sub(counts.n_embedded));
    }
    Ok(Outcome { work: Work::Done, summary })
}

/// What decides the vectors beside the posts; the seed only where something is drawn.
fn spec(model: &str, identity: &str, seed: Option<u64>, selection: &Selection) -> StepSpec {
    let mut inputs = vec!["posts", "accounts"];
    inputs.extend(selection.asks_for_languages().then_some("languages"));
    StepSpec {
        step: STEP,
        step_version: 2,
        parameters: serde_json::json!({
            "model": model,
            "identity": identity,
            "seed": seed,
            "select": selection.parameters(),
        }),
        inputs: inputs.into_iter().map(str::to_owned).collect(),
    }
}

/// What `auto` comes to: what was decided before of the same selection, else what the sample says; of another model what was
/// decided before, to be kept.
fn decide(
    params: &EmbedParams,
    before: Option<&EmbedSummary>,
    texts: &mut Texts<'_>,
) -> Result<Option<Decision>> {
    let select = texts.selection.parameters();
    let is_asked = params.model == Model::Auto;
    let before = before.and_then(|before| before.decision.clone());
    let standing = before.filter(|decision| decision.select == select && !(is_asked && params.refit));
    if standing.is_some() || !is_asked {
        return Ok(standing);
    }
    let table = TokenTable::embedded()?;
    Ok(Some(Decision::of(texts.sample(params.seed)?, &table, select)))
}

/// A model that is ready, and where it came from.
enum Backend {
    /// Fitted on these texts.
    Fitted(Lexical),
    /// Fitted by an earlier run.
    Standing(Lexical),
    /// Trained before.
    Opened(Opened),
}

impl Backend {
    fn embedder(&self) -> &dyn Embedder {
        match self {
            Self::Fitted(model) | Self::Standing(model) => model,
            Self::Opened(model) => model.embedder(),
        }
    }
}

/// The posts that are to be embedded, looked at when they are first wanted.
struct Texts<'a> {
    snapshot: &'a Snapshot,
    selection: &'a Selection,
    progress: &'a dyn Progress,
    chosen: Option<Chosen>,
    sample: Option<TextSample>,
}

impl<'a> Texts<'a> {
    fn new(snapshot: &'a Snapshot, selection: &'a Selection, progress: &'a dyn Progress) -> Self {
        Self { snapshot, selection, progress, chosen: None, sample: None }
    }

    fn chosen(&mut self) -> Result<&Chosen> {
        let chosen = match self.chosen.take() {
            Some(chosen) => chosen,
            None => Chosen::of(self.snapshot, self.selection, self.progress)?,
        };
        Ok(self.chosen.insert(chosen))
    }

    /// A sample that depends on the set of the texts only: of the size that a fit wants, whose start is that of a smaller one.
    fn sample(&mut self, seed: u64) -> Result<&TextSample> {
        let sample = match self.sample.take() {
            Some(sample) => sample,
            None => {
                let (snapshot, progress) = (self.snapshot, self.progress);
                let chosen = self.chosen()?;
                let n_posts = chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"));
                progress.begin("sample of texts", Some(n_posts), Unit::Rows);
                let mut sample = TextSample::new(&fit::params(seed));
                let mut posts = visible_posts::<PostText<'_>>(snapshot, chosen);
                loop {
                    let chunk: Vec<PostText<'_>> = posts.by_ref().take(CHUNK_POSTS).collect::<Result<_>>()?;
                    if chunk.is_empty() {
                        break;
                    }
                    sample.add(&chunk.iter().map(|post| &*post.text).collect::<Vec<_>>());
                    progress.advance(chunk.len() as u64);
                    stop_if_asked(progress)?;
                }
                progress.end();
                sample
            }
        };
        Ok(self.sample.insert(sample))
    }
}

/// What is counted while vectors are made.
#[derive(Default)]
struct Counts {
    n_posts: u64,
    n_empty: u64,
    n_embedded: u64,
    /// The texts, where they are kept.
    distinct: HashSet<Key>,
}

impl Counts {
    fn rows(&mut self, posts: &[PostText<'_>], vectors: &Matrix, is_kept: bool) -> Result<Vec<VectorRow>> {
        let rows: Vec<VectorRow> = posts
            .iter()
            .zip(vectors.rows())
            .map(|(post, vector)| VectorRow {
                post_key: post.post_key,
                text_key: Key::of(&post.text),
                vector: vector.to_vec(),
            })
            .collect();
        self.n_posts += rows.len() as u64;
        self.n_empty += rows.iter().filter(|row| row.vector.iter().all(|&value| value == 0.0)).count() as u64;
        if is_kept {
            self.distinct.extend(rows.iter().map(|row| row.text_key));
        }
        Ok(rows)
    }
}

/// The vectors of some texts. Through a cache each call of the model is told and can be the last.
fn embed_chunk(
    embedder: &dyn Embedder,
    cache: Option<&FileCache>,
    texts: &[&str],
    n_embedded: &mut u64,
    progress: &dyn Progress,
) -> Result<Matrix> {
    stop_if_asked(progress)?;
    let Some(cache) = cache else {
        let vectors = embedder.embed(texts)?;
        progress.advance(texts.len() as u64);
        return Ok(vectors);
    };
    let watched = embed_watched(embedder, cache, texts, &mut |step: Settled| {
        *n_embedded += step.n_embedded as u64;
        progress.advance(step.n_texts as u64);
        if progress.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match watched {
        Err(populi_embed::Error::Stopped) => Err(Error::Stopped),
        outcome => Ok(outcome?),
    }
}
