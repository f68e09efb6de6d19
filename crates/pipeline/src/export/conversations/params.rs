//! What can be asked of an export of conversations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use populi_dataset::dialogue::{Format, Parties, Rules, SelfReplies, Shares, Tombstones};
use populi_store::Snapshot;
use serde_json::{Value, json};

use super::super::{Existing, KeySource};
use crate::{Error, Result};

/// How to export conversations.
#[derive(Clone, Debug)]
pub struct ConversationParams {
    /// The folder to write: new, empty, or with [`Existing::Replace`] an earlier export.
    pub out: PathBuf,
    /// The format of the lines.
    pub format: ConversationFormat,
    /// What to do with an earlier export in the folder.
    pub existing: Existing,
    /// Where the key of the pseudonyms is. Without one nothing is exported but [`Names::AsTheyAre`].
    pub key: Option<KeySource>,
    /// Which names stand there. Default [`Names::Pseudonyms`].
    pub names: Names,
    /// The shares of the splits. Default one split.
    pub shares: Shares,
    /// How conversations come into splits. Default [`SplitBy::Conversation`].
    pub split_by: SplitBy,
    /// What splits by conversation depend on besides it. Default 0.
    pub seed: u64,
    /// How many may talk on a path. Default [`Parties::Any`].
    pub parties: Parties,
    /// What becomes of conversations whose beginning is not there. Default [`Incomplete::LeaveOut`].
    pub incomplete: Incomplete,
    /// What becomes of withheld posts. Default [`Withheld::LeaveOut`].
    pub withheld: Withheld,
    /// Which records count. Default [`Origin::Any`].
    pub origin: Origin,
    /// Characters (Unicode code points) of a turn, at least. Default 1; a turn without text is never told but by
    /// `openassistant-raw`.
    pub min_length: u32,
    /// The languages of first turns, as ISO 639 codes; later turns may be in one of them or in none that is known. Empty:
    /// any.
    pub langs: BTreeSet<&'static str>,
    /// Whether the verdicts of the table `cleaning` count. Default [`Cleaning::Ignore`].
    pub cleaning: Cleaning,
    /// How probably a root is an instruction, at least, by the table `instructions`: 0 to 1. Default any.
    pub min_instruction: Option<f32>,
}

/// The format of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationFormat {
    /// Turns of prompts and replies.
    Dialogue(Format),
    /// Trees of posts, as Open-Assistant's Twitter scripts write them.
    OpenassistantRaw,
}

/// Which names stand in an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Pseudonyms of posts and accounts, also in texts.
    Pseudonyms,
    /// Those of the network: only in `openassistant-raw`.
    AsTheyAre,
}

/// How conversations come into splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitBy {
    /// By a hash of the conversation and the seed.
    Conversation,
    /// By the time of its first post: the earliest ones into the first split.
    Time,
}

/// What becomes of a conversation whose first post is missing, deleted or hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomplete {
    /// It is left out.
    LeaveOut,
    /// Its topmost posts that are there begin trees of their own.
    Keep,
}

/// What becomes of posts that are withheld in some country, or of an account that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// They are left out with what hangs below them.
    LeaveOut,
    /// They are told.
    Keep,
}

/// Which records count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// All.
    Any,
    /// What Open-Assistant's scripts would have kept: posts that stood in a stream by themselves and whose record said
    /// `truncated: false`, in trees whose root answers nothing and was declared English. Deleted posts stay away, which
    /// the scripts did not see to.
    AsOriginal,
}

/// Whether the table `cleaning` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleaning {
    /// It does not.
    Ignore,
    /// Posts that it does not keep, or did not look at, are left out.
    Apply,
}

impl ConversationFormat {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dialogue(format) => format.name(),
            Self::OpenassistantRaw => "openassistant-raw",
        }
    }
}

impl ConversationParams {
    /// The defaults, for a folder and a format.
    #[must_use]
    pub fn new(out: PathBuf, format: ConversationFormat, key: Option<KeySource>) -> Self {
        Self {
            out,
            format,
            existing: Existing::Refuse,
            key,
            names: Names::Pseudonyms,
            shares: Shares::whole(),
            split_by: SplitBy::Conversation,
            seed: 0,
            parties: Parties::Any,
            incomplete: Incomplete::LeaveOut,
            withheld: Withheld::LeaveOut,
            origin: Origin::Any,
            min_length: 1,
            langs: BTreeSet::new(),
            cleaning: Cleaning::Ignore,
            min_instruction: None,
        }
    }

    /// Refuses what contradicts itself.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |reason: &str| Err(Error::Export { reason: reason.to_owned() });
        let is_raw = self.format == ConversationFormat::OpenassistantRaw;
        if self.min_instruction.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            return refuse("--instructions is a probability: expected a number from 0 to 1");
        }
        if self.names == Names::AsTheyAre && !is_raw {
            return refuse("only the format openassistant-raw may tell real ids: leave --real-ids out");
        }
        if is_raw && self.parties == Parties::Two {
            return refuse("openassistant-raw has no turns: leave --two-party out, or choose another format");
        }
        if self.origin == Origin::AsOriginal && self.incomplete == Incomplete::Keep {
            return refuse(
                "the original keeps no tree without its root: choose --as-original or --incomplete keep",
            );
        }
        Ok(())
    }

    pub(super) fn rules(&self) -> Rules {
        match self.format {
            ConversationFormat::Dialogue(_) => Rules { parties: self.parties, ..Rules::default() },
            ConversationFormat::OpenassistantRaw => {
                Rules { self_replies: SelfReplies::Keep, tombstones: Tombstones::Cut, ..Rules::default() }
            }
        }
    }

    /// All that the lines depend on besides the corpus and the key, for the card.
    pub(super) fn told(&self, snapshot: &Snapshot) -> BTreeMap<String, Value> {
        let is = |yes: bool, one: &str, other: &str| json!(if yes { one } else { other });
        let languages = if super::read::has_languages(snapshot) { "seen, else declared" } else { "declared" };
        let told = [
            ("split", json!(self.shares.to_string())),
            ("split_by", is(self.split_by == SplitBy::Time, "time", "conversation")),
            ("seed", json!(self.seed)),
            ("two_party", json!(self.parties == Parties::Two)),
            ("incomplete", is(self.incomplete == Incomplete::Keep, "keep", "leave out")),
            ("withheld", is(self.withheld == Withheld::Keep, "keep", "leave out")),
            ("as_original", json!(self.origin == Origin::AsOriginal)),
            ("min_length", json!(self.min_length)),
            ("lang", json!(self.langs)),
            ("languages", json!(languages)),
            ("clean", json!(self.cleaning == Cleaning::Apply)),
            ("instructions", json!(self.min_instruction)),
            ("names", is(self.names == Names::AsTheyAre, "as they are", "pseudonyms")),
        ];
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
