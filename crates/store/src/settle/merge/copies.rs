//! What the input records of one record count as.
//!
//! Equal bytes are one record and its duplicates, of which the one that was read first counts; of different ones the
//! newest. What was found inside another record is counted with that one.

use std::collections::BTreeMap;

use populi_model::table::SourceRow;
use populi_model::{Body, Class, Event, Key, Operation, RecordKind, Version};

/// The input records of one record.
pub(super) struct Copies(Vec<SourceRow>);

impl Copies {
    pub(super) fn of(sources: Vec<SourceRow>) -> Self {
        Self(sources)
    }

    pub(super) fn add(&mut self, event: &Event<'_>) {
        self.0.push(source_of(event, Class::Stored));
    }

    /// The newest direct sighting; where there is none, the newest of all.
    pub(super) fn newest(&self) -> Option<Version> {
        let rank = |row: &&SourceRow| (row.operation != Operation::Embedded, row.revision, row.content);
        let shown = self.0.iter().filter(|row| is_sighting(row.operation));
        shown.max_by_key(rank).map(|row| Version { revision: row.revision, content: row.content })
    }

    /// How the record was found: directly, where it was.
    pub(super) fn best_operation(&self) -> Option<Operation> {
        self.0.iter().map(|row| row.operation).filter(|operation| is_sighting(*operation)).min()
    }

    /// One row an input record, with its class; `stands` is the version that does.
    pub(super) fn into_sources(mut self, record_key: Key, stands: Option<Version>) -> Vec<SourceRow> {
        let order =
            |row: &SourceRow| (row.operation, row.kind, row.content, row.file_hash, row.offset, row.revision);
        self.0.sort_unstable_by_key(order);
        // The first copy of each content, and of each delete and notice, counts.
        let mut first: BTreeMap<Counted, (Key, u64)> = BTreeMap::new();
        for row in &self.0 {
            let place = (row.file_hash, row.offset);
            first.entry(counted(row)).and_modify(|first| *first = place.min(*first)).or_insert(place);
        }
        for row in &mut self.0 {
            row.record_key = record_key;
            let is_first = first.get(&counted(row)) == Some(&(row.file_hash, row.offset));
            row.class = match row.operation {
                Operation::Embedded => Class::Embedded,
                _ if !is_first => Class::Duplicates,
                Operation::Delete => Class::Deletes,
                Operation::Notice => Class::Notices,
                _ if stands.is_some_and(|stands| stands.content == row.content) => Class::Stored,
                _ => Class::Superseded,
            };
        }
        self.0
    }
}

/// What makes two input records copies of each other.
type Counted = (Option<Operation>, RecordKind, u64, u64);

fn counted(row: &SourceRow) -> Counted {
    match row.operation {
        // Equal bytes are equal however they were come by.
        Operation::Create | Operation::Seen | Operation::Update => (None, row.kind, row.content, 0),
        operation => (Some(operation), row.kind, row.content, row.revision),
    }
}

fn is_sighting(operation: Operation) -> bool {
    !matches!(operation, Operation::Delete | Operation::Notice)
}

/// The row of the record that an event was read from.
pub(super) fn source_of(event: &Event<'_>, class: Class) -> SourceRow {
    SourceRow {
        record_key: event.record.key,
        platform: event.platform,
        kind: match event.body {
            Body::LeftOut => RecordKind::Post,
            _ => event.body.kind(),
        },
        operation: event.operation,
        revision: event.version.revision,
        content: event.version.content,
        file_hash: event.origin.file,
        offset: event.origin.offset,
        class,
    }
}
