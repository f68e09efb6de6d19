//! Directions in which groups of rows differ more than the rows of one group do among themselves.
//!
//! A group's mean is what all its rows share, plus chance: the mean of n rows strays by `W/n`, where `W` is the covariance
//! inside groups. This module measures `W` and the covariance `B` of what groups share, by the method of moments of
//! a random-effects model (Searle, Casella and McCulloch, *Variance Components*, 1992, chapter 3), and solves
//! `B·v = λ·W·v`: linear discriminant analysis (Rao 1948) with the groups as classes.
//!
//! | symbol | here |
//! |---|---|
//! | W `[d, d]` | `within`: covariance of rows around the mean of their group |
//! | B `[d, d]` | covariance of what groups share, without what chance adds to means of few rows |
//! | λ | `ratios`: how much groups differ along a direction, in units of how much the rows of one group do |
//! | wᵢ | weight of a group in B: its rows, at most [`DiscriminantParams::max_weight`] |
//!
//! **Which directions count.** Where groups share nothing, the largest λ of chance follows a known law (Johnstone, *On the
//! distribution of the largest eigenvalue in principal components analysis*, 2001, theorem 1.1). Directions above what one
//! in a hundred such cases reaches are kept, the others are noise.
//!
//! Departures: a multiple of the identity is added to W, more where W is measured by few rows, so that directions
//! in which rows hardly vary do not count as telling.

use rayon::prelude::*;

use crate::eigen::symmetric_eigen;
use crate::error::{Result, require, same_size};
use crate::matrix::Matrix;
use crate::product::{gram, multiply_transposed};

/// What the Tracy-Widom law of order 1 passes once in a hundred times.
const TRACY_WIDOM_99: f64 = 2.023;

/// How to look for directions.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscriminantParams {
    /// Added to W's diagonal, as a share of its mean. Default 0.3: between 0.1 and 1 the clusters of `persona` hardly
    /// change; below, single rare features become directions of their own.
    pub ridge: f64,
    /// The most that one group weighs, in rows. Default 64: one group of very many rows is still one group.
    pub max_weight: f64,
}

impl Default for DiscriminantParams {
    fn default() -> Self {
        Self { ridge: 0.3, max_weight: 64.0 }
    }
}

/// The running sum of `x·xᵀ` over rows `x [n_cols]`.
///
/// Memory: 8·d² bytes. The same blocks of rows in the same order give the same bytes.
#[derive(Debug, Clone)]
pub struct Scatter {
    n_cols: usize,
    n_rows: u64,
    sums: Vec<f64>,
}

impl Scatter {
    /// Nothing summed up yet, for rows of `n_cols`.
    #[must_use]
    pub fn new(n_cols: usize) -> Self {
        Self { n_cols, n_rows: 0, sums: vec![0.0; n_cols * n_cols] }
    }

    /// Adds a block of rows. 2·n·d² operations, parallel.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] for other columns.
    pub fn add(&mut self, rows: &Matrix) -> Result<()> {
        same_size("columns of the rows", self.n_cols, rows.n_cols())?;
        self.sums.iter_mut().zip(gram(rows, None)).for_each(|(sum, part)| *sum += part);
        self.n_rows += rows.n_rows() as u64;
        Ok(())
    }

    /// What this, of rows, and the scatter of their groups say of how the rows of one group vary around its mean.
    ///
    /// `of_groups` has one row for each group: the sum of its rows divided by the square root of their number. `None` where no
    /// group has two rows, or all rows of each are equal.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] for other columns.
    pub fn within(&self, of_groups: &Scatter) -> Result<Option<Within>> {
        same_size("columns of the groups", self.n_cols, of_groups.n_cols)?;
        let n_degrees = self.n_rows.saturating_sub(of_groups.n_rows);
        if n_degrees == 0 {
            return Ok(None);
        }
        let difference = |(all, groups): (&f64, &f64)| (all - groups) / n_degrees as f64;
        let covariance: Vec<f64> = self.sums.iter().zip(&of_groups.sums).map(difference).collect();
        let trace: f64 = (0..self.n_cols).map(|i| covariance[i * self.n_cols + i]).sum();
        Ok((trace > 0.0).then_some(Within { n_cols: self.n_cols, covariance, trace, n_degrees }))
    }
}

