//! Archives of tar: kinds of entries, long names, ends, and damage between members.

use populi_model::Reason;
use tar::EntryType;

use super::make::{gz, padded, tar, tar_header};
use super::{lines, read_each};

/// Two blocks of zeros.
const END: [u8; 1024] = [0; 1024];

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let content: Vec<u8> = records
        .iter()
        .flat_map(|(key, value)| {
            // The length of a record counts the digits that say it.
            let rest = key.len() + value.len() + 3;
            let n = (1_usize..).find(|n| *n == rest + n.to_string().len()).unwrap();
            format!("{n} {key}={value}\n").into_bytes()
        })
        .collect();
    [tar_header(b"pax", EntryType::XHeader, content.len()), padded(&content)].concat()
}

#[test]
fn what_is_no_file_is_passed_over_and_told() {
    let text = lines(0, 3);
    let archive = [
        tar_header(b"folder/", EntryType::Directory, 0),
        tar_header(b"link", EntryType::Symlink, 0),
        tar_header(b"hard", EntryType::Link, 0),
        tar_header(b"tty", EntryType::Char, 0),
        tar_header(b"disk", EntryType::Block, 0),
        tar_header(b"fifo", EntryType::Fifo, 0),
        // What no system knows has content, which is not the next header.
        tar_header(b"odd", EntryType::new(b'Q'), 700),
        padded(&tar_header(b"no member", EntryType::Regular, 0)),
        padded(&[7; 188]),
        // The content of a link goes to the next member's name, not to where it points.
        tar_header(b"link/a", EntryType::Regular, text.len()),
        padded(&text),
        END.to_vec(),
    ]
    .concat();
    let outcome = read_each(&archive);
    assert_eq!((outcome.tally.taken, outcome.tally.records), (3, 3), "{:?}", outcome.aside);
    assert_eq!(outcome.contents[0].0, "dump.jsonl!link/a");
    let expected = [
        ("FIFOs in a tar archive", 1),
        ("devices in a tar archive", 2),
        ("entries of an unknown kind in a tar archive", 1),
        ("hard links in a tar archive", 1),
        ("symbolic links in a tar archive", 1),
    ];
    assert_eq!(outcome.passed_over.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn extended_headers_name_and_measure_the_next_member() {
    let (a, b) = (lines(0, 3), lines(3, 3));
    // A newline and what looks like a record inside a value are part of the value.
    let trap = format!("x\n{} size=1\n", 10);
    let archive = [
        pax(&[("SCHILY.xattr.user", &trap), ("path", "long/name=é"), ("size", &a.len().to_string())]),
        tar_header(b"short", EntryType::Regular, 0),
        padded(&a),
        tar_header(b"b", EntryType::Regular, b.len()),
        padded(&b),
        END.to_vec(),
    ]
    .concat();
    let outcome = read_each(&archive);
    let names: Vec<_> = outcome.contents.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((outcome.tally.taken, names), (6, vec!["dump.jsonl!long/name=é", "dump.jsonl!b"]));
}

#[test]
fn an_extended_header_without_end_does_not_fill_memory() {
    let archive = [tar_header(b"pax", EntryType::GNULongName, 1 << 30), vec![b'x'; 4096]].concat();
    let outcome = read_each(&archive);
    assert_eq!(outcome.reasons(), [Reason::CorruptContainer]);
    assert!(outcome.aside[0].detail.contains("1073741824"), "{}", outcome.aside[0].detail);
}

#[test]
fn sparse_files_are_put_aside_and_what_follows_is_read() {
    let text = lines(0, 3);
    let mut gnu = tar::Header::new_gnu();
    gnu.as_old_mut().name[..6].copy_from_slice(b"sparse");
    gnu.set_entry_type(EntryType::GNUSparse);
    gnu.set_size(600);
    gnu.as_gnu_mut().unwrap().set_is_extended(true);
    gnu.set_cksum();
    let mut map = [0; 512];
    map[504] = 1;
    let member = [tar_header(b"a", EntryType::Regular, text.len()), padded(&text)].concat();
    let archive = [
        gnu.as_bytes().to_vec(),
        map.to_vec(),
        vec![0; 512],
        padded(&[b'x'; 600]),
        pax(&[("GNU.sparse.major", "1"), ("path", "new")]),
        tar_header(b"x", EntryType::Regular, 600),
        padded(&[b'x'; 600]),
        member,
        END.to_vec(),
    ]
    .concat();
    let outcome = read_each(&archive);
    assert_eq!(outcome.reasons(), [Reason::UnsupportedContent; 2]);
    let names = ["dump.jsonl!sparse", "dump.jsonl!new"];
    assert_eq!([outcome.aside[0].name.as_str(), outcome.aside[1].name.as_str()], names);
    assert_eq!(outcome.tally.taken, 3);
}

#[test]
fn archives_end_as_tools_end_them() {
    let (a, b) = (lines(0, 3), lines(3, 3));
    let member = [tar_header(b"a", EntryType::Regular, a.len()), padded(&a)].concat();
    for end in [512, 1024, 1025, 10_240, 100_000] {
        let outcome = read_each(&[member.clone(), vec![0; end]].concat());
        assert_eq!((outcome.tally.taken, outcome.tally.records), (3, 3), "{end} zeros");
    }
    // Without an end it may have been cut.
    for end in [0, 1, 511] {
        let outcome = read_each(&[member.clone(), vec![0; end]].concat());
        assert_eq!((outcome.tally.taken, outcome.reasons()), (3, vec![Reason::TruncatedContainer]));
        let at = format!("cut at byte {} of it", member.len() + end);
        assert!(outcome.aside[0].detail.contains(&at), "{}", outcome.aside[0].detail);
    }
    // Archives that were joined.
    let joined = [member.clone(), vec![0; 10_240], tar(&[("b", &b)])].concat();
    assert_eq!(read_each(&joined).tally.taken, 6);
    let outcome = read_each(&[member, END.to_vec(), b"garbage".repeat(100)].concat());
    assert_eq!((outcome.tally.taken, outcome.reasons()), (3, vec![Reason::CorruptContainer]));
}

#[test]
fn an_archive_without_a_mark_is_known_by_its_checksum() {
    let text = lines(0, 3);
    let mut header = tar::Header::new_old();
    header.as_old_mut().name[..3].copy_from_slice(b"old");
    header.set_size(text.len() as u64);
    header.set_cksum();
    let archive = [header.as_bytes().to_vec(), padded(&text), END.to_vec()].concat();
    let outcome = read_each(&archive);
    assert_eq!((outcome.tally.taken, outcome.contents[0].0.as_str()), (3, "dump.jsonl!old"));
}

#[test]
fn behind_a_damaged_header_the_next_one_is_found() {
    let (a, b, c) = (lines(0, 3), lines(3, 3), lines(6, 3));
    let whole = tar(&[("a", &a), ("b", &b), ("c", &gz(&c))]);
    let second = 512 + padded(&a).len();
    for (at, value) in [(second + 5, b'!'), (second + 130, 0xff)] {
        let mut damaged = whole.clone();
        damaged[at] = value;
        let outcome = read_each(&damaged);
        assert_eq!((outcome.tally.taken, outcome.reasons()), (6, vec![Reason::CorruptContainer]));
        assert_eq!(outcome.aside[0].name, "dump.jsonl");
        let told = format!("corrupt at byte {second} of it");
        assert!(outcome.aside[0].detail.contains(&told), "{}", outcome.aside[0].detail);
    }
    // The size itself, with the right checksum.
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().size = *b"not a number";
    header.set_cksum();
    let odd = [header.as_bytes().to_vec(), whole].concat();
    let outcome = read_each(&odd);
    assert_eq!((outcome.tally.taken, outcome.reasons()), (9, vec![Reason::CorruptContainer]));
}

#[test]
fn damage_around_an_archive_is_told_of_once() {
    let text = lines(0, 400);
    let packed = gz(&tar(&[("a", &text), ("b", &text)]));
    for n in [packed.len() / 4, packed.len() / 2, packed.len() - 30, packed.len() - 1] {
        let outcome = read_each(&packed[..n]);
        assert_eq!(outcome.reasons(), [Reason::TruncatedContainer], "cut at {n}");
        let told = format!("the gzip container is cut at byte {n} of it");
        assert!(outcome.aside[0].detail.contains(&told), "{}", outcome.aside[0].detail);
    }
}
