//! What becomes of a post.

use std::collections::BTreeMap;

/// What became of a post of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It begins a turn.
    Told,
    /// It is a part of the turn of the post that it answers.
    Merged,
    /// It was deleted, and a turn without text keeps its place.
    Tombstone,
    /// It is not told.
    LeftOut(LeftOut),
}

/// Why a post is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// It answers nothing, and nothing that is known answers it.
    Alone,
    /// What it answers, or what that answers, is not in the corpus.
    RootMissing,
    /// What it answers, or what that answers, was deleted or is of a hidden account.
    RootGone,
    /// It was deleted, and nothing that is told hangs below it.
    Deleted,
    /// Its account is hidden: suspended, deactivated or gone.
    HiddenAuthor,
    /// It is an earlier step of a post that was edited.
    Edited,
    /// It is withheld in some country.
    Withheld,
    /// Cleaning does not keep it.
    Unclean,
    /// Cleaning was asked about other posts only.
    NotCleaned,
    /// It begins a conversation, and is less probably an instruction than was asked for.
    NotInstruction,
    /// It was only seen inside of another record.
    Embedded,
    /// Its record said that its text is cut.
    Truncated,
    /// Its conversation does not begin with a post that was declared English.
    NotEnglishRoot,
    /// Its turn is in a language that was not asked for.
    Language,
    /// Its turn has no text besides mentions and links.
    NoText,
    /// Its turn is too short.
    TooShort,
    /// Its author answered the same post of their own earlier.
    SecondSelfReply,
    /// A third author, where two were asked for.
    ThirdParty,
    /// What it answers is left out.
    BelowLeftOut,
    /// Its conversation has no reply that is told.
    NoReply,
    /// No reply that is told follows it, and the format tells only prompts with their replies.
    Unanswered,
}

impl LeftOut {
    /// Its name in a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::RootMissing => "root_missing",
            Self::RootGone => "root_gone",
            Self::Deleted => "deleted",
            Self::HiddenAuthor => "hidden_author",
            Self::Edited => "edited",
            Self::Withheld => "withheld",
            Self::Unclean => "unclean",
            Self::NotCleaned => "not_cleaned",
            Self::NotInstruction => "not_instruction",
            Self::Embedded => "embedded",
            Self::Truncated => "truncated",
            Self::NotEnglishRoot => "not_english_root",
            Self::Language => "language",
            Self::NoText => "no_text",
            Self::TooShort => "too_short",
            Self::SecondSelfReply => "second_self_reply",
            Self::ThirdParty => "third_party",
            Self::BelowLeftOut => "below_left_out",
            Self::NoReply => "no_reply",
            Self::Unanswered => "unanswered",
        }
    }
}

/// How many posts had which fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FateCounts(BTreeMap<Fate, u64>);

impl FateCounts {
    /// Counts `n` more.
    pub fn add(&mut self, fate: Fate, n: u64) {
        *self.0.entry(fate).or_default() += n;
    }

    /// Counts what another counted.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(fate, n)| self.add(*fate, *n));
    }

    /// How many had this fate.
    #[must_use]
    pub fn get(&self, fate: Fate) -> u64 {
        self.0.get(&fate).copied().unwrap_or(0)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that are not told, by the name of the reason.
    #[must_use]
    pub fn left_out(&self) -> BTreeMap<String, u64> {
        let left_out = self.0.iter().filter_map(|(fate, n)| match fate {
            Fate::LeftOut(reason) if *n > 0 => Some((reason.name().to_owned(), *n)),
            _ => None,
        });
        left_out.collect()
    }
}

impl FromIterator<Fate> for FateCounts {
    fn from_iter<I: IntoIterator<Item = Fate>>(fates: I) -> Self {
        let mut counts = Self::default();
        fates.into_iter().for_each(|fate| counts.add(fate, 1));
        counts
    }
}
