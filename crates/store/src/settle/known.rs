//! The distinct events of a record, from what stood and what is new.

use std::borrow::Cow;
use std::collections::BTreeMap;

use populi_model::table::{ActKind, ActionRow, OriginalRow, SourceRow};
use populi_model::{
    Body, Class, Event, Id, Key, Operation, Origin, Platform, RecordKind, Subject, Timestamp, Version,
};

use super::sighting::fold_sightings;

/// What makes two events of one record the same, in the order of the record's history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ident {
    revision: u64,
    /// Zero where the revision alone names the event.
    content: u64,
    kind: RecordKind,
    operation: Operation,
}

impl Ident {
    fn new(platform: Platform, kind: RecordKind, operation: Operation, version: Version) -> Self {
        // Notices have no revision of their own, only a time.
        let revision_names_it = platform.revision_names_the_event() && operation != Operation::Notice;
        let content = if revision_names_it { 0 } else { version.content };
        Self { revision: version.revision, content, kind, operation }
    }
}

/// One distinct event and every copy of it.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) platform: Platform,
    pub(crate) kind: RecordKind,
    pub(crate) operation: Operation,
    /// Of copies that disagree, the one with the greatest content counts.
    pub(crate) version: Version,
    /// The smallest receipt time of the copies; of what stood, the time of its act.
    pub(crate) at: Option<Timestamp>,
    /// The event itself, where it came with the new ones.
    pub(crate) event: Option<Event<'a>>,
    /// Its acts, where it stood already.
    pub(crate) acts: Vec<ActionRow<'a>>,
    /// Of a sighting, its acts beside the other versions.
    pub(super) acts_as_seen: Vec<ActionRow<'a>>,
    /// When an export had it, at the latest.
    pub(super) seen_at: Option<Timestamp>,
    /// Sightings that show it again.
    pub(super) folded: Vec<Self>,
    copies: Vec<Copied>,
    /// Which of them counts: kept, so that a million copies of one line cost no more than a million lines.
    counting: usize,
}

/// One copy of an event.
#[derive(Clone, Copy, Debug)]
struct Copied {
    content: u64,
    /// Whether a selection left it out, so that no more is known than that it came.
    is_left_out: bool,
    origin: Origin,
}

impl Copied {
    /// Of copies, the one with the greatest rank counts: the one with the greatest content, of equal ones one that was not
    /// left out, and of those the one that was read first.
    fn rank(&self) -> (u64, bool, std::cmp::Reverse<Origin>) {
        (self.content, !self.is_left_out, std::cmp::Reverse(self.origin))
    }
}

impl<'a> Known<'a> {
    /// Whether this is a version of the record rather than a delete or a notice.
    pub(crate) fn is_write(&self) -> bool {
        matches!(self.operation, Operation::Create | Operation::Update | Operation::Seen)
    }

