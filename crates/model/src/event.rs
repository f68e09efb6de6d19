//! What one input record says.
//!
//! Rooms that read dumps make events; the room that stores sorts, merges and settles them into tables. Texts are
//! borrowed, from the input line or from the run that holds them, so that an event costs no allocation a field.

use serde::{Deserialize, Serialize};

use crate::{Id, Key, Reason, Timestamp, Version};

/// One input record that was taken: an act on a record of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<'a> {
    /// Where the record was read.
    pub origin: Origin,
    /// The network it comes from.
    pub platform: Platform,
    /// The record that it speaks of: a post, a like, …; for a profile and for notices the account itself.
    #[serde(borrow)]
    pub record: Id<'a>,
    /// The acting account; `None` only in tables without authors.
    pub actor: Option<Id<'a>>,
    /// What was done to the record.
    pub operation: Operation,
    /// Where in the record's history.
    pub version: Version,
    /// The network's clock, where the dump tells it.
    pub received_at: Option<Timestamp>,
    /// The author's clock, of a record found in an export, which has no other.
    pub authored_at: Option<Timestamp>,
    /// What the record says.
    pub body: Body<'a>,
    /// The untouched record and its native content id, where originals are kept.
    pub original: Option<(&'a str, &'a [u8])>,
}

/// Where a record was read: it decides which of equal copies counts, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The key of the file's BLAKE3 hash, or of what was read of standard input.
    pub file: Key,
    /// Bytes of decoded content before the record; for a table read through columns, its row.
    pub offset: u64,
}

/// The network that a record comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Platform {
    /// Bluesky and what else speaks the AT protocol.
    Bluesky,
    /// Any table of posts.
    Table,
    /// An export of threads under pseudonyms, of whatever network.
    Blueprint,
    /// Twitter.
    Twitter,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 4] = [Self::Bluesky, Self::Table, Self::Blueprint, Self::Twitter];

    /// The platform of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.name() == name)
    }

    /// The name in the `platform` column and before native ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bluesky => "bluesky",
            Self::Table => "table",
            Self::Blueprint => "blueprint",
            Self::Twitter => "twitter",
        }
    }

    /// What stands before the ids of this platform in a corpus: of accounts first, then of posts where that is
    /// another; nothing where they are the network's own.
    #[must_use]
    pub fn own_id_prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Bluesky => &[],
            Self::Table => &["table:"],
            Self::Blueprint => &["blueprint:"],
            // A post and an account may have the same number.
            Self::Twitter => &["twitter:user:", "twitter:"],
        }
    }

    /// What may stand before an id that is written as in its input, for ids of every such platform.
    pub fn id_prefixes() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().flat_map(Self::own_id_prefixes).copied()
    }

    /// Whether two events of one record with the same operation and revision are one event whatever they say.
    ///
    /// A network's revision names a commit; a table's time does not, so there the content decides. In an export of threads
    /// one message stands in many of them, and tells more in some than in others.
    #[must_use]
    pub fn revision_names_the_event(self) -> bool {
        matches!(self, Self::Bluesky | Self::Blueprint)
    }

    /// Whether its records are sighted rather than revised: a post has no versions of its own, and each time that it is
    /// shown tells some of its columns, which are merged one by one.
    #[must_use]
    pub fn tells_sightings(self) -> bool {
        matches!(self, Self::Twitter)
    }

    /// Whether an update of a post says nothing of what it answers and quotes, so that what its create said holds.
    #[must_use]
    pub fn updates_tell_text_only(self) -> bool {
        matches!(self, Self::Blueprint)
    }

    /// When a revision was, on the network's clock, where the revision tells it.
    #[must_use]
    pub fn time_of_revision(self, revision: u64) -> Option<Timestamp> {
        match self {
            // Microseconds, above 10 bits that tell apart what happened in the same one; so it always fits.
            Self::Bluesky => i64::try_from(revision >> 10).ok().map(Timestamp),
            // Milliseconds.
            Self::Twitter => i64::try_from(revision).ok()?.checked_mul(1000).map(Timestamp),
            Self::Table | Self::Blueprint => None,
        }
    }
}

