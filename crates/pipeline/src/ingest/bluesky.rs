//! The map of files of lines, Jetstream and threads, and of exports of Bluesky's repositories: to runs, on every thread.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use populi_ingest::archive::Decoded;
use populi_ingest::bluesky::Originals;
use populi_ingest::bluesky::repository::{HEAD_BYTES, is_export, read_export, read_export_file};
use populi_ingest::discover::Place;
use populi_ingest::{Sink, SourceFile, blueprint, bluesky};
use populi_model::{Key, Tally};
use populi_store::{Corpus, Forgotten, RunFile, Shard};

use super::batches::{Batch, cut};
use super::select::Selecting;
use super::sink::SplitRuns;
use super::{IngestSummary, Prepared, Source};
use crate::error::io;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Selection;
use crate::{Error, Result};

/// Bytes of finished units after which the manifest is committed. An interruption costs at most these and the units that
/// are under way; a large file is one unit.
const COMMIT_BYTES: u64 = 256 << 20;

/// What became of a batch.
struct MappedBatch {
    unit: usize,
    runs: Vec<RunFile>,
    tallies: BTreeMap<usize, Tally>,
    /// What was learned of the forgotten.
    learned: BTreeSet<Key>,
    ended: Vec<usize>,
    /// The number of batches of the unit, where this was the last.
    n_in_unit: Option<usize>,
}

/// A unit whose batches come in.
#[derive(Default)]
struct OpenUnit {
    n_done: usize,
    n_in_unit: Option<usize>,
    runs: Vec<RunFile>,
    tallies: BTreeMap<usize, Tally>,
    files: Vec<usize>,
}

/// Reads the inputs on one thread, maps batches on the others, and commits whole units.
pub(super) fn map(
    corpus: &mut Corpus,
    source: &Source,
    selection: &Selection,
    inputs: Vec<Prepared>,
    progress: &dyn Progress,
    summary: &mut IngestSummary,
) -> Result<()> {
    let n_workers = rayon::current_num_threads();
    let (send_batch, batches) = sync_channel::<Batch>(1);
    let batches = Arc::new(Mutex::new(batches));
    let (send_mapped, mapped) = sync_channel::<Result<MappedBatch>>(n_workers);
    let mapper = Mapper {
        source,
        inputs: &inputs,
        folder: corpus.folder().to_owned(),
        n_buckets: corpus.manifest().n_buckets,
        forgotten: corpus.manifest().forgotten.clone(),
        originals: if corpus.manifest().keeps_originals { Originals::Keep } else { Originals::Drop },
        selection,
        progress,
    };
    std::thread::scope(|scope| {
        let send_failure = send_mapped.clone();
        let inputs = &inputs;
        scope.spawn(move || {
            // Where the user asked to stop, what is under way is finished and committed.
            if let Err(error) = cut(inputs, |batch| !progress.is_stopped() && send_batch.send(batch).is_ok())
            {
                // Nobody listens only where another error came first.
                let _ = send_failure.send(Err(error));
            }
        });
        for _ in 0..n_workers {
            let (batches, send_mapped, mapper) = (Arc::clone(&batches), send_mapped.clone(), &mapper);
            scope.spawn(move || mapper.work(&batches, &send_mapped));
        }
        // With the last worker the receiver goes too, and whoever still cuts batches is told to stop.
        drop(batches);
        drop(send_mapped);
        let outcome = collect(corpus, &mapped, inputs, summary);
        // Ends the threads that still want to send.
        drop(mapped);
        outcome.and_then(|()| stop_if_asked(progress))
    })
}

struct Mapper<'a> {
    source: &'a Source,
    inputs: &'a [Prepared],
    folder: std::path::PathBuf,
    n_buckets: u16,
    forgotten: Forgotten,
    originals: Originals,
    selection: &'a Selection,
    progress: &'a dyn Progress,
}

