//! What a correct reader of the dump must find: a plain replay of the events, in memory, by the rules in `truth/README.md`.
//!
//! This room is the judge of others, so it shares no code with them and prefers the obvious to the fast: maps in key order,
//! one rule a function. It sees the events as a set: neither their order nor that of files and lines decides anything, but
//! for which of several equal lines is the one that counts.

mod accounting;
mod replay;
mod threads;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::bluesky::event::{Status, World};
use crate::bluesky::files::DumpFile;
use crate::bluesky::lines::Line;

use accounting::Accounting;
pub(crate) use write::write;

/// All that is written to `truth/`.
pub(crate) struct Truth {
    pub(crate) accounting: Accounting,
    pub(crate) counts: Counts,
    edges: BTreeSet<(u32, u32)>,
    accounts: BTreeMap<u32, AccountEnd>,
    threads: Vec<threads::Row>,
}

/// An account at the end.
#[derive(Debug, Clone)]
struct AccountEnd {
    handle: Option<String>,
    status: Status,
    name: Option<String>,
}

/// A post record that some event speaks of, at the end.
#[derive(Debug, Clone, Copy)]
struct PostEnd {
    /// The version that stands; none makes the record a tombstone.
    standing: Option<u32>,
    /// Whether any version of it was seen.
    seen: bool,
}

/// Sizes of the final tables.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) posts: PostCounts,
    tombstones: u64,
    stubs: u64,
    conversations: u64,
    pub(crate) edges: u64,
    accounts: u64,
    accounts_by_status: BTreeMap<&'static str, u64>,
    actions: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PostCounts {
    pub(crate) standing: u64,
    replies: u64,
    quotes: u64,
    replies_that_quote: u64,
    created_at_unknown: u64,
}

/// Works the truth out.
pub(crate) fn replay(world: &World, lines: &[Line], files: &[DumpFile]) -> Truth {
    let end = replay::replay(world, lines, files);
    let is_hidden =
        |account: u32| end.accounts.get(&account).is_some_and(|account| account.status != Status::Active);
    let threads = threads::threads(world, &end.posts, is_hidden);
    let counts = replay::count(world, &end, &threads);
    let accounting = accounting::account(world, lines, files, &end.classes);
    Truth { accounting, counts, edges: end.edges, accounts: end.accounts, threads }
}
