//! Principal components of dense rows: the few directions in which they differ most.
//!
//! The covariance matrix is built in one pass of matrix products over centred blocks of rows and solved in `f64`: exact,
//! and for `[n, 256]` with n in the millions cheaper than any randomised method's second pass.

use crate::eigen::symmetric_eigen;
use crate::error::{Result, require};
use crate::matrix::Matrix;
use crate::product::{gram, multiply_transposed};
use crate::view::MatrixView;

/// How many components [`pca`] keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PcaParams {
    /// Directions to keep, at most the number of columns. Default 2: a map.
    pub n_components: usize,
}

impl Default for PcaParams {
    fn default() -> Self {
        Self { n_components: 2 }
    }
}

/// What [`pca`] learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Mean of every column, `[n_cols]`.
    pub mean: Vec<f64>,
    /// `[n_components, n_cols]`, orthonormal rows, largest variance first.
    pub components: Matrix,
    /// Variance along each component (divided by `n_rows - 1`), `[n_components]`.
    pub explained_variance: Vec<f64>,
    /// Sum of the variances of all columns: what `explained_variance` is a part of.
    pub total_variance: f64,
}

impl Pca {
    /// Coordinates of `rows [n, n_cols]` along the components: `[n, n_components]`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where `rows` has other columns than the rows that were fitted.
    pub fn project<'a>(&self, rows: impl Into<MatrixView<'a>>) -> Result<Matrix> {
        let mut projected = multiply_transposed(rows, &self.components)?;
        let n_components = self.components.n_rows();
        if n_components == 0 {
            return Ok(projected);
        }
        let along =
            |component: &[f32]| component.iter().zip(&self.mean).map(|(&c, m)| f64::from(c) * m).sum();
        let origin: Vec<f64> = self.components.rows().map(along).collect();
        for row in projected.values_mut().chunks_exact_mut(n_components) {
            row.iter_mut().zip(&origin).for_each(|(value, o)| *value = (f64::from(*value) - o) as f32);
        }
        Ok(projected)
    }
}

/// The directions of largest variance of `rows [n_rows, n_cols]`.
///
/// 2·n_rows·n_cols² operations in parallel plus O(n_cols³) serial; memory O(n_cols²) beside the input. Each component
/// points so that its largest entry by size (of equals the first) is positive. Fewer than two rows have no variance:
/// the components are then the first axes.
///
/// ```
/// use populi_geometry::{Matrix, PcaParams, pca};
///
/// let line = Matrix::from_vec(3, 2, vec![0.0, 1.0, 2.0, 1.0, 4.0, 1.0])?;
/// let found = pca(&line, &PcaParams { n_components: 1 })?;
/// assert_eq!(found.components.values(), [1.0, 0.0]);
/// assert_eq!(found.explained_variance, [4.0]);
/// assert_eq!(found.project(&line)?.values(), [-2.0, 0.0, 2.0]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Param`] where `n_components` is above `n_cols`, [`crate::Error::NotFinite`].
pub fn pca<'a>(rows: impl Into<MatrixView<'a>>, params: &PcaParams) -> Result<Pca> {
    let rows = rows.into();
    let n_cols = rows.n_cols();
    require(
        params.n_components <= n_cols,
        "n_components",
        params.n_components,
        "at most the number of columns",
    )?;
    if n_cols > 0 && rows.n_rows() > 0 {
        rows.check()?;
    }

    let mean = rows.column_means();
    let degrees = rows.n_rows().saturating_sub(1).max(1) as f64;
    let covariance: Vec<f64> = gram(rows, Some(&mean)).into_iter().map(|sum| sum / degrees).collect();
    let total_variance = (0..n_cols).map(|i| covariance[i * n_cols + i]).sum();
    let eigen = symmetric_eigen(covariance, n_cols)?;

    let kept = &eigen.vectors[..params.n_components * n_cols];
    let components = kept.chunks(n_cols.max(1)).flat_map(signed).collect();
    Ok(Pca {
        mean,
        components: Matrix::from_vec(params.n_components, n_cols, components)?,
        explained_variance: eigen.values[..params.n_components].iter().map(|&value| value.max(0.0)).collect(),
        total_variance,
    })
}

fn signed(vector: &[f64]) -> Vec<f32> {
    let sign = sign_of_largest(vector.iter().copied());
    vector.iter().map(|value| (sign * value) as f32).collect()
}

/// The sign that makes the largest entry by size positive; of equal sizes the first decides.
pub(crate) fn sign_of_largest(vector: impl Iterator<Item = f64>) -> f64 {
    let largest = vector.fold(0.0f64, |most, value| if value.abs() > most.abs() { value } else { most });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// Points on an ellipse around (10, -5), long axis along (3, 4) / 5.
    fn ellipse() -> Matrix {
        let point = |i: usize| {
            let angle = i as f32 * std::f32::consts::TAU / 100.0;
            let (long, short) = (5.0 * angle.cos(), angle.sin());
            [10.0 + 0.6 * long - 0.8 * short, -5.0 + 0.8 * long + 0.6 * short]
        };
        Matrix::from_vec(100, 2, (0..100).flat_map(point).collect()).unwrap()
    }

    #[test]
    fn finds_the_axes_of_an_ellipse() {
        let found = pca(&ellipse(), &PcaParams::default()).unwrap();
        let close =
            |got: f64, expected: f64| assert!((got - expected).abs() < 1e-5, "{got} is not {expected}");
        close(found.mean[0], 10.0);
        close(found.mean[1], -5.0);
        // Mean of cos² over the circle is 1/2: variances 12.5 and 0.5, times n / (n - 1).
        close(found.explained_variance[0], 12.5 * 100.0 / 99.0);
        close(found.explained_variance[1], 0.5 * 100.0 / 99.0);
        close(found.total_variance, 13.0 * 100.0 / 99.0);
        for (got, expected) in found.components.values().iter().zip([0.6, 0.8, 0.8, -0.6]) {
            close(f64::from(*got), expected);
        }
        let map = found.project(&ellipse()).unwrap();
        close(f64::from(map.row(0)[0]), 5.0);
        close(f64::from(map.row(25)[1]), -1.0);
    }

    #[test]
    fn few_rows_and_constant_rows_have_no_variance() {
        for n in [0, 1, 3] {
            let same = Matrix::from_vec(n, 2, vec![7.0; 2 * n]).unwrap();
            let found = pca(&same, &PcaParams::default()).unwrap();
            assert_eq!(found.explained_variance, [0.0, 0.0]);
            assert!(found.project(&same).unwrap().values().iter().all(|v| v.abs() < 1e-6));
        }
    }

    #[test]
    fn wrong_input_is_an_error() {
        assert!(pca(&ellipse(), &PcaParams { n_components: 3 }).is_err());
        assert!(
            pca(&Matrix::from_vec(1, 1, vec![f32::NAN]).unwrap(), &PcaParams { n_components: 1 }).is_err()
        );
        let found = pca(&ellipse(), &PcaParams::default()).unwrap();
        assert!(found.project(&Matrix::zeros(1, 3)).is_err());
    }
}
