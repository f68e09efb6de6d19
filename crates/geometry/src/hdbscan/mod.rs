//! HDBSCAN: clusters of uneven density, and noise.
//!
//! [`hdbscan`] takes rows; [`hdbscan_of_graph`] rows whose neighbours are known. The way:
//!
//! ```text
//! core distances ─▶ spanning tree of mutual reachability ─▶ condensed tree ─▶ selection ─▶ labels ─▶ (coverage)
//! core_distance.rs   kdtree.rs + boruvka.rs, duplicates.rs  condense.rs       select.rs    label.rs   coverage.rs
//!                    graph.rs + repair.rs, all_pairs.rs                         layers.rs
//! ```
//!
//! | in the papers | here |
//! |---|---|
//! | `d_core(x)`: distance to the `min_samples`-th neighbour, `x` not counted | [`Hdbscan::core_distances`] |
//! | `d_mreach(a, b) = max(d_core(a), d_core(b), d(a, b))` | [`SpanningEdge::distance`] |
//! | `λ = 1 / d` | `lambda`, `birth`, `death` of [`CondensedTree`] |
//! | excess of mass, `S(C)` | [`CondensedCluster::stability`] |
//!
//! Sources: Campello, Moulavi and Sander, *Density-based clustering based on hierarchical density estimates*, PAKDD
//! 2013; the files name those of their steps. Behaviour follows the Python package `hdbscan` 0.8; departures are named
//! where they are.
//!
//! # Ties
//!
//! Mutual reachability makes many edges equal. They are ordered by (weight, smaller row, larger row), so there is one
//! spanning tree and one result, whatever found it; with ties too it equals that of the definition, worked out naively.

mod all_pairs;
mod boruvka;
mod condense;
mod core_distance;
mod coverage;
mod duplicates;
mod graph;
mod kdtree;
mod label;
mod layers;
mod params;
mod predict;
mod repair;
mod rows;
mod select;
mod spanning;

use rayon::prelude::*;

use crate::centre::{Centred, centred_if_far};
use crate::error::{Result, require, same_size};
use crate::graph::NeighbourGraph;
use crate::knn::{Knn, KnnParams, knn};
use crate::metric::Metric;
use crate::progress::Progress;
use crate::umap::KnnReport;
use crate::view::MatrixView;

pub use condense::{CondensedChild, CondensedCluster, CondensedEdge, CondensedTree};
pub use layers::Layer;
pub use params::{ClusterSelection, HdbscanMethod, HdbscanParams};
pub use predict::HdbscanPredicted;

use duplicates::Duplicates;
use kdtree::KdTree;
use rows::Rows;
use spanning::Link;

/// Columns up to which rows go into a kd-tree: exact, and 100,000 rows of 16 columns still take two seconds of one core.
const KD_TREE_COLUMNS: usize = 16;

/// Rows up to which all pairs are measured: 2,048 rows of 384 columns take half a second of one core.
const ALL_PAIRS_ROWS: usize = 2048;

/// An edge of the minimum spanning tree of the mutual reachability distances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanningEdge {
    /// The smaller row.
    pub a: u32,
    /// The larger row.
    pub b: u32,
    /// Mutual reachability distance of the two.
    pub distance: f64,
}

/// What [`hdbscan`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hdbscan {
    /// The cluster of each row, `[n_rows]`: 0 has the most rows, of equal sizes the one whose first row comes first; noise is
    /// [`crate::NOISE`].
    pub labels: Vec<i32>,
    /// The same clusters before any noise joined them, `[n_rows]`; equal to `labels` without `max_noise`.
    pub labels_raw: Vec<i32>,
    /// Whether a row joined its cluster to meet `max_noise`, `[n_rows]`.
    pub assigned: Vec<bool>,
    /// How much a row belongs to its cluster, `[n_rows]`, from 0 (noise) to 1 (its densest part): the level at which it
    /// leaves the cluster over the highest at which a row does. For a row that joined: the level at which it did.
    pub strengths: Vec<f64>,
    /// Number of clusters.
    pub n_clusters: usize,
    /// The cluster of the condensed tree that each label is, `[n_clusters]`.
    pub clusters: Vec<u32>,
    /// The condensed tree.
    pub tree: CondensedTree,
    /// The minimum spanning tree, `[n_rows - 1]`, shortest edge first, of equal ones the one with the smaller rows.
    pub spanning_tree: Vec<SpanningEdge>,
    /// How far the `min_samples`-th neighbour of each row is, `[n_rows]`.
    pub core_distances: Vec<f64>,
    /// Neighbours that made the core distances: what was asked for, or one less than there are rows.
    pub min_samples: usize,
    /// How the spanning tree was found; never [`HdbscanMethod::Auto`].
    pub method: HdbscanMethod,
    /// How good the graph of neighbours is, where [`hdbscan`] made one.
    pub knn: Option<KnnReport>,
    /// The metric that distances are of.
    pub metric: Metric,
}

