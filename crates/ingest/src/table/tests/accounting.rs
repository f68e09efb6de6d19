//! No input panics, and every record is counted once.

use proptest::prelude::*;

use super::*;
use crate::table::Header;

const TABLES: [&str; 4] = [
    "\u{feff}id,text,user,created_at\r\n1,\"a \"\"b\"\", c\r\nd\",ann,2025-03-01 12:30\r\n\r\n2,é,bob,\r\n",
    "id\ttext\tlabel\n1\tone \"x\t3\n2\ttwo\t4\t\n",
    "{\"id\": 1, \"text\": \"a\\u0000 \\ud83d\\ude00é\", \"o\": {\"k\": [1]}}\n\n{\"id\": 2, \"text\": \"b\"}\n",
    "[{\"id\": 1, \"text\": \"a, ]\\\"\"},\n\"é\", [1, 2], {\"id\": 2, \"text\": \"b\"}]\n",
];

#[test]
fn tables_cut_at_every_byte() {
    for table in TABLES {
        let n_posts = read(table).tally.taken;
        let params = [
            TableParams::default(),
            TableParams {
                delimiter: Some(b','),
                text: named("1"),
                header: Header::Absent,
                ..TableParams::default()
            },
        ];
        for cut in 0..table.len() {
            for params in &params {
                let Ok(outcome) = try_read(&table.as_bytes()[..cut], params) else {
                    continue;
                };
                assert!(outcome.tally.taken <= n_posts + 5);
            }
        }
    }
}

#[test]
fn a_cut_array_has_one_record_put_aside_more() {
    let table = TABLES[3].trim_end();
    for cut in 1..table.len() {
        if let Ok(outcome) = try_read(&table.as_bytes()[..cut], &TableParams::default()) {
            let last = outcome.kept.aside.last().unwrap();
            assert_eq!(last.reason, Reason::BadJson, "{cut}");
        }
    }
}

#[test]
fn every_byte_in_every_place() {
    for table in TABLES {
        for at in 0..table.len() {
            for byte in [0, b'"', b'\n', b'\r', b',', b'{', b']', b'\\', 0xff] {
                let mut bytes = table.as_bytes().to_vec();
                bytes[at] = byte;
                let _ = try_read(&bytes, &TableParams::default());
            }
        }
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{\"text\": \"x y\", \"n\": 1}".to_owned()),
        Just("\"a string\"".to_owned()),
        Just("[\"a b\", 2]".to_owned()),
        Just("<<<<<<< HEAD".to_owned()),
        Just("1,\"two words\"".to_owned()),
        Just("1,\"open".to_owned()),
        Just("1\ttwo words".to_owned()),
        Just(String::new()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        "[ -~\t\u{e9}\0]{0,20}",
    ]
}

proptest! {
    #[test]
    fn mixtures_are_counted(
        pieces in proptest::collection::vec((piece(), prop_oneof![Just("\n"), Just("\r\n"), Just(","), Just("")]), 0..30),
        delimiter in proptest::option::of(prop_oneof![Just(b','), Just(b'\t')]),
        start in prop_oneof![Just(""), Just("["), Just("text,n\n")],
    ) {
        let mut table = start.to_owned();
        for (piece, end) in &pieces {
            table.push_str(piece);
            table.push_str(end);
        }
        // The sums are checked on the way.
        let _ = try_read(table.as_bytes(), &TableParams { delimiter, ..TableParams::default() });
        let params = TableParams { delimiter, text: named("1"), header: Header::Absent, ..TableParams::default() };
        let _ = try_read(table.as_bytes(), &params);
    }

    #[test]
    fn texts_come_out_as_they_went_in(texts in proptest::collection::vec("[^\r\n\t\0]{0,30}", 1..20)) {
        // Named, because a column of numbers is not taken for one of texts.
        let by = |delimiter| TableParams {
            delimiter: Some(delimiter),
            text: named("text"),
            header: Header::Present,
            ..TableParams::default()
        };
        let json: String = texts.iter().map(|text| serde_json::json!({"text": text}).to_string() + "\n").collect();
        let json = read(&json);
        prop_assert_eq!(&json.texts(), &texts);
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["n", "text"]).unwrap();
        texts.iter().for_each(|text| csv.write_record(["1", text]).unwrap());
        let csv = try_read(&csv.into_inner().unwrap(), &by(b',')).unwrap();
        prop_assert_eq!(&csv.texts(), &texts);
        let tsv: String = std::iter::once("n\ttext\n".to_owned()).chain(texts.iter().map(|text| format!("1\t{text}\n"))).collect();
        let tsv = try_read(tsv.as_bytes(), &by(b'\t')).unwrap();
        prop_assert_eq!(&tsv.texts(), &texts);
    }
}