    /// This and the sightings that show it again.
    pub(super) fn with_folded(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.folded)
    }

    /// An event that says what this says, where one came with the new ones.
    pub(crate) fn telling(&self) -> Option<&Event<'a>> {
        let says_it = |event: &&Event<'a>| event.version.content == self.version.content;
        self.with_folded().filter_map(|copy| copy.event.as_ref()).find(says_it)
    }

    /// When the network had it: a sighting has an author's time, which anyone can set.
    pub(super) fn network_time(&self) -> Option<Timestamp> {
        match self.operation {
            Operation::Seen => self.seen_at,
            _ => earliest(self.at, self.seen_at),
        }
    }

    /// What each copy of this says.
    pub(super) fn contents(&self) -> impl Iterator<Item = u64> {
        self.copies.iter().map(|copy| copy.content)
    }

    /// Whether this happened before the account was deleted.
    pub(crate) fn is_before(&self, deleted_at: Option<Timestamp>) -> bool {
        matches!((self.network_time(), deleted_at), (Some(at), Some(deleted_at)) if at < deleted_at)
    }

    /// The acts of the event, without what depends on other events of the record.
    pub(crate) fn take_acts(&mut self) -> Vec<ActionRow<'a>> {
        let mut acts = match &self.event {
            _ if self.operation == Operation::Seen => std::mem::take(&mut self.acts_as_seen),
            Some(event) => acts_of(event, self.at),
            None => std::mem::take(&mut self.acts),
        };
        for act in &mut acts {
            act.at = self.at;
            act.undoes = None;
            act.prior_text = None;
            act.prior_revision = None;
            act.prior_content = None;
            if act.operation == Operation::Delete {
                act.target_post = None;
                act.target_key = None;
                act.target_account = None;
            }
        }
        acts
    }

    /// One row of `sources` a copy: the copy that counts as `class`, the others and the sightings as duplicates; what was left
    /// out as that.
    pub(crate) fn sources(&self, record_key: Key, class: Class) -> Vec<SourceRow> {
        let mut rows = self.own_sources(record_key, class);
        for sighting in &self.folded {
            rows.extend(sighting.own_sources(record_key, Class::Duplicates));
        }
        rows
    }

    fn own_sources(&self, record_key: Key, class: Class) -> Vec<SourceRow> {
        let counting = self.counting().map_or(0, |(i, _)| i);
        let row = |(i, copy): (usize, &Copied)| SourceRow {
            record_key,
            platform: self.platform,
            kind: self.kind,
            operation: self.operation,
            revision: self.version.revision,
            content: copy.content,
            file_hash: copy.origin.file,
            offset: copy.origin.offset,
            class: match copy.is_left_out {
                true => Class::LeftOut,
                false if i == counting => class,
                false => Class::Duplicates,
            },
        };
        let mut rows: Vec<SourceRow> = self.copies.iter().enumerate().map(row).collect();
        // Not in the order in which they came.
        rows.sort_unstable_by_key(|row| (row.file_hash, row.offset, row.content));
        rows
    }

    /// The untouched record, where originals are kept; `old` is what was kept before, if this stood. Exports write equal
    /// records alike, so where one has the record, its bytes are kept.
    pub(super) fn original(&self, old: Option<OriginalRow<'a>>) -> Option<OriginalRow<'a>> {
        let seen: Vec<&Self> = self.with_folded().filter(|copy| copy.operation == Operation::Seen).collect();
        match (seen.iter().find_map(|copy| copy.event.as_ref()), &self.event) {
            (Some(event), _) => original_of(event),
            (None, Some(event)) if seen.is_empty() => original_of(event),
            _ => old,
        }
    }

    /// Whether a selection left out the copy that counts.
    pub(crate) fn is_left_out(&self) -> bool {
        self.counting().is_some_and(|(_, copy)| copy.is_left_out)
    }

    /// Whether a selection left out any copy.
    pub(crate) fn was_left_out(&self) -> bool {
        self.copies.iter().any(|copy| copy.is_left_out)
    }

    /// The copy that counts, and its place.
    fn counting(&self) -> Option<(usize, &Copied)> {
        self.copies.get(self.counting).map(|copy| (self.counting, copy))
    }

    /// Whether another copy counts more than all of these.
    fn counts_less_than(&self, copy: &Copied) -> bool {
        self.counting().is_none_or(|(_, counting)| counting.rank() < copy.rank())
    }

    fn add_copy(&mut self, copy: Copied) {
        if self.counts_less_than(&copy) {
            self.counting = self.copies.len();
        }
        self.copies.push(copy);
        self.version.content = self.version.content.max(copy.content);
    }
}

/// Gathers the distinct events of one record in the order of its history; sightings of what is there already are folded.
pub(crate) fn gather<'a>(
    sources: Vec<SourceRow>,
    actions: Vec<ActionRow<'a>>,
    events: Vec<Event<'a>>,
) -> Vec<Known<'a>> {
    let mut known: BTreeMap<Ident, Known<'a>> = BTreeMap::new();
    let mut platform = events.first().map(|event| event.platform);
    for source in sources {
        platform = Some(source.platform);
        let version = Version { revision: source.revision, content: source.content };
        let ident = Ident::new(source.platform, source.kind, source.operation, version);
        let origin = Origin { file: source.file_hash, offset: source.offset };
        known
            .entry(ident)
            .or_insert_with(|| Known {
                platform: source.platform,
                kind: source.kind,
                operation: source.operation,
                version,
                at: None,
                event: None,
                acts: Vec::new(),
                acts_as_seen: Vec::new(),
                seen_at: None,
                folded: Vec::new(),
                copies: Vec::new(),
                counting: 0,
            })
            .add_copy(Copied {
                content: source.content,
                is_left_out: source.class == Class::LeftOut,
                origin,
            });
    }
    for act in actions {
        let version = Version { revision: act.revision, content: act.content };
        let ident = Ident::new(
            platform.unwrap_or(Platform::Bluesky),
            kind_of(act.kind, &known),
            act.operation,
            version,
        );
        if let Some(known) = known.get_mut(&ident) {
            known.at = earliest(known.at, act.at);
            known.acts.push(act);
        }
    }
    for event in events {
        add_event(&mut known, event);
    }
    fold_sightings(known.into_values().collect())
}

