//! Features of mean 0 and variance 1, so that one penalty fits all of them.

use populi_geometry::{Matrix, MatrixView};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::logistic::same_size;

/// Rows of one task. Changing it changes last digits.
const BLOCK_ROWS: usize = 1024;

/// A column that varies less is constant.
const LEAST_DEVIATION: f64 = 1e-6;

/// The mean and the standard deviation of each column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// `[d]`.
    pub means: Vec<f64>,
    /// `[d]`; 1 of a column that is constant.
    pub deviations: Vec<f64>,
}

impl Scaling {
    /// Measures rows `[n, d]` of weights `[n]`: two passes, in parallel, the same bytes from any number of threads.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the weights are not those of the rows.
    pub fn of(x: MatrixView<'_>, weights: &[f64]) -> Result<Self> {
        same_size("weights of rows", x.n_rows(), weights.len())?;
        let total = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let means = weighted_sums(x, weights, |_, value| value)
            .into_iter()
            .map(|sum| sum / total)
            .collect::<Vec<_>>();
        let squares = weighted_sums(x, weights, |column, value| (value - means[column]).powi(2));
        let deviation =
            |sum: f64| Some((sum / total).sqrt()).filter(|&found| found > LEAST_DEVIATION).unwrap_or(1.0);
        let deviations = squares.into_iter().map(deviation).collect();
        Ok(Self { means, deviations })
    }

    /// The rows, scaled.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for other columns.
    pub fn apply(&self, x: MatrixView<'_>) -> Result<Matrix> {
        same_size("columns of the rows", self.means.len(), x.n_cols())?;
        let mut scaled = x.to_matrix();
        if x.n_cols() > 0 {
            let rows = scaled.values_mut().par_chunks_exact_mut(x.n_cols());
            rows.for_each(|row| {
                row.iter_mut()
                    .enumerate()
                    .for_each(|(column, value)| *value = self.value(column, *value) as f32)
            });
        }
        Ok(scaled)
    }

    /// One value of a column, scaled.
    pub(crate) fn value(&self, column: usize, value: f32) -> f64 {
        (f64::from(value) - self.means[column]) / self.deviations[column]
    }
}

/// `Σ wᵢ·f(column, xᵢ)` of every column.
fn weighted_sums(x: MatrixView<'_>, weights: &[f64], f: impl Fn(usize, f64) -> f64 + Sync) -> Vec<f64> {
    let of_block = |(block, weights): (usize, &[f64])| {
        let mut sums = vec![0.0; x.n_cols()];
        for (i, weight) in (block * BLOCK_ROWS..).zip(weights) {
            let row = sums.iter_mut().zip(x.row(i)).enumerate();
            row.for_each(|(column, (sum, &value))| *sum += weight * f(column, f64::from(value)));
        }
        sums
    };
    let parts: Vec<Vec<f64>> = weights.par_chunks(BLOCK_ROWS).enumerate().map(of_block).collect();
    let mut sums = vec![0.0; x.n_cols()];
    parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
    sums
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn by_hand_with_weights_and_a_constant_column() {
        let x = Matrix::from_vec(3, 2, vec![0.0, 7.0, 2.0, 7.0, 4.0, 7.0]).unwrap();
        let scaling = Scaling::of((&x).into(), &[1.0, 0.0, 3.0]).unwrap();
        // Mean 12/4; squares (9 + 3·1)/4.
        assert_eq!(scaling.means, [3.0, 7.0]);
        assert_eq!(scaling.deviations, [3f64.sqrt(), 1.0]);
        let scaled = scaling.apply((&x).into()).unwrap();
        assert!((scaled.row(2)[0] - 1.0 / 3f32.sqrt()).abs() < 1e-6 && scaled.row(2)[1] == 0.0);
        assert!(Scaling::of((&x).into(), &[1.0]).is_err());
    }
}
