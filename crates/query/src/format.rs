//! How rows are shown: a table for people, CSV and JSON for programs.

mod csv;
mod json;
mod table;

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::engine::Query;
use crate::error::Result;

pub use table::TableParams;

/// The format of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for people: long texts are cut, control characters are shown as escapes.
    Table(TableParams),
    /// CSV with a header, quoted as RFC 4180 says. Keys and bytes are hexadecimal, lists JSON. An empty cell is a
    /// null or an empty text.
    Csv,
    /// One JSON array with one object a line. Numbers are exact, times RFC 3339, keys and bytes hexadecimal, nulls
    /// and numbers that are not finite `null`.
    Json,
}

/// Writes batches of one schema in one format.
trait BatchWriter {
    /// Writes the rows of a batch.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Writes what comes after the last row.
    fn finish(&mut self) -> Result<()>;
}

/// Runs a query and writes its rows as they come; returns their number.
///
/// Memory: that of [`Query::run`], and one batch of formatted rows.
///
/// # Errors
/// When the query fails or `output` refuses.
pub fn write(query: Query<'_>, format: Format, output: &mut dyn Write) -> Result<u64> {
    let schema: SchemaRef = query.schema().clone();
    let mut writer: Box<dyn BatchWriter + '_> = match format {
        Format::Table(_) if query.is_explain() => Box::new(table::PlanWriter::new(output)),
        Format::Table(params) => Box::new(table::TableWriter::new(&schema, params, output)?),
        Format::Csv => Box::new(csv::CsvWriter::new(&schema, output)?),
        Format::Json => Box::new(json::JsonWriter::new(output)),
    };
    let n_rows = query.run(&mut |batch| writer.write(batch))?;
    writer.finish()?;
    Ok(n_rows)
}
