//! What can go wrong between a text and its vector.

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// A cache or a backend handed over something of another size.
    #[error("{what}: expected {expected}, got {got}; a cache that gives this is damaged: delete it")]
    Shape {
        /// The size that is wrong.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        got: usize,
    },
    /// A file of a model is missing or is not what it should be.
    #[error("{}: {reason}; {remedy}", path.display())]
    ModelFile {
        /// The file or folder.
        path: std::path::PathBuf,
        /// What is wrong with it: expected and got.
        reason: String,
        /// What to do next.
        remedy: String,
    },
    /// A server of embeddings refused, failed or answered something else than vectors.
    #[error("the server {url}: {reason}; {remedy}")]
    Server {
        /// Where the requests go.
        url: String,
        /// What happened: expected and got.
        reason: String,
        /// What to do next.
        remedy: String,
    },
    /// A model could not be fetched from the hub or its cache.
    #[error("the model {id:?} of {endpoint}: {reason}; {remedy}")]
    Hub {
        /// The model, as it was asked for.
        id: String,
        /// The hub.
        endpoint: String,
        /// What happened: expected and got.
        reason: String,
        /// What to do next.
        remedy: String,
    },
    /// The cache could not be read or written.
    #[error("the cache of vectors failed: {0}")]
    Cache(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The backend could not compute.
    #[error("the embedder failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Whoever watched asked to stop.
    #[error("stopped: what was embedded by then is in the cache")]
    Stopped,
    /// A matrix operation refused its input.
    #[error(transparent)]
    Geometry(#[from] populi_geometry::Error),
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
