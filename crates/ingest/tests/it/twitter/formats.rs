//! The same posts in two formats, and payloads that were broken by hand.

use std::collections::BTreeMap;
use std::fs;

use populi_model::{Body, Counts, Event, Operation, Reason};

use crate::real_data::shared;
use crate::twitter::reading::{Census, read_seeing};

const PAYLOADS: &str = "twitter/payloads/test/tweet_payload_examples";

/// What is told of every post, act and account of the lines, by whether it is direct and by id, without counts and
/// attributes.
fn rows(bytes: &[u8]) -> BTreeMap<(bool, String), Vec<String>> {
    let mut rows: BTreeMap<(bool, String), Vec<String>> = BTreeMap::new();
    read_seeing(bytes, |event| {
        let mut body = event.body.clone();
        if let Body::Post(post) = &mut body {
            post.counts = Counts::default();
            post.attributes.clear();
        }
        let told = format!("{body:?} by {:?}", event.actor.map(|actor| actor.text));
        let key = (event.operation == Operation::Embedded, event.record.text.to_owned());
        rows.entry(key).or_default().push(told);
    });
    rows
}

#[test]
fn a_payload_gives_the_same_rows_from_v1_and_from_gnip() {
    let Some(folder) = shared(PAYLOADS) else { return };
    let original = fs::read(folder.join("original_format_examples.json")).unwrap();
    let gnip = fs::read(folder.join("activity_streams_examples.json")).unwrap();
    let (census, outcome) = Census::of(&original);
    assert_eq!((outcome.aside.len(), outcome.tally.warnings.len()), (0, 0), "{:?}", outcome.tally);
    assert_eq!(census.numbers(), (22, 3, 4));
    let (a, b) = (rows(&original), rows(&gnip));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (key, row) in &a {
        assert_eq!(row, &b[key], "{key:?}");
    }
    assert_eq!(a.keys().filter(|(is_embedded, _)| !is_embedded).count(), 25);
}

#[test]
fn broken_payloads_lose_what_is_broken_only() {
    let Some(folder) = shared(PAYLOADS) else { return };
    let folder = folder.join("broken_and_unsupported_payloads");
    let read = |file: &str| Census::of(&fs::read(folder.join(file)).unwrap());
    for (file, numbers) in [
        ("activity_streams_additional_field.json", (1, 0, 0)),
        ("activity_streams_missing_field.json", (1, 0, 0)),
        ("original_format_additional_field.json", (1, 0, 0)),
        ("original_format_missing_field.json", (1, 0, 0)),
        ("public_api_sample.json", (17, 3, 4)),
    ] {
        let (census, outcome) = read(file);
        assert_eq!((census.numbers(), outcome.aside.len()), (numbers, 0), "{file} {:?}", outcome.aside);
    }
    let (_, outcome) = read("original_format_missing_user.json");
    assert_eq!(outcome.reasons(), [Reason::MissingId]);
    let (census, outcome) = read("original_format_missing_quotetweet_field.json");
    assert_eq!((census.numbers(), outcome.aside.len()), ((1, 0, 0), 0));
    assert_eq!(outcome.tally.warnings.get("bad_quoted_status"), Some(&1));
    let mut quotes = Vec::new();
    read_seeing(
        &fs::read(folder.join("original_format_missing_quotetweet_field.json")).unwrap(),
        |event: &Event<'_>| {
            if let Body::Post(post) = &event.body {
                quotes.extend(post.quote_of.map(|quote| quote.post.text.to_owned()));
            }
        },
    );
    assert_eq!(quotes, ["twitter:861652051016663040"]);
}
