//! The acts that will be lines, by cluster, put aside until all are known.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use populi_dataset::blueprint::Act;

use crate::Result;
use crate::error::io;

/// Bytes of a line that is put aside.
const LINE_BYTES: usize = 25;
/// Bytes of a cluster that are gathered before they are written.
const BUFFER_BYTES: usize = LINE_BYTES * 4096;

/// What a line will tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) act: Act,
    /// The number of who did it.
    pub(super) actor: u32,
    /// When.
    pub(super) at: i64,
    pub(super) what: What,
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A post of the actor, at the end of its path.
    Text(u32),
    /// A post that was there.
    Post(u32),
    /// A post of the actor, and the post that it quotes.
    Quote(u32, u32),
    /// A post of the actor, and where the texts before and after the edit are.
    Edit(u32, u64),
    /// A post of the actor that is gone, by when it was written.
    Gone(i64),
}

/// Lines by cluster, in one file.
pub(super) struct LineSpool {
    path: PathBuf,
    file: File,
    n_written: u64,
    buffers: Vec<Vec<u8>>,
    /// Where each cluster's lines are: offset and bytes.
    stretches: Vec<Vec<(u64, usize)>>,
}

impl LineSpool {
    pub(super) fn create(path: &Path, n_clusters: usize) -> Result<Self> {
        let options = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = options.map_err(io("create", path))?;
        let (buffers, stretches) = (vec![Vec::new(); n_clusters], vec![Vec::new(); n_clusters]);
        Ok(Self { path: path.to_owned(), file, n_written: 0, buffers, stretches })
    }

    pub(super) fn push(&mut self, cluster: u32, line: &Line) -> Result<()> {
        let cluster = cluster as usize;
        self.buffers[cluster].extend_from_slice(&line.to_bytes());
        if self.buffers[cluster].len() >= BUFFER_BYTES { self.flush(cluster) } else { Ok(()) }
    }

    /// All lines of a cluster, in the order in which they were pushed.
    pub(super) fn lines(&mut self, cluster: u32) -> Result<Vec<Line>> {
        let cluster = cluster as usize;
        self.flush(cluster)?;
        let n_bytes = self.stretches[cluster].iter().map(|(_, n_bytes)| n_bytes).sum::<usize>();
        let mut lines = Vec::with_capacity(n_bytes / LINE_BYTES);
        let mut bytes = Vec::new();
        for (offset, n_bytes) in &self.stretches[cluster] {
            bytes.resize(*n_bytes, 0);
            self.file.read_exact_at(&mut bytes, *offset).map_err(io("read", &self.path))?;
            lines.extend(bytes.as_chunks::<LINE_BYTES>().0.iter().filter_map(Line::from_bytes));
        }
        Ok(lines)
    }

    fn flush(&mut self, cluster: usize) -> Result<()> {
        let buffer = &mut self.buffers[cluster];
        if buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all_at(buffer, self.n_written).map_err(io("write", &self.path))?;
        self.stretches[cluster].push((self.n_written, buffer.len()));
        self.n_written += buffer.len() as u64;
        buffer.clear();
        Ok(())
    }
}

impl Line {
    /// Act and form (u8), actor (u32), time (i64), then what the form needs in 12 bytes; little-endian.
    fn to_bytes(self) -> [u8; LINE_BYTES] {
        let (form, row, place) = match self.what {
            What::Text(row) => (0, row, 0),
            What::Post(row) => (1, row, 0),
            What::Quote(row, quoted) => (2, row, u64::from(quoted)),
            What::Edit(row, texts) => (3, row, texts),
            What::Gone(at) => (4, 0, at as u64),
        };
        let act = Act::ALL.iter().position(|act| *act == self.act).unwrap_or_default();
        let mut bytes = [0; LINE_BYTES];
        bytes[0] = (act as u8) << 3 | form;
        bytes[1..5].copy_from_slice(&self.actor.to_le_bytes());
        bytes[5..13].copy_from_slice(&self.at.to_le_bytes());
        bytes[13..17].copy_from_slice(&row.to_le_bytes());
        bytes[17..25].copy_from_slice(&place.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; LINE_BYTES]) -> Option<Self> {
        let number = |from: usize, n: usize| {
            bytes[from..from + n].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        // Each is as wide as the field that it is read into.
        let (row, place) = (number(13, 4) as u32, number(17, 8));
        let what = match bytes[0] & 7 {
            0 => What::Text(row),
            1 => What::Post(row),
            2 => What::Quote(row, place as u32),
            3 => What::Edit(row, place),
            _ => What::Gone(place as i64),
        };
        let act = *Act::ALL.get(usize::from(bytes[0] >> 3))?;
        Some(Self { act, actor: number(1, 4) as u32, at: number(5, 8) as i64, what })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_by_cluster_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = LineSpool::create(&folder.path().join("lines"), 3).unwrap();
        let whats = [
            What::Text(u32::MAX - 2),
            What::Post(7),
            What::Quote(1, u32::MAX),
            What::Edit(3, u64::MAX),
            What::Gone(i64::MIN),
        ];
        // Enough that a cluster is written in several stretches.
        let line = |i: usize| Line {
            act: Act::ALL[i % 13],
            actor: u32::MAX - i as u32,
            at: i as i64 - 5000,
            what: whats[i % whats.len()],
        };
        for i in 0..10_000 {
            spool.push((i % 2) as u32, &line(i)).unwrap();
        }
        for cluster in 0..2 {
            let expected: Vec<Line> = (cluster..10_000).step_by(2).map(line).collect();
            assert!(spool.lines(cluster as u32).unwrap() == expected, "cluster {cluster}");
        }
        assert!(spool.lines(2).unwrap().is_empty());
    }
}
