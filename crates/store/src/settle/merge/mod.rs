//! Records of networks that tell sightings rather than revisions: what each sighting shows is merged column by column.
//!
//! A post has one version. It is shown directly (in a stream, or in answer to a question) and inside others (retweeted,
//! quoted, beside an answer), in full or cut, at one time or another. [`columns`] says which sighting tells which column,
//! [`copies`] what each input record counts as, [`account`] what becomes of profiles and of notices about accounts.
//!
//! A delete does not say whether it takes a post or a repost away: that is known where the record itself was seen. It wins
//! over every sighting, whenever made, because ids are never used twice.
//!
//! Rows are functions of the *set* of sightings here too. So whatever decides between two sightings stands in the rows.

mod account;
mod columns;
mod copies;

use std::borrow::Cow;
use std::collections::BTreeMap;

use populi_model::table::{
    ActKind, ActionRow, AttributeRow, OriginalRow, Text, TombstoneRow, UnavailableRow,
};
use populi_model::{Body, Class, Event, Key, Operation, Post, RecordKind, Timestamp, Version};

pub(crate) use account::{AccountNotices, merge_account};
use columns::{Shown, add_countries, number_of, sighted_at, smallest_id};
use copies::{Copies, source_of};

use super::known::{acts_of, earliest, original_of, time_of};
use super::record::{LoneCreate, PostRows, RecordRows, SettledRecord, post_rows};

/// The attribute that keeps the countries of a notice until its post is seen.
const WITHHELD_IN: &str = "withheld_in";

/// What one sighting leaves where it is all that is known of its record, as it is of most: the rows that [`merge_record`]
/// makes of it, for a fraction of the time. `None` where there is more to settle.
pub(crate) fn merge_lone<'a>(event: &Event<'a>, notices: Option<&AccountNotices>) -> Option<LoneCreate<'a>> {
    let is_shown = matches!(event.operation, Operation::Create | Operation::Seen | Operation::Embedded);
    let is_told = matches!(event.body, Body::Post(_) | Body::Repost(_));
    if !is_shown || !is_told || notices.is_some() {
        return None;
    }
    let class = if event.operation == Operation::Embedded { Class::Embedded } else { Class::Stored };
    let post = match &event.body {
        Body::Post(post) => {
            let shown = shown_by(event, post);
            let (post, media, attributes) = shown.into_rows(event.version);
            Some(Box::new(PostRows { post, media, attributes }))
        }
        _ => None,
    };
    Some(LoneCreate {
        source: source_of(event, class),
        actions: acts_of(event, time_of(event)),
        follows: Vec::new(),
        post,
        original: original_of(event),
    })
}

/// Settles one record. `notices` are those of its account.
pub(crate) fn merge_record<'a>(
    standing: RecordRows<'a>,
    events: Vec<Event<'a>>,
    notices: Option<&AccountNotices>,
) -> SettledRecord<'a> {
    let mut merged = Merged::of(standing);
    for event in events {
        merged.add(event);
    }
    merged.settle(notices)
}

/// All that is known of one record.
struct Merged<'a> {
    key: Key,
    id: Option<Text<'a>>,
    actor: (Option<Text<'a>>, Option<Key>),
    copies: Copies,
    shown: Option<Shown<'a>>,
    /// What it does to which post: a repost, or what a post that is gone answers and quotes.
    targets: BTreeMap<ActKind, Target<'a>>,
    /// When it was made, as far as the acts tell.
    at: Option<Timestamp>,
    /// Deletes, by their revision.
    deletes: BTreeMap<u64, Option<Timestamp>>,
    tombstone: Option<TombstoneRow<'a>>,
    withheld_in: Vec<Text<'a>>,
    unavailable: Option<UnavailableRow<'a>>,
    originals: Vec<(Version, OriginalRow<'a>)>,
    old_original: Option<OriginalRow<'a>>,
    /// The version that stood, of which `old_original` is.
    stood: Option<Version>,
}

/// A post that something is done to, and its author where that is known.
#[derive(Clone, Default)]
struct Target<'a> {
    post: Option<Text<'a>>,
    key: Option<Key>,
    account: Option<Text<'a>>,
}

impl<'a> Target<'a> {
    fn of(act: &ActionRow<'a>) -> Self {
        Self { post: act.target_post.clone(), key: act.target_key, account: act.target_account.clone() }
    }

