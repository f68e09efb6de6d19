//! UMAP: a map on which rows stand near those that they are near to.
//!
//! McInnes, Healy and Melville, *UMAP: Uniform Manifold Approximation and Projection* (arXiv 1802.03426); umap-learn
//! 0.5.12 is what it is compared with.
//!
//! | step | in the paper | here |
//! |---|---|---|
//! | neighbours of every row | section 4.3 | [`crate::knn()`] |
//! | memberships, their union | algorithms 2 and 3 | `fuzzy` |
//! | start | algorithm 4 | `start` |
//! | which edge pulls when | algorithm 5 | `schedule` |
//! | descent | algorithm 5 | `layout` |
//! | curve of `a` and `b` | definition 11 | `curve` |
//!
//! Weights, `a` and `b` are those of umap-learn. The start and the order of moves are not, so a map is not the same map
//! but one as good: `docs/design/umap.md` has the measurements.

mod chunk;
mod curve;
mod forces;
mod fuzzy;
mod layout;
mod params;
mod positions;
mod power;
mod schedule;
mod start;
mod transform;

use self::curve::fit_curve;
use self::fuzzy::Kernels;
use self::layout::{Descent, lay_out};
use self::positions::Positions;
use self::schedule::{Edges, shuffled};
use self::start::{Parts, random_start, scale_axes, scale_with_noise, smooth};
use crate::error::{Result, same_size};
use crate::graph::NeighbourGraph;
use crate::knn::{Knn, KnnParams, knn};
use crate::matrix::Matrix;
use crate::pca::{PcaParams, pca};
use crate::progress::Progress;
use crate::sparse::SparseMatrix;
use crate::view::MatrixView;

pub use params::{Init, UmapParams};

/// How much every row belongs to every other.
#[derive(Debug, Clone, PartialEq)]
pub struct FuzzySet {
    /// Memberships, symmetric, above 0 and at most 1, `[n_rows, n_rows]`.
    pub memberships: SparseMatrix,
    /// How wide the neighbourhood of each row is, `[n_rows]`.
    pub sigmas: Vec<f32>,
    /// How far the nearest other row is, those at distance 0 left out, `[n_rows]`.
    pub rhos: Vec<f32>,
}

/// A map, and what is needed to set new rows on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Umap {
    /// Where the rows stand, `[n_rows, n_components]`.
    pub map: Matrix,
    /// Of the curve `1 / (1 + a·d^2b)` of memberships on the map.
    pub a: f64,
    /// See `a`.
    pub b: f64,
    /// As in [`FuzzySet`].
    pub sigmas: Vec<f32>,
    /// As in [`FuzzySet`].
    pub rhos: Vec<f32>,
    /// Neighbours a row, itself counted: what was asked for, or all rows where there are fewer.
    pub n_neighbors: usize,
    /// Epochs of the descent.
    pub n_epochs: usize,
    /// Parts of the graph that are not connected with one another.
    pub n_parts: usize,
    /// How good the neighbours are; `None` where they were given.
    pub knn: Option<KnnReport>,
    params: UmapParams,
}

/// What [`knn()`] says of the graph that a map was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnnReport {
    /// The share of true neighbours, measured on `n_sampled` rows.
    pub recall: f64,
    /// Rows that the recall was measured on.
    pub n_sampled: usize,
    /// Whether the recall is at least what was asked for.
    pub met: bool,
}

/// A map of `points [n_rows, n_cols]`.
///
/// Beside finding the neighbours: about `n_epochs · n_rows · 7 · negative_sample_rate` steps of 1 ns. Memory: the graph
/// has 8 bytes for each of its `n_rows · (n_neighbors - 1)` edges; beside it at most 40 bytes an edge, some 30 where
/// half of them go both ways. The same bytes from any number of threads, and at every [`populi_simd::Level`] on one
/// CPU.
///
/// ```
/// use populi_geometry::{Matrix, Silent, UmapParams, umap};
///
/// let line = Matrix::from_vec(50, 3, (0..150).map(|i| (i / 3) as f32).collect())?;
/// let found = umap((&line).into(), &UmapParams { n_neighbors: 5, ..UmapParams::default() }, &Silent)?;
/// assert_eq!((found.map.n_rows(), found.map.n_cols()), (50, 2));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// What [`UmapParams::check`] says; [`crate::Error::Empty`]; [`crate::Error::NotFinite`] with the row.
pub fn umap(points: MatrixView<'_>, params: &UmapParams, progress: &dyn Progress) -> Result<Umap> {
    params.check()?;
    let knn_params = KnnParams {
        k: params.n_neighbors - 1,
        metric: params.metric,
        seed: params.random_state,
        level: params.level,
        ..KnnParams::default()
    };
    let Knn { graph, recall, n_sampled, met, .. } = knn(points, &knn_params, progress)?;
    let mut found = umap_of_graph(&graph, Some(points), params, progress)?;
    found.knn = Some(KnnReport { recall, n_sampled, met });
    Ok(found)
}

