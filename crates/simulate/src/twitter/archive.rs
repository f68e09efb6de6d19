//! Writes the lines as members of archives, called as the public grabs were in their years.
//!
//! Members are made by all threads, a batch at a time, and written in their order, so that their bytes and the memory do not
//! depend on the threads. Two neighbouring archives overlap: the last members of one day lie in that of the next too.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use rayon::prelude::*;

use super::history::{DAY_MS, MEMBER_LINES, MEMBERS};
use super::params::{Compression, Container, TwitterParams};
use super::render::{Renderer, moment};
use super::world::World;
use crate::error::{Result, at};

/// Members that are rendered together.
const BATCH: usize = 32;
/// Members of a day that the next day's archive holds too; a file of its own cannot lie in its folder twice.
const OVERLAP: usize = 2;

/// A written file.
pub(crate) struct DumpFile {
    /// From the output folder, with `/`.
    pub(crate) path: String,
    /// BLAKE3 of the bytes on disk.
    pub(crate) hash: blake3::Hash,
    pub(crate) bytes: u64,
    /// Its members' lines in their order, as places in the list of all lines.
    pub(crate) members: Vec<Member>,
}

/// The file of a minute.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) lines: Range<usize>,
    pub(crate) is_cut: bool,
    begins_ms: u64,
}

/// What was written, and how large it is unpacked.
pub(crate) struct Written {
    pub(crate) files: Vec<DumpFile>,
    pub(crate) unpacked_bytes: u64,
}

/// Writes all lines below `folder/stream`.
pub(crate) fn write(world: &World, params: &TwitterParams, folder: &Path) -> Result<Written> {
    let stream = folder.join("stream");
    let days_folder = if is_packed_again(params.container) { folder.join("days") } else { stream.clone() };
    for path in [&stream, &days_folder] {
        fs::create_dir_all(path).map_err(at(path))?;
    }
    let members = members(world, params);
    let renderer = Renderer::new(world);
    let (mut unpacked_bytes, mut days) = (0, Vec::new());
    let mut last: Vec<(Member, Vec<u8>)> = Vec::new();
    for day in members.chunk_by(|one, next| one.begins_ms / DAY_MS == next.begins_ms / DAY_MS) {
        let mut archive = Archive::create(&days_folder, params, day[0].begins_ms)?;
        for (member, bytes) in last.drain(..).filter(|_| params.container != Container::Dir) {
            archive.add(&member, &bytes)?;
        }
        for batch in day.chunks(BATCH) {
            let packed: Vec<(u64, Vec<u8>)> =
                batch.par_iter().map(|member| pack(&renderer, member, params)).collect();
            for (member, (size, bytes)) in batch.iter().zip(packed) {
                unpacked_bytes += size;
                archive.add(member, &bytes)?;
                last.push((member.clone(), bytes));
            }
            last.drain(..last.len().saturating_sub(OVERLAP));
        }
        days.extend(archive.finish()?);
    }
    if is_packed_again(params.container) {
        days = vec![pack_again(&days, &stream, params)?];
        fs::remove_dir_all(&days_folder).map_err(at(&days_folder))?;
    }
    let file = |(path, members): (PathBuf, Vec<Member>)| {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(&path).map_err(at(&path))?).map_err(at(&path))?;
        let bytes = path.metadata().map_err(at(&path))?.len();
        let path = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Ok(DumpFile { path, hash: hasher.finalize(), bytes, members })
    };
    let files = days.into_iter().map(file).collect::<Result<_>>()?;
    Ok(Written { files, unpacked_bytes })
}

fn is_packed_again(container: Container) -> bool {
    matches!(container, Container::Nested | Container::TarGz)
}

/// Cuts the lines into members.
fn members(world: &World, params: &TwitterParams) -> Vec<Member> {
    let n_lines = world.lines.len();
    let n_members = n_lines.div_ceil(MEMBER_LINES).max(MEMBERS);
    let pattern = match (params.compression, params.container) {
        (Compression::Gz, _) => "%Y%m%d/%Y%m%d%H%M00.json.gz",
        (Compression::Bz2, Container::Dir) => "%Y/%m/%d/%H/%M.json.bz2",
        (Compression::Bz2, _) => "%d/%H/%M.json.bz2",
    };
    let n_cut = params.cut_files.min(n_members);
    let member = |i: usize| {
        let lines = n_lines * i / n_members..n_lines * (i + 1) / n_members;
        let begins_ms = world.lines.get(lines.start).map_or(world.start_ms, |line| line.arrival_ms);
        // The cut ones lie evenly among the others.
        let is_cut = (i + 1) * n_cut / n_members > i * n_cut / n_members;
        Member { name: moment(begins_ms / 1000, pattern), lines, is_cut, begins_ms }
    };
    (0..n_members).map(member).collect()
}

