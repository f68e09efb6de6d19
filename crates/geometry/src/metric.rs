//! How far apart two rows are.

/// How far apart two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Metric {
    /// The length of the difference.
    #[default]
    Euclidean,
    /// `1 - cos` of the angle, from 0 to 2. A row of zeros has no direction: it is at 1 from everything, at 0 from itself.
    Cosine,
    /// `1 - a·b`: cosine for rows of length 1, and no metric for others (it may be negative).
    InnerProduct,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 3] = [Self::Euclidean, Self::Cosine, Self::InnerProduct];

    /// What it is called: `euclidean`, `cosine` or `inner-product`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::InnerProduct => "inner-product",
        }
    }
}
