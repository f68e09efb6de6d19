//! Every pair of rows, each scored once and offered to both.

use std::sync::Mutex;

use populi_simd::Level;
use rayon::prelude::*;

use super::block::{BLOCK_ROWS, Block};
use super::encode::Encoded;
use super::lists::Lists;
use crate::progress::Progress;

/// The `keep` candidates of every row with the greatest scores. n² d / 2 products.
pub(super) fn best_of_all(rows: &Encoded<'_>, keep: usize, level: Level, progress: &dyn Progress) -> Lists {
    let n = rows.n_rows();
    let block = |first: usize| {
        let ids = (first..n.min(first + BLOCK_ROWS)).map(|row| row as u32);
        Mutex::new(Block::new(rows, ids.collect(), keep, level))
    };
    let blocks: Vec<Mutex<Block>> =
        (0..n.div_ceil(BLOCK_ROWS)).into_par_iter().map(|at| block(at * BLOCK_ROWS)).collect();
    let rounds = tournament(blocks.len());
    progress.stage("pairs", 1 + rounds.len() as u64);
    blocks.par_iter().for_each(|block| lock(block).score_itself(level));
    progress.advance(1);
    // No two tasks of a round share a block, so that none waits for another.
    for round in rounds {
        round.into_par_iter().for_each(|(a, b)| lock(&blocks[a]).score_with(&mut lock(&blocks[b]), level));
        progress.advance(1);
    }
    let lists = Lists::new(n, keep);
    blocks.par_iter().for_each(|block| lock(block).merge_into(&lists));
    lists
}

/// A lock whose holder never panics.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Rounds of pairs of `n` players such that each pair meets once and nobody plays twice in a round: one player stays,
/// the others move around the table.
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