/// How rows of one group vary.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    n_cols: usize,
    covariance: Vec<f64>,
    trace: f64,
    n_degrees: u64,
}

/// Directions that tell groups apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Discriminant {
    /// Weighted mean of the groups, `[n_cols]`.
    pub mean: Vec<f64>,
    /// `[n_directions, n_cols]`, most telling first. Along each, rows of one group have variance 1 or a little less.
    pub directions: Matrix,
    /// λ of each direction, `[n_directions]`, falling.
    pub ratios: Vec<f64>,
    /// The λ up to which chance may explain a direction.
    pub noise_bound: f64,
}

impl Discriminant {
    /// Coordinates of `rows [n, n_cols]` along the directions: `[n, n_directions]`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where `rows` has other columns.
    pub fn project(&self, rows: &Matrix) -> Result<Matrix> {
        let mut projected = multiply_transposed(rows, &self.directions)?;
        if self.ratios.is_empty() {
            return Ok(projected);
        }
        let along =
            |direction: &[f32]| direction.iter().zip(&self.mean).map(|(&c, m)| f64::from(c) * m).sum();
        let origin: Vec<f64> = self.directions.rows().map(along).collect();
        for row in projected.values_mut().chunks_exact_mut(self.ratios.len()) {
            row.iter_mut().zip(&origin).for_each(|(value, o)| *value = (f64::from(*value) - o) as f32);
        }
        Ok(projected)
    }

    /// As [`project`](Self::project) for the means of groups of `sizes [n]` rows: each coordinate is what the model
    /// expects of the group itself, `n·λ / (1 + n·λ)` of what is seen. Means of few rows are drawn towards zero, most
    /// along directions that tell little.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where the sizes do not fit.
    pub fn expect(&self, means: &Matrix, sizes: &[u32]) -> Result<Matrix> {
        same_size("sizes of the groups", means.n_rows(), sizes.len())?;
        let mut expected = self.project(means)?;
        if self.ratios.is_empty() {
            return Ok(expected);
        }
        for (row, &n) in expected.values_mut().chunks_exact_mut(self.ratios.len()).zip(sizes) {
            for (value, ratio) in row.iter_mut().zip(&self.ratios) {
                let seen = f64::from(n) * ratio;
                *value = (f64::from(*value) * seen / (1.0 + seen)) as f32;
            }
        }
        Ok(expected)
    }
}

