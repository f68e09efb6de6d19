//! Where the vertices stand before the descent: principal components, smoothed along the graph.
//!
//! umap-learn takes eigenvectors of the graph from ARPACK, which is its slow serial stage and, where the graph nearly
//! falls apart, spends the axes of the map on single small parts. Here the map of the principal components is filtered
//! by a Chebyshev polynomial of the random walk on the graph, which keeps what changes slowly from neighbour to
//! neighbour and damps the rest: nearly the space of the leading eigenvectors, and of it the part that looks most like
//! the principal components.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::eigen::symmetric_eigen;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::sparse::SparseMatrix;

/// Degree of the polynomial: walks of so many steps are seen.
const DEGREE: usize = 20;

/// Eigenvalues of the walk below this are damped, those between this and 1 kept, the nearer to 1 the better.
const DAMPED_BELOW: f32 = 0.9;

/// Rows of one task. Block sums are added in order, so changing it changes last digits.
const ROWS_PER_BLOCK: usize = 4096;

/// The start reaches from -10 to 10 before noise is added, and from 0 to 10 afterwards.
const REACH: f64 = 10.0;

/// The standard deviation of the noise that parts vertices which would start at one place.
const NOISE: f64 = 1e-4;

/// Filters `coordinates [n_rows, n_dims]` along the graph. Parts of the graph that are not connected keep the centre
/// and the spread that they have.
pub(super) fn smooth(graph: &SparseMatrix, coordinates: &Matrix, parts: &Parts) -> Result<Matrix> {
    let walk = Walk::new(graph);
    let n_dims = coordinates.n_cols();
    let mut map = coordinates.clone();
    let before = parts.centre(&mut map, &walk.degrees);
    let mut map = walk.filter(&map)?;
    parts.centre(&mut map, &walk.degrees);
    let mut map = principal_axes(&map, &walk.degrees)?;
    let after = parts.centre(&mut map, &walk.degrees);
    for (row, values) in map.values_mut().chunks_exact_mut(n_dims).enumerate() {
        let part = parts.of[row] as usize;
        let spread = if after.spreads[part] > 0.0 { before.spreads[part] / after.spreads[part] } else { 0.0 };
        for (value, centre) in values.iter_mut().zip(&before.centres[part * n_dims..]) {
            *value = (f64::from(*value) * spread + centre) as f32;
        }
    }
    Ok(map)
}

/// Scales a start to reach 10, adds noise, and scales every axis to reach from 0 to 10.
pub(super) fn scale_with_noise(map: &mut Matrix, seed: u64) {
    let most = map.values().iter().fold(0f32, |most, value| most.max(value.abs()));
    let expansion = if most > 0.0 { REACH / f64::from(most) } else { 1.0 };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for value in map.values_mut() {
        *value = (f64::from(*value) * expansion + NOISE * normal(&mut random)) as f32;
    }
    scale_axes(map);
}

/// Scales every axis to reach from 0 to 10; one on which all rows are equal becomes 0.
pub(super) fn scale_axes(map: &mut Matrix) {
    for axis in 0..map.n_cols() {
        let values = || map.rows().map(|row| row[axis]);
        let (least, most) = (values().fold(f32::MAX, f32::min), values().fold(f32::MIN, f32::max));
        let scale = if most > least { REACH as f32 / (most - least) } else { 0.0 };
        let n_cols = map.n_cols();
        map.values_mut()[axis..]
            .iter_mut()
            .step_by(n_cols)
            .for_each(|value| *value = (*value - least) * scale);
    }
}

/// Uniform between -10 and 10, `[n_rows, n_dims]`.
pub(super) fn random_start(n_rows: usize, n_dims: usize, seed: u64) -> Matrix {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut start = Matrix::zeros(n_rows, n_dims);
    start.values_mut().iter_mut().for_each(|value| *value = random.random_range(-REACH..REACH) as f32);
    start
}

/// One normal number, by Box and Muller.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// The parts of a graph that are connected within and not with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// The part of every row, numbered in the order of their first rows, `[n_rows]`.
    pub(super) of: Vec<u32>,
    /// How many there are.
    pub(super) n: usize,
}

