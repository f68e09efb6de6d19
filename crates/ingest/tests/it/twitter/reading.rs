//! Reads what Twitter gave out and gathers what became of it.

use std::collections::{BTreeMap, BTreeSet};

use populi_ingest::Sink;
use populi_ingest::lines::Blocks;
use populi_ingest::twitter::{Originals, is_document, read_block, read_content};
use populi_model::{Body, Event, Operation, Tally};

use crate::outcome::{Each, FILE, Outcome};

/// Reads content as a walk would hand it over, and shows each event to `see`. Every record has exactly one outcome.
pub fn read_seeing(bytes: &[u8], mut see: impl FnMut(&Event<'_>)) -> Outcome {
    let (mut events, mut tally) = (Vec::new(), Tally::default());
    let mut sink = Each(
        |event: &Event<'_>| {
            see(event);
            if event.operation != Operation::Embedded {
                events.push(format!("{event:?}"));
            }
        },
        Vec::new(),
    );
    read_into(bytes, Originals::Drop, &mut sink, &mut tally);
    let outcome = Outcome { aside: sink.1, events, tally, ..Outcome::default() };
    outcome.check();
    outcome
}

pub fn read_into<S: Sink>(bytes: &[u8], originals: Originals, sink: &mut S, tally: &mut Tally) {
    if is_document(bytes) {
        read_content(bytes, 0, &FILE, originals, None, sink, tally).unwrap();
        return;
    }
    for block in Blocks::new(bytes, FILE.name) {
        read_block(&block.unwrap(), &FILE, originals, sink, tally);
    }
}

/// What each event says, by operation and record, without what it was sighted by.
pub fn told(bytes: &[u8]) -> BTreeMap<(Operation, String), String> {
    let mut told = BTreeMap::new();
    read_seeing(bytes, |event| {
        let body = format!("{:?} by {:?}", event.body, event.actor.map(|actor| actor.text));
        let earlier = told.insert((event.operation, event.record.text.to_owned()), body);
        assert_eq!(earlier, None, "{event:?}");
    });
    told
}

/// How many posts and acts an input holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Direct posts, by id.
    pub posts: BTreeSet<String>,
    /// Direct reposts, by id.
    pub reposts: BTreeSet<String>,
    /// Posts that are shown inside others, by id, direct ones too.
    pub embedded: BTreeSet<String>,
    /// Accounts with a profile.
    pub profiles: BTreeSet<String>,
    /// Posts that are not shown, with the reason.
    pub unavailable: BTreeSet<(String, String)>,
}

impl Census {
    pub fn of(bytes: &[u8]) -> (Self, Outcome) {
        let mut census = Self::default();
        let outcome = read_seeing(bytes, |event| census.count(event));
        (census, outcome)
    }

    /// Direct posts, direct reposts, posts that are only embedded.
    pub fn numbers(&self) -> (usize, usize, usize) {
        let n_only_embedded = self.embedded.difference(&self.posts).count();
        (self.posts.len(), self.reposts.len(), n_only_embedded)
    }

    fn count(&mut self, event: &Event<'_>) {
        let id = event.record.text.to_owned();
        let is_embedded = event.operation == Operation::Embedded;
        match &event.body {
            Body::Post(_) if is_embedded => {
                self.embedded.insert(id);
            }
            Body::Post(_) => {
                self.posts.insert(id);
            }
            Body::Repost(_) if is_embedded => panic!("a retweet inside {event:?}"),
            Body::Repost(_) => {
                self.reposts.insert(id);
            }
            Body::Profile(_) => {
                self.profiles.insert(id);
            }
            Body::Unavailable(reason) => {
                self.unavailable.insert((id, (*reason).to_owned()));
            }
            _ => {}
        }
    }
}
