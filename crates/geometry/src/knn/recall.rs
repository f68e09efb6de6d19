//! How many of the true neighbours were found, on a sample of the rows.

use populi_simd::Level;

use super::best::Candidate;
use super::encode::Encoded;
use super::rescore::{Near, nearest_of};
use super::scan::best_of_points;
use crate::progress::Silent;

/// Candidates beyond those asked for that stand for the truth.
const N_SPARE: usize = 17;

/// How far the true neighbours of some rows are.
pub(super) struct Truth {
    /// Places, and the distance of the last neighbour that a row at that place should have.
    farthest: Vec<(u32, f32)>,
    k: usize,
}

impl Truth {
    /// Looks at all rows for those at `places`.
    pub(super) fn of(encoded: &Encoded<'_>, places: &[u32], k: usize, level: Level) -> Self {
        let mut farthest = Vec::with_capacity(places.len());
        look_at_all(encoded, places, k, k + N_SPARE, level, |place, near| {
            farthest.extend(near.last().map(|&(distance, _)| (place, distance)));
        });
        Self { farthest, k }
    }

    /// Rows that were looked at.
    pub(super) fn n_sampled(&self) -> usize {
        self.farthest.len()
    }

    /// The share of neighbours that are as near as true ones; `found` gives those of a place. 1 where there are none.
    pub(super) fn recall(&self, mut found: impl FnMut(u32, &mut Vec<Near>)) -> f64 {
        let mut room = Vec::new();
        let mut n_found = 0;
        for &(place, farthest) in &self.farthest {
            found(place, &mut room);
            n_found += room.iter().filter(|near| near.0 <= farthest).count();
        }
        self.share(n_found)
    }

    /// The recall of the `keep` best of all rows in another encoding.
    pub(super) fn recall_of_all(&self, encoded: &Encoded<'_>, keep: usize, level: Level) -> f64 {
        let places: Vec<u32> = self.farthest.iter().map(|&(place, _)| place).collect();
        let mut farthest = self.farthest.iter();
        let mut n_found = 0;
        look_at_all(encoded, &places, self.k, keep, level, |_, near| {
            let farthest = farthest.next().map_or(0.0, |&(_, distance)| distance);
            n_found += near.iter().filter(|near| near.0 <= farthest).count();
        });
        self.share(n_found)
    }

    fn share(&self, n_found: usize) -> f64 {
        let n_true = self.farthest.len() * self.k;
        if n_true == 0 { 1.0 } else { n_found as f64 / n_true as f64 }
    }
}

/// Hands over the `k` nearest of the `keep` best of all rows for each of `places`, in their order.
fn look_at_all(
    encoded: &Encoded<'_>,
    places: &[u32],
    k: usize,
    keep: usize,
    level: Level,
    mut hand_over: impl FnMut(u32, &[Near]),
) {
    let lists = best_of_points(encoded, places, encoded, keep + 1, level, &Silent);
    let mut room = Vec::new();
    for (&place, list) in places.iter().zip(lists) {
        let others: Vec<Candidate> =
            list.into_iter().filter(|candidate| candidate.id() != place).take(keep).collect();
        nearest_of(encoded, place, &others, encoded, k, &mut room);
        hand_over(place, &room);
    }
}