/// Where parts are, and how large.
struct Extent {
    /// `[n_parts, n_dims]`.
    centres: Vec<f64>,
    /// Root of the mean squared distance to the centre, `[n_parts]`.
    spreads: Vec<f64>,
}

impl Parts {
    /// Walks the graph from every row that was not seen yet. O(edges), serial.
    pub(super) fn of_graph(graph: &SparseMatrix) -> Self {
        let mut of = vec![u32::MAX; graph.n_rows()];
        let (mut n, mut waiting) = (0, Vec::new());
        for first in 0..graph.n_rows() {
            if of[first] != u32::MAX {
                continue;
            }
            of[first] = n;
            waiting.push(first as u32);
            while let Some(row) = waiting.pop() {
                for &next in graph.row(row as usize).0 {
                    if of[next as usize] == u32::MAX {
                        of[next as usize] = n;
                        waiting.push(next);
                    }
                }
            }
            n += 1;
        }
        Self { of, n: n as usize }
    }

    /// Moves the centre of every part to the origin, rows weighted by `weights`, and says where it was.
    fn centre(&self, map: &mut Matrix, weights: &[f32]) -> Extent {
        let n_dims = map.n_cols();
        let (mut centres, mut totals) = (vec![0.0f64; self.n * n_dims], vec![0.0f64; self.n]);
        for ((row, &part), &weight) in map.rows().zip(&self.of).zip(weights) {
            let part = part as usize;
            totals[part] += f64::from(weight);
            let centre = &mut centres[part * n_dims..(part + 1) * n_dims];
            centre.iter_mut().zip(row).for_each(|(c, &value)| *c += f64::from(weight) * f64::from(value));
        }
        for (centre, total) in centres.chunks_exact_mut(n_dims).zip(&totals) {
            centre.iter_mut().for_each(|c| *c /= total);
        }
        let mut spreads = vec![0.0f64; self.n];
        let rows = map.values_mut().chunks_exact_mut(n_dims);
        for ((row, &part), &weight) in rows.zip(&self.of).zip(weights) {
            let part = part as usize;
            for (value, centre) in row.iter_mut().zip(&centres[part * n_dims..]) {
                let from_centre = f64::from(*value) - centre;
                *value = from_centre as f32;
                spreads[part] += f64::from(weight) * from_centre * from_centre;
            }
        }
        spreads.iter_mut().zip(&totals).for_each(|(spread, total)| *spread = (*spread / total).sqrt());
        Extent { centres, spreads }
    }
}