impl Mapper<'_> {
    fn work(&self, batches: &Mutex<Receiver<Batch>>, mapped: &SyncSender<Result<MappedBatch>>) {
        loop {
            let next = batches.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
            let Ok(batch) = next else { return };
            if mapped.send(self.map(batch)).is_err() {
                return;
            }
        }
    }

    fn map(&self, batch: Batch) -> Result<MappedBatch> {
        let first =
            batch.blocks.first().map(|(file, _)| file).or(batch.exports.first()).copied().unwrap_or(0);
        let name = format!("{}-{}", &self.inputs[first].shard.spec[..16], batch.number);
        let n_bytes = batch.blocks.iter().map(|(_, block)| block.bytes.len()).sum();
        let runs = SplitRuns::new(&self.folder, name, self.n_buckets, &self.forgotten, n_bytes);
        let mut sink = Selecting::new(self.selection, runs);
        let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
        for (file, block) in &batch.blocks {
            let input = self.inputs[*file].shard.input();
            let file_of_block = SourceFile { key: input.file_hash, name: &input.name };
            let tally = tallies.entry(*file).or_default();
            match self.source {
                Source::Blueprint => blueprint::read_block(block, &file_of_block, &mut sink, tally),
                _ => bluesky::read_block(block, &file_of_block, self.originals, &mut sink, tally),
            }
            sink.count(tally);
            sink.sink.account(tally);
        }
        for &file in &batch.exports {
            let tally = tallies.entry(file).or_default();
            self.map_export(file, &mut sink, tally)?;
            sink.count(tally);
            sink.sink.account(tally);
        }
        let (runs, learned) = sink.sink.finish()?;
        self.progress.advance(batch.n_bytes_on_disk);
        Ok(MappedBatch {
            unit: batch.unit,
            runs,
            tallies,
            learned,
            ended: batch.ended,
            n_in_unit: batch.is_last.then_some(batch.number + 1),
        })
    }
}

impl Mapper<'_> {
    /// Reads an export of a repository: where it lies, if it is not packed.
    fn map_export(&self, file: usize, sink: &mut impl Sink, tally: &mut Tally) -> Result<()> {
        let Prepared { input, shard } = &self.inputs[file];
        let source = SourceFile { key: shard.input().file_hash, name: &shard.input().name };
        if let Place::File(path) = &input.place {
            let (mut plain, mut head) = (File::open(path).map_err(io("open", path))?, Vec::new());
            (&mut plain).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(io("read", path))?;
            if is_export(&head) {
                plain.rewind().map_err(io("read", path))?;
                return Ok(read_export_file(&plain, &source, self.originals, sink, tally)?);
            }
        }
        let content = Decoded::new(input.open()?);
        Ok(read_export(content, 0, &source, self.originals, sink, tally)?)
    }
}

/// Puts units together and commits them.
fn collect(
    corpus: &mut Corpus,
    mapped: &Receiver<Result<MappedBatch>>,
    inputs: &[Prepared],
    summary: &mut IngestSummary,
) -> Result<()> {
    let mut open: BTreeMap<usize, OpenUnit> = BTreeMap::new();
    let mut shards: Vec<(Shard, Tally)> = Vec::new();
    let mut runs: Vec<RunFile> = Vec::new();
    let mut n_bytes = 0;
    for batch in mapped {
        let batch: MappedBatch = batch?;
        let unit = open.entry(batch.unit).or_default();
        unit.n_done += 1;
        unit.n_in_unit = unit.n_in_unit.or(batch.n_in_unit);
        unit.runs.extend(batch.runs);
        unit.files.extend(batch.ended);
        corpus.remember(batch.learned);
        for (file, tally) in batch.tallies {
            unit.tallies.entry(file).or_default().add(&tally);
        }
        if unit.n_in_unit != Some(unit.n_done) {
            continue;
        }
        let Some(mut unit) = open.remove(&batch.unit) else {
            continue;
        };
        for file in unit.files {
            let tally = unit.tallies.remove(&file).unwrap_or_default();
            summary.tally.add(&tally);
            n_bytes += inputs[file].shard.input().n_bytes;
            shards.push((inputs[file].shard.clone(), tally));
        }
        runs.append(&mut unit.runs);
        if n_bytes >= COMMIT_BYTES {
            corpus.commit_shards(std::mem::take(&mut shards), std::mem::take(&mut runs))?;
            n_bytes = 0;
        }
    }
    if shards.is_empty() { Ok(()) } else { corpus.commit_shards(shards, runs).map_err(Error::from) }
}
