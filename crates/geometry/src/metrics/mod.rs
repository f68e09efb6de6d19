//! What judges an answer: clusters against a truth or against their own shape, a map against the space it was made from.
//!
//! - [`partition`]: labels, and which rows they put together;
//! - [`contingency`]: how two partitions meet, [`information`] of the table, [`agreement`] read off it;
//! - [`pairs`]: distances of rows to all rows in `f64`, a tile at a time, for
//! - [`silhouette`] and [`mod@neighbourhood`]; [`separation`] needs centroids only.

mod agreement;
mod contingency;
mod information;
mod neighbourhood;
mod pairs;
mod partition;
mod separation;
mod silhouette;

pub use agreement::{adjusted_mutual_information, adjusted_rand_index};
pub use contingency::Contingency;
pub use neighbourhood::{Neighbourhood, NeighbourhoodParams, neighbourhood};
pub use partition::{Label, Partition};
pub use separation::{calinski_harabasz, davies_bouldin};
pub use silhouette::{silhouette_sampled, silhouette_score, silhouette_values};
