//! How near is a table to its teacher, on texts that it was not fitted on?

use std::collections::BTreeSet;

use populi_geometry::{KnnMethod, KnnParams, Matrix, MatrixView, Metric, Silent, knn};

use super::bags::Bags;
use crate::token_table::Nearness;

/// Neighbours that are compared.
const K: usize = 10;

/// Texts that are held out.
pub(super) struct HeldOut {
    pub(super) texts: Bags,
    pub(super) targets: Matrix,
    /// The nearest texts of each by the teacher.
    neighbours: Vec<BTreeSet<u32>>,
}

impl HeldOut {
    pub(super) fn new(texts: Bags, targets: Matrix, vectors: MatrixView<'_>) -> crate::Result<Self> {
        Ok(Self { neighbours: nearest(vectors)?, texts, targets })
    }

    /// How near these rows bring the texts.
    pub(super) fn nearness(&self, rows: &Matrix) -> crate::Result<Nearness> {
        let vectors = self.texts.vectors(rows)?;
        let cosines = vectors.rows().zip(self.targets.rows());
        let cosine = |(a, b): (&[f32], &[f32])| {
            a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
        };
        let n_texts = self.texts.len().max(1) as f64;
        let kept = nearest((&vectors).into())?;
        let both = kept.iter().zip(&self.neighbours).map(|(a, b)| a.intersection(b).count()).sum::<usize>();
        Ok(Nearness {
            cosine: cosines.map(cosine).sum::<f64>() / n_texts,
            neighbours: both as f64 / (K as f64 * n_texts),
        })
    }
}

fn nearest(vectors: MatrixView<'_>) -> crate::Result<Vec<BTreeSet<u32>>> {
    if vectors.n_rows() <= K {
        return Ok(vec![]);
    }
    let params = KnnParams { k: K, metric: Metric::Cosine, method: KnnMethod::Exact, ..KnnParams::default() };
    let found = knn(vectors, &params, &Silent)?;
    Ok(found.graph.ids().chunks_exact(K).map(|ids| ids.iter().copied().collect()).collect())
}
