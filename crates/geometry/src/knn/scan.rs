//! Some rows against all rows.

use populi_simd::Level;
use populi_simd::tile::Packed;
use rayon::prelude::*;

use super::best::Candidate;
use super::block::{BLOCK_ROWS, Block};
use super::encode::Encoded;
use crate::progress::Progress;

/// Rows that are looked for at once: for each so many all others are packed anew.
const ROWS_AT_ONCE: usize = 4 * BLOCK_ROWS;

/// Blocks of points of a task at least.
const BLOCKS_PER_TASK: usize = 32;

/// The `keep` candidates with the greatest scores among all `points` for the rows of `queries` at `places`, the best
/// first.
pub(super) fn best_of_points(
    queries: &Encoded<'_>,
    places: &[u32],
    points: &Encoded<'_>,
    keep: usize,
    level: Level,
    progress: &dyn Progress,
) -> Vec<Vec<Candidate>> {
    let all: Vec<u32> = (0..points.n_rows() as u32).collect();
    let n_tasks = all.len().div_ceil(BLOCK_ROWS * BLOCKS_PER_TASK).min(64);
    let per_task = all.len().div_ceil(BLOCK_ROWS).div_ceil(n_tasks.max(1)) * BLOCK_ROWS;
    let mut lists = Vec::with_capacity(places.len());
    for places in places.chunks(ROWS_AT_ONCE) {
        let task = |ids: &[u32]| -> Vec<Vec<Candidate>> {
            let blocks =
                places.chunks(BLOCK_ROWS).map(|places| Block::new(queries, places.to_vec(), keep, level));
            let mut blocks: Vec<Block> = blocks.collect();
            let mut packed = Packed::default();
            for ids in ids.chunks(BLOCK_ROWS) {
                points.pack(ids, level, &mut packed);
                blocks.iter_mut().for_each(|block| block.score_points(&packed, ids, level));
            }
            let lists = blocks.iter_mut().flat_map(|block| {
                (0..block.ids().len()).map(|row| block.best_of(row).to_vec()).collect::<Vec<_>>()
            });
            lists.collect()
        };
        let parts: Vec<Vec<Vec<Candidate>>> = all.par_chunks(per_task).map(task).collect();
        for i in 0..places.len() {
            let mut list: Vec<Candidate> = parts.iter().flat_map(|part| &part[i]).copied().collect();
            list.sort_unstable_by(|a, b| b.cmp(a));
            list.truncate(keep);
            lists.push(list);
        }
        progress.advance(places.len() as u64);
    }
    lists
}
