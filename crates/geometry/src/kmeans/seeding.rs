//! Seeds by greedy k-means++: each next centre is drawn with a chance that grows with the squared distance to those
//! there, several times over, and the draw that leaves the least inertia stands.
//!
//! Arthur and Vassilvitskii, *k-means++: the advantages of careful seeding* (2007), section 2.2; the number of draws,
//! `2 + ln k`, is scikit-learn's.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::assign::Assigner;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::product::{BLOCK_ROWS, multiply_block, view};

/// Rows that seeding looks at, at most (or 16 a cluster, if that is more): above, it takes a seeded sample, one row out
/// of every equal stretch. Bounds the time of seeding, which would pass over all rows k times.
const MAX_ROWS: usize = 65_536;

/// A squared distance below this share of the two squared lengths is rounding of the `f32` product, and counts as 0.
const RESOLUTION: f32 = 1e-6;

/// Seeds for start number `start`: `[k, n_cols]`, or fewer rows where fewer than k rows differ.
pub(super) fn seeds(all: &Assigner<'_>, k: usize, seed: u64, start: u64) -> Result<Matrix> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(start);
    let n_sampled = MAX_ROWS.max(k.saturating_mul(16));
    if all.points.n_rows() <= n_sampled {
        return spread_out(all, k, &mut random);
    }
    let stretch = all.points.n_rows() as f64 / n_sampled as f64;
    let mut pick = |i: usize| ((i as f64 + random.random::<f64>()) * stretch) as usize;
    let rows: Vec<usize> = (0..n_sampled)
        .map(|i| pick(i).min(all.points.n_rows() - 1))
        .collect();
    let sample = all.points.gather(&rows)?;
    spread_out(&Assigner::new(&sample), k, &mut random)
}

fn spread_out(from: &Assigner<'_>, k: usize, random: &mut ChaCha8Rng) -> Result<Matrix> {
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
        let draws: Vec<usize> = (0..n_draws)
            .map(|_| draw(&cumulative, total * random.random::<f64>()))
            .collect();
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

/// Squared distances of all rows to the rows `to`, `[n_rows, to.len()]`, row after row.
fn distances(from: &Assigner<'_>, to: &[usize]) -> Result<Vec<f32>> {
    let (n_to, n_cols) = (to.len(), from.points.n_cols());
    let targets = from.points.gather(to)?;
    let target_squares: Vec<f32> = to.iter().map(|&row| from.squared_lengths[row]).collect();
    let mut out = vec![0.0f32; from.points.n_rows() * n_to];
    let rows = from
        .points
        .values()
        .par_chunks(BLOCK_ROWS * n_cols)
        .zip(from.squared_lengths.par_chunks(BLOCK_ROWS));
    out.par_chunks_mut(BLOCK_ROWS * n_to)
        .zip(rows)
        .for_each(|(out, (rows, squares))| {
            let turned = view(targets.values(), n_to, n_cols).reversed_axes();
            multiply_block(view(rows, squares.len(), n_cols), turned, out);
            for (out, square) in out.chunks_exact_mut(n_to).zip(squares) {
                for (value, target_square) in out.iter_mut().zip(&target_squares) {
                    let lengths = square + target_square;
                    let distance = lengths - 2.0 * *value;
                    *value = if distance > RESOLUTION * lengths {
                        distance
                    } else {
                        0.0
                    };
                }
            }
        });
    Ok(out)
}

/// The candidate that would leave the least sum of distances to the nearest centre; of equals the first.
fn least_inertia(nearest: &[f32], distances: &[f32], n_draws: usize) -> usize {
    let part = |(nearest, distances): (&[f32], &[f32])| {
        let mut sums = vec![0.0f64; n_draws];
        for (near, distances) in nearest.iter().zip(distances.chunks_exact(n_draws)) {
            sums.iter_mut()
                .zip(distances)
                .for_each(|(sum, distance)| *sum += f64::from(near.min(*distance)));
        }
        sums
    };
    let blocks = nearest
        .par_chunks(BLOCK_ROWS)
        .zip(distances.par_chunks(BLOCK_ROWS * n_draws));
    let parts: Vec<Vec<f64>> = blocks.map(part).collect();
    let mut sums = vec![0.0f64; n_draws];
    for part in &parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    (1..n_draws).fold(0, |best, i| if sums[i] < sums[best] { i } else { best })
}

/// Takes candidate `which` in: no row is farther from the nearest centre than from it.
fn shorten(nearest: &mut [f32], distances: &[f32], n_draws: usize, which: usize) {
    for (near, distances) in nearest.iter_mut().zip(distances.chunks_exact(n_draws)) {
        *near = near.min(distances[which]);
    }
}
