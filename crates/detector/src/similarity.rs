//! How near a text is to known instructions.

use populi_geometry::{KnnParams, Matrix, MatrixView, Metric, Silent, nearest_rows};

use crate::Result;
use crate::logistic::same_size;

/// Vectors of instructions that somebody chose.
#[derive(Clone, Debug)]
pub struct KnownInstructions {
    vectors: Matrix,
    k: usize,
}

impl KnownInstructions {
    /// Takes vectors `[n, n_dims]`, and how many of the nearest count: of all, if there are fewer. Rows of zeros are near to nothing.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] where `k` is 0; [`crate::Error::Geometry`] where there is no vector, or one is not finite.
    pub fn new(mut vectors: Matrix, k: usize) -> Result<Self> {
        if k == 0 {
            return Err(crate::Error::Parameter { name: "k", got: "0".to_owned(), must_be: "at least 1" });
        }
        vectors.l2_normalise_rows();
        MatrixView::from(&vectors).check()?;
        let k = k.min(vectors.n_rows());
        Ok(Self { vectors, k })
    }

    /// For each of `vectors [n, n_dims]` the mean cosine to the `k` known instructions nearest to it: 1 is one of them. 0 for a row of zeros.
    ///
    /// n·m·d operations for m known ones, in parallel; the same bytes from any number of threads.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for other dimensions, [`crate::Error::Geometry`] for values that are not finite.
    pub fn similarity(&self, vectors: &Matrix) -> Result<Vec<f32>> {
        same_size("dimensions of the vectors", self.vectors.n_cols(), vectors.n_cols())?;
        if vectors.n_rows() == 0 {
            return Ok(Vec::new());
        }
        let params = KnnParams { k: self.k, metric: Metric::Cosine, ..KnnParams::default() };
        let nearest = nearest_rows(vectors.into(), (&self.vectors).into(), &params, &Silent)?;
        let mean = |query: usize| {
            let (_, distances) = nearest.of(query);
            1.0 - distances.iter().map(|&distance| f64::from(distance)).sum::<f64>() / self.k as f64
        };
        let is_empty = |query: usize| vectors.row(query).iter().all(|&value| value == 0.0);
        Ok((0..vectors.n_rows())
            .map(|query| if is_empty(query) { 0.0 } else { mean(query) as f32 })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn the_mean_cosine_to_the_nearest_two_by_hand() {
        let known = Matrix::from_vec(3, 2, vec![2.0, 0.0, 0.6, 0.8, -1.0, 0.0]).unwrap();
        let posts = Matrix::from_vec(3, 2, vec![1.0, 0.0, 0.0, 5.0, 0.0, 0.0]).unwrap();
        let found = KnownInstructions::new(known.clone(), 2).unwrap().similarity(&posts).unwrap();
        for (found, expected) in found.iter().zip([(1.0 + 0.6) / 2.0, (0.8 + 0.0) / 2.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        let all = KnownInstructions::new(known, 9).unwrap().similarity(&posts).unwrap();
        assert!((all[0] - 0.2).abs() < 1e-6, "{all:?}");
        assert!(KnownInstructions::new(Matrix::zeros(0, 2), 1).is_err());
        assert!(KnownInstructions::new(Matrix::zeros(1, 2), 0).is_err());
    }
}
