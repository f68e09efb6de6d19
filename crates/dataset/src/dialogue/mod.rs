//! Conversations as turns of prompts and replies, in the formats that language models are trained with.
//!
//! From posts to a file, in this order:
//!
//! 1. [`Post`]s of one conversation, each behind the one that it answers, become the turns of a tree ([`Turns::of`]): what an
//!    author adds to a post of their own joins it, roles alternate, and each post has a [`Fate`];
//! 2. a [`Dialogue`] puts the words to the turns: texts, pseudonyms, times;
//! 3. [`Format::write`] writes it, or [`openassistant_raw::write`] where posts stay as they are;
//! 4. [`Shares`] says into which split a conversation goes;
//! 5. [`DialogueCard`] accounts for every post.

mod card;
mod fate;
mod format;
mod message;
pub mod openassistant_raw;
mod path;
mod split;
mod turns;

pub use card::{DialogueCard, SplitCard};
pub use fate::{Fate, FateCounts, LeftOut};
pub use format::Format;
pub use message::{Dialogue, Message};
pub use split::{Shares, SharesError};
pub use turns::{Parties, Post, Role, Rules, SelfReplies, State, Tombstones, Turns};
