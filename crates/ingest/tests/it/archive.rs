//! What packed files give, whole and damaged.

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use populi_ingest::archive::{Decoded, MAX_DEPTH};
use populi_model::Reason;
use proptest::prelude::*;

use crate::outcome::{Outcome, post, read, read_seeing};

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn content(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    Decoded::new(bytes).read_to_end(&mut content).unwrap();
    content
}

/// Distinct posts, a line each.
fn lines(n: usize) -> String {
    (0..n).map(|i| post(&format!(r#""text":"number {i}""#)).replace("3k", &format!("3k{i}")) + "\n").collect()
}

/// Bytes that no codec can pack.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn every_member_and_frame_is_read() {
    for pack in [gz, bz2, zst] {
        for n_members in [1, 2, 100] {
            let text = lines(n_members * 3);
            let packed: Vec<u8> =
                text.as_bytes().chunks(text.len().div_ceil(n_members)).flat_map(pack).collect();
            assert_eq!(content(&packed), text.as_bytes());
            assert_eq!(read(&packed), read(text.as_bytes()));
        }
        assert_eq!(content(&pack(b"")), b"");
        let with_empty = [pack(b""), pack(b"a"), pack(b""), pack(b"b")].concat();
        assert_eq!(content(&with_empty), b"ab");
    }
    let skippable = [b"\x50\x2a\x4d\x18\x03\x00\x00\x00xyz".as_slice(), &zst(b"a")].concat();
    assert_eq!(content(&skippable), b"a");
}

#[test]
fn padding_is_nothing_and_other_bytes_are_damage() {
    let text = lines(3);
    for n_zeros in [1, 512, 100_000] {
        for pack in [gz, bz2, zst] {
            let padded = [pack(text.as_bytes()), vec![0; n_zeros]].concat();
            assert_eq!(read(&padded), read(text.as_bytes()));
        }
    }
    let packed = gz(text.as_bytes());
    let tails: [&[u8]; 4] = [b"trailing garbage", b"\0\0x", b"\x1f", b"\x1f\x8bXX"];
    for tail in tails {
        let outcome = read(&[packed.as_slice(), tail].concat());
        let reason = if tail.len() == 1 { Reason::TruncatedContainer } else { Reason::CorruptContainer };
        assert_eq!((outcome.tally.taken, outcome.reasons()), (3, vec![reason]), "{tail:?}");
        assert_eq!((outcome.aside[0].line, outcome.aside[0].origin.offset), (4, text.len() as u64));
    }
    for pack in [bz2, zst] {
        let outcome = read(&[pack(text.as_bytes()), b"garbage".to_vec()].concat());
        assert_eq!((outcome.tally.taken, outcome.reasons()), (3, vec![Reason::CorruptContainer]));
    }
}

#[test]
fn packing_is_nested_to_the_limit() {
    let text = lines(2);
    let mut packed = text.clone().into_bytes();
    for depth in 1..=MAX_DEPTH + 1 {
        packed = [gz, zst, bz2][depth % 3](&packed);
        let outcome = read(&packed);
        if depth <= MAX_DEPTH {
            assert_eq!(outcome, read(text.as_bytes()), "{depth} deep");
        } else {
            assert_eq!(outcome.reasons(), [Reason::ContainerLimit]);
            assert_eq!(outcome.tally.records, 1);
        }
    }
}

#[test]
fn bombs_end_at_the_ratio_and_dense_text_does_not() {
    let zeros = vec![b'\n'; 64 << 20];
    for pack in [gz, zst] {
        let outcome = read(&pack(&zeros));
        assert_eq!(outcome.reasons(), [Reason::ContainerLimit]);
        assert!(outcome.tally.blank >= 10_000_000 && outcome.tally.blank < 12_000_000, "{:?}", outcome.tally);
        // Below the free amount, and above it with content that is worth its size.
        assert!(read(&pack(&zeros[..10_000_000])).aside.is_empty());
        let dense = [zeros[..11_000_000].to_vec(), noise(100_000)].concat();
        let worth = [noise(100_000), zeros[..11_000_000].to_vec()].concat();
        assert_eq!(content(&pack(&worth)).len(), worth.len());
        let mut given = Vec::new();
        assert!(Decoded::new(pack(&dense).as_slice()).read_to_end(&mut given).is_err());
        // Each member has its own free amount.
        let members = [pack(&zeros[..9_000_000]), pack(&zeros[..9_000_000])].concat();
        assert_eq!(content(&members).len(), 18_000_000);
    }
}

#[test]
fn other_kinds_of_files_are_refused_by_name() {
    let cases: [(&[u8], &str); 5] = [
        (b"7z\xbc\xaf\x27\x1c rest", "7z"),
        (b"PAR1\x15rest", "Parquet"),
        (b"\xff\xfe{\0}\0\n\0", "iconv"),
        (b"\xfe\xff\0{\0}\0\n", "iconv"),
        (b"\xfd7zXZ\0\0", "xz"),
    ];
    for (bytes, word) in cases {
        for packed in [bytes.to_vec(), gz(bytes)] {
            let outcome = read(&packed);
            assert_eq!(outcome.reasons(), [Reason::UnsupportedContent], "{word}");
            assert!(outcome.aside[0].detail.contains(word), "{}", outcome.aside[0].detail);
            assert_eq!((outcome.aside[0].line, outcome.tally.records), (1, 1));
        }
    }
}

/// The number of whole lines in what an independent reading gets out of the first `n` bytes of gzip.
fn whole_lines_of_cut_gz(packed: &[u8], n: usize) -> usize {
    // The header that the encoder writes has 10 bytes.
    let (mut inflate, mut out) = (flate2::Decompress::new(false), Vec::with_capacity(1 << 20));
    if n > 10 {
        inflate.decompress_vec(&packed[10..n], &mut out, flate2::FlushDecompress::None).unwrap();
    }
    out.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn a_cut_container_keeps_the_lines_before_the_cut() {
    let text = lines(1000);
    let packed = gz(text.as_bytes());
    let mut last = 0;
    for n in (1..packed.len()).step_by(97).chain(packed.len() - 12..packed.len()) {
        let outcome = read(&packed[..n]);
        if n > 1 {
            assert_eq!(outcome.reasons(), [Reason::TruncatedContainer], "cut at {n}");
            let expected = whole_lines_of_cut_gz(&packed, n);
            assert_eq!(outcome.tally.taken, expected as u64, "cut at {n}");
            let detail = &outcome.aside[0].detail;
            assert!(detail.contains(&format!("cut at byte {n} of it")), "{detail}");
        }
        assert!(outcome.tally.taken >= last);
        last = outcome.tally.taken;
    }
    assert_eq!(last, 1000, "only the checksum is cut");
    // 300 KB are three blocks of zstd.
    let text = lines(1500);
    let packed = zst(text.as_bytes());
    let taken: Vec<u64> = (4..packed.len())
        .step_by(211)
        .map(|n| {
            let outcome = read(&packed[..n]);
            assert_eq!(outcome.reasons(), [Reason::TruncatedContainer], "cut at {n}");
            outcome.tally.taken
        })
        .collect();
    assert!(taken.is_sorted() && taken.last() > Some(&500), "{taken:?}");
}

#[test]
fn the_line_that_damage_cuts_belongs_to_the_damage() {
    let text = "\n\n{\"did\":";
    let mut packed = gz(text.as_bytes());
    packed.truncate(packed.len() - 3);
    let outcome = read(&packed);
    assert_eq!((outcome.tally.records, outcome.tally.blank), (3, 2));
    let aside = &outcome.aside[0];
    assert_eq!((aside.line, aside.origin.offset, aside.head.as_slice()), (3, 2, b"{\"did\":".as_slice()));
}

#[test]
fn damage_in_an_inner_layer_is_told_of_once() {
    let text = lines(10);
    let inner = gz(text.as_bytes());
    let outcome = read(&zst(&inner[..inner.len() - 4]));
    assert_eq!((outcome.tally.taken, outcome.reasons()), (10, vec![Reason::TruncatedContainer]));
    assert!(outcome.aside[0].detail.contains("gzip"), "{}", outcome.aside[0].detail);
}

#[test]
fn a_reader_that_is_interrupted_at_every_byte_changes_nothing() {
    struct Dribble<R>(R, bool);
    impl<R: Read> Read for Dribble<R> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
            let n = buffer.len().min(1);
            self.0.read(&mut buffer[..n])
        }
    }
    let text = lines(20);
    for packed in [text.clone().into_bytes(), gz(text.as_bytes()), zst(&gz(text.as_bytes()))] {
        let mut given = Vec::new();
        Decoded::new(Dribble(Cursor::new(packed), false)).read_to_end(&mut given).unwrap();
        assert_eq!(given, text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_flipped_bit_never_stops_the_reading(at in any::<prop::sample::Index>(), bit in 0_u8..8, is_zstd in any::<bool>()) {
        let text = lines(200);
        let mut packed = if is_zstd { zst(text.as_bytes()) } else { gz(text.as_bytes()) };
        let at = at.index(packed.len());
        packed[at] ^= 1 << bit;
        let outcome: Outcome = read(&packed);
        prop_assert!(outcome.tally.records >= 1);
        prop_assert_eq!(read_seeing(&packed, 1, |_| {}), outcome);
    }
}
