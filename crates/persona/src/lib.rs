//! Which authors write alike?
//!
//! - [`AuthorVectors`]: an author is what the vectors of their posts have in common and those of others have not;
//! - [`cluster`]: persona clusters of such vectors, the largest first, and how many there are;
//! - [`stability`]: whether other authors would give the same clusters;
//! - [`agreement`]: how far clusters agree with labels that were known before.
//!
//! Knows vectors and labels only: neither where posts are kept nor how texts became vectors.

mod agreement;
mod author_vectors;
mod by_k_means;
mod cluster;
mod density;
mod k;
mod stability;

pub use agreement::{Agreement, agreement, majority_label};
pub use author_vectors::{AuthorVectors, UnitVectors};
pub use cluster::{ClusterParams, Method, Personas, cluster, cosine};
pub use density::Density;
pub use k::{K, NotAK};
pub use stability::{ClusterStability, Spread, Stability, StabilityParams, stability};

/// Why there are no persona clusters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More clusters were asked for than there are authors.
    #[error(
        "k = {k} clusters of {n_units} {unit}: choose a k of at most {n_units}, or lower --min-posts so that more qualify"
    )]
    TooManyClusters {
        /// Clusters asked for.
        k: usize,
        /// Authors or posts that qualify.
        n_units: usize,
        /// What they are.
        unit: &'static str,
    },
    /// There are fewer authors than one cluster needs.
    #[error(
        "a cluster of at least {min_size} of {n_units} {unit}: choose a --min-size of at most {n_units}, or lower --min-posts so that more qualify"
    )]
    TooFewForACluster {
        /// The least size of a cluster.
        min_size: usize,
        /// Authors or posts that qualify.
        n_units: usize,
        /// What they are.
        unit: &'static str,
    },
    /// A setting was given that the method does not have.
    #[error("{name} is no setting of {method}: leave it out, or choose the other method")]
    NotOfMethod {
        /// The setting.
        name: &'static str,
        /// The method.
        method: &'static str,
    },
    /// The share of noise that is allowed is no share.
    #[error("max_noise is {max_noise}: give a share from 0 to 1")]
    NoShare {
        /// What was given.
        max_noise: f64,
    },
    /// A vector has another length than those before it.
    #[error("a vector has {got} dimensions where {expected} were expected: embed all posts with one model")]
    Dimensions {
        /// Dimensions of the vectors before it.
        expected: usize,
        /// Its dimensions.
        got: usize,
    },
    /// The matrices do not fit what was asked of them.
    #[error(transparent)]
    Geometry(#[from] populi_geometry::Error),
}
