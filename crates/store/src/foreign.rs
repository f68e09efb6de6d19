//! Parquet files that somebody else wrote, as rows of texts.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Result, arrow, io, parquet};

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 4 * 1024;

/// A Parquet file of any shape, read row by row: every value as text, nulls as `None`.
///
/// Texts come as they are, numbers and times in their usual notation, lists and structures as Arrow prints them.
pub struct ForeignParquet {
    path: PathBuf,
    columns: Vec<String>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
}

impl ForeignParquet {
    /// Opens a file and reads its schema.
    ///
    /// # Errors
    /// When it cannot be read or is no Parquet file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(io("open", path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(parquet(path))?;
        let columns = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(parquet(path))?;
        let owned = path.to_owned();
        let batches = Box::new(reader.map(move |batch| batch.map_err(arrow(&owned))));
        Ok(Self { path: path.to_owned(), columns, batches })
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The first rows, at most `n`.
    ///
    /// # Errors
    /// When the file is damaged there.
    pub fn first_rows(self, n: usize) -> Result<Vec<Vec<Option<String>>>> {
        /// Ends the reading early, or says why it failed.
        enum Stop {
            Enough,
            Failed(crate::Error),
        }
        impl From<crate::Error> for Stop {
            fn from(error: crate::Error) -> Self {
                Self::Failed(error)
            }
        }
        let mut rows = Vec::new();
        let outcome = self.read(|row| {
            if rows.len() == n {
                return Err(Stop::Enough);
            }
            rows.push(row.to_vec());
            Ok(())
        });
        match outcome {
            Err(Stop::Failed(error)) => Err(error),
            Ok(()) | Err(Stop::Enough) => Ok(rows),
        }
    }

    /// Hands every row to `each`, in order, until it fails.
    ///
    /// # Errors
    /// When the file is damaged, or `each` fails.
    pub fn read<E: From<crate::Error>>(
        self,
        mut each: impl FnMut(&[Option<String>]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let options = FormatOptions::default();
        let mut row = vec![None; self.columns.len()];
        for batch in self.batches {
            let batch = batch?;
            let formatters = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
                .collect::<std::result::Result<Vec<_>, _>>()
                .map_err(arrow(&self.path))?;
            for i in 0..batch.num_rows() {
                for ((cell, column), formatter) in row.iter_mut().zip(batch.columns()).zip(&formatters) {
                    *cell = column.is_valid(i).then(|| formatter.value(i).to_string());
                }
                each(&row)?;
            }
        }
        Ok(())
    }
}
