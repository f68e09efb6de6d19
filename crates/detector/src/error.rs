//! What can go wrong in this room: sources that do not suffice, parameters, and files of another detector.

/// An error of this room.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side has too few sources for one to be left out.
    #[error(
        "there is {got} {side} source, expected at least 2: a detector is tested on a source that it has not seen; give one more with --{side}"
    )]
    TooFewSources {
        /// `positive` or `negative`.
        side: &'static str,
        /// How many there are.
        got: usize,
    },
    /// A source has too few texts.
    #[error(
        "source {name} has {got} texts that are in no other source, expected at least {least}; give it more texts, or leave it out"
    )]
    TooFewTexts {
        /// The source.
        name: String,
        /// Its texts.
        got: usize,
        /// How many it needs.
        least: usize,
    },
    /// Two inputs that describe the same things have different sizes.
    #[error("{what}: expected {expected}, got {got}")]
    Shape {
        /// The size that is wrong.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        got: usize,
    },
    /// A parameter is outside its range.
    #[error("{name} is {got}, but must be {must_be}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        got: String,
        /// The range.
        must_be: &'static str,
    },
    /// A file is no detector of this version.
    #[error(
        "this is no detector that this version can read: {reason}; train one with `populi detector train`"
    )]
    NotADetector {
        /// What is wrong with it.
        reason: String,
    },
    /// Whoever watched the training asked for its end.
    #[error("stopped")]
    Stopped,
    /// Arithmetic on matrices.
    #[error(transparent)]
    Geometry(#[from] populi_geometry::Error),
}

/// The result of this room's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;
