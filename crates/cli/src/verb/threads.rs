//! `populi threads`.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use populi_pipeline::export::Existing;
use populi_pipeline::threads::{
    Coverage, ListFormat, MissingParams, ThreadSummary, missing, threads, write_missing,
};
use populi_store::{Corpus, Snapshot};

use crate::options::{CorpusOption, Manner};

/// Find who answers whom: the tables `conversations` and `thread_shapes`.
///
/// For every post, deleted post and missing parent: its conversation, its parent, its depth, and how far that is to be
/// trusted. Posts that were only seen inside others count like all. A missing parent is a row with depth 0; its answers stay
/// together under the root that they declare, or that the network's id of the conversation tells. A post of which only that id
/// is known belongs to the conversation too.
///
/// `thread_shapes` has a row for each conversation in which somebody answers: its size, depth, breadth and structural virality,
/// how many authors it has and how fast it was answered.
///
/// The coverage tells how the posts that are answered were found. `populi threads missing` lists those that were not.
///
/// Conversations are made over everything that the corpus holds, so that they are whole: select in the steps after.
///
/// Time: O(n log n) for n posts. Memory: about 75 bytes a post, and 40 an author.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  populi threads\n  populi sql \"SELECT depth, count(*) FROM conversations GROUP BY depth ORDER BY depth\"\n  populi threads missing --top 10000 --format ids --out ids.txt"
)]
pub struct Threads {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    manner: Manner,
}

#[derive(Subcommand, Debug)]
enum What {
    Missing(Missing),
}

/// List the posts that others answer and that are not in the corpus, the most answered first.
///
/// Of equally often answered ones the smaller post_id comes first. The columns of the CSV file are id (as the network has it: digits,
/// or an at-URI), post_id (as the corpus has it), replies, reposts and quotes (posts and reposts in the corpus that point at it) and
/// first_seen (when the first of its replies was written). `--format ids` writes one id a line, as hydrators read them. Posts that are
/// known to be deleted or that the network said it does not show are left out, and counted.
///
/// What a hydrator brings back is taken in like any dump, and the trees grow. No earlier step is needed.
///
/// Time: O(n log n) for n posts. Memory: 16 bytes a post, and 32 for each that answers a missing one.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi threads missing --top 10000 --format ids --out ids.txt\n  twarc2 hydrate ids.txt hydrated.jsonl\n  populi ingest twitter hydrated.jsonl && populi threads"
)]
struct Missing {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// List this many at most [default: all]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// List also posts that the network does not show
    #[arg(long)]
    with_unavailable: bool,
    /// List also posts that are deleted
    #[arg(long)]
    with_deleted: bool,
    /// Replace a file that is there already
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// A header, and a row a post
    Csv,
    /// One id a line
    Ids,
}

impl Threads {
    pub fn run(self) -> anyhow::Result<()> {
        if let Some(What::Missing(missing)) = self.what {
            return missing.run();
        }
        let bars = self.manner.start()?;
        let outcome = threads(&mut Corpus::open(&self.corpus.corpus)?, &bars)?;
        self.manner.print(&outcome, |outcome| describe(&outcome.summary))
    }
}

impl Missing {
    fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let params = MissingParams {
            top: self.top,
            with_unavailable: self.with_unavailable,
            with_deleted: self.with_deleted,
        };
        let format = match self.format {
            Format::Csv => ListFormat::Csv,
            Format::Ids => ListFormat::Ids,
        };
        let existing = if self.overwrite { Existing::Replace } else { Existing::Refuse };
        let (list, summary) = missing(&Snapshot::open(&self.corpus.corpus)?, &params, &bars)?;
        write_missing(&self.out, format, &list, existing)?;
        self.manner.print(&summary, |found| {
            format!(
                "{}: {} of {} missing posts, which {} of {} replies answer. Left out: {} unavailable, {} deleted.\n",
                self.out.display(),
                found.n_listed,
                found.n_missing,
                found.n_listed_replies,
                found.n_replies,
                found.n_unavailable,
                found.n_deleted,
            )
        })
    }
}

fn describe(found: &ThreadSummary) -> String {
    format!(
        "{} conversations over {} rows, {} of them missing parents; the deepest answer is {} steps down.\n{}",
        found.n_conversations,
        found.n_rows,
        found.n_stubs,
        found.max_depth,
        describe_coverage(&found.coverage),
    )
}

/// A table of the classes that are there.
fn describe_coverage(coverage: &Coverage) -> String {
    let mut text = format!("\n{:<28}{:>12}{:>12}\n", "posts that are answered", "posts", "replies");
    let mut line = |name: &str, posts: u64, replies: u64| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {name:<26}{posts:>12}{replies:>12}");
    };
    for (name, found) in coverage.classes() {
        if found.posts > 0 {
            line(name, found.posts, found.replies);
        }
        if name == Coverage::UNAVAILABLE {
            for (reason, found) in &coverage.unavailable_by_reason {
                line(&format!("  {reason}"), found.posts, found.replies);
            }
        }
    }
    line("all", coverage.answered.posts, coverage.answered.replies);
    let _ = writeln!(
        text,
        "{} of those seen are deleted now ({} replies). {} posts are held in their conversation by its id alone.",
        coverage.deleted_since.posts, coverage.deleted_since.replies, coverage.n_by_conversation_only,
    );
    text
}
