//! What happens in the world, in compact form: about 50 bytes an event, whatever its text.
//!
//! Texts are not kept: a record's words are drawn from a stream that its number names, when its line is written.

use super::society::Account;

/// Stands where an optional post or body is absent.
pub(crate) const NONE: u32 = u32::MAX;

/// All that happened. Posts, bodies and accounts are named by their place in these lists.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
    /// Those who live in the world, then those who are only spoken of.
    pub(crate) accounts: Vec<Account>,
    pub(crate) n_users: usize,
    pub(crate) posts: Vec<Post>,
    pub(crate) bodies: Vec<Body>,
    /// Events as a relay sent them, copies included, in no order that matters.
    pub(crate) events: Vec<Event>,
}

/// One post record: what never changes about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) account: u32,
    pub(crate) rkey: u64,
    /// The post it answers, or [`NONE`].
    pub(crate) parent: u32,
    /// The root that it declares, [`NONE`] where it answers nothing.
    pub(crate) root: u32,
}

/// One version of a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body {
    pub(crate) post: u32,
    pub(crate) quote: u32,
    pub(crate) embed: Embed,
    pub(crate) clock: Clock,
    /// The body whose words it has: its own number, or that of the version that it edits.
    pub(crate) words: u32,
    /// How many edits came before.
    pub(crate) edition: u8,
    /// What its content id is made from: 0 for the first version of a post, which is the one that others refer to.
    pub(crate) content: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Embed {
    None,
    Images,
    Video,
    External,
    Quote,
    QuoteWithImages,
    List,
    Feed,
}

impl Embed {
    pub(crate) fn quotes(self) -> bool {
        matches!(self, Embed::Quote | Embed::QuoteWithImages)
    }
}

/// How a client writes `createdAt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Milliseconds,
    WholeSeconds,
    Offset,
    Broken,
}

/// One event. Two copies of it may differ in both times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// When the server saw it.
    pub(crate) time_us: u64,
    /// When it reached the file; decides in which file it lies, and nothing else.
    pub(crate) arrival_us: u64,
    /// The value of the revision's TID; 0 for notices, which have none.
    pub(crate) rev: u64,
    pub(crate) account: u32,
    pub(crate) act: Act,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    PutPost {
        body: u32,
        operation: Operation,
    },
    DeletePost {
        post: u32,
    },
    Put {
        kind: Relation,
        rkey: u64,
        subject: u32,
    },
    Delete {
        kind: Relation,
        rkey: u64,
    },
    PutProfile {
        edition: u32,
        operation: Operation,
    },
    DeleteProfile,
    /// `edition` is [`NONE`] where the event names no handle.
    Identity {
        edition: u32,
    },
    Status(Status),
    Ignored {
        collection: u8,
        operation: Operation,
        rkey: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Delete => "delete",
        }
    }
}

/// A record that relates its author to a post (like, repost) or to an account (follow, block).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    Like,
    Repost,
    Follow,
    Block,
}

impl Relation {
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Relation::Like => "app.bsky.feed.like",
            Relation::Repost => "app.bsky.feed.repost",
            Relation::Follow => "app.bsky.graph.follow",
            Relation::Block => "app.bsky.graph.block",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Active,
    Deactivated,
    Suspended,
    TakenDown,
    Deleted,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Deactivated => "deactivated",
            Status::Suspended => "suspended",
            Status::TakenDown => "takendown",
            Status::Deleted => "deleted",
        }
    }
}

/// The collection of posts.
pub(crate) const POST: &str = "app.bsky.feed.post";
/// The collection of profiles; its only record key is `self`.
pub(crate) const PROFILE: &str = "app.bsky.actor.profile";

/// Collections that Populi does not take.
pub(crate) const IGNORED: [&str; 9] = [
    "app.bsky.feed.threadgate",
    "app.bsky.feed.postgate",
    "app.bsky.graph.list",
    "app.bsky.graph.listitem",
    "app.bsky.graph.starterpack",
    "app.bsky.feed.generator",
    "com.whtwnd.blog.entry",
    "fm.teal.alpha.feed.play",
    "place.stream.chat.message",
];
