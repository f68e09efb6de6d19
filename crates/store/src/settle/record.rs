//! Posts, likes, reposts, follows and blocks: the version that stands, its acts, its tombstone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use populi_model::table::{
    ActKind, ActionRow, AttributeRow, MediaRow, OriginalRow, PostRow, SourceRow, Text, TombstoneRow,
    UnavailableRow,
};
use populi_model::{Body, Class, Event, Key, Operation, Post, RecordKind, Subject, Timestamp, Version};

use super::known::{Known, acts_of, earliest, gather, original_of, time_of};

/// The rows of one record in every table.
#[derive(Default, Debug)]
pub(crate) struct RecordRows<'a> {
    pub(crate) post: Option<PostRow<'a>>,
    pub(crate) tombstone: Option<TombstoneRow<'a>>,
    pub(crate) actions: Vec<ActionRow<'a>>,
    pub(crate) sources: Vec<SourceRow>,
    pub(crate) media: Vec<MediaRow<'a>>,
    pub(crate) attributes: Vec<AttributeRow<'a>>,
    pub(crate) original: Option<OriginalRow<'a>>,
    pub(crate) unavailable: Option<UnavailableRow<'a>>,
}

/// What the tables are to hold of one record, and the follows that it was.
#[derive(Default, Debug)]
pub(crate) struct SettledRecord<'a> {
    pub(crate) rows: RecordRows<'a>,
    pub(crate) follows: Vec<FollowSeen<'a>>,
}

/// A follow that was seen, standing or undone: what the edges are made of.
#[derive(Debug)]
pub(crate) struct FollowSeen<'a> {
    pub(crate) follower_id: Text<'a>,
    pub(crate) follower_key: Key,
    pub(crate) followed_id: Text<'a>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) stands: bool,
}

/// What one create leaves where it is all that is known of its record, as it is of nearly every record: the rows that
/// [`settle_record`] makes of it, for a fraction of the time. `None` where there is more to settle.
pub(crate) fn settle_lone_create<'a>(
    event: &Event<'a>,
    deleted_at: Option<Timestamp>,
) -> Option<LoneCreate<'a>> {
    let is_post = matches!(event.body, Body::Post(_));
    // A deleted account may take its post along.
    if event.operation != Operation::Create || (is_post && deleted_at.is_some()) {
        return None;
    }
    let at = time_of(event);
    let actions = acts_of(event, at);
    let follows = if is_post { Vec::new() } else { follows(&actions, Some(event.version)) };
    let source = SourceRow {
        record_key: event.record.key,
        platform: event.platform,
        kind: event.body.kind(),
        operation: event.operation,
        revision: event.version.revision,
        content: event.version.content,
        file_hash: event.origin.file,
        offset: event.origin.offset,
        class: Class::Stored,
    };
    let post = match &event.body {
        Body::Post(post) => Some(Box::new(post_rows(event, post, at))),
        _ => None,
    };
    Some(LoneCreate { source, actions, follows, post, original: original_of(event) })
}

/// The rows of a record of which nothing but its create is known.
pub(crate) struct LoneCreate<'a> {
    pub(crate) source: SourceRow,
    pub(crate) actions: Vec<ActionRow<'a>>,
    pub(crate) follows: Vec<FollowSeen<'a>>,
    /// Boxed, because most records are no posts and a row of one is large.
    pub(crate) post: Option<Box<PostRows<'a>>>,
    pub(crate) original: Option<OriginalRow<'a>>,
}

/// The rows of a post that stands.
pub(crate) struct PostRows<'a> {
    pub(crate) post: PostRow<'a>,
    pub(crate) media: Vec<MediaRow<'a>>,
    pub(crate) attributes: Vec<AttributeRow<'a>>,
}

