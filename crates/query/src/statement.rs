//! Which statements may run.
//!
//! Refusing is done on the parsed text, by a list of what is allowed, before anything is planned; the plan is
//! checked once more, for what hides inside a query (`SELECT … INTO`).

use datafusion::common::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;

use crate::error::{Error, Result};

/// A statement that only reads.
#[derive(Debug)]
pub(crate) struct ReadStatement {
    /// The statement.
    pub(crate) statement: Statement,
    /// Whether its rows are a plan.
    pub(crate) is_explain: bool,
}

/// Parses one statement and refuses everything but `SELECT` (with all that may surround it), `EXPLAIN` of one,
/// `SHOW TABLES`, `SHOW COLUMNS` and `DESCRIBE`.
pub(crate) fn parse(sql: &str) -> Result<ReadStatement> {
    // The generic dialect takes `SELECT label, cluster` for a list with a trailing comma before a keyword.
    let statements = DFParser::parse_sql_with_dialect(sql, &PostgreSqlDialect {});
    let mut statements = statements.map_err(|error| Error::of_query(&error, 0))?;
    let n_statements = statements.len();
    let statement = match statements.pop_front() {
        Some(statement) if n_statements == 1 => statement,
        _ => return Err(Error::StatementCount { got: n_statements }),
    };
    check(&statement)?;
    let is_explain = match &statement {
        Statement::Explain(_) => true,
        Statement::Statement(statement) => matches!(**statement, SqlStatement::Explain { .. }),
        _ => false,
    };
    Ok(ReadStatement { statement, is_explain })
}

/// Refuses a plan that would change something.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<()> {
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only
        .verify_plan(plan)
        .map_err(|error: DataFusionError| Error::Refused { statement: error.message().into_owned() })
}

fn check(statement: &Statement) -> Result<()> {
    match statement {
        Statement::Statement(statement) => check_sql(statement),
        Statement::Explain(explain) => match &*explain.statement {
            Statement::Statement(inner) if matches!(**inner, SqlStatement::Query(_)) => Ok(()),
            other => Err(refused(&format!("EXPLAIN {other}"))),
        },
        other => Err(refused(&other.to_string())),
    }
}

fn check_sql(statement: &SqlStatement) -> Result<()> {
    match statement {
        SqlStatement::Query(_)
        | SqlStatement::ShowTables { .. }
        | SqlStatement::ShowColumns { .. }
        | SqlStatement::ExplainTable { .. } => Ok(()),
        SqlStatement::Explain { statement: inner, .. } if matches!(**inner, SqlStatement::Query(_)) => Ok(()),
        other => Err(refused(&other.to_string())),
    }
}

/// Names a statement by its first words.
fn refused(statement: &str) -> Error {
    let words: Vec<&str> = statement.split_whitespace().take(3).collect();
    Error::Refused { statement: words.join(" ") }
}
