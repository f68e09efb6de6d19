//! The words of a tree.

use populi_model::Timestamp;

use super::turns::{Role, Turns};
use crate::Pseudonym;

/// What a turn says, who says it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The pseudonym of its first post.
    pub id: Pseudonym,
    /// The pseudonym of its author, where there is one.
    pub user: Option<Pseudonym>,
    /// Its text; empty of a tombstone.
    pub text: String,
    /// When its first post was written.
    pub time: Option<Timestamp>,
    /// Its language as a BCP 47 tag, where it is known.
    pub lang: Option<String>,
}

/// A conversation that is told: `messages[i]` is what turn `i` says.
#[derive(Clone, Copy, Debug)]
pub struct Dialogue<'a> {
    /// The tree.
    pub turns: &'a Turns,
    /// Its words, as many as there are turns.
    pub messages: &'a [Message],
}

impl Dialogue<'_> {
    pub(super) fn message(&self, turn: u32) -> &Message {
        &self.messages[turn as usize]
    }

    /// The texts of a path to a last reply: prompts and replies in turn, as many of the ones as of the others.
    pub(super) fn exchanges(&self, path: &[u32]) -> impl Iterator<Item = (Role, &str)> {
        path.iter().map(|turn| (self.turns.role(*turn), self.message(*turn).text.as_str()))
    }
}
