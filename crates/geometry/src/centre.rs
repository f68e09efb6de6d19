//! Rows that lie much farther from zero than from one another.

use crate::matrix::Matrix;
use crate::view::MatrixView;

/// How much greater the squared length of the mean row must be than the mean squared distance to it for rows to be far from zero: by
/// then `|a|² - 2 a·b + |b|²` in `f32` has lost about six of its 24 bits.
const FAR: f64 = 64.0;

/// A copy of rows, less their mean.
pub(crate) struct Centred {
    rows: Matrix,
    mean: Vec<f64>,
}

/// The rows less their mean where they are far from zero, else nothing: then they may stay where they are. Two passes; a copy costs
/// as much memory as the rows.
pub(crate) fn centred_if_far(points: MatrixView<'_>) -> Option<Centred> {
    let mean = points.column_means();
    let n_rows = points.n_rows().max(1) as f64;
    let variance = points.column_squares(&mean).iter().sum::<f64>() / n_rows;
    let offset: f64 = mean.iter().map(|mean| mean * mean).sum();
    // Equal rows are apart by nothing, wherever they are.
    if variance == 0.0 || offset <= FAR * variance {
        return None;
    }
    let mut rows = points.to_matrix();
    shift(&mut rows, &mean, -1.0);
    Some(Centred { rows, mean })
}

impl Centred {
    /// The rows less their mean.
    pub(crate) fn rows(&self) -> &Matrix {
        &self.rows
    }

    /// The same, to look at.
    pub(crate) fn view(&self) -> MatrixView<'_> {
        MatrixView::from(&self.rows)
    }

    /// Other rows of the same space less the same mean.
    pub(crate) fn there(&self, other: &Matrix) -> Matrix {
        let mut moved = other.clone();
        shift(&mut moved, &self.mean, -1.0);
        moved
    }

    /// Rows of the centred space, back where they came from.
    pub(crate) fn back(&self, mut centred: Matrix) -> Matrix {
        shift(&mut centred, &self.mean, 1.0);
        centred
    }
}

fn shift(rows: &mut Matrix, by: &[f64], times: f64) {
    for row in rows.values_mut().chunks_exact_mut(by.len()) {
        row.iter_mut().zip(by).for_each(|(value, by)| *value = (f64::from(*value) + times * by) as f32);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn view(values: &[f32]) -> MatrixView<'_> {
        MatrixView::new(values.len() / 2, 2, values).unwrap()
    }

    #[test]
    fn only_what_is_far_from_zero_is_moved() {
        assert!(centred_if_far(view(&[1.0, 2.0, 3.0, 4.0])).is_none());
        assert!(centred_if_far(view(&[5e3, 5e3, 5e3, 5e3])).is_none(), "equal rows");
        let far = centred_if_far(view(&[5001.0, 0.0, 5003.0, 2.0])).unwrap();
        assert_eq!(far.view().values(), [-1.0, -1.0, 1.0, 1.0]);
        let there = far.there(&Matrix::from_vec(1, 2, vec![5002.0, 1.0]).unwrap());
        assert_eq!(there.values(), [0.0, 0.0]);
        assert_eq!(far.back(there).values(), [5002.0, 1.0]);
    }
}
