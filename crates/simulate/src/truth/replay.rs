//! The replay: which event counts as what, and what stands at the end.

use std::collections::{BTreeMap, BTreeSet};

use super::accounting::Class;
use super::{AccountEnd, Counts, PostEnd, threads};
use crate::bluesky::event::{Act, Clock, Event, NONE, Operation, Relation, Status, World};
use crate::bluesky::files::DumpFile;
use crate::bluesky::lines::{Content, Line};
use crate::bluesky::society::{display_name, handle};

/// Every kind of action, so that a count of 0 is written too.
const ACTIONS: [&str; 14] = [
    "block",
    "delete",
    "follow",
    "like",
    "post",
    "profile_update",
    "quote",
    "reply",
    "repost",
    "unblock",
    "unfollow",
    "unlike",
    "unrepost",
    "update",
];

/// What stands at the end.
pub(super) struct End {
    /// The class of each event of the world, copies as [`Class::Duplicates`].
    pub(super) classes: Vec<Class>,
    pub(super) posts: BTreeMap<u32, PostEnd>,
    pub(super) edges: BTreeSet<(u32, u32)>,
    pub(super) accounts: BTreeMap<u32, AccountEnd>,
    actions: BTreeMap<&'static str, u64>,
}

/// One event without its copies.
struct Happening<'a> {
    /// Number of the copy that counts.
    number: usize,
    event: &'a Event,
    /// The smallest receipt time of all copies.
    seen_us: u64,
}

/// The versions and deletes of one record: `rev`, and the event's number with what the record needs to know of it.
#[derive(Default)]
struct History {
    versions: Vec<Version>,
    /// The greatest revision of a delete; 0 where there is none.
    deleted_rev: u64,
}

#[derive(Clone, Copy)]
struct Version {
    rev: u64,
    number: usize,
    seen_us: u64,
    /// The body of a post, the edition of a profile, the subject of a relation.
    content: u32,
}

pub(super) fn replay(world: &World, lines: &[Line], files: &[DumpFile]) -> End {
    let mut classes = vec![Class::Duplicates; world.events.len()];
    let happenings = happenings(world, &places(world, lines, files));
    for happening in &happenings {
        classes[happening.number] = first_class(happening.event.act);
    }
    let posts = settle_posts(world, &happenings, &mut classes);
    let edges = settle_relations(&happenings, &mut classes);
    let accounts = settle_accounts(&happenings, &mut classes);
    let mut actions = ACTIONS.iter().map(|kind| (*kind, 0)).collect();
    for happening in &happenings {
        count_actions(world, happening.event.act, &mut actions);
    }
    End { classes, posts, edges, accounts, actions }
}

/// Where each event's line lies: by the hash of its file, then by its place in it.
fn places(world: &World, lines: &[Line], files: &[DumpFile]) -> Vec<(usize, usize)> {
    let mut by_hash: Vec<&DumpFile> = files.iter().collect();
    by_hash.sort_by_key(|file| *file.hash.as_bytes());
    let mut places = vec![(0, 0); world.events.len()];
    for (rank, file) in by_hash.into_iter().enumerate() {
        for line in file.lines.clone() {
            if let Content::Event(number) = lines[line].content {
                places[number as usize] = (rank, line);
            }
        }
    }
    places
}

/// What makes two events the same: account, revision and act; notices have no revision, but a receipt time.
fn identity(event: &Event) -> (u32, u64, Act, u64) {
    (event.account, event.rev, event.act, if event.rev == 0 { event.time_us } else { 0 })
}

/// The events without copies; the one that counts lies in the file with the smallest hash, in its first line.
fn happenings<'a>(world: &'a World, places: &[(usize, usize)]) -> Vec<Happening<'a>> {
    let mut order: Vec<usize> = (0..world.events.len()).collect();
    order.sort_by_key(|&number| (identity(&world.events[number]), places[number]));
    let same = |a: &usize, b: &usize| identity(&world.events[*a]) == identity(&world.events[*b]);
    let groups = order.chunk_by(same);
    groups
        .filter_map(|copies| {
            let number = *copies.first()?;
            let seen_us = copies.iter().map(|&copy| world.events[copy].time_us).min()?;
            Some(Happening { number, event: &world.events[number], seen_us })
        })
        .collect()
}

