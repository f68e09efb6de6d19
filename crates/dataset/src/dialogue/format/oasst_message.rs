//! `{"message_id", "parent_id", …, "message_tree_id", "tree_state"}`: a line a turn, depth first.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::super::message::Dialogue;
use super::oasst_node::{Judgements, Node, TREE_STATE};
use crate::pseudonym::Uuid;

#[derive(Serialize)]
struct FlatNode<'a> {
    #[serde(flatten)]
    node: Node<'a>,
    #[serde(flatten)]
    judgements: Judgements<Value>,
    message_tree_id: Uuid,
    tree_state: &'static str,
}

pub(super) fn write(dialogue: &Dialogue<'_>, out: &mut impl Write) -> io::Result<u64> {
    let Some(root) = dialogue.messages.first() else { return Ok(0) };
    for turn in dialogue.turns.depth_first() {
        let line = FlatNode {
            node: Node::of(dialogue, turn),
            judgements: Judgements::NULL,
            message_tree_id: root.id.uuid(),
            tree_state: TREE_STATE,
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(dialogue.messages.len() as u64)
}