/// Settles one record. `deleted_at` is when its account was last deleted.
pub(crate) fn settle_record<'a>(
    standing: RecordRows<'a>,
    events: Vec<Event<'a>>,
    deleted_at: Option<Timestamp>,
) -> SettledRecord<'a> {
    let RecordRows {
        post: old_post,
        tombstone: old_tombstone,
        actions,
        sources,
        media,
        attributes,
        original,
        unavailable: _,
    } = standing;
    let mut known = gather(sources, actions, events);
    let is_post = known.first().is_some_and(|known| known.kind == RecordKind::Post);
    let last_delete = known.iter().rposition(|known| known.operation == Operation::Delete);
    // Only the newest version can stand: where it went with its account, an older one that was received later does
    // not come back.
    let newest = known.iter().rposition(|version| {
        let is_later = last_delete.is_none_or(|i| version.version.revision > known[i].version.revision);
        version.is_write() && is_later
    });
    let is_left_out = newest.is_some_and(|i| known[i].is_left_out());
    let went = |i: usize| is_post && known[i].is_before(deleted_at);
    let stands = newest.filter(|&i| !(is_left_out || went(i)));

    let mut settled = SettledRecord::default();
    let record_key = known.first().map(|first| record_key(first)).unwrap_or_default();
    for (i, version) in known.iter().enumerate() {
        let class = match version.operation {
            Operation::Delete => Class::Deletes,
            Operation::Notice => Class::Notices,
            _ if Some(i) == stands => Class::Stored,
            _ => Class::Superseded,
        };
        settled.rows.sources.extend(version.sources(record_key, class));
    }

    if is_post {
        let seen = last_seen(&known, old_post.as_ref(), old_tombstone);
        let prior = prior_texts(&known, stands, old_post.as_ref(), deleted_at);
        settled.rows.actions = acts(&mut known, &prior);
        match stands {
            Some(i) => {
                settle_post(&mut settled, &known[..=i], old_post, media, attributes, original);
            }
            // Nobody took it away: it is there, and not wanted.
            None if is_left_out => {}
            None => {
                settled.rows.tombstone =
                    tombstone(&known, &settled.rows.actions, seen, last_delete, deleted_at)
            }
        }
        let newest = newest_write(&known);
        if newest.is_some_and(|newest| {
            newest.operation == Operation::Update && newest.platform.updates_tell_text_only()
        }) {
            keep_place(&mut settled.rows);
        }
    } else {
        settled.rows.actions = acts(&mut known, &BTreeMap::new());
        settled.follows = follows(&settled.rows.actions, stands.map(|i| known[i].version));
        if let Some(version) = stands.map(|i| &known[i]) {
            settled.rows.original = version.original(original);
        }
    }
    settled
}

/// The key of the record, from whichever of the event and its acts is there.
fn record_key(known: &Known<'_>) -> Key {
    match (&known.event, known.acts.first()) {
        (Some(event), _) => event.record.key,
        (None, Some(act)) => act.record_key,
        (None, None) => Key::default(),
    }
}

