//! Containers in containers, names, offsets and limits.

use std::collections::HashSet;
use std::io::Cursor;

use populi_ingest::archive::{ByteLimit, Content, MAX_DEPTH, Packing, Visit, holds_archive, walk};
use populi_ingest::{Error, lines::Blocks};
use populi_model::Reason;

use super::make::{bz2, gz, streamed_zip, tar, zip, zst};
use super::{damages, lines, read_each};
use crate::outcome::{Outcome, read};

type Pack = fn(&[u8]) -> Vec<u8>;
type PackMany = fn(&[(&str, &[u8])]) -> Vec<u8>;

fn names(outcome: &Outcome) -> Vec<&str> {
    outcome.contents.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn every_nesting_of_two_gives_every_record_once() {
    let (a, b) = (lines(0, 20), lines(20, 30));
    let of_one: [Pack; 3] = [gz, bz2, zst];
    let of_many: [PackMany; 3] = [tar, zip, streamed_zip];
    let whole = [a.clone(), b.clone()].concat();
    for many in of_many {
        let archive = many(&[("a", &a), ("b", &b)]);
        assert_eq!(read_each(&archive).tally, read(&whole).tally);
        for one in of_one {
            assert_eq!(read_each(&one(&archive)).tally.taken, 50);
            let outcome = read_each(&many(&[("x/a.json", &one(&a)), ("x/b", &one(&b))]));
            assert_eq!((outcome.tally.taken, outcome.tally.records), (50, 50));
            assert_eq!(names(&outcome), ["dump.jsonl!x/a.json", "dump.jsonl!x/b"]);
            assert_eq!(read(&one(&one(&whole))).tally.taken, 50);
        }
        for inner in of_many {
            let outcome =
                read_each(&many(&[("day", &inner(&[("a", &a)])), ("rest", &gz(&inner(&[("b", &b)])))]));
            assert_eq!(outcome.tally.taken, 50);
            assert_eq!(names(&outcome), ["dump.jsonl!day!a", "dump.jsonl!rest!b"]);
        }
    }
}

#[test]
fn records_of_one_file_have_distinct_offsets_and_a_single_content_counts_from_zero() {
    let (a, b, c) = (lines(0, 3), lines(3, 3), lines(6, 3));
    let inner = zip(&[("b", &b), ("c", &c), ("empty", b"")]);
    let outcome = read_each(&tar(&[("a", &a), ("folder.zip.gz", &gz(&inner)), ("last", &a[..a.len() - 4])]));
    let piece = |n: u64| n << 40;
    let expected = [0, piece(1), piece(1) + b.len() as u64 + 1, piece(2)];
    assert_eq!(outcome.contents.iter().map(|(_, offset)| *offset).collect::<Vec<_>>(), expected);
    let offsets: HashSet<_> =
        outcome.events.iter().map(|event| event.split("offset: ").nth(1).unwrap()[..20].to_owned()).collect();
    assert_eq!(offsets.len() as u64, outcome.tally.taken);
    assert_eq!(outcome.aside[0].origin.offset, piece(2) + 2 * (a.len() as u64 / 3));
    assert_eq!((outcome.aside[0].line, outcome.aside[0].name.as_str()), (3, "dump.jsonl!last"));
    for packed in [a.clone(), gz(&a), bz2(&zst(&a)), zip(&[("only", &a)]), tar(&[("only", &a)])] {
        let outcome = read_each(&packed);
        assert_eq!((outcome.contents[0].1, outcome.events.len()), (0, 3));
    }
}

#[test]
fn five_layers_are_taken_off_and_not_a_sixth() {
    let orders: [[Pack; 3]; 3] = [
        [|bytes| tar(&[("t", bytes)]), |bytes| zip(&[("z", bytes)]), gz],
        [|bytes| zip(&[("z", bytes)]), bz2, |bytes| streamed_zip(&[("s", bytes)])],
        [|bytes| tar(&[("t", bytes)]), |bytes| tar(&[("u", bytes)]), |bytes| tar(&[("v", bytes)])],
    ];
    for order in orders {
        let mut packed = lines(0, 2);
        for depth in 1..=MAX_DEPTH + 2 {
            packed = order[depth % 3](&packed);
            let outcome = read_each(&packed);
            if depth <= MAX_DEPTH {
                assert_eq!((outcome.tally.taken, outcome.tally.records), (2, 2), "{depth}");
            } else {
                assert_eq!(outcome.reasons(), [Reason::ContainerLimit]);
                assert_eq!(outcome.tally.records, 1);
            }
        }
    }
}

#[test]
fn a_member_that_is_damaged_or_not_read_costs_no_other() {
    let (a, b) = (lines(0, 50), lines(50, 50));
    for pack in [gz, bz2, zst] {
        let mut bad = pack(&a);
        let n = bad.len();
        bad[n / 2] ^= 0x55;
        for many in [tar, zip, streamed_zip] {
            let outcome = read_each(&many(&[("bad", &bad), ("odd", b"\xfd7zXZ\0"), ("good", &pack(&b))]));
            // What a codec made before it noticed may be nonsense.
            let told = damages(&outcome);
            let reasons: Vec<_> = told.iter().map(|aside| aside.reason).collect();
            assert_eq!(reasons, [Reason::CorruptContainer, Reason::UnsupportedContent]);
            assert_eq!([&told[0].name, &told[1].name], ["dump.jsonl!bad", "dump.jsonl!odd"]);
            assert!((50..=100).contains(&outcome.tally.taken), "{:?}", outcome.tally);
            assert!(told[0].detail.contains(" at byte "), "{}", told[0].detail);
            assert_eq!(names(&outcome).last(), Some(&"dump.jsonl!good"));
        }
    }
}

#[test]
fn names_are_data() {
    let line = lines(0, 1);
    let names_and_shown = [
        ("/etc/passwd", "dump.jsonl!/etc/passwd"),
        ("../../up", "dump.jsonl!../../up"),
        ("C:\\x", "dump.jsonl!C:\\x"),
        ("red\x1b[31m\n", "dump.jsonl!red\u{fffd}[31m\u{fffd}"),
        ("./a/./b", "dump.jsonl!./a/./b"),
    ];
    for (name, shown) in names_and_shown {
        let outcome = read_each(&zip(&[(name, &line)]));
        assert_eq!((names(&outcome), outcome.tally.taken), (vec![shown], 1));
    }
    let long = "n".repeat(60_000);
    for archive in [zip(&[(&long, &line)]), tar(&[(&long, &line)])] {
        let outcome = read_each(&archive);
        assert_eq!(outcome.tally.taken, 1);
        assert!(outcome.contents[0].0.len() < 5000 && outcome.contents[0].0.ends_with('…'));
    }
    for hidden in [".DS_Store", "__MACOSX/._a.json", "a/.git/config"] {
        for archive in [zip(&[(hidden, &line)]), tar(&[(hidden, &line)])] {
            let outcome = read_each(&archive);
            assert_eq!((outcome.tally.records, outcome.passed_over["hidden members of an archive"]), (0, 1));
        }
    }
}

#[test]
fn empty_members_and_archives_are_nothing() {
    for archive in [
        tar(&[("a", b""), ("b/", b"")]),
        zip(&[("a", b""), ("b/", b"")]),
        zip(&[]),
        streamed_zip(&[("a", b"")]),
    ] {
        for packed in [gz(&archive), archive] {
            let outcome = read_each(&packed);
            assert_eq!((outcome.tally.records, outcome.contents.len()), (0, 0), "{:?}", outcome.aside);
        }
    }
}

#[test]
fn a_bomb_in_a_member_ends_at_the_ratio_and_costs_no_other() {
    let (zeros, good) = (vec![b'\n'; 30 << 20], lines(0, 5));
    for many in [tar, zip, streamed_zip] {
        for pack in [gz, bz2, zst, |bytes: &[u8]| bytes.to_vec()] {
            let archive = many(&[("bomb", &pack(&zeros)), ("good", &good)]);
            let outcome = read(&archive);
            assert_eq!(outcome.tally.taken, 5);
            if archive.len() > zeros.len() {
                assert!(outcome.aside.is_empty(), "a tar does not compress");
            } else {
                assert_eq!(outcome.reasons(), [Reason::ContainerLimit]);
                assert!(outcome.tally.blank < 12_000_000);
            }
        }
    }
}

#[test]
fn all_content_together_is_limited_where_asked_for() {
    struct Reads(usize);
    impl Visit for Reads {
        fn content(&mut self, content: &mut Content<'_>) -> Result<(), Error> {
            for block in Blocks::new(content, "dump") {
                self.0 += block?.bytes.len();
            }
            Ok(())
        }
    }
    let text = lines(0, 100);
    let n = text.len() as u64;
    for packed in [text.clone(), gz(&text), tar(&[("a", &text[..99]), ("b", &bz2(&text[99..]))])] {
        let read = |max| walk(Cursor::new(&packed), "dump", &ByteLimit::new(max), &mut Reads(0));
        assert!(read(Some(n)).is_ok() && read(None).is_ok());
        let error = read(Some(n - 1)).unwrap_err();
        assert!(matches!(error, Error::MaxBytes { max_bytes, .. } if max_bytes == n - 1), "{error}");
        assert!(error.to_string().contains("--max-bytes"), "{error}");
    }
}

#[test]
fn archives_are_seen_below_compression() {
    let archive = tar(&[("a", b"x")]);
    assert_eq!(Packing::of(&archive[..512]), Packing::Archive);
    assert!(holds_archive(archive.as_slice()) && holds_archive(bz2(&gz(&archive)).as_slice()));
    assert!(!holds_archive(gz(b"text").as_slice()) && !holds_archive(b"".as_slice()));
    assert!(!holds_archive(&gz(&archive)[..20]));
}
