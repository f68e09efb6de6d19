//! A post or a retweet as any of Twitter's formats tells it: what the formats have in common.

use std::borrow::Cow;

use populi_model::{Counts, Media, Timestamp};

/// The code that Twitter has for all countries, where a holder of rights objected.
pub(super) const EVERYWHERE: &str = "XY";
/// The level of nearly every record of a stream, which is not kept.
pub(super) const USUAL_FILTER_LEVEL: &str = "low";

/// A post, or the act of a retweet.
#[derive(Debug, Default)]
pub(super) struct Status<'w> {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: User<'w>,
    pub created_at: Option<Timestamp>,
    /// Its whole text, without HTML entities.
    pub text: Cow<'w, str>,
    /// Where in the text its body stands, in characters.
    pub body: (u32, u32),
    /// The language that the network found, as written.
    pub lang: Option<&'w str>,
    pub reply_to: Option<Reference>,
    pub quote_of: Option<Reference>,
    /// What it shows again, saying nothing of its own.
    pub repost_of: Option<Reference>,
    /// The first post of the conversation.
    pub conversation: Option<u64>,
    /// The first step of an edited post, where this is a later one.
    pub edit_of: Option<u64>,
    pub hashtags: Vec<&'w str>,
    pub mentions: Vec<Mention<'w>>,
    pub urls: Vec<&'w str>,
    pub media: Vec<Media<'w>>,
    pub counts: Counts,
    /// The program that it was written with.
    pub client: Option<Cow<'w, str>>,
    /// `latitude,longitude`.
    pub geo: Option<String>,
    pub withheld_in: Vec<&'w str>,
    /// What else is told, by name.
    pub attributes: Vec<(&'static str, Cow<'w, str>)>,
    /// The posts that stand inside it, whole.
    pub shown: Vec<Status<'w>>,
    /// What was odd and left out, by the names that warnings are counted under.
    pub warnings: Vec<&'static str>,
}

/// A post that another one names, and its author where that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub post: u64,
    pub account: Option<u64>,
}

/// An account that a post mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention<'w> {
    Account(u64),
    /// One whose number is not told.
    Handle(&'w str),
}

/// An account as it is shown beside a post.
#[derive(Debug, Default)]
pub(super) struct User<'w> {
    /// Its number.
    pub id: u64,
    pub handle: Option<&'w str>,
    pub name: Option<Cow<'w, str>>,
    pub bio: Option<Cow<'w, str>>,
    pub location: Option<Cow<'w, str>>,
    pub joined_at: Option<Timestamp>,
    pub followers: Option<i64>,
    pub following: Option<i64>,
    pub posts: Option<i64>,
    pub verified: Option<bool>,
}

impl User<'_> {
    /// Whether anything is known of it but its number.
    pub fn is_shown(&self) -> bool {
        self.handle.is_some() || self.name.is_some()
    }
}
