//! The map: batches of pieces to runs, on every thread.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use populi_ingest::archive::{ByteLimit, Content, Visit, walk, walk_sealed};
use populi_ingest::bluesky::Originals;
use populi_ingest::bluesky::repository::{is_export, read_export, read_export_file};
use populi_ingest::lines::{Block, Blocks};
use populi_ingest::{SourceFile, blueprint, bluesky, twitter};
use populi_model::{Key, Tally};
use populi_store::{Corpus, Forgotten, RunFile, Shard};

use super::batches::{Batch, Piece, Work, cut, open_export};
use super::blueprint as data_set;
use super::opened::Opened;
use super::passed_over::PassedOver;
use super::select::Selecting;
use super::sink::Runs;
use super::stoppable::{Stoppable, or_stopped};
use super::table::{self, Mappings};
use super::{IngestSummary, Limits, Prepared, ReadResult, Source};
use crate::progress::{Progress, stop_if_asked};
use crate::select::Selection;
use crate::{Error, Result};

/// Bytes of finished units after which the manifest is committed. An interruption costs at most these and the
/// units that are under way; a large file is one unit.
const COMMIT_BYTES: u64 = 256 << 20;

/// What became of a batch.
struct MappedBatch {
    unit: usize,
    number: usize,
    taken: Taken,
    runs: Vec<RunFile>,
    /// What was learned of the forgotten.
    learned: BTreeSet<Key>,
    ended: Vec<usize>,
    is_last: bool,
}

/// What was read of the files of a batch, by their numbers.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) tallies: BTreeMap<usize, Tally>,
    pub(super) passed_over: PassedOver,
    pub(super) mappings: Mappings,
}

/// A unit whose batches come in.
#[derive(Default)]
struct OpenUnit {
    batches: BTreeMap<usize, Taken>,
    n_in_unit: Option<usize>,
    runs: Vec<RunFile>,
    files: Vec<usize>,
}

