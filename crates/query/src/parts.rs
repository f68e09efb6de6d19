//! One table of the corpus as DataFusion scans it.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics, project_schema};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::{ParquetFormat, transform_schema_to_view};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::object_store::path::Path as StorePath;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

/// A file of a table, as the manifest describes it.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) n_rows: u64,
    pub(crate) n_bytes: u64,
}

/// A table that consists of known Parquet files, or of none.
///
/// Planning touches no file: sizes, row counts and columns are known. (DataFusion's own `ListingTable` would look
/// every file up and read its footer before the first row.)
#[derive(Debug)]
pub(crate) struct PartTable {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    n_rows: u64,
    n_bytes: u64,
}

impl PartTable {
    /// A table over `parts`, all with the columns of `schema`.
    pub(crate) fn new(schema: &SchemaRef, parts: &[Part]) -> Result<Self> {
        // Views of the decoded page: texts are read, filtered and joined without being copied.
        let schema = Arc::new(transform_schema_to_view(schema));
        let files =
            parts.iter().filter(|part| part.n_rows > 0).map(partitioned_file).collect::<Result<_>>()?;
        Ok(Self {
            schema,
            files,
            n_rows: parts.iter().map(|part| part.n_rows).sum(),
            n_bytes: parts.iter().map(|part| part.n_bytes).sum(),
        })
    }

    /// Counts for the planner: `count(*)` is answered from them, and joins are ordered by them.
    fn known_statistics(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = usize::try_from(self.n_rows).map_or(Precision::Absent, Precision::Exact);
        statistics.total_byte_size =
            usize::try_from(self.n_bytes).map_or(Precision::Absent, Precision::Inexact);
        statistics
    }
}

fn partitioned_file(part: &Part) -> Result<PartitionedFile> {
    let mut file = PartitionedFile::new(String::new(), part.n_bytes);
    file.object_meta.location = StorePath::from_absolute_path(&part.path)?;
    Ok(file)
}

#[async_trait]
impl TableProvider for PartTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known_statistics())
    }

    // `filters` is left alone: the physical optimizer hands the predicate to the Parquet reader.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?)));
        }
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let format = ParquetFormat::default().with_options(options);
        let source = format.file_source(Arc::clone(&self.schema).into());
        let groups = FileGroup::new(self.files.clone()).split_files(state.config().target_partitions());
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(groups)
            .with_statistics(self.known_statistics())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(state, scan).await
    }
}
