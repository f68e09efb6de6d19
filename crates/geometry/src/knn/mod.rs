//! Who is near whom: the k nearest rows of every row.

mod approximate;
mod best;
mod block;
mod distance;
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
use self::rescore::nearest_of;
use crate::error::{Result, require};
use crate::graph::NeighbourGraph;
use crate::matrix::squared_length;
use crate::metric::Metric;
use crate::progress::Progress;
use crate::sample::sample_rows;
use crate::view::MatrixView;

pub use queries::{Nearest, nearest_rows};

/// Candidates a row beyond k whose distance may be looked at, because integers put some rows in a wrong order.
const N_SPARE_OF_INTEGERS: usize = 9;

/// Candidates beyond k where floats differ from the distance by their rounding alone.
const N_SPARE_OF_FLOATS: usize = 4;

/// Columns from which on integers are used: fewer do not even out what each is rounded by.
const MIN_COLUMNS_OF_INTEGERS: usize = 32;

/// Rows up to which every pair is looked at unless told otherwise: with integers and with floats.
const MAX_ROWS_EXACT: (usize, usize) = (50_000, 30_000);

/// How far from 1 the length of a row may be that counts as one of length 1: what half-precision floats leave.
const LENGTH_TOLERANCE: f64 = 2e-3;

/// How [`knn()`] finds neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KnnMethod {
    /// The faster of the two for so many rows.
    #[default]
    Auto,
    /// Every pair of rows is looked at.
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
    let form = form_of(&rows);
    let keep = k + n_spare(form);
    let encoded = Encoded::new(&rows, Encoding::of(&rows, &rows, form));
    let method = method_of(params.method, form, points.n_rows());

    let (encoded, lists, found) = if method == KnnMethod::Approximate {
        approximate::best_of_near(encoded, k, keep, params, progress)
    } else {
        let lists = pairs::best_of_all(&encoded, keep, params.level, progress);
        let found = recall_of_all(&rows, &encoded, &lists, k, params);
        (encoded, lists, found)
    };
    let graph = rescore::graph_of(&encoded, &lists, k, progress)?;
    let Found { recall, n_sampled, n_rounds } = found;
    Ok(Knn { graph, k, method, recall, n_sampled, met: recall >= params.target_recall, n_rounds })
}

/// How good lists are.
struct Found {
    recall: f64,
    n_sampled: usize,
    n_rounds: usize,
}

/// Integers for directions, and for rows that are directions; floats where few columns or unlike rows ask for digits.
fn form_of(rows: &Rows<'_>) -> Form {
    let are_directions = rows.metric == Metric::Cosine
        || rows.points.rows().all(|row| (squared_length(row).sqrt() - 1.0).abs() <= LENGTH_TOLERANCE);
    let suits = are_directions && rows.points.n_cols() >= MIN_COLUMNS_OF_INTEGERS;
    if suits { Form::Integers } else { Form::Floats }
}

fn n_spare(form: Form) -> usize {
    match form {
        Form::Integers => N_SPARE_OF_INTEGERS,
        Form::Floats => N_SPARE_OF_FLOATS,
    }
}

fn method_of(asked: KnnMethod, form: Form, n_rows: usize) -> KnnMethod {
    let max_rows = match form {
        Form::Integers => MAX_ROWS_EXACT.0,
        Form::Floats => MAX_ROWS_EXACT.1,
    };
    match asked {
        KnnMethod::Auto if n_rows <= max_rows => KnnMethod::Exact,
        KnnMethod::Auto => KnnMethod::Approximate,
        KnnMethod::Exact | KnnMethod::Approximate => asked,
    }
}

/// Measures what integers lose, against floats: on a sample so small that it costs a few hundredths of the rest.
fn recall_of_all(
    rows: &Rows<'_>,
    encoded: &Encoded<'_>,
    lists: &lists::Lists,
    k: usize,
    params: &KnnParams,
) -> Found {
    let n = rows.points.n_rows();
    let sample = sample_rows(n, (n / 500).max(32), params.seed);
    let sample: Vec<u32> = sample.into_iter().map(|row| row as u32).collect();
    let floats = Encoded::new(rows, Encoding::of(rows, rows, Form::Floats));
    let truth = Truth::of(&floats, &sample, k, params.level);
    let recall = truth.recall(|place, found| {
        lists.with(place as usize, |list| nearest_of(encoded, place, list, encoded, k, found));
    });
    Found { recall, n_sampled: truth.n_sampled(), n_rounds: 0 }
}
