//! Samples of real dumps, where they are at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use populi_ingest::SourceFile;
use populi_ingest::bluesky::{Originals, read_block};
use populi_ingest::discover::discover;
use populi_model::{Body, Event, Operation, Reason, RecordKind, Tally};

use crate::outcome::{read, read_seeing};

/// A folder or file of the shared data; says that it skips what is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// Counts of events by what they are.
#[derive(Debug, Default)]
struct Counts {
    by_kind: BTreeMap<(RecordKind, Operation), u64>,
    replies: u64,
    quotes: u64,
}

impl Counts {
    fn add(&mut self, event: &Event<'_>) {
        *self.by_kind.entry((event.body.kind(), event.operation)).or_default() += 1;
        if let Body::Post(post) = &event.body {
            self.replies += u64::from(post.reply_to.is_some());
            self.quotes += u64::from(post.quote_of.is_some());
        }
    }
}

#[test]
fn a_stretch_of_jetstream_is_read_whole() {
    let Some(path) = shared("bluesky/jetstream/expected_v1.jsonl") else {
        return;
    };
    let mut counts = Counts::default();
    let outcome = read_seeing(&fs::read(path).unwrap(), 10_000, |event| counts.add(event));
    use Operation::{Create, Delete, Notice};
    use RecordKind::{Account, Block, Follow, Identity, Like, Post, Repost};
    let expected = [
        ((Identity, Notice), 1),
        ((Account, Notice), 1),
        ((Post, Create), 17),
        ((Post, Delete), 1),
        ((Like, Create), 105),
        ((Repost, Create), 15),
        ((Follow, Create), 6),
        ((Follow, Delete), 3),
        ((Block, Create), 1),
    ];
    assert_eq!(counts.by_kind, BTreeMap::from(expected));
    assert_eq!(counts.replies, 8);
    assert_eq!(
        (outcome.tally.records, outcome.tally.n_ignored(), outcome.tally.n_quarantined()),
        (152, 2, 0)
    );
    assert!(outcome.tally.warnings.is_empty(), "{:?}", outcome.tally.warnings);
}

#[test]
fn folders_of_days_and_hours_are_read_whole() {
    let Some(path) = shared("bluesky/blueprint_layout") else {
        return;
    };
    let (mut counts, mut tally) = (Counts::default(), Tally::default());
    let mut sink = crate::outcome::Each(|event: &Event<'_>| counts.add(event), Vec::new());
    for input in discover(&[path]).unwrap().inputs {
        assert!(input.name.starts_with("blueprint_layout/0"), "{}", input.name);
        let file = SourceFile { key: input.key().unwrap(), name: crate::outcome::FILE.name };
        for block in input.blocks().unwrap() {
            read_block(&block.unwrap(), &file, Originals::Drop, &mut sink, &mut tally);
        }
    }
    assert!(sink.1.iter().all(|record| record.reason == Reason::ConflictMarker));
    assert_eq!((tally.records, tally.taken, tally.n_quarantined()), (375, 372, 3));
    assert_eq!(counts.quotes, 50);
    use Operation::{Create, Delete};
    let expected = [
        ((RecordKind::Post, Create), 53),
        ((RecordKind::Like, Create), 315),
        ((RecordKind::Like, Delete), 4),
    ];
    assert_eq!(counts.by_kind, BTreeMap::from(expected));
}

#[test]
fn every_shape_of_every_collection_is_taken_or_ignored() {
    let Some(path) = shared("bluesky/record_examples.json") else {
        return;
    };
    let examples: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut n = 0;
    let mut check = |event: &serde_json::Value, is_ours: bool| {
        n += 1;
        let outcome = read(event.to_string().as_bytes());
        assert!(outcome.aside.is_empty(), "{:?}", outcome.aside);
        assert_eq!(
            (outcome.tally.taken, outcome.tally.n_ignored()),
            (u64::from(is_ours), u64::from(!is_ours))
        );
        assert!(outcome.tally.warnings.is_empty(), "{event}: {:?}", outcome.tally.warnings);
    };
    let ours = ["feed.post", "feed.like", "feed.repost", "graph.follow", "graph.block", "actor.profile"];
    for (kind, events) in examples["kinds"].as_object().unwrap() {
        for event in events.as_array().unwrap() {
            let collection = event["commit"]["collection"].as_str().unwrap_or_default().to_owned();
            check(
                event,
                kind != "commit" || ours.iter().any(|name| collection == format!("app.bsky.{name}")),
            );
        }
    }
    for (collection, operations) in examples["commits"].as_object().unwrap() {
        for event in operations.as_object().unwrap().values().flat_map(|events| events.as_array().unwrap()) {
            check(event, ours.iter().any(|name| *collection == format!("app.bsky.{name}")));
        }
    }
    assert!(n > 150, "{n}");
}
