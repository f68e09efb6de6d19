//! `{"instruction", "input", "output", "history": [[prompt, reply]]}`: the last prompt of a path and the reply to it, and what
//! went before them.

use std::io::{self, Write};

use serde::Serialize;

use super::super::message::Dialogue;

#[derive(Serialize)]
struct Instruction<'a> {
    instruction: &'a str,
    /// Always empty: no post tells its task from what it is to be done with.
    input: &'static str,
    output: &'a str,
    history: Vec<[&'a str; 2]>,
}

pub(super) fn write(dialogue: &Dialogue<'_>, path: &[u32], out: &mut impl Write) -> io::Result<()> {
    let texts: Vec<&str> = dialogue.exchanges(path).map(|(_, text)| text).collect();
    // Roles alternate from a prompt to a reply, so nothing is left over.
    let (history, _) = texts.as_chunks::<2>();
    let Some(([instruction, output], history)) = history.split_last() else { return Ok(()) };
    serde_json::to_writer(out, &Instruction { instruction, input: "", output, history: history.to_vec() })?;
    Ok(())
}
