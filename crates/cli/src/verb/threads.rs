//! `populi threads`.

use clap::Args;
use populi_pipeline::threads::threads;
use populi_store::Corpus;

use crate::options::{CorpusOption, Manner};

/// Find who answers whom: the table `conversations`.
///
/// For every post, deleted post and missing parent: its conversation, its parent, its depth, and how far that is to be
/// trusted. A missing parent is a row with depth 0; its answers stay together under the root that they declare.
///
/// Conversations are made over everything that the corpus holds, so that they are whole: select in the steps after.
///
/// Time: O(n log n) for n posts. Memory: about 60 bytes a post.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi threads\n  populi sql \"SELECT depth, count(*) FROM conversations GROUP BY depth ORDER BY depth\""
)]
pub struct Threads {
    #[command(flatten)]
    corpus: CorpusOption,
    #[command(flatten)]
    manner: Manner,
}

impl Threads {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let outcome = threads(&mut Corpus::open(&self.corpus.corpus)?, &bars)?;
        self.manner.print(&outcome, |outcome| {
            let found = &outcome.summary;
            format!(
                "{} conversations over {} rows, {} of them missing parents; the deepest answer is {} steps down.\n",
                found.n_conversations, found.n_rows, found.n_stubs, found.max_depth
            )
        })
    }
}
