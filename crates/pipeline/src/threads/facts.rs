//! When and by whom each post of a forest was written.

use std::collections::HashMap;

use populi_model::table::{PostFacts, TombstoneFacts};
use populi_model::{Key, Timestamp};
use populi_store::Snapshot;
use populi_thread::{Facts, Forest};

use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::visible::time_of_post;

/// Times in microseconds: of posts their author's clock, else the network's; of deleted and missing posts what their id tells,
/// where ids tell times.
pub(super) fn facts(snapshot: &Snapshot, forest: &Forest<u128>, progress: &dyn Progress) -> Result<Facts> {
    let mut writer = Writer { forest, facts: Facts::new(forest.len()), authors: HashMap::new() };
    for post in snapshot.rows::<PostFacts<'_>>() {
        let post = post?;
        writer.set(post.post_key, post.created_at.or(post.received_at), post.author_key);
        writer.set_missing(post.reply_to_key, post.reply_to.as_deref());
        stop_if_asked(progress)?;
    }
    for tombstone in snapshot.rows::<TombstoneFacts<'_>>() {
        let tombstone = tombstone?;
        writer.set(tombstone.record_key, time_of_post(&tombstone.record_id), tombstone.author_key);
        writer.set_missing(tombstone.reply_to_key, tombstone.reply_to.as_deref());
    }
    Ok(writer.facts)
}

struct Writer<'a> {
    forest: &'a Forest<u128>,
    facts: Facts,
    /// The number of each author, in the order of their first posts.
    authors: HashMap<Key, u32>,
}

impl Writer<'_> {
    fn set(&mut self, post: Key, time: Option<Timestamp>, author: Option<Key>) {
        let Some(row) = self.forest.row_of(post.to_u128()) else { return };
        if let Some(time) = time {
            self.facts.set_time(row, time.0);
        }
        if let Some(author) = author {
            // There are fewer authors than rows, which are numbered in 32 bits.
            let next = self.authors.len() as u32;
            self.facts.set_author(row, *self.authors.entry(author).or_insert(next));
        }
    }

    /// Sets the time of a parent that has no row of its own in the tables.
    fn set_missing(&mut self, parent: Option<Key>, id: Option<&str>) {
        let Some(time) = id.and_then(time_of_post) else { return };
        let row = parent.and_then(|parent| self.forest.row_of(parent.to_u128()));
        if let Some(row) = row.filter(|&row| row >= self.forest.n_known()) {
            self.facts.set_time(row, time.0);
        }
    }
}
