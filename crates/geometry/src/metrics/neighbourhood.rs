//! Whether a map keeps who is near whom.
//!
//! Venna and Kaski, *Neighborhood preservation in nonlinear projection methods: an experimental study* (2001).

use rayon::prelude::*;

use super::pairs::{Pairs, ROWS_PER_TASK, Rows, TILE_ERROR};
use crate::error::{Result, require, same_size};
use crate::matrix::squared_distance;
use crate::metric::Metric;
use crate::real::Real;
use crate::sample::sample_rows;
use crate::view::MatrixView;

/// How [`neighbourhood`] looks at a map.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourhoodParams {
    /// Neighbours of a row that count, fewer than half of the rows. Default 5, as scikit-learn; papers on maps often take 15.
    pub k: usize,
    /// How distances in the space are measured (on the map they are Euclidean). Default Euclidean.
    pub metric: Metric,
    /// Rows to look at, one of each equal stretch; each is compared with all rows. Default: all of them.
    pub max_rows: usize,
    /// Which rows, where not all. Default 0.
    pub seed: u64,
}

impl Default for NeighbourhoodParams {
    fn default() -> Self {
        Self { k: 5, metric: Metric::Euclidean, max_rows: usize::MAX, seed: 0 }
    }
}

impl NeighbourhoodParams {
    /// Checks the parameters for a matrix of `n_rows` rows.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Param`] where `k` is 0 or not below half of the rows, or no row is to be looked at.
    pub fn check(&self, n_rows: usize) -> Result<()> {
        require(self.k > 0, "k", self.k, "at least 1")?;
        require(self.k < n_rows.div_ceil(2), "k", self.k, "less than half of the rows")?;
        require(self.max_rows > 0, "max_rows", self.max_rows, "at least 1")
    }
}

/// What a map keeps of the neighbourhoods of a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhood {
    /// From 0 to 1: 1 where every neighbour on the map is one in the space; one that is not costs by how far down it comes there.
    pub trustworthiness: f64,
    /// From 0 to 1: the share of the k nearest in the space that are among the k nearest on the map.
    pub preservation: f64,
    /// Rows looked at.
    pub n_rows: usize,
}

/// How well `map [n, m]` keeps the neighbourhoods of `points [n, d]`.
///
/// The rank of a row among all others in the space, the nearest being 1, decides both: trustworthiness is
/// `1 - 2 / (n_rows k (2n - 3k - 1)) · Σ max(0, rank - k)` over the k neighbours that each row has on the map, and
/// preservation the share of them whose rank is at most k. Of equally near rows the one with the smaller number comes first, on
/// the map and in the space. Of all rows, trustworthiness equals scikit-learn's where no two distances are equal (there, ties
/// come as they are sorted); of a sample, the mean estimates that of all rows without bias.
///
/// 2·n_rows·n·d operations in `f64`, parallel over blocks of rows; memory does not grow with `n`. The same bytes from any
/// number of threads.
///
/// ```
/// use populi_geometry::{MatrixView, NeighbourhoodParams, neighbourhood};
///
/// let points = MatrixView::new(5, 1, &[0.0f64, 1.0, 3.0, 6.0, 10.0])?;
/// let mirrored = MatrixView::new(5, 1, &[-0.0f32, -1.0, -3.0, -6.0, -10.0])?;
/// let kept = neighbourhood(points, mirrored, &NeighbourhoodParams { k: 2, ..NeighbourhoodParams::default() })?;
/// assert_eq!((kept.trustworthiness, kept.preservation), (1.0, 1.0));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`] where the two have not the same number of rows; [`crate::Error::Empty`],
/// [`crate::Error::NotFinite`]; [`crate::Error::Param`] as [`NeighbourhoodParams::check`] finds.
pub fn neighbourhood<T: Real, U: Real>(
    points: MatrixView<'_, T>,
    map: MatrixView<'_, U>,
    params: &NeighbourhoodParams,
) -> Result<Neighbourhood> {
    let pairs = Pairs::new(points, params.metric)?;
    map.check()?;
    same_size("rows of the map", points.n_rows(), map.n_rows())?;
    params.check(points.n_rows())?;
    let all: Vec<u32> = (0..points.n_rows()).map(|row| row as u32).collect();
    let looked_at: Vec<u32> = sample_rows(points.n_rows(), params.max_rows, params.seed)
        .into_iter()
        .map(|row| row as u32)
        .collect();
    let blocks: Vec<(u64, u64)> = looked_at
        .par_chunks(ROWS_PER_TASK)
        .map(|ids| {
            let nearest: Vec<Vec<u32>> = ids.iter().map(|&row| nearest_on_map(map, row, params.k)).collect();
            let ranks = ranks(&pairs, &pairs.rows(ids), &nearest, &all);
            let beyond: u64 = ranks.iter().flatten().map(|&rank| rank.saturating_sub(params.k as u64)).sum();
            let kept = ranks.iter().flatten().filter(|&&rank| rank <= params.k as u64).count() as u64;
            (beyond, kept)
        })
        .collect();
    let beyond: u64 = blocks.iter().map(|block| block.0).sum();
    let kept: u64 = blocks.iter().map(|block| block.1).sum();
    let (n, k, n_rows) = (points.n_rows() as f64, params.k as f64, looked_at.len());
    let n_neighbours = n_rows as f64 * k;
    Ok(Neighbourhood {
        trustworthiness: 1.0 - beyond as f64 * (2.0 / (n_neighbours * (2.0 * n - 3.0 * k - 1.0))),
        preservation: kept as f64 / n_neighbours,
        n_rows,
    })
}