impl Hdbscan {
    /// Rows that are noise.
    #[must_use]
    pub fn n_noise(&self) -> usize {
        self.labels.iter().filter(|&&label| label == crate::NOISE).count()
    }
}

/// Clusters rows by density, `[n_rows, n_cols]`.
///
/// Cost: `O(n log n)` in few columns; 1 M x 2 takes about a second on two cores, and some 80 bytes a row. Other
/// methods: see [`HdbscanMethod`]. The same bytes at any number of threads and at each level of instructions.
///
/// ```
/// use populi_geometry::{HdbscanParams, Matrix, Silent, hdbscan};
///
/// // Two tight groups of five, and one row far from both.
/// let x: Vec<f32> = [0.0, 9.0].iter().flat_map(|at| (0..5).map(move |i| at + i as f32 * 0.1)).chain([30.0]).collect();
/// let points = Matrix::from_vec(11, 1, x)?;
/// let found = hdbscan((&points).into(), &HdbscanParams { min_samples: Some(2), ..HdbscanParams::default() }, &Silent)?;
/// assert_eq!(found.labels, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, -1]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Param`] for a parameter outside its range, or a method that does not fit the rows; [`crate::Error::Empty`];
/// [`crate::Error::NotFinite`]; without the kd-tree, [`crate::Error::TooLarge`] for rows whose squared distances are beyond `f32`.
pub fn hdbscan(points: MatrixView<'_>, params: &HdbscanParams, progress: &dyn Progress) -> Result<Hdbscan> {
    params.check()?;
    check_rows(points)?;
    let method = method_for(points, params)?;
    if method != HdbscanMethod::KdTree {
        points.check_squares()?;
    }
    let min_samples = params.min_samples_of(points.n_rows());
    let mut report = None;
    let found = match (points.n_rows(), method) {
        (1, _) => Found::of_one_row(),
        (_, HdbscanMethod::KdTree) => of_kd_tree_of_columns(points, min_samples, params, progress)?,
        (_, HdbscanMethod::AllPairs) => {
            all_pairs::of_all_pairs(points, params.metric, min_samples, params.level, progress)
        }
        (_, HdbscanMethod::Auto | HdbscanMethod::Graph) => {
            let k = params.n_neighbours.max(min_samples);
            let (metric, seed, level) = (params.metric, params.seed, params.level);
            let neighbours =
                knn(points, &KnnParams { k, metric, seed, level, ..KnnParams::default() }, progress)?;
            let Knn { recall, n_sampled, met, .. } = neighbours;
            report = Some(KnnReport { recall, n_sampled, met });
            let centred = euclidean_if_far(points, metric);
            let rows = Rows::new(centred.as_ref().map_or(points, Centred::view), metric, level);
            graph::of_graph(&rows, &neighbours.graph, min_samples, seed, progress)
        }
    };
    Ok(Hdbscan { knn: report, ..found.into_clusters(params, method, min_samples, progress) })
}

/// As [`hdbscan`] by [`HdbscanMethod::Graph`], from a graph that is there already: `params.method` and
/// `params.n_neighbours` are not looked at.
///
/// # Errors
///
/// As [`hdbscan`]; [`crate::Error::Shape`] where the graph is of another number of rows; [`crate::Error::Param`] where
/// it has fewer neighbours a row than `min_samples`, or negative distances.
pub fn hdbscan_of_graph(
    points: MatrixView<'_>,
    graph: &NeighbourGraph,
    params: &HdbscanParams,
    progress: &dyn Progress,
) -> Result<Hdbscan> {
    params.check()?;
    check_rows(points)?;
    points.check_squares()?;
    same_size("rows of the graph of neighbours", points.n_rows(), graph.n_rows())?;
    let min_samples = params.min_samples_of(points.n_rows());
    let found = if points.n_rows() == 1 {
        Found::of_one_row()
    } else {
        require(graph.k() >= min_samples, "neighbours of the graph", graph.k(), "at least min_samples")?;
        let negative = graph.distances().iter().find(|&&distance| distance < 0.0);
        let shown = negative.copied().unwrap_or(0.0);
        require(negative.is_none(), "distance of the graph", shown, "not negative")?;
        let centred = euclidean_if_far(points, params.metric);
        let rows = Rows::new(centred.as_ref().map_or(points, Centred::view), params.metric, params.level);
        graph::of_graph(&rows, graph, min_samples, params.seed, progress)
    };
    Ok(found.into_clusters(params, HdbscanMethod::Graph, min_samples, progress))
}

/// Rows less their mean, where their distances would lose digits and do not change by it.
fn euclidean_if_far(points: MatrixView<'_>, metric: Metric) -> Option<Centred> {
    (metric == Metric::Euclidean).then(|| centred_if_far(points)).flatten()
}

