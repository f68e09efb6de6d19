//! How many clusters there are and how stable they are, for the page.

use populi_plot::{Choice, ClusterStability, CurvePoint, Spread, Stability};

use crate::personas::{PersonaSummary, SpreadSummary};

/// How the number of clusters was chosen; `None` where it was given.
pub(super) fn choice(personas: &PersonaSummary) -> Option<Choice> {
    let choice = personas.choice.as_ref()?;
    let curve = choice.curve.iter().map(|point| CurvePoint {
        k: point.k,
        silhouette: point.silhouette,
        eligible: point.eligible,
    });
    Some(Choice {
        k: choice.k,
        n_units: choice.n_units,
        at_the_end: choice.at_the_end,
        curve: curve.collect(),
    })
}

/// How stable the clusters are; `None` where it was not measured.
pub(super) fn stability(personas: &PersonaSummary) -> Option<Stability> {
    let stability = personas.stability.as_ref()?;
    let clusters = stability.clusters.iter().map(|of| ClusterStability {
        id: of.cluster,
        jaccard: of.jaccard,
        shuffled_jaccard: of.shuffled_jaccard,
    });
    Some(Stability {
        n_bootstraps: stability.n_bootstraps,
        n_drawn: stability.n_drawn,
        ari: spread(stability.ari),
        shuffled_ari: spread(stability.shuffled_ari),
        clusters: clusters.collect(),
    })
}

/// How density made the clusters, in a sentence; `None` where k-means did.
pub(super) fn density(personas: &PersonaSummary) -> Option<String> {
    let density = personas.density.as_ref()?;
    let where_measured =
        density.n_map_dims.map_or_else(String::new, |dims| format!(" on a UMAP map of {dims} dimensions"));
    Some(format!(
        "Clusters are where {unit} lie densely (HDBSCAN{where_measured}, at least {} a cluster). Of {} {unit}, {} are noise, in no \
         cluster; {} more were noise and joined the nearest one, because at most {:.0} % may be.",
        density.min_size,
        personas.n_units,
        density.n_noise,
        density.n_assigned,
        density.max_noise * 100.0,
        unit = personas.unit,
    ))
}

fn spread(of: SpreadSummary) -> Spread {
    Spread { mean: of.mean, low: of.p5, high: of.p95 }
}
