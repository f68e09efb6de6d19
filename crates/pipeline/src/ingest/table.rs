//! The map of tables: files to runs, a file a thread.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use populi_ingest::archive::Decoded;
use populi_ingest::discover::Place;
use populi_ingest::table::{ColumnRef, Header, Mapping, Rows, TableParams, is_parquet, open};
use populi_ingest::{Sink, SourceFile};
use populi_model::{Key, Origin, Quarantined, Reason, Tally};
use populi_store::{Corpus, ForeignParquet, Forgotten, RunFile};
use rayon::prelude::*;

use super::select::Selecting;
use super::sink::SplitRuns;
use super::{IngestSummary, Prepared};
use crate::error::io;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Selection;
use crate::{Error, Result};

/// Files that are read at the same time before the manifest is committed.
const FILES_PER_COMMIT: usize = 64;
/// Rows that the columns of a Parquet file are guessed from.
const SAMPLE_ROWS: usize = 256;

/// Everything that decides the events of a table beside its bytes.
pub(super) fn parameters(params: &TableParams) -> serde_json::Value {
    let column = |column: &Option<ColumnRef>| column.as_ref().map(ToString::to_string);
    serde_json::json!({
        "text": column(&params.text),
        "id": column(&params.id),
        "author": column(&params.author),
        "time": column(&params.time),
        "reply_to": column(&params.reply_to),
        "lang": column(&params.lang),
        "label": column(&params.label),
        "header": match params.header {
            Header::Guess => "guess",
            Header::Present => "present",
            Header::Absent => "absent",
        },
        "time_format": params.time_format,
        "time_zone": params.time_zone,
        "delimiter": params.delimiter,
    })
}

/// A file that was read.
struct MappedFile {
    mapping: Mapping,
    tally: Tally,
    runs: Vec<RunFile>,
    /// What was learned of the forgotten.
    learned: BTreeSet<Key>,
}

pub(super) fn map(
    corpus: &mut Corpus,
    params: &TableParams,
    selection: &Selection,
    inputs: Vec<Prepared>,
    progress: &dyn Progress,
    summary: &mut IngestSummary,
) -> Result<()> {
    for inputs in inputs.chunks(FILES_PER_COMMIT) {
        stop_if_asked(progress)?;
        let (folder, n_buckets) = (corpus.folder().to_owned(), corpus.manifest().n_buckets);
        let forgotten = corpus.manifest().forgotten.clone();
        let mapped: Vec<MappedFile> = inputs
            .par_iter()
            .map(|prepared| {
                let mapped = map_file(&folder, n_buckets, &forgotten, params, selection, prepared);
                progress.advance(prepared.shard.input().n_bytes);
                mapped
            })
            .collect::<Result<_>>()?;
        let (mut shards, mut runs) = (Vec::new(), Vec::new());
        for (prepared, mut file) in inputs.iter().zip(mapped) {
            summary.tally.add(&file.tally);
            summary.mappings.push((prepared.input.name.clone(), file.mapping));
            runs.append(&mut file.runs);
            corpus.remember(file.learned);
            shards.push((prepared.shard.clone(), file.tally));
        }
        corpus.commit_shards(shards, runs)?;
    }
    Ok(())
}

fn map_file(
    folder: &Path,
    n_buckets: u16,
    forgotten: &Forgotten,
    params: &TableParams,
    selection: &Selection,
    prepared: &Prepared,
) -> Result<MappedFile> {
    let runs = SplitRuns::new(folder, prepared.shard.spec[..16].to_owned(), n_buckets, forgotten, 0);
    let mut sink = Selecting::new(selection, runs);
    let input = prepared.shard.input();
    let file = SourceFile { key: input.file_hash, name: &input.name };
    let mut tally = Tally::default();
    let mapping = match parquet_path(prepared)? {
        Some(path) => match read_parquet(&path, params, &file, &mut sink, &mut tally) {
            Err(Error::Store(error)) => {
                quarantine_rest(&error, &file, &mut sink, &mut tally);
                no_mapping()
            }
            outcome => outcome?,
        },
        None => {
            let reader = open(Decoded::new(prepared.input.open()?), &input.name, params)?;
            let mapping = reader.mapping().clone();
            reader.read_all(&file, &mut sink, &mut tally)?;
            mapping
        }
    };
    sink.count(&mut tally);
    sink.sink.account(&mut tally);
    let (runs, learned) = sink.sink.finish()?;
    Ok(MappedFile { mapping, tally, runs, learned })
}

/// The path of the input, if it is a Parquet file.
fn parquet_path(prepared: &Prepared) -> Result<Option<PathBuf>> {
    let Place::File(path) = &prepared.input.place else {
        return Ok(None);
    };
    let mut head = Vec::new();
    let file = File::open(path).map_err(io("open", path))?;
    file.take(4).read_to_end(&mut head).map_err(io("read", path))?;
    Ok(is_parquet(&head).then(|| path.clone()))
}

fn read_parquet(
    path: &Path,
    params: &TableParams,
    file: &SourceFile<'_>,
    sink: &mut impl Sink,
    tally: &mut Tally,
) -> Result<Mapping> {
    let parquet = ForeignParquet::open(path)?;
    let columns = parquet.columns().to_vec();
    let mut sample: Vec<Vec<Option<Cow<'_, str>>>> = Vec::new();
    for row in parquet.first_rows(SAMPLE_ROWS)? {
        sample.push(row.into_iter().map(|cell| cell.map(Cow::Owned)).collect());
    }
    let mut rows = Rows::open(&columns, &sample, params, file.name)?;
    ForeignParquet::open(path)?.read(|row| {
        let cells: Vec<Option<Cow<'_, str>>> =
            row.iter().map(|cell| cell.as_deref().map(Cow::Borrowed)).collect();
        rows.push(&cells, file, sink, tally);
        Ok::<(), Error>(())
    })?;
    Ok(rows.mapping().clone())
}

/// What is left of a damaged Parquet file is one record that is put aside, as with every container.
fn quarantine_rest(
    error: &populi_store::Error,
    file: &SourceFile<'_>,
    sink: &mut impl Sink,
    tally: &mut Tally,
) {
    let offset = tally.records;
    tally.records += 1;
    tally.quarantine(Reason::DamagedContainer);
    sink.quarantined(&Quarantined {
        origin: Origin { file: file.key, offset },
        file_name: file.name,
        line: offset + 1,
        reason: Reason::DamagedContainer,
        detail: &error.to_string(),
        head: b"PAR1",
    });
}

/// Of a file that could not be read.
fn no_mapping() -> Mapping {
    Mapping {
        columns: Vec::new(),
        choices: BTreeMap::new(),
        notes: vec!["it is damaged; see the table quarantine".to_owned()],
    }
}
