//! Groups of near rows: k-means in the encoding of the rows, each row in the few groups that it is nearest to.

use std::ops::Range;

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

/// Rows of a group, all choices counted, above which it is cut: comparing its rows with one another would take the
/// square of their number, where very many rows are equal or nearly so. Four times as many as a group has on average.
const MAX_ROWS_OF_GROUP: usize = 4 * N_CHOICES * ROWS_PER_GROUP;

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

    /// Where the rows of each group as their first choice end in `order`, and the places there of all rows of the
    /// group, those of the first choice first. A group of very many rows is several.
    pub(super) fn groups(&self, order: &[u32]) -> (Vec<usize>, Vec<Vec<u32>>) {
        let choices =
            order.iter().flat_map(|&row| &self.choices[row as usize * self.n_choices..][..self.n_choices]);
        let choices: Vec<u32> = choices.copied().collect();
        let mut n_first = vec![0; self.n_groups];
        self.first_choices().iter().for_each(|&group| n_first[group as usize] += 1);
        let (mut ends, mut groups, mut start) = (Vec::new(), Vec::new(), 0);
        for (members, n_first) in members(&choices, self.n_choices, self.n_groups).iter().zip(n_first) {
            for (first, places) in cut(members, start..start + n_first) {
                ends.push(first.end);
                groups.push(places);
            }
            start += n_first;
        }
        (ends, groups)
    }

    fn first_choices(&self) -> Vec<u32> {
        self.choices.chunks_exact(self.n_choices).map(|choices| choices[0]).collect()
    }
}

/// The parts of a group, one where it has not too many `members`: each with a stretch of those places whose `first`
/// choice the group is, and all its places. The others are dealt out in turn, so that rows that are kept apart in one
/// of their groups may meet in another.
fn cut(members: &[u32], first: Range<usize>) -> Vec<(Range<usize>, Vec<u32>)> {
    let n_parts = members.len().div_ceil(MAX_ROWS_OF_GROUP).max(1);
    let others: Vec<u32> =
        members.iter().copied().filter(|&place| !first.contains(&(place as usize))).collect();
    let border = |part: usize| first.start + first.len() * part / n_parts;
    let part = |part: usize| {
        let stretch = border(part)..border(part + 1);
        let dealt = others.iter().copied().skip(part).step_by(n_parts);
        let places = stretch.clone().map(|place| place as u32).chain(dealt).collect();
        (stretch, places)
    };
    (0..n_parts).map(part).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_few_rows_stays_whole() {
        assert_eq!(cut(&[1, 4, 5, 9], 4..6), [(4..6, vec![4, 5, 1, 9])]);
        assert_eq!(cut(&[], 7..7), [(7..7, Vec::new())]);
    }

    #[test]
    fn a_group_of_too_many_rows_is_cut_into_parts_that_hold_each_once() {
        let n = 3 * MAX_ROWS_OF_GROUP as u32;
        let members: Vec<u32> = (5..5 + n).collect();
        let parts = cut(&members, 100..n as usize / 2);
        assert_eq!(parts.len(), 3);
        let mut places: Vec<u32> = parts.iter().flat_map(|(_, places)| places.iter().copied()).collect();
        places.sort_unstable();
        assert_eq!(places, members);
        assert_eq!((parts[0].0.start, parts[2].0.end), (100, n as usize / 2));
        assert!(parts.windows(2).all(|two| two[0].0.end == two[1].0.start));
        for (stretch, places) in parts {
            assert!(places.len() <= MAX_ROWS_OF_GROUP + 2, "{}", places.len());
            assert!(stretch.clone().zip(&places).all(|(place, &has)| place as u32 == has));
        }
    }
}