fn check_rows(points: MatrixView<'_>) -> Result<()> {
    points.check()?;
    require(points.n_rows() <= i32::MAX as usize, "rows", points.n_rows(), "at most 2^31 - 1")
}

/// The method that [`HdbscanMethod::Auto`] stands for, or the one that is asked for, if it can take the rows.
fn method_for(points: MatrixView<'_>, params: &HdbscanParams) -> Result<HdbscanMethod> {
    let fits_tree = params.metric == Metric::Euclidean && points.n_cols() <= KD_TREE_COLUMNS;
    match params.method {
        HdbscanMethod::Auto if fits_tree => Ok(HdbscanMethod::KdTree),
        HdbscanMethod::Auto if points.n_rows() <= ALL_PAIRS_ROWS => Ok(HdbscanMethod::AllPairs),
        HdbscanMethod::Auto => Ok(HdbscanMethod::Graph),
        HdbscanMethod::KdTree => {
            let must_be = "another one than the kd-tree for cosine or more than 16 columns";
            require(fits_tree, "method", "KdTree", must_be).map(|()| HdbscanMethod::KdTree)
        }
        method => Ok(method),
    }
}

/// Core distances and the edges of the spanning tree, before they have an order.
struct Found {
    links: Vec<Link>,
    /// By row, in the unit of the links' weights.
    cores: Vec<f32>,
    unit: Unit,
}

/// What a weight is.
#[derive(Clone, Copy)]
struct Unit {
    /// Whether weights are squares.
    squared: bool,
    /// What to multiply distances by.
    scale: f64,
}

impl Unit {
    fn distance(self, weight: f32) -> f64 {
        let weight = f64::from(weight);
        self.scale * if self.squared { weight.sqrt() } else { weight }
    }
}

fn of_kd_tree_of_columns(
    points: MatrixView<'_>,
    min_samples: usize,
    params: &HdbscanParams,
    progress: &dyn Progress,
) -> Result<Found> {
    // Columns that are added are zeros and cost a little; each number of dimensions is compiled by itself.
    match points.n_cols() {
        0..=2 => of_kd_tree::<2>(points, min_samples, params, progress),
        3 => of_kd_tree::<3>(points, min_samples, params, progress),
        4..=5 => of_kd_tree::<5>(points, min_samples, params, progress),
        6..=8 => of_kd_tree::<8>(points, min_samples, params, progress),
        _ => of_kd_tree::<KD_TREE_COLUMNS>(points, min_samples, params, progress),
    }
}

fn of_kd_tree<const D: usize>(
    points: MatrixView<'_>,
    min_samples: usize,
    params: &HdbscanParams,
    progress: &dyn Progress,
) -> Result<Found> {
    progress.stage("kd-tree", 0);
    let tree: KdTree<D> = KdTree::new(points);
    let of_places = core_distance::core_distances(&tree, min_samples, params.level, progress);
    let mut cores = vec![0.0; points.n_rows()];
    tree.rows.iter().zip(&of_places).for_each(|(&row, &core)| cores[row as usize] = core);
    let links = match Duplicates::find(points, &cores) {
        None => boruvka::spanning_links(&tree, &of_places, params.level, progress),
        Some(duplicates) => duplicates.spanning_links::<D>(points, &cores, params.level, progress)?,
    };
    Ok(Found { links, cores, unit: Unit { squared: true, scale: tree.scale } })
}

impl Found {
    fn of_one_row() -> Self {
        Self { links: Vec::new(), cores: vec![0.0], unit: Unit { squared: false, scale: 1.0 } }
    }

    /// Sorts the spanning tree, condenses it and takes clusters from it.
    fn into_clusters(
        self,
        params: &HdbscanParams,
        method: HdbscanMethod,
        min_samples: usize,
        progress: &dyn Progress,
    ) -> Hdbscan {
        let Found { mut links, cores, unit } = self;
        progress.stage("clusters", 0);
        links.par_sort_unstable_by_key(|link| link.order());
        let edge = |link: &Link| SpanningEdge { a: link.a, b: link.b, distance: unit.distance(link.weight) };
        let spanning_tree: Vec<SpanningEdge> = links.par_iter().map(edge).collect();
        drop(links);
        let tree = condense::condense(cores.len(), &spanning_tree, params.min_cluster_size);
        let labelling = label::label(&tree, &spanning_tree, params);
        Hdbscan {
            labels: labelling.labels,
            labels_raw: labelling.labels_raw,
            assigned: labelling.assigned,
            strengths: labelling.strengths,
            n_clusters: labelling.clusters.len(),
            clusters: labelling.clusters,
            tree,
            spanning_tree,
            core_distances: cores.par_iter().map(|&core| unit.distance(core)).collect(),
            min_samples,
            method,
            knn: None,
            metric: params.metric,
        }
    }
}
