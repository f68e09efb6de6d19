//! One run of a verb: its files checked, its parts timed, its outcome told.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::npy::{Facts, Vectors};
use super::outputs;
use super::stages::{StageTime, Stages};
use crate::Result;
use crate::export::Existing;
use crate::progress::{Progress, Unit};

/// What was done, with what, and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary<Q> {
    /// What was asked for: `knn`, `pca`, …
    pub verb: &'static str,
    /// The vectors.
    pub input: PathBuf,
    /// What is in it.
    #[serde(flatten)]
    pub vectors: Facts,
    /// The method that was used.
    pub method: &'static str,
    /// Every parameter as it was asked for; `quality` says what was used where that is less.
    pub parameters: Value,
    /// What was found, and how good it is.
    pub quality: Q,
    /// What was written.
    pub outputs: Vec<PathBuf>,
    /// Decides what is drawn.
    pub seed: u64,
    /// Threads that worked.
    pub threads: usize,
    /// The instructions of this CPU that were used: `avx512`, `avx2` or `scalar`.
    pub simd: &'static str,
    /// How long it took.
    pub timings: Timings,
}

/// Wall time of the parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timings {
    /// Opening the inputs, converting them where that is needed, and looking at every value.
    pub read_s: f64,
    /// The computation.
    pub compute_s: f64,
    /// Writing the results and flushing them to the disk.
    pub write_s: f64,
    /// The stages of the computation, in their order.
    pub stages: Vec<StageTime>,
}

/// A run that is under way.
pub(super) struct Job<'a> {
    verb: &'static str,
    input: PathBuf,
    outputs: Vec<PathBuf>,
    progress: &'a dyn Progress,
    timings: Timings,
}

impl<'a> Job<'a> {
    /// Begins a run that reads `inputs`, of which the first holds the vectors, and writes `outputs`.
    pub(super) fn begin(
        verb: &'static str,
        inputs: &[&Path],
        outputs: &[&Path],
        existing: Existing,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        outputs::check(inputs, outputs, existing)?;
        Ok(Self {
            verb,
            input: inputs.first().map_or_else(PathBuf::new, |path| (*path).to_owned()),
            outputs: outputs.iter().map(|path| (*path).to_owned()).collect(),
            progress,
            timings: Timings::default(),
        })
    }

    /// Reads the vectors.
    pub(super) fn vectors(&mut self) -> Result<Vectors> {
        let path = self.input.clone();
        self.read(|| Vectors::open(&path))
    }

    /// Reads something.
    pub(super) fn read<T>(&mut self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        let (read, seconds) = self.part("read", read)?;
        self.timings.read_s += seconds;
        Ok(read)
    }

    /// Computes something in stages.
    pub(super) fn compute<T>(
        &mut self,
        compute: impl FnOnce(&dyn populi_geometry::Progress) -> Result<T>,
    ) -> Result<T> {
        let stages = Stages::new(self.progress);
        let since = Instant::now();
        let found = compute(&stages);
        self.timings.compute_s += since.elapsed().as_secs_f64();
        self.timings.stages.extend(stages.finish());
        found
    }

    /// Writes results. The main one comes last: where it is new, those beside it are.
    pub(super) fn write(&mut self, write: impl FnOnce() -> Result<()>) -> Result<()> {
        let ((), seconds) = self.part("write", write)?;
        self.timings.write_s += seconds;
        Ok(())
    }

    /// Ends the run.
    pub(super) fn finish<Q>(
        self,
        vectors: Facts,
        method: &'static str,
        seed: u64,
        parameters: Value,
        quality: Q,
    ) -> Summary<Q> {
        Summary {
            verb: self.verb,
            input: self.input,
            vectors,
            method,
            parameters,
            quality,
            outputs: self.outputs,
            seed,
            threads: rayon::current_num_threads(),
            simd: populi_simd::Level::best().name(),
            timings: self.timings,
        }
    }

    fn part<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
        self.progress.begin(name, None, Unit::Steps);
        let since = Instant::now();
        let done = work();
        self.progress.end();
        Ok((done?, since.elapsed().as_secs_f64()))
    }
}
