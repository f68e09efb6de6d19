//! The events of one bucket from many runs, record by record.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::path::Path;

use populi_model::Key;

use crate::error::Result;
use crate::run::{Entry, RunFile, RunReader, Section};

/// Merges the entries of one bucket of all runs in their order.
pub(crate) struct RunMerge {
    runs: Vec<RunReader>,
    /// The place of each run's next entry, its key as a number; the run's number makes equal places a defined order.
    heap: BinaryHeap<Reverse<(Section, u128, usize)>>,
}

/// The entries of one record.
#[derive(Default)]
pub(crate) struct Group {
    bytes: Vec<u8>,
    entries: Vec<GroupEntry>,
}

/// An entry in the bytes of a group, and where it came from.
struct GroupEntry {
    range: Range<usize>,
    run: usize,
    offset: u64,
}

impl RunMerge {
    pub(crate) fn open(corpus: &Path, runs: &[RunFile], bucket: u16, n_buckets: u16) -> Result<Self> {
        let mut merge = Self { runs: Vec::new(), heap: BinaryHeap::new() };
        for run in runs {
            if let Some(reader) = RunReader::open(corpus, run, bucket, n_buckets, runs.len())? {
                merge.runs.push(reader);
                merge.enqueue(merge.runs.len() - 1)?;
            }
        }
        Ok(merge)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Where the next record lies.
    pub(crate) fn next_place(&self) -> Result<Option<(Section, Key)>> {
        Ok(self.heap.peek().map(|Reverse((section, key, _))| (*section, Key::from_u128(*key))))
    }

    /// Moves every entry of a record into `group`, which may come out empty.
    pub(crate) fn take(&mut self, section: Section, key: Key, group: &mut Group) -> Result<()> {
        group.bytes.clear();
        group.entries.clear();
        while let Some(&Reverse((next_section, next_key, run))) = self.heap.peek() {
            if (next_section, next_key) != (section, key.to_u128()) {
                break;
            }
            self.heap.pop();
            let reader = &mut self.runs[run];
            loop {
                let offset = reader.offset();
                let Some(entry) = reader.peek()? else { break };
                if (entry.section, entry.key) != (section, key) {
                    break;
                }
                let start = group.bytes.len();
                group.bytes.extend_from_slice(entry.bytes);
                group.entries.push(GroupEntry { range: start..group.bytes.len(), run, offset });
                reader.advance();
            }
            self.enqueue(run)?;
        }
        Ok(())
    }

    fn enqueue(&mut self, run: usize) -> Result<()> {
        if let Some(entry) = self.runs[run].peek()? {
            self.heap.push(Reverse((entry.section, entry.key.to_u128(), run)));
        }
        Ok(())
    }
}

impl Group {
    /// The entries, borrowing their texts.
    pub(crate) fn decode(&self, merge: &RunMerge) -> Result<Vec<Entry<'_>>> {
        self.entries.iter().map(|entry| self.decode_entry(merge, entry)).collect()
    }

    /// The entry, where there is just one.
    pub(crate) fn decode_only(&self, merge: &RunMerge) -> Result<Option<Entry<'_>>> {
        match self.entries.as_slice() {
            [entry] => self.decode_entry(merge, entry).map(Some),
            _ => Ok(None),
        }
    }

    fn decode_entry(&self, merge: &RunMerge, entry: &GroupEntry) -> Result<Entry<'_>> {
        postcard::from_bytes(&self.bytes[entry.range.clone()])
            .map_err(|error| merge.runs[entry.run].damaged_at(entry.offset, &error.to_string()))
    }
}
