//! A corpus opened for queries.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::view::ViewTable;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionStateDefaults, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use populi_store::Snapshot;
use tokio::runtime::Runtime;

use crate::error::{Error, Result};
use crate::parts::PartTable;
use crate::views::VIEWS;
use crate::{catalog, function, statement};

/// The least memory that a query can start with: a few batches for each thread.
const MIN_MEMORY_BYTES: usize = 16 << 20;
/// The consumers of memory that an error names.
const NAMED_CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN;

/// How a query may use the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineParams {
    /// Threads, 1 to 1024. Default: as many as the machine offers.
    pub threads: usize,
    /// Bytes that joins, sorts and groups may take together, 16 MiB or more. Beyond it, sorts and groups go on in
    /// the system's temporary folder; a query that cannot fails. Default: 2 GiB.
    pub memory_bytes: usize,
}

impl Default for EngineParams {
    fn default() -> Self {
        Self { threads: std::thread::available_parallelism().map_or(1, usize::from), memory_bytes: 2 << 30 }
    }
}

impl EngineParams {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    pub fn check(&self) -> Result<()> {
        if !(1..=1024).contains(&self.threads) {
            return Err(Error::Parameter { name: "threads", expected: "1 to 1024", got: self.threads });
        }
        if self.memory_bytes < MIN_MEMORY_BYTES {
            let expected = "at least 16777216 (16 MiB)";
            return Err(Error::Parameter { name: "memory_bytes", expected, got: self.memory_bytes });
        }
        Ok(())
    }
}

/// A corpus opened for queries.
pub struct Engine {
    context: SessionContext,
    runtime: Runtime,
    memory_bytes: usize,
    part_paths: Vec<PathBuf>,
}

impl Engine {
    /// Opens the tables of a snapshot, and the [views](VIEWS) over them.
    ///
    /// Reads no file of the corpus. Tables that no step has made yet are there and empty.
    ///
    /// # Errors
    /// When a parameter is out of its range or the threads cannot be started.
    pub fn open(snapshot: &Snapshot, params: &EngineParams) -> Result<Self> {
        params.check()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(params.threads)
            .thread_name("query")
            .build()
            .map_err(|source| Error::Threads { source })?;
        let of_query = |error: DataFusionError| Error::of_query(&error, params.memory_bytes);
        let context = session(params).map_err(of_query)?;
        let mut part_paths = Vec::new();
        for (name, table) in catalog::tables(snapshot)? {
            part_paths.extend(table.parts.iter().map(|part| part.path.clone()));
            let provider = PartTable::new(&table.schema, &table.parts).map_err(of_query)?;
            context.register_table(TableReference::bare(name), Arc::new(provider)).map_err(of_query)?;
        }
        let engine = Self { context, runtime, memory_bytes: params.memory_bytes, part_paths };
        for view in &VIEWS {
            let plan = engine.plan_statement(statement::parse(view.sql)?.statement)?;
            let provider = Arc::new(ViewTable::new(plan, Some(view.sql.trim().to_owned())));
            engine.context.register_table(TableReference::bare(view.name), provider).map_err(of_query)?;
        }
        Ok(engine)
    }

    /// Every table and view, in the order of their names.
    #[must_use]
    pub fn table_names(&self) -> Vec<String> {
        let options = self.context.state_ref();
        let options = options.read().config_options().catalog.clone();
        let schema = self
            .context
            .catalog(&options.default_catalog)
            .and_then(|catalog| catalog.schema(&options.default_schema));
        let mut names = schema.map(|schema| schema.table_names()).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// Plans a query; [`Query::run`] then runs it.
    ///
    /// # Errors
    /// When the text is not one statement of SQL, would do more than read, or names a table, column or function
    /// that is not there.
    pub fn query(&self, sql: &str) -> Result<Query<'_>> {
        let read = statement::parse(sql)?;
        let plan = self.plan_statement(read.statement)?;
        statement::check_plan(&plan)?;
        let state = self.context.state();
        let physical =
            self.runtime.block_on(state.create_physical_plan(&plan)).map_err(|error| self.error(&error))?;
        Ok(Query {
            engine: self,
            schema: unique_names(&physical.schema()),
            plan: physical,
            is_explain: read.is_explain,
        })
    }

