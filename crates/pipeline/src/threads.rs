//! The stage that finds conversations.

use populi_model::Key;
use populi_model::table::{ConversationRow, PostLink, Row, TombstoneLink, TombstoneRow};
use populi_store::{Corpus, Snapshot, StepOutput, StepSpec};
use populi_thread::{Placed, Records, Reply, State, place};
use serde::{Deserialize, Serialize};

use crate::progress::{Progress, Unit, stop_if_asked};
use crate::visible::{EarlierSteps, HiddenAccounts};
use crate::{Outcome, Result, unless_done};

/// What [`threads`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadSummary {
    /// Rows of `conversations`: posts, deleted posts and missing parents.
    pub n_rows: u64,
    /// Conversations.
    pub n_conversations: u64,
    /// Missing parents.
    pub n_stubs: u64,
    /// The deepest reply.
    pub max_depth: u32,
}

/// Places every post in its conversation. Time O(n log n), memory about 60 bytes a post.
///
/// # Errors
/// When the corpus cannot be read or written.
pub fn threads(corpus: &mut Corpus, progress: &dyn Progress) -> Result<Outcome<ThreadSummary>> {
    let spec = StepSpec {
        step: "threads",
        step_version: 1,
        parameters: serde_json::json!({}),
        inputs: ["posts", "tombstones", "accounts"].map(str::to_owned).to_vec(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        progress.begin("threads", None, Unit::Rows);
        let forest = place(records(&snapshot, progress)?)?;
        let mut summary = ThreadSummary {
            n_rows: forest.len() as u64,
            n_conversations: forest.n_conversations() as u64,
            n_stubs: (forest.len() - forest.n_known()) as u64,
            max_depth: 0,
        };
        let mut output = StepOutput::new(&snapshot);
        output.write(forest.iter().map(|placed| {
            summary.max_depth = summary.max_depth.max(placed.depth);
            Ok::<_, crate::Error>(row(&placed))
        }))?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

fn records(snapshot: &Snapshot, progress: &dyn Progress) -> Result<Records<u128>> {
    let (hidden, earlier) = (HiddenAccounts::of(snapshot)?, EarlierSteps::of(snapshot)?);
    let n_known = snapshot.n_rows(PostLink::TABLE) + snapshot.n_rows(TombstoneRow::TABLE);
    let mut records = Records::with_capacity(usize::try_from(n_known).unwrap_or(0));
    for post in snapshot.rows::<PostLink>() {
        let post = post?;
        let is_hidden = hidden.hides(post.author_key) || earlier.hold(post.post_key);
        records.push(Reply {
            key: post.post_key.to_u128(),
            parent: post.reply_to_key.map(Key::to_u128),
            declared_root: post.root_key.map(Key::to_u128),
            state: if is_hidden { State::Hidden } else { State::Standing },
        });
        progress.advance(1);
        stop_if_asked(progress)?;
    }
    for tombstone in snapshot.rows::<TombstoneLink>() {
        let tombstone = tombstone?;
        records.push(Reply {
            key: tombstone.record_key.to_u128(),
            parent: tombstone.reply_to_key.map(Key::to_u128),
            declared_root: tombstone.root_key.map(Key::to_u128),
            state: if tombstone.seen_revision.is_some() { State::Hidden } else { State::Tombstone },
        });
        progress.advance(1);
    }
    Ok(records)
}

fn row(placed: &Placed<u128>) -> ConversationRow {
    ConversationRow {
        post_key: Key::from_u128(placed.key),
        conversation_key: Key::from_u128(placed.conversation),
        parent_key: placed.parent.map(Key::from_u128),
        depth: placed.depth,
        present: placed.present,
        root_present: placed.root_present,
        depth_is_exact: placed.depth_is_exact,
    }
}
