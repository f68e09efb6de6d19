//! What stops a stage.

use std::path::PathBuf;

/// A [`std::result::Result`] of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a stage stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The corpus could not be read or written.
    #[error(transparent)]
    Store(#[from] populi_store::Error),
    /// An input could not be read.
    #[error(transparent)]
    Ingest(#[from] populi_ingest::Error),
    /// Conversations could not be built.
    #[error(transparent)]
    Thread(#[from] populi_thread::Error),
    /// Texts could not be turned into vectors.
    #[error(transparent)]
    Embed(#[from] populi_embed::Error),
    /// Authors could not be clustered.
    #[error(transparent)]
    Persona(#[from] populi_persona::Error),
    /// A matrix does not fit.
    #[error(transparent)]
    Geometry(#[from] populi_geometry::Error),
    /// Terms could not be counted.
    #[error(transparent)]
    Text(#[from] populi_text::Error),
    /// Exemplars could not be chosen.
    #[error(transparent)]
    Label(#[from] populi_label::Error),
    /// The page or a figure could not be drawn.
    #[error(transparent)]
    Plot(#[from] populi_plot::Error),
    /// The world could not be made.
    #[error(transparent)]
    Simulate(#[from] populi_simulate::Error),
    /// The key of the pseudonyms cannot be used.
    #[error(transparent)]
    Dataset(#[from] populi_dataset::Error),
    /// A detector cannot be trained or read.
    #[error(transparent)]
    Detector(populi_detector::Error),
    /// A file of examples cannot be used.
    #[error("{path}: {reason}")]
    Examples {
        /// The file, as it was given.
        path: PathBuf,
        /// What is wrong and what is expected.
        reason: String,
    },
    /// A detector reads the vectors of another model.
    #[error(
        "the detector reads vectors of the model {detector} ({wanted}), and this is {model} ({got}): give the model that it was trained with by \
         --model, or train one with this model"
    )]
    OtherModel {
        /// The detector's model.
        detector: String,
        /// Its fingerprint.
        wanted: String,
        /// The model that was opened.
        model: String,
        /// Its fingerprint.
        got: String,
    },
    /// There is nothing that could be exported.
    #[error("nothing can be exported: {reason}")]
    Export {
        /// Why.
        reason: String,
    },
    /// An earlier export is in the way.
    #[error("{path} holds an export already: choose another folder, or replace it with --overwrite")]
    ExportExists {
        /// The folder.
        path: PathBuf,
    },
    /// Something that is no export is in the way.
    #[error("{path} holds what is no part of an export ({what}): choose a new or empty folder with --out")]
    NotAnExport {
        /// The folder.
        path: PathBuf,
        /// What is there.
        what: String,
    },
    /// Nobody said with which key pseudonyms are to be made.
    #[error(
        "an export needs a key for its pseudonyms: make one with `populi export key --out FILE`, keep it, and name it with \
         --key-file FILE"
    )]
    NoPseudonymKey,
    /// The key lies where it would be handed on with what it hides.
    #[error("the key {path} lies inside {folder}, and would be handed on with it: move it elsewhere")]
    KeyInside {
        /// The key.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// A file beside the corpus could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The recipe is wrong.
    #[error("{path}: {reason}")]
    Recipe {
        /// The recipe.
        path: PathBuf,
        /// What is wrong and what is expected.
        reason: String,
    },
    /// A selection cannot be made of what was given.
    #[error("{what} {got}: {reason}")]
    Selection {
        /// The flag.
        what: &'static str,
        /// What was given.
        got: String,
        /// What is wrong and what is expected.
        reason: String,
    },
    /// A selection leaves nothing to work on.
    #[error(
        "the selection leaves no post (left out: {left_out}): nothing was changed. `populi sql \"SELECT lang, count(*) FROM \
         languages GROUP BY lang\"` tells the languages, `populi sql \"SELECT min(created_at), max(created_at) FROM posts\"` the times"
    )]
    NothingSelected {
        /// How many posts, by clause.
        left_out: String,
    },
    /// Vectors are asked of posts that were not embedded.
    #[error(
        "the table {table} has no vector of some of the selected posts: `populi embed` ran with a narrower selection; run it \
         again without one, or with the same as here"
    )]
    NotEmbedded {
        /// The table.
        table: String,
    },
    /// A fitted model is not the one that made the vectors.
    #[error(
        "the table {table} is not the model that made the vectors: it is damaged; `populi embed --refit` fits a new one"
    )]
    NotTheFit {
        /// The table.
        table: String,
    },
    /// No model has this name.
    #[error("the model {name:?} is not known: {reason}")]
    NoModel {
        /// As it was given.
        name: String,
        /// What was looked for, and what is expected.
        reason: String,
    },
    /// A setting means nothing to the model.
    #[error(
        "{setting} is a setting of {of}, which the model {model:?} is not: take it out, or choose another model"
    )]
    NoSuchSetting {
        /// The setting.
        setting: &'static str,
        /// The models that have it.
        of: &'static str,
        /// The model.
        model: String,
    },
    /// A row of a file cannot be read as a text.
    #[error(
        "{path}, line {line}: {reason}: mend it or take it out, so that vectors and rows stay side by side"
    )]
    NoText {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An earlier stage did not run, or ran on other posts.
    #[error("the table {table} is not there, or not of the posts as they are now: run `populi {verb}` first")]
    Stale {
        /// The table.
        table: String,
        /// The verb that makes it.
        verb: &'static str,
    },
    /// The same bytes were taken under other settings.
    #[error(
        "{name} was taken already, as {known} by `{step}` with other settings or by another version: its records would be there twice. Take it \
         into another corpus with --corpus"
    )]
    TakenOtherwise {
        /// The input.
        name: String,
        /// What it was called then.
        known: String,
        /// What took it then.
        step: String,
    },
    /// More input was put aside than is allowed.
    #[error(
        "{n_quarantined} of {n_records} records ({share:.2} %) were quarantined, more than the {allowed:.2} % allowed: \
         see `populi status` and the table quarantine; raise --max-quarantine if this is as it should be"
    )]
    TooMuchQuarantined {
        /// Records put aside.
        n_quarantined: u64,
        /// Records that are not blank.
        n_records: u64,
        /// Their share, in percent.
        share: f64,
        /// The allowed share, in percent.
        allowed: f64,
    },
    /// An ingest was interrupted, so the tables do not hold all that was read.
    #[error("an ingest into {path} was interrupted: run it again, and it continues; then this")]
    Interrupted {
        /// The corpus.
        path: PathBuf,
    },
    /// What is to be forgotten is no id, or nobody is known by it.
    #[error("{id:?}: {reason}")]
    WhoIsThat {
        /// The id as it was given.
        id: String,
        /// What is wrong and what is expected.
        reason: String,
    },
    /// The user asked to stop.
    #[error("stopped. What was finished is kept: the same command continues")]
    Stopped,
    /// A page would replace a file of somebody else.
    #[error(
        "{path} was not written by populi report, so it is left as it is: move it, or name another folder with --out"
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A file is not the array that is wanted.
    #[error("{path}: {fault}")]
    Npy {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        fault: crate::matrix::Fault,
    },
    /// An array cannot be written where it is to be.
    #[error("{path}: {reason}")]
    Output {
        /// The file.
        path: PathBuf,
        /// What is in the way, and what to do.
        reason: &'static str,
    },
    /// Nobody said what is to be judged.
    #[error("there is nothing to judge: give {missing}")]
    NothingToJudge {
        /// What is missing.
        missing: &'static str,
    },
    /// The demo runs already.
    #[error("a demo runs in {path} already: wait until it has ended, or choose another folder with --out")]
    DemoRuns {
        /// The folder.
        path: PathBuf,
    },
    /// The demo was pointed at somebody's folder.
    #[error("{path} is not a folder of the demo: choose an empty or new one with --out")]
    NotADemo {
        /// The folder.
        path: PathBuf,
    },
}

impl From<populi_detector::Error> for Error {
    fn from(error: populi_detector::Error) -> Self {
        match error {
            populi_detector::Error::Stopped => Self::Stopped,
            error => Self::Detector(error),
        }
    }
}

/// Names the action and path of an I/O error.
pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
