//! How many clusters there are and how stable they are, as the manifest keeps it.

use populi_geometry::{Choice, Score};
use populi_persona::{ClusterParams, ClusterStability, Density, Spread, Stability};
use serde::{Deserialize, Serialize};

/// How the number of clusters was chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChoiceSummary {
    /// The k that was chosen.
    pub k: u64,
    /// Authors or posts that were looked at.
    pub n_units: u64,
    /// Whether k is the largest that was tried: the scores have no peak inside the range.
    pub at_the_end: bool,
    /// The whole curve, one point for every k.
    pub curve: Vec<CurvePoint>,
}

/// What was found for one k.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Clusters.
    pub k: u64,
    /// Mean simplified silhouette, from -1 to 1.
    pub silhouette: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Whether there were k clusters of at least the least size: others are not chosen.
    pub eligible: bool,
}

/// What density left over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DensitySummary {
    /// Authors or posts that a cluster has at least.
    pub min_size: u64,
    /// The share of authors or posts that may be noise.
    pub max_noise: f64,
    /// Dimensions of the map on which density was measured; none where it was among the vectors as they are.
    pub n_map_dims: Option<u64>,
    /// Authors or posts that are noise.
    pub n_noise: u64,
    /// Authors or posts that were noise and joined the nearest cluster.
    pub n_assigned: u64,
}

impl DensitySummary {
    pub(super) fn of(density: &Density, params: &ClusterParams) -> Self {
        Self {
            min_size: params.min_size() as u64,
            max_noise: params.max_noise(),
            n_map_dims: density.map.as_ref().map(|map| map.n_cols() as u64),
            n_noise: density.n_noise() as u64,
            n_assigned: density.n_assigned() as u64,
        }
    }
}

/// How stable the clusters are when authors (or posts) are drawn anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StabilitySummary {
    /// Resamples.
    pub n_bootstraps: u64,
    /// Authors or posts drawn for each, with replacement.
    pub n_drawn: u64,
    /// Adjusted Rand index of a resample's clusters and those that stand.
    pub ari: SpreadSummary,
    /// The same for shuffled labels: what chance gives.
    pub shuffled_ari: SpreadSummary,
    /// One a cluster, in their order.
    pub clusters: Vec<ClusterStabilitySummary>,
}

/// Mean, 5th and 95th percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpreadSummary {
    /// The mean over the resamples.
    pub mean: f64,
    /// The 5th percentile.
    pub p5: f64,
    /// The 95th percentile.
    pub p95: f64,
}

/// How stable one cluster is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterStabilitySummary {
    /// The cluster.
    pub cluster: u32,
    /// Mean Jaccard index of the cluster and the most similar one of a resample; none where it was never drawn.
    pub jaccard: Option<f64>,
    /// The same for shuffled labels.
    pub shuffled_jaccard: Option<f64>,
}

impl From<&Choice> for ChoiceSummary {
    fn from(choice: &Choice) -> Self {
        let point = |score: &Score| CurvePoint {
            k: score.k as u64,
            silhouette: rounded(score.silhouette),
            standard_error: rounded(score.standard_error),
            eligible: score.is_eligible,
        };
        Self {
            k: choice.k as u64,
            n_units: choice.n_rows as u64,
            at_the_end: choice.is_at_the_end(),
            curve: choice.scores.iter().map(point).collect(),
        }
    }
}

impl From<&Stability> for StabilitySummary {
    fn from(stability: &Stability) -> Self {
        let cluster = |(cluster, of): (u32, &ClusterStability)| ClusterStabilitySummary {
            cluster,
            jaccard: of.jaccard.map(rounded),
            shuffled_jaccard: of.shuffled_jaccard.map(rounded),
        };
        Self {
            n_bootstraps: stability.n_bootstraps as u64,
            n_drawn: stability.n_drawn as u64,
            ari: stability.ari.into(),
            shuffled_ari: stability.shuffled_ari.into(),
            clusters: (0..).zip(&stability.clusters).map(cluster).collect(),
        }
    }
}

impl From<Spread> for SpreadSummary {
    fn from(spread: Spread) -> Self {
        Self { mean: rounded(spread.mean), p5: rounded(spread.low), p95: rounded(spread.high) }
    }
}

/// To six decimals, which is more than is known: a short number is the same when it was written and read again, to the
/// last bit.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
