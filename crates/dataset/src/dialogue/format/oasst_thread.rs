//! `{"thread_id", "thread": [{…}]}`: the thread has the name of its last message.

use std::io::{self, Write};

use serde::Serialize;

use super::super::message::Dialogue;
use super::oasst_node::{Judgements, Node, Object};
use crate::pseudonym::Uuid;

#[derive(Serialize)]
struct Thread<'a> {
    thread_id: Option<Uuid>,
    thread: Vec<ThreadNode<'a>>,
}

#[derive(Serialize)]
struct ThreadNode<'a> {
    #[serde(flatten)]
    node: Node<'a>,
    #[serde(flatten)]
    judgements: Judgements<Object>,
}

pub(super) fn write(dialogue: &Dialogue<'_>, path: &[u32], out: &mut impl Write) -> io::Result<()> {
    let node = |turn: &u32| ThreadNode { node: Node::of(dialogue, *turn), judgements: Judgements::EMPTY };
    let last = path.last().map(|last| dialogue.message(*last).id.uuid());
    serde_json::to_writer(out, &Thread { thread_id: last, thread: path.iter().map(node).collect() })?;
    Ok(())
}
