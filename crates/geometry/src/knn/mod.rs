//! Who is near whom: the k nearest rows of every row.

mod best;
mod distance;
mod pairs;
mod quantise;
mod queries;
mod rescore;

use populi_simd::Level;

use self::distance::Rows;
use self::quantise::Quantised;

use crate::error::{Result, require};
use crate::graph::NeighbourGraph;
use crate::metric::Metric;
use crate::progress::Progress;
use crate::view::MatrixView;

pub use queries::{Nearest, nearest_rows};

/// Candidates a row beyond k whose distance is looked at: integers put some rows in a wrong order.
const N_SPARE: usize = 9;

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
    let graph = if params.metric == Metric::Cosine && points.n_cols() >= 32 {
        let rows = Rows::new(points, params.metric, params.level);
        let lists = pairs::best_of_all(&Quantised::new(&rows), k + N_SPARE, params.level, progress);
        progress.stage("distances", 1);
        let (ids, distances) = rescore::nearest_of(&rows, &lists, k);
        progress.advance(1);
        NeighbourGraph::new(points.n_rows(), k, ids, distances)?
    } else {
        queries::graph_by_scan(points, k, params, progress)?
    };
    let n_sampled = points.n_rows().min(1000);
    Ok(Knn { graph, k, method: KnnMethod::Exact, recall: 1.0, n_sampled, met: true, n_rounds: 0 })
}
