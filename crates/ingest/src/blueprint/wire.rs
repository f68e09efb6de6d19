//! A line as it lies in the JSON, with everything checked that can be wrong about it.
//!
//! A field that is `null` counts as absent, since tools that lay rows out in columns fill up with it; `actions` may be an
//! object or a text that holds one, as BluePrint's own stages write it. Other fields are skipped.

use std::borrow::Cow;

use populi_model::{Reason, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;
use crate::sink::Defect;

/// The times that are taken: the years 1 to 9999, in microseconds.
const TIMES_US: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// A line: at least one message, and only the last with an act, which has what it needs before it.
#[derive(Debug)]
pub(super) struct Thread<'a> {
    pub(super) messages: Vec<Message<'a>>,
    /// What the last message does, if it says so.
    pub(super) act: Option<Act>,
    /// The cluster of whoever acts, in the published style.
    pub(super) cluster: Option<i64>,
}

/// Who, what and when.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) user: Cow<'a, str>,
    pub(super) text: Cow<'a, str>,
    pub(super) time: Timestamp,
    /// Bytes of the line before the message.
    pub(super) offset: usize,
}

/// What a message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Post,
    Reply,
    Quote,
    Like,
    Unlike,
    Repost,
    Unrepost,
    Follow,
    Unfollow,
    Block,
    Unblock,
    PostUpdate,
    PostDelete,
    ProfileUpdate,
    Ignore,
}

impl Act {
    /// Whether a message that does this is a text of its own, whatever stands before it.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Post | Self::Reply | Self::Quote)
    }
}

/// A string, borrowed where it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct WireLine<'a> {
    #[serde(borrow)]
    thread: Option<Vec<&'a RawValue>>,
    cluster_id: Option<i64>,
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    unix_epoch: Option<i64>,
    relative_integer_time: Option<i64>,
    #[serde(borrow)]
    actions: Option<&'a RawValue>,
}

/// The flags of both styles.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Flags {
    post: Option<bool>,
    reply: Option<bool>,
    quote: Option<bool>,
    like: Option<bool>,
    unlike: Option<bool>,
    repost: Option<bool>,
    unrepost: Option<bool>,
    follow: Option<bool>,
    unfollow: Option<bool>,
    block: Option<bool>,
    unblock: Option<bool>,
    post_update: Option<bool>,
    post_delete: Option<bool>,
    profile_update: Option<bool>,
    ignore: Option<bool>,
}

impl<'a> Thread<'a> {
    /// Reads the one JSON document of a line.
    pub(super) fn read(line: &'a str) -> Result<Self, Defect> {
        let (raw, cluster) = if line.trim_ascii_start().starts_with('[') {
            let raw: Vec<&RawValue> =
                serde_json::from_str(line).map_err(|error| json::defect_of(&error, line, line))?;
            (raw, None)
        } else {
            let wire: WireLine<'_> =
                serde_json::from_str(line).map_err(|error| json::defect_of(&error, line, line))?;
            (wire.thread.ok_or_else(|| no_thread("an object without a thread"))?, wire.cluster_id)
        };
        let mut thread = Self { messages: Vec::with_capacity(raw.len()), act: None, cluster };
        for (i, raw) in raw.iter().enumerate() {
            let (message, act) = Message::read(raw.get(), line).map_err(|defect| Defect {
                detail: format!("message {}: {}", i + 1, defect.detail),
                ..defect
            })?;
            if thread.act.is_some() {
                return Err(no_thread("a message behind one that has actions"));
            }
            thread.messages.push(message);
            thread.act = act;
        }
        thread.check()?;
        Ok(thread)
    }

    fn check(&self) -> Result<(), Defect> {
        if self.messages.is_empty() {
            return Err(no_thread("a list without messages"));
        }
        let Some(act) = self.act.filter(|act| !act.is_text()) else { return Ok(()) };
        let [.., before, last] = self.messages.as_slice() else {
            return Err(no_thread("an act without what it was done to before it"));
        };
        // Whoever acts on a post is taken for its author, by whom its versions meet.
        if matches!(act, Act::PostUpdate | Act::PostDelete) && before.user != last.user {
            return Err(no_thread("a post_update or post_delete of the post of another user"));
        }
        Ok(())
    }
}

impl<'a> Message<'a> {
    fn read(raw: &'a str, line: &str) -> Result<(Self, Option<Act>), Defect> {
        // Derived code would take an array for the fields in their order.
        if !raw.starts_with('{') {
            return Err(Defect::new(Reason::WrongType, "expected an object, got something else"));
        }
        let wire: WireMessage<'a> =
            serde_json::from_str(raw).map_err(|error| json::defect_of(&error, raw, raw))?;
        let user = wire.user_id.map(|user| user.0).filter(|user| !user.is_empty());
        let user =
            user.ok_or_else(|| Defect::new(Reason::MissingId, "user_id: expected an id, got nothing"))?;
        let time = wire.unix_epoch.or(wire.relative_integer_time).filter(|time| TIMES_US.contains(time));
        let time = time.ok_or_else(|| {
            let expected = "unix_epoch or relative_integer_time: expected an integer, in the years 1 to 9999";
            Defect::new(
                Reason::BadTime,
                format!("{expected} as microseconds since 1970, got another or nothing"),
            )
        })?;
        let act = wire.actions.map(|actions| act_of(actions.get())).transpose()?.flatten();
        let text = wire.text.map_or(Cow::Borrowed(""), |text| text.0);
        let offset = (raw.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
        Ok((Self { user, text, time: Timestamp(time), offset }, act))
    }
}

/// The one flag that is true.
fn act_of(actions: &str) -> Result<Option<Act>, Defect> {
    let flags = if actions.starts_with('"') {
        let inner: String =
            serde_json::from_str(actions).map_err(|error| json::defect_of(&error, actions, actions))?;
        flags_of(&inner)?
    } else {
        flags_of(actions)?
    };
    let Some(flags) = flags else { return Ok(None) };
    let mut set = flags.named().into_iter().filter(|(flag, _)| *flag == Some(true)).map(|(_, act)| act);
    match (set.next(), set.next()) {
        (Some(act), None) => Ok(Some(act)),
        (None, _) => Err(no_thread("actions: expected one flag that is true, got none")),
        (Some(_), Some(_)) => Err(no_thread("actions: expected one flag that is true, got several")),
    }
}

fn flags_of(actions: &str) -> Result<Option<Flags>, Defect> {
    if actions.trim_ascii() == "null" {
        return Ok(None);
    }
    if !actions.trim_ascii_start().starts_with('{') {
        return Err(Defect::new(Reason::WrongType, "actions: expected an object, got something else"));
    }
    serde_json::from_str(actions).map(Some).map_err(|error| json::defect_of(&error, actions, actions))
}

impl Flags {
    fn named(&self) -> [(Option<bool>, Act); 15] {
        [
            (self.post, Act::Post),
            (self.reply, Act::Reply),
            (self.quote, Act::Quote),
            (self.like, Act::Like),
            (self.unlike, Act::Unlike),
            (self.repost, Act::Repost),
            (self.unrepost, Act::Unrepost),
            (self.follow, Act::Follow),
            (self.unfollow, Act::Unfollow),
            (self.block, Act::Block),
            (self.unblock, Act::Unblock),
            (self.post_update, Act::PostUpdate),
            (self.post_delete, Act::PostDelete),
            (self.profile_update, Act::ProfileUpdate),
            (self.ignore, Act::Ignore),
        ]
    }
}

fn no_thread(what: &str) -> Defect {
    Defect::new(Reason::NotAnEvent, what)
}
