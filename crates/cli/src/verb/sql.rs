//! `populi sql`.

use clap::{Args, ValueEnum};
use populi_query::{Engine, EngineParams, TableParams, write};
use populi_store::Snapshot;

use crate::options::CorpusOption;

/// Ask the corpus with SQL.
///
/// Every table of the corpus is there under its name, and views that put ids, texts and handles together: acts, authors,
/// threads, post_languages, persona_members, exemplars, absent_posts. `SHOW TABLES` lists them, `DESCRIBE posts` their
/// columns; docs/sql.md has examples. Only SELECT and EXPLAIN: nothing that is asked can change the corpus or read
/// another file.
///
/// Time and memory: those of the query; at most --memory is held, then sorts and groups go to disk or the query fails.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi sql \"SELECT lang, count(*) AS n FROM languages GROUP BY lang ORDER BY n DESC\"\n  populi sql --format csv \"SELECT * FROM persona_members\" > personas.csv"
)]
pub struct Sql {
    /// The query
    query: String,
    #[command(flatten)]
    corpus: CorpusOption,
    /// How rows are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Threads to use [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory that a query may hold, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    memory: usize,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// For people: aligned, long texts cut
    Table,
    /// RFC 4180
    Csv,
    /// One array, an object a row
    Json,
}

impl Sql {
    pub fn run(self) -> anyhow::Result<()> {
        let defaults = EngineParams::default();
        let params = EngineParams {
            threads: self.threads.unwrap_or(defaults.threads),
            memory_bytes: self.memory.saturating_mul(1 << 20),
        };
        let format = match self.format {
            Format::Table => populi_query::Format::Table(TableParams::default()),
            Format::Csv => populi_query::Format::Csv,
            Format::Json => populi_query::Format::Json,
        };
        let engine = Engine::open(&Snapshot::open(&self.corpus.corpus)?, &params)?;
        let mut output = std::io::BufWriter::new(UntilClosed(std::io::stdout().lock()));
        write(engine.query(&self.query)?, format, &mut output)?;
        Ok(std::io::Write::flush(&mut output)?)
    }
}

/// Standard output that ends the program when nobody reads on. Libraries turn the system's error into words of their own,
/// so it has to be caught where it arises.
struct UntilClosed<W>(W);

impl<W: std::io::Write> std::io::Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).inspect_err(end_if_closed)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush().inspect_err(end_if_closed)
    }
}

fn end_if_closed(error: &std::io::Error) {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
}