    fn plan_statement(&self, statement: Statement) -> Result<LogicalPlan> {
        let state = self.context.state();
        let tables = state.resolve_table_references(&statement).map_err(|error| self.error(&error))?;
        for table in tables {
            let is_function = state.table_functions().contains_key(table.table());
            if !is_function && !self.context.table_exist(table.clone()).unwrap_or(false) {
                return Err(Error::UnknownTable { table: table.to_string(), known: self.table_names() });
            }
        }
        self.runtime.block_on(state.statement_to_plan(statement)).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &DataFusionError) -> Error {
        Error::of_query(error, self.memory_bytes)
    }

    /// What went wrong while files were read. A missing file reaches us as text only, so it is looked for.
    fn run_error(&self, error: &DataFusionError) -> Error {
        match self.part_paths.iter().find(|path| !path.exists()) {
            Some(path) => Error::PartGone { path: path.clone() },
            None => self.error(error),
        }
    }
}

/// A planned query.
pub struct Query<'a> {
    engine: &'a Engine,
    plan: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    is_explain: bool,
}

impl Query<'_> {
    /// The columns of the result. No two have one name: of equal names the later ones get `_2`, `_3`, and so on.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether the rows are a plan (of `EXPLAIN`), which is text of many lines.
    #[must_use]
    pub fn is_explain(&self) -> bool {
        self.is_explain
    }

    /// Runs the query and hands over its rows batch by batch, as they come; returns the number of rows.
    ///
    /// Memory: that of the parameters and a few batches a thread.
    ///
    /// # Errors
    /// When a file cannot be read, a value cannot be computed, the memory is spent, or `take` fails.
    pub fn run(self, take: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<u64> {
        let engine = self.engine;
        let task = Arc::new(TaskContext::from(&engine.context.state()));
        engine.runtime.block_on(async {
            let mut batches = execute_stream(self.plan, task).map_err(|error| engine.run_error(&error))?;
            let mut n_rows = 0;
            while let Some(batch) = batches.next().await {
                let batch = batch.map_err(|error| engine.run_error(&error))?;
                let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())
                    .map_err(Error::of_writer)?;
                n_rows += batch.num_rows() as u64;
                take(&batch)?;
            }
            Ok(n_rows)
        })
    }
}

/// A session that knows functions, but no file formats, no table factories and no catalog of files.
fn session(params: &EngineParams) -> std::result::Result<SessionContext, DataFusionError> {
    let pool = TrackConsumersPool::new(FairSpillPool::new(params.memory_bytes), NAMED_CONSUMERS);
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).build_arc()?;
    let config = SessionConfig::new()
        .with_target_partitions(params.threads)
        .with_information_schema(true)
        .with_default_catalog_and_schema("populi", "corpus");
    let mut scalar_functions = SessionStateDefaults::default_scalar_functions();
    scalar_functions.push(Arc::new(function::key()));
    let table_functions = SessionStateDefaults::default_table_functions();
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(scalar_functions)
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(table_functions)
        .build();
    Ok(SessionContext::new_with_state(state))
}

/// The same columns, all with different names: a join's `SELECT *` may have one name twice.
fn unique_names(schema: &SchemaRef) -> SchemaRef {
    let mut names: Vec<String> = Vec::new();
    let mut fields = Vec::new();
    for field in schema.fields() {
        let taken = |name: &str| {
            names.iter().any(|used| used == name)
                || (name != field.name() && schema.column_with_name(name).is_some())
        };
        let name = std::iter::once(field.name().clone())
            .chain((2..).map(|i| format!("{}_{i}", field.name())))
            .find(|name| !taken(name))
            .unwrap_or_default();
        fields.push(Field::new(&name, field.data_type().clone(), field.is_nullable()));
        names.push(name);
    }
    Arc::new(Schema::new(fields))
}
