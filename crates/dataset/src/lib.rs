//! In which shape does what was found leave the corpus, and under which names?
//!
//! - [`PseudonymKey`], [`Pseudonyms`]: keyed names for accounts and posts; the key never leaves this room;
//! - [`TextMask`]: the same names in the midst of a text;
//! - [`chain::path`]: from the first post of a conversation to the one that is told;
//! - [`blueprint`]: the lines of the two BluePrint styles;
//! - [`dialogue`]: conversations as prompts and replies, in the formats of language models;
//! - [`membership`]: which author is in which cluster;
//! - [`Card`]: what an export says of itself.
//!
//! Pure formats: this room reads and writes no file but the key's, and does not know where posts are kept.

pub mod blueprint;
mod card;
pub mod chain;
pub mod dialogue;
mod error;
pub mod membership;
mod pseudonym;
mod text_mask;

pub use card::{Card, ClusterCard, FileCard};
pub use error::{Error, Result};
pub use pseudonym::{Kind, Pseudonym, PseudonymKey, Pseudonyms, Uuid};
pub use text_mask::{Mentioned, TextMask};
