//! The file `twitter-conv-trees.jsonl` of Open-Assistant's Twitter scripts: a tree of posts as they are.
//!
//! `{"root": {"metadata": {…}, "role", "children": [{…}] or null, "text"}, "metadata": null}`: keys, their order and nesting
//! are those of `twitter_create_convs.py` (LAION-AI/Open-Assistant, `scripts/data-collection/twitter`). `metadata` has the
//! columns of a post without its text, then of the root `count` (its direct replies), then `prompt_user`, the author of the
//! root. The role is `prompter` where that one wrote, else `assistant`, so roles need not alternate. Make the turns with
//! [`SelfReplies::Keep`](super::SelfReplies) and [`Tombstones::Cut`](super::Tombstones).
//!
//! What differs: `user_verified` is read (there it is always null), `hashtags` is a list also where there are none, and ids may
//! be pseudonyms.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::format;
use super::turns::Turns;

/// An id: a number, of the network or under a pseudonym, or the words of a network whose ids are no numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A number.
    Number(i64),
    /// Words.
    Text(String),
}

/// What is told of a post besides its text, in the order of the original's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the network")]
pub struct Metadata {
    pub timestamp_ms: Option<String>,
    pub id: Option<Id>,
    pub truncated: Option<bool>,
    pub in_reply_to_status_id: Option<Id>,
    pub in_reply_to_user_id: Option<Id>,
    pub is_quote_status: Option<bool>,
    pub quote_count: Option<i64>,
    pub reply_count: Option<i64>,
    pub retweet_count: Option<i64>,
    pub favorite_count: Option<i64>,
    pub filter_level: Option<String>,
    pub lang: Option<String>,
    pub possibly_sensitive: Option<bool>,
    pub hashtags: Vec<String>,
    pub user_id: Option<Id>,
    pub user_verified: Option<bool>,
    pub user_followers_count: Option<i64>,
    pub user_statuses_count: Option<i64>,
}

/// A post of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPost {
    /// What is told besides its text.
    pub metadata: Metadata,
    /// Its text.
    pub text: String,
}

#[derive(Serialize)]
struct Node<'a> {
    metadata: NodeMetadata<'a>,
    role: &'static str,
}

#[derive(Serialize)]
struct NodeMetadata<'a> {
    #[serde(flatten)]
    own: &'a Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    prompt_user: Option<&'a Id>,
}

/// Writes a tree as one line; `posts[i]` is turn `i`. Time linear in the posts; never recurses.
///
/// # Errors
/// When `out` refuses.
pub fn write(turns: &Turns, posts: &[RawPost], out: &mut impl Write) -> io::Result<u64> {
    let Some(root) = posts.first() else { return Ok(0) };
    let prompt_user = root.metadata.user_id.as_ref();
    let mut buffer = Vec::new();
    out.write_all(b"{\"root\":")?;
    let begin = |turn: u32, out: &mut _| {
        let own = &posts[turn as usize].metadata;
        let is_root = turns.parent(turn).is_none();
        let is_prompter = own.user_id.as_ref() == prompt_user;
        let node = Node {
            metadata: NodeMetadata { own, count: is_root.then(|| turns.replies(turn).len()), prompt_user },
            role: if is_prompter { "prompter" } else { "assistant" },
        };
        format::open(&node, "children", &mut buffer, out)?;
        let has_replies = !turns.replies(turn).is_empty();
        Write::write_all(out, if has_replies { b"[" } else { b"null" })
    };
    let end = |turn: u32, out: &mut _| {
        let has_replies = !turns.replies(turn).is_empty();
        Write::write_all(out, if has_replies { b"],\"text\":" } else { b",\"text\":" })?;
        serde_json::to_writer(&mut *out, &posts[turn as usize].text)?;
        Write::write_all(out, b"}")
    };
    format::nested(turns, out, begin, end)?;
    out.write_all(b",\"metadata\":null}\n")?;
    Ok(1)
}