/// The class of an event as long as nothing else speaks of its record.
fn first_class(act: Act) -> Class {
    match act {
        Act::PutPost { .. } | Act::Put { .. } | Act::PutProfile { .. } => Class::Stored,
        Act::DeletePost { .. } | Act::Delete { .. } | Act::DeleteProfile => Class::Deletes,
        Act::Identity { .. } | Act::Status(_) => Class::Notices,
        Act::Ignored { .. } => Class::Ignored,
    }
}

/// Finds the version that stands of each post, if one does, and marks all others as superseded.
fn settle_posts(world: &World, happenings: &[Happening], classes: &mut [Class]) -> BTreeMap<u32, PostEnd> {
    let mut accounts_deleted_us: BTreeMap<u32, u64> = BTreeMap::new();
    let mut histories: BTreeMap<u32, (u32, History)> = BTreeMap::new();
    for happening in happenings {
        let (Event { account, rev, act, .. }, seen_us) = (*happening.event, happening.seen_us);
        match act {
            Act::Status(Status::Deleted) => {
                let latest = accounts_deleted_us.entry(account).or_default();
                *latest = (*latest).max(seen_us);
            }
            Act::PutPost { body, .. } => {
                let version = Version { rev, number: happening.number, seen_us, content: body };
                let post = world.bodies[body as usize].post;
                let entry = histories.entry(post).or_insert_with(|| (account, History::default()));
                entry.1.versions.push(version);
            }
            Act::DeletePost { post } => {
                let history = &mut histories.entry(post).or_insert_with(|| (account, History::default())).1;
                history.deleted_rev = history.deleted_rev.max(rev);
            }
            _ => {}
        }
    }
    let mut ends = BTreeMap::new();
    for (post, (account, history)) in histories {
        let deleted_us = accounts_deleted_us.get(&account).copied().unwrap_or(0);
        let standing = settle(&history, deleted_us, classes);
        ends.insert(post, PostEnd { standing, seen: !history.versions.is_empty() });
    }
    ends
}

/// The content of the newest version that neither a later delete nor the deletion of its account took away.
fn settle(history: &History, account_deleted_us: u64, classes: &mut [Class]) -> Option<u32> {
    let alive =
        |version: &&Version| version.rev > history.deleted_rev && version.seen_us >= account_deleted_us;
    let standing = history.versions.iter().filter(alive).max_by_key(|version| version.rev).copied();
    for version in &history.versions {
        classes[version.number] = Class::Superseded;
    }
    if let Some(version) = standing {
        classes[version.number] = Class::Stored;
    }
    standing.map(|version| version.content)
}

/// Marks likes, reposts, follows and blocks that were undone; returns the follow pairs that stand.
fn settle_relations(happenings: &[Happening], classes: &mut [Class]) -> BTreeSet<(u32, u32)> {
    let mut histories: BTreeMap<(u32, Relation, u64), History> = BTreeMap::new();
    for happening in happenings {
        let Event { account, rev, act, .. } = *happening.event;
        match act {
            Act::Put { kind, rkey, subject } => {
                let (number, seen_us) = (happening.number, happening.seen_us);
                let version = Version { rev, number, seen_us, content: subject };
                histories.entry((account, kind, rkey)).or_default().versions.push(version);
            }
            Act::Delete { kind, rkey } => {
                let history = histories.entry((account, kind, rkey)).or_default();
                history.deleted_rev = history.deleted_rev.max(rev);
            }
            _ => {}
        }
    }
    let mut edges = BTreeSet::new();
    for ((account, kind, _), history) in histories {
        let standing = settle(&history, 0, classes);
        if let (Relation::Follow, Some(followed)) = (kind, standing) {
            edges.insert((account, followed));
        }
    }
    edges
}

