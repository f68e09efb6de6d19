//! Neighbours of many rows: those within groups of near rows first, then those of neighbours.

use std::ops::Range;

use populi_simd::Level;
use populi_simd::tile::Packed;
use rayon::prelude::*;

use super::best::Candidate;
use super::block::{BLOCK_ROWS, Block};
use super::encode::Encoded;
use super::lists::Lists;
use super::partition::Partition;
use super::recall::Truth;
use super::rescore::nearest_of;
use super::scan::best_of_points;
use super::{Found, KnnMethod, KnnParams};
use crate::progress::{Progress, Silent};
use crate::sample::sample_rows;

/// Rows that the recall is measured on.
const N_SAMPLED: usize = 1000;

/// Neighbours of a row whose neighbours are looked at, round by round: a round over the same ones again finds little.
const N_NEAR: [usize; 5] = [8, 12, 16, 20, 24];

/// Compares the rows of each group with one another, then with the neighbours of their neighbours until the recall of a
/// sample is what `params` ask for, or for as many rounds as they allow.
pub(super) fn best_of_near<'a>(
    rows: Encoded<'a>,
    k: usize,
    keep: usize,
    params: &KnnParams,
    progress: &dyn Progress,
) -> (Encoded<'a>, Lists, Found) {
    let level = params.level;
    progress.stage("groups", 1);
    let partition = Partition::new(&rows, params.seed, level);
    let order = partition.order();
    let rows = rows.reordered(&order);
    let (ends, groups) = partition.groups(&order);
    let search = Search { ends, lists: Lists::new(rows.n_rows(), keep), rows, keep, level };
    search.within_groups(&groups, progress);
    drop(groups);

    let sample = sample_rows(search.rows.n_rows(), N_SAMPLED, params.seed);
    let sample: Vec<u32> = sample.into_iter().map(|place| place as u32).collect();
    progress.stage("true neighbours of a sample", 1);
    let truth = Truth::of(&search.rows, &sample, k, level);
    let mut recall = search.recall(&truth, k);
    let mut n_rounds = 0;
    while recall < params.target_recall && n_rounds < params.max_rounds {
        search.round(N_NEAR[n_rounds.min(N_NEAR.len() - 1)].min(keep), progress);
        n_rounds += 1;
        recall = search.recall(&truth, k);
    }
    search.complete(k);
    (
        search.rows,
        search.lists,
        Found { method: KnnMethod::Approximate, recall, n_sampled: truth.n_sampled(), n_rounds },
    )
}

/// Rows in the order of their groups, and the best candidates of each so far.
struct Search<'a> {
    rows: Encoded<'a>,
    /// Where each group ends.
    ends: Vec<usize>,
    lists: Lists,
    keep: usize,
    level: Level,
}

impl Search<'_> {
    /// Compares the rows of each of `groups` with one another; a row may be in several.
    fn within_groups(&self, groups: &[Vec<u32>], progress: &dyn Progress) {
        progress.stage("within groups", groups.len() as u64);
        groups.par_iter().with_max_len(1).for_each(|group| {
            let mut blocks = self.blocks(group);
            blocks.iter_mut().for_each(|block| block.score_itself(self.level));
            for i in 1..blocks.len() {
                let (before, from) = blocks.split_at_mut(i);
                before.iter_mut().for_each(|block| block.score_with(&mut from[0], self.level));
            }
            blocks.iter_mut().for_each(|block| block.merge_into(&self.lists));
            progress.advance(1);
        });
    }

    /// Compares the rows of each group with all neighbours of all their neighbours.
    fn round(&self, n_near: usize, progress: &dyn Progress) {
        progress.stage("neighbours of neighbours", self.ends.len() as u64);
        let near = self.near(n_near);
        (0..self.ends.len()).into_par_iter().with_max_len(1).for_each(|group| {
            let members = if group == 0 { 0 } else { self.ends[group - 1] }..self.ends[group];
            let others = neighbours_of_neighbours(&near, n_near, &members);
            let mut blocks = self.blocks(&members.clone().map(|place| place as u32).collect::<Vec<_>>());
            let mut packed = Packed::default();
            for places in others.chunks(BLOCK_ROWS) {
                self.rows.pack(places, self.level, &mut packed);
                blocks.iter_mut().for_each(|block| block.score_points(&packed, places, self.level));
            }
            blocks.iter_mut().for_each(|block| block.merge_into(&self.lists));
            progress.advance(1);
        });
    }

    /// Looks at all rows for those that have fewer than `k` candidates.
    fn complete(&self, k: usize) {
        let n = self.rows.n_rows() as u32;
        let short: Vec<u32> =
            (0..n).filter(|&place| self.lists.with(place as usize, <[_]>::len) < k).collect();
        let found = best_of_points(&self.rows, &short, &self.rows, self.keep + 1, self.level, &Silent);
        let mut room = Vec::new();
        for (&place, mut found) in short.iter().zip(found) {
            found.retain(|candidate| candidate.id() != place);
            self.lists.merge(place as usize, &found, &mut room);
        }
    }

    fn recall(&self, truth: &Truth, k: usize) -> f64 {
        truth.recall(|place, found| {
            self.lists.with(place as usize, |list| nearest_of(&self.rows, place, list, &self.rows, k, found));
        })
    }

    /// Rows in blocks that want nothing worse than what their lists have.
    fn blocks(&self, places: &[u32]) -> Vec<Block> {
        let block = |places: &[u32]| {
            let mut block = Block::new(&self.rows, places.to_vec(), self.keep, self.level);
            for (row, &place) in places.iter().enumerate() {
                let worst = self.lists.worst(place as usize);
                if worst != Candidate::NONE {
                    block.want_better(row, worst);
                }
            }
            block
        };
        places.chunks(BLOCK_ROWS).map(block).collect()
    }

    /// The `n_near` best of every row as they are now; a row itself where there are fewer.
    fn near(&self, n_near: usize) -> Vec<u32> {
        let mut near = vec![0u32; self.rows.n_rows() * n_near];
        near.par_chunks_mut(n_near).with_min_len(1024).enumerate().for_each(|(place, near)| {
            near.fill(place as u32);
            self.lists.with(place, |list| near.iter_mut().zip(list).for_each(|(to, best)| *to = best.id()));
        });
        near
    }
}

/// The neighbours of the neighbours of `members` that are none of them, rising; of each `n_near`.
fn neighbours_of_neighbours(near: &[u32], n_near: usize, members: &Range<usize>) -> Vec<u32> {
    let mut ids = near[members.start * n_near..members.end * n_near].to_vec();
    ids.sort_unstable();
    ids.dedup();
    let of = |id: &u32| &near[*id as usize * n_near..][..n_near];
    let is_other = |id: &u32| !members.contains(&(*id as usize));
    let mut ids: Vec<u32> = ids.iter().flat_map(of).copied().filter(is_other).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
