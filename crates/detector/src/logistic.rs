//! Logistic regression with an L2 penalty and weights of rows, by Newton's method.
//!
//! The coefficients `β [d]` and the intercept `b` make least
//!
//! ```text
//! Σ wᵢ·(ln(1 + e^zᵢ) - yᵢ·zᵢ) / Σ wᵢ + ½·l2·|β|²,   zᵢ = xᵢ·β + b
//! ```
//!
//! (Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, 2009, section 4.4). The intercept has no penalty. A step
//! solves `H·δ = g` by Cholesky's factors and is halved until the sum falls enough (Nocedal and Wright, *Numerical Optimization*, 2006,
//! section 3.1), so it ends at the one least value from any start. Products that make H are of `f32`; the gradient, which decides where it ends,
//! is of `f64`.

use populi_geometry::{Matrix, MatrixView, gram, solve_positive_definite};
use rayon::prelude::*;

use crate::{Error, Result};

/// Rows of one task. Changing it changes last digits.
const BLOCK_ROWS: usize = 1024;

/// Rows whose scaled copy is in memory while H is summed.
const HESSIAN_ROWS: usize = 16 * BLOCK_ROWS;

/// The share of the decrease that the gradient promises which a step has to bring.
const ARMIJO: f64 = 1e-4;

/// Halvings of a step, at most.
const MAX_HALVINGS: u32 = 40;

/// Added to H's diagonal, so that it can be solved where a column is empty and `l2` is 0.
const JITTER: f64 = 1e-10;

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticParams {
    /// The penalty. Default 0.1, of features of variance 1: on sources left out better than 0.01 and as good as 1.
    pub l2: f64,
    /// Ends where no entry of the gradient is larger. Default 1e-7.
    pub tolerance: f64,
    /// Steps, at most. Default 50; 5 to 8 are usual.
    pub max_steps: u32,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self { l2: 0.1, tolerance: 1e-7, max_steps: 50 }
    }
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// `[d]`.
    pub coefficients: Vec<f64>,
    /// `b`.
    pub intercept: f64,
    /// Steps that were made.
    pub n_steps: u32,
    /// Whether the gradient got as small as asked.
    pub is_converged: bool,
}

impl Logistic {
    /// Fits to rows `x [n, d]`, what they should give `y [n]` (0 to 1), and their weights `[n]`, starting from another fit or from zero.
    ///
    /// About 2·n·d² operations a step, in parallel; memory of a copy of 16,384 rows and 8·d² bytes. The same bytes from any number of threads.
    ///
    /// ```
    /// use populi_detector::{Logistic, LogisticParams};
    /// use populi_geometry::Matrix;
    ///
    /// // Of two rows at 0 one is true, of four at 1 three: ln(1/1) and ln(3/1) without a penalty.
    /// let x = Matrix::from_vec(6, 1, vec![0.0, 0.0, 1.0, 1.0, 1.0, 1.0])?;
    /// let y = [0.0, 1.0, 0.0, 1.0, 1.0, 1.0];
    /// let params = LogisticParams { l2: 0.0, ..LogisticParams::default() };
    /// let fitted = Logistic::fit((&x).into(), &y, &[1.0; 6], &params, None)?;
    /// assert!(fitted.intercept.abs() < 1e-6 && (fitted.coefficients[0] - 3f64.ln()).abs() < 1e-6);
    /// # Ok::<(), populi_detector::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where sizes do not fit; [`Error::Geometry`] for values that are not finite.
    pub fn fit(
        x: MatrixView<'_>,
        y: &[f64],
        weights: &[f64],
        params: &LogisticParams,
        start: Option<&Logistic>,
    ) -> Result<Self> {
        x.check()?;
        same_size("labels", x.n_rows(), y.len())?;
        same_size("weights of rows", x.n_rows(), weights.len())?;
        let problem = Problem {
            x,
            y,
            weights,
            total: weights.iter().sum::<f64>().max(f64::MIN_POSITIVE),
            l2: params.l2,
        };
        let mut at = start.map_or_else(|| vec![0.0; x.n_cols() + 1], Logistic::parameters);
        same_size("coefficients to start from", x.n_cols() + 1, at.len())?;
        let mut scores = scores(x, &at);
        let mut loss = problem.loss(&scores, &at);
        let (mut n_steps, mut is_converged) = (0, false);
        loop {
            let gradient = problem.gradient(&scores, &at);
            is_converged |= gradient.iter().all(|value| value.abs() <= params.tolerance);
            if is_converged || n_steps == params.max_steps {
                break;
            }
            n_steps += 1;
            let step = solve_positive_definite(problem.hessian(&scores)?, gradient.clone(), gradient.len())?;
            let promised: f64 = step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
            let Some(next) = problem.descend(&at, &step, loss - ARMIJO * promised, loss) else {
                break; // No shorter step is better: the least value, as far as `f64` goes.
            };
            (at, scores, loss) = next;
        }
        let intercept = at.pop().unwrap_or_default();
        Ok(Self { coefficients: at, intercept, n_steps, is_converged })
    }

