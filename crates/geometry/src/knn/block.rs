//! Rows that lie together in a core's cache, and the best of those that they were compared with.

use populi_simd::tile::{Hit, Packed, Tile, scores_above};
use populi_simd::{LANES, Level};

use super::best::{Best, Candidate};
use super::encode::Encoded;
use super::lists::Lists;

/// Rows of a block: packed, two blocks stay in the second cache of a core. A multiple of 48, which the kernel likes
/// best.
pub(super) const BLOCK_ROWS: usize = 480;

/// Groups that are scored at once while lists are not full, when every pair is a hit.
const FEW_GROUPS: usize = 6;

/// Rows, packed, and their best candidates so far.
pub(super) struct Block {
    ids: Vec<u32>,
    packed: Packed,
    best: Best,
    hits: Vec<Hit>,
}

impl Block {
    /// The rows at the places `ids`, with room for `keep` candidates each.
    pub(super) fn new(rows: &Encoded<'_>, ids: Vec<u32>, keep: usize, level: Level) -> Self {
        let mut packed = Packed::default();
        rows.pack(&ids, level, &mut packed);
        let best = Best::new(ids.len(), keep);
        Self { packed, ids, best, hits: Vec::new() }
    }

    /// A candidate of the `row`-th row has to be better than `worst` from now on.
    pub(super) fn want_better(&mut self, row: usize, worst: Candidate) {
        self.best.want_better(row, worst);
    }

    /// Compares each two rows of the block.
    pub(super) fn score_itself(&mut self, level: Level) {
        let n_groups = self.packed.n_groups();
        for row_group in 0..n_groups {
            for from in (row_group..n_groups).step_by(FEW_GROUPS) {
                let groups = from..n_groups.min(from + FEW_GROUPS);
                let floors = self.best.floors();
                let tile = Tile {
                    rows: &self.packed,
                    row_group,
                    row_floors: &floors[row_group],
                    points: &self.packed,
                    groups: groups.clone(),
                    point_floors: &floors[groups],
                };
                scores_above(level, tile, &mut self.hits);
                for hit in self.hits.drain(..) {
                    let (row, point) = places(hit, row_group);
                    if row < point {
                        self.best.offer(row, Candidate::new(hit.score, self.ids[point]));
                        self.best.offer(point, Candidate::new(hit.score, self.ids[row]));
                    }
                }
            }
        }
    }

    /// Compares each row of this block with each of the other, and offers each to the other.
    pub(super) fn score_with(&mut self, other: &mut Self, level: Level) {
        for row_group in 0..self.packed.n_groups() {
            let tile = Tile {
                rows: &self.packed,
                row_group,
                row_floors: &self.best.floors()[row_group],
                points: &other.packed,
                groups: 0..other.packed.n_groups(),
                point_floors: other.best.floors(),
            };
            scores_above(level, tile, &mut self.hits);
            for hit in self.hits.drain(..) {
                let (row, point) = places(hit, row_group);
                self.best.offer(row, Candidate::new(hit.score, other.ids[point]));
                other.best.offer(point, Candidate::new(hit.score, self.ids[row]));
            }
        }
    }

    /// Offers points to the rows of this block; `ids` are what the points are called, and none is a row of the block.
    pub(super) fn score_points(&mut self, points: &Packed, ids: &[u32], level: Level) {
        let no_floors = [[i32::MAX; LANES]; BLOCK_ROWS / LANES];
        let (n_groups, mut from) = (points.n_groups(), 0);
        // As long as lists are not full every pair is a hit, so that floors are asked for often.
        let mut step = if self.best.are_empty() { FEW_GROUPS } else { no_floors.len() };
        while from < n_groups {
            let groups = from..n_groups.min(from + step);
            for row_group in 0..self.packed.n_groups() {
                let tile = Tile {
                    rows: &self.packed,
                    row_group,
                    row_floors: &self.best.floors()[row_group],
                    points,
                    groups: groups.clone(),
                    point_floors: &no_floors[..groups.len()],
                };
                scores_above(level, tile, &mut self.hits);
                for hit in self.hits.drain(..) {
                    let (row, point) = places(hit, row_group);
                    self.best.offer(row, Candidate::new(hit.score, ids[point]));
                }
            }
            (from, step) = (groups.end, (2 * step).min(no_floors.len()));
        }
    }

    /// What the rows are called.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Adds the best candidates of all rows to `lists`.
    pub(super) fn merge_into(&mut self, lists: &Lists) {
        let mut room = Vec::new();
        for (row, &id) in self.ids.iter().enumerate() {
            lists.merge(id as usize, self.best.of(row), &mut room);
        }
    }

    /// The best candidates of the `row`-th row, the best first.
    pub(super) fn best_of(&mut self, row: usize) -> &[Candidate] {
        self.best.of(row)
    }
}

fn places(hit: Hit, row_group: usize) -> (usize, usize) {
    (row_group * LANES + hit.row as usize, hit.point as usize)
}
