//! Where read records go, and how each of them is counted exactly once.

use populi_model::{Event, Key, Origin, Quarantined, Reason, Tally};

/// Takes what a reader makes of its input, in the order of the input.
pub trait Sink {
    /// A record that was taken.
    fn event(&mut self, event: &Event<'_>);
    /// A record that was put aside.
    fn quarantined(&mut self, record: &Quarantined<'_>);
}

/// The input that records are read from, as origins and quarantine rows name it.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// The key of the file's BLAKE3 hash (see [`crate::discover::Input::key`]).
    pub key: Key,
    /// The file as the user named it; of a member of an archive, with its own name behind a `!`.
    pub name: &'a str,
}

/// Whether events carry the record that they were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Originals {
    /// They do not.
    #[default]
    Drop,
    /// They do, with its content id, for the table `originals`.
    Keep,
}

/// Why a record is put aside: a code, and in words what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defect {
    pub reason: Reason,
    pub detail: String,
}

impl Defect {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// How much is said of a defect.
const MAX_DETAIL_BYTES: usize = 400;

/// Hands records on and counts them, so that `records = taken + quarantined + ignored + blank` holds by construction.
pub(crate) struct Ledger<'a, S: ?Sized> {
    pub file: &'a SourceFile<'a>,
    pub sink: &'a mut S,
    pub tally: &'a mut Tally,
}

impl<S: Sink + ?Sized> Ledger<'_, S> {
    pub fn origin(&self, offset: u64) -> Origin {
        Origin { file: self.file.key, offset }
    }

    pub fn blank(&mut self) {
        self.tally.records += 1;
        self.tally.blank += 1;
    }

    pub fn ignore(&mut self, kind: &str) {
        self.tally.records += 1;
        self.tally.ignore(kind);
    }

    pub fn take(&mut self, event: &Event<'_>) {
        self.tally.records += 1;
        self.tally.taken += 1;
        self.sink.event(event);
    }

    /// Hands on what the last record shows beside itself: it is not counted, since that record is.
    pub fn embed(&mut self, event: &Event<'_>) {
        self.sink.event(event);
    }

    /// Puts the record aside that begins at `offset` on `line` with these bytes.
    pub fn quarantine(&mut self, offset: u64, line: u64, defect: &Defect, record: &[u8]) {
        self.tally.records += 1;
        self.tally.quarantine(defect.reason);
        self.sink.quarantined(&Quarantined {
            origin: self.origin(offset),
            file_name: self.file.name,
            line,
            reason: defect.reason,
            // It may quote a value of any length.
            detail: &defect.detail[..defect.detail.floor_char_boundary(MAX_DETAIL_BYTES)],
            head: &record[..record.len().min(Quarantined::MAX_HEAD_BYTES)],
        });
    }
}
