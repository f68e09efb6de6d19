//! Figures and the report page.
//!
//! The crate turns a [`Report`] (plain data, filled by the pipeline) into these:
//! - [`page`]: one HTML file that asks nothing of the network, for a browser;
//! - [`map_svg`] and [`map_png`]: the map alone, for a paper or a slide;
//! - [`curve_svg`]: how the number of clusters was chosen.
//!
//! Beside it, [`precision_recall_svg`] draws how well a detector finds.
//!
//! # Hostile text
//! Handles, posts, terms, languages and file names come from strangers. In HTML the template engine escapes them. Data for
//! the page's script lies in a JSON block in which `<`, `>`, `&`, U+2028 and U+2029 are written as `\u` escapes, and the
//! script puts text into the page as text nodes only; the plotting library, which reads markup in its labels, is given
//! numbers and escaped names of kinds of act. A Content-Security-Policy names the page's scripts by hash and refuses all other scripts and
//! every request.
//!
//! # Determinism
//! Same report, same bytes: nothing reads a clock, the environment or the order of a hash map. Where there are more than
//! [`MAX_POINTS`] points, [`Report::seed`] chooses.

mod curve;
mod drawing;
mod error;
mod figure;
mod font;
mod page;
mod palette;
mod png;
mod precision_recall;
mod quality;
mod report;
mod sample;
mod script;
mod svg;
mod tables;

pub use curve::curve_svg;
pub use error::Error;
pub use figure::{Size, map_png, map_svg};
pub use page::page;
pub use precision_recall::{PrCurve, PrecisionRecall, precision_recall_svg};
pub use report::{
    Accounting, Activity, ActivityCount, Agreement, Bin, Choice, Cluster, ClusterStability, Conversations,
    CurvePoint, Exemplar, LargeConversation, NamedTally, Point, Report, Spread, Stability, Tally, Unit,
};
pub use sample::sample;

/// The most points that a page or figure draws: about 5 MB of data in a page.
pub const MAX_POINTS: usize = 50_000;

/// The most characters of a sample post that the map shows on hover.
pub const HOVER_CHARS: usize = 240;
