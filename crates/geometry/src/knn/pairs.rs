//! Every pair of rows, each scored once and offered to both.

use std::sync::Mutex;

use populi_simd::LANES;
use populi_simd::Level;
use populi_simd::int8::{Hit, Packed, Tile, scores_above};
use rayon::prelude::*;

use super::best::{Best, Candidate};
use super::quantise::Quantised;
use crate::progress::Progress;

/// Rows of a block: packed they stay in the second cache of a core while rows of another block pass by.
const BLOCK_ROWS: usize = 512;

/// The `keep` candidates of every row with the greatest products, the best first: `[n, keep or all others]`.
///
/// n² d / 2 products of integers.
pub(super) fn best_of_all(
    rows: &Quantised,
    keep: usize,
    level: Level,
    progress: &dyn Progress,
) -> Vec<Vec<u32>> {
    let n = rows.n_rows();
    let blocks: Vec<Mutex<Block>> = (0..n.div_ceil(BLOCK_ROWS))
        .into_par_iter()
        .map(|block| Mutex::new(Block::new(rows, block * BLOCK_ROWS, keep)))
        .collect();
    let rounds = tournament(blocks.len());
    progress.stage("pairs", 1 + rounds.len() as u64);
    blocks.par_iter().for_each(|block| lock(block).score_itself(level));
    progress.advance(1);
    // No two tasks of a round share a block, so that none waits for another.
    for round in rounds {
        round.into_par_iter().for_each(|(a, b)| lock(&blocks[a]).score_with(&mut lock(&blocks[b]), level));
        progress.advance(1);
    }
    let lists = blocks.into_par_iter().map(|block| lock(&block).lists());
    lists.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Rows that lie together, and their best candidates so far.
struct Block {
    first: u32,
    packed: Packed,
    best: Best,
}

impl Block {
    fn new(rows: &Quantised, first: usize, keep: usize) -> Self {
        let end = rows.n_rows().min(first + BLOCK_ROWS);
        let mut packed = Packed::default();
        packed.fill((first..end).map(|i| (rows.row(i), 0)));
        Self { first: first as u32, packed, best: Best::new(end - first, keep) }
    }

    fn score_itself(&mut self, level: Level) {
        let mut hits = Vec::new();
        for row_group in 0..self.packed.n_groups() {
            // Short steps: as long as lists are not full, every pair is a hit.
            for from in (row_group..self.packed.n_groups()).step_by(4) {
                let groups = from..self.packed.n_groups().min(from + 4);
                let floors = self.best.floors();
                let tile = Tile {
                    rows: &self.packed,
                    row_group,
                    row_floors: &floors[row_group],
                    points: &self.packed,
                    groups: groups.clone(),
                    point_floors: &floors[groups],
                };
                scores_above(level, tile, &mut hits);
                for hit in hits.drain(..) {
                    let (row, point) = places(hit, row_group);
                    if row < point {
                        self.best.offer(row, Candidate::new(hit.score, self.first + point as u32));
                        self.best.offer(point, Candidate::new(hit.score, self.first + row as u32));
                    }
                }
            }
        }
    }

    fn score_with(&mut self, other: &mut Self, level: Level) {
        let mut hits = Vec::new();
        for row_group in 0..self.packed.n_groups() {
            let tile = Tile {
                rows: &self.packed,
                row_group,
                row_floors: &self.best.floors()[row_group],
                points: &other.packed,
                groups: 0..other.packed.n_groups(),
                point_floors: other.best.floors(),
            };
            scores_above(level, tile, &mut hits);
            for hit in hits.drain(..) {
                let (row, point) = places(hit, row_group);
                self.best.offer(row, Candidate::new(hit.score, other.first + point as u32));
                other.best.offer(point, Candidate::new(hit.score, self.first + row as u32));
            }
        }
    }

    fn lists(&mut self) -> Vec<Vec<u32>> {
        let n_rows = self.packed.n_points();
        (0..n_rows).map(|row| self.best.of(row).iter().map(|candidate| candidate.id()).collect()).collect()
    }
}

fn places(hit: Hit, row_group: usize) -> (usize, usize) {
    (row_group * LANES + hit.row as usize, hit.point as usize)
}

/// A lock whose holder never panics.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Rounds of pairs of `n` players such that each pair meets once and nobody plays twice in a round: one player stays, the
/// others move around the table.
fn tournament(n: usize) -> Vec<Vec<(usize, usize)>> {
    let n_seats = n.next_multiple_of(2);
    let moving = n_seats.saturating_sub(1);
    let round = |round: usize| {
        let pairs = (0..n_seats / 2).map(|i| {
            let a = if i == 0 { moving } else { (round + i) % moving };
            (a, (round + moving - i) % moving)
        });
        pairs.filter(|&(a, b)| a < n && b < n).collect()
    };
    (0..moving).map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_meets_everyone_once_and_nobody_twice_in_a_round() {
        for n in 0..20 {
            let mut met = Vec::new();
            for round in tournament(n) {
                let mut players: Vec<usize> = round.iter().flat_map(|&(a, b)| [a, b]).collect();
                players.sort_unstable();
                assert!(players.windows(2).all(|pair| pair[0] < pair[1]), "{n}: {round:?}");
                met.extend(round.iter().map(|&(a, b)| (a.min(b), a.max(b))));
            }
            met.sort_unstable();
            let expected: Vec<(usize, usize)> = (0..n).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
            met.sort_unstable_by_key(|&(a, b)| (b, a));
            assert_eq!(met, expected, "{n}");
        }
    }
}