/// The size of a member's lines, and its bytes.
fn pack(renderer: &Renderer<'_>, member: &Member, params: &TwitterParams) -> (u64, Vec<u8>) {
    let mut plain = Vec::with_capacity(member.lines.len() * 4000);
    for line in &renderer.world.lines[member.lines.clone()] {
        renderer.line(&line.what, &mut plain);
    }
    // Writing to memory cannot fail.
    let mut packed = match params.compression {
        Compression::Gz => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
        }
        Compression::Bz2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
            encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
        }
    };
    if member.is_cut {
        packed.truncate(packed.len() * 2 / 3);
    }
    (plain.len() as u64, packed)
}

/// A day that is being written, with the members that it holds so far.
struct Archive {
    path: PathBuf,
    to: To,
    members: Vec<Member>,
}

enum To {
    Tar(Box<tar::Builder<BufWriter<File>>>),
    Zip(Box<zip::ZipWriter<BufWriter<File>>>),
    /// A file a member; each is an input of its own.
    Folder,
}

impl Archive {
    fn create(folder: &Path, params: &TwitterParams, begins_ms: u64) -> Result<Self> {
        let pattern = match (params.container, params.compression) {
            (Container::Dir, _) => {
                return Ok(Self { path: folder.to_owned(), to: To::Folder, members: Vec::new() });
            }
            (Container::Zip, _) => "twitter-stream-%Y-%m-%d.zip",
            (_, Compression::Gz) => "twitter-stream-%Y%m%d.tar",
            (_, Compression::Bz2) => "twitter_stream_%Y_%m_%d.tar",
        };
        let path = folder.join(moment(begins_ms / 1000, pattern));
        let file = BufWriter::new(File::create(&path).map_err(at(&path))?);
        let to = match params.container {
            Container::Zip => To::Zip(Box::new(zip::ZipWriter::new(file))),
            _ => To::Tar(Box::new(tar::Builder::new(file))),
        };
        Ok(Self { path, to, members: Vec::new() })
    }

    fn add(&mut self, member: &Member, bytes: &[u8]) -> Result<()> {
        let path = &self.path;
        match &mut self.to {
            To::Tar(tar) => append(tar, &member.name, bytes, member.begins_ms).map_err(at(path))?,
            To::Zip(zip) => {
                let options = zip::write::SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Stored)
                    .last_modified_time(zip::DateTime::default());
                zip.start_file(&member.name, options).map_err(std::io::Error::from).map_err(at(path))?;
                zip.write_all(bytes).map_err(at(path))?;
            }
            To::Folder => {
                let path = path.join(&member.name);
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent).map_err(at(parent))?;
                }
                fs::write(&path, bytes).map_err(at(&path))?;
            }
        }
        self.members.push(member.clone());
        Ok(())
    }

    /// The files that it became, with the members of each.
    fn finish(self) -> Result<Vec<(PathBuf, Vec<Member>)>> {
        let path = self.path;
        let file = match self.to {
            To::Tar(tar) => tar.into_inner().map_err(at(&path))?,
            To::Zip(zip) => zip.finish().map_err(std::io::Error::from).map_err(at(&path))?,
            To::Folder => {
                let file = |member: Member| (path.join(&member.name), vec![member]);
                return Ok(self.members.into_iter().map(file).collect());
            }
        };
        file.into_inner().map_err(std::io::IntoInnerError::into_error).map_err(at(&path))?;
        Ok(vec![(path, self.members)])
    }
}

/// Packs the days into one file.
fn pack_again(
    days: &[(PathBuf, Vec<Member>)],
    folder: &Path,
    params: &TwitterParams,
) -> Result<(PathBuf, Vec<Member>)> {
    let members: Vec<Member> = days.iter().flat_map(|(_, members)| members).cloned().collect();
    let begins_ms = members.first().map_or(0, |member| member.begins_ms);
    let pattern = match params.container {
        Container::TarGz => "twitter-stream-%Y%m%d.tar.gz",
        _ => "archiveteam-twitter-stream-%Y-%m.tar",
    };
    let path = folder.join(moment(begins_ms / 1000, pattern));
    let file = BufWriter::new(File::create(&path).map_err(at(&path))?);
    if params.container == Container::TarGz {
        let packed = tar_of(days, GzEncoder::new(file, flate2::Compression::fast()), begins_ms)?;
        packed.finish().and_then(|mut file| file.flush()).map_err(at(&path))?;
    } else {
        tar_of(days, file, begins_ms)?.flush().map_err(at(&path))?;
    }
    Ok((path, members))
}

fn tar_of<W: Write>(days: &[(PathBuf, Vec<Member>)], to: W, begins_ms: u64) -> Result<W> {
    let mut tar = tar::Builder::new(to);
    for (path, _) in days {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = File::open(path).map_err(at(path))?;
        let size = file.metadata().map_err(at(path))?.len();
        tar.append_data(&mut header(size, begins_ms), name, file).map_err(at(path))?;
    }
    let path = days.first().map_or(Path::new(""), |(path, _)| path);
    tar.into_inner().map_err(at(path))
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8], ms: u64) -> std::io::Result<()> {
    tar.append_data(&mut header(bytes.len() as u64, ms), name, bytes)
}

fn header(size: u64, ms: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(ms / 1000);
    header
}
