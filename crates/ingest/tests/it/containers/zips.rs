//! Archives of zip: with and without a directory, sizes, methods, and what does not agree.

use populi_model::Reason;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::make::{gz, streamed_zip, tar, zip, zip_by};
use super::{damages, lines, read_each};
use crate::outcome::Outcome;

const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

/// Without its directory.
fn headless(zip: &[u8]) -> &[u8] {
    &zip[..find(zip, CENTRAL)]
}

fn names(outcome: &Outcome) -> Vec<&str> {
    outcome.contents.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn stored_deflated_large_and_streamed_members_are_read() {
    let (a, b) = (lines(0, 40), lines(40, 40));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let large = SimpleFileOptions::default().large_file(true);
    for archive in [
        zip(&[("a", &a), ("b", &b)]),
        zip_by(&[("a", &a), ("b", &b)], stored),
        zip_by(&[("a", &a), ("b", &b)], large),
        zip_by(&[("a", &a), ("b", &b)], stored.large_file(true)),
        streamed_zip(&[("a", &a), ("b", &b)]),
    ] {
        // As a file, as a stream, and as a stream whose directory is gone.
        for (packed, n_damages) in [(archive.clone(), 0), (gz(&archive), 0), (headless(&archive).to_vec(), 1)]
        {
            let outcome = read_each(&packed);
            assert_eq!((outcome.tally.taken, outcome.aside.len()), (80, n_damages), "{:?}", outcome.aside);
            assert_eq!(&names(&outcome)[..2], ["dump.jsonl!a", "dump.jsonl!b"]);
        }
    }
}

#[test]
fn a_zip_without_its_directory_is_read_through_its_headers() {
    let (a, b) = (lines(0, 40), lines(40, 40));
    let whole = zip(&[("a", &a), ("b", &b)]);
    let (directory, end) = (find(&whole, CENTRAL), find(&whole, END));
    for n in [directory, directory + 10, end - 1, end, end + 5, whole.len() - 1] {
        let outcome = read_each(&whole[..n]);
        assert_eq!((outcome.tally.taken, outcome.reasons()), (80, vec![Reason::TruncatedContainer]), "{n}");
        let told = format!("the zip container is cut at byte {n} of it");
        assert!(outcome.aside[0].detail.contains(&told), "{}", outcome.aside[0].detail);
    }
    // Damaged in its signature, its offset, its count.
    for at in [directory, end, end + 16, end + 10, end + 12] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let outcome = read_each(&damaged);
        assert_eq!((outcome.tally.taken, outcome.reasons()), (80, vec![Reason::CorruptContainer]), "{at}");
    }
}

#[test]
fn an_archive_at_the_end_of_a_cut_one_is_not_taken_for_it() {
    let (a, b) = (lines(0, 4), lines(4, 4));
    let inner = zip(&[("b", &b)]);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let whole = zip_by(&[("a", &a), ("inner", &inner), ("last", &a)], stored);
    let cut = find(&whole, &inner) + inner.len();
    let outcome = read_each(&whole[..cut]);
    assert_eq!((outcome.tally.taken, outcome.reasons()), (8, vec![Reason::TruncatedContainer]));
    assert_eq!(&names(&outcome)[..2], ["dump.jsonl!a", "dump.jsonl!inner!b"]);
}

#[test]
fn a_damaged_member_costs_no_other() {
    let (a, b) = (lines(0, 40), lines(40, 40));
    let whole = zip(&[("a", &a), ("b", &b)]);
    let second = 4 + find(&whole[4..], b"PK\x03\x04");
    // The method, the content, the signature and the content of the second; the file itself begins as before.
    for at in [8, 60, second, second + 400] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let outcome = read_each(&damaged);
        assert!(outcome.tally.taken >= 40, "{at}: {:?}", outcome.tally);
        let reasons: Vec<_> = damages(&outcome).iter().map(|aside| aside.reason).collect();
        assert_eq!(reasons, [Reason::CorruptContainer], "{at}");
    }
    // A wrong checksum: all of it is given, and told.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut altered = zip_by(&[("a", &a), ("b", &b)], stored);
    let at = find(&altered, b"number 7");
    altered[at] = b'N';
    for packed in [altered.clone(), gz(&altered)] {
        let outcome = read_each(&packed);
        assert_eq!((outcome.tally.taken, outcome.reasons()), (80, vec![Reason::CorruptContainer]));
        assert!(outcome.aside[0].detail.contains("checksum"), "{}", outcome.aside[0].detail);
    }
}

