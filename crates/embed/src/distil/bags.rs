//! Texts as lists of tokens, one after the other.

use populi_geometry::{Level, Matrix};
use rayon::prelude::*;

use super::gradient::Sum;
use crate::lexical::readable;
use crate::wordpiece::WordPiece;

/// Texts that one task cuts or sums. Moves no bit.
const TEXTS_PER_TASK: usize = 256;

/// The tokens of texts, without special ones, which have no rows to fit.
pub(super) struct Bags {
    /// Where the tokens of each text end, `[n_texts]`.
    ends: Vec<usize>,
    ids: Vec<u32>,
}

impl Bags {
    /// Cuts texts into tokens, in parallel.
    pub(super) fn new<Text: AsRef<str> + Sync>(tokenizer: &WordPiece, texts: &[Text]) -> Self {
        let cut = |text: &Text| {
            let mut ids = vec![];
            tokenizer.encode(readable(text.as_ref()), &mut ids);
            ids.retain(|id| tokenizer.special_ids().binary_search(id).is_err());
            ids
        };
        Self::of_lists(&texts.par_iter().with_min_len(TEXTS_PER_TASK).map(cut).collect::<Vec<_>>())
    }

    /// Takes the tokens of each text.
    pub(super) fn of_lists(lists: &[Vec<u32>]) -> Self {
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        });
        Self { ends: ends.collect(), ids: lists.concat() }
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Texts in which there is a token.
    pub(super) fn n_with_tokens(&self) -> usize {
        (0..self.len()).filter(|&text| !self.of(text).is_empty()).count()
    }

    /// The tokens of a text, in their order.
    pub(super) fn of(&self, text: usize) -> &[u32] {
        let start = text.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ids[start..self.ends[text]]
    }

    /// The sum of the rows of each text's tokens, of length 1 or zero: `[n_texts, n_dims]`.
    pub(super) fn vectors(&self, rows: &Matrix) -> crate::Result<Matrix> {
        let n_dims = rows.n_cols();
        let level = Level::best();
        let mut vectors = Matrix::zeros(self.len(), n_dims);
        let blocks = vectors.values_mut().par_chunks_mut(TEXTS_PER_TASK * n_dims).enumerate();
        blocks.for_each(|(block, vectors)| {
            for (i, to) in vectors.chunks_exact_mut(n_dims).enumerate() {
                let ids = self.of(block * TEXTS_PER_TASK + i);
                level.run(Sum { rows: rows.values(), stride: n_dims, ids, to });
            }
        });
        vectors.l2_normalise_rows();
        Ok(vectors)
    }
}
