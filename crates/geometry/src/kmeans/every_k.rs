//! k-means for every k up to a largest, each helped by its neighbours.
//!
//! A start of k-means ends in a local optimum, and a score over k that jumps from one optimum to another has false peaks. So
//! the answer for k also starts from that for k - 1 with one more centre (Likas, Vlassis and Verbeek, *The global k-means clustering
//! algorithm*, 2003, with seeds drawn as in k-means++ in place of all rows), and from that for k + 1 without the centre that
//! is missed least. Each is kept where it is better.

use rayon::prelude::*;

use super::{KMeans, KMeansParams, Rows, Run, hierarchy, largest_first, lloyd, mean_variance, seeding};
use crate::error::Result;
use crate::matrix::{Matrix, squared_distance};
use crate::view::MatrixView;

/// The first k of a hierarchy.
const LEAST_K: usize = 2;

/// Rows whose second distances are found as one task. Moves no digit.
const ROWS_PER_TASK: usize = 256;

/// The clusterings of `points` for k = 2, 3, … `k_max`, from one bisecting hierarchy: its centres are settled for every k, and each k
/// is helped by its neighbours where `help` says so. Fewer where not as many rows differ.
pub(crate) fn kmeans_hierarchy(
    points: MatrixView<'_>,
    k_max: usize,
    help: Help,
    params: &KMeansParams,
) -> Result<Vec<KMeans>> {
    let rows = Rows::new(points);
    let enough = params.tolerance * mean_variance(points);
    let levels = hierarchy::bisected(points, k_max, params.seed)?;
    let mut runs: Vec<Run> =
        levels.into_par_iter().map(|centres| lloyd(&rows, centres, params.max_iter, enough)).collect();
    if help == Help::OfNeighbours {
        help_neighbours(&rows, &mut runs, params, enough)?;
    }
    runs.into_iter().map(largest_first).collect()
}

/// Whether the clusterings of one k help those of the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Help {
    None,
    OfNeighbours,
}

/// Each of `runs`, for k = [`LEAST_K`] and on, also starts from the one before with a centre more, and the one after with a centre less.
fn help_neighbours(rows: &Rows<'_>, runs: &mut [Run], params: &KMeansParams, enough: f64) -> Result<()> {
    let climb = |seeds: Matrix| lloyd(rows, seeds, params.max_iter, enough);
    for at in 1..runs.len() {
        let seeds = seeding::one_more(rows, &runs[at - 1].centres, &runs[at - 1].labels, params.seed)?;
        keep_better(&mut runs[at], seeds.map(climb));
    }
    for at in (1..runs.len()).rev() {
        let seeds = one_less(rows.points, &runs[at]).filter(|seeds| seeds.n_rows() == LEAST_K + at - 1);
        keep_better(&mut runs[at - 1], seeds.map(climb));
    }
    Ok(())
}

/// Of equals the one that stands.
fn keep_better(standing: &mut Run, other: Option<Run>) {
    if let Some(other) = other.filter(|other| other.inertia < standing.inertia) {
        *standing = other;
    }
}

/// The centres without the one whose rows are, in sum, nearest to another; `None` where there is only one.
fn one_less(points: MatrixView<'_>, run: &Run) -> Option<Matrix> {
    let k = run.centres.n_rows();
    if k < 2 {
        return None;
    }
    // How much farther each row is from the nearest other centre than from its own.
    let starts: Vec<usize> = (0..points.n_rows()).step_by(ROWS_PER_TASK).collect();
    let farther = |row: usize| {
        let own = run.labels[row] as usize;
        let distance = |c: usize| squared_distance(points.row(row), run.centres.row(c));
        let other = (0..k).filter(|&c| c != own).map(distance).fold(f64::INFINITY, f64::min);
        other - distance(own)
    };
    let parts: Vec<Vec<f64>> = starts
        .into_par_iter()
        .map(|start| (start..points.n_rows().min(start + ROWS_PER_TASK)).map(farther).collect())
        .collect();
    let mut missed = vec![0.0f64; k];
    parts.iter().flatten().zip(&run.labels).for_each(|(farther, &label)| missed[label as usize] += farther);
    let least = (0..k).min_by(|&a, &b| missed[a].total_cmp(&missed[b]))?;
    run.centres.gather(&(0..k).filter(|&c| c != least).collect::<Vec<_>>()).ok()
}
