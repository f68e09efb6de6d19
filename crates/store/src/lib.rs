//! Where do rows live?
//!
//! A corpus is a directory of Parquet parts and one manifest that names every part. This room is the only one that
//! writes there and the only one that knows Parquet; it knows no platform.
//!
//! - [`Corpus`] is the one writer of a corpus, under a lock; [`Snapshot`] reads what the manifest names.
//! - Ingest is a map and a reduce: [`RunBuilder`] sorts the events of one piece of input into a *run*,
//!   [`Corpus::reduce`] merges runs with what stands, bucket by bucket, and publishes the outcome.
//! - Later steps replace whole tables with [`StepOutput`].
//! - [`Corpus::forget`] removes every trace of an account or record, and a [`Sieve`] keeps them out of later runs.
//!
//! - [`verify`](mod@verify) checks every byte against what the manifest says of it.
//!
//! The commit point is in [`publish`](mod@publish): a file is written aside, flushed, renamed, and its folder
//! flushed; the manifest last and in the same way.

mod checksum;
mod corpus;
mod error;
pub mod failpoint;
mod foreign;
mod forget;
mod manifest;
mod part;
mod publish;
mod reduce;
mod run;
mod settle;
mod snapshot;
mod step;
mod sweep;
pub mod verify;

pub use corpus::{Corpus, CorpusParams, InputFile, Shard};
pub use error::{Error, Result};
pub use foreign::ForeignParquet;
pub use forget::{Forgetting, Forgotten, ForgottenRows, LeftFile, PAGES, Sieve};
pub use manifest::{KeptEntry, Manifest, PartEntry, ShardEntry, StepEntry, TableEntry};
pub use publish::{aside, publish_output, publish_written};
pub use reduce::ReduceProgress;
pub use run::{RunBuilder, RunFile};
pub use snapshot::{Rows, Snapshot};
pub use step::{StepOutput, StepSpec};
