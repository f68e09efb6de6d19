//! From the readers of dumps to the runs of the store.

use populi_ingest::Sink;
use populi_model::{Event, Quarantined};
use populi_store::RunBuilder;

/// Puts what is read into a run.
pub(super) struct RunSink(pub(super) RunBuilder);

impl Sink for RunSink {
    fn event(&mut self, event: &Event<'_>) {
        self.0.push_event(event);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        self.0.push_quarantined(record);
    }
}