/// Every act of the record, with what it undoes and the text that it changed.
fn acts<'a>(known: &mut [Known<'a>], prior: &BTreeMap<usize, (Version, Text<'a>)>) -> Vec<ActionRow<'a>> {
    let mut all: Vec<ActionRow<'a>> = Vec::new();
    let mut last_write: Option<(u64, Option<ActionRow<'a>>)> = None;
    for (i, version) in known.iter_mut().enumerate() {
        let mut acts = version.take_acts();
        if version.is_write() {
            last_write = Some((version.version.revision, acts.first().cloned()));
        }
        for act in &mut acts {
            if let (Operation::Delete, Some((revision, created))) = (version.operation, &last_write) {
                act.undoes = Some(*revision);
                if let (Some(created), true) = (created, version.kind != RecordKind::Post) {
                    act.target_post = created.target_post.clone();
                    act.target_key = created.target_key;
                    act.target_account = created.target_account.clone();
                }
            }
            if let Some((prior_version, text)) = prior.get(&i) {
                act.prior_text = Some(text.clone());
                act.prior_revision = Some(prior_version.revision);
                act.prior_content = Some(prior_version.content);
            }
        }
        if version.operation == Operation::Delete {
            last_write = None;
        }
        all.append(&mut acts);
    }
    all
}

/// For each update that is part of the standing post's history: the text of the version before it, where that was
/// seen. History begins at the last create, because a second create means that the first post was gone.
fn prior_texts<'a>(
    known: &[Known<'a>],
    stands: Option<usize>,
    old_post: Option<&PostRow<'a>>,
    deleted_at: Option<Timestamp>,
) -> BTreeMap<usize, (Version, Text<'a>)> {
    let Some(stands) = stands else {
        return BTreeMap::new();
    };
    // By content: what two versions say alike, one that was seen again too, may be kept with either.
    let mut texts: BTreeMap<u64, Text<'a>> = BTreeMap::new();
    for version in known.iter().flat_map(Known::with_folded) {
        if let Some(Event { body: Body::Post(post), version, .. }) = &version.event {
            texts.insert(version.content, Cow::Borrowed(post.text));
        }
        for act in &version.acts {
            if let (Some(text), Some(content)) = (&act.prior_text, act.prior_content) {
                texts.insert(content, text.clone());
            }
        }
    }
    if let Some(post) = old_post {
        texts.insert(post.content, post.text.clone());
    }
    let begins = known[..=stands]
        .iter()
        .rposition(|version| matches!(version.operation, Operation::Create | Operation::Delete))
        .unwrap_or(0);
    // What went with the account took the history before it along.
    let blanked = known[..=stands].iter().rposition(|version| version.is_before(deleted_at));
    let begins = begins.max(blanked.map_or(0, |i| i + 1));
    // Where a selection left a version out, the text before it went.
    let left_out = known[..=stands].iter().rposition(Known::was_left_out);
    let begins = begins.max(left_out.map_or(0, |i| i + 1));
    let writes: Vec<usize> = (begins..=stands).filter(|&i| known[i].is_write()).collect();
    let mut prior = BTreeMap::new();
    for pair in writes.windows(2) {
        let before = &known[pair[0]];
        if let Some(text) = texts.get(&before.version.content) {
            prior.insert(pair[1], (before.version, text.clone()));
        }
    }
    prior
}

/// Whether the last of these is a later version than the first.
fn is_edited(history: &[Known<'_>]) -> bool {
    match history.split_last() {
        Some((last, before)) if last.operation == Operation::Seen => before
            .iter()
            .rev()
            .take_while(|before| before.operation != Operation::Delete)
            .any(Known::is_write),
        Some((last, _)) => last.operation == Operation::Update,
        None => false,
    }
}

/// Where the post stood in its thread, as its newest version ever seen says.
struct Seen<'a> {
    version: Version,
    reply_to: Named<'a>,
    root: Named<'a>,
}

/// An id and its key: of what is forgotten only the key is left.
type Named<'a> = (Option<Text<'a>>, Option<Key>);

/// What the newest version says: it came just now, or it stood, or the tombstone kept what it said.
fn last_seen<'a>(
    known: &[Known<'a>],
    old_post: Option<&PostRow<'a>>,
    old_tombstone: Option<TombstoneRow<'a>>,
) -> Option<Seen<'a>> {
    let newest = newest_write(known)?;
    if newest.is_left_out() {
        return None;
    }
    if let Some(Event { body: Body::Post(post), .. }) = newest.telling() {
        return Some(Seen {
            version: newest.version,
            reply_to: post.reply_to.map(|parent| (Cow::Borrowed(parent.post.text), parent.post.key)).unzip(),
            root: post.root.map(|root| (Cow::Borrowed(root.text), root.key)).unzip(),
        });
    }
    if let Some(post) = old_post {
        return Some(Seen {
            version: newest.version,
            reply_to: (post.reply_to.clone(), post.reply_to_key),
            root: (post.root.clone(), post.root_key),
        });
    }
    old_tombstone.map(|tombstone| Seen {
        version: newest.version,
        reply_to: (tombstone.reply_to, tombstone.reply_to_key),
        root: (tombstone.root, tombstone.root_key),
    })
}