/// What was done to a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Operation {
    /// The record was made.
    Create,
    /// A newer version of the record.
    Update,
    /// The record was found in an export of its account: at this revision it was there, whenever it was made.
    Seen,
    /// The record was found inside another one, which shows it: a retweeted or quoted post, the author of a post.
    Embedded,
    /// The record was taken away.
    Delete,
    /// The network says something about an account.
    Notice,
}

impl Operation {
    /// The name in the `operation` column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Seen => "seen",
            Self::Embedded => "embedded",
            Self::Delete => "delete",
            Self::Notice => "notice",
        }
    }

    /// The operation of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Seen, Self::Embedded, Self::Delete, Self::Notice]
            .into_iter()
            .find(|op| op.name() == name)
    }
}

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum RecordKind {
    /// What an account says of itself.
    Profile,
    /// A notice of an account's handle.
    Identity,
    /// A notice of an account's status.
    Account,
    /// A post, reply or quote.
    Post,
    /// A like of a post.
    Like,
    /// A repost of a post.
    Repost,
    /// A follow of an account.
    Follow,
    /// A block of an account.
    Block,
}

impl RecordKind {
    /// Every kind, in their order.
    pub const ALL: [Self; 8] = [
        Self::Profile,
        Self::Identity,
        Self::Account,
        Self::Post,
        Self::Like,
        Self::Repost,
        Self::Follow,
        Self::Block,
    ];

    /// The name in `kind` columns.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Identity => "identity",
            Self::Account => "account",
            Self::Post => "post",
            Self::Like => "like",
            Self::Repost => "repost",
            Self::Follow => "follow",
            Self::Block => "block",
        }
    }

    /// The kind of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether records of this kind speak of the account itself and are keyed by it.
    #[must_use]
    pub fn is_of_the_account(self) -> bool {
        matches!(self, Self::Profile | Self::Identity | Self::Account)
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body<'a> {
    /// A version of a post.
    Post(#[serde(borrow)] Box<Post<'a>>),
    /// A later version of a post that a selection leaves out: only that there is one, so that no earlier one stands.
    LeftOut,
    /// A like.
    Like(Subject<'a>),
    /// A repost.
    Repost(Subject<'a>),
    /// A follow of this account.
    Follow(Id<'a>),
    /// A block of this account.
    Block(Id<'a>),
    /// A version of the account's profile.
    Profile(Box<Profile<'a>>),
    /// The account's handle, where the notice tells it.
    Handle(Option<&'a str>),
    /// The account's status.
    Status(AccountStatus),
    /// The post is withheld in these countries.
    PostWithheld(Vec<&'a str>),
    /// All that the account wrote is withheld in these countries.
    AccountWithheld(Vec<&'a str>),
    /// Where the account was is to be forgotten, of its posts up to the one of this number.
    GeoScrubbed(u64),
    /// The network does not show the post, for this reason.
    Unavailable(&'a str),
    /// Nothing: a record of this kind was deleted.
    Gone(RecordKind),
}

impl Body<'_> {
    /// What the record is.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Post(_) | Self::LeftOut | Self::PostWithheld(_) | Self::Unavailable(_) => RecordKind::Post,
            Self::Like(_) => RecordKind::Like,
            Self::Repost(_) => RecordKind::Repost,
            Self::Follow(_) => RecordKind::Follow,
            Self::Block(_) => RecordKind::Block,
            Self::Profile(_) => RecordKind::Profile,
            Self::Handle(_) => RecordKind::Identity,
            Self::Status(_) | Self::AccountWithheld(_) | Self::GeoScrubbed(_) => RecordKind::Account,
            Self::Gone(kind) => *kind,
        }
    }
}

/// The post that a like or repost is of, and its author where the id tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject<'a> {
    /// The post.
    #[serde(borrow)]
    pub post: Id<'a>,
    /// Its author's id, where it can be read from the post's id.
    pub account: Option<&'a str>,
}

/// A version of a post.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Post<'a> {
    /// The author's clock.
    pub created_at: Option<Timestamp>,
    /// The text as it was written; may be empty.
    pub text: &'a str,
    /// The languages that the author declared, as written.
    #[serde(borrow)]
    pub langs: Vec<&'a str>,
    /// The post that this one answers.
    pub reply_to: Option<Subject<'a>>,
    /// The first post of the conversation, as the author's client declared it.
    pub root: Option<Id<'a>>,
    /// The post that this one quotes.
    pub quote_of: Option<Subject<'a>>,
    /// Hashtags, without `#`, in order.
    pub hashtags: Vec<&'a str>,
    /// Ids of mentioned accounts, in order.
    pub mentions: Vec<&'a str>,
    /// Linked addresses, in order.
    pub urls: Vec<&'a str>,
    /// Likes, replies, reposts and quotes as the dump counts them.
    pub counts: Counts,
    /// Images, audio and video, in order.
    pub media: Vec<Media<'a>>,
    /// The network's own id of the conversation.
    pub conversation: Option<&'a str>,
    /// The program that it was written with.
    pub client: Option<&'a str>,
    /// Where it was written, as `latitude,longitude` in degrees.
    pub geo: Option<&'a str>,
    /// Countries in which it is withheld, in ISO 3166-1 alpha-2 or the network's own codes.
    pub withheld_in: Vec<&'a str>,
    /// Of a later step of an edited post, the first one.
    pub edit_of: Option<Id<'a>>,
    /// Where in the text its body stands, without the mentions before and the links behind it: from the first character
    /// to the one behind the last.
    pub body: Option<(u32, u32)>,
    /// What else the input tells, as (name, value), in its order: columns of a table that are not in `posts`.
    pub attributes: Vec<(&'a str, &'a str)>,
}

/// How often others reacted, as a dump counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Likes.
    pub likes: Option<i64>,
    /// Replies.
    pub replies: Option<i64>,
    /// Reposts.
    pub reposts: Option<i64>,
    /// Quotes.
    pub quotes: Option<i64>,
}

/// One image, audio, video, or card of an outside page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// The native id of its content, where there is one.
    pub content_id: Option<&'a str>,
    /// Where it is to be had; for a card, the page that it shows.
    pub url: Option<&'a str>,
    /// The description that the author gave; for a card, its title and description.
    pub alt: Option<&'a str>,
}

/// What a medium is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaKind {
    /// A still picture.
    Image,
    /// A film.
    Video,
    /// A card of an outside page.
    External,
}

impl MediaKind {
    /// The kind of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Image, Self::Video, Self::External].into_iter().find(|kind| kind.name() == name)
    }

    /// The name in the `kind` column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::External => "external",
        }
    }
}

