//! Reads input and gathers what became of it.

use populi_ingest::archive::Decoded;
use populi_ingest::bluesky::{Originals, read_block};
use populi_ingest::lines::{BLOCK_BYTES, Blocks};
use populi_ingest::{Sink, SourceFile};
use populi_model::{Event, Key, Origin, Quarantined, Reason, Tally};

pub const FILE: SourceFile<'static> = SourceFile { key: Key([7; 16]), name: "dump.jsonl" };

/// A record that was put aside, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub origin: Origin,
    pub line: u64,
    pub reason: Reason,
    pub detail: String,
    pub head: Vec<u8>,
}

/// What became of an input: events as they are printed, records put aside, counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub events: Vec<String>,
    pub aside: Vec<Aside>,
    pub tally: Tally,
}

impl Outcome {
    /// The reasons why records were put aside, in order.
    pub fn reasons(&self) -> Vec<Reason> {
        self.aside.iter().map(|record| record.reason).collect()
    }

    /// Checks that every record has exactly one outcome, and that all of them were handed on.
    pub fn check(&self) {
        let tally = &self.tally;
        assert_eq!(
            tally.records,
            tally.taken + tally.n_quarantined() + tally.n_ignored() + tally.blank,
            "{tally:?}"
        );
        assert_eq!(tally.taken, self.events.len() as u64);
        assert_eq!(tally.n_quarantined(), self.aside.len() as u64);
        assert!(self.aside.iter().all(|record| record.head.len() <= Quarantined::MAX_HEAD_BYTES));
        assert!(self.aside.iter().all(|record| !record.detail.is_empty()));
    }
}

/// Hands events to a function, and keeps what was put aside.
pub struct Each<F>(pub F, pub Vec<Aside>);

impl<F: FnMut(&Event<'_>)> Sink for Each<F> {
    fn event(&mut self, event: &Event<'_>) {
        (self.0)(event);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        assert_eq!(record.file_name, FILE.name);
        self.1.push(Aside {
            origin: record.origin,
            line: record.line,
            reason: record.reason,
            detail: record.detail.to_owned(),
            head: record.head.to_vec(),
        });
    }
}

/// Reads a file of these bytes in blocks of about `block_bytes`, and shows each event to `see`.
pub fn read_seeing(bytes: &[u8], block_bytes: usize, mut see: impl FnMut(&Event<'_>)) -> Outcome {
    let (mut events, mut tally) = (Vec::new(), Tally::default());
    let record = |event: &Event<'_>| {
        see(event);
        events.push(format!("{event:?}"));
    };
    let mut sink = Each(record, Vec::new());
    for block in Blocks::of_about(block_bytes, Decoded::new(bytes), FILE.name) {
        read_block(&block.unwrap(), &FILE, Originals::Drop, &mut sink, &mut tally);
    }
    let aside = sink.1;
    let outcome = Outcome { events, aside, tally };
    outcome.check();
    outcome
}

/// Reads a file of these bytes.
pub fn read(bytes: &[u8]) -> Outcome {
    read_seeing(bytes, BLOCK_BYTES, |_| {})
}

/// Reads the one event of a line and shows it to `see`.
pub fn see_event(line: &str, mut see: impl FnMut(&Event<'_>)) -> Outcome {
    let outcome = read_seeing(line.as_bytes(), BLOCK_BYTES, |event| see(event));
    assert_eq!((outcome.tally.records, outcome.tally.taken), (1, 1), "{line}: {:?}", outcome.aside);
    outcome
}

/// A commit of Jetstream.
pub fn commit(operation: &str, collection: &str, record: &str) -> String {
    format!(
        r#"{{"did":"did:plc:a","time_us":1783175888085434,"kind":"commit","commit":{{"rev":"3mptbypluud2a","operation":"{operation}","collection":"{collection}","rkey":"3k","record":{record},"cid":"bafy"}}}}"#
    )
}

/// The creation of a post with these fields.
pub fn post(fields: &str) -> String {
    commit("create", "app.bsky.feed.post", &format!("{{{fields}}}"))
}