fn tombstone<'a>(
    known: &[Known<'a>],
    acts: &[ActionRow<'a>],
    seen: Option<Seen<'a>>,
    last_delete: Option<usize>,
    account_deleted_at: Option<Timestamp>,
) -> Option<TombstoneRow<'a>> {
    let act = acts.first()?;
    // Only what the delete came after was ended by it; what is later was blanked with its account.
    let by_delete = last_delete.filter(|&i| known[i + 1..].iter().all(|later| !later.is_write()));
    let deleted_at = match by_delete {
        Some(i) => known[i].at,
        None => account_deleted_at,
    };
    let seen_version = seen.as_ref().map(|seen| seen.version);
    let ((reply_to, reply_to_key), (root, root_key)) =
        seen.map_or_else(Default::default, |seen| (seen.reply_to, seen.root));
    Some(TombstoneRow {
        record_key: act.record_key,
        record_id: act.record_id.clone(),
        author_id: act.actor_id.clone(),
        author_key: act.actor_key,
        kind: RecordKind::Post,
        reply_to,
        reply_to_key,
        root,
        root_key,
        conversation_id: None,
        edit_of_key: None,
        deleted_at,
        seen_revision: seen_version.map(|version| version.revision),
        seen_content: seen_version.map(|version| version.content),
    })
}

/// The rows of the post that stands, the last of its history: as they were, or from its event.
fn settle_post<'a>(
    settled: &mut SettledRecord<'a>,
    history: &[Known<'a>],
    old_post: Option<PostRow<'a>>,
    media: Vec<MediaRow<'a>>,
    attributes: Vec<AttributeRow<'a>>,
    original: Option<OriginalRow<'a>>,
) {
    let Some(stands) = history.last() else { return };
    settled.rows.original = stands.original(original);
    let set = |post: PostRow<'a>| PostRow {
        // Another event may have come since that says the same, or a copy that was received earlier.
        revision: stands.version.revision,
        content: stands.version.content,
        edited: is_edited(history),
        received_at: match stands.operation {
            Operation::Seen => None,
            // A post without receipt times keeps none.
            _ if stands.folded.is_empty() => post.received_at.and_then(|at| earliest(Some(at), stands.at)),
            _ => stands.at,
        },
        ..post
    };
    let Some(event @ Event { body: Body::Post(post), .. }) = stands.telling() else {
        settled.rows.post = old_post.map(set);
        settled.rows.media = media;
        settled.rows.attributes = attributes;
        return;
    };
    let rows = post_rows(event, post, stands.at);
    settled.rows.post = Some(set(rows.post));
    settled.rows.media = rows.media;
    settled.rows.attributes = rows.attributes;
}

/// The rows of a post from its event; `at` is the smallest receipt time of its copies.
pub(super) fn post_rows<'a>(event: &Event<'a>, post: &Post<'a>, at: Option<Timestamp>) -> PostRows<'a> {
    let media: Vec<MediaRow<'a>> = media_rows(event, post);
    let attributes = post
        .attributes
        .iter()
        .map(|&(name, value)| AttributeRow {
            post_key: event.record.key,
            name: Cow::Borrowed(name),
            value: Cow::Borrowed(value),
        })
        .collect();
    let media_ids = media.iter().map(|row| row.media_id.clone()).collect();
    PostRows { post: post_row(event, post, at, media_ids), media, attributes }
}

/// The latest version, standing or not.
fn newest_write<'k, 'a>(known: &'k [Known<'a>]) -> Option<&'k Known<'a>> {
    known.iter().rfind(|version| version.is_write())
}

