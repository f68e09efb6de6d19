//! The acts that a line can tell of, and the order in which a file tells them.

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Wrote a post that answers nothing.
    Post,
    /// Wrote a post that answers another.
    Reply,
    /// Liked a post.
    Like,
    /// Took a like back.
    Unlike,
    /// Passed a post on.
    Repost,
    /// Took a repost back.
    Unrepost,
    /// Followed an account.
    Follow,
    /// Ended a follow.
    Unfollow,
    /// Blocked an account.
    Block,
    /// Ended a block.
    Unblock,
    /// Changed a post.
    PostUpdate,
    /// Deleted a post.
    PostDelete,
    /// Wrote a post that quotes another.
    Quote,
}

impl Act {
    /// Every act, in the order in which BluePrint's files tell them: texts, then pairs kind by kind.
    pub const ALL: [Self; 13] = [
        Self::Post,
        Self::Reply,
        Self::Like,
        Self::Unlike,
        Self::Repost,
        Self::Unrepost,
        Self::Follow,
        Self::Unfollow,
        Self::Block,
        Self::Unblock,
        Self::PostUpdate,
        Self::PostDelete,
        Self::Quote,
    ];

    /// The name of its flag.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Reply => "reply",
            Self::Like => "like",
            Self::Unlike => "unlike",
            Self::Repost => "repost",
            Self::Unrepost => "unrepost",
            Self::Follow => "follow",
            Self::Unfollow => "unfollow",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::PostUpdate => "post_update",
            Self::PostDelete => "post_delete",
            Self::Quote => "quote",
        }
    }
}
