//! The stage that finds conversations, the shape of each, and how many of the posts that are answered were found.
//!
//! In this order: posts and tombstones say who answers whom ([`links`]), the room `thread` places them, [`coverage`] asks how
//! each answered post was found, [`facts`] says when and by whom each was written, and the room `thread` measures.

mod coverage;
mod facts;
mod links;
mod missing;

use populi_model::Key;
use populi_model::Timestamp;
use populi_model::table::{ConversationRow, ThreadShapeRow};
use populi_store::{Corpus, Snapshot, StepOutput, StepSpec};
use populi_thread::{Forest, Placed, Shape, place, shapes};
use serde::{Deserialize, Serialize};

pub use coverage::{Coverage, Found};
pub use missing::{ListFormat, MissingParams, MissingPost, MissingSummary, missing, write_missing};

use crate::progress::{Progress, Unit, stop_if_asked};
use crate::{Outcome, Result, unless_done};

/// What [`threads`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadSummary {
    /// Rows of `conversations`: posts, deleted posts and missing parents.
    pub n_rows: u64,
    /// Conversations.
    pub n_conversations: u64,
    /// Conversations of more than one row, or of a reply: the rows of `thread_shapes`.
    pub n_threads: u64,
    /// Missing parents.
    pub n_stubs: u64,
    /// The deepest reply.
    pub max_depth: u32,
    /// How the posts that are answered were found.
    pub coverage: Coverage,
}

/// Places every post in its conversation and measures the conversations. Time O(n log n), memory about 75 bytes a post or
/// missing parent, and 40 an author.
///
/// # Errors
/// When the corpus cannot be read or written.
pub fn threads(corpus: &mut Corpus, progress: &dyn Progress) -> Result<Outcome<ThreadSummary>> {
    let tables = ["posts", "tombstones", "accounts", "sources", "unavailable"];
    let spec = StepSpec {
        step: "threads",
        step_version: 3,
        parameters: serde_json::json!({}),
        inputs: tables.map(str::to_owned).to_vec(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        progress.begin("threads", None, Unit::Rows);
        let forest = place(links::records(&snapshot, progress)?)?;
        let mut output = StepOutput::new(&snapshot);
        let mut summary = write_places(&mut output, &forest)?;
        summary.coverage = coverage::coverage(&snapshot, &forest, progress)?;
        summary.n_threads = write_shapes(&mut output, &snapshot, &forest, progress)?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

/// Writes `conversations`.
fn write_places(output: &mut StepOutput<'_>, forest: &Forest<u128>) -> Result<ThreadSummary> {
    let mut summary = ThreadSummary {
        n_rows: forest.len() as u64,
        n_conversations: forest.n_conversations() as u64,
        n_stubs: (forest.len() - forest.n_known()) as u64,
        ..ThreadSummary::default()
    };
    output.write(forest.iter().map(|placed| {
        summary.max_depth = summary.max_depth.max(placed.depth);
        Ok::<_, crate::Error>(place_row(&placed))
    }))?;
    Ok(summary)
}

/// Writes `thread_shapes` and says how many rows it has.
fn write_shapes(
    output: &mut StepOutput<'_>,
    snapshot: &Snapshot,
    forest: &Forest<u128>,
    progress: &dyn Progress,
) -> Result<u64> {
    let facts = facts::facts(snapshot, forest, progress)?;
    let mut n_threads = 0;
    let threads =
        shapes(forest, &facts).filter(|shape| shape.n_replies > 0 || shape.n_posts + shape.n_stubs > 1);
    output.write(threads.map(|shape| {
        n_threads += 1;
        stop_if_asked(progress)?;
        Ok::<_, crate::Error>(shape_row(&shape))
    }))?;
    Ok(n_threads)
}

fn place_row(placed: &Placed<u128>) -> ConversationRow {
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

fn shape_row(shape: &Shape<u128>) -> ThreadShapeRow {
    let ms = |us: i64| us / 1000;
    ThreadShapeRow {
        conversation_key: Key::from_u128(shape.conversation),
        n_posts: shape.n_posts,
        n_present: shape.n_present,
        n_missing: shape.n_stubs,
        n_replies: shape.n_replies,
        n_unplaced: shape.n_unplaced,
        n_pieces: shape.n_pieces,
        n_authors: shape.n_authors,
        depth_is_exact: shape.depth_is_exact,
        max_depth: shape.max_depth,
        max_breadth: shape.max_breadth,
        structural_virality: shape.structural_virality.map(|mean| mean as f32),
        branching: shape.branching().map(|mean| mean as f32),
        max_answers: shape.max_answers,
        first_at: shape.first.map(Timestamp),
        last_at: shape.last.map(Timestamp),
        first_reply_ms: shape.to_first_reply.map(ms),
        last_reply_ms: shape.to_last_reply.map(ms),
        n_timed: shape.n_timed,
        median_response_ms: shape.median_response.map(ms),
        mean_response_ms: shape.mean_response.map(ms),
    }
}
