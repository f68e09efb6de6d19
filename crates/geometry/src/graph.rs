//! Who is near whom: a fixed number of neighbours a row.

use crate::error::{Error, Result, require, same_size};

/// The nearest neighbours of every row, itself left out, the nearest first; of equal distances the smaller row number first.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourGraph {
    n_rows: usize,
    k: usize,
    ids: Vec<u32>,
    distances: Vec<f32>,
}

impl NeighbourGraph {
    /// Takes the neighbours of every row, `[n_rows, k]` row numbers and distances, one row after the other.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where a slice has another length; [`Error::Param`] where a neighbour is not a row, or is the row itself.
    pub fn new(n_rows: usize, k: usize, ids: Vec<u32>, distances: Vec<f32>) -> Result<Self> {
        let n_edges = n_rows.saturating_mul(k);
        same_size("neighbours of all rows", n_edges, ids.len())?;
        same_size("distances to the neighbours of all rows", n_edges, distances.len())?;
        for (at, &id) in ids.iter().enumerate() {
            require((id as usize) < n_rows, "neighbour", id, "below the number of rows")?;
            require(id as usize != at / k, "neighbour", id, "another row than the one that it belongs to")?;
        }
        if let Some(at) = distances.iter().position(|distance| distance.is_nan()) {
            return Err(Error::NotFinite { row: at / k, column: at % k, value: f32::NAN });
        }
        Ok(Self { n_rows, k, ids, distances })
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Neighbours of a row.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// All neighbours, `[n_rows, k]`.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// All distances, `[n_rows, k]`.
    #[must_use]
    pub fn distances(&self) -> &[f32] {
        &self.distances
    }

    /// The neighbours of a row and how far they are, the nearest first, `[k]` each.
    ///
    /// # Panics
    ///
    /// Where `row >= n_rows`, as indexing a slice does.
    #[inline]
    #[must_use]
    pub fn of(&self, row: usize) -> (&[u32], &[f32]) {
        let place = row * self.k..(row + 1) * self.k;
        (&self.ids[place.clone()], &self.distances[place])
    }
}
