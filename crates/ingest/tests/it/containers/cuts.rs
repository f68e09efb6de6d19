//! Cut and flipped containers against what another reading of them gives.
//!
//! The same with ten thousand records, a hundred cuts and five hundred flips, counted by Python, is
//! `bench/damaged_containers.py`.

use std::io::Read;

use populi_model::Reason;
use proptest::prelude::*;

use super::make::{bz2, gz, streamed_zip, tar, zip, zst};
use super::{lines, read_each};
use crate::outcome::read;

/// The whole lines of what a reader gives before it ends or fails.
fn n_lines(mut reader: impl Read) -> u64 {
    let mut given = Vec::new();
    // What was read before an error stays in the vector.
    let _ = reader.read_to_end(&mut given);
    count(&given)
}

fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The whole lines of all that deflate gives of these bytes.
fn n_deflated_lines(packed: &[u8]) -> u64 {
    let (mut inflate, mut given) = (flate2::Decompress::new(false), Vec::with_capacity(4 << 20));
    let _ = inflate.decompress_vec(packed, &mut given, flate2::FlushDecompress::None);
    count(&given)
}

/// The whole lines of a tar whose members have short names.
fn n_tar_lines(mut tar: &[u8]) -> u64 {
    let mut n = 0;
    while tar.len() >= 512 && tar[0] != 0 {
        let size = std::str::from_utf8(&tar[124..135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let content = &tar[512..];
        n += count(&content[..size.min(content.len())]);
        tar = content.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    n
}

/// The whole lines of a zip whose headers tell lengths.
fn n_zip_lines(mut zip: &[u8]) -> u64 {
    let mut n = 0;
    let u32_at = |zip: &[u8], at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap()) as usize;
    while zip.len() > 30 && zip.starts_with(b"PK\x03\x04") {
        let lengths = u32_at(zip, 26);
        let Some(content) = zip.get(30 + (lengths & 0xffff) + (lengths >> 16)..) else { break };
        let size = u32_at(zip, 18);
        n += n_deflated_lines(&content[..size.min(content.len())]);
        zip = content.get(size..).unwrap_or_default();
    }
    n
}

#[test]
fn a_cut_container_keeps_the_records_before_the_cut() {
    let parts = [lines(0, 300), lines(300, 300), lines(600, 300)];
    let (text, members) = (parts.concat(), [("a", &*parts[0]), ("b", &*parts[1]), ("c", &*parts[2])]);
    type Count = fn(&[u8]) -> u64;
    let cases: [(&str, Vec<u8>, Count); 5] = [
        // The encoder writes a header of ten bytes.
        ("gzip", gz(&text), |cut| n_deflated_lines(&cut[10..])),
        ("bzip2", bz2(&text), |cut| n_lines(bzip2::read::BzDecoder::new(cut))),
        ("zstd", zst(&text), |cut| n_lines(zstd::Decoder::new(cut).unwrap())),
        ("tar", tar(&members), n_tar_lines),
        ("zip", zip(&members), n_zip_lines),
    ];
    for (name, whole, count) in cases {
        let mut last = 0;
        for n in (600..whole.len()).step_by(whole.len() / 20) {
            let cut = &whole[..n];
            let outcome = read_each(cut);
            assert_eq!(outcome.tally.taken, count(cut), "{name} cut at {n}");
            assert!(outcome.tally.taken >= last);
            last = outcome.tally.taken;
            assert_eq!(outcome.reasons(), [Reason::TruncatedContainer], "{name} cut at {n}");
            let detail = &outcome.aside[0].detail;
            assert!(detail.contains(&format!("the {name} container is cut at byte {n} of it")), "{detail}");
        }
        assert!(last > 500, "{name}: {last}");
        assert_eq!(read_each(&whole).tally.taken, 900);
    }
}

#[test]
fn what_a_codec_made_before_it_failed_is_kept() {
    let text = lines(0, 600);
    for pack in [gz, zst] {
        let whole = pack(&text);
        // Behind the last whole block, so that only the end is damaged.
        for at in [whole.len() / 2, whole.len() * 3 / 4, whole.len() - 6] {
            let (mut flipped, cut) = (whole.clone(), read(&whole[..at]));
            flipped[at] ^= 0xff;
            flipped[at + 1] ^= 0xff;
            let outcome = read(&flipped);
            assert!(
                outcome.aside.last().is_some_and(|aside| aside.reason == Reason::CorruptContainer),
                "{at}"
            );
            assert!(outcome.tally.taken >= cut.tally.taken, "{} < {}", outcome.tally.taken, cut.tally.taken);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_flipped_bit_never_stops_the_reading(
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        kind in 0_usize..8,
    ) {
        let (a, b) = (lines(0, 20), lines(20, 20));
        let (text, members) = ([&*a, &*b].concat(), [("a", &*a), ("b", &*b)]);
        let mut packed = match kind {
            0 => gz(&text),
            1 => bz2(&text),
            2 => zst(&text),
            3 => tar(&members),
            4 => zip(&members),
            5 => gz(&streamed_zip(&members)),
            6 => zst(&tar(&[("inner", &zip(&members))])),
            _ => text.clone(),
        };
        let at = at.index(packed.len());
        packed[at] ^= 1 << bit;
        let outcome = read_each(&packed);
        // Either something is told, or nothing is missing.
        let is_told = !outcome.aside.is_empty() || !outcome.passed_over.is_empty();
        prop_assert!(is_told || outcome.tally.records >= 40, "{:?}", outcome.tally);
    }
}
