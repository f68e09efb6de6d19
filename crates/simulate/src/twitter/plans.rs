//! What takes more than one tweet: talks, threads of one author, edits, machines that repeat themselves, and one long chain.

use super::history::{History, MINUTE_MS};
use super::people::AUTOMATION;
use super::world::NONE;

/// A plan, when it is due, and which came first.
pub(super) type Due = (u64, u64, Plan);

/// What is to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Plan {
    /// Answers in a chain, by anybody.
    Chain { last: u32, left: u32 },
    /// An answer in a talk of two, and then it is the other's turn.
    Talk { last: u32, by: u32, other: u32, left: u32 },
    /// An author goes on.
    Thread { last: u32, by: u32, left: u32 },
    /// A post gets a next version.
    Edit { last: u32, left: u32 },
    /// A machine writes once more: the words of `first`, if there are any, or nearly those.
    Machine { by: u32, first: u32, left: u32 },
}

/// Answers in the long chain, in a world that is large enough.
pub(crate) const CHAIN: usize = 500;

impl History {
    /// Plans for a world of this many tweets: less than a third of them.
    pub(super) fn make_plans(&mut self, n_tweets: usize) {
        let (start_ms, end_ms) = (self.world.start_ms, self.world.end_ms);
        let depth = CHAIN.min(n_tweets / 6) as u32;
        self.later(start_ms + 5 * MINUTE_MS, Plan::Chain { last: NONE, left: depth });
        let moment = |history: &mut Self| history.random.between(start_ms, end_ms - 1);
        for _ in 0..2 + n_tweets / 500 {
            let (due_ms, by, other) = (moment(self), self.of_the_crowd(), self.of_the_crowd());
            let left = self.random.between(3, 14) as u32;
            self.later(due_ms, Plan::Talk { last: NONE, by, other, left });
            let (due_ms, by) = (moment(self), self.of_the_crowd());
            let left = self.random.between(2, 6) as u32;
            self.later(due_ms, Plan::Thread { last: NONE, by, left });
        }
        for _ in 0..2 + n_tweets / 500 {
            let due_ms = moment(self);
            let left = self.random.between(1, 2) as u32;
            self.later(due_ms, Plan::Edit { last: NONE, left });
        }
        for by in self.n_crowd..self.world.users.len() {
            self.world.users[by].client = AUTOMATION;
            self.world.users[by].tells_place = false;
            let due_ms = start_ms + self.random.between(0, (end_ms - start_ms) / 2);
            let left = self.random.between(3, 10) as u32;
            self.later(due_ms, Plan::Machine { by: by as u32, first: NONE, left });
        }
    }

    pub(super) fn carry_out(&mut self, plan: Plan, now_ms: u64) {
        let soon_ms = now_ms + self.random.between(MINUTE_MS, 4 * MINUTE_MS);
        match plan {
            Plan::Chain { last, left } => {
                let by = self.of_the_crowd();
                let post = self.write(by, now_ms, last, NONE);
                // The whole chain takes its place in time, however fast the world is.
                let due_ms = now_ms + (self.world.end_ms - now_ms) / (u64::from(left) + 20);
                self.go_on(left, due_ms, |left| Plan::Chain { last: post, left });
            }
            Plan::Talk { last, by, other, left } => {
                let post = self.write(by, now_ms, last, NONE);
                self.go_on(left, soon_ms, |left| Plan::Talk { last: post, by: other, other: by, left });
            }
            Plan::Thread { last, by, left } => {
                let post = self.write(by, now_ms, last, NONE);
                self.go_on(left, soon_ms, |left| Plan::Thread { last: post, by, left });
            }
            Plan::Edit { last: NONE, left } => {
                let by = self.of_the_crowd();
                let post = self.write(by, now_ms, NONE, NONE);
                self.go_on(left + 1, soon_ms, |left| Plan::Edit { last: post, left });
            }
            Plan::Edit { last, left } => {
                let post = self.edit(last, now_ms);
                self.go_on(left, soon_ms, |left| Plan::Edit { last: post, left });
            }
            Plan::Machine { by, first, left } => {
                let first = self.repeat(by, first, now_ms);
                self.go_on(left, now_ms + MINUTE_MS, |left| Plan::Machine { by, first, left });
            }
        }
    }

    fn go_on(&mut self, left: u32, due_ms: u64, plan: impl FnOnce(u32) -> Plan) {
        if left > 0 {
            self.later(due_ms, plan(left - 1));
        }
    }

    /// The next version of a post: an id of its own, the same place in its conversation, a few words more.
    fn edit(&mut self, last: u32, now_ms: u64) -> u32 {
        let before = self.world.posts[last as usize];
        let first = if before.edit_of == NONE { last } else { before.edit_of };
        let post = self.make(before.author, now_ms, before.parent, before.quote);
        let version = &mut self.world.posts[post as usize];
        version.edit_of = first;
        version.edited_from = last;
        version.words = before.words;
        version.twist = before.twist + 1;
        (version.topic, version.lang, version.long) = (before.topic, before.lang, before.long);
        (version.has_link, version.has_media) = (before.has_link, before.has_media);
        self.show(post);
        post
    }

    /// A post of a machine. Returns the first of its kind.
    fn repeat(&mut self, by: u32, first: u32, now_ms: u64) -> u32 {
        let post = self.make(by, now_ms, NONE, NONE);
        // Two machines side by side say nearly the same.
        let other =
            self.shown.iter().rev().take(200).copied().find(|&other| self.is_of_a_neighbour(other, by));
        let words = if first == NONE { other.unwrap_or(post) } else { first };
        let twist = if self.random.chance(0.5) { 0 } else { self.random.between(1, 6) as u8 };
        let said = self.world.posts[words as usize];
        let made = &mut self.world.posts[post as usize];
        made.words = said.words;
        made.twist = if words == post { 0 } else { twist };
        (made.topic, made.lang, made.long, made.has_link) = (said.topic, said.lang, said.long, said.has_link);
        made.has_media = false;
        self.show(post);
        words
    }

    fn is_of_a_neighbour(&self, post: u32, by: u32) -> bool {
        let author = self.world.posts[post as usize].author;
        author as usize >= self.n_crowd && author != by && author / 2 == by / 2
    }

    fn of_the_crowd(&mut self) -> u32 {
        let n = self.n_crowd;
        self.random.below(n) as u32
    }
}
