//! Pages and lines of API v2 that were really given.

use std::fs;

use crate::real_data::shared;
use crate::twitter::reading::Census;

#[test]
fn real_pages_hold_what_was_counted_in_them() {
    for (file, numbers, n_aside) in [
        ("two_tweets", (0, 1, 1), 0),
        ("noflat", (53, 47, 64), 0),
        ("entities_test", (160, 314, 176), 0),
        ("streaming_output_with_error", (7, 0, 4), 1),
        ("counts", (0, 0, 0), 0),
    ] {
        let Some(path) = shared(&format!("twitter/v2/{file}.jsonl")) else { return };
        let (census, outcome) = Census::of(&fs::read(path).unwrap());
        eprintln!(
            "{file} {:?} {:?} {:?} {} {}",
            census.numbers(),
            outcome.tally,
            outcome.aside,
            census.profiles.len(),
            census.embedded_reposts
        );
        eprintln!("{:?}", census.unavailable);
        assert_eq!(census.numbers(), numbers, "{file}");
        assert_eq!(outcome.aside.len(), n_aside, "{file}");
    }
}
