//! What makes a later step's output what it is, and the tables that it publishes.

use std::collections::BTreeMap;

use populi_model::TableDigest;
use populi_model::table::Row;

use crate::manifest::{Manifest, PartEntry, StepEntry};
use crate::part::PartWriter;
use crate::snapshot::Snapshot;

/// Which step runs, with which parameters, on which tables.
#[derive(Clone, Debug)]
pub struct StepSpec {
    /// The step's name, such as `threads`.
    pub step: &'static str,
    /// An integer raised by hand when the step's output changes.
    pub step_version: u32,
    /// Everything that the output depends on beside the inputs.
    pub parameters: serde_json::Value,
    /// The tables that the step reads; absent ones count as empty.
    pub inputs: Vec<String>,
}

impl StepSpec {
    /// The hash of step, version, parameters and the inputs as they are in `manifest`.
    #[must_use]
    pub fn fingerprint(&self, manifest: &Manifest) -> String {
        fingerprint(self.step, self.step_version, &self.parameters, &self.digests(manifest))
    }

    /// Whether the corpus holds this step's output already.
    #[must_use]
    pub fn is_done(&self, manifest: &Manifest) -> bool {
        manifest.steps.get(self.step).is_some_and(|done| done.spec == self.fingerprint(manifest))
    }

    /// What the manifest will say of the step.
    pub(crate) fn entry(
        &self,
        manifest: &Manifest,
        outputs: Vec<String>,
        summary: serde_json::Value,
    ) -> StepEntry {
        StepEntry {
            spec: self.fingerprint(manifest),
            step_version: self.step_version,
            parameters: self.parameters.clone(),
            inputs: self.digests(manifest),
            outputs,
            summary,
        }
    }

    fn digests(&self, manifest: &Manifest) -> BTreeMap<String, TableDigest> {
        let digest =
            |table: &String| manifest.tables.get(table).map(|entry| entry.digest()).unwrap_or_default();
        self.inputs.iter().map(|table| (table.clone(), digest(table))).collect()
    }
}

/// The hash that names a piece of work: equal hashes promise equal output.
pub(crate) fn fingerprint(
    step: &str,
    step_version: u32,
    parameters: &serde_json::Value,
    inputs: &impl serde::Serialize,
) -> String {
    // serde_json keeps the keys of objects sorted, so equal parameters give equal text.
    let text = serde_json::json!({
        "step": step,
        "step_version": step_version,
        "parameters": parameters,
        "inputs": inputs,
    });
    blake3::hash(text.to_string().as_bytes()).to_hex().to_string()
}

/// Gathers the tables that one step makes.
pub struct StepOutput<'a> {
    snapshot: &'a Snapshot,
    parts: BTreeMap<String, PartEntry>,
}

impl<'a> StepOutput<'a> {
    /// Begins the output of a step over `snapshot`.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, parts: BTreeMap::new() }
    }

    /// Writes a whole table named after its row type; an empty one too, so that its absence means that the step did
    /// not run.
    ///
    /// # Errors
    /// When the disk refuses, or when `rows` fails.
    pub fn write<R: Row, E: From<crate::Error>>(
        &mut self,
        rows: impl IntoIterator<Item = std::result::Result<R, E>>,
    ) -> std::result::Result<(), E> {
        self.write_as(R::TABLE, rows)
    }

    /// Writes a whole table under another name, such as `vectors/lexical`.
    ///
    /// # Errors
    /// When the disk refuses, or when `rows` fails.
    pub fn write_as<R: Row, E: From<crate::Error>>(
        &mut self,
        table: &str,
        rows: impl IntoIterator<Item = std::result::Result<R, E>>,
    ) -> std::result::Result<(), E> {
        let mut part = PartWriter::create::<R>(self.snapshot.folder(), table, None, "step")?;
        for row in rows {
            part.push(&row?)?;
        }
        self.parts.insert(table.to_owned(), part.publish()?);
        Ok(())
    }

    /// Takes a table over as it stands, where an earlier run of the step made it and it holds still.
    pub fn keep(&mut self, table: &str) {
        let parts = self.snapshot.tables().get(table).map(|entry| entry.parts.as_slice()).unwrap_or_default();
        self.parts.extend(parts.first().map(|part| (table.to_owned(), part.clone())));
    }

    pub(crate) fn into_parts(self) -> BTreeMap<String, PartEntry> {
        self.parts
    }
}
