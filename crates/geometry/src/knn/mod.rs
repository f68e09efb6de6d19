//! Who is near whom: the k nearest rows of every row.
//!
//! Up to some ten thousand rows every pair is scored, once ([`pairs`]). Above, rows are compared within groups of near
//! rows ([`partition`]) and then with the neighbours of their neighbours ([`approximate`]), as NN-descent does (Dong,
//! Moses and Li,
//! *Efficient k-nearest neighbor graph construction for generic similarity measures*, 2011), until the recall of a
//! sample is what was asked for. Departures from it: rounds go group by group instead of row by row, so that what is
//! gathered is compared densely, and begin with groups instead of chance.
//!
//! Scores are products of small integers where a trial on a few rows shows that these tell neighbours apart, else of
//! floats ([`encode`]); distances of the best are then taken in `f32` ([`rescore`]). A row keeps its best candidates in
//! a total order, so neither the order of work nor the number of threads changes a byte; integers are exact and floats
//! have the same bits at every level.

mod approximate;
mod best;
mod block;
pub(crate) mod distance;
mod encode;
mod lists;
mod pairs;
mod partition;
mod queries;
mod recall;
mod rescore;
mod scan;

use populi_simd::Level;

use self::distance::Rows;
use self::encode::{Encoded, Encoding, Form};
use self::recall::Truth;
use crate::error::{Result, require};
use crate::graph::NeighbourGraph;
use crate::metric::Metric;
use crate::progress::Progress;
use crate::sample::sample_rows;
use crate::view::MatrixView;

pub use queries::{Nearest, nearest_rows};

/// Candidates a row beyond k whose distance may be looked at, because integers put some rows in a wrong order.
const N_SPARE_OF_INTEGERS: usize = 9;

/// Candidates beyond k where floats differ from the distance by their rounding alone.
const N_SPARE_OF_FLOATS: usize = 4;

/// Rows that integers are tried on.
const N_TRIED: usize = 40;

/// Columns from which on integers are used: fewer do not even out what each is rounded by.
const MIN_COLUMNS_OF_INTEGERS: usize = 32;

/// Rows up to which every pair is looked at unless told otherwise, where integers are compared.
const MAX_ROWS_EXACT: usize = 50_000;

/// Differences up to which every pair is looked at unless told otherwise, where floats are compared: some seconds.
const MAX_DIFFERENCES_EXACT: f64 = 1e11;

/// What choosing among scores costs, in columns of floats.
const COLUMNS_OF_CHOICE: usize = 16;

/// The least share of true neighbours that integers must be good for where every pair is looked at.
const MIN_RECALL_OF_EXACT_INTEGERS: f64 = 0.999;

/// The same where they are not, and more neighbours are missed for another reason.
const MIN_RECALL_OF_APPROXIMATE_INTEGERS: f64 = 0.985;

/// Rows that the recall of all pairs is measured on, at least and at most; between, as many as cost about a twentieth.
const N_MEASURED: (usize, usize) = (200, 1000);

/// One row of so many costs about a twentieth of all pairs, which are scored once and by integers four times as fast.
const ROWS_PER_MEASURED: (usize, usize) = (160, 40);

/// How [`knn()`] finds neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KnnMethod {
    /// The faster of the two for so many rows.
    #[default]
    Auto,
    /// Every pair of rows is scored, by small integers first where these tell neighbours apart (99.9 of 100 in a
    /// trial), and the distances of the best are then taken in `f32`: `recall` says what that missed.
    Exact,
    /// Rows are compared within groups of near rows, then with the neighbours of their neighbours.
    Approximate,
}

impl KnnMethod {
    /// What it is called: `auto`, `exact` or `approximate`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Exact => "exact",
            Self::Approximate => "approximate",
        }
    }
}

/// What [`knn()`] is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct KnnParams {
    /// Neighbours a row, itself not counted. 15.
    pub k: usize,
    /// How far apart two rows are.
    pub metric: Metric,
    /// Whether every pair is looked at.
    pub method: KnnMethod,
    /// The share of true neighbours that an approximate graph is to have. 0.98.
    pub target_recall: f64,
    /// Rounds over the neighbours of neighbours at most. 5.
    pub max_rounds: usize,
    /// Where random numbers begin.
    pub seed: u64,
    /// The instructions to use; it moves nothing but speed.
    pub level: Level,
}

impl Default for KnnParams {
    fn default() -> Self {
        Self {
            k: 15,
            metric: Metric::default(),
            method: KnnMethod::Auto,
            target_recall: 0.98,
            max_rounds: 5,
            seed: 0,
            level: Level::best(),
        }
    }
}

impl KnnParams {
    /// Checks each value against its range.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Param`].
    pub fn check(&self) -> Result<()> {
        require(self.k > 0, "k", self.k, "at least 1")?;
        let is_share = (0.0..=1.0).contains(&self.target_recall);
        require(is_share, "target_recall", self.target_recall, "from 0 to 1")
    }
}

/// The nearest rows of every row, and how sure that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Knn {
    /// The neighbours; of equal distances the smaller row number first.
    pub graph: NeighbourGraph,
    /// Neighbours a row: what was asked for, or `n_rows - 1` where that is less.
    pub k: usize,
    /// [`KnnMethod::Exact`] or [`KnnMethod::Approximate`]: what was done.
    pub method: KnnMethod,
    /// The share of true neighbours, measured on `n_sampled` rows.
    pub recall: f64,
    /// Rows that the recall was measured on.
    pub n_sampled: usize,
    /// Whether `recall` is at least what was asked for.
    pub met: bool,
    /// Rounds over the neighbours of neighbours; 0 where every pair was looked at.
    pub n_rounds: usize,
}

