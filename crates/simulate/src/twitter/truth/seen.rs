//! What was seen of every post and account, and which notices stand against them.

use std::collections::{BTreeMap, BTreeSet};

use super::Read;
use crate::twitter::shown::{Shown, View};
use crate::twitter::world::{Target, What, World};

/// All that a reader has seen.
pub(super) struct Seen {
    /// By post.
    pub(super) posts: Vec<PostSeen>,
    /// By repost.
    pub(super) reposts: Vec<bool>,
    /// By account: the last second in which its profile was shown.
    pub(super) profiles: BTreeMap<u32, u64>,
    /// Moments of the deletes of each post.
    pub(super) deleted_posts: BTreeMap<u32, BTreeSet<u64>>,
    pub(super) deleted_reposts: BTreeMap<u32, BTreeSet<u64>>,
    /// Of what nobody knows: by id, the account and the moments.
    pub(super) deleted_unknown: BTreeMap<u64, (u32, BTreeSet<u64>)>,
    /// By account: the id up to which it may not say where it was.
    pub(super) scrubbed: BTreeMap<u32, u64>,
    pub(super) withheld_posts: BTreeSet<u32>,
    pub(super) withheld_users: BTreeSet<u32>,
    pub(super) unavailable: BTreeSet<u32>,
}

/// How a post was seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PostSeen {
    pub(super) in_stream: bool,
    pub(super) asked: bool,
    pub(super) embedded: bool,
    /// Whether its whole text was shown.
    pub(super) whole: bool,
    pub(super) by_v1: bool,
    pub(super) by_v2: bool,
    /// The last second in which it was shown.
    pub(super) last_s: u64,
    /// The last moment at which it had a record of its own.
    pub(super) last_direct_ms: u64,
}

impl PostSeen {
    pub(super) fn at_all(&self) -> bool {
        self.in_stream || self.asked || self.embedded
    }
}

impl Seen {
    pub(super) fn stands(&self, post: u32) -> bool {
        self.posts[post as usize].at_all() && !self.deleted_posts.contains_key(&post)
    }
}

pub(super) fn see(world: &World, read: Read) -> Seen {
    let mut seen = Seen {
        posts: vec![PostSeen::default(); world.posts.len()],
        reposts: vec![false; world.reposts.len()],
        profiles: BTreeMap::new(),
        deleted_posts: BTreeMap::new(),
        deleted_reposts: BTreeMap::new(),
        deleted_unknown: BTreeMap::new(),
        scrubbed: BTreeMap::new(),
        withheld_posts: BTreeSet::new(),
        withheld_users: BTreeSet::new(),
        unavailable: BTreeSet::new(),
    };
    for line in &world.lines {
        seen.line(world, &line.what);
    }
    if read == Read::All {
        seen.hydrated(world);
    }
    seen
}

impl Seen {
    fn line(&mut self, world: &World, what: &What) {
        let is_v2 = world.api == crate::twitter::params::Api::V2;
        let second = match *what {
            What::Post { post, at_ms, .. } => {
                let seen = self.show(world, Shown { post, view: View::Whole }, at_ms / 1000, is_v2);
                seen.in_stream = true;
                seen.last_direct_ms = seen.last_direct_ms.max(at_ms);
                at_ms / 1000
            }
            What::Repost { repost, .. } => {
                let act = &world.reposts[repost as usize];
                self.reposts[repost as usize] = true;
                self.profile(act.by, act.at_ms / 1000);
                act.at_ms / 1000
            }
            _ => return self.notice(what),
        };
        let beside = world.beside(what);
        for shown in [beside.retweeted, beside.quoted, beside.parent].into_iter().flatten() {
            self.show(world, shown, second, is_v2).embedded = true;
        }
        self.unavailable.extend(beside.error);
    }

    fn notice(&mut self, what: &What) {
        match *what {
            What::Delete { target: Target::Post(post), at_ms } => {
                self.deleted_posts.entry(post).or_default().insert(at_ms);
            }
            What::Delete { target: Target::Repost(repost), at_ms } => {
                self.deleted_reposts.entry(repost).or_default().insert(at_ms);
            }
            What::Delete { target: Target::Unknown { id, user }, at_ms } => {
                self.deleted_unknown.entry(id).or_insert((user, BTreeSet::new())).1.insert(at_ms);
            }
            What::ScrubGeo { user, up_to } => {
                let known = self.scrubbed.entry(user).or_default();
                *known = up_to.max(*known);
            }
            What::PostWithheld { post, .. } => {
                self.withheld_posts.insert(post);
            }
            What::UserWithheld { user, .. } => {
                self.withheld_users.insert(user);
            }
            _ => {}
        }
    }

    fn hydrated(&mut self, world: &World) {
        for page in &world.hydrated.pages {
            let second = page.at_ms / 1000;
            for &post in &page.posts {
                let seen = self.show(world, Shown { post, view: View::Whole }, second, true);
                seen.asked = true;
                seen.last_direct_ms = seen.last_direct_ms.max(page.at_ms);
            }
            for post in page.quoted(world) {
                self.show(world, Shown { post, view: View::Whole }, second, true).embedded = true;
            }
            self.unavailable.extend(&page.missing);
        }
        for &post in &world.hydrated.statuses {
            // Such a status does not say when it was asked for: as far as anybody can tell it was when it was written.
            let at_ms = world.posts[post as usize].at_ms;
            let seen = self.show(world, Shown { post, view: View::Whole }, at_ms / 1000, false);
            seen.asked = true;
            seen.last_direct_ms = seen.last_direct_ms.max(at_ms);
        }
    }

    fn show(&mut self, world: &World, shown: Shown, second: u64, is_v2: bool) -> &mut PostSeen {
        self.profile(world.posts[shown.post as usize].author, second);
        let seen = &mut self.posts[shown.post as usize];
        seen.last_s = seen.last_s.max(second);
        seen.whole |= shown.view == View::Whole;
        seen.by_v1 |= !is_v2;
        seen.by_v2 |= is_v2;
        seen
    }

    fn profile(&mut self, user: u32, second: u64) {
        let last = self.profiles.entry(user).or_default();
        *last = second.max(*last);
    }
}
