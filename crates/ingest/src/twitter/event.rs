//! From posts and retweets to events, whatever the format that they came in.

use populi_model::{Body, Event, Id, Operation, Platform, Post, Profile, Subject, Timestamp, Version};

use super::id::{self, NetworkId};
use super::status::{Mention, Reference, Status, User};
use crate::sink::{Ledger, Sink};

/// How a direct record was sighted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting<'r> {
    /// Where it begins.
    pub offset: u64,
    /// `Create` in a stream, `Seen` in a collection that was asked for later.
    pub operation: Operation,
    /// When, in milliseconds since 1970; where the input does not tell it, when the newest thing that it shows was made,
    /// or in a collection right after that.
    pub seen_ms: Option<u64>,
    /// The network's clock.
    pub received_at: Option<Timestamp>,
    /// The record's bytes.
    pub record: &'r [u8],
    /// Whether events carry them.
    pub keeps_original: bool,
}

/// Takes a direct record: the post or the act, then the posts that it shows, and a profile beside each of them.
pub(super) fn take<S: Sink + ?Sized>(
    status: &Status<'_>,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    tell(status, sighting, true, ledger);
}

/// Hands on a post that is shown beside the direct records of a page, and the profile beside it.
pub(super) fn embed<S: Sink + ?Sized>(
    status: &Status<'_>,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    tell(status, sighting, false, ledger);
}

/// Hands on that the network does not show a post, for this reason.
pub(super) fn embed_unavailable<S: Sink + ?Sized>(
    post: u64,
    reason: &str,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    let content = Version::content_of(sighting.record);
    let version = Version { revision: sighting.seen_ms.unwrap_or(0), content };
    let post = NetworkId::of_post(post);
    let mut embedded = Embedded { sighting, version, n: 0 };
    let event = embedded.event(post.id(), None, Body::Unavailable(reason), ledger);
    ledger.embed(&event);
}

fn tell<S: Sink + ?Sized>(
    status: &Status<'_>,
    sighting: &Sighting<'_>,
    is_direct: bool,
    ledger: &mut Ledger<'_, S>,
) {
    let is_later = sighting.operation != Operation::Create;
    let revision = sighting.seen_ms.unwrap_or_else(|| newest_ms(status).saturating_add(u64::from(is_later)));
    let version = Version { revision, content: Version::content_of(sighting.record) };
    let mut statuses = Vec::new();
    gather(status, &mut statuses);
    let mut accounts = Vec::with_capacity(statuses.len());
    let mut embedded = Embedded { sighting, version, n: 0 };
    for (i, status) in statuses.iter().enumerate() {
        status.warnings.iter().for_each(|warning| ledger.tally.warn(warning));
        let author = NetworkId::of_account(status.author.id);
        tell_status(status, author.id(), is_direct && i == 0, &mut embedded, ledger);
        if status.author.is_shown() && !accounts.contains(&status.author.id) {
            accounts.push(status.author.id);
            let profile = Body::Profile(Box::new(profile(&status.author)));
            let event = embedded.event(author.id(), Some(author.id()), profile, ledger);
            ledger.embed(&event);
        }
    }
}

/// When the newest of a post and of what it shows was made.
fn newest_ms(status: &Status<'_>) -> u64 {
    let own = id::snowflake_ms(status.id).or_else(|| u64::try_from(status.created_at?.0 / 1000).ok());
    status.shown.iter().map(newest_ms).fold(own.unwrap_or(0), u64::max)
}

/// A post and all that it shows, each once.
fn gather<'s, 'w>(status: &'s Status<'w>, into: &mut Vec<&'s Status<'w>>) {
    if into.iter().all(|other| other.id != status.id) {
        into.push(status);
        status.shown.iter().for_each(|shown| gather(shown, into));
    }
}

/// Versions of what one record shows.
struct Embedded<'r> {
    sighting: &'r Sighting<'r>,
    /// Of the record itself.
    version: Version,
    /// How many were given.
    n: u64,
}

impl Embedded<'_> {
    /// The next event of what is shown. Its content is told from that of others by the record that shows it, and by
    /// its place among what that shows.
    fn event<'a, S: Sink + ?Sized>(
        &mut self,
        record: Id<'a>,
        actor: Option<Id<'a>>,
        body: Body<'a>,
        ledger: &Ledger<'_, S>,
    ) -> Event<'a> {
        self.n += 1;
        let content = self.version.content.wrapping_add(self.n).max(1);
        Event {
            origin: ledger.origin(self.sighting.offset),
            platform: Platform::Twitter,
            record,
            actor,
            operation: Operation::Embedded,
            version: Version { content, ..self.version },
            received_at: self.sighting.received_at,
            authored_at: None,
            body,
            original: None,
        }
    }
}

