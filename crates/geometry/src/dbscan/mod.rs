//! DBSCAN: clusters are places that are dense, and rows in thin places are noise.
//!
//! Ester, Kriegel, Sander and Xu, *A density-based algorithm for discovering clusters in large spatial databases with noise*
//! (1996). A row is a core point where at least `min_samples` rows, itself among them, lie within `eps`; core points within `eps` of
//! each other are of one cluster; any other row within `eps` of a core point is at the border of a cluster, the rest is noise.
//!
//! | stage | what happens | file |
//! |---|---|---|
//! | k-distances | where `eps` is not given, it is read off a curve | `knee` |
//! | cells | rows are sorted into cells of a grid | `cells` |
//! | core points, clusters, borders | rows are compared with those of the cells around | `passes`, `points` |
//!
//! In up to three dimensions a cell has the diagonal `eps`, so rows of one cell are within `eps` and need no comparison (Gunawan, *A
//! faster algorithm for DBSCAN*, 2013): nearly linear. In more dimensions the grid has cells of side `eps` along the three columns of
//! the widest range, and rows are compared with those of the 27 cells around; where these columns tell little apart, as in hundreds of
//! dimensions, that is every row with every other. Both are exact.
//!
//! Core points and their cluster numbers are those of scikit-learn. Departure: there, a row at the border of two clusters goes
//! to the one that was found first; here it goes to that of the nearest core point (of equals the smaller row number).

mod cells;
mod knee;
mod passes;
mod points;

pub use knee::KDistances;

use crate::error::{Result, require, same_size};
use crate::matrix::Matrix;
use crate::progress::Progress;
use crate::view::MatrixView;
use cells::Cells;
use points::{FewColumns, ManyColumns};

/// What [`dbscan`] is asked for. The defaults are scikit-learn's, but for `eps`.
#[derive(Debug, Clone, PartialEq)]
pub struct DbscanParams {
    /// How near is near, a Euclidean distance. Default `None`: the knee of the curve of [`KDistances`].
    pub eps: Option<f64>,
    /// Rows within `eps` that make a core point, itself counted. Default 5.
    pub min_samples: usize,
    /// Decides the rows that [`KDistances`] looks at. Default 0.
    pub seed: u64,
}

impl Default for DbscanParams {
    fn default() -> Self {
        Self { eps: None, min_samples: 5, seed: 0 }
    }
}

impl DbscanParams {
    /// Checks every field against its range.
    ///
    /// # Errors
    ///
    /// [`Error::Param`](crate::Error::Param) with the field.
    pub fn check(&self) -> Result<()> {
        if let Some(eps) = self.eps {
            require(eps > 0.0 && eps.is_finite(), "eps", eps, "above 0 and finite")?;
        }
        // The first row within any distance is the row itself, so a curve of it says nothing.
        let least = if self.eps.is_none() { 2 } else { 1 };
        let must_be = if least == 2 { "at least 2 where eps is not given" } else { "at least 1" };
        require(self.min_samples >= least, "min_samples", self.min_samples, must_be)
    }
}

/// What [`dbscan`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Dbscan {
    /// The cluster of every row or [`NOISE`](crate::NOISE), `[n_rows]`. Clusters are numbered by their first core point.
    pub labels: Vec<i32>,
    /// Whether a row is a core point, `[n_rows]`.
    pub is_core: Vec<bool>,
    /// Number of clusters.
    pub n_clusters: usize,
    /// The distance that was near.
    pub eps: f64,
    /// The curve that it was read off, where it was not given.
    pub k_distances: Option<KDistances>,
}

/// Finds the dense places of `points [n_rows, n_cols]`.
///
/// Cost: about n·log n for up to three columns; above, n times the rows of the cells around, n² at worst. Memory beside the points: about
/// 40 bytes a row. Same bytes at any number of threads.
///
/// ```
/// use populi_geometry::{DbscanParams, MatrixView, NOISE, Silent, dbscan};
///
/// let points = [0.0, 0.1, 0.2, 9.0, 9.1, 9.2, 50.0];
/// let params = DbscanParams { eps: Some(0.5), min_samples: 3, ..DbscanParams::default() };
/// let found = dbscan(MatrixView::new(7, 1, &points)?, &params, &Silent)?;
/// assert_eq!(found.labels, [0, 0, 0, 1, 1, 1, NOISE]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`Empty`](crate::Error::Empty), [`NotFinite`](crate::Error::NotFinite), what [`DbscanParams::check`] says, and
/// [`Param`](crate::Error::Param) for an `eps` below 2⁻³⁰ of the range of the points; where it is not given,
/// [`TooLarge`](crate::Error::TooLarge).
pub fn dbscan(points: MatrixView<'_>, params: &DbscanParams, progress: &dyn Progress) -> Result<Dbscan> {
    params.check()?;
    let k_distances = match params.eps {
        Some(_) => {
            points.check()?;
            None
        }
        None => {
            points.check_squares()?;
            Some(KDistances::of(points, params.min_samples, params.seed, progress))
        }
    };
    let eps = params.eps.or(k_distances.as_ref().map(|curve| curve.knee)).unwrap_or_default();
    progress.stage("cells", 1);
    let cells = Cells::new(points, eps)?;
    progress.advance(1);
    let found = if cells.are_near {
        passes::run(&cells, &FewColumns::new(points, &cells), params.min_samples, progress)
    } else {
        passes::run(&cells, &ManyColumns::new(points, &cells), params.min_samples, progress)
    };
    let passes::Found { labels, is_core, n_clusters } = found;
    Ok(Dbscan { labels, is_core, n_clusters, eps, k_distances })
}

impl Dbscan {
    /// The clusters of new rows, as those of rows at the border: that of the nearest core point within `eps`, or
    /// [`NOISE`](crate::NOISE). `points` are those that were fitted.
    ///
    /// # Errors
    ///
    /// [`Shape`](crate::Error::Shape) where `points` are not as many as were fitted or columns differ; [`Empty`](crate::Error::Empty) and
    /// [`NotFinite`](crate::Error::NotFinite) for the new rows.
    pub fn predict(&self, points: MatrixView<'_>, new: MatrixView<'_>) -> Result<Vec<i32>> {
        same_size("rows that were fitted", self.labels.len(), points.n_rows())?;
        same_size("columns of the new rows", points.n_cols(), new.n_cols())?;
        new.check()?;
        let cores: Vec<usize> = (0..points.n_rows()).filter(|&row| self.is_core[row]).collect();
        // New rows and core points in one grid, so that one pass serves both.
        let values: Vec<f32> =
            cores.iter().map(|&row| points.row(row)).chain(new.rows()).flatten().copied().collect();
        let both = Matrix::from_vec(cores.len() + new.n_rows(), new.n_cols(), values)?;
        let labels: Vec<i32> = cores.iter().map(|&row| self.labels[row]).collect();
        let both = MatrixView::from(&both);
        let cells = Cells::new(both, self.eps)?;
        Ok(if cells.are_near {
            passes::join(&cells, &FewColumns::new(both, &cells), &labels)
        } else {
            passes::join(&cells, &ManyColumns::new(both, &cells), &labels)
        })
    }
}