/// The directions along which the groups with `means [n_groups, n_cols]` of `sizes [n_groups]` rows differ more than chance
/// explains; there may be none.
///
/// 2·n·d² operations in parallel, O(d³) serial twice; memory O(n·d + d²). Directions point so that their largest entry by
/// size is positive.
///
/// ```
/// use populi_geometry::{DiscriminantParams, Matrix, Scatter, discriminant};
///
/// // 40 groups of 2 rows. Groups differ in the second column; the first is ten times larger and says nothing.
/// let row = |i: usize| [[10.0, -10.0][i % 2], [1.0f32, -1.0][i / 2 % 2] + [0.1, -0.1][i / 4 % 2]];
/// let rows = Matrix::from_vec(80, 2, (0..80).flat_map(row).collect())?;
/// let means: Vec<f32> = (0..40).flat_map(|g| [0.0, (row(2 * g)[1] + row(2 * g + 1)[1]) / 2.0]).collect();
/// let (mut of_rows, mut of_groups) = (Scatter::new(2), Scatter::new(2));
/// of_rows.add(&rows)?;
/// of_groups.add(&Matrix::from_vec(40, 2, means.iter().map(|mean| mean * 2.0f32.sqrt()).collect())?)?;
/// let within = of_rows.within(&of_groups)?.unwrap();
/// let means = Matrix::from_vec(40, 2, means)?;
/// let found = discriminant(&within, &means, &[2; 40], &DiscriminantParams::default())?;
/// assert_eq!(found.ratios.len(), 1);
/// assert!(found.directions.row(0)[1] > 100.0 * found.directions.row(0)[0].abs());
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`] where the sizes do not fit, [`crate::Error::Param`], [`crate::Error::NotFinite`].
pub fn discriminant(
    within: &Within,
    means: &Matrix,
    sizes: &[u32],
    params: &DiscriminantParams,
) -> Result<Discriminant> {
    let n_cols = within.n_cols;
    same_size("columns of the means", n_cols, means.n_cols())?;
    same_size("sizes of the groups", means.n_rows(), sizes.len())?;
    require(params.ridge > 0.0, "ridge", params.ridge, "above 0")?;
    require(params.max_weight >= 1.0, "max_weight", params.max_weight, "at least 1")?;
    means.check_finite()?;
    let weights = Weights::new(sizes, params.max_weight);
    let mean = weights.mean(means);
    let none = |mean| Discriminant {
        mean,
        directions: Matrix::zeros(0, n_cols),
        ratios: Vec::new(),
        noise_bound: f64::INFINITY,
    };
    if weights.for_shared <= 0.0 || weights.for_noise <= 0.0 {
        return Ok(none(mean));
    }
    let ridge = (params.ridge + n_cols as f64 / within.n_degrees as f64) * within.trace / n_cols as f64;
    let whitening = whitening(within, ridge)?;
    let seen = gram(&weights.scaled(means, &mean)?, None);
    let shared: Vec<f64> = seen
        .iter()
        .zip(&within.covariance)
        .map(|(seen, within)| (seen - weights.for_noise * within) / weights.for_shared)
        .collect();
    let eigen = symmetric_eigen(congruent(&whitening, &shared, n_cols), n_cols)?;
    let noise_bound = weights.noise_bound(n_cols);
    let n_kept = eigen.values.iter().take_while(|&&ratio| ratio > noise_bound).count();
    let kept = &eigen.vectors[..n_kept * n_cols];
    let directions = kept.chunks(n_cols).flat_map(|vector| direction(vector, &whitening, n_cols)).collect();
    Ok(Discriminant {
        mean,
        directions: Matrix::from_vec(n_kept, n_cols, directions)?,
        ratios: eigen.values[..n_kept].to_vec(),
        noise_bound,
    })
}

/// What each group weighs, and the sums that the moments need.
struct Weights {
    /// wᵢ.
    weights: Vec<f64>,
    total: f64,
    /// Factor of B in the expectation of `Σ wᵢ (mᵢ - m)(mᵢ - m)ᵀ`.
    for_shared: f64,
    /// Factor of W in it.
    for_noise: f64,
    /// Σ vᵢ and Σ vᵢ², where vᵢ = wᵢ/nᵢ.
    noise: (f64, f64),
}

impl Weights {
    fn new(sizes: &[u32], max_weight: f64) -> Self {
        let weights: Vec<f64> = sizes.iter().map(|&n| f64::from(n).min(max_weight)).collect();
        let total: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        let noise_of = |(w, &n): (&f64, &u32)| w / f64::from(n.max(1));
        let noises: Vec<f64> = weights.iter().zip(sizes).map(noise_of).collect();
        let noise = (noises.iter().sum(), noises.iter().map(|v| v * v).sum());
        let in_mean: f64 = weights.iter().zip(&noises).map(|(w, v)| w * v).sum();
        let share = |sum: f64| if total > 0.0 { sum / total } else { 0.0 };
        Self {
            for_shared: total - share(squares),
            for_noise: noise.0 - share(in_mean),
            weights,
            total,
            noise,
        }
    }

    /// `[n_cols]`.
    fn mean(&self, means: &Matrix) -> Vec<f64> {
        let mut sum = vec![0.0f64; means.n_cols()];
        for (row, weight) in means.rows().zip(&self.weights) {
            sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += weight * f64::from(value));
        }
        sum.iter_mut().for_each(|sum| *sum /= self.total.max(f64::MIN_POSITIVE));
        sum
    }

    /// `√wᵢ · (mᵢ - m)`.
    fn scaled(&self, means: &Matrix, mean: &[f64]) -> Result<Matrix> {
        let row = |(row, weight): (&[f32], &f64)| -> Vec<f32> {
            let root = weight.sqrt();
            row.iter().zip(mean).map(|(&value, m)| (root * (f64::from(value) - m)) as f32).collect()
        };
        let values = means.rows().zip(&self.weights).flat_map(row).collect();
        Matrix::from_vec(means.n_rows(), means.n_cols(), values)
    }

    /// The λ that the largest of chance passes once in a hundred times: Johnstone's law for the effective number of groups, moved
    /// to what is left after the expected noise was taken away.
    fn noise_bound(&self, n_cols: usize) -> f64 {
        let (sum, squares) = self.noise;
        let n_groups = sum * sum / squares;
        let (root_n, root_d) = ((n_groups - 1.0).max(1.0).sqrt(), (n_cols as f64).sqrt());
        let middle = (root_n + root_d).powi(2);
        let scale = (root_n + root_d) * (1.0 / root_n + 1.0 / root_d).cbrt();
        let edge = (middle + TRACY_WIDOM_99 * scale) / n_groups;
        (sum * edge - self.for_noise) / self.for_shared
    }
}

/// `D^(-1/2) Eᵀ`, `[n, n]` row after row, where `W + ridge·I = E D Eᵀ`.
fn whitening(within: &Within, ridge: f64) -> Result<Vec<f64>> {
    let n = within.n_cols;
    let eigen = symmetric_eigen(within.covariance.clone(), n)?;
    let mut rows = eigen.vectors;
    for (row, value) in rows.chunks_exact_mut(n).zip(&eigen.values) {
        // Rounding may leave a variance of zero a little below zero.
        let scale = 1.0 / (value.max(0.0) + ridge).sqrt();
        row.iter_mut().for_each(|value| *value *= scale);
    }
    Ok(rows)
}

/// `T A Tᵀ` for symmetric `a [n, n]`; each entry is summed in a fixed order.
fn congruent(t: &[f64], a: &[f64], n: usize) -> Vec<f64> {
    let product = |left: &[f64], right: &[f64]| -> Vec<f64> {
        // left · rightᵀ
        let row = |row: &[f64]| -> Vec<f64> {
            right.chunks_exact(n).map(|other| row.iter().zip(other).map(|(x, y)| x * y).sum()).collect()
        };
        left.par_chunks(n).flat_map_iter(row).collect()
    };
    let half = product(t, a); // T A, since A is symmetric
    let mut full = product(&half, t);
    for i in 0..n {
        for j in 0..i {
            let mean = 0.5 * (full[i * n + j] + full[j * n + i]);
            (full[i * n + j], full[j * n + i]) = (mean, mean);
        }
    }
    full
}

/// `vᵀ T`, with its sign fixed.
fn direction(vector: &[f64], whitening: &[f64], n: usize) -> Vec<f32> {
    let mut sum = vec![0.0f64; n];
    for (weight, row) in vector.iter().zip(whitening.chunks_exact(n)) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
    }
    let sign = crate::pca::sign_of_largest(sum.iter().copied());
    sum.into_iter().map(|value| (sign * value) as f32).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A number with mean 0 and variance 1, from twelve uniform ones.
    fn normal(random: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
    }

    /// Groups of 2 to 9 rows; a group has `shared` standard deviations of its own along columns 1 and 2, rows have 1
    /// along every column but ten along column 0.
    fn groups(n: usize, n_cols: usize, shared: f64) -> (Within, Matrix, Vec<u32>) {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let (mut of_rows, mut of_groups, mut means) = (Scatter::new(n_cols), Scatter::new(n_cols), vec![]);
        let sizes: Vec<u32> = (0..n).map(|i| 2 + i as u32 % 8).collect();
        for &size in &sizes {
            let own: Vec<f64> = (0..n_cols)
                .map(|j| if j == 1 || j == 2 { shared * normal(&mut random) } else { 0.0 })
                .collect();
            let scale = |j: usize| if j == 0 { 10.0 } else { 1.0 };
            let rows: Vec<f32> = (0..size)
                .flat_map(|_| {
                    (0..n_cols).map(|j| (own[j] + scale(j) * normal(&mut random)) as f32).collect::<Vec<_>>()
                })
                .collect();
            let rows = Matrix::from_vec(size as usize, n_cols, rows).unwrap();
            let mean = rows.column_means();
            means.extend(mean.iter().map(|&m| m as f32));
            let scaled = mean.iter().map(|m| (m * f64::from(size).sqrt()) as f32).collect();
            of_groups.add(&Matrix::from_vec(1, n_cols, scaled).unwrap()).unwrap();
            of_rows.add(&rows).unwrap();
        }
        let within = of_rows.within(&of_groups).unwrap().unwrap();
        (within, Matrix::from_vec(n, n_cols, means).unwrap(), sizes)
    }

    /// So small that W is taken as it is.
    const AS_MEASURED: DiscriminantParams = DiscriminantParams { ridge: 1e-9, max_weight: 64.0 };

    #[test]
    fn two_planted_directions_are_found_with_their_ratio_and_nothing_else() {
        let (within, means, sizes) = groups(2000, 12, 1.5);
        let found = discriminant(&within, &means, &sizes, &AS_MEASURED).unwrap();
        assert_eq!(found.ratios.len(), 2, "{:?} above {}", found.ratios, found.noise_bound);
        for ratio in &found.ratios {
            assert!((ratio - 2.25).abs() < 0.4, "{ratio} is not 1.5 squared");
        }
        for direction in found.directions.rows() {
            let planted = f64::from(direction[1]).hypot(f64::from(direction[2]));
            assert!((planted - 1.0).abs() < 0.1 && direction[0].abs() < 0.05, "{direction:?}");
        }
    }

    #[test]
    fn groups_that_share_nothing_have_no_direction() {
        for n_cols in [3, 40] {
            let (within, means, sizes) = groups(600, n_cols, 0.0);
            for params in [AS_MEASURED, DiscriminantParams::default()] {
                let found = discriminant(&within, &means, &sizes, &params).unwrap();
                assert_eq!(found.ratios, [0.0; 0], "{n_cols} dimensions, {params:?}");
                assert_eq!(found.project(&means).unwrap().n_cols(), 0);
            }
        }
    }

    #[test]
    fn within_is_the_covariance_around_group_means() {
        // Groups {0, 2} and {5, 5, 8}: squares around the means are 1 + 1 and 1 + 1 + 4, of 3 degrees of freedom.
        let scatter = |values: Vec<f32>| {
            let mut scatter = Scatter::new(1);
            scatter.add(&Matrix::from_vec(values.len(), 1, values).unwrap()).unwrap();
            scatter
        };
        let of_groups = scatter(vec![2.0 / 2f32.sqrt(), 18.0 / 3f32.sqrt()]);
        let within = scatter(vec![0.0, 2.0, 5.0, 5.0, 8.0]).within(&of_groups).unwrap().unwrap();
        assert!((within.covariance[0] - 8.0 / 3.0).abs() < 1e-4, "{within:?}");
        assert_eq!(within.n_degrees, 3);
    }

    #[test]
    fn few_rows_count_for_less() {
        let found = Discriminant {
            mean: vec![1.0],
            directions: Matrix::from_vec(1, 1, vec![2.0]).unwrap(),
            ratios: vec![0.5],
            noise_bound: 0.0,
        };
        let means = Matrix::from_vec(2, 1, vec![4.0, 4.0]).unwrap();
        assert_eq!(found.project(&means).unwrap().values(), [6.0, 6.0]);
        // 2·0.5 / (1 + 2·0.5) and 8·0.5 / (1 + 8·0.5).
        assert_eq!(found.expect(&means, &[2, 8]).unwrap().values(), [3.0, 4.8]);
    }

    #[test]
    fn nothing_to_measure_gives_nothing() {
        assert_eq!(Scatter::new(2).within(&Scatter::new(2)).unwrap(), None);
        assert!(Scatter::new(2).within(&Scatter::new(3)).is_err());
        // Single rows say nothing of what varies inside a group.
        let mut rows = Scatter::new(1);
        rows.add(&Matrix::from_vec(2, 1, vec![1.0, 5.0]).unwrap()).unwrap();
        assert_eq!(rows.within(&rows).unwrap(), None);
        let (within, means, _) = groups(2, 3, 1.0);
        let one = discriminant(&within, &means.gather(&[0]).unwrap(), &[2], &DiscriminantParams::default());
        assert_eq!(one.unwrap().ratios, [0.0; 0]);
        assert!(discriminant(&within, &means, &[2], &DiscriminantParams::default()).is_err());
    }
}
