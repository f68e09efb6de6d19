//! CSV, with nested values as JSON text.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::csv::{Writer, WriterBuilder};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::json::writer::{EncoderOptions, make_encoder};

use super::BatchWriter;
use crate::error::{Error, Result};

/// Writes CSV.
pub(super) struct CsvWriter<'a> {
    schema: SchemaRef,
    writer: Writer<&'a mut dyn Write>,
}

impl<'a> CsvWriter<'a> {
    /// Writes the header, so that a result without rows has one too.
    pub(super) fn new(schema: &SchemaRef, output: &'a mut dyn Write) -> Result<Self> {
        let fields: Vec<FieldRef> = schema.fields().iter().map(flat_field).collect();
        let schema = Arc::new(Schema::new(fields));
        let mut writer = WriterBuilder::new().with_header(true).build(output);
        writer.write(&RecordBatch::new_empty(Arc::clone(&schema))).map_err(Error::of_writer)?;
        Ok(Self { schema, writer })
    }
}

impl BatchWriter for CsvWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let schema = batch.schema();
        let columns =
            schema.fields().iter().zip(batch.columns()).map(|(field, column)| flat_column(field, column));
        let batch = columns
            .collect::<std::result::Result<_, _>>()
            .and_then(|columns| RecordBatch::try_new(Arc::clone(&self.schema), columns))
            .map_err(Error::of_writer)?;
        self.writer.write(&batch).map_err(Error::of_writer)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A cell of CSV holds one value, so a nested column becomes text.
fn flat_field(field: &FieldRef) -> FieldRef {
    if field.data_type().is_nested() {
        Arc::new(Field::new(field.name(), DataType::Utf8, true))
    } else {
        Arc::clone(field)
    }
}

fn flat_column(
    field: &FieldRef,
    column: &ArrayRef,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    if !field.data_type().is_nested() {
        return Ok(Arc::clone(column));
    }
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column, &options)?;
    let mut texts = StringBuilder::new();
    let mut json = Vec::new();
    for row in 0..column.len() {
        if encoder.is_null(row) {
            texts.append_null();
        } else {
            json.clear();
            encoder.encode(row, &mut json);
            texts.append_value(String::from_utf8_lossy(&json));
        }
    }
    Ok(Arc::new(texts.finish()))
}
