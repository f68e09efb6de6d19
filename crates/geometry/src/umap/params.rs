//! What UMAP is asked for.

use populi_simd::Level;

use crate::error::{Result, require};
use crate::matrix::Matrix;
use crate::metric::Metric;

/// Rows up to which a map gets more epochs.
const FEW_ROWS: usize = 10_000;

/// Where the vertices stand before the descent.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Init {
    /// Principal components, smoothed along the graph.
    #[default]
    Spectral,
    /// Principal components.
    Pca,
    /// As given, `[n_rows, n_components]`; every axis is scaled to reach from 0 to 10.
    Given(Matrix),
}

/// What [`crate::umap()`] is asked for; the defaults are those of umap-learn.
#[derive(Debug, Clone, PartialEq)]
pub struct UmapParams {
    /// Neighbours of a row that count, itself among them. More show the whole, fewer the parts. 15.
    pub n_neighbors: usize,
    /// Dimensions of the map. 2.
    pub n_components: usize,
    /// How far apart two rows are.
    pub metric: Metric,
    /// How near vertices come to each other. 0.1.
    pub min_dist: f32,
    /// The scale of the map that `min_dist` refers to. 1.
    pub spread: f32,
    /// Times that every edge may pull; `None` for 500 up to 10,000 rows and 200 above.
    pub n_epochs: Option<usize>,
    /// Random vertices that push for each edge that pulls. 5.
    pub negative_sample_rate: usize,
    /// How strongly they push. 1.
    pub repulsion_strength: f32,
    /// How far vertices move in the first epoch; it falls to 0. 1.
    pub learning_rate: f32,
    /// Where random numbers begin. 0.
    pub random_state: u64,
    /// Where the vertices stand at the beginning.
    pub init: Init,
    /// The instructions to use; it moves nothing but speed.
    pub level: Level,
}

impl Default for UmapParams {
    fn default() -> Self {
        Self {
            n_neighbors: 15,
            n_components: 2,
            metric: Metric::default(),
            min_dist: 0.1,
            spread: 1.0,
            n_epochs: None,
            negative_sample_rate: 5,
            repulsion_strength: 1.0,
            learning_rate: 1.0,
            random_state: 0,
            init: Init::default(),
            level: Level::best(),
        }
    }
}

impl UmapParams {
    /// Checks each value against its range.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Param`].
    pub fn check(&self) -> Result<()> {
        let positive = |value: f32| value.is_finite() && value > 0.0;
        require(self.n_neighbors >= 2, "n_neighbors", self.n_neighbors, "at least 2")?;
        require(self.n_components >= 1, "n_components", self.n_components, "at least 1")?;
        require(positive(self.spread), "spread", self.spread, "finite and above 0")?;
        let is_near = self.min_dist >= 0.0 && self.min_dist <= self.spread;
        require(is_near, "min_dist", self.min_dist, "from 0 to spread")?;
        let n_epochs = self.n_epochs.unwrap_or(1);
        require((1..=30_000).contains(&n_epochs), "n_epochs", n_epochs, "from 1 to 30,000")?;
        let is_strong = self.repulsion_strength.is_finite() && self.repulsion_strength >= 0.0;
        require(is_strong, "repulsion_strength", self.repulsion_strength, "finite and at least 0")?;
        require(positive(self.learning_rate), "learning_rate", self.learning_rate, "finite and above 0")
    }

    /// Epochs for so many rows.
    pub(super) fn epochs(&self, n_rows: usize) -> usize {
        self.n_epochs.unwrap_or(if n_rows <= FEW_ROWS { 500 } else { 200 })
    }
}
