//! Reads lines of Twitter and gathers what became of them.

use std::collections::BTreeSet;

use populi_ingest::lines::Blocks;
use populi_ingest::twitter::{Originals, read_block};
use populi_model::{Body, Event, Operation, Tally};

use crate::outcome::{Each, FILE, Outcome};

/// Reads lines, and shows each event to `see`. Every record has exactly one outcome.
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
    for block in Blocks::new(bytes, FILE.name) {
        read_block(&block.unwrap(), &FILE, Originals::Drop, &mut sink, &mut tally);
    }
    let outcome = Outcome { aside: sink.1, events, tally, ..Outcome::default() };
    outcome.check();
    outcome
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
    /// Reposts that are.
    pub embedded_reposts: usize,
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
            Body::Repost(_) if is_embedded => self.embedded_reposts += 1,
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
