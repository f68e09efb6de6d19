//! Saying how far a long computation is.

/// Told how far a computation is; it may be told from any thread.
///
/// A computation is a few stages, one after the other. Nothing that is computed depends on who listens.
pub trait Progress: Sync {
    /// A stage begins, and the one before it is over. `n_steps` is what [`Progress::advance`] will sum up to, 0 where that is
    /// not known.
    fn stage(&self, name: &'static str, n_steps: u64);

    /// So many more steps of the stage are done.
    fn advance(&self, n_steps: u64);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: u64) {}
}
