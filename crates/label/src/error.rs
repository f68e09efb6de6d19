//! What can go wrong in this room: shapes that do not fit together, and parameters.

/// An error of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two inputs that describe the same rows or clusters have different lengths.
    #[error("{name} has {got} entries, expected {expected}; give one for each {of}")]
    Shape {
        /// The input that does not fit.
        name: &'static str,
        /// Its length.
        got: usize,
        /// The length that the other inputs ask for.
        expected: usize,
        /// What an entry stands for.
        of: &'static str,
    },
    /// A row belongs to a cluster that has no centre.
    #[error(
        "row {row} is in cluster {cluster}, but there are only {n_clusters} centres; give a centre for each cluster"
    )]
    UnknownCluster {
        /// The row.
        row: usize,
        /// Its cluster.
        cluster: u32,
        /// How many centres were given.
        n_clusters: usize,
    },
    /// A parameter is outside its range.
    #[error("{name} is {got}, but must be at least 1; set it to 1 or more")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        got: usize,
    },
}

/// The result of this room's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;
