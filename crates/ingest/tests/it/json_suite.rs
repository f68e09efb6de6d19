//! The JSON parsing suite of Nicolas Seriot (JSONTestSuite): what must be JSON, what must not be, and what may be.

use std::fs;
use std::path::Path;

use populi_ingest::bluesky::{Originals, read_document};
use populi_model::{Event, Reason, Tally};

use crate::outcome::{Each, FILE, read};
use crate::real_data::shared;

/// Why a document that is no event is put aside.
fn reason_of(document: &[u8]) -> Reason {
    let mut tally = Tally::default();
    let mut sink = Each(|event: &Event<'_>| panic!("{event:?}"), Vec::new());
    read_document(document, &FILE, Originals::Drop, &mut sink, &mut tally);
    assert_eq!((tally.records, sink.1.len()), (1, 1));
    sink.1[0].reason
}

/// What is made of the documents that the standard leaves open.
fn of_open_question(name: &str) -> Reason {
    match name {
        // Bytes that are no UTF-8, and text in UTF-16.
        "i_string_UTF-16LE_with_BOM.json"
        | "i_string_UTF-8_invalid_sequence.json"
        | "i_string_UTF8_surrogate_U+D800.json"
        | "i_string_invalid_utf-8.json"
        | "i_string_iso_latin_1.json"
        | "i_string_lone_utf8_continuation_byte.json"
        | "i_string_not_in_unicode_range.json"
        | "i_string_overlong_sequence_2_bytes.json"
        | "i_string_overlong_sequence_6_bytes.json"
        | "i_string_overlong_sequence_6_bytes_null.json"
        | "i_string_truncated-utf-8.json"
        | "i_string_utf16BE_no_BOM.json"
        | "i_string_utf16LE_no_BOM.json" => Reason::BadJson,
        "i_structure_500_nested_arrays.json" => Reason::TooDeep,
        // Numbers of any size, half surrogate pairs where nothing is kept, a byte-order mark.
        _ => Reason::NotAnEvent,
    }
}

#[test]
fn documents_are_told_from_what_is_no_json() {
    for (document, reason) in [
        ("", Reason::BadJson),
        (" ", Reason::BadJson),
        ("\u{feff}", Reason::BadJson),
        ("[1,]", Reason::BadJson),
        ("[1] x", Reason::BadJson),
        ("[\"\t\"]", Reason::BadJson),
        ("[1]\0", Reason::BadJson),
        ("\u{feff}{}", Reason::NotAnEvent),
        (" [1e999, \"\\ud800\"]\n", Reason::NotAnEvent),
        ("{\"\\udc00\":1}", Reason::NotAnEvent),
        ("true", Reason::NotAnEvent),
        ("\"x\"", Reason::NotAnEvent),
        (&"[".repeat(100_000), Reason::BadJson),
        (&["[".repeat(200), "]".repeat(200)].concat(), Reason::TooDeep),
    ] {
        assert_eq!(reason_of(document.as_bytes()), reason, "{document:.40}");
    }
    assert_eq!(reason_of(b"[\"\xff\"]"), Reason::BadJson);
}

#[test]
fn the_suite_has_its_documented_results() {
    let Some(folder) = shared("adversarial/json/test_parsing") else {
        return;
    };
    let mut n = [0; 3];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
        let document = fs::read(&path).unwrap();
        let (which, expected) = match name.as_bytes()[0] {
            b'y' => (0, Reason::NotAnEvent),
            b'n' => (1, Reason::BadJson),
            _ => (2, of_open_question(&name)),
        };
        assert_eq!(reason_of(&document), expected, "{name}");
        n[which] += 1;
        check_lines(&document, &name);
    }
    assert_eq!(n, [95, 188, 35]);
}

/// As lines of a dump none is an event; every line has one outcome, which does not depend on its neighbours.
fn check_lines(document: &[u8], name: &str) {
    let outcome = read(document);
    assert_eq!((outcome.tally.taken, outcome.tally.n_ignored()), (0, 0), "{name}");
    if name.starts_with("y_") && !document.contains(&b'\n') {
        let reason = outcome.reasons()[0];
        assert!(matches!(reason, Reason::NotAnObject | Reason::NotAnEvent), "{name}: {reason:?}");
    }
    assert!(Path::new(name).extension().is_some());
}