/// The `k` nearest rows of every row.
///
/// Every pair: n² d / 2 products. Else about n² d / 500 for the groups and n d times some thousands for the
/// comparisons. Memory beside `points`, which are not copied, and the graph: every pair takes its rows twice as
/// integers, a byte a value each, or once as `f32` where floats are compared, and up to `3 (k + 9)` candidates a row of
/// 8 bytes; else one byte a value (none for floats) and `k + 9` candidates a row. The same bytes from any number of
/// threads, and at every [`Level`] on one CPU.
///
/// ```
/// use populi_geometry::{KnnParams, MatrixView, Silent, knn};
///
/// let points = MatrixView::new(4, 1, &[0.0, 1.0, 3.0, 7.0])?;
/// let found = knn(points, &KnnParams { k: 2, ..KnnParams::default() }, &Silent)?;
/// assert_eq!(found.graph.of(2), (&[1, 0][..], &[2.0, 3.0][..]));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// What [`KnnParams::check`] says; [`crate::Error::Empty`]; [`crate::Error::NotFinite`] with the row.
pub fn knn(points: MatrixView<'_>, params: &KnnParams, progress: &dyn Progress) -> Result<Knn> {
    params.check()?;
    points.check()?;
    let k = params.k.min(points.n_rows() - 1);
    progress.stage("rows", 1);
    let rows = Rows::new(points, params.metric, params.level);
    let encoded = encode(&rows, k, params);
    let keep = k + n_spare(encoded.form());
    let (graph, found) = match method_of(params.method, &encoded) {
        KnnMethod::Approximate => {
            let (encoded, lists, found) = approximate::best_of_near(encoded, k, keep, params, progress);
            (rescore::graph_of(&encoded, &lists, k, progress)?, found)
        }
        _ => {
            let lists = pairs::best_of_all(&encoded, keep, params.level, progress);
            let graph = rescore::graph_of(&encoded, &lists, k, progress)?;
            progress.stage("true neighbours of a sample", 1);
            let found = measure(&rows, &graph, encoded.form(), params);
            (graph, found)
        }
    };
    let Found { method, recall, n_sampled, n_rounds } = found;
    Ok(Knn { graph, k, method, recall, n_sampled, met: recall >= params.target_recall, n_rounds })
}

/// How neighbours were found, and how good they are.
struct Found {
    method: KnnMethod,
    recall: f64,
    n_sampled: usize,
    n_rounds: usize,
}

/// How good the graph of all pairs is, on a sample of rows other than those that decided its form, against floats.
fn measure(rows: &Rows<'_>, graph: &NeighbourGraph, form: Form, params: &KnnParams) -> Found {
    let n = graph.n_rows();
    let rows_per_measured = match form {
        Form::Integers => ROWS_PER_MEASURED.0,
        Form::Floats => ROWS_PER_MEASURED.1,
    };
    let n_measured = (n / rows_per_measured).clamp(N_MEASURED.0, N_MEASURED.1);
    let sample = sample_of(n, n_measured, params.seed.wrapping_add(1));
    let floats = Encoded::new(rows, Encoding::of(rows, rows, Form::Floats));
    let truth = Truth::of(&floats, &sample, graph.k(), params.level);
    let recall = truth.recall(|row, near| {
        let (ids, distances) = graph.of(row as usize);
        near.clear();
        near.extend(distances.iter().copied().zip(ids.iter().copied()));
    });
    Found { method: KnnMethod::Exact, recall, n_sampled: truth.n_sampled(), n_rounds: 0 }
}

/// Rows as integers where these tell neighbours well enough apart, else as floats.
///
/// That is tried on a sample of rows, so small that it costs a few hundredths of the graph, against all rows in floats.
fn encode<'a>(rows: &'a Rows<'a>, k: usize, params: &KnnParams) -> Encoded<'a> {
    let floats = Encoded::new(rows, Encoding::of(rows, rows, Form::Floats));
    if rows.points.n_cols() < MIN_COLUMNS_OF_INTEGERS {
        return floats;
    }
    let sample = sample_of(rows.points.n_rows(), N_TRIED, params.seed);
    let truth = Truth::of(&floats, &sample, k, params.level);
    let integers = Encoded::new(rows, Encoding::of(rows, rows, Form::Integers));
    let recall = truth.recall_of_all(&integers, k + N_SPARE_OF_INTEGERS, params.level);
    let least = match method_of(params.method, &integers) {
        KnnMethod::Approximate => MIN_RECALL_OF_APPROXIMATE_INTEGERS,
        _ => MIN_RECALL_OF_EXACT_INTEGERS,
    };
    if recall >= least { integers } else { floats }
}

fn sample_of(n: usize, n_sampled: usize, seed: u64) -> Vec<u32> {
    sample_rows(n, n_sampled, seed).into_iter().map(|row| row as u32).collect()
}

/// Candidates beyond k whose distance may be looked at.
fn n_spare(form: Form) -> usize {
    match form {
        Form::Integers => N_SPARE_OF_INTEGERS,
        Form::Floats => N_SPARE_OF_FLOATS,
    }
}

fn method_of(asked: KnnMethod, encoded: &Encoded<'_>) -> KnnMethod {
    let n_rows = encoded.n_rows();
    let is_small = match encoded.form() {
        Form::Integers => n_rows <= MAX_ROWS_EXACT,
        Form::Floats => {
            let n_differences = (n_rows as f64).powi(2) * (encoded.n_cols() + COLUMNS_OF_CHOICE) as f64;
            n_differences <= MAX_DIFFERENCES_EXACT
        }
    };
    match asked {
        KnnMethod::Auto if is_small => KnnMethod::Exact,
        KnnMethod::Auto => KnnMethod::Approximate,
        KnnMethod::Exact | KnnMethod::Approximate => asked,
    }
}
