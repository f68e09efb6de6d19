//! What there is in the world and what the stream says of it, in compact form: about 150 bytes a tweet.
//!
//! Nothing here is JSON. The lines are made from it, and so is the truth.

use super::params::Api;
use crate::random::mix;

/// Stands where an optional post or account is absent.
pub(crate) const NONE: u32 = u32::MAX;

/// All that is there. Accounts, posts and reposts are named by their place in these lists.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) api: Api,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) users: Vec<User>,
    /// Those that the stream shows, and those that it is silent about.
    pub(crate) posts: Vec<Post>,
    pub(crate) reposts: Vec<Repost>,
    /// In the order of their arrival.
    pub(crate) lines: Vec<Line>,
    /// What was asked for later.
    pub(crate) hydrated: Hydrated,
}

/// An account. What it says of itself is a function of the second; see [`World::profile`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) topic: u8,
    pub(crate) lang: u8,
    pub(crate) client: u8,
    pub(crate) verified: bool,
    /// Whether it tells where it writes.
    pub(crate) tells_place: bool,
    pub(crate) joined_s: u64,
    pub(crate) followers: u64,
    pub(crate) following: u64,
    pub(crate) posts: u64,
    /// When it gives itself another name and another description.
    pub(crate) renamed_s: Option<u64>,
}

/// A post, reply or quote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) id: u64,
    pub(crate) author: u32,
    pub(crate) at_ms: u64,
    /// The post that it answers, or [`NONE`].
    pub(crate) parent: u32,
    /// The post that it quotes, or [`NONE`].
    pub(crate) quote: u32,
    /// The first post of the conversation; itself where it answers nothing.
    pub(crate) root: u32,
    /// The first version of an edited post, where this is a later one; [`NONE`] else.
    pub(crate) edit_of: u32,
    /// The version before, [`NONE`] of a first one.
    pub(crate) edited_from: u32,
    /// The post whose words it has: itself, or the one that it repeats.
    pub(crate) words: u32,
    /// How the words differ from those it repeats: 0 where not at all.
    pub(crate) twist: u8,
    pub(crate) topic: u8,
    pub(crate) lang: u8,
    pub(crate) long: bool,
    pub(crate) has_link: bool,
    pub(crate) has_media: bool,
    pub(crate) has_point: bool,
    pub(crate) has_place: bool,
    /// Whether its own record names a country in which it is withheld.
    pub(crate) withheld: bool,
    /// Whether the stream never shows it.
    pub(crate) hidden: bool,
    /// Why the network does not show it, as a place in [`UNAVAILABLE`].
    pub(crate) unavailable: Option<u8>,
}

/// A retweet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repost {
    pub(crate) id: u64,
    pub(crate) by: u32,
    pub(crate) of: u32,
    pub(crate) at_ms: u64,
}

/// Titles and types of the network's errors.
pub(crate) const UNAVAILABLE: [(&str, &str, &str); 2] = [
    ("Not Found Error", "resource-not-found", "Could not find tweet with referenced_tweets.id: [{}]."),
    (
        "Authorization Error",
        "not-authorized-for-resource",
        "Sorry, you are not authorized to see the Tweet with referenced_tweets.id: [{}].",
    ),
];

/// One line of the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// When it reached the file; decides where it lies, and nothing else.
    pub(crate) arrival_ms: u64,
    pub(crate) what: What,
}

/// What a line says; equal ones are equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A post, shown at this moment.
    Post {
        post: u32,
        at_ms: u64,
        inside: Inside,
    },
    Repost {
        repost: u32,
        inside: Inside,
    },
    Delete {
        target: Target,
        at_ms: u64,
    },
    ScrubGeo {
        user: u32,
        up_to: u64,
    },
    PostWithheld {
        post: u32,
        at_ms: u64,
    },
    UserWithheld {
        user: u32,
        at_ms: u64,
    },
    /// A message of the stream about itself, as a place in [`MESSAGES`].
    Message {
        kind: u8,
        at_ms: u64,
    },
    Blank,
    /// A damaged line, made from this post's.
    Damaged {
        flaw: u8,
        post: u32,
    },
}

/// The kinds of messages that a stream sends about itself.
pub(crate) const MESSAGES: [&str; 3] = ["limit", "disconnect", "warning"];

/// How much a line shows of the posts that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Inside {
    /// All: the quoted post with its whole text.
    Whole,
    /// The long text of the post that is shown inside is cut.
    Cut,
    /// The answered post too (v2 alone), or the error in its place.
    WithParent,
    /// The id of the quoted post, not the post.
    IdOnly,
}

/// What a delete notice names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Post(u32),
    Repost(u32),
    /// Something that the stream never showed.
    Unknown {
        id: u64,
        user: u32,
    },
}

/// What was asked for once the stream had ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hydrated {
    /// Pages of API v2.
    pub(crate) pages: Vec<Page>,
    /// Statuses of API v1.1, whose numeric ids are rounded.
    pub(crate) statuses: Vec<u32>,
    /// The same, without the ids as text: nothing can be told from them.
    pub(crate) without_id: Vec<u32>,
}

/// One answer of the network.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) at_ms: u64,
    pub(crate) posts: Vec<u32>,
    pub(crate) missing: Vec<u32>,
}

impl Page {
    /// The posts that it shows beside those that were asked for.
    pub(crate) fn quoted(&self, world: &World) -> Vec<u32> {
        let mut quoted: Vec<u32> = self.posts.iter().map(|&post| world.posts[post as usize].quote).collect();
        quoted.sort_unstable();
        quoted.dedup();
        quoted.retain(|&post| post != NONE && !self.posts.contains(&post));
        quoted
    }
}

/// Likes, replies, reposts and quotes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) likes: u64,
    pub(crate) replies: u64,
    pub(crate) reposts: u64,
    pub(crate) quotes: u64,
}

impl World {
    /// What the network counts of a post in this second: nothing when it is new, and never less than before.
    pub(crate) fn counts(&self, post: u32, second: u64) -> Counts {
        let age = second.saturating_sub(self.posts[post as usize].at_ms / 1000);
        let salt = mix(self.seed ^ 0x6c69, u64::from(post));
        let fame = 40_000 / (1 + salt % 4000);
        let likes = fame * age / (age + 7200);
        Counts { likes, replies: likes / 4, reposts: likes / 6, quotes: likes / 30 }
    }

    /// The post's versions up to this one, the first before.
    pub(crate) fn versions(&self, post: u32) -> Vec<u32> {
        let mut versions = vec![post];
        let mut at = post;
        while self.posts[at as usize].edited_from != NONE {
            at = self.posts[at as usize].edited_from;
            versions.push(at);
        }
        versions.reverse();
        versions
    }

    /// The post that it answers, quotes, … where there is one.
    pub(crate) fn post(&self, post: u32) -> Option<&Post> {
        self.posts.get(post as usize)
    }
}

/// Milliseconds from 1970 to the first moment that ids can tell.
const EPOCH_MS: u64 = 1_288_834_974_657;

/// The smallest id of a moment.
pub(crate) fn first_id_at(ms: u64) -> u64 {
    (ms - EPOCH_MS) << 22
}