/// What an account says of itself, and what the network shows beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile<'a> {
    /// The handle, where it is shown beside the profile.
    pub handle: Option<&'a str>,
    /// The display name.
    pub name: Option<&'a str>,
    /// The self-description.
    pub bio: Option<&'a str>,
    /// Where the account says that it is.
    pub location: Option<&'a str>,
    /// When the account was made.
    pub joined_at: Option<Timestamp>,
    /// Followers as the dump counts them.
    pub followers: Option<i64>,
    /// Followed accounts as the dump counts them.
    pub following: Option<i64>,
    /// Posts as the dump counts them.
    pub posts: Option<i64>,
    /// Whether the network vouches for the account.
    pub verified: Option<bool>,
}

/// Whether an account is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountStatus {
    /// It is there.
    Active,
    /// Its owner put it to sleep.
    Deactivated,
    /// Its host suspended it.
    Suspended,
    /// Its host took it down.
    TakenDown,
    /// It is gone for good.
    Deleted,
    /// It is not there, and the network does not say why.
    Inactive,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Deactivated, Self::Suspended, Self::TakenDown, Self::Deleted, Self::Inactive];

    /// The name in the `status` column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Suspended => "suspended",
            Self::TakenDown => "taken_down",
            Self::Deleted => "deleted",
            Self::Inactive => "inactive",
        }
    }

    /// The status of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether posts of such an account are hidden from the steps after ingest.
    #[must_use]
    pub fn hides_posts(self) -> bool {
        self != Self::Active
    }
}

/// An input record that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined<'a> {
    /// Where it was read.
    pub origin: Origin,
    /// The file as the user named it.
    pub file_name: &'a str,
    /// Its line, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// What was wrong, in words: expected and got.
    pub detail: &'a str,
    /// The record's first bytes, at most [`Quarantined::MAX_HEAD_BYTES`].
    pub head: &'a [u8],
}

impl Quarantined<'_> {
    /// How much of a bad record is kept.
    pub const MAX_HEAD_BYTES: usize = 256;
}
