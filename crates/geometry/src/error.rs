//! What can be wrong with a matrix or with the parameters of an algorithm.

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Input that has no answer. Nothing in this crate fails for another reason than its input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not.
    #[error("{what}: expected {expected}, got {got}")]
    Shape {
        /// The size that is wrong.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        got: usize,
    },
    /// There is nothing to compute with.
    #[error("the matrix has {n_rows} rows and {n_cols} columns: give at least one of each")]
    Empty {
        /// Rows given.
        n_rows: usize,
        /// Columns given.
        n_cols: usize,
    },
    /// A value is NaN or infinite, so distances to it mean nothing.
    #[error("row {row}, column {column} is {value}: drop or replace rows that are not finite first")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value there.
        value: f32,
    },
    /// A row is so long that squared distances from it are beyond `f32`.
    #[error(
        "row {row} has the length {length:.1e}, so squared distances are beyond f32: scale the matrix, for instance divide it by {length:.1e}"
    )]
    TooLarge {
        /// The first such row, from 0.
        row: usize,
        /// Its length.
        length: f64,
    },
    /// A parameter is outside its range.
    #[error("parameter {name} is {got}, but must be {must_be}")]
    Param {
        /// The field of the parameter struct.
        name: &'static str,
        /// Its value.
        got: String,
        /// The range.
        must_be: &'static str,
    },
    /// More clusters are asked for than there are rows.
    #[error("k = {k} clusters of n = {n_rows} rows: ask for at most one cluster a row")]
    MoreClustersThanRows {
        /// Clusters asked for.
        k: usize,
        /// Rows given.
        n_rows: usize,
    },
    /// A score that these clusters do not have.
    #[error(
        "{n_clusters} clusters of {n_rows} rows have no {metric}: it needs at least two clusters, and fewer clusters than rows"
    )]
    NoScore {
        /// The score.
        metric: &'static str,
        /// Clusters given.
        n_clusters: usize,
        /// Rows in them.
        n_rows: usize,
    },
    /// Clusters of the sizes asked for cannot hold all rows, or too many.
    #[error(
        "k = {k} clusters of {min_size} to {max_size} rows cannot have n = {n_rows} rows: k times the sizes must reach around it"
    )]
    Sizes {
        /// Clusters asked for.
        k: usize,
        /// Rows of a cluster at least.
        min_size: usize,
        /// Rows of a cluster at most.
        max_size: usize,
        /// Rows given.
        n_rows: usize,
    },
    /// An iteration that always ends on finite numbers did not end: the numbers are near the limits of `f64`.
    #[error("{what} did not converge after {n_iterations} iterations: scale the input")]
    NotConverged {
        /// The iteration.
        what: &'static str,
        /// Its limit.
        n_iterations: usize,
    },
}

/// Checks one parameter against its range.
pub(crate) fn require(
    holds: bool,
    name: &'static str,
    got: impl ToString,
    must_be: &'static str,
) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Param { name, got: got.to_string(), must_be }) }
}

/// Checks that two sizes agree.
pub(crate) fn same_size(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
}
