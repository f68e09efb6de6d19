//! The list style: `[{"user_id","text"?,"unix_epoch"}, …]`, and in pairs `actions` on the second message.

use serde::Serialize;

use super::{Act, Line, Message};
use crate::Pseudonym;

/// A message as the format has it.
#[derive(Serialize)]
pub(super) struct RawMessage<'a> {
    user_id: Pseudonym,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Flags>,
    /// Microseconds, whatever the name says.
    unix_epoch: i64,
}

/// The 13 flags of the list style.
#[derive(Serialize)]
struct Flags {
    like: bool,
    unlike: bool,
    repost: bool,
    unrepost: bool,
    follow: bool,
    unfollow: bool,
    block: bool,
    unblock: bool,
    post_update: bool,
    post_delete: bool,
    /// Never set: a profile is no context that could be shown.
    profile_update: bool,
    quote: bool,
    /// Never set: who saw a post and passed it by is not known.
    ignore: bool,
}

pub(super) fn line<'a>(line: Line<'a>) -> Vec<RawMessage<'a>> {
    match line {
        Line::Chain(messages, _) => messages.iter().map(|text| message(*text, None)).collect(),
        Line::Pair(context, act, action) => vec![message(context, None), message(action, Some(act))],
    }
}

fn message(message: Message<'_>, act: Option<Act>) -> RawMessage<'_> {
    let Message { user, text, time } = message;
    RawMessage { user_id: user, text, actions: act.map(flags), unix_epoch: time }
}

fn flags(act: Act) -> Flags {
    Flags {
        like: act == Act::Like,
        unlike: act == Act::Unlike,
        repost: act == Act::Repost,
        unrepost: act == Act::Unrepost,
        follow: act == Act::Follow,
        unfollow: act == Act::Unfollow,
        block: act == Act::Block,
        unblock: act == Act::Unblock,
        post_update: act == Act::PostUpdate,
        post_delete: act == Act::PostDelete,
        profile_update: false,
        quote: act == Act::Quote,
        ignore: false,
    }
}