/// The random walk that goes from a row to a neighbour with a probability that is as great as their membership.
struct Walk<'a> {
    graph: &'a SparseMatrix,
    /// Sum of the memberships of every row; 1 where it has none, and the walk stays there.
    degrees: Vec<f32>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a SparseMatrix) -> Self {
        let degree = |row: usize| match graph.row(row).1 {
            [] => 1.0,
            values => values.iter().sum(),
        };
        let rows = (0..graph.n_rows()).into_par_iter().with_min_len(ROWS_PER_BLOCK);
        Self { graph, degrees: rows.map(degree).collect() }
    }

    /// The Chebyshev polynomial that is between -1 and 1 on eigenvalues up to [`DAMPED_BELOW`] and grows beyond.
    fn filter(&self, start: &Matrix) -> Result<Matrix> {
        let (middle, half) = ((DAMPED_BELOW - 1.0) / 2.0, (DAMPED_BELOW + 1.0) / 2.0);
        let mut before = start.clone();
        let mut map = Matrix::zeros(start.n_rows(), start.n_cols());
        // T1 = (x - middle) / half, then T(i + 1) = 2·T1·T(i) - T(i - 1).
        self.step(&before, &mut map, 1.0 / half, -middle / half);
        for _ in 1..DEGREE {
            self.step(&map, &mut before, 2.0 / half, -2.0 * middle / half);
            std::mem::swap(&mut map, &mut before);
        }
        Ok(map)
    }

    /// `to = walked·(one step of the walk from `from`) + stayed·from - to`.
    fn step(&self, from: &Matrix, to: &mut Matrix, walked: f32, stayed: f32) {
        let n_dims = from.n_cols();
        to.values_mut().par_chunks_mut(ROWS_PER_BLOCK * n_dims).enumerate().for_each(|(block, to)| {
            let mut sum = vec![0.0; n_dims];
            for (i, to) in to.chunks_exact_mut(n_dims).enumerate() {
                let row = block * ROWS_PER_BLOCK + i;
                // Written so that the compiler makes a version for maps of two dimensions.
                match sum.as_mut_slice() {
                    [x, y] => [*x, *y] = self.sum_of_neighbours_2d(from, row),
                    sum => self.sum_of_neighbours(from, row, sum),
                }
                let walked = walked / self.degrees[row];
                for ((to, sum), from) in to.iter_mut().zip(&sum).zip(from.row(row)) {
                    *to = walked * sum + stayed * from - *to;
                }
            }
        });
    }

    fn sum_of_neighbours_2d(&self, from: &Matrix, row: usize) -> [f32; 2] {
        let (columns, values) = self.graph.row(row);
        let (places, _) = from.values().as_chunks::<2>();
        if columns.is_empty() {
            return places[row];
        }
        columns.iter().zip(values).fold([0.0; 2], |[x, y], (&column, &value)| {
            let place = places[column as usize];
            [x + value * place[0], y + value * place[1]]
        })
    }

    fn sum_of_neighbours(&self, from: &Matrix, row: usize, sum: &mut [f32]) {
        let (columns, values) = self.graph.row(row);
        sum.fill(0.0);
        if columns.is_empty() {
            sum.copy_from_slice(from.row(row));
        }
        for (&column, &value) in columns.iter().zip(values) {
            sum.iter_mut().zip(from.row(column as usize)).for_each(|(sum, from)| *sum += value * from);
        }
    }
}

/// Turns and scales the axes so that they are uncorrelated and of variance 1, rows weighted by `weights`. An axis that
/// is a combination of the others becomes 0.
fn principal_axes(map: &Matrix, weights: &[f32]) -> Result<Matrix> {
    let n_dims = map.n_cols();
    let blocks = map.values().par_chunks(ROWS_PER_BLOCK * n_dims).zip(weights.par_chunks(ROWS_PER_BLOCK));
    let products: Vec<Vec<f64>> =
        blocks.map(|(rows, weights)| weighted_products(rows, weights, n_dims)).collect();
    let mut sum = vec![0.0; n_dims * n_dims];
    for products in &products {
        sum.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
    }
    let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
    let eigen = symmetric_eigen(sum, n_dims)?;
    let largest = eigen.values[0];
    let scales =
        eigen.values.iter().map(|&v| if v > 1e-10 * largest && v > 0.0 { (total / v).sqrt() } else { 0.0 });
    let scales: Vec<f64> = scales.collect();
    let mut turned = Matrix::zeros(map.n_rows(), n_dims);
    let rows = turned.values_mut().par_chunks_exact_mut(n_dims).with_min_len(ROWS_PER_BLOCK);
    rows.zip(map.values().par_chunks_exact(n_dims)).for_each(|(turned, row)| {
        for ((turned, axis), scale) in turned.iter_mut().zip(eigen.vectors.chunks_exact(n_dims)).zip(&scales)
        {
            let along: f64 = row.iter().zip(axis).map(|(&value, axis)| f64::from(value) * axis).sum();
            *turned = (along * scale) as f32;
        }
    });
    Ok(turned)
}

fn weighted_products(rows: &[f32], weights: &[f32], n_dims: usize) -> Vec<f64> {
    let mut products = vec![0.0; n_dims * n_dims];
    for (row, &weight) in rows.chunks_exact(n_dims).zip(weights) {
        for (products, &a) in products.chunks_exact_mut(n_dims).zip(row) {
            let a = f64::from(weight) * f64::from(a);
            products.iter_mut().zip(row).for_each(|(product, &b)| *product += a * f64::from(b));
        }
    }
    products
}