/// Hands on a post or an act, as the record itself or as what that shows.
fn tell_status<S: Sink + ?Sized>(
    status: &Status<'_>,
    author: Id<'_>,
    is_direct: bool,
    embedded: &mut Embedded<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    let ids = Ids::of(status);
    let body = match &ids.repost_of {
        Some(subject) => Body::Repost(subject.model()),
        None => Body::Post(Box::new(ids.post(status))),
    };
    let event = embedded.event(ids.own.id(), Some(author), body, ledger);
    if is_direct {
        let sighting = embedded.sighting;
        ledger.take(&Event {
            operation: sighting.operation,
            version: embedded.version,
            original: sighting.keeps_original.then_some(("", sighting.record)),
            ..event
        });
    } else {
        ledger.embed(&event);
    }
}

/// The ids that a post holds, which its events borrow.
struct Ids {
    own: NetworkId,
    reply_to: Option<Target>,
    quote_of: Option<Target>,
    repost_of: Option<Target>,
    conversation: Option<NetworkId>,
    edit_of: Option<NetworkId>,
    mentions: Vec<String>,
}

/// A post that another one names.
struct Target {
    post: NetworkId,
    account: Option<String>,
}

impl Target {
    fn of(reference: &Reference) -> Self {
        Self { post: NetworkId::of_post(reference.post), account: reference.account.map(id::account) }
    }

    fn model(&self) -> Subject<'_> {
        Subject { post: self.post.id(), account: self.account.as_deref() }
    }
}

impl Ids {
    fn of(status: &Status<'_>) -> Self {
        let own = NetworkId::of_post(status.id);
        let repost_of = status.repost_of.as_ref().map(Target::of);
        if repost_of.is_some() {
            let (reply_to, quote_of, conversation, edit_of) = (None, None, None, None);
            return Self { own, repost_of, reply_to, quote_of, conversation, edit_of, mentions: Vec::new() };
        }
        Self {
            reply_to: status.reply_to.as_ref().map(Target::of),
            quote_of: status.quote_of.as_ref().map(Target::of),
            conversation: status
                .conversation
                .map(|post| if post == status.id { own.clone() } else { NetworkId::of_post(post) }),
            edit_of: status.edit_of.map(NetworkId::of_post),
            mentions: status
                .mentions
                .iter()
                .map(|mention| match mention {
                    Mention::Account(number) => id::account(*number),
                    Mention::Handle(handle) => id::account_of_handle(handle),
                })
                .collect(),
            own,
            repost_of,
        }
    }

    fn post<'a>(&'a self, status: &'a Status<'_>) -> Post<'a> {
        let conversation = self.conversation.as_ref().map(NetworkId::id);
        Post {
            created_at: status.created_at,
            text: &status.text,
            langs: status.lang.into_iter().collect(),
            reply_to: self.reply_to.as_ref().map(Target::model),
            // A post that begins a conversation has no root above it.
            root: conversation.filter(|_| status.conversation != Some(status.id)),
            quote_of: self.quote_of.as_ref().map(Target::model),
            hashtags: status.hashtags.clone(),
            mentions: self.mentions.iter().map(String::as_str).collect(),
            urls: status.urls.clone(),
            counts: status.counts,
            media: status.media.clone(),
            conversation: conversation.map(|id| id.text),
            client: status.client.as_deref(),
            geo: status.geo.as_deref(),
            withheld_in: status.withheld_in.clone(),
            edit_of: self.edit_of.as_ref().map(NetworkId::id),
            body: Some(status.body),
            attributes: status.attributes.iter().map(|(name, value)| (*name, value.as_ref())).collect(),
        }
    }
}

fn profile<'a>(user: &'a User<'_>) -> Profile<'a> {
    Profile {
        handle: user.handle,
        name: user.name.as_deref(),
        bio: user.bio.as_deref(),
        location: user.location.as_deref(),
        joined_at: user.joined_at,
        followers: user.followers,
        following: user.following,
        posts: user.posts,
        verified: user.verified,
    }
}