/// The last handle, status and display name of every account that acted.
fn settle_accounts(happenings: &[Happening], classes: &mut [Class]) -> BTreeMap<u32, AccountEnd> {
    let mut ends: BTreeMap<u32, AccountEnd> = BTreeMap::new();
    let mut profiles: BTreeMap<u32, History> = BTreeMap::new();
    let mut notices: Vec<&Happening> = Vec::new();
    let mut deleted_us: BTreeMap<u32, u64> = BTreeMap::new();
    for happening in happenings {
        let Event { account, rev, act, .. } = *happening.event;
        if !matches!(act, Act::Ignored { .. }) {
            ends.entry(account).or_insert(AccountEnd { handle: None, status: Status::Active, name: None });
        }
        match act {
            Act::PutProfile { edition, .. } => {
                let (number, seen_us) = (happening.number, happening.seen_us);
                let version = Version { rev, number, seen_us, content: edition };
                profiles.entry(account).or_default().versions.push(version);
            }
            Act::DeleteProfile => {
                let history = profiles.entry(account).or_default();
                history.deleted_rev = history.deleted_rev.max(rev);
            }
            Act::Identity { .. } | Act::Status(_) => {
                if act == Act::Status(Status::Deleted) {
                    let latest = deleted_us.entry(account).or_default();
                    *latest = (*latest).max(happening.seen_us);
                }
                notices.push(happening);
            }
            _ => {}
        }
    }
    notices.sort_by_key(|notice| notice.seen_us);
    for notice in notices {
        let Some(end) = ends.get_mut(&notice.event.account) else {
            continue;
        };
        match notice.event.act {
            Act::Identity { edition } if edition != NONE => {
                end.handle = handle(notice.event.account, edition)
            }
            Act::Status(status) => end.status = status,
            _ => {}
        }
    }
    for (account, history) in profiles {
        let standing = settle(&history, deleted_us.get(&account).copied().unwrap_or(0), classes);
        if let (Some(end), Some(edition)) = (ends.get_mut(&account), standing) {
            end.name = display_name(account, edition);
        }
    }
    ends
}

/// The acts that an event is. Notices and ignored records are none.
fn count_actions(world: &World, act: Act, actions: &mut BTreeMap<&'static str, u64>) {
    let mut add = |kind| *actions.entry(kind).or_default() += 1;
    match act {
        Act::PutPost { operation: Operation::Update, .. } => add("update"),
        Act::PutPost { body, .. } => {
            let body = world.bodies[body as usize];
            let replies = world.posts[body.post as usize].parent != NONE;
            if replies {
                add("reply");
            }
            if body.embed.quotes() {
                add("quote");
            }
            if !replies && !body.embed.quotes() {
                add("post");
            }
        }
        Act::Put { kind: Relation::Like, .. } => add("like"),
        Act::Put { kind: Relation::Repost, .. } => add("repost"),
        Act::Put { kind: Relation::Follow, .. } => add("follow"),
        Act::Put { kind: Relation::Block, .. } => add("block"),
        Act::Delete { kind: Relation::Like, .. } => add("unlike"),
        Act::Delete { kind: Relation::Repost, .. } => add("unrepost"),
        Act::Delete { kind: Relation::Follow, .. } => add("unfollow"),
        Act::Delete { kind: Relation::Block, .. } => add("unblock"),
        Act::PutProfile { .. } => add("profile_update"),
        Act::DeletePost { .. } | Act::DeleteProfile => add("delete"),
        Act::Identity { .. } | Act::Status(_) | Act::Ignored { .. } => {}
    }
}

/// The sizes of what stands.
pub(super) fn count(world: &World, end: &End, threads: &[threads::Row]) -> Counts {
    let mut counts = Counts { actions: end.actions.clone(), ..Counts::default() };
    for fate in end.posts.values() {
        let Some(body) = fate.standing else {
            counts.tombstones += 1;
            continue;
        };
        let body = world.bodies[body as usize];
        let replies = world.posts[body.post as usize].parent != NONE;
        counts.posts.standing += 1;
        counts.posts.replies += u64::from(replies);
        counts.posts.quotes += u64::from(body.embed.quotes());
        counts.posts.replies_that_quote += u64::from(replies && body.embed.quotes());
        counts.posts.created_at_unknown += u64::from(body.clock == Clock::Broken);
    }
    counts.stubs = threads.iter().filter(|row| !end.posts.contains_key(&row.post)).count() as u64;
    counts.conversations = threads.iter().map(|row| row.conversation).collect::<BTreeSet<_>>().len() as u64;
    counts.edges = end.edges.len() as u64;
    counts.accounts = end.accounts.len() as u64;
    for account in end.accounts.values() {
        *counts.accounts_by_status.entry(account.status.name()).or_default() += 1;
    }
    counts
}
