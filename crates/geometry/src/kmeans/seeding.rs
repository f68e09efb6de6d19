//! Seeds by greedy k-means++: each next centre is drawn with a chance that grows with the squared distance to those
//! there, several times over, and the draw that leaves the least inertia stands.
//!
//! Arthur and Vassilvitskii, *k-means++: the advantages of careful seeding* (2007), section 2.2; the number of draws,
//! `2 + ln k`, is scikit-learn's.

use populi_simd::LANES;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Rows;
use super::panels::{BLOCK_ROWS, Panels};
use crate::error::Result;
use crate::matrix::{Matrix, squared_distance};
use crate::sample::one_of_each_stretch;
use crate::view::MatrixView;

/// Rows that seeding looks at, at most (or 16 a cluster, if that is more): above, it takes a seeded sample, one row out
/// of every equal stretch. Bounds the time of seeding, which would pass over all rows k times.
const MAX_ROWS: usize = 65_536;

/// Draws of one more centre: more than at a start, because one centre is all there is to choose.
const DRAWS_OF_ONE: usize = LANES;

/// A squared distance below this share of the two squared lengths is rounding of the `f32` product, and counts as 0.
const RESOLUTION: f32 = 1e-6;

/// Seeds for start number `start`: `[k, n_cols]`, or fewer rows where fewer than k rows differ.
pub(crate) fn seeds(all: &Rows<'_>, k: usize, seed: u64, start: u64) -> Result<Matrix> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(start);
    let n_sampled = MAX_ROWS.max(k.saturating_mul(16));
    if all.points.n_rows() <= n_sampled {
        return spread_out(all, k, &mut random);
    }
    let sample = gather(all.points, &one_of_each_stretch(all.points.n_rows(), n_sampled, &mut random))?;
    spread_out(&Rows::new(MatrixView::from(&sample)), k, &mut random)
}

/// `centres [k, n_cols]` and one more row as the next centre, drawn as at a start; `None` where every row is a centre.
pub(super) fn one_more(
    from: &Rows<'_>,
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

fn spread_out(from: &Rows<'_>, k: usize, random: &mut ChaCha8Rng) -> Result<Matrix> {
    let n_draws = (2 + (k as f64).ln() as usize).min(LANES);
    let first = random.random_range(0..from.points.n_rows());
    let mut chosen = vec![first];
    let mut nearest = vec![f32::INFINITY; from.points.n_rows()];
    shorten(&mut nearest, &distances(from, &[first])?, 0);
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
        shorten(&mut nearest, &distances, best);
        chosen.push(draws[best]);
    }
    gather(from.points, &chosen)
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

/// Squared distances of all rows to the rows `to`, at most 16: `[n_rows]`.
fn distances(from: &Rows<'_>, to: &[usize]) -> Result<Vec<[f32; LANES]>> {
    let targets = Panels::new(&gather(from.points, to)?);
    let mut target_squares = [0.0; LANES];
    target_squares.iter_mut().zip(to).for_each(|(square, &row)| *square = from.squared_lengths[row]);
    let mut out = vec![[0.0f32; LANES]; from.points.n_rows()];
    let blocks = out.par_chunks_mut(BLOCK_ROWS).zip(from.squared_lengths.par_chunks(BLOCK_ROWS));
    blocks.enumerate().for_each(|(block, (out, squares))| {
        targets.products(0, from.points, block * BLOCK_ROWS, out);
        for (products, square) in out.iter_mut().zip(squares) {
            for (product, target_square) in products.iter_mut().zip(&target_squares) {
                let lengths = square + target_square;
                let distance = lengths - 2.0 * *product;
                *product = if distance > RESOLUTION * lengths { distance } else { 0.0 };
            }
        }
    });
    Ok(out)
}

/// The candidate that would leave the least sum of distances to the nearest centre; of equals the first.
fn least_inertia(nearest: &[f32], distances: &[[f32; LANES]], n_draws: usize) -> usize {
    let sum_of_least = |(nearest, distances): (&[f32], &[[f32; LANES]])| -> [f64; LANES] {
        let mut sums = [0.0f64; LANES];
        for (nearest, distances) in nearest.iter().zip(distances) {
            let least = distances.map(|distance| f64::from(nearest.min(distance)));
            sums.iter_mut().zip(least).for_each(|(sum, least)| *sum += least);
        }
        sums
    };
    let blocks = nearest.par_chunks(BLOCK_ROWS).zip(distances.par_chunks(BLOCK_ROWS));
    let parts: Vec<[f64; LANES]> = blocks.map(sum_of_least).collect();
    let mut sums = [0.0f64; LANES];
    parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
    (1..n_draws).fold(0, |best, i| if sums[i] < sums[best] { i } else { best })
}

/// Takes candidate `which` in: no row is farther from the nearest centre than from it.
fn shorten(nearest: &mut [f32], distances: &[[f32; LANES]], which: usize) {
    let shorten = |(near, distances): (&mut f32, &[f32; LANES])| *near = near.min(distances[which]);
    nearest.iter_mut().zip(distances).for_each(shorten);
}

/// The rows named by `rows`, which are there.
fn gather(from: MatrixView<'_>, rows: &[usize]) -> Result<Matrix> {
    let mut values = Vec::with_capacity(rows.len() * from.n_cols());
    rows.iter().for_each(|&row| values.extend_from_slice(from.row(row)));
    Matrix::from_vec(rows.len(), from.n_cols(), values)
}
