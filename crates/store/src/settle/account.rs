//! Accounts: the profile that stands, the latest handle and status, and whether the account was deleted.

use std::borrow::Cow;

use populi_model::table::{AccountRow, ActionRow, SourceRow, Text};
use populi_model::{AccountStatus, Body, Class, Event, Key, Operation, Platform, RecordKind, Timestamp};

use super::known::{Known, gather};

/// What the tables held of one account.
#[derive(Default, Debug)]
pub(crate) struct StandingAccount<'a> {
    pub(crate) account: Option<AccountRow<'a>>,
    pub(crate) actions: Vec<ActionRow<'a>>,
    pub(crate) sources: Vec<SourceRow>,
}

/// What the tables are to hold of one account.
#[derive(Debug)]
pub(crate) struct SettledAccount<'a> {
    pub(crate) account: Option<AccountRow<'a>>,
    pub(crate) actions: Vec<ActionRow<'a>>,
    pub(crate) sources: Vec<SourceRow>,
}

/// Settles one account.
pub(crate) fn settle_account<'a>(
    standing: StandingAccount<'a>,
    events: Vec<Event<'a>>,
) -> SettledAccount<'a> {
    let StandingAccount { account: old, actions, sources } = standing;
    let id = match (events.first(), &old) {
        (Some(event), _) => Some((event.record.key, Cow::Borrowed(event.record.text), event.platform)),
        (None, Some(old)) => Some((old.account_key, old.account_id.clone(), old.platform)),
        (None, None) => None,
    };
    let mut known = gather(sources, actions, events);
    let Some((key, account_id, platform)) = id else {
        return SettledAccount { account: None, actions: Vec::new(), sources: Vec::new() };
    };
    let account = settle_row(&known, old, key, account_id, platform);
    let standing_profile = account.profile_revision.zip(account.profile_content);

    let mut settled = SettledAccount { account: Some(account), actions: Vec::new(), sources: Vec::new() };
    for version in &mut known {
        let is_standing = standing_profile == Some((version.version.revision, version.version.content));
        let class = match (version.operation, version.kind) {
            (Operation::Notice, _) => Class::Notices,
            (Operation::Delete, _) => Class::Deletes,
            _ if is_standing => Class::Stored,
            _ => Class::Superseded,
        };
        settled.sources.extend(version.sources(key, class));
        settled.actions.append(&mut version.take_acts());
    }
    settled
}

fn settle_row<'a>(
    known: &[Known<'a>],
    old: Option<AccountRow<'a>>,
    account_key: Key,
    account_id: Text<'a>,
    platform: Platform,
) -> AccountRow<'a> {
    let (handle_revision, handle) = latest_handle(known, old.as_ref()).unzip();
    let (status_revision, status) = latest_status(known, old.as_ref()).unzip();
    let deleted_at = deleted_at(known, old.as_ref());
    let profile = standing_profile(known, deleted_at);
    let (name, bio) = match profile.and_then(|version| version.event.as_ref()).map(|event| &event.body) {
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
        status: status.unwrap_or(AccountStatus::Active),
        status_revision,
        deleted_at,
    }
}

/// The latest profile that was neither deleted nor blanked with its account.
fn standing_profile<'k, 'a>(known: &'k [Known<'a>], deleted_at: Option<Timestamp>) -> Option<&'k Known<'a>> {
    let profiles = || known.iter().filter(|known| known.kind == RecordKind::Profile);
    let last_delete = profiles()
        .filter(|profile| profile.operation == Operation::Delete)
        .map(|profile| profile.version.revision)
        .max();
    profiles()
        .filter(|profile| profile.is_write() && Some(profile.version.revision) > last_delete)
        .filter(|profile| !profile.is_before(deleted_at))
        .max_by_key(|profile| profile.version)
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
