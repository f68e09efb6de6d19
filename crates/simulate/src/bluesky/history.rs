//! Lets time pass: takes one intention after the other, and writes down the event that comes of it.
//!
//! Each account's revisions rise with time, as the protocol demands. What an intention becomes depends on what stands at
//! that moment, so the intentions are a heap ordered by time; edits, deletes and undoes join it as their causes happen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::event::{Act, Body, Event, IGNORED, NONE, Operation, Post, Relation, Status, World};
use super::ids;
use super::schedule::{DAY_US, HOUR_US, MINUTE_US, Plan, What, intentions};
use super::society::Society;
use crate::Params;
use crate::random::{Purpose, Stream, mix};

/// 2025-03-01T00:00:00Z.
pub(crate) const START_US: u64 = 1_740_787_200_000_000;

/// What is known of an account while time passes.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    last_us: u64,
    n_revisions: u64,
    silent_until_us: u64,
    n_profiles: u32,
    n_handles: u32,
    pub(super) last_post: Option<u32>,
}

/// What is known of a post while time passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct PostState {
    pub(super) deleted: bool,
    pub(super) last_reply: u32,
    /// The event that created or last edited it, [`NONE`] where the dump lost it.
    pub(super) last_put: u32,
    pub(super) last_body: u32,
}

pub(super) struct History {
    pub(super) society: Society,
    pub(super) random: Stream,
    pub(super) end_us: u64,
    plans: BinaryHeap<Reverse<Plan>>,
    n_plans: u64,
    pub(super) clocks: Vec<Clock>,
    pub(super) posts: Vec<Post>,
    pub(super) states: Vec<PostState>,
    pub(super) bodies: Vec<Body>,
    pub(super) events: Vec<Event>,
    /// Posts of each community, oldest first.
    pub(super) feeds: Vec<Vec<u32>>,
    /// Posts that the dump never shows.
    pub(super) outside: Vec<u32>,
}

/// All events of a world, with the copies that late deletes bring.
pub(crate) fn live(params: &Params) -> World {
    let society = Society::new(params);
    let mut random = Stream::new(params.seed, Purpose::History, 0);
    let plans = intentions(&society, START_US, params.days, &mut random);
    let mut history = History {
        random,
        end_us: START_US + params.days as u64 * DAY_US,
        n_plans: plans.len() as u64,
        plans: plans.into_iter().map(Reverse).collect::<Vec<_>>().into(),
        clocks: vec![Clock::default(); society.accounts.len()],
        feeds: vec![Vec::new(); params.n_communities()],
        society,
        posts: Vec::new(),
        states: Vec::new(),
        bodies: Vec::new(),
        events: Vec::new(),
        outside: Vec::new(),
    };
    while let Some(Reverse(plan)) = history.plans.pop() {
        if plan.at_us < history.end_us {
            history.step(plan);
        }
    }
    World {
        seed: params.seed,
        start_us: START_US,
        end_us: history.end_us,
        accounts: history.society.accounts,
        n_users: history.society.n_users,
        posts: history.posts,
        bodies: history.bodies,
        events: history.events,
    }
}

impl History {
    fn step(&mut self, plan: Plan) {
        let Plan { at_us, account, what, .. } = plan;
        if let What::Status(status) = what {
            return self.change_status(at_us, account, status);
        }
        if self.clocks[account as usize].silent_until_us > at_us {
            return self.let_others_carry_on(at_us, what);
        }
        match what {
            What::Post => self.post(at_us, account),
            What::Like => self.tap(at_us, account, Relation::Like),
            What::Repost => self.tap(at_us, account, Relation::Repost),
            What::Follow { subject } => self.follow(at_us, account, subject),
            What::Block => self.block(at_us, account),
            What::Undo { kind, rkey } => self.commit(at_us, account, Act::Delete { kind, rkey }),
            What::Edit { post } => self.edit(at_us, post),
            What::DeletePost { post } => self.delete_post(at_us, post),
            What::PostAgain { post } => self.post_again(at_us, post),
            What::DeleteUnseen => self.delete_unseen(at_us, account),
            What::Join => self.join(at_us, account),
            What::Rename => self.rename(at_us, account),
            What::Profile { operation } => self.profile(at_us, account, operation),
            What::Other => self.other(at_us, account),
            What::Talk { last, partner, left } => self.talk(at_us, account, last, partner, left),
            What::Announcement => self.announce(at_us, account),
            What::Answer { post } => self.answer(at_us, account, post),
            What::Status(_) => {}
        }
    }

    /// What a silent account meant to do does not happen, but for the talks and crowds that every world has.
    fn let_others_carry_on(&mut self, at_us: u64, what: What) {
        let (one, other) = (self.someone_active(), self.someone_active());
        let what = match what {
            What::Talk { last, left, .. } => What::Talk { last, partner: other, left },
            What::Announcement => What::Announcement,
            _ => return,
        };
        self.later(at_us + MINUTE_US, one, what);
    }

    /// Plans something that follows from what just happened. Nothing happens after the end.
    pub(super) fn later(&mut self, at_us: u64, account: u32, what: What) {
        self.n_plans += 1;
        self.plans.push(Reverse(Plan { at_us, order: self.n_plans, account, what }));
    }

    pub(super) fn someone_active(&mut self) -> u32 {
        self.society.someone_active(&mut self.random)
    }

    /// A new record key of this account.
    pub(super) fn new_rkey(&mut self, at_us: u64, account: u32) -> u64 {
        ids::tid(self.tick(at_us, account), mix(u64::from(account), 3))
    }