    /// Every sighting names the same post; one may know more of it.
    fn merge(&mut self, other: Self) {
        match self.key.cmp(&other.key) {
            std::cmp::Ordering::Equal => {
                self.post = self.post.take().or(other.post);
                self.account = match (self.account.take(), other.account) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            order if other.key.is_some() && (self.key.is_none() || order.is_gt()) => *self = other,
            _ => {}
        }
    }
}

impl<'a> Merged<'a> {
    fn of(standing: RecordRows<'a>) -> Self {
        let RecordRows { post, tombstone, actions, sources, media, attributes, original, unavailable } =
            standing;
        // A notice may have left nothing else.
        let key = sources.first().map(|source| source.record_key).unwrap_or_default();
        let copies = Copies::of(sources);
        let mut merged = Self {
            key,
            id: None,
            actor: (None, None),
            stood: copies.newest(),
            copies,
            shown: None,
            targets: BTreeMap::new(),
            at: None,
            deletes: BTreeMap::new(),
            tombstone,
            withheld_in: Vec::new(),
            unavailable,
            originals: Vec::new(),
            old_original: original,
        };
        if let Some(row) = &merged.unavailable {
            (merged.key, merged.id) = (row.post_key, Some(row.post_id.clone()));
        }
        for act in actions {
            merged.name(act.record_key, act.record_id.clone());
            merged.acted(act.actor_id.clone(), act.actor_key);
            if act.operation == Operation::Delete {
                merged.deletes.insert(act.revision, act.at);
            } else {
                merged.at = earliest(merged.at, act.at);
                merged.targets.entry(act.kind).or_default().merge(Target::of(&act));
            }
        }
        match post {
            Some(post) => merged.shown = Some(Shown::new(post, media, attributes)),
            // Without the post only what a notice said is kept.
            None => attributes.into_iter().for_each(|row| merged.withhold_in(&row)),
        }
        merged
    }

    fn name(&mut self, key: Key, id: Text<'a>) {
        (self.key, self.id) = (key, Some(id));
    }

    fn acted(&mut self, id: Option<Text<'a>>, key: Option<Key>) {
        smallest_id((&mut self.actor.0, &mut self.actor.1), (id, key));
    }

    fn withhold_in(&mut self, row: &AttributeRow<'a>) {
        if row.name == WITHHELD_IN {
            let countries = row.value.split(',').map(|country| Cow::Owned(country.to_owned()));
            add_countries(&mut self.withheld_in, countries.filter(|country: &Text<'_>| !country.is_empty()));
            self.key = row.post_key;
        }
    }

    fn add(&mut self, event: Event<'a>) {
        self.name(event.record.key, Cow::Borrowed(event.record.text));
        self.acted(event.actor.map(|actor| Cow::Borrowed(actor.text)), event.actor.map(|actor| actor.key));
        if let Body::Unavailable(reason) = event.body {
            // It says nothing of the post but that it was not shown.
            return self.miss(reason, event.version);
        }
        self.copies.add(&event);
        if let Some(original) = original_of(&event).filter(|_| event.operation != Operation::Embedded) {
            self.originals.push((event.version, original));
        }
        match &event.body {
            Body::Post(post) => {
                let shown = shown_by(&event, post);
                match &mut self.shown {
                    Some(mine) => mine.merge(shown),
                    None => self.shown = Some(shown),
                }
            }
            Body::PostWithheld(countries) => {
                add_countries(&mut self.withheld_in, countries.iter().map(|country| Cow::Borrowed(*country)));
            }
            _ => {}
        }
        if event.operation == Operation::Delete {
            let at = self.deletes.entry(event.version.revision).or_default();
            *at = earliest(*at, event.received_at);
        } else if event.operation != Operation::Notice {
            let at = time_of(&event);
            self.at = earliest(self.at, at);
            for act in acts_of(&event, at) {
                self.targets.entry(act.kind).or_default().merge(Target::of(&act));
            }
        }
    }

    fn miss(&mut self, reason: &'a str, version: Version) {
        let Some(post_id) = self.id.clone() else { return };
        let row = UnavailableRow {
            post_key: self.key,
            post_id,
            reason: Cow::Borrowed(reason),
            at: sighted_at(version),
        };
        let rank = |row: &UnavailableRow<'_>| (row.at, std::cmp::Reverse(row.reason.to_string()));
        if self.unavailable.as_ref().is_none_or(|old| rank(old) < rank(&row)) {
            self.unavailable = Some(row);
        }
    }

    fn settle(mut self, notices: Option<&AccountNotices>) -> SettledRecord<'a> {
        let mut settled = SettledRecord::default();
        let is_repost = self.targets.contains_key(&ActKind::Repost);
        let newest = self.copies.newest();
        let stands = newest.filter(|_| self.deletes.is_empty());
        settled.rows.actions = self.acts(is_repost, newest);
        if let (Some(stands), true) = (stands, self.shown.is_some() || is_repost) {
            settled.rows.original = self.original(stands);
        }
        if !is_repost && !self.deletes.is_empty() {
            settled.rows.tombstone = self.tombstone(newest);
        } else if let (Some(mut shown), Some(stands)) = (self.shown.take(), stands) {
            add_countries(&mut shown.post.withheld_in, std::mem::take(&mut self.withheld_in));
            if notices.is_some_and(|notices| heed(&mut shown, notices)) {
                // The untouched record says where it was written.
                settled.rows.original = None;
            }
            let (post, media, attributes) = shown.into_rows(stands);
            settled.rows.post = Some(post);
            settled.rows.media = media;
            settled.rows.attributes = attributes;
        }
        let awaits_post = settled.rows.post.is_none() && self.deletes.is_empty();
        if awaits_post && !self.withheld_in.is_empty() {
            let countries: Vec<&str> = self.withheld_in.iter().map(|country| &**country).collect();
            settled.rows.attributes = vec![AttributeRow {
                post_key: self.key,
                name: WITHHELD_IN.into(),
                value: countries.join(",").into(),
            }];
        }
        settled.rows.unavailable = self.unavailable.take();
        settled.rows.sources = self.copies.into_sources(self.key, stands);
        settled
    }

    /// What the record did, and who took it back.
    fn acts(&self, is_repost: bool, newest: Option<Version>) -> Vec<ActionRow<'a>> {
        let Some(record_id) = &self.id else { return Vec::new() };
        let act = |kind, operation, version: Version, at| ActionRow {
            record_key: self.key,
            record_id: record_id.clone(),
            operation,
            revision: version.revision,
            content: version.content,
            kind,
            actor_id: self.actor.0.clone(),
            actor_key: self.actor.1,
            target_post: None,
            target_key: None,
            target_account: None,
            undoes: None,
            prior_text: None,
            prior_revision: None,
            prior_content: None,
            at,
        };
        let mut acts = Vec::new();
        if let (Some(version), Some(operation)) = (newest, self.copies.best_operation()) {
            // One sighting may have known of no other post.
            let is_more = |kind: &ActKind| *kind != ActKind::Post || self.targets.len() == 1;
            for (kind, target) in self.targets.iter().filter(|(kind, _)| is_more(kind)) {
                acts.push(ActionRow {
                    target_post: target.post.clone(),
                    target_key: target.key,
                    target_account: target.account.clone(),
                    ..act(*kind, operation, version, self.at)
                });
            }
        }
        let undone = self.targets.get(&ActKind::Repost).cloned().unwrap_or_default();
        for (&revision, &at) in &self.deletes {
            let kind = if is_repost { ActKind::Unrepost } else { ActKind::Delete };
            acts.push(ActionRow {
                undoes: newest.map(|newest| newest.revision),
                target_post: undone.post.clone(),
                target_key: undone.key,
                target_account: undone.account.clone(),
                ..act(kind, Operation::Delete, Version { revision, content: 0 }, at)
            });
        }
        acts
    }

