//! One JSON array, one object a line: valid as a whole and readable line by line.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::writer::{JsonFormat, Writer, WriterBuilder};

use super::BatchWriter;
use crate::error::{Error, Result};

/// `[`, objects on lines of their own, `]`.
#[derive(Debug, Default)]
struct ArrayOfLines;

impl JsonFormat for ArrayOfLines {
    fn start_stream<W: Write>(&self, writer: &mut W) -> std::result::Result<(), ArrowError> {
        Ok(writer.write_all(b"[")?)
    }

    fn start_row<W: Write>(&self, writer: &mut W, is_first_row: bool) -> std::result::Result<(), ArrowError> {
        Ok(writer.write_all(if is_first_row { b"\n" } else { b",\n" })?)
    }

    fn end_stream<W: Write>(&self, writer: &mut W) -> std::result::Result<(), ArrowError> {
        Ok(writer.write_all(b"\n]\n")?)
    }
}

/// Writes JSON.
pub(super) struct JsonWriter<'a> {
    writer: Writer<&'a mut dyn Write, ArrayOfLines>,
}

impl<'a> JsonWriter<'a> {
    pub(super) fn new(output: &'a mut dyn Write) -> Self {
        // A key that is always there is easier to read than one that comes and goes.
        Self { writer: WriterBuilder::new().with_explicit_nulls(true).build(output) }
    }
}

impl BatchWriter for JsonWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(Error::of_writer)
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.finish().map_err(Error::of_writer)
    }
}