    /// The account's next revision.
    pub(super) fn new_rev(&mut self, at_us: u64, account: u32) -> u64 {
        let now_us = self.tick(at_us, account);
        let clock = &mut self.clocks[account as usize];
        clock.n_revisions += 1;
        if self.society.accounts[account as usize].bridged {
            return ids::tid(16_000_000 + 40 * clock.n_revisions, 0);
        }
        ids::tid(now_us, mix(u64::from(account), 5))
    }

    /// Moves an account's clock on, so that no two moments of it are the same.
    fn tick(&mut self, at_us: u64, account: u32) -> u64 {
        let clock = &mut self.clocks[account as usize];
        clock.last_us = at_us.max(clock.last_us + 1);
        clock.last_us
    }

    pub(super) fn commit(&mut self, at_us: u64, account: u32, act: Act) {
        let rev = self.new_rev(at_us, account);
        self.emit(account, rev, act);
    }

    fn notice(&mut self, at_us: u64, account: u32, act: Act) {
        self.tick(at_us, account);
        self.emit(account, 0, act);
    }

    /// Writes an event down as the server saw it, a little later than the account's clock says.
    pub(super) fn emit(&mut self, account: u32, rev: u64, act: Act) {
        let time_us = self.clocks[account as usize].last_us + self.random.between(20_000, 900_000);
        self.events.push(Event { time_us, arrival_us: time_us, rev, account, act });
    }

    fn tap(&mut self, at_us: u64, account: u32, kind: Relation) {
        let subject = self.something_to_read(at_us, account);
        let rkey = self.new_rkey(at_us, account);
        self.commit(at_us, account, Act::Put { kind, rkey, subject });
        self.maybe_undo(at_us, account, kind, rkey, 0.035);
    }

    fn follow(&mut self, at_us: u64, account: u32, subject: u32) {
        let subject = match subject {
            NONE if self.random.chance(0.12) => self.society.outsider(&mut self.random),
            NONE => self.society.acquaintance(account, &mut self.random),
            known => known,
        };
        if subject == account {
            return;
        }
        let rkey = self.new_rkey(at_us, account);
        self.commit(at_us, account, Act::Put { kind: Relation::Follow, rkey, subject });
        self.maybe_undo(at_us, account, Relation::Follow, rkey, 0.05);
        if self.random.chance(0.01) {
            let again_us = at_us + self.random.between(MINUTE_US, HOUR_US);
            self.later(again_us, account, What::Follow { subject });
        }
    }

    fn block(&mut self, at_us: u64, account: u32) {
        let subject = self.society.outsider(&mut self.random);
        let rkey = self.new_rkey(at_us, account);
        self.commit(at_us, account, Act::Put { kind: Relation::Block, rkey, subject });
        self.maybe_undo(at_us, account, Relation::Block, rkey, 0.15);
    }

    fn maybe_undo(&mut self, at_us: u64, account: u32, kind: Relation, rkey: u64, probability: f64) {
        if self.random.chance(probability) {
            let undo_us = at_us + self.random.between(MINUTE_US / 20, 3 * HOUR_US);
            self.later(undo_us, account, What::Undo { kind, rkey });
        }
    }

    /// Deletes of records that were made before the dump began.
    fn delete_unseen(&mut self, at_us: u64, account: u32) {
        let before_us = START_US - self.random.between(HOUR_US, 300 * DAY_US);
        let rkey = ids::tid(before_us, mix(u64::from(account), 3));
        match self.random.below(3) {
            0 => self.commit(at_us, account, Act::Delete { kind: Relation::Like, rkey }),
            1 => self.commit(at_us, account, Act::Delete { kind: Relation::Follow, rkey }),
            _ => {
                let post = self.new_post(Post { account, rkey, parent: NONE, root: NONE });
                self.delete_post(at_us, post);
            }
        }
    }

    fn change_status(&mut self, at_us: u64, account: u32, status: Status) {
        self.notice(at_us, account, Act::Status(status));
        self.clocks[account as usize].silent_until_us = match status {
            Status::Active => 0,
            _ => u64::MAX,
        };
        if status == Status::Deleted
            && let Some(post) = self.clocks[account as usize].last_post
        {
            self.send_again(at_us, self.states[post as usize].last_put);
        }
    }

    /// What a new account sends: its handle, that it is active, and a profile.
    fn join(&mut self, at_us: u64, account: u32) {
        self.rename(at_us, account);
        self.notice(at_us, account, Act::Status(Status::Active));
        self.profile(at_us + MINUTE_US / 6, account, Operation::Create);
    }

    fn rename(&mut self, at_us: u64, account: u32) {
        let clock = &mut self.clocks[account as usize];
        let edition = if self.random.chance(0.15) { NONE } else { clock.n_handles };
        clock.n_handles += 1;
        self.notice(at_us, account, Act::Identity { edition });
    }

    fn profile(&mut self, at_us: u64, account: u32, operation: Operation) {
        if operation == Operation::Delete {
            return self.commit(at_us, account, Act::DeleteProfile);
        }
        let edition = self.clocks[account as usize].n_profiles;
        self.clocks[account as usize].n_profiles += 1;
        self.commit(at_us, account, Act::PutProfile { edition, operation });
        if self.random.chance(0.2) {
            let next_us = at_us + self.random.between(MINUTE_US, 20 * HOUR_US);
            let operation = if self.random.chance(0.15) { Operation::Delete } else { Operation::Update };
            self.later(next_us, account, What::Profile { operation });
        }
    }

    /// A record of a collection that Populi ignores; the gates of posts come with the posts.
    fn other(&mut self, at_us: u64, account: u32) {
        let collection = (2 + self.random.below(IGNORED.len() - 2)) as u8;
        let operation = match self.random.below(10) {
            0 => Operation::Delete,
            1 => Operation::Update,
            _ => Operation::Create,
        };
        let rkey = self.new_rkey(at_us, account);
        self.commit(at_us, account, Act::Ignored { collection, operation, rkey });
    }
}
