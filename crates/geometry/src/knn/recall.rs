//! How many of the true neighbours were found, on a sample of the rows.

use super::best::Candidate;
use super::encode::Encoded;
use super::rescore::{Near, nearest_of};
use super::scan::best_of_points;
use crate::progress::Silent;

/// Candidates beyond those asked for that stand for the truth.
const N_SPARE: usize = 33;

/// How far the true neighbours of some rows are.
pub(super) struct Truth {
    /// Places, and the distance of the last neighbour that a row at that place should have.
    farthest: Vec<(u32, f32)>,
    k: usize,
}

impl Truth {
    /// Looks at all rows for those at `places`.
    pub(super) fn of(encoded: &Encoded<'_>, places: &[u32], k: usize, level: populi_simd::Level) -> Self {
        let lists = best_of_points(encoded, places, encoded, k + 1 + N_SPARE, level, &Silent);
        let mut room = Vec::new();
        let farthest = places.iter().zip(lists).filter_map(|(&place, list)| {
            let others: Vec<Candidate> =
                list.into_iter().filter(|candidate| candidate.id() != place).collect();
            nearest_of(encoded, place, &others, encoded, k, &mut room);
            room.last().map(|&(distance, _)| (place, distance))
        });
        Self { farthest: farthest.collect(), k }
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
        let n_true = self.farthest.len() * self.k;
        if n_true == 0 { 1.0 } else { n_found as f64 / n_true as f64 }
    }
}
