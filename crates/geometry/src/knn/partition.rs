//! Groups of near rows: k-means in the encoding of the rows, each row in the few groups that it is nearest to.

use populi_simd::Level;
use populi_simd::tile::Packed;
use rayon::prelude::*;

use super::block::{BLOCK_ROWS, Block};
use super::encode::Encoded;
use crate::sample::sample_rows;

/// Rows that a group has as their first choice, on average.
const ROWS_PER_GROUP: usize = 500;

/// Groups that a row is in.
const N_CHOICES: usize = 3;

/// Rows that k-means looks at for each group.
const SAMPLED_PER_GROUP: usize = 32;

/// Passes of k-means over the sample.
const N_PASSES: usize = 4;

/// Which rows are in which groups.
pub(super) struct Partition {
    n_groups: usize,
    n_choices: usize,
    /// The groups that each row is in, the nearest first, `[n_rows, n_choices]`.
    choices: Vec<u32>,
}

impl Partition {
    /// O(n² d / 500) products.
    pub(super) fn new(rows: &Encoded<'_>, seed: u64, level: Level) -> Self {
        let n_groups = rows.n_rows().div_ceil(ROWS_PER_GROUP);
        let n_choices = N_CHOICES.min(n_groups);
        let sample = sample_places(rows.n_rows(), n_groups * SAMPLED_PER_GROUP, seed);
        let seeds = sample_places(sample.len(), n_groups, seed.wrapping_add(1));
        let mut centres = vec![0.0; n_groups * rows.n_cols()];
        for (centre, &seed) in centres.chunks_exact_mut(rows.n_cols()).zip(&seeds) {
            rows.mean_of(&[sample[seed as usize]], centre);
        }
        for _ in 0..N_PASSES {
            let nearest = nearest_centres(rows, &sample, &centres, 1, level);
            let members = members(&nearest, 1, n_groups);
            centres.par_chunks_mut(rows.n_cols()).zip(&members).for_each(|(centre, members)| {
                let places: Vec<u32> = members.iter().map(|&member| sample[member as usize]).collect();
                rows.mean_of(&places, centre);
            });
        }
        let all: Vec<u32> = (0..rows.n_rows() as u32).collect();
        Self { n_groups, n_choices, choices: nearest_centres(rows, &all, &centres, n_choices, level) }
    }

    /// Rows by their first choice, rising within one.
    pub(super) fn order(&self) -> Vec<u32> {
        members(&self.first_choices(), 1, self.n_groups).concat()
    }

    /// Where the rows of each first choice end in that order.
    pub(super) fn ends(&self) -> Vec<usize> {
        let mut ends = vec![0; self.n_groups];
        self.first_choices().iter().for_each(|&group| ends[group as usize] += 1);
        let mut sum = 0;
        ends.iter_mut().for_each(|end| {
            sum += *end;
            *end = sum;
        });
        ends
    }

    /// The places in `order` of the rows of each group, all choices counted, rising.
    pub(super) fn groups(&self, order: &[u32]) -> Vec<Vec<u32>> {
        let choices =
            order.iter().flat_map(|&row| &self.choices[row as usize * self.n_choices..][..self.n_choices]);
        members(&choices.copied().collect::<Vec<_>>(), self.n_choices, self.n_groups)
    }

    fn first_choices(&self) -> Vec<u32> {
        self.choices.chunks_exact(self.n_choices).map(|choices| choices[0]).collect()
    }
}

fn sample_places(n: usize, n_sampled: usize, seed: u64) -> Vec<u32> {
    sample_rows(n, n_sampled, seed).into_iter().map(|place| place as u32).collect()
}

/// The rows that name each group, rising; a row names `n_choices`.
fn members(choices: &[u32], n_choices: usize, n_groups: usize) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); n_groups];
    for (at, &group) in choices.iter().enumerate() {
        members[group as usize].push((at / n_choices) as u32);
    }
    members
}

/// The `n_choices` nearest centres of the row at each of `places`, the nearest first.
fn nearest_centres(
    rows: &Encoded<'_>,
    places: &[u32],
    centres: &[f32],
    n_choices: usize,
    level: Level,
) -> Vec<u32> {
    let mut packed = Packed::default();
    rows.pack_centres(centres, level, &mut packed);
    let ids: Vec<u32> = (0..packed.n_points() as u32).collect();
    let mut choices = vec![0u32; places.len() * n_choices];
    let tasks = choices.par_chunks_mut(BLOCK_ROWS * n_choices).zip(places.par_chunks(BLOCK_ROWS));
    tasks.for_each(|(choices, places)| {
        let mut block = Block::new(rows, places.to_vec(), n_choices, level);
        block.score_points(&packed, &ids, level);
        for (i, choices) in choices.chunks_exact_mut(n_choices).enumerate() {
            choices.iter_mut().zip(block.best_of(i)).for_each(|(to, best)| *to = best.id());
        }
    });
    choices
}
