//! From the readers of dumps to the runs of the store.

use populi_ingest::Sink;
use populi_model::{Event, Quarantined};
use populi_store::{RunBuilder, Sieve};

/// Puts what is read into a run, but for what is forgotten.
pub(super) struct RunSink<'a> {
    pub(super) run: RunBuilder,
    pub(super) sieve: Sieve<'a>,
}

impl Sink for RunSink<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.sieve.lets_pass(event) {
            self.run.push_event(event);
        }
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        if let Some(record) = self.sieve.sift(*record) {
            self.run.push_quarantined(&record);
        }
    }
}
