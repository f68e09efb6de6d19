//! Reads input and gathers what became of it.

use std::collections::BTreeMap;
use std::io::Cursor;

use populi_ingest::archive::{ByteLimit, Content, Sealed, Visit, walk, walk_sealed};
use populi_ingest::bluesky::{Originals, read_block};
use populi_ingest::lines::{BLOCK_BYTES, Blocks};
use populi_ingest::{Error, Sink, SourceFile};
use populi_model::{Event, Key, Origin, Quarantined, Reason, Tally};

pub const FILE: SourceFile<'static> = SourceFile { key: Key([7; 16]), name: "dump.jsonl" };

/// A record that was put aside, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub name: String,
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
    /// The names of contents, with what their offsets begin with.
    pub contents: Vec<(String, u64)>,
    pub passed_over: BTreeMap<&'static str, u64>,
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
        assert!(record.file_name.starts_with(FILE.name));
        self.1.push(Aside {
            name: record.file_name.to_owned(),
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
    let mut reading = Reading {
        sink: Each(record, Vec::new()),
        tally: &mut tally,
        block_bytes,
        contents: Vec::new(),
        passed_over: BTreeMap::new(),
        leaves_sealed: false,
        sealed: Vec::new(),
    };
    walk(Cursor::new(bytes), FILE.name, &ByteLimit::default(), &mut reading).unwrap();
    let (aside, contents, passed_over) = (reading.sink.1, reading.contents, reading.passed_over);
    let outcome = Outcome { events, aside, tally, contents, passed_over };
    outcome.check();
    outcome
}

/// Reads a file of these bytes whose members are left sealed and read later, the last one first.
pub fn read_sealed(bytes: &[u8]) -> Outcome {
    let (mut events, mut tally) = (Vec::new(), Tally::default());
    let record = |event: &Event<'_>| events.push((event.origin.offset, format!("{event:?}")));
    let limit = ByteLimit::default();
    let mut reading = Reading {
        sink: Each(record, Vec::new()),
        tally: &mut tally,
        block_bytes: BLOCK_BYTES,
        contents: Vec::new(),
        passed_over: BTreeMap::new(),
        leaves_sealed: true,
        sealed: Vec::new(),
    };
    walk(Cursor::new(bytes), FILE.name, &limit, &mut reading).unwrap();
    for (name, resume, bytes, damage) in std::mem::take(&mut reading.sealed).into_iter().rev() {
        let end = damage.map_or_else(Vec::new, |damage| vec![damage.into_error()]);
        let packed = std::io::Read::chain(Cursor::new(bytes), Failing(end));
        walk_sealed(packed, &name, resume, &limit, &mut reading).unwrap();
    }
    let (mut aside, mut contents, passed_over) = (reading.sink.1, reading.contents, reading.passed_over);
    aside.sort_by_key(|aside| aside.origin);
    contents.sort_by_key(|(_, first_offset)| *first_offset);
    events.sort();
    let events = events.into_iter().map(|(_, event)| event).collect();
    let outcome = Outcome { events, aside, tally, contents, passed_over };
    outcome.check();
    outcome
}

/// Fails once, if it has what to fail with.
struct Failing(Vec<std::io::Error>);

impl std::io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.pop().map_or(Ok(0), Err)
    }
}

type SealedBytes = (String, populi_ingest::archive::Resume, Vec<u8>, Option<populi_ingest::archive::Damage>);

/// Reads the contents of a file as lines of Jetstream.
struct Reading<'t, F> {
    sink: Each<F>,
    tally: &'t mut Tally,
    block_bytes: usize,
    contents: Vec<(String, u64)>,
    passed_over: BTreeMap<&'static str, u64>,
    leaves_sealed: bool,
    sealed: Vec<SealedBytes>,
}

impl<F: FnMut(&Event<'_>)> Visit for Reading<'_, F> {
    fn content(&mut self, content: &mut Content<'_>) -> Result<(), Error> {
        let (name, first_offset) = (content.name.to_owned(), content.first_offset);
        let file = SourceFile { name: &name, ..FILE };
        for block in Blocks::of_about(self.block_bytes, content, &name).starting_at(first_offset) {
            read_block(&block?, &file, Originals::Drop, &mut self.sink, self.tally);
        }
        self.contents.push((name, first_offset));
        Ok(())
    }

    fn leaves_sealed(&self, _: bool) -> bool {
        self.leaves_sealed
    }

    fn sealed(&mut self, member: Sealed<'_>) -> Result<(), Error> {
        let (mut bytes, mut damage) = (Vec::new(), None);
        if let Err(error) = std::io::Read::read_to_end(member.reader, &mut bytes) {
            damage = populi_ingest::archive::Damage::of(&error).cloned();
            assert!(damage.is_some(), "{error}");
        }
        self.sealed.push((member.name.to_owned(), member.resume, bytes, damage));
        Ok(())
    }

    fn passed_over(&mut self, what: &'static str) {
        *self.passed_over.entry(what).or_default() += 1;
    }
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
