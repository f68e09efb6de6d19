//! How a stage tells how far it is, to whoever shows it.

use crate::{Error, Result};

/// What a stage counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of input.
    Bytes,
    /// Rows of a table.
    Rows,
    /// Pieces of work of unequal size, such as buckets.
    Steps,
}

/// Takes the progress of stages; called from several threads.
pub trait Progress: Sync {
    /// A stage, or a part of one, begins.
    fn begin(&self, stage: &str, total: Option<u64>, unit: Unit);
    /// It came further by `n`.
    fn advance(&self, n: u64);
    /// It ended.
    fn end(&self);
    /// Something that the user should know, in one line.
    fn note(&self, line: &str);
    /// Whether the user asked to stop. Stages look between pieces of work; what is committed by then is kept.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Ends a stage between two pieces of work where the user asked to stop.
///
/// # Errors
/// [`Error::Stopped`] where that is so.
pub(crate) fn stop_if_asked(progress: &dyn Progress) -> Result<()> {
    if progress.is_stopped() { Err(Error::Stopped) } else { Ok(()) }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: &str, _: Option<u64>, _: Unit) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn note(&self, _: &str) {}
}
