//! The formats, a file each. What they share:
//!
//! | format | a line |
//! |---|---|
//! | `oasst-tree` | a conversation: `{"message_tree_id", "tree_state", "prompt": {…, "replies": [{…}]}, "origin"}` |
//! | `oasst-thread` | a path from the root to a last reply: `{"thread_id", "thread": [{…}]}` |
//! | `oasst-message` | a turn: `{"message_id", "parent_id", …, "message_tree_id", "tree_state"}`, depth first |
//! | `chat` | a path: `{"id", "messages": [{"role": "user" or "assistant", "content"}]}` |
//! | `sharegpt` | a path: `{"id", "conversations": [{"from": "human" or "gpt", "value"}]}` |
//! | `alpaca` | a path: `{"instruction", "input", "output", "history": [[prompt, reply]]}`, the last prompt and its reply first |
//!
//! The names of fields are those of Open-Assistant (LAION-AI/Open-Assistant, `oasst-data`), ShareGPT and Alpaca.

mod alpaca;
mod chat;
mod oasst_message;
mod oasst_node;
mod oasst_thread;
mod oasst_tree;
mod sharegpt;

use std::io::{self, Write};

use serde::Serialize;

use super::message::Dialogue;
use super::turns::Turns;

/// How a conversation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Open-Assistant's trees.
    OasstTree,
    /// Open-Assistant's threads.
    OasstThread,
    /// Open-Assistant's flat messages.
    OasstMessage,
    /// Lists of messages with the roles `user` and `assistant`.
    Chat,
    /// Lists of messages of `human` and `gpt`.
    Sharegpt,
    /// Instruction and output.
    Alpaca,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::OasstTree, Self::OasstThread, Self::OasstMessage, Self::Chat, Self::Sharegpt, Self::Alpaca];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OasstTree => "oasst-tree",
            Self::OasstThread => "oasst-thread",
            Self::OasstMessage => "oasst-message",
            Self::Chat => "chat",
            Self::Sharegpt => "sharegpt",
            Self::Alpaca => "alpaca",
        }
    }

    /// Whether it tells paths, and nothing that is on none; else it tells trees.
    #[must_use]
    pub fn tells_paths(self) -> bool {
        !matches!(self, Self::OasstTree | Self::OasstMessage)
    }

    /// Writes a conversation and returns how many lines it has: one a tree, a path or a turn.
    ///
    /// Time and bytes: linear in the turns of a tree; of paths, linear in their lengths, so a turn is told as often as last
    /// replies are below it. Never recurses.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn write(self, dialogue: &Dialogue<'_>, out: &mut impl Write) -> io::Result<u64> {
        match self {
            Self::OasstTree => oasst_tree::write(dialogue, out),
            Self::OasstThread => each_path(dialogue, out, oasst_thread::write),
            Self::OasstMessage => oasst_message::write(dialogue, out),
            Self::Chat => each_path(dialogue, out, chat::write),
            Self::Sharegpt => each_path(dialogue, out, sharegpt::write),
            Self::Alpaca => each_path(dialogue, out, alpaca::write),
        }
    }
}

/// Writes a line for every path to a last reply.
fn each_path<W: Write>(
    dialogue: &Dialogue<'_>,
    out: &mut W,
    write: impl Fn(&Dialogue<'_>, &[u32], &mut W) -> io::Result<()>,
) -> io::Result<u64> {
    let ends = dialogue.turns.last_replies();
    let mut path = Vec::new();
    for end in &ends {
        dialogue.turns.path_to(*end, &mut path);
        write(dialogue, &path, out)?;
        out.write_all(b"\n")?;
    }
    Ok(ends.len() as u64)
}

/// Writes the fields of `head` and the key `last`, and leaves the object open for the value of that key.
pub(super) fn open(
    head: &impl Serialize,
    last: &str,
    buffer: &mut Vec<u8>,
    out: &mut impl Write,
) -> io::Result<()> {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, head)?;
    buffer.pop();
    write!(buffer, ",\"{last}\":")?;
    out.write_all(buffer)
}

/// Writes turns inside of one another, without recursion: each begins with `begin`, its replies follow with commas between
/// them, then `end`.
pub(super) fn nested<W: Write>(
    turns: &Turns,
    out: &mut W,
    mut begin: impl FnMut(u32, &mut W) -> io::Result<()>,
    mut end: impl FnMut(u32, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    if turns.is_empty() {
        return Ok(());
    }
    // Turns that were begun, and how many of their replies were.
    let mut open = vec![(0, 0)];
    begin(0, out)?;
    while let Some((turn, n_begun)) = open.last_mut() {
        let turn = *turn;
        let Some(reply) = turns.replies(turn).get(*n_begun).copied() else {
            end(turn, out)?;
            open.pop();
            continue;
        };
        if *n_begun > 0 {
            out.write_all(b",")?;
        }
        *n_begun += 1;
        begin(reply, out)?;
        open.push((reply, 0));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
