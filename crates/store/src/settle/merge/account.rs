//! Accounts of which profiles are shown beside posts: the newest profile, and what notices ask of all that it wrote.

use std::borrow::Cow;

use populi_model::table::{AccountRow, Text};
use populi_model::{AccountStatus, Body, Event, Key, Operation, Platform, Profile, Version};

use super::super::AccountRows;
use super::columns::add_countries;
use super::copies::Copies;

/// What is known of an account that changes what its posts may show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AccountNotices {
    pub(super) geo_scrubbed_up_to: Option<u64>,
    pub(super) withheld_in: Vec<Text<'static>>,
}

impl AccountNotices {
    /// Those of an account; `None` where there are none, as nearly everywhere.
    pub(crate) fn of(account: &AccountRow<'_>) -> Option<Self> {
        (account.geo_scrubbed_up_to.is_some() || !account.withheld_in.is_empty()).then(|| Self {
            geo_scrubbed_up_to: account.geo_scrubbed_up_to,
            withheld_in: account.withheld_in.iter().map(|country| Cow::Owned(country.to_string())).collect(),
        })
    }
}

/// Settles one account.
pub(crate) fn merge_account<'a>(standing: AccountRows<'a>, events: Vec<Event<'a>>) -> AccountRows<'a> {
    let AccountRows { account, sources, .. } = standing;
    let first = events.first().map(|event| (event.record.key, event.record.text, event.platform));
    let mut row = match (account, first) {
        (Some(row), _) => row,
        (None, Some((key, id, platform))) => empty_row(key, Cow::Borrowed(id), platform),
        (None, None) => return AccountRows::default(),
    };
    let mut copies = Copies::of(sources);
    for event in &events {
        match &event.body {
            Body::Profile(profile) => show(&mut row, profile, event.version),
            Body::AccountWithheld(countries) => {
                add_countries(&mut row.withheld_in, countries.iter().map(|country| Cow::Borrowed(*country)));
            }
            Body::GeoScrubbed(up_to) => row.geo_scrubbed_up_to = row.geo_scrubbed_up_to.max(Some(*up_to)),
            _ => {}
        }
        // A profile is no record of its own.
        if event.operation == Operation::Notice {
            copies.add(event);
        }
    }
    let sources = copies.into_sources(row.account_key, None);
    AccountRows { account: Some(row), sources, ..AccountRows::default() }
}

fn empty_row(account_key: Key, account_id: Text<'_>, platform: Platform) -> AccountRow<'_> {
    AccountRow {
        account_key,
        account_id,
        platform,
        handle: None,
        handle_revision: None,
        name: None,
        bio: None,
        profile_revision: None,
        profile_content: None,
        follower_count: None,
        following_count: None,
        verified: None,
        post_count: None,
        location: None,
        joined_at: None,
        geo_scrubbed_up_to: None,
        withheld_in: Vec::new(),
        status: AccountStatus::Active,
        status_revision: None,
        deleted_at: None,
    }
}

/// Takes a profile if it is the newest.
fn show<'a>(row: &mut AccountRow<'a>, profile: &Profile<'a>, version: Version) {
    let rank = Some((version.revision, version.content));
    if rank <= row.profile_revision.zip(row.profile_content) {
        return;
    }
    let text = |text: Option<&'a str>| text.map(Cow::Borrowed);
    row.profile_revision = Some(version.revision);
    row.profile_content = Some(version.content);
    row.handle = text(profile.handle);
    row.handle_revision = profile.handle.map(|_| version.revision);
    row.name = text(profile.name);
    row.bio = text(profile.bio);
    row.location = text(profile.location);
    row.joined_at = profile.joined_at;
    row.follower_count = profile.followers;
    row.following_count = profile.following;
    row.post_count = profile.posts;
    row.verified = profile.verified;
}