    /// The untouched record of the version that stands.
    fn original(&mut self, stands: Version) -> Option<OriginalRow<'a>> {
        let same = |version: Version| version.content == stands.content;
        let new = std::mem::take(&mut self.originals);
        let new = new.into_iter().find(|(version, _)| same(*version)).map(|(_, original)| original);
        new.or_else(|| self.old_original.take().filter(|_| self.stood.is_some_and(same)))
    }

    fn tombstone(&mut self, newest: Option<Version>) -> Option<TombstoneRow<'a>> {
        let old = self.tombstone.take();
        let shown = self.shown.as_ref().map(|shown| &shown.post);
        let target = |kind| self.targets.get(&kind).cloned().unwrap_or_default();
        let reply = target(ActKind::Reply);
        let (old_root, old_conversation, old_edit_of) = match old {
            Some(old) => ((old.root, old.root_key), old.conversation_id, old.edit_of_key),
            None => ((None, None), None, None),
        };
        let root = match shown.and_then(|post| post.root_key.map(|key| (post.root.clone(), Some(key)))) {
            Some(root) if old_root.1.is_none_or(|old| Some(old) > root.1) => root,
            _ => old_root,
        };
        let conversations = [shown.and_then(|post| post.conversation_id.clone()), old_conversation];
        Some(TombstoneRow {
            record_key: self.key,
            record_id: self.id.clone()?,
            author_id: self.actor.0.clone(),
            author_key: self.actor.1,
            kind: RecordKind::Post,
            reply_to: reply.post,
            reply_to_key: reply.key,
            root: root.0,
            root_key: root.1,
            conversation_id: conversations.into_iter().flatten().min(),
            edit_of_key: shown.and_then(|post| post.edit_of_key).into_iter().chain(old_edit_of).min(),
            deleted_at: self.deletes.values().copied().fold(None, earliest),
            seen_revision: newest.map(|newest| newest.revision),
            seen_content: newest.map(|newest| newest.content),
        })
    }
}

/// What an event shows of its post.
fn shown_by<'a>(event: &Event<'a>, post: &Post<'a>) -> Shown<'a> {
    let PostRows { post, media, attributes } = post_rows(event, post, event.received_at);
    let mut shown = Shown::new(post, media, attributes);
    let row = &mut shown.post;
    row.edited = row.edit_of_key.is_some();
    let has_counts =
        [row.like_count, row.reply_count, row.repost_count, row.quote_count].iter().any(Option::is_some);
    row.counted_at = sighted_at(event.version).filter(|_| has_counts);
    add_countries(&mut row.withheld_in, []);
    shown
}

/// Does what notices ask. Whether the post is one that may not say where it was written.
fn heed<'a>(shown: &mut Shown<'a>, notices: &AccountNotices) -> bool {
    let number = number_of(&shown.post.post_id);
    let is_scrubbed =
        notices.geo_scrubbed_up_to.is_some_and(|up_to| number.is_none_or(|number| number <= up_to));
    if is_scrubbed {
        shown.scrub_geo();
    }
    add_countries(&mut shown.post.withheld_in, notices.withheld_in.iter().cloned());
    is_scrubbed
}

#[cfg(test)]
mod tests;
