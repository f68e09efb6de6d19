//! Where the vectors of a table live: the main directions of the teacher's, around their mean.

use populi_geometry::{Matrix, MatrixView, Pca, PcaParams, multiply, pca};

use super::bags::Bags;
use super::ridge::ridge;

/// The rows of a table that is not fitted, `[n_tokens, n_dims]`: each token's vector less the mean of all, along the directions
/// in which they differ most, times `a / (a + p)` where `p` is what Zipf's law says of the token's rank in the
/// vocabulary (smooth inverse frequency: Arora, Liang and Ma, 2017). Zeros for `special` tokens.
pub(super) fn plain_rows(
    token_vectors: &Matrix,
    special: &[u32],
    n_dims: usize,
    zipf_a: f64,
) -> crate::Result<Matrix> {
    let space = pca(token_vectors, &PcaParams { n_components: n_dims })?;
    let mut rows = space.project(token_vectors)?;
    let harmonic: f64 = (1..=rows.n_rows()).map(|rank| 1.0 / rank as f64).sum();
    for (rank, row) in (1u32..).zip(rows.values_mut().chunks_exact_mut(n_dims)) {
        let share = 1.0 / (f64::from(rank) * harmonic);
        let is_special = special.binary_search(&(rank - 1)).is_ok();
        let weight = if is_special { 0.0 } else { zipf_a / (zipf_a + share) };
        row.iter_mut().for_each(|value| *value = (f64::from(*value) * weight) as f32);
    }
    Ok(rows)
}

/// What a fit aims at: the teacher's vectors less their mean, in as many directions as a table has.
pub(super) struct Targets(Pca);

impl Targets {
    /// Learns mean and directions from the vectors of the texts to be fitted on.
    pub(super) fn new(vectors: MatrixView<'_>, n_dims: usize) -> crate::Result<Self> {
        Ok(Self(pca(vectors, &PcaParams { n_components: n_dims })?))
    }

    /// The target of each vector, of length 1.
    pub(super) fn of(&self, vectors: MatrixView<'_>) -> crate::Result<Matrix> {
        let mut targets = self.0.project(vectors)?;
        targets.l2_normalise_rows();
        Ok(targets)
    }
}

/// Plain rows in the space of the targets, of mean length 1: turned and stretched by the linear map that brings the texts'
/// vectors nearest to their targets.
pub(super) fn aligned(plain: &Matrix, texts: &Bags, targets: &Matrix) -> crate::Result<Matrix> {
    let map = ridge(&texts.vectors(plain)?, targets)?;
    let mut rows = multiply(plain, &map)?;
    let lengths = rows.rows().map(|row| row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt());
    let mean = lengths.sum::<f64>() / rows.n_rows().max(1) as f64;
    if mean > 0.0 {
        rows.values_mut().iter_mut().for_each(|value| *value = (f64::from(*value) / mean) as f32);
    }
    Ok(rows)
}
