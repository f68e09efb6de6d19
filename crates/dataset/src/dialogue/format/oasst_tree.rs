//! `{"message_tree_id", "tree_state", "prompt": {…, "replies": [{…, "replies": []}]}, "origin"}`.

use std::io::{self, Write};

use serde::Serialize;

use super::super::message::Dialogue;
use super::oasst_node::{Judgements, Node, Object, TREE_STATE};
use crate::pseudonym::Uuid;

#[derive(Serialize)]
struct Tree {
    message_tree_id: Uuid,
    tree_state: &'static str,
    origin: &'static str,
}

#[derive(Serialize)]
struct TreeNode<'a> {
    #[serde(flatten)]
    node: Node<'a>,
    #[serde(flatten)]
    judgements: Judgements<Object>,
}

pub(super) fn write(dialogue: &Dialogue<'_>, out: &mut impl Write) -> io::Result<u64> {
    let Some(root) = dialogue.messages.first() else { return Ok(0) };
    let mut buffer = Vec::new();
    let tree = Tree { message_tree_id: root.id.uuid(), tree_state: TREE_STATE, origin: "populi" };
    super::open(&tree, "prompt", &mut buffer, out)?;
    let begin = |turn, out: &mut _| {
        let node = TreeNode { node: Node::of(dialogue, turn), judgements: Judgements::EMPTY };
        super::open(&node, "replies", &mut buffer, out)?;
        Write::write_all(out, b"[")
    };
    super::nested(dialogue.turns, out, begin, |_, out| out.write_all(b"]}"))?;
    out.write_all(b"}\n")?;
    Ok(1)
}
