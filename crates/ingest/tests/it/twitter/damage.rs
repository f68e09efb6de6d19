//! Whatever is in the input, nothing panics and every record has exactly one outcome.

use std::fs;

use proptest::prelude::*;

use populi_ingest::twitter::{Originals, read_content};
use populi_model::{Event, Tally};

use crate::outcome::{Each, FILE};
use crate::real_data::shared;
use crate::twitter::reading::read_seeing;

/// A line in each of the formats.
const LINES: [&str; 6] = [
    r#"{"created_at":"Wed Sep 04 13:51:55 +0000 2019","id":5,"id_str":"5","text":"RT @i: x\ud83d\ude00","user":{"id_str":"3","screen_name":"c"},"retweeted_status":{"id_str":"4","text":"x &amp; y","display_text_range":[0,3],"user":{"id_str":"2"},"entities":{"hashtags":[{"text":"h"}]},"coordinates":{"coordinates":[1.5,2]}},"timestamp_ms":"7"}"#,
    r#"{"data":[{"id":"5","author_id":"3","text":"@a b","referenced_tweets":[{"type":"replied_to","id":"4"}],"entities":{"mentions":[{"username":"a"}]}}],"includes":{"users":[{"id":"3","username":"a"}],"tweets":[{"id":"4","author_id":"2","text":"y"}]},"errors":[{"resource_type":"tweet","value":"9","title":"x"}]}"#,
    r#"{"id":"tag:search.twitter.com,2005:5","verb":"share","actor":{"id":"id:twitter.com:3"},"body":"RT","object":{"id":"tag:search.twitter.com,2005:4","verb":"post","actor":{"id":"id:twitter.com:2","preferredUsername":"b"},"body":"x","inReplyTo":{"link":"http://twitter.com/b/statuses/1"}}}"#,
    r#"{"delete":{"status":{"id":5,"id_str":"5","user_id":3,"user_id_str":"3"},"timestamp_ms":"7"}}"#,
    r#"{"scrub_geo":{"user_id":3,"up_to_status_id":5}}"#,
    r#"window.YTD.tweets.part0 = [ {"tweet":{"id_str":"5","full_text":"x","user":{"id_str":"3"}}} ]"#,
];

#[test]
fn every_prefix_of_a_line_has_an_outcome() {
    for line in LINES {
        for end in 0..line.len() {
            let outcome = read_seeing(&line.as_bytes()[..end], |_| {});
            assert!(outcome.tally.records <= 1, "{}", &line[..end]);
            assert_eq!(outcome.tally.taken, 0, "{}", &line[..end]);
        }
        assert_eq!(read_seeing(line.as_bytes(), |_| {}).tally.taken, 1, "{line}");
    }
}

#[test]
fn the_json_suite_gives_no_event_and_no_panic() {
    let Some(folder) = shared("adversarial/json/test_parsing") else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let document = fs::read(entry.unwrap().path()).unwrap();
        assert_eq!(read_seeing(&document, |_| {}).tally.taken, 0);
        let mut sink = Each(|event: &Event<'_>| panic!("{event:?}"), Vec::new());
        let mut tally = Tally::default();
        read_content(&document[..], 0, &FILE, Originals::Drop, None, &mut sink, &mut tally).unwrap();
        assert_eq!(tally.records, tally.n_quarantined() + tally.n_ignored() + tally.blank);
    }
}

proptest! {
    #[test]
    fn whatever_is_changed_every_record_has_one_outcome(
        which in 0..LINES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        structure in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[],:\"\\ 05\n"[..])), 0..4),
    ) {
        let mut bytes = LINES[which].as_bytes().to_vec();
        for (at, byte) in changes.into_iter().chain(structure) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // `read_seeing` checks the outcome.
        let outcome = read_seeing(&bytes, |_| {});
        prop_assert!(outcome.tally.records as usize <= 3 + bytes.iter().filter(|byte| **byte == b'\n' || **byte == b',').count());
    }

    #[test]
    fn values_of_any_type_do_no_harm(
        which in 0..4_usize,
        place in any::<prop::sample::Index>(),
        value in prop::sample::select(&["null", "true", "-1", "1e400", "\"\"", "\"\\ud800\"", "[]", "[[1]]", "{}", "{\"id\":{}}", "18446744073709551616"][..]),
    ) {
        // One value of the line becomes another.
        let line = LINES[which];
        let colons: Vec<usize> = line.match_indices("\":").map(|(at, _)| at + 2).collect();
        let start = colons[place.index(colons.len())];
        let mut values = serde_json::Deserializer::from_str(&line[start..]).into_iter::<serde::de::IgnoredAny>();
        prop_assert!(values.next().is_some_and(|value| value.is_ok()));
        let end = start + values.byte_offset();
        let changed = [&line[..start], value, &line[end..]].concat();
        let outcome = read_seeing(changed.as_bytes(), |_| {});
        prop_assert!(outcome.tally.records >= 1, "{}", changed);
    }
}