fn add_event<'a>(known: &mut BTreeMap<Ident, Known<'a>>, event: Event<'a>) {
    let ident = Ident::new(event.platform, event.body.kind(), event.operation, event.version);
    let at = time_of(&event);
    let copy = Copied {
        content: event.version.content,
        is_left_out: matches!(event.body, Body::LeftOut),
        origin: event.origin,
    };
    match known.get_mut(&ident) {
        Some(known) => {
            let counts_more = known.counts_less_than(&copy);
            known.add_copy(copy);
            known.at = earliest(known.at, at);
            if counts_more {
                known.event = Some(event);
            }
        }
        None => {
            known.insert(
                ident,
                Known {
                    platform: event.platform,
                    kind: event.body.kind(),
                    operation: event.operation,
                    version: event.version,
                    at,
                    copies: vec![copy],
                    counting: 0,
                    acts: Vec::new(),
                    acts_as_seen: Vec::new(),
                    seen_at: None,
                    folded: Vec::new(),
                    event: Some(event),
                },
            );
        }
    }
}

/// What record an act was done with: all acts of one record are of one kind, which its sources tell.
fn kind_of(act: ActKind, known: &BTreeMap<Ident, Known<'_>>) -> RecordKind {
    if act == ActKind::ProfileUpdate {
        return RecordKind::Profile;
    }
    let kinds = known.values().map(|known| known.kind);
    // Of an account's records only the profile has acts.
    kinds.min().unwrap_or(RecordKind::Post)
}

pub(crate) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// When an event happened: the network's clock, or the author's where there is none.
pub(super) fn time_of(event: &Event<'_>) -> Option<Timestamp> {
    event.received_at.or(event.authored_at).or(match &event.body {
        Body::Post(post) => post.created_at,
        _ => None,
    })
}

/// The acts that one event is: a reply that also quotes is two.
pub(super) fn acts_of<'a>(event: &Event<'a>, at: Option<Timestamp>) -> Vec<ActionRow<'a>> {
    let act = |kind: ActKind, target: Option<Subject<'a>>, account: Option<&'a str>| ActionRow {
        record_key: event.record.key,
        record_id: Cow::Borrowed(event.record.text),
        operation: event.operation,
        revision: event.version.revision,
        content: event.version.content,
        kind,
        actor_id: event.actor.map(|actor| Cow::Borrowed(actor.text)),
        actor_key: event.actor.map(|actor| actor.key),
        target_post: target.map(|target| Cow::Borrowed(target.post.text)),
        target_key: target.map(|target| target.post.key),
        target_account: account.or(target.and_then(|target| target.account)).map(Cow::Borrowed),
        undoes: None,
        prior_text: None,
        prior_revision: None,
        prior_content: None,
        at,
    };
    let on_account = |kind, account: &Id<'a>| vec![act(kind, None, Some(account.text))];
    match &event.body {
        Body::LeftOut => vec![act(ActKind::Update, None, None)],
        Body::Post(_) if event.operation == Operation::Update => vec![act(ActKind::Update, None, None)],
        Body::Post(post) => {
            let reply = post.reply_to.map(|parent| act(ActKind::Reply, Some(parent), None));
            let quote = post.quote_of.map(|quoted| act(ActKind::Quote, Some(quoted), None));
            if reply.is_none() && quote.is_none() {
                return vec![act(ActKind::Post, None, None)];
            }
            reply.into_iter().chain(quote).collect()
        }
        Body::Like(subject) => vec![act(ActKind::Like, Some(*subject), None)],
        Body::Repost(subject) => vec![act(ActKind::Repost, Some(*subject), None)],
        Body::Follow(account) => on_account(ActKind::Follow, account),
        Body::Block(account) => on_account(ActKind::Block, account),
        Body::Profile(_) => vec![act(ActKind::ProfileUpdate, None, None)],
        Body::Handle(_)
        | Body::Status(_)
        | Body::PostWithheld(_)
        | Body::AccountWithheld(_)
        | Body::GeoScrubbed(_)
        | Body::Unavailable(_) => Vec::new(),
        Body::Gone(kind) => vec![act(act_that_ends(*kind), None, None)],
    }
}

/// The act that takes a record of a kind away.
fn act_that_ends(kind: RecordKind) -> ActKind {
    match kind {
        RecordKind::Like => ActKind::Unlike,
        RecordKind::Repost => ActKind::Unrepost,
        RecordKind::Follow => ActKind::Unfollow,
        RecordKind::Block => ActKind::Unblock,
        RecordKind::Profile | RecordKind::Identity | RecordKind::Account | RecordKind::Post => {
            ActKind::Delete
        }
    }
}

/// The untouched record of an event, where originals are kept.
pub(super) fn original_of<'a>(event: &Event<'a>) -> Option<OriginalRow<'a>> {
    event.original.map(|(content_id, bytes)| OriginalRow {
        record_key: event.record.key,
        kind: event.body.kind(),
        content_id: (!content_id.is_empty()).then_some(Cow::Borrowed(content_id)),
        bytes: Cow::Borrowed(bytes),
    })
}
