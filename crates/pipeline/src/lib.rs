//! In which order do the steps run, with which parameters, and what is done already?
//!
//! The only room that knows the order of the stages, and the one that carries rows from room to room; it knows no
//! algorithm. Every function here is one verb of the program:
//!
//! | stage | reads | writes |
//! |---|---|---|
//! | [`ingest`] | files | posts, accounts, actions, tombstones, edges, media, attributes, sources, quarantine |
//! | [`threads`] | posts, tombstones, accounts, sources, unavailable | conversations, thread_shapes |
//! | [`languages`] | posts, accounts | languages |
//! | [`clean`] | posts, accounts | cleaning |
//! | [`embed`] | posts, accounts | vectors/…, models/… |
//! | [`personas`] | posts, accounts, attributes, languages, vectors/… | clusters, maps, labels, personas |
//! | [`detector::apply`] | posts, accounts | instructions |
//! | [`export`] | posts, accounts, actions, conversations, clusters, labels | a folder of JSON lines under pseudonyms |
//! | [`export::conversations`] | posts, tombstones, accounts, conversations, languages, attributes, sources | the same, of prompts and replies |
//! | [`report`] | all of them | report.html, map.png, map.svg beside the corpus |
//!
//! [`forget`] removes every trace of an account or record from all of them.
//!
//! [`run`] does them all from a [`recipe::Recipe`], [`demo`] on a simulated world; [`status`] tells what a corpus holds,
//! [`verify`] whether it is as it was written.
//! [`matrix`] does the geometry of the stages on anybody's vectors, in `.npy` files, and [`embed::embed_file`] makes such vectors of the
//! texts of a file; they need no corpus.
//! Which posts a stage sees is decided by a [`select::Selection`], on ingest and later.
//! A stage whose parameters and inputs are those of its last run is skipped.

pub mod clean;
pub mod demo;
pub mod detector;
pub mod embed;
mod error;
pub mod export;
pub mod forget;
pub mod ingest;
pub mod languages;
pub mod matrix;
pub mod personas;
pub mod progress;
pub mod recipe;
pub mod report;
pub mod run;
pub mod select;
pub mod status;
pub mod threads;
pub mod verify;
mod visible;

pub use error::{Error, Result};
pub use progress::{Progress, Quiet, Unit};

/// Whether a stage had anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// It ran.
    Done,
    /// Its parameters and inputs are those of its last run, so its output stands.
    UpToDate,
}

/// What a stage found, and whether it ran for it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Outcome<S> {
    /// Whether the stage ran.
    pub work: Work,
    /// What it found, now or then.
    #[serde(flatten)]
    pub summary: S,
}

/// Runs a stage unless the corpus holds its output.
fn unless_done<S>(
    corpus: &mut populi_store::Corpus,
    spec: &populi_store::StepSpec,
    work: impl FnOnce(&mut populi_store::Corpus) -> Result<S>,
) -> Result<Outcome<S>>
where
    S: serde::Serialize + serde::de::DeserializeOwned,
{
    refuse_interrupted(corpus)?;
    match done_before(corpus, spec) {
        Some(done) => Ok(done),
        None => Ok(Outcome { work: Work::Done, summary: work(corpus)? }),
    }
}

/// Refuses a corpus whose tables do not hold all that was read.
fn refuse_interrupted(corpus: &populi_store::Corpus) -> Result<()> {
    if corpus.has_pending_runs() {
        return Err(Error::Interrupted { path: corpus.folder().to_owned() });
    }
    Ok(())
}

/// What a stage found, where the corpus holds its output.
fn done_before<S: serde::de::DeserializeOwned>(
    corpus: &populi_store::Corpus,
    spec: &populi_store::StepSpec,
) -> Option<Outcome<S>> {
    spec.is_done(corpus.manifest()).then_some(())?;
    Some(Outcome { work: Work::UpToDate, summary: summary_of(corpus.manifest(), spec.step)? })
}

/// What the manifest keeps of a stage's findings, if it ran.
fn summary_of<S: serde::de::DeserializeOwned>(manifest: &populi_store::Manifest, step: &str) -> Option<S> {
    serde_json::from_value(manifest.steps.get(step)?.summary.clone()).ok()
}
