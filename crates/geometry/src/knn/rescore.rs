//! The last choice among candidates, by the distance that the graph shows.

use rayon::prelude::*;

use super::best::Candidate;
use super::distance::Rows;
use super::encode::Encoded;
use super::lists::Lists;
use crate::error::Result;
use crate::graph::NeighbourGraph;
use crate::progress::Progress;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_TASK: usize = 256;

/// A neighbour: how far it is, and which row. In the order in which a graph has them.
pub(super) type Near = (f32, u32);

/// The graph of the `k` nearest candidates of every row.
pub(super) fn graph_of(
    encoded: &Encoded<'_>,
    lists: &Lists,
    k: usize,
    progress: &dyn Progress,
) -> Result<NeighbourGraph> {
    let n = encoded.n_rows();
    progress.stage("distances", n as u64);
    let task = |first: usize| {
        let places = first..n.min(first + ROWS_PER_TASK);
        let mut room = Vec::new();
        let mut found = Vec::with_capacity(places.len() * k);
        for place in places.clone() {
            lists.with(place, |list| nearest_of(encoded, place as u32, list, encoded, k, &mut room));
            found.extend_from_slice(&room);
        }
        progress.advance(places.len() as u64);
        found
    };
    let found: Vec<Vec<Near>> = (0..n).into_par_iter().step_by(ROWS_PER_TASK).map(task).collect();
    let (mut ids, mut distances) = (vec![0; n * k], vec![0.0; n * k]);
    for (first, found) in (0..n).step_by(ROWS_PER_TASK).zip(found) {
        for (place, found) in (first..).zip(found.chunks_exact(k.max(1))) {
            let from = encoded.row_at(place as u32) as usize * k;
            for (at, &(distance, id)) in (from..).zip(found) {
                (distances[at], ids[at]) = (distance, id);
            }
        }
    }
    NeighbourGraph::new(n, k, ids, distances)
}

/// The `k` nearest of a row's candidates, the best of which comes first, among `points`: into `to`, the nearest first,
/// of equal distances the smaller row first.
pub(super) fn nearest_of(
    rows: &Encoded<'_>,
    place: u32,
    candidates: &[Candidate],
    points: &Encoded<'_>,
    k: usize,
    to: &mut Vec<Near>,
) {
    to.clear();
    let Some(last) = candidates.get(k.saturating_sub(1)).or(candidates.last()) else { return };
    let least = last.score().saturating_sub(rows.doubt(place));
    let row = rows.row_at(place) as usize;
    let candidates = candidates.iter().take_while(|candidate| candidate.score() >= least);
    to.extend(
        candidates.map(|candidate| near(rows.rows(), row, points.rows(), points.row_at(candidate.id()))),
    );
    to.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    to.truncate(k);
}

#[inline]
fn near(rows: &Rows<'_>, row: usize, points: &Rows<'_>, id: u32) -> Near {
    (rows.distance(row, points, id as usize), id)
}
