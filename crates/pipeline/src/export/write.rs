//! From the acts that were put aside to the files of an export.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use populi_dataset::blueprint::{self, Act, Message, Style};
use populi_dataset::{FileCard, chain};
use rayon::prelude::*;

use super::gather::Gathered;
use super::lines::{Line, What};
use crate::error::io;
use crate::progress::{Progress, stop_if_asked};
use crate::{Error, Result};

/// Lines that one thread writes at a time.
const CHUNK_LINES: usize = 512;
/// Lines that are held as text at a time.
const ROUND_LINES: usize = 64 * CHUNK_LINES;

/// Makes text of lines.
pub(super) struct Renderer<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) style: Style,
    /// Messages of a chain, at most.
    pub(super) context: usize,
    /// Every time that is told, sorted, each once: where times are told as their places in it.
    pub(super) times: Option<Vec<i64>>,
}

impl Renderer<'_> {
    /// Puts the lines of a cluster into the order in which its file tells them: by act, time, author, and what it was
    /// done to.
    pub(super) fn sort(&self, lines: &mut [Line]) {
        let index = &self.gathered.index;
        let begin = |line: &Line| {
            let is_pair = !matches!(line.act, Act::Post | Act::Reply);
            (is_pair.then_some(line.act), line.at)
        };
        let target = |line: &Line| match line.what {
            What::Text(row) | What::Post(row) => (Some(index.key(row)), 0),
            What::Quote(row, quoted) => (Some(index.key(row)), u64::from(quoted)),
            What::Edit(row, texts) => (Some(index.key(row)), texts),
            What::Gone(at) => (None, at as u64),
        };
        let rest = |line: &Line| (self.gathered.authors.name(line.actor), target(line));
        lines.par_sort_unstable_by(|a, b| begin(a).cmp(&begin(b)).then_with(|| rest(a).cmp(&rest(b))));
    }

    /// Every time that the lines tell.
    pub(super) fn add_times(&self, lines: &[Line], times: &mut Vec<i64>) {
        let index = &self.gathered.index;
        let mut path = Vec::new();
        for line in lines {
            times.push(line.at);
            match line.what {
                What::Text(row) => {
                    chain::path(row, self.context, |row| index.parent(row), &mut path);
                    times.extend(path.iter().map(|row| index.time(*row)));
                }
                What::Post(row) | What::Quote(_, row) | What::Edit(row, _) => times.push(index.time(row)),
                What::Gone(at) => times.push(at),
            }
        }
    }

    /// Writes the lines of a cluster; returns how many chains lost their beginning.
    pub(super) fn write(
        &self,
        cluster: u32,
        lines: &[Line],
        out: &mut NewFile,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let mut n_cut = 0;
        for round in lines.chunks(ROUND_LINES) {
            let texts: Vec<(Vec<u8>, u64)> = round
                .par_chunks(CHUNK_LINES)
                .map(|lines| self.render(cluster, lines))
                .collect::<Result<_>>()?;
            for (text, n) in texts {
                out.add(&text)?;
                n_cut += n;
            }
            progress.advance(round.len() as u64);
            stop_if_asked(progress)?;
        }
        Ok(n_cut)
    }

    fn render(&self, cluster: u32, lines: &[Line]) -> Result<(Vec<u8>, u64)> {
        let index = &self.gathered.index;
        let (mut out, mut n_cut, mut path) = (Vec::new(), 0, Vec::new());
        for line in lines {
            let actor = |text, at| self.message(line.actor, text, at);
            let written = match line.what {
                What::Text(row) => {
                    let is_cut = chain::path(row, self.context, |row| index.parent(row), &mut path);
                    n_cut += u64::from(is_cut);
                    let texts = path.iter().map(|row| self.text(*row)).collect::<Result<Vec<_>>>()?;
                    let messages: Vec<Message<'_>> =
                        path.iter().zip(&texts).map(|(row, text)| self.post(*row, text)).collect();
                    blueprint::write(
                        self.style,
                        blueprint::Line::Chain(&messages, line.act),
                        cluster,
                        &mut out,
                    )
                }
                What::Post(row) => {
                    let text = self.text(row)?;
                    let pair = blueprint::Line::Pair(self.post(row, &text), line.act, actor("", line.at));
                    blueprint::write(self.style, pair, cluster, &mut out)
                }
                What::Quote(row, quoted) => {
                    let (context, text) = (self.text(quoted)?, self.text(row)?);
                    let pair =
                        blueprint::Line::Pair(self.post(quoted, &context), line.act, self.post(row, &text));
                    blueprint::write(self.style, pair, cluster, &mut out)
                }
                What::Edit(row, place) => {
                    let (before, next) = self.gathered.texts.read(place)?;
                    let (after, _) = self.gathered.texts.read(next)?;
                    let pair =
                        blueprint::Line::Pair(self.post(row, &before), line.act, actor(&after, line.at));
                    blueprint::write(self.style, pair, cluster, &mut out)
                }
                What::Gone(at) => {
                    let pair = blueprint::Line::Pair(actor("", at), line.act, actor("", line.at));
                    blueprint::write(self.style, pair, cluster, &mut out)
                }
            };
            written.map_err(|error| Error::Export { reason: error.to_string() })?;
        }
        Ok((out, n_cut))
    }

    fn text(&self, row: u32) -> Result<String> {
        Ok(self.gathered.texts.read(self.gathered.index.text(row))?.0)
    }

    fn post<'t>(&self, row: u32, text: &'t str) -> Message<'t> {
        let index = &self.gathered.index;
        self.message(index.author(row), text, index.time(row))
    }

    fn message<'t>(&self, author: u32, text: &'t str, at: i64) -> Message<'t> {
        let time = match &self.times {
            None => at,
            // From 1: BluePrint has used 0 for times that it lost.
            Some(times) => times.partition_point(|time| *time <= at) as i64,
        };
        Message { user: self.gathered.authors.name(author), text, time }
    }
}

/// A file of the export that is being written, with what the card says of it.
pub(super) struct NewFile {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    n_bytes: u64,
}

impl NewFile {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path).map_err(io("create", path))?;
        let file = BufWriter::with_capacity(256 << 10, file);
        Ok(Self { path: path.to_owned(), file, hasher: blake3::Hasher::new(), n_bytes: 0 })
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.n_bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(io("write", &self.path))
    }

    /// Flushes the file to the disk, and says what the card is to say of it.
    pub(super) fn finish(self, name: &str, files: &mut BTreeMap<String, FileCard>) -> Result<()> {
        let file = self.file.into_inner().map_err(|error| io("write", &self.path)(error.into_error()))?;
        file.sync_all().map_err(io("flush", &self.path))?;
        let blake3 = self.hasher.finalize().to_hex().to_string();
        files.insert(name.to_owned(), FileCard { bytes: self.n_bytes, blake3 });
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
