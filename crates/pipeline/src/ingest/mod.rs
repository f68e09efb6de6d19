//! The stage that takes dumps in: every input becomes runs, in parallel; then the runs are merged.

mod batches;
mod blueprint;
mod map;
mod opened;
mod passed_over;
mod pipe;
mod select;
mod sink;
mod stoppable;
mod table;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use populi_ingest::discover::{Found, Input, Place, discover};
use populi_ingest::table::Mapping;
use populi_model::{Reason, Tally};
use populi_store::{Corpus, InputFile, Shard, ShardEntry};
use populi_text::language;
use rayon::prelude::*;

use crate::progress::{Progress, Unit, stop_if_asked};
use crate::select::Selection;
use crate::status::{self, Account};
use crate::{Error, Result};

pub use populi_ingest::table::{ColumnRef, Header, TableParams};
pub(crate) use table::is_parquet_file;

/// What reading an input comes to.
type ReadResult<T> = std::result::Result<T, populi_ingest::Error>;

/// What the inputs are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Jetstream events.
    Bluesky,
    /// Threads under pseudonyms, in either style of BluePrint.
    Blueprint,
    /// Twitter, in any of its formats.
    Twitter {
        /// The number of the account whose export posts without an author are from.
        owner: Option<u64>,
    },
    /// Any table of posts.
    Table(Box<TableParams>),
}

impl Source {
    /// The step that takes in what is edited as new posts.
    pub(crate) const TWITTER_STEP: &str = "ingest twitter";

    /// The name of the step in the manifest.
    fn step(&self) -> &'static str {
        match self {
            Self::Bluesky => "ingest bluesky",
            Self::Blueprint => "ingest blueprint",
            Self::Twitter { .. } => Self::TWITTER_STEP,
            Self::Table(_) => "ingest text",
        }
    }

    /// Raised by hand when the same input gives other events than before.
    fn step_version(&self) -> u32 {
        1
    }

    /// All that decides the events beside the input.
    fn parameters(&self, keeps_originals: bool, selection: &Selection) -> serde_json::Value {
        let mut parameters = match self {
            Self::Bluesky | Self::Twitter { owner: None } => {
                serde_json::json!({ "originals": keeps_originals })
            }
            Self::Twitter { owner } => serde_json::json!({ "originals": keeps_originals, "owner": owner }),
            Self::Blueprint => serde_json::json!({}),
            Self::Table(params) => table::parameters(params),
        };
        // Not named where there is none, so that inputs that were taken before there were selections are
        // known.
        if !selection.is_everything() {
            parameters["select"] = selection.parameters();
        }
        if selection.asks_for_languages() {
            parameters["select"]["model"] = language::MODEL.into();
        }
        parameters
    }
}

/// What an ingest may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of content without packing that all inputs that are read may have together; `None` for no limit.
    pub max_bytes: Option<u64>,
}

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngestSummary {
    /// Inputs that were read.
    pub n_read: usize,
    /// Inputs that were in the corpus already.
    pub n_known: usize,
    /// Inputs with the same bytes as another one, which was read in their place.
    pub n_equal: usize,
    /// Rows of tables that repeated an id with other content; the later row stands.
    pub n_repeated_ids: u64,
    /// What was counted in the inputs that were read.
    pub tally: Tally,
    /// What became of all records of the corpus.
    pub total: Account,
    /// Which column of a table became what, by input.
    pub mappings: Vec<(String, Mapping)>,
    /// What was passed over inside folders, by name and reason.
    pub skipped: Vec<(String, &'static str)>,
    /// What was passed over inside archives: the input, what, and how many of them.
    pub passed_over: Vec<(String, &'static str, u64)>,
}

impl IngestSummary {
    /// What was guessed and passed over, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (name, mapping) in &self.mappings {
            notes.push(format!("{name}:\n{}", mapping.to_string().trim_end()));
        }
        for (name, why) in &self.skipped {
            notes.push(format!("{name} was passed over ({why})"));
        }
        for (name, what, n) in &self.passed_over {
            notes.push(format!("{name}: {n} {what} passed over"));
        }
        if self.n_equal > 0 {
            notes.push(format!(
                "{} inputs have the same bytes as another one and were passed over",
                self.n_equal
            ));
        }
        if self.n_repeated_ids > 0 {
            notes.push(format!(
                "warning: {} rows repeated an id with other content: the later row stands",
                self.n_repeated_ids
            ));
        }
        if self.n_known > 0 {
            notes.push(format!("{} inputs were in the corpus already and were passed over", self.n_known));
        }
        let left_out: Vec<String> = self
            .tally
            .ignored
            .iter()
            .filter_map(|(kind, n)| Some(format!("{n} by {}", kind.strip_prefix("filter:")?)))
            .collect();
        if !left_out.is_empty() {
            notes.push(format!("left out by the selection: {}", left_out.join(", ")));
        }
        // One record each in the account, however much lay behind them.
        let damaged = [Reason::TruncatedContainer, Reason::CorruptContainer, Reason::ContainerLimit]
            .map(|reason| self.tally.quarantined.get(&reason).copied().unwrap_or(0));
        if damaged != [0; 3] {
            notes.push(format!(
                "warning: containers were cut ({}), damaged ({}) or ended at a limit ({}): what lies behind that was not read; the table quarantine says where",
                damaged[0], damaged[1], damaged[2]
            ));
        }
        for (what, n) in &self.tally.warnings {
            notes.push(format!("warning: {n} records: {}", what.replace('_', " ")));
        }
        notes
    }
}

