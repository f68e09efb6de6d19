//! A graph of neighbours that is known already.

use std::path::{Path, PathBuf};

use super::npy::{self, Graph};
use crate::Result;

/// A graph of neighbours, as [`knn`](super::knn()) or another program writes it.
#[derive(Clone, Debug)]
pub struct GraphFiles {
    /// Numbers of rows, integers `[n, k]`, the nearest first.
    pub neighbours: PathBuf,
    /// How far they are, floats `[n, k]`.
    pub distances: PathBuf,
}

impl GraphFiles {
    pub(super) fn paths(&self) -> [&Path; 2] {
        [&self.neighbours, &self.distances]
    }

    /// Reads the neighbours of `n_rows` rows.
    ///
    /// # Errors
    /// When a file cannot be read, or is no such array.
    pub(super) fn open(&self, n_rows: usize) -> Result<Graph> {
        npy::graph(&self.neighbours, &self.distances, n_rows)
    }
}
