//! The fuzzy set of a neighbour graph: how much two rows belong together, from 0 to 1, the same from both sides.
//!
//! McInnes, Healy and Melville, *UMAP* (arXiv 1802.03426), section 4.1 and algorithms 2 and 3; weights, sigma and rho
//! equal those of umap-learn 0.5.12 with its `local_connectivity` 1, `bandwidth` 1 and `set_op_mix_ratio` 1.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::Result;
use crate::graph::NeighbourGraph;
use crate::sparse::SparseMatrix;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_BLOCK: usize = 4096;

/// Rows of one task where rows have nothing to do with each other.
const MIN_ROWS: usize = 256;

/// Halvings of the interval in which sigma is.
const N_HALVINGS: usize = 64;

/// How near the sum of a row's memberships must come to its target.
const TOLERANCE: f64 = 1e-5;

/// Sigma is at least this share of the mean distance.
const MIN_SIGMA_SHARE: f64 = 1e-3;

/// How distances of every row become memberships: `exp(-(d - rho) / sigma)`, 1 below rho.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kernels {
    /// `[n_rows]`, widths.
    pub(super) sigmas: Vec<f32>,
    /// `[n_rows]`, distances to the nearest other row that is not at distance 0.
    pub(super) rhos: Vec<f32>,
}

impl Kernels {
    /// Finds rho, and sigma so that a row's memberships sum to `log2(k + 1)`, for `distances [n_rows, k]`, rising in
    /// each row.
    ///
    /// `connected` says whether the nearest row is taken for surely connected; where it is not, rho is 0.
    pub(super) fn fit(n_rows: usize, k: usize, distances: &[f32], connected: bool) -> Self {
        // As umap-learn does, the row itself is counted, at distance 0.
        let target = ((k + 1) as f64).log2();
        let mean = mean_of_blocks(distances, k);
        let fit = |row: usize| sigma_and_rho(&distances[row * k..(row + 1) * k], target, mean, connected);
        let (sigmas, rhos) = (0..n_rows).into_par_iter().with_min_len(MIN_ROWS).map(fit).unzip();
        Self { sigmas, rhos }
    }

    /// The memberships of the neighbours of row `row`.
    pub(super) fn memberships(&self, row: usize, distances: &[f32], to: &mut [f32]) {
        let (sigma, rho) = (self.sigmas[row], self.rhos[row]);
        for (to, &distance) in to.iter_mut().zip(distances) {
            let beyond = distance - rho;
            let surely = beyond <= 0.0 || sigma == 0.0;
            *to = if surely { 1.0 } else { (-f64::from(beyond) / f64::from(sigma)).exp() as f32 };
        }
    }
}

/// The mean of all distances, each row itself counted at distance 0; summed by blocks, in order.
fn mean_of_blocks(distances: &[f32], k: usize) -> f64 {
    let sum = |block: &[f32]| block.iter().map(|&d| f64::from(d)).sum::<f64>();
    let sums: Vec<f64> = distances.par_chunks(ROWS_PER_BLOCK * k.max(1)).map(sum).collect();
    let n = distances.len() as f64 * (k + 1) as f64 / k.max(1) as f64;
    if n > 0.0 { sums.iter().sum::<f64>() / n } else { 0.0 }
}

fn sigma_and_rho(distances: &[f32], target: f64, mean: f64, connected: bool) -> (f32, f32) {
    let nearest = distances.iter().copied().find(|&distance| distance > 0.0).unwrap_or(0.0);
    let rho = if connected { nearest } else { 0.0 };
    let (mut low, mut high, mut sigma) = (0.0f64, f64::INFINITY, 1.0f64);
    for _ in 0..N_HALVINGS {
        let member = |&distance: &f32| {
            let beyond = distance - rho;
            if beyond > 0.0 { (-(f64::from(beyond) / sigma)).exp() } else { 1.0 }
        };
        let sum: f64 = distances.iter().map(member).sum();
        if (sum - target).abs() < TOLERANCE {
            break;
        }
        if sum > target {
            high = sigma;
            sigma = (low + high) / 2.0;
        } else {
            low = sigma;
            sigma = if high.is_infinite() { sigma * 2.0 } else { (low + high) / 2.0 };
        }
    }
    let row_mean = distances.iter().map(|&d| f64::from(d)).sum::<f64>() / (distances.len() + 1) as f64;
    let least = MIN_SIGMA_SHARE * if rho > 0.0 { row_mean } else { mean };
    (sigma.max(least) as f32, rho)
}

/// The fuzzy set of the first `k` neighbours of every row: symmetric, `[n_rows, n_rows]`, memberships of 0 left out. Of
/// a row's entries its own neighbours come first, then the rows that name it and are not named by it, rising.
///
/// A membership `a` from one side and `b` from the other (0 where it is not a neighbour) make `a + b - a·b`.
pub(super) fn fuzzy_set(graph: &NeighbourGraph, k: usize) -> Result<(SparseMatrix, Kernels)> {
    let (n_rows, k) = (graph.n_rows(), k.min(graph.k()));
    let distances: Vec<f32> = if k == graph.k() {
        graph.distances().to_vec()
    } else {
        (0..n_rows).flat_map(|row| &graph.of(row).1[..k]).copied().collect()
    };
    let kernels = Kernels::fit(n_rows, k, &distances, true);
    let mut directed = distances;
    if k > 0 {
        directed.par_chunks_mut(ROWS_PER_BLOCK * k).enumerate().for_each(|(block, memberships)| {
            let rows = memberships.chunks_exact_mut(k);
            rows.enumerate().for_each(|(i, to)| {
                let row = block * ROWS_PER_BLOCK + i;
                kernels.memberships(row, &graph.of(row).1[..k], to);
            });
        });
    }
    Ok((union(graph, k, &directed)?, kernels))
}

