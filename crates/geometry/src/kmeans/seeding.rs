//! Seeds by greedy k-means++: each next centre is drawn with a chance that grows with the squared distance to those
//! there, several times over, and the draw that leaves the least inertia stands.
//!
//! Arthur and Vassilvitskii, *k-means++: the advantages of careful seeding* (2007), section 2.2; the number of draws,
//! `2 + ln k`, is scikit-learn's.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::blocks::{BLOCK_ROWS, Blocks};
use crate::error::Result;
use crate::matrix::{Matrix, squared_distance};
use crate::sample::one_of_each_stretch;

/// Rows that seeding looks at, at most (or 16 a cluster, if that is more): above, it takes a seeded sample, one row out
/// of every equal stretch. Bounds the time of seeding, which would pass over all rows k times.
const MAX_ROWS: usize = 65_536;

/// Draws of one more centre: more than at a start, because one centre is all there is to choose.
const DRAWS_OF_ONE: usize = 16;

/// A squared distance below this share of the two squared lengths is rounding of the `f32` product, and counts as 0.
const RESOLUTION: f32 = 1e-6;

/// Seeds for start number `start`: `[k, n_cols]`, or fewer rows where fewer than k rows differ.
pub(super) fn seeds(all: &Blocks<'_>, k: usize, seed: u64, start: u64) -> Result<Matrix> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(start);
    let n_sampled = MAX_ROWS.max(k.saturating_mul(16));
    if all.points.n_rows() <= n_sampled {
        return spread_out(all, k, &mut random);
    }
    let sample = all.points.gather(&one_of_each_stretch(all.points.n_rows(), n_sampled, &mut random))?;
    spread_out(&Blocks::new(&sample), k, &mut random)
}

/// `centres [k, n_cols]` and one more row as the next centre, drawn as at a start; `None` where every row is a centre.
pub(super) fn one_more(
    from: &Blocks<'_>,
    centres: &Matrix,
    labels: &[u32],
    seed: u64,
) -> Result<Option<Matrix>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::MAX - centres.n_rows() as u64);
    let distance = |(row, &label): (usize, &u32)| {
        squared_distance(from.points.row(row), centres.row(label as usize)) as f32
    };
    let nearest: Vec<f32> = labels.par_iter().enumerate().with_min_len(BLOCK_ROWS).map(distance).collect();
    let cumulative = cumulative_sums(&nearest);
    let total = cumulative.last().copied().unwrap_or(0.0);
    if total <= 0.0 {
        return Ok(None);
    }
    let draws: Vec<usize> =
        (0..DRAWS_OF_ONE).map(|_| draw(&cumulative, total * random.random::<f64>())).collect();
    let distances = distances(from, &draws)?;
    let best = draws[least_inertia(&nearest, &distances, draws.len())];
    let values = [centres.values(), from.points.row(best)].concat();
    Ok(Some(Matrix::from_vec(centres.n_rows() + 1, centres.n_cols(), values)?))
}

fn spread_out(from: &Blocks<'_>, k: usize, random: &mut ChaCha8Rng) -> Result<Matrix> {
    let n_draws = 2 + (k as f64).ln() as usize;
    let first = random.random_range(0..from.points.n_rows());
    let mut chosen = vec![first];
    let mut nearest = vec![f32::INFINITY; from.points.n_rows()];
    shorten(&mut nearest, &distances(from, &[first])?, 1, 0);
    while chosen.len() < k {
        let cumulative = cumulative_sums(&nearest);
        let total = cumulative.last().copied().unwrap_or(0.0);
        if total <= 0.0 {
            break;
        }
        let draws: Vec<usize> =
            (0..n_draws).map(|_| draw(&cumulative, total * random.random::<f64>())).collect();
        let distances = distances(from, &draws)?;
        let best = least_inertia(&nearest, &distances, n_draws);
        shorten(&mut nearest, &distances, n_draws, best);
        chosen.push(draws[best]);
    }
    from.points.gather(&chosen)
}

/// The row at which the cumulative sum passes `target`. It has weight: where the sum does not rise, it is not passed.
fn draw(cumulative: &[f64], target: f64) -> usize {
    let at = cumulative.partition_point(|&sum| sum <= target);
    if at < cumulative.len() {
        return at;
    }
    // Rounding made the target the total: the last row that has weight.
    cumulative.partition_point(|&sum| sum < target)
}

fn cumulative_sums(weights: &[f32]) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |&weight: &f32| {
        sum += f64::from(weight);
        sum
    };
    weights.iter().map(add).collect()
}

/// Squared distances of all rows to the rows `to`: block after block, each `[to.len(), rows of the block]`.
fn distances(from: &Blocks<'_>, to: &[usize]) -> Result<Vec<f32>> {
    let targets = from.points.gather(to)?;
    let target_squares: Vec<f32> = to.iter().map(|&row| from.squared_lengths[row]).collect();
    let mut out = vec![0.0f32; from.points.n_rows() * to.len()];
    let blocks = out.par_chunks_mut(BLOCK_ROWS * to.len()).zip(from.squared_lengths.par_chunks(BLOCK_ROWS));
    blocks.enumerate().for_each_init(Vec::new, |products, (block, (out, squares))| {
        from.products(block, &targets, products);
        let by_target = out.chunks_exact_mut(squares.len()).zip(products.chunks_exact(BLOCK_ROWS));
        for ((out, products), target_square) in by_target.zip(&target_squares) {
            for ((out, product), square) in out.iter_mut().zip(products).zip(squares) {
                let lengths = square + target_square;
                let distance = lengths - 2.0 * product;
                *out = if distance > RESOLUTION * lengths { distance } else { 0.0 };
            }
        }
    });
    Ok(out)
}

/// The candidate that would leave the least sum of distances to the nearest centre; of equals the first.
fn least_inertia(nearest: &[f32], distances: &[f32], n_draws: usize) -> usize {
    let sum_of_least = |nearest: &[f32], distances: &[f32]| -> f64 {
        let mut lanes = [0.0f64; 16];
        for (nearest, distances) in nearest.chunks(16).zip(distances.chunks(16)) {
            let least = nearest.iter().zip(distances).map(|(near, distance)| f64::from(near.min(*distance)));
            lanes.iter_mut().zip(least).for_each(|(lane, least)| *lane += least);
        }
        lanes.iter().sum()
    };
    let part = |(nearest, distances): (&[f32], &[f32])| -> Vec<f64> {
        distances.chunks_exact(nearest.len()).map(|distances| sum_of_least(nearest, distances)).collect()
    };
    let blocks = nearest.par_chunks(BLOCK_ROWS).zip(distances.par_chunks(BLOCK_ROWS * n_draws));
    let parts: Vec<Vec<f64>> = blocks.map(part).collect();
    let mut sums = vec![0.0f64; n_draws];
    for part in &parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    (1..n_draws).fold(0, |best, i| if sums[i] < sums[best] { i } else { best })
}

/// Takes candidate `which` in: no row is farther from the nearest centre than from it.
fn shorten(nearest: &mut [f32], distances: &[f32], n_draws: usize, which: usize) {
    let blocks = nearest.par_chunks_mut(BLOCK_ROWS).zip(distances.par_chunks(BLOCK_ROWS * n_draws));
    blocks.for_each(|(nearest, distances)| {
        let distances = &distances[which * nearest.len()..];
        nearest.iter_mut().zip(distances).for_each(|(near, distance)| *near = near.min(*distance));
    });
}
