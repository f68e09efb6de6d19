//! Writes the lines as files in `DD/HH/` folders: plain, gzip (one member or two) and zstd, to be known by their content.
//!
//! Names follow the recorder's, which has no extension. Some files have one, of the compressed ones too; some gzip files
//! of two members are even called `.jsonl`. An hour of the period is one file, or several where it holds many lines; some
//! files are empty, some lack the last line end, as after a crash. Folders name no month: where a period is longer than one,
//! days of the same number share a folder, and the date in the name tells their files apart.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::event::World;
use super::lines::{Content, Line};
use super::render::{Renderer, moment};
use super::schedule::HOUR_US;
use crate::error::{Result, at};
use crate::random::mix;

/// Lines of one file at most; an hour with more is several files.
const FILE_LINES: usize = 5000;
/// One file in so many has no end to its last line.
const OPEN_END: u64 = 7;
/// One hour in so many has an empty file beside its others.
const EMPTY_FILE: u64 = 24;

/// A written file.
pub(crate) struct DumpFile {
    /// From the output folder, with `/`.
    pub(crate) path: String,
    /// BLAKE3 of the bytes on disk.
    pub(crate) hash: blake3::Hash,
    pub(crate) bytes: u64,
    /// Its lines, as places in the list of all lines.
    pub(crate) lines: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    GzipTwoMembers,
    Zstd,
}

/// Writes all lines, which are in the order of their arrival, below `folder`.
pub(crate) fn write(world: &World, lines: &[Line], folder: &Path) -> Result<Vec<DumpFile>> {
    let renderer = Renderer::new(world);
    let mut files = Vec::new();
    let mut start = 0;
    let n_hours = (world.end_us - world.start_us) / HOUR_US;
    for hour in 0..n_hours {
        let hour_us = world.start_us + hour * HOUR_US;
        let end = start + lines[start..].partition_point(|line| line.arrival_us < hour_us + HOUR_US);
        let empty = if hour % EMPTY_FILE == 5 { 1 } else { 0 };
        for part in 0..(end - start).div_ceil(FILE_LINES) + empty {
            let first = (start + part * FILE_LINES).min(end);
            let range = first..(first + FILE_LINES).min(end);
            let opened_us =
                lines[range.clone()].first().map_or(hour_us + HOUR_US - 1, |line| line.arrival_us);
            let packing = packing(hour, part);
            let path = path(opened_us, packing, mix(world.seed, hour * 1000 + part as u64));
            let mut plain = plain_bytes(&renderer, &lines[range.clone()]);
            // A blank line without its end would be no line at all.
            let blank = |line: &Line| matches!(line.content, Content::Blank(_));
            if (hour + part as u64) % OPEN_END == 3 && !lines[range.clone()].last().is_some_and(blank) {
                plain.pop();
            }
            files.push(write_file(folder, path, &plain, packing, range)?);
        }
        start = end;
    }
    Ok(files)
}

fn packing(hour: u64, part: usize) -> Packing {
    match (hour + part as u64) % 12 {
        3 => Packing::Gzip,
        6 => Packing::GzipTwoMembers,
        8 | 11 => Packing::Zstd,
        _ => Packing::Plain,
    }
}

/// `jetstream/DD/HH/bluesky-2-<moment>-<number>`; half of the files carry an extension, which need not be the right one.
fn path(opened_us: u64, packing: Packing, salt: u64) -> String {
    let extension = match packing {
        _ if salt.is_multiple_of(2) => "",
        Packing::Plain | Packing::GzipTwoMembers => ".jsonl",
        Packing::Gzip => ".jsonl.gz",
        Packing::Zstd => ".jsonl.zst",
    };
    let name = moment(opened_us, "%d/%H/bluesky-2-%Y-%m-%d-%H-%M-%S");
    format!("jetstream/{name}-{:08x}{extension}", salt >> 32)
}

fn plain_bytes(renderer: &Renderer, lines: &[Line]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(lines.len() * 500);
    for line in lines {
        match line.content {
            Content::Event(number) => {
                bytes.extend(renderer.line(&renderer.world.events[number as usize]).into_bytes());
            }
            Content::Bad { flaw, victim } => {
                bytes.extend(flaw.apply(&renderer.line(&renderer.world.events[victim as usize])));
            }
            Content::Blank(spaces) => bytes.extend(b"   ".iter().take(usize::from(spaces))),
        }
        bytes.push(b'\n');
    }
    bytes
}

fn write_file(
    folder: &Path,
    path: String,
    plain: &[u8],
    packing: Packing,
    lines: Range<usize>,
) -> Result<DumpFile> {
    let full = folder.join(&path);
    if let Some(parent) = full.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let bytes = pack(plain, packing).map_err(at(&full))?;
    fs::write(&full, &bytes).map_err(at(&full))?;
    Ok(DumpFile { path, hash: blake3::hash(&bytes), bytes: bytes.len() as u64, lines })
}

/// The bytes as they lie on disk. Two members meet in the middle of a line.
fn pack(plain: &[u8], packing: Packing) -> std::io::Result<Vec<u8>> {
    match packing {
        Packing::Plain => Ok(plain.to_vec()),
        Packing::Gzip => gzip(plain),
        Packing::GzipTwoMembers => {
            let (first, second) = plain.split_at(plain.len() / 2);
            Ok([gzip(first)?, gzip(second)?].concat())
        }
        Packing::Zstd => zstd::encode_all(plain, 1),
    }
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}