/// The `k` nearest rows of the map to `row`, by distance, then by number.
fn nearest_on_map<U: Real>(map: MatrixView<'_, U>, row: u32, k: usize) -> Vec<u32> {
    let mut nearest: Vec<(f64, u32)> = Vec::with_capacity(k + 1);
    for (other, id) in map.rows().zip(0u32..) {
        let distance = squared_distance(map.row(row as usize), other);
        // Rows come by number: one that is as far as the last does not displace it.
        let is_full = nearest.len() == k;
        if id == row || (is_full && nearest.last().is_some_and(|last| distance >= last.0)) {
            continue;
        }
        if is_full {
            nearest.pop();
        }
        let place = nearest.partition_point(|&(near, _)| near <= distance);
        nearest.insert(place, (distance, id));
    }
    nearest.into_iter().map(|(_, id)| id).collect()
}

/// The ranks in the space, from 1, of some `others` of each of `rows`, the nearest first.
fn ranks<T: Real>(pairs: &Pairs<'_, T>, rows: &Rows, others: &[Vec<u32>], all: &[u32]) -> Vec<Vec<u64>> {
    let by_distance = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    let bars: Vec<Vec<(f64, u32)>> = rows
        .ids
        .iter()
        .zip(others)
        .map(|(&row, others)| {
            let mut bars: Vec<_> = others.iter().map(|&other| (pairs.measured(row, other), other)).collect();
            bars.sort_unstable_by(by_distance);
            bars
        })
        .collect();
    // How many rows come after the bar before, and not after the bar itself.
    let mut counts: Vec<Vec<u64>> = bars.iter().map(|bars| vec![0; bars.len()]).collect();
    pairs.by_tiles(rows, all, |_, columns, squared| {
        for (row, squared) in squared.chunks_exact(columns.ids.len()).enumerate() {
            let (bars, counts, own) = (&bars[row], &mut counts[row], rows.ids[row]);
            for (column, (&far, &id)) in squared.iter().zip(&columns.ids).enumerate() {
                let error = TILE_ERROR * (rows.squares[row] + columns.squares[column]);
                let before = bars.partition_point(|bar| bar.0 < far - error);
                if before == bars.len() || id == own {
                    continue;
                }
                let place = if far + error < bars[before].0 {
                    before
                } else {
                    let measured = (pairs.measured(own, id), id);
                    bars.partition_point(|bar| by_distance(bar, &measured).is_lt())
                };
                if let Some(count) = counts.get_mut(place) {
                    *count += 1;
                }
            }
        }
    });
    for counts in &mut counts {
        let mut rank = 0;
        counts.iter_mut().for_each(|count| {
            rank += *count;
            *count = rank;
        });
    }
    counts
}