/// Entries of rows outside a block that rows of the block bring about, grouped by the block in which they fall.
struct Incoming {
    /// Where the entries of each block begin, and their number at the end.
    starts: Vec<u32>,
    /// The row, the row that names it, and the membership.
    entries: Vec<(u32, u32, f32)>,
}

/// Some rows of a sparse matrix.
struct Rows {
    lengths: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

fn union(graph: &NeighbourGraph, k: usize, directed: &[f32]) -> Result<SparseMatrix> {
    let n_rows = graph.n_rows();
    let n_blocks = n_rows.div_ceil(ROWS_PER_BLOCK);
    let rows_of = |block: usize| block * ROWS_PER_BLOCK..n_rows.min((block + 1) * ROWS_PER_BLOCK);
    let blocks: Vec<(Vec<f32>, Incoming)> =
        (0..n_blocks).into_par_iter().map(|block| look_back(graph, k, directed, rows_of(block))).collect();
    let parts: Vec<Rows> = (0..n_blocks)
        .into_par_iter()
        .map(|block| {
            let incoming = blocks.iter().map(|(_, incoming)| {
                &incoming.entries[incoming.starts[block] as usize..incoming.starts[block + 1] as usize]
            });
            join_rows(graph, k, &blocks[block].0, incoming, rows_of(block))
        })
        .collect();
    drop(blocks);
    concatenate(n_rows, parts)
}

/// The two-sided memberships of the neighbours of some rows, and those of them that the neighbour does not know of.
fn look_back(graph: &NeighbourGraph, k: usize, directed: &[f32], rows: Range<usize>) -> (Vec<f32>, Incoming) {
    let n_blocks = graph.n_rows().div_ceil(ROWS_PER_BLOCK);
    let mut joined = directed[rows.start * k..rows.end * k].to_vec();
    let mut one_way = Vec::new();
    let mut starts = vec![0u32; n_blocks + 1];
    for (row, joined) in rows.zip(joined.chunks_exact_mut(k.max(1))) {
        for (&neighbour, joined) in graph.of(row).0[..k].iter().zip(joined) {
            let back = graph.of(neighbour as usize).0[..k].iter().position(|&id| id as usize == row);
            match back {
                Some(at) => {
                    let (a, b) = (*joined, directed[neighbour as usize * k + at]);
                    *joined = a + b - a * b;
                }
                None if *joined > 0.0 => {
                    starts[neighbour as usize / ROWS_PER_BLOCK + 1] += 1;
                    one_way.push((neighbour, row as u32, *joined));
                }
                None => {}
            }
        }
    }
    for block in 0..n_blocks {
        starts[block + 1] += starts[block];
    }
    let mut next = starts.clone();
    let mut entries = vec![(0, 0, 0.0); one_way.len()];
    for entry in one_way {
        let next = &mut next[entry.0 as usize / ROWS_PER_BLOCK];
        entries[*next as usize] = entry;
        *next += 1;
    }
    (joined, Incoming { starts, entries })
}

/// Puts the neighbours of some rows and what comes in from others together.
fn join_rows<'a>(
    graph: &NeighbourGraph,
    k: usize,
    joined: &[f32],
    incoming: impl Iterator<Item = &'a [(u32, u32, f32)]> + Clone,
    rows: Range<usize>,
) -> Rows {
    let first = rows.start;
    let mut lengths = vec![0u32; rows.len()];
    for (length, joined) in lengths.iter_mut().zip(joined.chunks_exact(k.max(1))) {
        *length = joined.iter().filter(|&&value| value > 0.0).count() as u32;
    }
    incoming.clone().flatten().for_each(|entry| lengths[entry.0 as usize - first] += 1);
    let mut next = Vec::with_capacity(rows.len());
    let mut n = 0usize;
    for &length in &lengths {
        next.push(n);
        n += length as usize;
    }
    let (mut columns, mut values) = (vec![0u32; n], vec![0f32; n]);
    for ((row, next), joined) in rows.zip(&mut next).zip(joined.chunks_exact(k.max(1))) {
        for (&id, &value) in graph.of(row).0[..k].iter().zip(joined).filter(|(_, value)| **value > 0.0) {
            (columns[*next], values[*next]) = (id, value);
            *next += 1;
        }
    }
    for &(row, from, value) in incoming.flatten() {
        let next = &mut next[row as usize - first];
        (columns[*next], values[*next]) = (from, value);
        *next += 1;
    }
    Rows { lengths, columns, values }
}

fn concatenate(n_rows: usize, parts: Vec<Rows>) -> Result<SparseMatrix> {
    let mut offsets = Vec::with_capacity(n_rows + 1);
    let mut n = 0usize;
    offsets.push(0);
    for &length in parts.iter().flat_map(|part| &part.lengths) {
        n += length as usize;
        offsets.push(n);
    }
    let (mut columns, mut values) = (vec![0u32; n], vec![0f32; n]);
    let mut places = Vec::with_capacity(parts.len());
    let (mut columns_left, mut values_left) = (&mut columns[..], &mut values[..]);
    for part in &parts {
        let (columns, values);
        (columns, columns_left) = columns_left.split_at_mut(part.columns.len());
        (values, values_left) = values_left.split_at_mut(part.values.len());
        places.push((columns, values));
    }
    places.into_par_iter().zip(&parts).for_each(|((columns, values), part)| {
        columns.copy_from_slice(&part.columns);
        values.copy_from_slice(&part.values);
    });
    SparseMatrix::new(n_rows, n_rows, offsets, columns, values)
}