/// An input whose checksum is known.
struct Prepared {
    input: Input,
    shard: Shard,
}

impl Prepared {
    /// Where its bytes are: those of standard input were put into a file.
    fn path(&self) -> &Path {
        match &self.input.place {
            Place::File(path) => path,
            Place::StandardInput => Path::new("-"),
        }
    }
}

/// Takes what the selection admits of every file under `paths` into the corpus. Inputs that it holds already
/// are passed over.
///
/// Time: that of decoding, in parallel over blocks, files and members of archives, and of writing; memory: a
/// few blocks a thread, 64 MiB of packed members, the windows of the codecs and the buffers of the merge,
/// whatever the size of the input. Interrupted, it continues with the inputs that are left.
///
/// # Errors
/// When a path cannot be read, the selection names what the source cannot tell, an input was taken with other
/// settings, the disk refuses, or the limits are passed. A bad record is no error.
pub fn ingest(
    corpus: &mut Corpus,
    source: &Source,
    selection: &Selection,
    paths: &[PathBuf],
    limits: Limits,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    check_selection(source, selection)?;
    let n_superseded_before = status::total(&corpus.snapshot()).superseded;
    let Found { inputs, skipped } = discover(paths)?;
    let mut skipped: Vec<(String, &'static str)> =
        skipped.into_iter().map(|skipped| (skipped.name, skipped.why.words())).collect();
    let mut inputs = without_own_files(corpus, inputs);
    if *source == Source::Blueprint {
        let (with, mut without) = blueprint::with_lines(inputs, paths);
        inputs = with;
        skipped.append(&mut without);
    }
    let prepared = prepare(corpus, source, selection, inputs, progress)?;
    let n_inputs = prepared.len();
    let unknown = without_known(corpus, prepared)?;
    let n_unknown = unknown.len();
    let mut specs = BTreeSet::new();
    // Of equal files the first by name is read.
    let todo: Vec<Prepared> =
        unknown.into_iter().filter(|prepared| specs.insert(prepared.shard.spec.clone())).collect();
    let mut summary = IngestSummary {
        n_read: todo.len(),
        n_known: n_inputs - n_unknown,
        n_equal: n_unknown - todo.len(),
        skipped,
        ..IngestSummary::default()
    };
    if !todo.is_empty() {
        let n_bytes = todo.iter().map(|prepared| prepared.shard.input().n_bytes).sum();
        progress.begin("read", Some(n_bytes), Unit::Bytes);
        map::map(corpus, source, selection, todo, limits, progress, &mut summary)?;
        progress.end();
    }
    if corpus.has_pending_runs() {
        let n_buckets = u64::from(corpus.manifest().n_buckets);
        progress.begin("merge", Some(n_buckets), Unit::Steps);
        corpus.reduce(&|_| progress.advance(1))?;
        progress.end();
    }
    corpus.sweep()?;
    summary.total = status::total(&corpus.snapshot());
    if matches!(source, Source::Table(_)) {
        summary.n_repeated_ids = summary.total.superseded.saturating_sub(n_superseded_before);
    }
    Ok(summary)
}

/// Whether there is anything to read under these paths.
///
/// # Errors
/// When a path is not there, or a folder is empty.
pub fn check_paths(paths: &[PathBuf]) -> Result<()> {
    Ok(discover(paths).map(|_| ())?)
}

/// Whether a source can tell what a selection asks for.
///
/// # Errors
/// When it cannot: events of Bluesky tell no handles.
pub fn check_selection(source: &Source, selection: &Selection) -> Result<()> {
    match source {
        Source::Bluesky => selection.check_for_bluesky(),
        Source::Table(_) | Source::Blueprint | Source::Twitter { .. } => Ok(()),
    }
}

/// Refuses to go on where more was put aside than `allowed`, a share of the records that are not blank.
///
/// # Errors
/// When it was.
pub fn check_quarantine(total: &Account, allowed: f64) -> Result<()> {
    let share = total.quarantined_share();
    if share <= allowed {
        return Ok(());
    }
    Err(Error::TooMuchQuarantined {
        n_quarantined: total.n_quarantined(),
        n_records: total.records - total.blank,
        share: share * 100.0,
        allowed: allowed * 100.0,
    })
}

/// The inputs without the files of the corpus itself, which may lie in a folder that is read.
fn without_own_files(corpus: &Corpus, mut inputs: Vec<Input>) -> Vec<Input> {
    let Ok(own) = corpus.folder().canonicalize() else { return inputs };
    inputs.retain(|input| match &input.place {
        Place::File(path) => path.canonicalize().map_or(true, |path| !path.starts_with(&own)),
        Place::StandardInput => true,
    });
    inputs
}

/// The inputs that the corpus does not hold yet.
fn without_known(corpus: &Corpus, prepared: Vec<Prepared>) -> Result<Vec<Prepared>> {
    let shards = &corpus.manifest().shards;
    let known: HashMap<&str, &ShardEntry> =
        shards.iter().map(|shard| (shard.file_hash.as_str(), shard)).collect();
    let mut unknown = Vec::new();
    for prepared in prepared {
        match known.get(prepared.shard.input().file_hash.to_string().as_str()) {
            None => unknown.push(prepared),
            Some(shard) if shard.spec == prepared.shard.spec => {}
            Some(shard) => {
                return Err(Error::TakenOtherwise {
                    name: prepared.input.name,
                    known: shard.name.clone(),
                    step: shard.step.clone(),
                });
            }
        }
    }
    Ok(unknown)
}

/// Names every input by its checksum, in parallel.
fn prepare(
    corpus: &Corpus,
    source: &Source,
    selection: &Selection,
    inputs: Vec<Input>,
    progress: &dyn Progress,
) -> Result<Vec<Prepared>> {
    let parameters = source.parameters(corpus.manifest().keeps_originals, selection);
    let n_bytes = inputs.iter().map(size_of_input).sum();
    progress.begin("checksums", Some(n_bytes), Unit::Bytes);
    let prepare = |input: Input| -> Result<Prepared> {
        stop_if_asked(progress)?;
        let (input, file) = match &input.place {
            Place::File(path) => {
                let file = InputFile {
                    name: corpus.manifest().forgotten.shown(&input.name).to_owned(),
                    file_hash: input.key()?,
                    n_bytes: size_of_file(path),
                };
                (input, file)
            }
            Place::StandardInput => {
                let (path, file) = corpus.spool(std::io::stdin())?;
                (Input { name: input.name, place: Place::File(path) }, file)
            }
        };
        progress.advance(file.n_bytes);
        let shard = Shard::new(source.step(), source.step_version(), &parameters, file);
        Ok(Prepared { input, shard })
    };
    let prepared = inputs.into_par_iter().map(prepare).collect();
    progress.end();
    prepared
}

fn size_of_input(input: &Input) -> u64 {
    match &input.place {
        Place::File(path) => size_of_file(path),
        Place::StandardInput => 0,
    }
}

/// For showing how far a stage is; a file that cannot be read is told of when it is read.
fn size_of_file(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}
