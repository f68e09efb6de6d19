//! From the readers of dumps to the runs of the store.

use std::path::PathBuf;

use populi_ingest::Sink;
use populi_model::{Event, Quarantined};
use populi_store::{RunBuilder, RunFile};

use crate::Result;

/// Bytes of events after which a run is closed and the next one begun.
const RUN_BYTES: usize = 32 << 20;

/// Puts what is read into runs of bounded size.
pub(super) struct Runs {
    folder: PathBuf,
    name: String,
    n_buckets: u16,
    run: RunBuilder,
    runs: Vec<RunFile>,
    /// The first refusal of the disk: a sink cannot say so at once.
    failure: Option<populi_store::Error>,
}

impl Runs {
    /// Runs of the corpus in `folder`, by a name that no others have.
    pub(super) fn new(folder: PathBuf, name: String, n_buckets: u16) -> Self {
        Self { folder, name, n_buckets, run: RunBuilder::new(n_buckets), runs: Vec::new(), failure: None }
    }

    /// Says what the disk said, if it refused.
    pub(super) fn check(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Closes the last run: all of them.
    pub(super) fn finish(mut self) -> Result<Vec<RunFile>> {
        self.close_if(!self.run.is_empty());
        self.check()?;
        Ok(self.runs)
    }

    fn close_if(&mut self, is_due: bool) {
        if !is_due || self.failure.is_some() {
            return;
        }
        let run = std::mem::replace(&mut self.run, RunBuilder::new(self.n_buckets));
        let name = match self.runs.len() {
            0 => self.name.clone(),
            n => format!("{}-{n}", self.name),
        };
        match run.publish(&self.folder, &name) {
            Ok(run) => self.runs.push(run),
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Sink for Runs {
    fn event(&mut self, event: &Event<'_>) {
        self.run.push_event(event);
        self.close_if(self.run.n_bytes() >= RUN_BYTES);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        self.run.push_quarantined(record);
        self.close_if(self.run.n_bytes() >= RUN_BYTES);
    }
}
