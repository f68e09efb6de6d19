//! One Parquet file: written once, with its checksum and the digest of its rows; read in batches.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use populi_model::table::{BatchBuilder, Row};
use populi_model::{Class, RowHasher, TableDigest};

use crate::error::{Result, arrow, io as io_error, parquet as parquet_error};
use crate::failpoint::{self, PART};
use crate::manifest::PartEntry;
use crate::publish::{aside, create_aside, create_folder, publish_file};

/// Rows that are turned into Arrow at a time: enough to amortise a batch, small beside a row group.
const BATCH_ROWS: usize = 8 * 1024;
/// Bytes after which a batch is closed early, for tables of long texts.
const BATCH_BYTES: usize = 8 << 20;
/// Rows of a row group: what a reader with a filter can skip, and what the writer holds encoded in memory.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Encoded bytes after which a row group is closed early, so that long texts do not pile up in memory.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Columns, of any table, in which a value hardly ever stands twice: looking each up in a dictionary would only cost time.
/// Keys among them are hashes, which nothing compresses.
const HARDLY_REPEATING: [&str; 18] = [
    "alt",
    "at",
    "bytes",
    "content",
    "created_at",
    "head",
    "media_id",
    "offset",
    "post_id",
    "post_key",
    "prior_content",
    "prior_text",
    "received_at",
    "record_id",
    "record_key",
    "revision",
    "text",
    "url",
];
/// Level 3 writes 2.5 times slower for files 2 % smaller.
const ZSTD_LEVEL: i32 = 1;

/// Writes the rows of one part, in the order in which they are pushed.
///
/// Memory: one row group, encoded. The bytes depend on the rows and their order only.
pub(crate) struct PartWriter {
    folder: PathBuf,
    table: String,
    bucket: Option<u16>,
    unpublished: PathBuf,
    writer: ArrowWriter<HashingFile>,
    batch: BatchBuilder,
    hasher: RowHasher,
    digest: TableDigest,
    classes: BTreeMap<Class, u64>,
    n_rows: u64,
}

impl PartWriter {
    /// Begins a part of the table of `R` in the corpus `folder`. `scope` sets apart parts of one table that are
    /// written at the same time; it is part of the name that the file has until it is published.
    pub(crate) fn create<R: Row>(
        folder: &Path,
        table: &str,
        bucket: Option<u16>,
        scope: &str,
    ) -> Result<Self> {
        let table_folder = folder.join(table);
        create_folder(&table_folder)?;
        let unpublished = aside(&table_folder.join(scope));
        let file = create_aside(&unpublished, &PART)?;
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(parquet_error(&unpublished))?;
        let schema = R::schema();
        let writer = ArrowWriter::try_new(
            HashingFile::new(file),
            Arc::clone(&schema),
            Some(properties(&schema, level)),
        )
        .map_err(parquet_error(&unpublished))?;
        Ok(Self {
            folder: folder.to_owned(),
            table: table.to_owned(),
            bucket,
            unpublished,
            writer,
            batch: BatchBuilder::new::<R>(),
            hasher: RowHasher::default(),
            digest: TableDigest::default(),
            classes: BTreeMap::new(),
            n_rows: 0,
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn push<R: Row>(&mut self, row: &R) -> Result<()> {
        row.hash(&mut self.hasher);
        self.digest.add_row(&self.hasher.finish_row());
        self.batch.push(row);
        self.n_rows += 1;
        if self.batch.n_rows() >= BATCH_ROWS || self.batch.n_bytes() >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(())
    }

    /// Counts a row of `sources` by its class.
    pub(crate) fn count_class(&mut self, class: Class) {
        *self.classes.entry(class).or_default() += 1;
    }

    /// Publishes the part under a name made of its bucket and its bytes' checksum.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn publish(mut self) -> Result<PartEntry> {
        self.write_batch()?;
        let path = self.unpublished;
        let file = self.writer.into_inner().map_err(parquet_error(&path))?;
        let (file, hash, n_bytes) = file.finish().map_err(io_error("write", &path))?;
        let hex = hash.to_hex();
        let name = match self.bucket {
            Some(bucket) => format!("{}/{bucket:04}-{}.parquet", self.table, &hex[..16]),
            None => format!("{}/{}.parquet", self.table, &hex[..16]),
        };
        publish_file(&file, &path, &self.folder.join(&name), &PART)?;
        Ok(PartEntry {
            file: name,
            bucket: self.bucket,
            n_rows: self.n_rows,
            n_bytes,
            blake3: hex.to_string(),
            digest: self.digest,
            classes: self.classes,
        })
    }

    fn write_batch(&mut self) -> Result<()> {
        if self.batch.n_rows() == 0 {
            return Ok(());
        }
        failpoint::pass(PART.write).map_err(io_error("write", &self.unpublished))?;
        let batch = self.batch.finish().map_err(arrow(&self.unpublished))?;
        self.writer.write(&batch).map_err(parquet_error(&self.unpublished))
    }
}

/// How the columns of a table are encoded.
fn properties(schema: &Schema, level: ZstdLevel) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        // What readers pass over row groups by are times; bounds of anything else cost two comparisons a value.
        .set_statistics_enabled(EnabledStatistics::None)
        // The program's own version would make equal tables of two releases differ in bytes.
        .set_created_by("populi".to_owned());
    for field in schema.fields() {
        let column = || ColumnPath::from(field.name().as_str());
        if matches!(field.data_type(), DataType::Timestamp(..)) {
            properties = properties.set_column_statistics_enabled(column(), EnabledStatistics::Chunk);
        }
        if HARDLY_REPEATING.contains(&field.name().as_str()) {
            properties = properties.set_column_dictionary_enabled(column(), false);
            if matches!(field.data_type(), DataType::FixedSizeBinary(_)) {
                properties = properties.set_column_compression(column(), Compression::UNCOMPRESSED);
            }
        }
    }
    properties.build()
}

/// A file that hashes what is written to it.
struct HashingFile {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    n_bytes: u64,
}

impl HashingFile {
    fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(256 << 10, file), hasher: blake3::Hasher::new(), n_bytes: 0 }
    }

    fn finish(self) -> io::Result<(File, blake3::Hash, u64)> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((file, self.hasher.finalize(), self.n_bytes))
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.n_bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads the named columns of a Parquet file in batches of `batch_rows`.
pub(crate) fn read_batches(
    path: &Path,
    columns: Option<&[&str]>,
    batch_rows: usize,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(parquet_error(path))?;
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    let reader: ParquetRecordBatchReader =
        builder.with_projection(mask).with_batch_size(batch_rows).build().map_err(parquet_error(path))?;
    let path = path.to_owned();
    Ok(reader.map(move |batch| batch.map_err(arrow(&path))))
}
