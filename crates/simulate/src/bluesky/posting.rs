//! How posts come to be: who answers whom, who quotes what, and what is edited, deleted or lost.
//!
//! Two promises keep the truth free of judgement calls. Every reply declares the root of the post that it answers, so all
//! answers to a lost post declare the same root. And a lost post that is itself a reply is never deleted once it was
//! answered, so a tombstone whose content nobody saw is always the root that its answers declare.

use super::event::{Act, Body, Clock, Embed, Event, NONE, Operation, Post};
use super::history::{History, PostState};
use super::ids;
use super::schedule::{DAY_US, HOUR_US, MINUTE_US, What};
use crate::random::{Stream, mix};

/// How likely an event is missing from the dump.
const LOST: f64 = 0.015;
/// How far back, in posts, an account looks for something to read.
const FEED_WINDOW: usize = 1500;

/// Whether the dump may miss a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    MayBeLost,
    Kept,
}

impl History {
    /// An original post or a reply, as an account does in its day.
    pub(super) fn post(&mut self, at_us: u64, account: u32) {
        if self.random.chance(0.42) {
            let parent = self.something_to_answer(at_us, account);
            self.publish(at_us, account, parent, Record::MayBeLost);
            return;
        }
        let first = self.publish(at_us, account, NONE, Record::MayBeLost);
        if (account as usize) < self.society.n_active && self.random.chance(0.06) {
            self.continue_thread(at_us, account, first);
        }
    }

    /// Two to four more posts by the same author, all in one commit: they share a revision.
    fn continue_thread(&mut self, at_us: u64, account: u32, first: u32) {
        let mut last = first;
        let mut bodies = Vec::new();
        for _ in 0..self.random.between(2, 4) {
            last = self.make_post(at_us, account, last);
            bodies.push(self.make_body(at_us, last));
        }
        let rev = self.new_rev(at_us, account);
        for body in bodies {
            self.put(account, rev, body);
        }
    }

    /// One step of a talk of two: an answer to the last words, and then it is the other's turn.
    pub(super) fn talk(&mut self, at_us: u64, account: u32, last: u32, partner: u32, left: u32) {
        let next = self.publish(at_us, account, last, Record::Kept);
        if left > 0 {
            let reply_us = at_us + self.random.between(MINUTE_US, 4 * MINUTE_US);
            self.later(reply_us, partner, What::Talk { last: next, partner: account, left: left - 1 });
        }
    }

    /// A post that draws a crowd of answers within six hours.
    pub(super) fn announce(&mut self, at_us: u64, account: u32) {
        let post = self.publish(at_us, account, NONE, Record::Kept);
        for _ in 0..self.random.between(60, 110) {
            let answer_us = at_us + self.random.between(MINUTE_US, 6 * HOUR_US);
            let author = self.someone_active();
            self.later(answer_us, author, What::Answer { post });
        }
    }

    pub(super) fn answer(&mut self, at_us: u64, account: u32, post: u32) {
        self.publish(at_us, account, post, Record::MayBeLost);
    }

    pub(super) fn edit(&mut self, at_us: u64, post: u32) {
        let state = self.states[post as usize];
        if state.deleted {
            return;
        }
        let before = self.bodies[state.last_body as usize];
        let body = self.bodies.len() as u32;
        self.bodies.push(Body { edition: before.edition + 1, content: body, ..before });
        self.states[post as usize].last_body = body;
        self.states[post as usize].last_put = self.events.len() as u32;
        let account = self.posts[post as usize].account;
        self.commit(at_us, account, Act::PutPost { body, operation: Operation::Update });
        if before.edition == 0 && self.random.chance(0.3) {
            let again_us = at_us + self.random.between(MINUTE_US, HOUR_US);
            self.later(again_us, account, What::Edit { post });
        }
    }

