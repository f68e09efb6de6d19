//! Makes containers, with the libraries that others use or by hand.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use populi_model::Reason;

use crate::outcome::{Aside, Outcome, post, read};

/// Distinct posts, a line each, from number `from` on.
pub fn lines(from: usize, n: usize) -> Vec<u8> {
    let line =
        |i| post(&format!(r#""text":"number {i} {}""#, noise(i))).replace("3k", &format!("3k{i}")) + "\n";
    (from..from + n).map(line).collect::<String>().into_bytes()
}

/// Letters that do not pack well.
fn noise(seed: usize) -> String {
    let mut state = seed as u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + (state >> 59) as u8 % 26)
    };
    (0..120).map(|_| letter()).collect()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With a checksum, as the program `zstd` writes it.
pub fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive of regular files, with long names as GNU tar writes them.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A header of tar by hand, with any name and kind.
pub fn tar_header(name: &[u8], kind: tar::EntryType, n_bytes: usize) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(n_bytes as u64);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Content and the zeros that fill its last block.
pub fn padded(content: &[u8]) -> Vec<u8> {
    let mut padded = content.to_vec();
    padded.resize(content.len().next_multiple_of(512), 0);
    padded
}

/// A zip archive of deflated members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(members, SimpleFileOptions::default())
}

pub fn zip_by(members: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip archive as programs write it that cannot go back: lengths stand behind the members.
pub fn streamed_zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What was put aside as no record but a container, or something in one.
pub fn damages(outcome: &Outcome) -> Vec<&Aside> {
    use Reason::{ContainerLimit, CorruptContainer, TruncatedContainer, UnsupportedContent};
    let kinds = [ContainerLimit, CorruptContainer, TruncatedContainer, UnsupportedContent];
    outcome.aside.iter().filter(|aside| kinds.contains(&aside.reason)).collect()
}

/// Reads a file, both in one go and with its members left sealed, which must come to the same.
pub fn read_each(bytes: &[u8]) -> Outcome {
    let outcome = read(bytes);
    let sealed = crate::outcome::read_sealed(bytes);
    assert_eq!(sealed.tally, outcome.tally);
    assert_eq!((&sealed.aside, &sealed.contents), (&outcome.aside, &outcome.contents));
    assert_eq!(sealed.passed_over, outcome.passed_over);
    assert_eq!(sealed.events, outcome.events);
    outcome
}