/// Gives a post whose update told its text only the place that its create told, and its tombstone too.
fn keep_place(rows: &mut RecordRows<'_>) {
    let created = rows.actions.iter().rfind(|act| act.operation == Operation::Create);
    let revision = created.map(|act| act.revision);
    let target = |kind: ActKind| {
        let is_told = |act: &&ActionRow<'_>| {
            act.operation == Operation::Create && Some(act.revision) == revision && act.kind == kind
        };
        // Of what is forgotten an act has only the key left, and that holds the thread together.
        rows.actions
            .iter()
            .find(is_told)
            .map_or((None, None), |act| (act.target_post.clone(), act.target_key))
    };
    let (reply, quote) = (target(ActKind::Reply), target(ActKind::Quote));
    if let Some(tombstone) = &mut rows.tombstone {
        (tombstone.reply_to, tombstone.reply_to_key) = reply.clone();
    }
    if let Some(post) = &mut rows.post {
        (post.reply_to, post.reply_to_key) = reply;
        (post.quote_of, post.quote_of_key) = quote;
    }
}

fn post_row<'a>(
    event: &Event<'a>,
    post: &Post<'a>,
    at: Option<Timestamp>,
    media_ids: Vec<Text<'a>>,
) -> PostRow<'a> {
    let texts = |texts: &[&'a str]| texts.iter().map(|&text| Cow::Borrowed(text)).collect();
    let id = |subject: Option<Subject<'a>>| subject.map(|subject| Cow::Borrowed(subject.post.text));
    let key = |subject: Option<Subject<'a>>| subject.map(|subject| subject.post.key);
    PostRow {
        post_key: event.record.key,
        post_id: Cow::Borrowed(event.record.text),
        platform: event.platform,
        author_id: event.actor.map(|actor| Cow::Borrowed(actor.text)),
        author_key: event.actor.map(|actor| actor.key),
        created_at: post.created_at,
        received_at: event.received_at.and_then(|received_at| earliest(Some(received_at), at)),
        text: Cow::Borrowed(post.text),
        declared_lang: texts(&post.langs),
        reply_to: id(post.reply_to),
        reply_to_key: key(post.reply_to),
        root: post.root.map(|root| Cow::Borrowed(root.text)),
        root_key: post.root.map(|root| root.key),
        quote_of: id(post.quote_of),
        quote_of_key: key(post.quote_of),
        hashtags: texts(&post.hashtags),
        mentions: texts(&post.mentions),
        urls: texts(&post.urls),
        like_count: post.counts.likes,
        reply_count: post.counts.replies,
        repost_count: post.counts.reposts,
        quote_count: post.counts.quotes,
        counted_at: None,
        conversation_id: post.conversation.map(Cow::Borrowed),
        client: post.client.map(Cow::Borrowed),
        geo: post.geo.map(Cow::Borrowed),
        withheld_in: texts(&post.withheld_in),
        edit_of: post.edit_of.map(|first| Cow::Borrowed(first.text)),
        edit_of_key: post.edit_of.map(|first| first.key),
        body_start: post.body.map(|(start, _)| start),
        body_end: post.body.map(|(_, end)| end),
        media_ids,
        edited: event.operation == Operation::Update,
        revision: event.version.revision,
        content: event.version.content,
    }
}

fn media_rows<'a>(event: &Event<'a>, post: &Post<'a>) -> Vec<MediaRow<'a>> {
    let row = |(ordinal, media): (u32, &populi_model::Media<'a>)| MediaRow {
        post_key: event.record.key,
        ordinal,
        media_id: Cow::Owned(format!("{}#media-{ordinal}", event.record.text)),
        kind: media.kind,
        url: media.url.map(Cow::Borrowed),
        content_id: media.content_id.map(Cow::Borrowed),
        alt: media.alt.map(Cow::Borrowed),
    };
    (0..).zip(&post.media).map(row).collect()
}

fn follows<'a>(acts: &[ActionRow<'a>], stands: Option<Version>) -> Vec<FollowSeen<'a>> {
    let follow = |act: &ActionRow<'a>| {
        let version = Version { revision: act.revision, content: act.content };
        Some(FollowSeen {
            follower_id: act.actor_id.clone()?,
            follower_key: act.actor_key?,
            followed_id: act.target_account.clone()?,
            at: act.at,
            stands: stands == Some(version),
        })
    };
    acts.iter().filter(|act| act.kind == ActKind::Follow).filter_map(follow).collect()
}
