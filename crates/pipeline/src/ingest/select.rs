//! From the readers of dumps to a run, past what a selection leaves out.

use populi_ingest::Sink;
use populi_model::{Body, Event, Operation, Quarantined, Tally};

use crate::select::{LeftOut, LeftOutCounts, Selection};

/// Hands on what the selection admits. Without one it costs a comparison an event.
pub(super) struct Selecting<'a, S> {
    pub(super) sink: S,
    /// `None` where everything is admitted.
    selection: Option<&'a Selection>,
    left_out: LeftOutCounts,
    buffer: String,
}

impl<'a, S> Selecting<'a, S> {
    pub(super) fn new(selection: &'a Selection, sink: S) -> Self {
        let selection = (!selection.is_everything()).then_some(selection);
        Self { sink, selection, left_out: LeftOutCounts::default(), buffer: String::new() }
    }

    /// Moves what was left out since the last call from the taken records of its input to the ignored ones.
    pub(super) fn count(&mut self, tally: &mut Tally) {
        for (why, n) in std::mem::take(&mut self.left_out).iter() {
            tally.taken -= n;
            *tally.ignored.entry(why.ignored_kind()).or_default() += n;
        }
    }
}

impl<S: Sink> Sink for Selecting<'_, S> {
    fn event(&mut self, event: &Event<'_>) {
        let selection = self.selection;
        match selection.and_then(|selection| selection.leaves_out_event(event, &mut self.buffer)) {
            None => self.sink.event(event),
            // An earlier version may have been admitted, in whatever file: it must not stand.
            Some(why) if why != LeftOut::Author && is_update_of_a_post(event) => {
                self.sink.event(&Event { body: Body::LeftOut, original: None, ..event.clone() });
            }
            // What is told inside another record was not counted.
            Some(_) if event.operation == Operation::Embedded => {}
            Some(why) => self.left_out.add(why),
        }
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        self.sink.quarantined(record);
    }
}

fn is_update_of_a_post(event: &Event<'_>) -> bool {
    event.operation == Operation::Update && matches!(event.body, Body::Post(_))
}
