//! The last choice among candidates, by the distance that the graph shows.

use rayon::prelude::*;

use super::distance::Rows;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_TASK: usize = 256;

/// The `k` nearest of each row's candidates, the nearest first, of equal distances the smaller row first: `[n, k]` row
/// numbers and distances. Each list has at least `k`.
pub(super) fn nearest_of(rows: &Rows<'_>, lists: &[Vec<u32>], k: usize) -> (Vec<u32>, Vec<f32>) {
    let mut ids = vec![0u32; lists.len() * k];
    let mut distances = vec![0.0f32; lists.len() * k];
    if k > 0 {
        let to = ids.par_chunks_mut(ROWS_PER_TASK * k).zip(distances.par_chunks_mut(ROWS_PER_TASK * k));
        let tasks = to.zip(lists.par_chunks(ROWS_PER_TASK)).enumerate();
        tasks.for_each_init(Vec::new, |scored, (task, ((ids, distances), lists))| {
            let to = ids.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k));
            for (i, (list, (ids, distances))) in lists.iter().zip(to).enumerate() {
                scored.clear();
                let row = task * ROWS_PER_TASK + i;
                scored.extend(list.iter().map(|&id| (rows.distance(row, rows, id as usize), id)));
                scored.sort_unstable_by(|a: &(f32, u32), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                for ((id, distance), scored) in ids.iter_mut().zip(distances).zip(scored.iter()) {
                    (*distance, *id) = *scored;
                }
            }
        });
    }
    (ids, distances)
}
