//! What can go wrong when a report is drawn.

use thiserror::Error;

/// Why a report was not drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A point has no place on the map.
    #[error(
        "point {index} has coordinates ({x}, {y}), expected finite numbers; leave the point out or lay out the map again"
    )]
    NotFinite {
        /// Position of the point in the report.
        index: usize,
        /// Its horizontal coordinate.
        x: f32,
        /// Its vertical coordinate.
        y: f32,
    },
    /// Two clusters have the same id.
    #[error("two clusters have id {id}, expected every id once; number the clusters anew")]
    RepeatedCluster {
        /// The id.
        id: u32,
    },
    /// A point names a cluster that the report does not list.
    #[error(
        "point {index} is in cluster {id}, which is not among the {n_clusters} clusters listed; list it or set noise"
    )]
    UnknownCluster {
        /// Position of the point in the report.
        index: usize,
        /// The id that it names.
        id: u32,
        /// Clusters in the report.
        n_clusters: usize,
    },
    /// A figure of a size that cannot be drawn.
    #[error("figure of {width_px} x {height_px} pixels, expected {min_px} to {max_px} on each side")]
    FigureSize {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
        /// Smallest side.
        min_px: u32,
        /// Largest side.
        max_px: u32,
    },
    /// The embedded plotting script or font is not what this version expects: a fault of the build, not of the report.
    #[error("the embedded {what} cannot be used: {why}; report this as a bug")]
    Asset {
        /// What was embedded.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The page's template failed.
    #[error("the page's template failed: {0}; report this as a bug")]
    Template(#[from] minijinja::Error),
    /// The page's data could not be written as JSON.
    #[error("the page's data cannot be written as JSON: {0}; report this as a bug")]
    Json(#[from] serde_json::Error),
    /// The map's SVG could not be rendered or encoded.
    #[error("the map cannot be written as PNG: {0}; report this as a bug")]
    Png(String),
}