    /// `z [n]` of rows `[n, d]`: the logarithm of the odds.
    ///
    /// # Errors
    /// [`Error::Shape`] for other columns.
    pub fn scores(&self, x: MatrixView<'_>) -> Result<Vec<f64>> {
        same_size("columns of the rows", self.coefficients.len(), x.n_cols())?;
        Ok(scores(x, &self.parameters()))
    }

    fn parameters(&self) -> Vec<f64> {
        self.coefficients.iter().copied().chain([self.intercept]).collect()
    }
}

/// What is made least. Parameters are the coefficients and, last, the intercept.
struct Problem<'a> {
    x: MatrixView<'a>,
    y: &'a [f64],
    weights: &'a [f64],
    total: f64,
    l2: f64,
}

impl Problem<'_> {
    fn loss(&self, scores: &[f64], at: &[f64]) -> f64 {
        let of_block = |((scores, y), weights): ((&[f64], &[f64]), &[f64])| -> f64 {
            scores.iter().zip(y).zip(weights).map(|((&z, &y), w)| w * (softplus(z) - y * z)).sum()
        };
        let blocks = scores
            .par_chunks(BLOCK_ROWS)
            .zip(self.y.par_chunks(BLOCK_ROWS))
            .zip(self.weights.par_chunks(BLOCK_ROWS));
        let sums: Vec<f64> = blocks.map(of_block).collect();
        let squares: f64 = at[..at.len() - 1].iter().map(|value| value * value).sum();
        sums.iter().sum::<f64>() / self.total + 0.5 * self.l2 * squares
    }

    fn gradient(&self, scores: &[f64], at: &[f64]) -> Vec<f64> {
        let n_cols = self.x.n_cols();
        let of_block = |(block, scores): (usize, &[f64])| {
            let mut sum = vec![0.0; n_cols + 1];
            for (i, &score) in (block * BLOCK_ROWS..).zip(scores) {
                let residual = self.weights[i] * (sigmoid(score) - self.y[i]);
                sum.iter_mut()
                    .zip(self.x.row(i))
                    .for_each(|(sum, &value)| *sum += residual * f64::from(value));
                sum[n_cols] += residual;
            }
            sum
        };
        let parts: Vec<Vec<f64>> = scores.par_chunks(BLOCK_ROWS).enumerate().map(of_block).collect();
        let mut sum = vec![0.0; n_cols + 1];
        parts.iter().for_each(|part| sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        sum.iter_mut().for_each(|value| *value /= self.total);
        sum[..n_cols].iter_mut().zip(at).for_each(|(slope, at)| *slope += self.l2 * at);
        sum
    }

    /// `[d + 1, d + 1]`.
    fn hessian(&self, scores: &[f64]) -> Result<Vec<f64>> {
        let n = self.x.n_cols() + 1;
        let mut sum = vec![0.0; n * n];
        for from in (0..scores.len()).step_by(HESSIAN_ROWS) {
            let to = scores.len().min(from + HESSIAN_ROWS);
            let mut scaled = Matrix::zeros(to - from, n);
            scaled.values_mut().par_chunks_mut(n).zip(from..to).for_each(|(row, i)| {
                let p = sigmoid(scores[i]);
                let root = (self.weights[i] / self.total * p * (1.0 - p)).sqrt() as f32;
                row[..n - 1].iter_mut().zip(self.x.row(i)).for_each(|(scaled, value)| *scaled = root * value);
                row[n - 1] = root;
            });
            sum.iter_mut().zip(gram(&scaled, None)).for_each(|(sum, part)| *sum += part);
        }
        (0..n).for_each(|i| sum[i * n + i] += JITTER + if i + 1 < n { self.l2 } else { 0.0 });
        Ok(sum)
    }

    /// The first of the step, its half, its quarter … that brings the loss to `enough`, or at least below `loss`.
    fn descend(&self, at: &[f64], step: &[f64], enough: f64, loss: f64) -> Option<(Vec<f64>, Vec<f64>, f64)> {
        let mut share = 1.0;
        for _ in 0..MAX_HALVINGS {
            let next: Vec<f64> = at.iter().zip(step).map(|(at, step)| at - share * step).collect();
            let scores = scores(self.x, &next);
            let found = self.loss(&scores, &next);
            if found <= loss + share * (enough - loss) {
                return Some((next, scores, found));
            }
            share *= 0.5;
        }
        None
    }
}

