//! Which tables there are: those of the corpus, and the empty ones that no step has made yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use populi_model::table::{
    AccountRow, ActionRow, AttributeRow, CleaningRow, ClusterRow, ConversationRow, EdgeRow, FeatureRow,
    InstructionRow, LabelRow, LanguageRow, MapRow, MediaRow, OriginalRow, PersonaRow, PostRow, QuarantineRow,
    Row, SourceRow, ThreadShapeRow, TombstoneRow, UnavailableRow, VectorRow, is_since_format_3,
};
use populi_store::{Snapshot, TableEntry};

use crate::error::{Error, Result};
use crate::parts::Part;

/// A table under the name that queries use.
pub(crate) struct NamedTable {
    pub(crate) schema: SchemaRef,
    pub(crate) parts: Vec<Part>,
}

/// Every table by name: those of the snapshot, and those of this version's format that it lacks, as empty ones.
///
/// A table of a folder such as `vectors/lexical` is there twice: also as `vectors_lexical`, which needs no quotes.
pub(crate) fn tables(snapshot: &Snapshot) -> Result<BTreeMap<String, NamedTable>> {
    let mut tables = BTreeMap::new();
    for (name, schema) in known_schemas() {
        // Vectors are always those of a model, and models have names of their own.
        if ![VectorRow::TABLE, FeatureRow::TABLE].contains(&name) {
            tables.insert(name.to_owned(), NamedTable { schema, parts: Vec::new() });
        }
    }
    // Files are asked for by absolute paths without `..`, which the engine's own paths know nothing of.
    let folder = std::fs::canonicalize(snapshot.folder())
        .map_err(|source| Error::Part { path: snapshot.folder().to_owned(), reason: source.to_string() })?;
    for (name, entry) in snapshot.tables() {
        let parts = parts(&folder, entry);
        let schema = schema_of(name, &parts)?;
        if name.contains('/') {
            let parts = parts.clone();
            tables.insert(name.replace('/', "_"), NamedTable { schema: schema.clone(), parts });
        }
        tables.insert(name.clone(), NamedTable { schema, parts });
    }
    Ok(tables)
}

fn parts(folder: &Path, entry: &TableEntry) -> Vec<Part> {
    let part = |path: PathBuf, n_rows, n_bytes| Part { path, n_rows, n_bytes };
    entry.parts.iter().map(|file| part(folder.join(&file.file), file.n_rows, file.n_bytes)).collect()
}

/// The columns of a table: this version's, or for a table that it does not know those of its first file.
fn schema_of(name: &str, parts: &[Part]) -> Result<SchemaRef> {
    let row_type = name.split('/').next().unwrap_or(name);
    if let Some((_, schema)) = known_schemas().into_iter().find(|(known, _)| *known == row_type) {
        return Ok(schema);
    }
    let Some(part) = parts.first() else {
        return Ok(SchemaRef::new(Schema::empty()));
    };
    let bad = |reason: String| Error::Part { path: part.path.clone(), reason };
    let file = File::open(&part.path).map_err(|error| bad(error.to_string()))?;
    let metadata =
        ArrowReaderMetadata::load(&file, Default::default()).map_err(|error| bad(error.to_string()))?;
    Ok(metadata.schema().clone())
}

/// Name and columns of every table of the format.
fn known_schemas() -> Vec<(&'static str, SchemaRef)> {
    fn of<R: Row>() -> (&'static str, SchemaRef) {
        // What a part may lack is null there, whatever it is elsewhere.
        let field = |field: &FieldRef| match is_since_format_3(R::TABLE, field.name()) {
            true => Arc::new(field.as_ref().clone().with_nullable(true)),
            false => Arc::clone(field),
        };
        (R::TABLE, Arc::new(Schema::new(R::schema().fields().iter().map(field).collect::<Vec<_>>())))
    }
    vec![
        of::<PostRow<'_>>(),
        of::<AccountRow<'_>>(),
        of::<ActionRow<'_>>(),
        of::<TombstoneRow<'_>>(),
        of::<UnavailableRow<'_>>(),
        of::<EdgeRow<'_>>(),
        of::<MediaRow<'_>>(),
        of::<AttributeRow<'_>>(),
        of::<SourceRow>(),
        of::<OriginalRow<'_>>(),
        of::<QuarantineRow<'_>>(),
        of::<ConversationRow>(),
        of::<ThreadShapeRow>(),
        of::<LanguageRow<'_>>(),
        of::<CleaningRow<'_>>(),
        of::<InstructionRow<'_>>(),
        of::<VectorRow>(),
        of::<FeatureRow>(),
        of::<ClusterRow>(),
        of::<MapRow>(),
        of::<LabelRow<'_>>(),
        of::<PersonaRow>(),
    ]
}
