//! Which records a table is cut into, whatever it is written in.

use super::*;
use crate::lines::MAX_LINE_BYTES;

#[test]
fn csv_with_all_that_csv_may_hold() {
    let outcome = read(
        "\u{feff}id,text,user\r\n1,\"a, \"\"b\"\"\r\nc\",x\r\n\r\n2,plain \"quotes\",\r\n3,\"z\"tail,y,\r\n",
    );
    assert!(outcome.has_header);
    assert_eq!(outcome.texts(), ["a, \"b\"\r\nc", "plain \"quotes\"", "ztail"]);
    assert_eq!(outcome.tally.blank, 1);
    let authors: Vec<_> = outcome.kept.posts.iter().map(|post| post.author.as_deref()).collect();
    assert_eq!(authors, [Some("table:x"), None, Some("table:y")]);
    // Offsets count the byte-order mark and the header.
    assert_eq!(outcome.kept.posts[0].offset, 3 + 14);
}

#[test]
fn bad_rows_are_put_aside_and_the_others_taken() {
    let outcome = read(
        b"text,label\ngood,1\ntoo,many,fields\nfew\nbad \xff,1\nnul \0,1\n<<<<<<< HEAD\n=======\nlast,2"
            as &[u8],
    );
    assert_eq!(outcome.texts(), ["good", "last"]);
    use Reason::*;
    assert_eq!(
        outcome.reasons(),
        [FieldCount, FieldCount, InvalidUtf8, RawNul, ConflictMarker, ConflictMarker]
    );
    let lines: Vec<_> = outcome.kept.aside.iter().map(|aside| aside.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8]);
    assert_eq!(outcome.kept.aside[1].head, b"few");
}

#[test]
fn an_unclosed_quote_costs_its_line_only() {
    let outcome = read("text,label\n\"never closed,1\ngood,2\nalso good,4\n");
    assert_eq!(
        (outcome.texts(), outcome.reasons()),
        (vec!["good", "also good"], vec![Reason::UnclosedQuote])
    );
    assert_eq!(outcome.kept.aside[0].line, 2);
    let outcome = read("text,label\ngood,2\n\"never closed");
    assert_eq!((outcome.texts(), outcome.reasons()), (vec!["good"], vec![Reason::UnclosedQuote]));
}

#[test]
fn a_quote_open_for_8_mib_ends_there() {
    let rows = "row of text,5\n".repeat(MAX_LINE_BYTES / 14 + 1000);
    let n_rows = rows.len() / 14;
    let outcome = read(format!("text,label\nfirst,1\n\"never closed,1\n{rows}last \"\",3\n"));
    assert_eq!(outcome.reasons(), [Reason::UnclosedQuote]);
    assert_eq!(outcome.kept.posts.len(), n_rows + 2);
}

#[test]
fn quotes_opened_on_every_line_take_linear_time() {
    // Every line opens a quote after closing the one of the line before, so that no row ever ends; 5 million times
    // 8 MiB would take days.
    let outcome = try_read(
        "x\"y,\"\n".repeat(5_000_000).as_bytes(),
        &TableParams { delimiter: Some(b','), text: named("1"), ..TableParams::default() },
    )
    .unwrap();
    assert_eq!(outcome.tally.quarantined[&Reason::UnclosedQuote], 5_000_000);
}

#[test]
fn a_row_that_closes_after_the_limit_of_the_one_before_is_whole() {
    // The first row is open for its 8 MiB. The second closes its quote and opens one again, so that it is in quotes
    // where the first is, and closes that 4 bytes after the first gave up, which is within its own 8 MiB.
    let (first, second) = ("\"one,1\n", "x\"y,\"\n");
    let n_filler = MAX_LINE_BYTES + 6 - first.len() - second.len();
    let filler = "filler,1\n".repeat(n_filler / 9) + &"y".repeat(n_filler % 9);
    let outcome = read(format!("text,label\n{first}{second}{filler}\"\nlast,3\n"));
    assert_eq!(outcome.reasons(), [Reason::UnclosedQuote]);
    assert_eq!(outcome.texts(), ["x\"y", "last"]);
    assert_eq!(outcome.kept.posts[0].attributes[0].1, format!("\n{filler}"));
}

#[test]
fn tsv_and_lines_know_no_quotes() {
    let outcome = read("3\t\"one\n4\ttwo \"x\", y\n3\tthree\n3\t\"four\"\n4\tfive\tmore\n4\tsix\t\n");
    assert_eq!(outcome.texts(), ["\"one", "two \"x\", y", "three", "\"four\"", "six"]);
    assert_eq!(outcome.reasons(), [Reason::FieldCount]);
    assert_eq!(outcome.column(Role::Label), Some("column_1"));
    let outcome = read("\"hello\" she, and\nhe\n\n  spaces \t\n=======\n");
    assert_eq!(outcome.texts(), ["\"hello\" she, and", "he", "  spaces \t", "======="]);
    assert_eq!(outcome.tally.blank, 1);
}

