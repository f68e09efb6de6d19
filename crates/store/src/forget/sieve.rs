//! Keeping out what is forgotten while an input is read.

use std::collections::{BTreeMap, BTreeSet};

use populi_model::{Body, Event, Key, Operation, Quarantined, Reason, Tally};

use super::list::{Forgotten, handle_key};
use super::names::{authority, without_cut_did};

/// Stands between the reader of an input and its run.
///
/// What the forgotten did is left out and counted. From it the sieve learns names that the corpus did not know when they
/// were forgotten: ids of posts that do not tell their author, and handles. [`crate::Corpus::remember`] takes them.
///
/// Where nothing is forgotten it lets everything pass for one comparison a record; else it costs some hashes a record.
pub struct Sieve<'a> {
    /// `None` where nothing is forgotten.
    forgotten: Option<&'a Forgotten>,
    n_events: u64,
    quarantined: BTreeMap<Reason, u64>,
    learned: BTreeSet<Key>,
}

impl<'a> Sieve<'a> {
    /// A sieve for what is forgotten.
    #[must_use]
    pub fn new(forgotten: &'a Forgotten) -> Self {
        Self {
            forgotten: (!forgotten.is_empty()).then_some(forgotten),
            n_events: 0,
            quarantined: BTreeMap::new(),
            learned: BTreeSet::new(),
        }
    }

    /// Whether an event is to be taken.
    pub fn lets_pass(&mut self, event: &Event<'_>) -> bool {
        match self.forgotten {
            None => true,
            Some(forgotten) => self.judge(forgotten, event),
        }
    }

    /// What is to be kept of a record that was put aside: nothing where it names somebody who is forgotten.
    pub fn sift<'r>(&mut self, mut record: Quarantined<'r>) -> Option<Quarantined<'r>> {
        let Some(forgotten) = self.forgotten else { return Some(record) };
        if forgotten.is_named_in_record(record.head) || forgotten.is_named_in_record(record.detail.as_bytes())
        {
            *self.quarantined.entry(record.reason).or_default() += 1;
            return None;
        }
        if record.head.len() == Quarantined::MAX_HEAD_BYTES {
            record.head = without_cut_did(record.head);
        }
        Some(record)
    }

    /// Counts what was left out since the last call as ignored in the tally of the input that it came from.
    pub fn account(&mut self, tally: &mut Tally) {
        tally.forget_taken(std::mem::take(&mut self.n_events));
        for (reason, n) in std::mem::take(&mut self.quarantined) {
            tally.forget_quarantined(reason, n);
        }
    }

    /// The keys of further names of the forgotten.
    #[must_use]
    pub fn into_learned(self) -> BTreeSet<Key> {
        self.learned
    }

    fn judge(&mut self, forgotten: &Forgotten, event: &Event<'_>) -> bool {
        let (record, actor) = (event.record, event.actor);
        let by_the_forgotten = actor.is_some_and(|actor| forgotten.holds(actor.key));
        if by_the_forgotten {
            if authority(record.text).is_none() && actor.is_some_and(|actor| actor.key != record.key) {
                self.learned.insert(record.key);
            }
            if let Body::Handle(Some(handle)) = &event.body {
                self.learned.insert(handle_key(handle));
            }
        }
        let is_out = by_the_forgotten || forgotten.holds(record.key);
        // What is told inside another record was not counted.
        self.n_events += u64::from(is_out && event.operation != Operation::Embedded);
        !is_out
    }
}
