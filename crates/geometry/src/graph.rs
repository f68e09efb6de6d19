//! Who is near whom: a fixed number of neighbours a row.

use crate::error::{Error, Result, require, same_size};

/// The nearest neighbours of every row, itself left out and none twice, the nearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourGraph {
    n_rows: usize,
    k: usize,
    ids: Vec<u32>,
    distances: Vec<f32>,
}

impl NeighbourGraph {
    /// Takes the neighbours of every row, `[n_rows, k]` row numbers and distances, one row after the other. O(n_rows
    /// k).
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where a slice has another length; [`Error::Param`] where a neighbour is not a row, is the row
    /// itself or is named twice, or where a distance is below the one before it; [`Error::NotFinite`] where one is NaN
    /// or infinite.
    pub fn new(n_rows: usize, k: usize, ids: Vec<u32>, distances: Vec<f32>) -> Result<Self> {
        let n_edges = n_rows.saturating_mul(k);
        same_size("neighbours of all rows", n_edges, ids.len())?;
        same_size("distances to the neighbours of all rows", n_edges, distances.len())?;
        if n_edges > 0 {
            check_ids(n_rows, k, &ids)?;
            check_distances(k, &distances)?;
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

fn check_ids(n_rows: usize, k: usize, ids: &[u32]) -> Result<()> {
    // The last row that named each row, counted from 1.
    let mut named_by = vec![0; n_rows];
    for (row, ids) in (1..=n_rows).zip(ids.chunks_exact(k)) {
        for &id in ids {
            require((id as usize) < n_rows, "neighbour", id, "below the number of rows")?;
            require(id as usize + 1 != row, "neighbour", id, "another row than the one that it belongs to")?;
            let before = std::mem::replace(&mut named_by[id as usize], row);
            require(before != row, "neighbour", id, "named once among the neighbours of a row")?;
        }
    }
    Ok(())
}

fn check_distances(k: usize, distances: &[f32]) -> Result<()> {
    for (row, distances) in distances.chunks_exact(k).enumerate() {
        if let Some(column) = distances.iter().position(|distance| !distance.is_finite()) {
            return Err(Error::NotFinite { row, column, value: distances[column] });
        }
        if let Some(pair) = distances.windows(2).find(|pair| pair[0] > pair[1]) {
            let got = format!("{} after {} in row {row}", pair[1], pair[0]);
            return Err(Error::Param {
                name: "distance to a neighbour",
                got,
                must_be: "at least the one before it",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// Three rows of two neighbours each, of which the middle row has these.
    fn graph(ids: [u32; 2], distances: [f32; 2]) -> Result<NeighbourGraph> {
        let ids = [1, 2, ids[0], ids[1], 0, 1].to_vec();
        NeighbourGraph::new(3, 2, ids, [0.0, 0.5, distances[0], distances[1], 1.0, 1.0].to_vec())
    }

    #[test]
    fn neighbours_are_other_rows_and_none_twice() {
        assert_eq!(graph([2, 0], [-0.5, 0.5]).unwrap().of(1), (&[2, 0][..], &[-0.5, 0.5][..]));
        for ids in [[0, 3], [0, 1], [2, 2]] {
            let error = graph(ids, [0.0, 0.5]).unwrap_err();
            assert!(matches!(error, Error::Param { name: "neighbour", .. }), "{ids:?}: {error}");
        }
    }

    #[test]
    fn distances_are_finite_and_rise() {
        for value in [f32::INFINITY, f32::NAN] {
            let error = graph([0, 2], [0.5, value]).unwrap_err();
            assert!(matches!(error, Error::NotFinite { row: 1, column: 1, .. }), "{error}");
        }
        let error = graph([0, 2], [0.5, 0.25]).unwrap_err().to_string();
        assert!(error.contains("0.25 after 0.5 in row 1"), "{error}");
    }

    #[test]
    fn sizes_must_agree_and_no_neighbours_are_allowed() {
        assert!(matches!(
            NeighbourGraph::new(3, 1, vec![1, 0], vec![0.0; 3]),
            Err(Error::Shape { expected: 3, got: 2, .. })
        ));
        assert!(matches!(
            NeighbourGraph::new(3, 1, vec![1, 0, 0], vec![0.0; 2]),
            Err(Error::Shape { expected: 3, got: 2, .. })
        ));
        assert_eq!(NeighbourGraph::new(1, 0, Vec::new(), Vec::new()).unwrap().n_rows(), 1);
    }
}
