//! A classifier that knows nothing but which source a text is like: what a detector must do better than.
//!
//! Linear discriminant analysis over the sources (Rao 1948): all share one covariance `W`, each has its own mean, all are taken to be equally
//! frequent. It is never told which sources are instructions while it learns. A text scores the logarithm of how much more likely one of the
//! positive sources is than one of the negative ones. Texts of a source that it has never seen get the answer of the sources they are most like.

use populi_geometry::{Matrix, MatrixView, gram, solve_positive_definite};

use crate::Result;

/// Added to the variances, of features of variance 1.
const RIDGE: f64 = 0.01;

/// What each source is like.
pub(crate) struct SourceClassifier {
    sources: Vec<Likeness>,
}

struct Likeness {
    is_positive: bool,
    /// `[d]`
    direction: Vec<f64>,
    offset: f64,
}

impl SourceClassifier {
    /// Learns from scaled rows `x [n, d]`, their sources, weights `[n]` that sum to 1, and which sources are positive.
    pub(crate) fn fit(
        x: MatrixView<'_>,
        source_of: &[usize],
        weights: &[f64],
        is_positive: &[bool],
    ) -> Result<Self> {
        let n = x.n_cols();
        let means = means(x, source_of, weights, is_positive.len());
        let mut centred = Matrix::zeros(x.n_rows(), n);
        for i in 0..x.n_rows() {
            let (root, mean) = (weights[i].sqrt(), &means[source_of[i]]);
            let row = centred.row_mut(i).iter_mut().zip(x.row(i)).zip(mean);
            row.for_each(|((out, &value), mean)| *out = (root * (f64::from(value) - mean)) as f32);
        }
        let mut within = gram(&centred, None);
        (0..n).for_each(|i| within[i * n + i] += RIDGE);
        let present: Vec<usize> =
            (0..is_positive.len()).filter(|source| source_of.contains(source)).collect();
        let right =
            (0..n).flat_map(|column| present.iter().map(|&source| means[source][column]).collect::<Vec<_>>());
        let solved = solve_positive_definite(within, right.collect(), n)?;
        let likeness = |(at, &source): (usize, &usize)| {
            let direction: Vec<f64> = solved.iter().skip(at).step_by(present.len()).copied().collect();
            let offset = -0.5 * direction.iter().zip(&means[source]).map(|(a, b)| a * b).sum::<f64>();
            Likeness { is_positive: is_positive[source], direction, offset }
        };
        Ok(Self { sources: present.iter().enumerate().map(likeness).collect() })
    }

    /// `ln Σ(positive) - ln Σ(negative)` of a scaled row.
    pub(crate) fn score(&self, row: &[f32]) -> f64 {
        let of_side = |side: bool| {
            let sources = self.sources.iter().filter(|source| source.is_positive == side);
            let scores: Vec<f64> = sources.map(|source| source.score(row)).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most + scores.iter().map(|score| (score - most).exp()).sum::<f64>().ln()
        };
        of_side(true) - of_side(false)
    }
}

impl Likeness {
    fn score(&self, row: &[f32]) -> f64 {
        self.offset
            + row.iter().zip(&self.direction).map(|(&value, weight)| f64::from(value) * weight).sum::<f64>()
    }
}

/// The mean of each source; zeros of one without rows.
fn means(x: MatrixView<'_>, source_of: &[usize], weights: &[f64], n_sources: usize) -> Vec<Vec<f64>> {
    let mut means = vec![vec![0.0; x.n_cols()]; n_sources];
    let mut totals = vec![0.0; n_sources];
    for (i, &source) in source_of.iter().enumerate() {
        totals[source] += weights[i];
        means[source]
            .iter_mut()
            .zip(x.row(i))
            .for_each(|(sum, &value)| *sum += weights[i] * f64::from(value));
    }
    means
        .iter_mut()
        .zip(totals)
        .for_each(|(mean, total)| mean.iter_mut().for_each(|sum| *sum /= f64::max(total, f64::MIN_POSITIVE)));
    means
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn on_a_line_the_border_is_half_way() {
        // Sources around 0 (positive), 4 (negative) and 100 (positive), each one half off its mean.
        let x = Matrix::from_vec(6, 1, vec![-0.5, 0.5, 3.5, 4.5, 99.5, 100.5]).unwrap();
        let source_of = [0, 0, 1, 1, 2, 2];
        let fitted =
            SourceClassifier::fit((&x).into(), &source_of, &[1.0 / 6.0; 6], &[true, false, true]).unwrap();
        assert!(fitted.score(&[2.0]).abs() < 1e-6);
        assert!(fitted.score(&[1.0]) > 0.0 && fitted.score(&[3.0]) < 0.0 && fitted.score(&[60.0]) > 0.0);
    }
}