fn scores(x: MatrixView<'_>, at: &[f64]) -> Vec<f64> {
    let (coefficients, intercept) = at.split_at(x.n_cols());
    let score = |i: usize| -> f64 {
        let row = x.row(i).iter().zip(coefficients);
        row.map(|(&value, coefficient)| f64::from(value) * coefficient).sum::<f64>() + intercept[0]
    };
    (0..x.n_rows()).into_par_iter().with_min_len(BLOCK_ROWS).map(score).collect()
}

/// `1 / (1 + e^-z)`, for any `z`.
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// `ln(1 + e^z)`, for any `z`.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

pub(crate) fn same_size(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    /// The gradient at a fit, summed in the plainest way.
    fn slope(x: &Matrix, y: &[f64], weights: &[f64], l2: f64, fitted: &Logistic) -> Vec<f64> {
        let z = fitted.scores(x.into()).unwrap();
        let total: f64 = weights.iter().sum();
        let mut slope: Vec<f64> = fitted.coefficients.iter().map(|value| l2 * value).chain([0.0]).collect();
        for i in 0..x.n_rows() {
            let residual = weights[i] / total * (1.0 / (1.0 + (-z[i]).exp()) - y[i]);
            for (j, &value) in x.row(i).iter().chain([&1.0]).enumerate() {
                slope[j] += residual * f64::from(value);
            }
        }
        slope
    }

    proptest! {
        #[test]
        fn ends_where_the_gradient_is_zero(
            rows in prop::collection::vec((prop::collection::vec(-3.0f32..3.0, 3), any::<bool>(), 0.1f64..4.0), 2..40),
            l2 in 0.001f64..1.0,
        ) {
            let x = Matrix::from_vec(rows.len(), 3, rows.iter().flat_map(|row| row.0.clone()).collect()).unwrap();
            let y: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.1))).collect();
            // One of each kind, so that the intercept is finite.
            prop_assume!(y.contains(&0.0) && y.contains(&1.0));
            let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let params = LogisticParams { l2, ..LogisticParams::default() };
            let fitted = Logistic::fit((&x).into(), &y, &weights, &params, None).unwrap();
            prop_assert!(fitted.is_converged, "{fitted:?}");
            for value in slope(&x, &y, &weights, l2, &fitted) {
                prop_assert!(value.abs() < 1e-6);
            }
            let far = Logistic { coefficients: vec![5.0, -5.0, 5.0], intercept: 3.0, ..fitted.clone() };
            let again = Logistic::fit((&x).into(), &y, &weights, &params, Some(&far)).unwrap();
            prop_assert!((again.intercept - fitted.intercept).abs() < 1e-3);
        }
    }

    #[test]
    fn a_row_of_weight_two_is_two_rows() {
        let params = LogisticParams::default();
        let fit = |x: Vec<f32>, y: &[f64], weights: &[f64]| {
            let x = Matrix::from_vec(x.len(), 1, x).unwrap();
            Logistic::fit((&x).into(), y, weights, &params, None).unwrap()
        };
        let weighted = fit(vec![0.0, 1.0, 2.0], &[0.0, 1.0, 0.0], &[1.0, 2.0, 1.0]);
        let repeated = fit(vec![0.0, 1.0, 1.0, 2.0], &[0.0, 1.0, 1.0, 0.0], &[1.0; 4]);
        assert!((weighted.intercept - repeated.intercept).abs() < 1e-6);
        assert!((weighted.coefficients[0] - repeated.coefficients[0]).abs() < 1e-6);
    }

    #[test]
    fn separable_rows_and_empty_columns_have_a_fit() {
        let x = Matrix::from_vec(4, 2, vec![-1e3, 0.0, -1.0, 0.0, 1.0, 0.0, 1e3, 0.0]).unwrap();
        let fitted =
            Logistic::fit((&x).into(), &[0.0, 0.0, 1.0, 1.0], &[1.0; 4], &LogisticParams::default(), None)
                .unwrap();
        assert!(
            fitted.coefficients[0] > 0.0 && fitted.coefficients[1] == 0.0 && fitted.is_converged,
            "{fitted:?}"
        );
        assert!(Logistic::fit((&x).into(), &[0.0; 3], &[1.0; 4], &LogisticParams::default(), None).is_err());
    }
}
