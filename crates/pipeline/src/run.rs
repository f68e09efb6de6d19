//! All stages in their order.

use std::path::{Path, PathBuf};

use populi_store::{Corpus, CorpusParams};
use serde::Serialize;

use crate::clean::{CleanSummary, clean};
use crate::embed::{EmbedParams, EmbedSummary, embed};
use crate::ingest::{IngestSummary, Limits, Source, check_quarantine, check_selection, ingest};
use crate::languages::{LanguageSummary, languages};
use crate::personas::{PersonaParams, PersonaSummary, personas};
use crate::progress::{Progress, stop_if_asked};
use crate::recipe::{From, Recipe};
use crate::report::{ReportFiles, ReportParams, refuse_to_replace, report};
use crate::select::Selection;
use crate::status::Account;
use crate::threads::{ThreadSummary, threads};
use crate::{Outcome, Result};

/// What a run did and found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// What became of every input record.
    pub accounting: Account,
    /// The conversations.
    pub threads: Outcome<ThreadSummary>,
    /// The languages.
    pub languages: Outcome<LanguageSummary>,
    /// What cleaning found, where the recipe asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<Outcome<CleanSummary>>,
    /// The vectors.
    pub embed: Outcome<EmbedSummary>,
    /// The clusters.
    pub personas: Outcome<PersonaSummary>,
    /// The page and its figures.
    pub report: ReportFiles,
}

/// Runs every stage of a recipe that is not done yet, and writes the page beside the corpus. Interrupted, the same
/// call continues. The recipe that was used is kept as `populi.toml` in the corpus.
///
/// # Errors
/// When a stage fails, or more of the input was quarantined than the recipe allows.
pub fn run(recipe: &Recipe, progress: &dyn Progress) -> Result<RunSummary> {
    // Before anything is done: a list that cannot be read stops the run at once.
    let selections = Selections::of(recipe)?;
    let source = source_of(recipe);
    check_selection(&source, &selections.ingest)?;
    persona_params(recipe).check()?;
    recipe.clean.as_ref().map_or(Ok(()), |clean| clean.params().check())?;
    refuse_to_replace(&beside(&recipe.corpus))?;
    let params =
        CorpusParams { n_buckets: recipe.ingest.buckets, keeps_originals: Some(recipe.ingest.originals) };
    let mut corpus = Corpus::open_or_create(&recipe.corpus, params)?;
    let limits = Limits { max_bytes: recipe.ingest.max_bytes };
    let ingested = ingest(&mut corpus, &source, &selections.ingest, &recipe.ingest.paths, limits, progress)?;
    tell(&ingested, progress);
    check_quarantine(&ingested.total, recipe.ingest.max_quarantine)?;
    let threads = threads(&mut corpus, progress)?;
    let languages = languages(&mut corpus, progress)?;
    let clean = match recipe.clean.as_ref().zip(selections.clean.as_ref()) {
        Some((cleaning, selection)) => Some(clean(&mut corpus, &cleaning.params(), selection, progress)?),
        None => None,
    };
    let embed = embed(&mut corpus, &embed_params(recipe), &selections.embed, progress)?;
    let personas = personas(&mut corpus, &persona_params(recipe), &selections.personas, progress)?;
    stop_if_asked(progress)?;
    let used = recipe.to_toml_without_paths()?;
    corpus.keep_file("populi.toml", used.as_bytes())?;
    let report_params = ReportParams { title: recipe.report.title.clone(), recipe: used, seed: recipe.seed };
    let folder = beside(&recipe.corpus);
    let report = report(&corpus.snapshot(), &folder, &report_params, &selections.report, progress)?;
    Ok(RunSummary { accounting: ingested.total, threads, languages, clean, embed, personas, report })
}

/// The folder that the corpus lies in, where the page is written.
#[must_use]
pub fn beside(corpus: &Path) -> PathBuf {
    match corpus.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn source_of(recipe: &Recipe) -> Source {
    match recipe.ingest.from {
        From::Bluesky => Source::Bluesky,
        From::Blueprint => Source::Blueprint,
        From::Twitter => Source::Twitter { owner: recipe.ingest.owner },
        From::Text => Source::Table(Box::new(recipe.ingest.table_params())),
    }
}

fn embed_params(recipe: &Recipe) -> EmbedParams {
    EmbedParams {
        model: recipe.embed.model.clone(),
        settings: recipe.embed.settings(),
        seed: recipe.seed,
        refit: false,
    }
}

fn persona_params(recipe: &Recipe) -> PersonaParams {
    PersonaParams {
        min_posts: recipe.personas.min_posts,
        cluster: recipe.personas.cluster,
        k: recipe.personas.k,
        min_size: recipe.personas.min_size,
        max_size: recipe.personas.max_size,
        min_samples: recipe.personas.min_samples,
        max_noise: recipe.personas.max_noise,
        map: recipe.personas.map,
        bootstraps: recipe.personas.bootstraps,
        n_init: recipe.personas.n_init,
        seed: recipe.seed,
    }
}

/// What each stage selects.
struct Selections {
    ingest: Selection,
    clean: Option<Selection>,
    embed: Selection,
    personas: Selection,
    report: Selection,
}

impl Selections {
    fn of(recipe: &Recipe) -> Result<Self> {
        Ok(Self {
            ingest: recipe.ingest.select.clone().unwrap_or_default().load()?,
            clean: recipe.clean.as_ref().map(|clean| recipe.select_of(&clean.select).load()).transpose()?,
            embed: recipe.select_of(&recipe.embed.select).load()?,
            personas: recipe.select_of(&recipe.personas.select).load()?,
            report: recipe.select_of(&recipe.report.select).load()?,
        })
    }
}

/// Tells what was guessed and passed over.
fn tell(ingested: &IngestSummary, progress: &dyn Progress) {
    ingested.notes().iter().for_each(|note| progress.note(note));
}
