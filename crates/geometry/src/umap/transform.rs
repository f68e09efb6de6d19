//! New rows on a map that stands.

use super::Umap;
use super::curve::Curve;
use super::fuzzy::Kernels;
use super::layout::{Descent, lay_out_among};
use super::positions::Positions;
use super::schedule::{Edges, shuffled};
use crate::error::{Result, same_size};
use crate::knn::{KnnParams, Nearest, nearest_rows};
use crate::matrix::Matrix;
use crate::progress::Progress;
use crate::sparse::SparseMatrix;
use crate::view::MatrixView;

/// The share of the learning rate with which new rows begin.
const LEARNING_SHARE: f32 = 0.25;

/// Up to so many new rows, umap-learn gives them 100 epochs, and 30 above.
const FEW_ROWS: usize = 10_000;

impl Umap {
    /// Sets `new [n, n_cols]` on the map among `fitted`, the rows that it was made from, which stay where they are:
    /// `[n, n_components]`.
    ///
    /// Each new row begins at the weighted mean of its neighbours and is then pulled and pushed for 100 epochs (30
    /// beyond 10,000 new rows; a third of `n_epochs` where that was given). O(n · n_rows) for the neighbours; the same
    /// bytes from any number of threads.
    ///
    /// Where a new row comes to stand depends a little on the other new ones and on its place among them: these decide
    /// in which form neighbours are compared, the number of epochs, which edges are too weak to pull, and the random
    /// pushes. Set rows together if they are to be compared to the last digit.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where `fitted` has other rows than the map, or `new` other columns;
    /// [`crate::Error::Empty`]; [`crate::Error::NotFinite`].
    pub fn transform(
        &self,
        fitted: MatrixView<'_>,
        new: MatrixView<'_>,
        progress: &dyn Progress,
    ) -> Result<Matrix> {
        same_size("rows that the map was made from", self.map.n_rows(), fitted.n_rows())?;
        same_size("columns of new rows", fitted.n_cols(), new.n_cols())?;
        let (n, n_components) = (new.n_rows(), self.map.n_cols());
        let params = KnnParams {
            k: self.n_neighbors,
            metric: self.params.metric,
            level: self.params.level,
            ..KnnParams::default()
        };
        let nearest = nearest_rows(new, fitted, &params, progress)?;
        let graph = self.memberships_of_new(nearest, n, fitted.n_rows())?;
        let mut map = self.mean_of_neighbours(&graph);

        let n_epochs = match self.params.n_epochs {
            Some(n_epochs) => (n_epochs / 3).max(1),
            None if n <= FEW_ROWS => 100,
            None => 30,
        };
        let (order, place) = shuffled(fitted.n_rows(), self.params.random_state);
        let edges = Edges::new(&graph, |row| row, &place, n_epochs);
        let descent = Descent {
            curve: Curve { a: self.a, b: self.b },
            n_epochs,
            learning_rate: LEARNING_SHARE * self.params.learning_rate,
            repulsion: self.params.repulsion_strength,
            negative_sample_rate: self.params.negative_sample_rate,
            seed: self.params.random_state,
            level: self.params.level,
        };
        progress.stage("descent", n_epochs as u64);
        let fixed = Positions::new(fitted.n_rows(), n_components, self.map.values(), |at| order[at] as usize);
        let mut positions = Positions::new(n, n_components, map.values(), |row| row);
        lay_out_among(&edges, &mut positions, &fixed, &descent, || progress.advance(1));
        positions.write(n_components, map.values_mut(), |row| row);
        Ok(map)
    }

    /// How much new rows belong to those that the map was made from.
    ///
    /// As umap-learn does, no neighbour is taken for surely connected (rho is 0), and the nearest is left out where
    /// sigma is sought.
    fn memberships_of_new(&self, nearest: Nearest, n: usize, n_fitted: usize) -> Result<SparseMatrix> {
        let k = nearest.k;
        let but_first: Vec<f32> =
            nearest.distances.chunks_exact(k).flat_map(|row| &row[1..]).copied().collect();
        let kernels = Kernels::fit(n, k - 1, &but_first, false);
        let mut memberships = vec![0f32; n * k];
        let rows = memberships.chunks_exact_mut(k).zip(nearest.distances.chunks_exact(k));
        rows.enumerate().for_each(|(row, (to, distances))| kernels.memberships(row, distances, to));
        SparseMatrix::new(n, n_fitted, (0..=n).map(|row| row * k).collect(), nearest.ids, memberships)
    }

    /// The mean of the places of a row's neighbours, weighted by its memberships; the place of a neighbour to which it
    /// belongs wholly.
    fn mean_of_neighbours(&self, graph: &SparseMatrix) -> Matrix {
        let mut means = Matrix::zeros(graph.n_rows(), self.map.n_cols());
        for row in 0..graph.n_rows() {
            let (columns, values) = graph.row(row);
            let mean = means.row_mut(row);
            let total: f32 = values.iter().sum();
            if let Some(same) = values.iter().position(|&value| value == 1.0) {
                mean.copy_from_slice(self.map.row(columns[same] as usize));
            } else if total > 0.0 {
                for (&column, value) in columns.iter().zip(values) {
                    let place = self.map.row(column as usize);
                    mean.iter_mut().zip(place).for_each(|(mean, place)| *mean += value / total * place);
                }
            }
        }
        means
    }
}