/// A map of rows whose neighbours are known; of each the first `n_neighbors - 1` are taken.
///
/// `points [n_rows, n_cols]` decide where the descent begins; without them that is a random place, or what
/// [`Init::Given`] says. Cost and determinism as [`umap()`].
///
/// # Errors
///
/// What [`UmapParams::check`] says; [`crate::Error::Shape`] where `points` or the start has other rows than the graph;
/// [`crate::Error::Empty`]; [`crate::Error::NotFinite`].
pub fn umap_of_graph(
    graph: &NeighbourGraph,
    points: Option<MatrixView<'_>>,
    params: &UmapParams,
    progress: &dyn Progress,
) -> Result<Umap> {
    params.check()?;
    let n_rows = graph.n_rows();
    if n_rows == 0 {
        return Err(crate::error::Error::Empty { n_rows, n_cols: graph.k() });
    }
    let n_epochs = params.epochs(n_rows);

    progress.stage("memberships", 1);
    let FuzzySet { memberships, sigmas, rhos } = fuzzy_set(graph, params.n_neighbors)?;
    progress.advance(1);

    progress.stage("start", 1);
    let parts = Parts::of_graph(&memberships);
    let mut map = start(&memberships, &parts, points, params)?;
    progress.advance(1);

    let curve = fit_curve(params.min_dist.into(), params.spread.into());
    let (order, place) = shuffled(n_rows, params.random_state);
    let edges = Edges::new(&memberships, |vertex| order[vertex] as usize, &place, n_epochs);
    drop(memberships);
    progress.stage("descent", n_epochs as u64);
    let mut positions =
        Positions::new(n_rows, params.n_components, map.values(), |vertex| order[vertex] as usize);
    let descent = Descent {
        curve,
        n_epochs,
        learning_rate: params.learning_rate,
        repulsion: params.repulsion_strength,
        negative_sample_rate: params.negative_sample_rate,
        seed: params.random_state,
        level: params.level,
    };
    lay_out(&edges, &mut positions, &descent, || progress.advance(1));
    positions.write(params.n_components, map.values_mut(), |vertex| order[vertex] as usize);

    let n_neighbors = params.n_neighbors.min(graph.k() + 1);
    Ok(Umap {
        map,
        a: curve.a,
        b: curve.b,
        sigmas,
        rhos,
        n_neighbors,
        n_epochs,
        n_parts: parts.n,
        knn: None,
        params: params.clone(),
    })
}

/// How much every row belongs to every other, from the first `n_neighbors - 1` neighbours of each (the row itself is
/// counted).
///
/// O(n_rows · n_neighbors), parallel; the same numbers as umap-learn's `fuzzy_simplicial_set` to 1e-5, and the same
/// bytes from any number of threads.
///
/// # Errors
///
/// [`crate::Error::Param`] where `n_neighbors` is below 2.
pub fn fuzzy_set(graph: &NeighbourGraph, n_neighbors: usize) -> Result<FuzzySet> {
    crate::error::require(n_neighbors >= 2, "n_neighbors", n_neighbors, "at least 2")?;
    let (memberships, Kernels { sigmas, rhos }) = fuzzy::fuzzy_set(graph, n_neighbors - 1)?;
    Ok(FuzzySet { memberships, sigmas, rhos })
}

/// Where the descent begins, `[n_rows, n_components]`, every axis from 0 to 10.
fn start(
    memberships: &SparseMatrix,
    parts: &Parts,
    points: Option<MatrixView<'_>>,
    params: &UmapParams,
) -> Result<Matrix> {
    let (n_rows, n_components, seed) = (memberships.n_rows(), params.n_components, params.random_state);
    if let Init::Given(given) = &params.init {
        same_size("rows of the start", n_rows, given.n_rows())?;
        same_size("columns of the start", n_components, given.n_cols())?;
        given.check_finite()?;
        let mut map = given.clone();
        scale_axes(&mut map);
        return Ok(map);
    }
    let mut map = match points {
        Some(points) => {
            same_size("rows of the points", n_rows, points.n_rows())?;
            principal_map(points, n_components)?
        }
        None => random_start(n_rows, n_components, seed),
    };
    if params.init == Init::Spectral {
        map = smooth(memberships, &map, parts)?;
    }
    scale_with_noise(&mut map, seed);
    Ok(map)
}

/// The first principal components, and zeros where there are fewer columns.
fn principal_map(points: MatrixView<'_>, n_components: usize) -> Result<Matrix> {
    let n_found = n_components.min(points.n_cols());
    let found = pca(points, &PcaParams { n_components: n_found })?.project(points)?;
    if n_found == n_components {
        return Ok(found);
    }
    let mut map = Matrix::zeros(points.n_rows(), n_components);
    for (row, found) in map.values_mut().chunks_exact_mut(n_components).zip(found.rows()) {
        row[..n_found].copy_from_slice(found);
    }
    Ok(map)
}
