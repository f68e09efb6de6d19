//! The rows that a detector learns from: the vector of a text, and what can be read off it.

use populi_geometry::Matrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::logistic::same_size;
use crate::reading::{Form, Reading};
use crate::surface::{MARK_NAMES, SURFACE_NAMES, marks, surface};

/// Which features there are beside the vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureParams {
    /// How texts are read.
    pub form: Form,
    /// Whether links, mentions, hashtags, emoji and the case of letters are counted too. Default false: sets of instructions have none of the
    /// first and are lower-cased as it happens, so what these weigh says where a text is from.
    pub marks: bool,
}

impl FeatureParams {
    /// Names of the features beside the vector, in order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let marks = if self.marks { &MARK_NAMES[..] } else { &[] };
        SURFACE_NAMES.iter().chain(marks).copied().collect()
    }

    /// Their values for one text.
    #[must_use]
    pub fn values(self, reading: &Reading) -> Vec<f32> {
        let mut values = surface(reading).to_vec();
        values.extend(if self.marks { marks(reading).to_vec() } else { Vec::new() });
        values
    }

    /// Rows `[n, n_dims + n_names]`: the vectors `[n, n_dims]` of what is read of the texts, and behind them the features by name.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where there is not a vector a text.
    pub fn rows<S: AsRef<str> + Sync>(self, texts: &[S], vectors: &Matrix) -> Result<Matrix> {
        same_size("vectors", texts.len(), vectors.n_rows())?;
        let n_dims = vectors.n_cols();
        let n_cols = n_dims + self.names().len();
        let mut rows = Matrix::zeros(texts.len(), n_cols);
        rows.values_mut().par_chunks_exact_mut(n_cols).enumerate().for_each(|(i, row)| {
            let (vector, named) = row.split_at_mut(n_dims);
            vector.copy_from_slice(vectors.row(i));
            named.copy_from_slice(&self.values(&Reading::of(texts[i].as_ref(), self.form)));
        });
        Ok(rows)
    }
}