#[test]
fn members_that_lie_in_others_are_not_read_and_told_once() {
    let text = lines(0, 40);
    let whole = zip(&[("a", &text), ("b", &text)]);
    let (directory, end) = (find(&whole, CENTRAL), find(&whole, END));
    // Every entry of the directory names the first member.
    let entry = &whole[directory..directory + 46 + 1];
    let mut bomb = [&whole[..directory], &entry.repeat(1000), &whole[end..]].concat();
    let (n_bytes, end) = (entry.len() as u32 * 1000, bomb.len() - 22);
    bomb[end + 8..end + 12].copy_from_slice(&[0xe8, 3, 0xe8, 3]);
    bomb[end + 12..end + 16].copy_from_slice(&n_bytes.to_le_bytes());
    let outcome = read_each(&bomb);
    assert_eq!((outcome.tally.taken, outcome.reasons()), (40, vec![Reason::CorruptContainer]));
    assert!(outcome.aside[0].detail.contains("999 members"), "{}", outcome.aside[0].detail);
}

#[test]
fn what_is_not_read_is_told_by_member() {
    let (a, b) = (lines(0, 40), lines(40, 40));
    let whole = zip(&[("a", &a), ("b", &b)]);
    let directory = find(&whole, CENTRAL);
    let set = |local: usize, central: usize, value: u8| {
        let mut archive = whole.clone();
        (archive[local], archive[directory + central]) = (value, value);
        archive
    };
    // Encrypted, and by a method that nobody knows.
    for (archive, word) in [(set(6, 8, 1), "encrypted"), (set(8, 10, 99), "method 99")] {
        for packed in [archive.clone(), gz(&archive), headless(&archive).to_vec()] {
            let outcome = read_each(&packed);
            assert_eq!((outcome.tally.taken, outcome.aside[0].reason), (40, Reason::UnsupportedContent));
            assert!(outcome.aside[0].detail.contains(word), "{}", outcome.aside[0].detail);
            assert_eq!(outcome.aside[0].name, "dump.jsonl!a");
        }
    }
    // A stored member whose length follows it cannot be told from what follows it.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut open = zip_by(&[("a", &a), ("b", &b)], stored);
    open[6] |= 8;
    open[18..26].fill(0);
    let outcome = read_each(&gz(&open));
    assert_eq!((outcome.tally.taken, outcome.reasons()), (40, vec![Reason::UnsupportedContent]));
}

#[test]
fn links_are_passed_over_where_the_directory_tells_them() {
    let text = lines(0, 4);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    writer.start_file("a", SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut writer, &text).unwrap();
    let outcome = read_each(&writer.finish().unwrap().into_inner());
    assert_eq!((outcome.tally.taken, outcome.tally.records), (4, 4));
    assert_eq!(outcome.passed_over["symbolic links in a zip archive"], 1);
}

#[test]
fn what_follows_an_archive_is_told_unless_it_is_padding() {
    let text = lines(0, 4);
    let whole = zip(&[("a", &text)]);
    for packed in [|bytes: Vec<u8>| bytes, |bytes: Vec<u8>| gz(&bytes)] {
        assert!(read_each(&packed([whole.clone(), vec![0; 700]].concat())).aside.is_empty());
        let outcome = read_each(&packed([whole.clone(), b"\0garbage".to_vec()].concat()));
        assert_eq!((outcome.tally.taken, outcome.reasons()), (4, vec![Reason::CorruptContainer]));
    }
}

#[test]
fn behind_damage_in_a_stream_the_next_member_is_found() {
    let (a, b, c) = (lines(0, 400), lines(400, 40), lines(440, 40));
    let mut archive = streamed_zip(&[("a", &a), ("b", &b), ("c", &c)]);
    archive[2000] ^= 0xff;
    archive[2001] ^= 0xff;
    for packed in [gz(&archive), tar(&[("zip", &archive)])] {
        let outcome = read_each(&packed);
        let reasons: Vec<_> = damages(&outcome).iter().map(|aside| aside.reason).collect();
        assert_eq!(reasons, [Reason::CorruptContainer]);
        assert!(outcome.tally.taken >= 80, "{:?}", outcome.tally);
        assert!(names(&outcome).last().unwrap().ends_with("!c"));
    }
}