    pub(super) fn delete_post(&mut self, at_us: u64, post: u32) {
        let (state, record) = (self.states[post as usize], self.posts[post as usize]);
        let unseen = state.last_put == NONE;
        if state.deleted || (unseen && record.parent != NONE && state.last_reply != NONE) {
            return;
        }
        self.states[post as usize].deleted = true;
        self.commit(at_us, record.account, Act::DeletePost { post });
        if !unseen && self.random.chance(0.15) {
            self.send_again(at_us, state.last_put);
        }
        if !unseen && self.random.chance(0.05) {
            let again_us = at_us + self.random.between(MINUTE_US, 2 * HOUR_US);
            self.later(again_us, record.account, What::PostAgain { post });
        }
    }

    /// A copy of a post's event that reaches the dump long after the delete of the post or of its account. Half of the copies
    /// carry a time that is later than the delete; [`NONE`] is an event that the dump lost.
    pub(super) fn send_again(&mut self, at_us: u64, put: u32) {
        let arrival_us = at_us + self.random.between(10 * MINUTE_US, 5 * HOUR_US);
        let late_time = self.random.chance(0.5);
        if put != NONE && arrival_us < self.end_us {
            let original = self.events[put as usize];
            let time_us = if late_time { arrival_us } else { original.time_us };
            self.events.push(Event { time_us, arrival_us, ..original });
        }
    }

    /// A record made anew under the key of a deleted one.
    pub(super) fn post_again(&mut self, at_us: u64, post: u32) {
        let account = self.posts[post as usize].account;
        self.states[post as usize].deleted = false;
        let body = self.make_body(at_us, post);
        let rev = self.new_rev(at_us, account);
        self.put(account, rev, body);
    }

    /// A post to like, repost or quote: mostly of the own community, mostly recent, sometimes from outside the dump.
    pub(super) fn something_to_read(&mut self, at_us: u64, account: u32) -> u32 {
        for _ in 0..4 {
            let own = usize::from(self.society.accounts[account as usize].community);
            let community = if self.random.chance(0.75) { own } else { self.random.below(self.feeds.len()) };
            let feed = &self.feeds[community];
            if feed.is_empty() || self.random.chance(0.03) {
                continue;
            }
            let recent = self.random.unit();
            let back = (recent * recent * feed.len().min(FEED_WINDOW) as f64) as usize;
            let post = feed[feed.len() - 1 - back];
            if !self.states[post as usize].deleted {
                return post;
            }
        }
        self.outside_post(at_us)
    }

    /// A post to answer: sometimes the account's own, sometimes an outside one, often the newest of a talk.
    fn something_to_answer(&mut self, at_us: u64, account: u32) -> u32 {
        let roll = self.random.unit();
        let own = self.clocks[account as usize].last_post;
        match own {
            _ if roll < 0.12 => return self.outside_post(at_us),
            Some(own) if roll < 0.17 && !self.states[own as usize].deleted => return own,
            _ => {}
        }
        let post = self.something_to_read(at_us, account);
        let newest = self.states[post as usize].last_reply;
        let open = newest != NONE && !self.states[newest as usize].deleted;
        if open && self.random.chance(0.45) { newest } else { post }
    }

    /// A post that the dump never shows: one already spoken of, or a new one. Half of them are replies in their turn.
    fn outside_post(&mut self, at_us: u64) -> u32 {
        if !self.outside.is_empty() && self.random.chance(0.4) {
            let back = self.random.below(self.outside.len().min(40));
            return self.outside[self.outside.len() - 1 - back];
        }
        let root =
            if self.random.chance(0.5) { NONE } else { self.make_outside_post(at_us - 40 * DAY_US, NONE) };
        let post = self.make_outside_post(at_us, root);
        self.outside.push(post);
        post
    }

    fn make_outside_post(&mut self, at_us: u64, root: u32) -> u32 {
        let age_us = self.random.between(MINUTE_US, 40 * DAY_US);
        let account = self.society.outsider(&mut self.random);
        let clock = mix(u64::from(account), self.posts.len() as u64);
        let rkey = ids::tid(at_us - age_us, clock);
        self.new_post(Post { account, rkey, parent: root, root })
    }