#[test]
fn json_lines_of_any_shape() {
    let outcome = read(concat!(
        "{\"text\": \"a\\u0000b\", \"n\": 1.50, \"o\": {\"k\": [1, 2]}, \"e\": \"\", \"z\": null, \"t\": true}\r\n",
        "\n{\"text\": 5}\n\"a string\"\n{\"text\": {\"a\": 1}}\n{\"t\": 1}\n{\"text\": null}\n7\n{\"text\": \"\\ud800\"}\n{\"te",
    ));
    assert_eq!(outcome.texts(), ["a\0b", "5", "a string"]);
    let attributes = [("n", "1.50"), ("o", "{\"k\": [1, 2]}"), ("t", "true")];
    assert_eq!(outcome.kept.posts[0].attributes, attributes.map(|(a, b)| (a.to_owned(), b.to_owned())));
    use Reason::*;
    assert_eq!(outcome.reasons(), [WrongType, MissingText, MissingText, NotAnObject, LoneSurrogate, BadJson]);
    assert_eq!(outcome.tally.blank, 1);
}

#[test]
fn a_json_array_element_by_element() {
    let outcome =
        read("[\n {\"text\": \"one, [two] \\\" }\"} ,\n{\"text\": bad}, {\"text\": \"three\"}\n, 7, ]\n x");
    assert_eq!(outcome.texts(), ["one, [two] \" }", "three"]);
    use Reason::*;
    assert_eq!(outcome.reasons(), [BadJson, NotAnObject, BadJson, BadJson]);
    let lines: Vec<_> = outcome.kept.aside.iter().map(|aside| aside.line).collect();
    assert_eq!(lines, [3, 4, 4, 5]);
    assert_eq!(outcome.kept.aside[3].head, b"x");
    assert_eq!(read("[]").tally.records, 0);
    assert_eq!(read("[ \n").reasons(), [BadJson]);
}

#[test]
fn an_object_over_several_lines_is_one_record_put_aside() {
    let outcome = read("{\n  \"banking\": [\n    \"routing\",\n    \"transfer\"\n  ]\n}\n");
    assert_eq!((outcome.reasons(), outcome.tally.records), (vec![Reason::BadJson], 1));
}

#[test]
fn a_missing_quote_in_an_array_costs_its_lines_only() {
    let outcome =
        read("[{\"text\": \"one\"},\n{\"text\": \"two},\n{\"text\": \"three\"},\n{\"text\": \"four\"}]");
    assert_eq!(outcome.texts().first(), Some(&"one"));
    assert!(outcome.reasons().contains(&Reason::BadJson));
}

#[test]
fn an_array_that_is_cut_keeps_what_came_before() {
    let outcome = read("[\"one\", \"two\", \"thr");
    assert_eq!((outcome.texts(), outcome.reasons()), (vec!["one", "two"], vec![Reason::BadJson]));
    let outcome = read("[\"one\", \"two\",");
    assert_eq!((outcome.texts(), outcome.reasons()), (vec!["one", "two"], vec![Reason::BadJson]));
}

#[test]
fn records_over_8_mib_are_put_aside() {
    let long = "x".repeat(MAX_LINE_BYTES);
    for table in [
        format!("text,label\nfirst,1\n{long},2\nlast,3\n"),
        format!("text,label\nfirst,1\n\"{long},2\nlast,3\n"),
        format!("3\tfirst\n3\t{long}\n3\tlast\n"),
        format!("first\n{long}y\nlast\n"),
        format!("{{\"text\":\"first\"}}\n{{\"text\":\"{long}\"}}\n\"last\"\n"),
        format!("[{{\"text\":\"first\"}},\n{{\"text\":\"{long}, \"}}\n,\"last\"]\n"),
    ] {
        let outcome = read(&table);
        assert_eq!(outcome.texts(), ["first", "last"], "{}", &table[..40]);
        assert_eq!(outcome.reasons(), [Reason::LineTooLong], "{}", &table[..40]);
    }
    assert_eq!(read(format!("first\n{long}\r\nlast")).tally.taken, 3);
    assert_eq!(read(format!("[\"first\", \"{long}, \"]")).reasons(), [Reason::LineTooLong]);
    assert_eq!(read(format!("[\"first\", \"{long}, ")).texts(), ["first"]);
}

#[test]
fn a_damaged_container_ends_the_table_with_one_record_put_aside() {
    struct Damaged<'a>(&'a [u8]);
    impl std::io::Read for Damaged<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                let packed = [b"\x1f\x8b\x08".as_slice(), &[0; 30]].concat();
                return crate::archive::Decoded::new(&packed[..]).read(buffer);
            }
            self.0.read(buffer)
        }
    }
    for (table, texts) in
        [("text,label\none,1\ntwo,2\n", &["one", "two"][..]), ("text,label\none,1\ntw", &["one"])]
    {
        let reader = open(Damaged(table.as_bytes()), "posts", &TableParams::default()).unwrap();
        let (mut kept, mut tally) = (Kept::default(), Tally::default());
        let file = SourceFile { key: Key::default(), name: "posts" };
        reader.read_all(&file, &mut kept, &mut tally).unwrap();
        assert_eq!(kept.posts.iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), texts);
        assert_eq!(kept.aside.len(), 1);
        assert_eq!(tally.records, tally.taken + 1);
    }
}

#[test]
fn a_failing_disk_is_an_error() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no disk"))
        }
    }
    let Err(error) = open(Failing, "posts.csv", &TableParams::default()) else { panic!("no disk") };
    assert!(error.to_string().contains("posts.csv") && error.to_string().contains("no disk"), "{error}");
}
