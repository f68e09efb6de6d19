//! Which posts are instructions: a detector is trained on files of texts, and applied to a corpus.
//!
//! 1. The files, as sources of texts (`sources.rs`), each text once (`populi_detector::Examples`).
//! 2. What is read of them becomes vectors, in two forms; `train.rs` trains and tests, and writes the detector, its card and its curve.
//! 3. `apply.rs` is the step over the posts of a corpus.

mod apply;
mod known;
mod sources;
mod train;

pub use apply::{ApplyParams, ApplySummary, Which, apply};
pub use known::KnownParams;
pub use populi_detector::{ExampleParams, Figures, LogisticParams, Side, TestParams};
pub use sources::NamedFile;
pub use train::{TrainFilesParams, TrainSummary, train};
