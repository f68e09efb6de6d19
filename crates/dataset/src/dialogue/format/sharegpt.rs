//! `{"id", "conversations": [{"from": "human" or "gpt", "value"}]}`.

use std::io::{self, Write};

use serde::Serialize;

use super::super::message::Dialogue;
use super::super::turns::Role;
use crate::pseudonym::Uuid;

#[derive(Serialize)]
struct Conversation<'a> {
    /// The last message, as in `oasst-thread`.
    id: Option<Uuid>,
    conversations: Vec<Said<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    from: &'static str,
    value: &'a str,
}

pub(super) fn write(dialogue: &Dialogue<'_>, path: &[u32], out: &mut impl Write) -> io::Result<()> {
    let conversations = dialogue.exchanges(path).map(|(role, value)| {
        let from = match role {
            Role::Prompter => "human",
            Role::Assistant => "gpt",
        };
        Said { from, value }
    });
    let id = path.last().map(|last| dialogue.message(*last).id.uuid());
    serde_json::to_writer(out, &Conversation { id, conversations: conversations.collect() })?;
    Ok(())
}
