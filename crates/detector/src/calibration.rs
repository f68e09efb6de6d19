//! From a score to a probability: Platt's curve through the scores of texts that the model had not seen.
//!
//! Platt, *Probabilistic outputs for support vector machines*, 1999: `p = 1 / (1 + e^-(slope·z + offset))`, fitted to labels that are drawn in a
//! little from 0 and 1. Departure: rows have weights, so the pull is that of the sum of the weights of a side.

use populi_geometry::Matrix;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::logistic::{Logistic, LogisticParams, sigmoid};

/// Platt's curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Of the score.
    pub slope: f64,
    /// Added.
    pub offset: f64,
}

impl Calibration {
    /// The curve that fits scores `[n]` of texts that are or are not instructions, with their weights `[n]`.
    ///
    /// # Errors
    /// Where sizes do not fit or scores are not finite.
    pub fn fit(scores: &[f64], is_positive: &[bool], weights: &[f64]) -> Result<Self> {
        let x = Matrix::from_vec(scores.len(), 1, scores.iter().map(|&z| z as f32).collect())?;
        let total = |side: bool| -> f64 {
            is_positive.iter().zip(weights).filter(|(is, _)| **is == side).map(|(_, weight)| weight).sum()
        };
        // Rows of mean weight 1, so that the pull is one row a side.
        let unit = scores.len() as f64 / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let (positive, negative) = (total(true) * unit, total(false) * unit);
        let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
        let y: Vec<f64> = is_positive.iter().map(|&is| if is { high } else { low }).collect();
        let params = LogisticParams { l2: 0.0, ..LogisticParams::default() };
        let fitted = Logistic::fit((&x).into(), &y, weights, &params, None)?;
        Ok(Self { slope: fitted.coefficients[0], offset: fitted.intercept })
    }

    /// The probability of a score, where as many texts are instructions as are not.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        sigmoid(self.slope * score + self.offset)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn shares_at_two_scores_are_the_probabilities() {
        // At -1 one of ten is an instruction, at 2 nine of ten; a thousand each, so that Platt's pull hardly counts.
        let scores: Vec<f64> = (0..2000).map(|i| if i < 1000 { -1.0 } else { 2.0 }).collect();
        let is_positive: Vec<bool> =
            (0..2000).map(|i| if i < 1000 { i % 10 == 0 } else { i % 10 != 0 }).collect();
        let fitted = Calibration::fit(&scores, &is_positive, &[1.0; 2000]).unwrap();
        assert!((fitted.probability(-1.0) - 0.1).abs() < 0.002, "{fitted:?}");
        assert!((fitted.probability(2.0) - 0.9).abs() < 0.002);
        // Weights are rows.
        let weighted =
            Calibration::fit(&[-1.0, -1.0, 2.0, 2.0], &[true, false, true, false], &[0.1, 0.9, 0.9, 0.1])
                .unwrap();
        assert!(weighted.slope > 0.0);
    }

    #[test]
    fn scores_that_part_the_sides_have_a_finite_curve() {
        let fitted =
            Calibration::fit(&[-2.0, -1.0, 1.0, 2.0], &[false, false, true, true], &[1.0; 4]).unwrap();
        assert!(fitted.slope.is_finite() && fitted.slope > 0.0);
        // (2 + 1) / (2 + 2) is what Platt asks of a side of two.
        assert!(fitted.probability(100.0) <= 1.0 && fitted.probability(1.5) < 0.9);
    }
}
