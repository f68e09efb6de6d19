//! `{"id", "messages": [{"role": "user" or "assistant", "content"}]}`.

use std::io::{self, Write};

use serde::Serialize;

use super::super::message::Dialogue;
use super::super::turns::Role;
use crate::pseudonym::Uuid;

#[derive(Serialize)]
struct Chat<'a> {
    /// The last message, as in `oasst-thread`.
    id: Option<Uuid>,
    messages: Vec<ChatMessage<'a>>,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: &'a str,
}

pub(super) fn write(dialogue: &Dialogue<'_>, path: &[u32], out: &mut impl Write) -> io::Result<()> {
    let messages = dialogue.exchanges(path).map(|(role, content)| {
        let role = match role {
            Role::Prompter => "user",
            Role::Assistant => "assistant",
        };
        ChatMessage { role, content }
    });
    let id = path.last().map(|last| dialogue.message(*last).id.uuid());
    serde_json::to_writer(out, &Chat { id, messages: messages.collect() })?;
    Ok(())
}
