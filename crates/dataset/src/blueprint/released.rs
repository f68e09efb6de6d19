//! The published style: `{"thread":[{"user_id","relative_integer_time","text"?,"actions"?}, …],"cluster_id":n}`, with
//! `actions` on the last message.

use serde::Serialize;

use super::{Act, Line, Message};
use crate::Pseudonym;

/// A line as the format has it.
#[derive(Serialize)]
pub(super) struct ReleasedLine<'a> {
    thread: Vec<ReleasedMessage<'a>>,
    cluster_id: u32,
}

#[derive(Serialize)]
struct ReleasedMessage<'a> {
    user_id: Pseudonym,
    relative_integer_time: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Flags>,
}

/// The 13 flags of the published style.
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
    quote: bool,
    post: bool,
    reply: bool,
}

pub(super) fn line<'a>(line: Line<'a>, cluster: u32) -> ReleasedLine<'a> {
    let thread = match line {
        Line::Chain(messages, act) => {
            let last = messages.len().saturating_sub(1);
            let act_of = |i| (i == last).then_some(act);
            messages.iter().enumerate().map(|(i, text)| message(*text, act_of(i))).collect()
        }
        Line::Pair(context, act, action) => vec![message(context, None), message(action, Some(act))],
    };
    ReleasedLine { thread, cluster_id: cluster }
}

fn message(message: Message<'_>, act: Option<Act>) -> ReleasedMessage<'_> {
    let Message { user, text, time } = message;
    ReleasedMessage { user_id: user, relative_integer_time: time, text, actions: act.map(flags) }
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
        quote: act == Act::Quote,
        post: act == Act::Post,
        reply: act == Act::Reply,
    }
}
