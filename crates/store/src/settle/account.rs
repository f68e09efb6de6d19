//! Accounts: the profile that stands, the latest handle and status, and whether the account was deleted.

use std::borrow::Cow;

use populi_model::table::{AccountRow, ActionRow, OriginalRow, SourceRow, Text};
use populi_model::{AccountStatus, Body, Class, Event, Key, Operation, Platform, RecordKind, Timestamp};

use super::known::{Known, gather};

/// The rows of one account in every table.
#[derive(Default, Debug)]
pub(crate) struct AccountRows<'a> {
    pub(crate) account: Option<AccountRow<'a>>,
    pub(crate) actions: Vec<ActionRow<'a>>,
    pub(crate) sources: Vec<SourceRow>,
    pub(crate) original: Option<OriginalRow<'a>>,
}

/// Settles one account.
pub(crate) fn settle_account<'a>(standing: AccountRows<'a>, events: Vec<Event<'a>>) -> AccountRows<'a> {
    let AccountRows { account: old, actions, sources, original } = standing;
    let id = match (events.first(), &old) {
        (Some(event), _) => Some((event.record.key, Cow::Borrowed(event.record.text), event.platform)),
        (None, Some(old)) => Some((old.account_key, old.account_id.clone(), old.platform)),
        (None, None) => None,
    };
    let mut known = gather(sources, actions, events);
    let Some((key, account_id, platform)) = id else {
        return AccountRows { account: None, actions: Vec::new(), sources: Vec::new(), original: None };
    };
    let standing = standing_profile(&known, deleted_at(&known, old.as_ref()));
    let account = settle_row(&known, standing, old, key, account_id, platform);
    let original = standing.and_then(|i| known[i].original(original));
    let mut settled =
        AccountRows { account: Some(account), actions: Vec::new(), sources: Vec::new(), original };
    for (i, version) in known.iter_mut().enumerate() {
        let class = match version.operation {
            Operation::Notice => Class::Notices,
            Operation::Delete => Class::Deletes,
            _ if standing == Some(i) => Class::Stored,
            _ => Class::Superseded,
        };
        settled.sources.extend(version.sources(key, class));
        settled.actions.append(&mut version.take_acts());
    }
    settled
}

fn settle_row<'a>(
    known: &[Known<'a>],
    standing_profile: Option<usize>,
    old: Option<AccountRow<'a>>,
    account_key: Key,
    account_id: Text<'a>,
    platform: Platform,
) -> AccountRow<'a> {
    let (handle_revision, handle) = latest_handle(known, old.as_ref()).unzip();
    let (status_revision, status) = latest_status(known, old.as_ref()).unzip();
    let deleted_at = deleted_at(known, old.as_ref());
    let profile = standing_profile.map(|i| &known[i]);
    let (name, bio) = match profile.and_then(Known::telling).map(|event| &event.body) {
        Some(Body::Profile(profile)) => (profile.name.map(Cow::Borrowed), profile.bio.map(Cow::Borrowed)),
        // The profile that stands came with an earlier ingest.
        _ if profile.is_some() => old.map_or((None, None), |old| (old.name, old.bio)),
        _ => (None, None),
    };
    AccountRow {
        account_key,
        account_id,
        platform,
        handle,
        handle_revision,
        name,
        bio,
        profile_revision: profile.map(|profile| profile.version.revision),
        profile_content: profile.map(|profile| profile.version.content),
        follower_count: None,
        following_count: None,
        verified: None,
        post_count: None,
        location: None,
        joined_at: None,
        geo_scrubbed_up_to: None,
        withheld_in: Vec::new(),
        status: status.unwrap_or(AccountStatus::Active),
        status_revision,
        deleted_at,
    }
}

/// The place of the latest profile, unless it was deleted or went with its account.
fn standing_profile(known: &[Known<'_>], deleted_at: Option<Timestamp>) -> Option<usize> {
    let is_profile = |version: &Known<'_>| version.kind == RecordKind::Profile;
    let last_delete = known
        .iter()
        .filter(|version| is_profile(version) && version.operation == Operation::Delete)
        .map(|version| version.version.revision)
        .max();
    let newest = known.iter().rposition(|version| {
        is_profile(version) && version.is_write() && Some(version.version.revision) > last_delete
    });
    newest.filter(|&i| !known[i].is_before(deleted_at))
}

/// The handle of the latest notice that tells one, and the notice's revision.
fn latest_handle<'a>(known: &[Known<'a>], old: Option<&AccountRow<'a>>) -> Option<(u64, Text<'a>)> {
    let from_old = old.and_then(|old| old.handle_revision.zip(old.handle.clone()));
    let from_events = known.iter().filter_map(|notice| match &notice.event {
        Some(Event { body: Body::Handle(Some(handle)), version, .. }) => {
            Some((version.revision, Cow::Borrowed(*handle)))
        }
        _ => None,
    });
    from_old.into_iter().chain(from_events).max()
}

/// The status of the latest notice, and the notice's revision.
fn latest_status(known: &[Known<'_>], old: Option<&AccountRow<'_>>) -> Option<(u64, AccountStatus)> {
    let from_old = old.and_then(|old| old.status_revision.map(|revision| (revision, old.status)));
    let from_events = known.iter().filter_map(|notice| match &notice.event {
        Some(Event { body: Body::Status(status), version, .. }) => Some((version.revision, *status)),
        _ => None,
    });
    from_old.into_iter().chain(from_events).max()
}

/// When the account was last deleted.
fn deleted_at(known: &[Known<'_>], old: Option<&AccountRow<'_>>) -> Option<Timestamp> {
    let from_events = known.iter().filter_map(|notice| match &notice.event {
        Some(Event { body: Body::Status(AccountStatus::Deleted), .. }) => notice.at,
        _ => None,
    });
    old.and_then(|old| old.deleted_at).into_iter().chain(from_events).max()
}