    /// Makes a post and what follows from it; returns its number.
    fn publish(&mut self, at_us: u64, account: u32, parent: u32, record: Record) -> u32 {
        let post = self.make_post(at_us, account, parent);
        let body = self.make_body(at_us, post);
        let rev = self.new_rev(at_us, account);
        if record == Record::Kept || !self.random.chance(LOST) {
            self.put(account, rev, body);
        }
        self.plan_consequences(at_us, account, post, parent);
        post
    }

    fn put(&mut self, account: u32, rev: u64, body: u32) {
        let post = self.bodies[body as usize].post;
        self.states[post as usize].last_put = self.events.len() as u32;
        self.emit(account, rev, Act::PutPost { body, operation: Operation::Create });
    }

    fn plan_consequences(&mut self, at_us: u64, account: u32, post: u32, parent: u32) {
        if self.random.chance(0.03) {
            let edit_us = at_us + self.random.between(MINUTE_US, 2 * HOUR_US);
            self.later(edit_us, account, What::Edit { post });
        }
        if self.random.chance(0.05) {
            let delete_us = at_us + self.random.between(MINUTE_US / 4, 10 * HOUR_US);
            self.later(delete_us, account, What::DeletePost { post });
        }
        if parent == NONE && self.random.chance(0.03) {
            let rkey = self.posts[post as usize].rkey;
            let collection = self.random.below(2) as u8;
            self.commit(at_us, account, Act::Ignored { collection, operation: Operation::Create, rkey });
        }
    }

    fn make_post(&mut self, at_us: u64, account: u32, parent: u32) -> u32 {
        let rkey = self.new_rkey(at_us, account);
        let root = match parent {
            NONE => NONE,
            answered => match self.posts[answered as usize].root {
                NONE => answered,
                root => root,
            },
        };
        let post = self.new_post(Post { account, rkey, parent, root });
        if parent != NONE {
            self.states[parent as usize].last_reply = post;
        }
        let community = usize::from(self.society.accounts[account as usize].community);
        self.feeds[community].push(post);
        self.clocks[account as usize].last_post = Some(post);
        post
    }

    pub(super) fn new_post(&mut self, post: Post) -> u32 {
        self.posts.push(post);
        self.states.push(PostState { deleted: false, last_reply: NONE, last_put: NONE, last_body: NONE });
        (self.posts.len() - 1) as u32
    }

    /// A first version of a post: what it embeds and how its client writes the time.
    fn make_body(&mut self, at_us: u64, post: u32) -> u32 {
        let Post { account, parent, .. } = self.posts[post as usize];
        let embed = draw_embed(&mut self.random, parent != NONE);
        let quote = if embed.quotes() { self.something_to_read(at_us, account) } else { NONE };
        let clock = match self.random.below(400) {
            0..3 => Clock::Broken,
            3..20 => Clock::WholeSeconds,
            20..30 => Clock::Offset,
            _ => Clock::Milliseconds,
        };
        let body = self.bodies.len() as u32;
        let content = if self.states[post as usize].last_body == NONE { 0 } else { body };
        self.bodies.push(Body { post, quote, embed, clock, words: body, edition: 0, content });
        self.states[post as usize].last_body = body;
        body
    }
}

/// What a post embeds; replies embed less.
fn draw_embed(random: &mut Stream, in_reply: bool) -> Embed {
    if in_reply && random.chance(0.65) {
        return Embed::None;
    }
    match random.below(1000) {
        0..620 => Embed::None,
        620..720 => Embed::Images,
        720..745 => Embed::Video,
        745..825 => Embed::External,
        825..945 => Embed::Quote,
        945..970 => Embed::QuoteWithImages,
        970..985 => Embed::List,
        _ => Embed::Feed,
    }
}
