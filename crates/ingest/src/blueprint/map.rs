//! From a thread to the events of its messages.

use populi_model::{
    Body, Event, Id, Key, Operation, Platform, Post, RecordKind, Subject, Timestamp, Version,
};

use super::wire::{Act, Message, Thread};
use crate::sink::{Ledger, Sink};

/// Before ids.
const PREFIX: &str = "blueprint";

/// The attribute that a post's cluster is kept as, to compare clusters with.
const LABEL: &str = "label";

/// Takes every message of a line that begins at `offset`.
pub(super) fn take<S: Sink + ?Sized>(thread: &Thread<'_>, offset: u64, ledger: &mut Ledger<'_, S>) {
    let users: Vec<String> = thread.messages.iter().map(|m| format!("{PREFIX}:{}", m.user)).collect();
    let posts: Vec<String> = thread.messages.iter().map(post_id).collect();
    let cluster = thread.cluster.map(|cluster| cluster.to_string());
    let last = thread.messages.len() - 1;
    let reader = Reader { thread, offset, users: &users, posts: &posts, cluster: cluster.as_deref() };
    for i in 0..last {
        let is_changed = i + 1 == last && matches!(thread.act, Some(Act::PostUpdate | Act::PostDelete));
        reader.take_text(i, i.checked_sub(1), None, is_changed, ledger);
    }
    match thread.act {
        None | Some(Act::Post | Act::Reply) => {
            reader.take_text(last, last.checked_sub(1), None, false, ledger)
        }
        Some(Act::Quote) => reader.take_text(last, None, last.checked_sub(1), false, ledger),
        Some(Act::Ignore) => ledger.ignore("ignore"),
        Some(Act::ProfileUpdate) => ledger.ignore("profile_update"),
        Some(act) => reader.take_act(act, ledger),
    }
}

/// A post's id: its author and time. BluePrint loses the time of replies, so where it is 0 the text has to help.
fn post_id(message: &Message<'_>) -> String {
    let mut name = format!("{}\0{}", message.user, message.time.0);
    if message.time.0 == 0 {
        name.push('\0');
        name.push_str(&message.text);
    }
    format!("{PREFIX}:{}", Key::of(&name))
}

/// A line with the ids of its messages.
struct Reader<'a> {
    thread: &'a Thread<'a>,
    offset: u64,
    users: &'a [String],
    posts: &'a [String],
    cluster: Option<&'a str>,
}

impl<'a> Reader<'a> {
    /// Takes message `i` as a post that answers and quotes those messages. `is_changed` says that the line shows it as it
    /// was before something was done to it, so that every other line tells more of it.
    fn take_text<S: Sink + ?Sized>(
        &self,
        i: usize,
        reply_to: Option<usize>,
        quote_of: Option<usize>,
        is_changed: bool,
        ledger: &mut Ledger<'_, S>,
    ) {
        let message = &self.thread.messages[i];
        let label = self.cluster.filter(|_| i + 1 == self.posts.len()).map(|cluster| (LABEL, cluster));
        let post = Post {
            text: &message.text,
            reply_to: reply_to.map(|parent| self.subject(parent)),
            quote_of: quote_of.map(|quoted| self.subject(quoted)),
            attributes: label.into_iter().collect(),
            ..Post::default()
        };
        let weight =
            [(!is_changed, 8), (reply_to.is_some(), 4), (label.is_some(), 2), (quote_of.is_some(), 1)];
        let weight = weight.into_iter().filter(|(is_told, _)| *is_told).map(|(_, weight)| weight).sum();
        let version = version_of(message.time, weight, &post);
        self.take(i, Id::new(&self.posts[i]), Operation::Create, version, Body::Post(Box::new(post)), ledger);
    }

    /// Takes the last message as an act on the one before it.
    fn take_act<S: Sink + ?Sized>(&self, act: Act, ledger: &mut Ledger<'_, S>) {
        let last = self.posts.len() - 1;
        let message = &self.thread.messages[last];
        let (subject, account) = (self.subject(last - 1), Id::new(&self.users[last - 1]));
        let create = Operation::Create;
        let gone = |kind| (kind, Operation::Delete, Body::Gone(kind));
        let (kind, operation, body) = match act {
            Act::Like => (RecordKind::Like, create, Body::Like(subject)),
            Act::Repost => (RecordKind::Repost, create, Body::Repost(subject)),
            Act::Follow => (RecordKind::Follow, create, Body::Follow(account)),
            Act::Block => (RecordKind::Block, create, Body::Block(account)),
            Act::Unlike => gone(RecordKind::Like),
            Act::Unrepost => gone(RecordKind::Repost),
            Act::Unfollow => gone(RecordKind::Follow),
            Act::Unblock => gone(RecordKind::Block),
            Act::PostUpdate => {
                let label = self.cluster.map(|cluster| (LABEL, cluster));
                let post =
                    Post { text: &message.text, attributes: label.into_iter().collect(), ..Post::default() };
                let version = version_of(message.time, 0, &post);
                let body = Body::Post(Box::new(post));
                return self.take(last, subject.post, Operation::Update, version, body, ledger);
            }
            _ => {
                let body = Body::Gone(RecordKind::Post);
                let version = Version { revision: message.time.to_ordered_u64(), content: 0 };
                return self.take(last, subject.post, Operation::Delete, version, body, ledger);
            }
        };
        let target = match kind {
            RecordKind::Follow | RecordKind::Block => account.text,
            _ => subject.post.text,
        };
        let name = Key::of(&format!("{}\0{target}", message.user));
        let record = format!("{PREFIX}:{}:{name}", kind.name());
        let content = if operation == create { Version::content_of(target.as_bytes()) } else { 0 };
        let version = Version { revision: message.time.to_ordered_u64(), content };
        self.take(last, Id::new(&record), operation, version, body, ledger);
    }

    fn take<S: Sink + ?Sized>(
        &self,
        i: usize,
        record: Id<'_>,
        operation: Operation,
        version: Version,
        body: Body<'_>,
        ledger: &mut Ledger<'_, S>,
    ) {
        let message = &self.thread.messages[i];
        let event = Event {
            origin: ledger.origin(self.offset + message.offset as u64),
            platform: Platform::Blueprint,
            record,
            actor: Some(Id::new(&self.users[i])),
            operation,
            version,
            received_at: Some(message.time),
            authored_at: None,
            body,
            original: None,
        };
        ledger.take(&event);
    }

    fn subject(&self, i: usize) -> Subject<'a> {
        Subject { post: Id::new(&self.posts[i]), account: Some(&self.users[i]) }
    }
}

/// Where a version stands: of copies of one version the one with the greatest weight counts.
fn version_of(time: Timestamp, weight: u64, post: &Post<'_>) -> Version {
    let subject = |subject: Option<Subject<'_>>| subject.map_or("", |subject| subject.post.text).to_owned();
    let label = post.attributes.first().map_or("", |(_, label)| label);
    let told = [post.text, &subject(post.reply_to), &subject(post.quote_of), label].join("\0");
    let content = weight << 60 | Version::content_of(told.as_bytes()) >> 4;
    Version { revision: time.to_ordered_u64(), content }
}