/// Reads the inputs on one thread, maps batches on the others, and commits whole units.
pub(super) fn map(
    corpus: &mut Corpus,
    source: &Source,
    selection: &Selection,
    inputs: Vec<Prepared>,
    limits: Limits,
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
        limit: ByteLimit::new(limits.max_bytes),
        selection,
        progress,
    };
    std::thread::scope(|scope| {
        let send_failure = send_mapped.clone();
        let (inputs, mapper) = (&inputs, &mapper);
        scope.spawn(move || {
            // Where the user asked to stop, what is under way is finished and committed.
            let send = |batch| !progress.is_stopped() && send_batch.send(batch).is_ok();
            if let Err(error) = cut(inputs, source, &mapper.limit, progress, send) {
                // Nobody listens only where another error came first.
                let _ = send_failure.send(Err(error));
            }
        });
        for _ in 0..n_workers {
            let (batches, send_mapped) = (Arc::clone(&batches), send_mapped.clone());
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
    folder: PathBuf,
    n_buckets: u16,
    forgotten: Forgotten,
    originals: Originals,
    limit: ByteLimit,
    selection: &'a Selection,
    progress: &'a dyn Progress,
}

impl Mapper<'_> {
    fn work(&self, batches: &Mutex<Receiver<Batch>>, mapped: &SyncSender<Result<MappedBatch>>) {
        loop {
            let next = batches.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
            let Ok(batch) = next else { return };
            let outcome = self.map(batch);
            let has_failed = matches!(outcome, Err(ref error) if !matches!(error, Error::Stopped));
            if mapped.send(outcome).is_err() || has_failed {
                return;
            }
        }
    }

    fn map(&self, batch: Batch) -> Result<MappedBatch> {
        let first = batch.pieces.first().map_or(0, |piece| piece.file);
        let name = format!("{}-{}", &self.inputs[first].shard.spec[..16], batch.number);
        let n_bytes = batch.pieces.iter().map(Piece::n_line_bytes).sum();
        let runs = Runs::new(self.folder.clone(), name, self.n_buckets, &self.forgotten, n_bytes);
        let mut sink = Selecting::new(self.selection, runs);
        let mut taken = Taken { passed_over: batch.passed_over, ..Taken::default() };
        for piece in batch.pieces {
            let file = piece.file;
            self.read(piece, &mut taken, &mut sink).map_err(or_stopped)?;
            let tally = taken.tallies.entry(file).or_default();
            sink.count(tally);
            sink.sink.account(tally);
            sink.sink.check()?;
        }
        let (unit, number, ended, is_last) = (batch.unit, batch.number, batch.ended, batch.is_last);
        let (runs, learned) = sink.sink.finish()?;
        Ok(MappedBatch { unit, number, taken, runs, learned, ended, is_last })
    }

    /// Reads a block of lines.
    fn read_block(&self, block: &Block, file: &SourceFile<'_>, sink: &mut PieceSink<'_>, tally: &mut Tally) {
        match self.source {
            Source::Blueprint => blueprint::read_block(block, file, sink, tally),
            Source::Twitter { .. } => twitter::read_block(block, file, self.originals, sink, tally),
            _ => bluesky::read_block(block, file, self.originals, sink, tally),
        }
    }

    /// What is read, by a name that names nobody who is forgotten.
    fn source_file<'n>(&'n self, prepared: &Prepared, name: &'n str) -> SourceFile<'n> {
        SourceFile { key: prepared.shard.input().file_hash, name: self.forgotten.shown(name) }
    }

    fn read(&self, piece: Piece, taken: &mut Taken, sink: &mut PieceSink<'_>) -> Result<()> {
        let prepared = &self.inputs[piece.file];
        let mut visit = PieceVisit { mapper: self, file: piece.file, taken, sink };
        match (piece.work, self.source) {
            (Work::Lines(block), _) => {
                let tally = visit.taken.tallies.entry(piece.file).or_default();
                let source = self.source_file(prepared, &piece.name);
                self.read_block(&block, &source, visit.sink, tally);
                Ok(())
            }
            (Work::Member(resume, bytes), _) => {
                Ok(walk_sealed(bytes, &piece.name, resume, &self.limit, &mut visit)?)
            }
            // It was counted when it was unpacked.
            (Work::Document(first_offset, bytes), source) => {
                let tally = visit.taken.tallies.entry(piece.file).or_default();
                let file = self.source_file(prepared, &piece.name);
                let bytes = Stoppable::new(BufReader::new(bytes), self.progress);
                let (originals, sink) = (self.originals, visit.sink);
                match source {
                    Source::Twitter { owner } => {
                        twitter::read_content(bytes, first_offset, &file, originals, *owner, sink, tally)?;
                    }
                    _ => read_export(bytes, first_offset, &file, originals, sink, tally)?,
                }
                Ok(())
            }
            (Work::File, Source::Table(params)) if table::is_parquet_file(prepared.path())? => {
                let tally = visit.taken.tallies.entry(piece.file).or_default();
                let mapping = table::read_parquet_file(
                    prepared,
                    params,
                    &self.limit,
                    self.progress,
                    visit.sink,
                    tally,
                )?;
                visit.taken.mappings.add(piece.file, &piece.name, Ok(mapping));
                self.progress.advance(prepared.shard.input().n_bytes);
                Ok(())
            }
            (Work::File, source) => {
                if let (Source::Bluesky, Some(plain)) = (source, open_export(prepared.path())?) {
                    let tally = visit.taken.tallies.entry(piece.file).or_default();
                    let source = self.source_file(prepared, &piece.name);
                    self.limit.add(prepared.shard.input().n_bytes);
                    self.limit.check_in(source.name)?;
                    read_export_file(&plain, &source, self.originals, visit.sink, tally)?;
                    self.progress.advance(prepared.shard.input().n_bytes);
                    return Ok(());
                }
                let opened = Opened::new(prepared.path(), self.progress)?;
                Ok(walk(opened, &piece.name, &self.limit, &mut visit)?)
            }
        }
    }
}

/// Where records go: past what a selection leaves out, to runs.
type PieceSink<'f> = Selecting<'f, Runs<'f>>;

/// Reads the contents of one piece.
struct PieceVisit<'a, 'f> {
    mapper: &'a Mapper<'a>,
    file: usize,
    taken: &'a mut Taken,
    sink: &'a mut PieceSink<'f>,
}

impl Visit for PieceVisit<'_, '_> {
    fn content(&mut self, content: &mut Content<'_>) -> ReadResult<()> {
        let source = self.mapper.source_file(&self.mapper.inputs[self.file], content.name);
        let tally = self.taken.tallies.entry(self.file).or_default();
        match self.mapper.source {
            Source::Bluesky if is_export(content.head()) => {
                let (first_offset, originals) = (content.first_offset, self.mapper.originals);
                let content = Stoppable::new(content, self.mapper.progress);
                read_export(content, first_offset, &source, originals, self.sink, tally)?;
            }
            Source::Twitter { owner } if twitter::is_document(content.head()) => {
                let (first_offset, originals) = (content.first_offset, self.mapper.originals);
                let content = Stoppable::new(content, self.mapper.progress);
                twitter::read_content(content, first_offset, &source, originals, *owner, self.sink, tally)?;
            }
            Source::Blueprint if data_set::passes_over(content) => self.passed_over(data_set::OTHER_MEMBERS),
            Source::Bluesky | Source::Blueprint | Source::Twitter { .. } => {
                let first_offset = content.first_offset;
                let content = Stoppable::new(content, self.mapper.progress);
                for block in Blocks::new(content, source.name).starting_at(first_offset) {
                    self.mapper.read_block(&block?, &source, self.sink, tally);
                }
            }
            Source::Table(params) => {
                if let Some(mapping) =
                    table::read_content(content, params, &source, self.mapper.progress, self.sink, tally)?
                {
                    self.taken.mappings.add(self.file, source.name, mapping);
                }
            }
        }
        Ok(())
    }

    fn passed_over(&mut self, what: &'static str) {
        self.taken.passed_over.add(self.file, what, 1);
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
    let mut mappings: BTreeMap<usize, Mappings> = BTreeMap::new();
    let mut n_bytes = 0;
    for batch in mapped {
        let batch: MappedBatch = match batch {
            // Its unit does not end. Others do, and are kept.
            Err(Error::Stopped) => continue,
            batch => batch?,
        };
        let unit = open.entry(batch.unit).or_default();
        if batch.is_last {
            unit.n_in_unit = Some(batch.number + 1);
        }
        unit.batches.insert(batch.number, batch.taken);
        corpus.remember(batch.learned);
        unit.runs.extend(batch.runs);
        unit.files.extend(batch.ended);
        if unit.n_in_unit != Some(unit.batches.len()) {
            continue;
        }
        let Some(mut unit) = open.remove(&batch.unit) else {
            continue;
        };
        let mut taken = Taken::default();
        unit.batches.into_values().for_each(|batch| taken.add_all(batch));
        for file in unit.files {
            if let Some(error) = taken.mappings.misfit(file) {
                return Err(Error::from(error));
            }
            let tally = taken.tallies.remove(&file).unwrap_or_default();
            summary.tally.add(&tally);
            n_bytes += inputs[file].shard.input().n_bytes;
            shards.push((inputs[file].shard.clone(), tally));
        }
        for (file, what, n) in taken.passed_over.iter() {
            summary.passed_over.push((inputs[file].input.name.clone(), what, n));
        }
        mappings.insert(batch.unit, taken.mappings);
        runs.append(&mut unit.runs);
        if n_bytes >= COMMIT_BYTES {
            corpus.commit_shards(std::mem::take(&mut shards), std::mem::take(&mut runs))?;
            n_bytes = 0;
        }
    }
    summary.passed_over.sort();
    summary.mappings = mappings.into_values().flat_map(Mappings::into_notes).collect();
    if shards.is_empty() { Ok(()) } else { corpus.commit_shards(shards, runs).map_err(Error::from) }
}

impl Taken {
    /// Adds what was read of the batch after this one.
    fn add_all(&mut self, next: Self) {
        for (file, tally) in next.tallies {
            self.tallies.entry(file).or_default().add(&tally);
        }
        self.passed_over.add_all(next.passed_over);
        self.mappings.add_all(next.mappings);
    }
}
