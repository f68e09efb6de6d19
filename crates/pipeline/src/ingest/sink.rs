//! From the readers of dumps to the runs of the store.

use std::collections::BTreeSet;
use std::path::PathBuf;

use populi_ingest::Sink;
use populi_model::{Event, Key, Quarantined, Tally};
use populi_store::{Forgotten, RunBuilder, RunFile, Sieve};

use crate::Result;

/// Bytes of events after which a run is closed and the next one begun.
const RUN_BYTES: usize = 32 << 20;
/// The input that room is made for where nobody knows how long it is. What is not used costs addresses, not memory.
const UNKNOWN_BYTES: usize = RUN_BYTES;

/// Puts what is read into runs of bounded size, but for what is forgotten.
pub(super) struct Runs<'f> {
    folder: PathBuf,
    name: String,
    n_buckets: u16,
    sieve: Sieve<'f>,
    run: RunBuilder,
    runs: Vec<RunFile>,
    /// The first refusal of the disk: a sink cannot say so at once.
    failure: Option<populi_store::Error>,
}

impl<'f> Runs<'f> {
    /// Runs of the corpus in `folder`, by a name that no others have; makes room for about `n_input_bytes` of
    /// input.
    pub(super) fn new(
        folder: PathBuf,
        name: String,
        n_buckets: u16,
        forgotten: &'f Forgotten,
        n_input_bytes: usize,
    ) -> Self {
        let run = RunBuilder::new(n_buckets, n_input_bytes.max(UNKNOWN_BYTES));
        let sieve = Sieve::new(forgotten);
        Self { folder, name, n_buckets, sieve, run, runs: Vec::new(), failure: None }
    }

    /// Counts in `tally` what was left out since the last call.
    pub(super) fn account(&mut self, tally: &mut Tally) {
        self.sieve.account(tally);
    }

    /// Says what the disk said, if it refused.
    pub(super) fn check(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Closes the last run: all of them, and what was learned of the forgotten.
    pub(super) fn finish(mut self) -> Result<(Vec<RunFile>, BTreeSet<Key>)> {
        self.close_if(!self.run.is_empty());
        self.check()?;
        Ok((self.runs, self.sieve.into_learned()))
    }

    fn close_if(&mut self, is_due: bool) {
        if !is_due || self.failure.is_some() {
            return;
        }
        let run = std::mem::replace(&mut self.run, RunBuilder::new(self.n_buckets, UNKNOWN_BYTES));
        let name = format!("{}-{}", self.name, self.runs.len());
        match run.publish(&self.folder, &name) {
            Ok(run) => self.runs.push(run),
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Sink for Runs<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.failure.is_some() {
            // Told by `finish`; until then what cannot be written must not pile up.
            return;
        }
        if self.sieve.lets_pass(event) {
            self.run.push_event(event);
        }
        self.close_if(self.run.n_bytes() >= RUN_BYTES);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        if self.failure.is_some() {
            return;
        }
        if let Some(record) = self.sieve.sift(*record) {
            self.run.push_quarantined(&record);
        }
        self.close_if(self.run.n_bytes() >= RUN_BYTES);
    }
}
