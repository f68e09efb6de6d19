//! What happens in the world: tweet by tweet, each at its moment, and the notices between them.
//!
//! A moment belongs to a plan that is due (a talk goes on, a post is edited, a machine posts again: `plans.rs`), or to
//! somebody who retweets, answers, quotes or writes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::damage::Flaw;
use super::params::{Api, TwitterParams};
use super::people;
use super::plans::{Due, Plan};
use super::world::{
    Hydrated, Inside, Line, MESSAGES, NONE, Post, Repost, Target, UNAVAILABLE, User, What, World, first_id_at,
};
use crate::random::{Purpose, Stream};

pub(super) const MINUTE_MS: u64 = 60_000;
pub(super) const DAY_MS: u64 = 86_400_000;
/// 2022-10-10 and 2023-01-14, 00:00 UTC: v1.1 when posts could be edited, and the last days of the grabs.
const START_V1_MS: u64 = 1_665_360_000_000;
const START_V2_MS: u64 = 1_673_654_400_000;
/// Lines of one member at most.
pub(super) const MEMBER_LINES: usize = 2000;
/// Tweets, deletes and copies together, for each tweet.
const LINES_A_TWEET: f64 = 1.14;
/// Members of a small world at least.
pub(super) const MEMBERS: usize = 24;
/// How far back, in posts, others look for something to answer.
const WINDOW: usize = 5000;

/// The world in the making.
pub(super) struct History {
    pub(super) world: World,
    pub(super) random: Stream,
    pub(super) agenda: BinaryHeap<Reverse<(u64, u64, Plan)>>,
    /// Posts of the stream, in order.
    pub(super) shown: Vec<u32>,
    /// Posts that others show inside theirs.
    famous: Vec<u32>,
    /// Posts that nobody shows.
    pub(super) hidden: Vec<u32>,
    /// Accounts from here on take no part on their own: they wait for a plan.
    pub(super) n_crowd: usize,
    n_ids: u64,
    n_plans: u64,
    n_flaws: usize,
    noise: f64,
}

/// Lets the world live.
pub(super) fn live(params: &TwitterParams) -> World {
    let start_ms = if params.api == Api::V1 { START_V1_MS } else { START_V2_MS };
    // The files of a day are called after their minutes.
    let n_lines = params.tweets as f64 * LINES_A_TWEET / (1.0 - params.noise);
    let n_days = 2.max((n_lines / (MEMBER_LINES as f64 * 500.0)) as u64 + 1);
    let end_ms = start_ms + n_days * DAY_MS;
    let n_crowd = params.tweets / 4;
    let mut history = History {
        world: World {
            seed: params.seed,
            api: params.api,
            start_ms,
            end_ms,
            users: (0..n_crowd + n_crowd / 50 + 8)
                .map(|number| {
                    let mut random = Stream::new(params.seed, Purpose::TwitterUsers, number as u64);
                    people::draw(number, start_ms, end_ms - start_ms, &mut random)
                })
                .collect(),
            posts: Vec::new(),
            reposts: Vec::new(),
            lines: Vec::new(),
            hydrated: Hydrated::default(),
        },
        random: Stream::new(params.seed, Purpose::Twitter, 0),
        agenda: BinaryHeap::new(),
        shown: Vec::new(),
        famous: Vec::new(),
        hidden: Vec::new(),
        n_crowd,
        n_ids: 0,
        n_plans: 0,
        n_flaws: 0,
        noise: params.noise,
    };
    history.make_plans(params.tweets);
    for i in 0..params.tweets as u64 {
        let now_ms = start_ms + (end_ms - start_ms - DAY_MS / 24) / params.tweets as u64 * i;
        history.moment(now_ms);
        history.notices(now_ms);
    }
    history.scrub_and_withhold();
    history.hydrate();
    let mut world = history.world;
    world.lines.sort_by_key(|line| line.arrival_ms);
    world
}

impl History {
    fn moment(&mut self, now_ms: u64) {
        if self.agenda.peek().is_some_and(|Reverse((due_ms, ..))| *due_ms <= now_ms)
            && let Some(Reverse((_, _, plan))) = self.agenda.pop()
        {
            return self.carry_out(plan, now_ms);
        }
        let by = self.somebody();
        match self.random.unit() {
            ..0.42 => self.retweet(by, now_ms),
            ..0.63 => {
                let parent = self.something_to_answer(now_ms);
                self.write(by, now_ms, parent, NONE);
            }
            ..0.73 => {
                let quoted = self.something_to_show(now_ms);
                let parent = if self.random.chance(0.1) { self.something_to_answer(now_ms) } else { NONE };
                self.write(by, now_ms, parent, quoted);
            }
            _ => {
                self.write(by, now_ms, NONE, NONE);
            }
        }
    }

    /// A post of the stream. Returns its number.
    pub(super) fn write(&mut self, by: u32, now_ms: u64, parent: u32, quote: u32) -> u32 {
        let post = self.make(by, now_ms, parent, quote);
        self.show(post);
        post
    }

    /// Puts a post that is there into the stream, sometimes late, sometimes twice.
    pub(super) fn show(&mut self, post: u32) {
        let at_ms = self.world.posts[post as usize].at_ms;
        let inside = self.how_to_show(post);
        let what = What::Post { post, at_ms, inside };
        let mut arrival_ms = at_ms;
        if self.random.chance(0.003) {
            // Its delete overtakes it; where clocks differ it even seems to be older.
            let late_ms = self.random.between(2000, 20 * MINUTE_MS);
            arrival_ms += late_ms;
            let stamp_ms = if self.random.chance(0.5) { at_ms - 1500 } else { at_ms + late_ms / 2 };
            let delete = What::Delete { target: Target::Post(post), at_ms: stamp_ms };
            self.line(at_ms + late_ms / 2, delete);
        }
        self.line(arrival_ms, what);
        if self.random.chance(0.003) {
            let again_ms = self.random.between(1, 90 * MINUTE_MS);
            self.line(arrival_ms + again_ms, what);
        }
        if self.world.api == Api::V1 && self.random.chance(0.003) {
            // The stream shows it again, with what is counted by then.
            let again_ms = self.random.between(2 * MINUTE_MS, 60 * MINUTE_MS);
            self.line(at_ms + again_ms, What::Post { post, at_ms: at_ms + again_ms, inside });
        }
        self.shown.push(post);
    }

    fn how_to_show(&mut self, post: u32) -> Inside {
        let Post { parent, quote, .. } = self.world.posts[post as usize];
        if quote != NONE {
            let drawn = self.random.below(10);
            return match drawn {
                _ if self.is_always_cut(quote) => Inside::Cut,
                0 => Inside::Cut,
                1 => Inside::IdOnly,
                _ => Inside::Whole,
            };
        }
        // What nobody shows is left out, unless the network says that it cannot be shown.
        let told =
            self.world.post(parent).is_some_and(|parent| !parent.hidden || parent.unavailable.is_some());
        if self.world.api == Api::V2 && told && self.random.chance(0.6) {
            return Inside::WithParent;
        }
        Inside::Whole
    }

    fn retweet(&mut self, by: u32, now_ms: u64) {
        let of = self.something_to_show(now_ms);
        let repost = self.world.reposts.len() as u32;
        let id = self.new_id(now_ms);
        self.world.reposts.push(Repost { id, by, of, at_ms: now_ms });
        let drawn = self.random.below(20);
        let inside = match drawn {
            _ if self.is_always_cut(of) => Inside::Cut,
            0..3 => Inside::Cut,
            3 => Inside::IdOnly,
            _ => Inside::Whole,
        };
        let what = What::Repost { repost, inside };
        self.line(now_ms, what);
        if self.random.chance(0.003) {
            let again_ms = self.random.between(1, 90 * MINUTE_MS);
            self.line(now_ms + again_ms, what);
        }
        if self.random.chance(0.02) {
            let after_ms = self.random.between(1000, 120 * MINUTE_MS);
            let at_ms = now_ms + after_ms;
            self.line(at_ms, What::Delete { target: Target::Repost(repost), at_ms });
        }
    }

    /// Of some long posts nobody shows the end.
    fn is_always_cut(&self, post: u32) -> bool {
        self.world.posts[post as usize].long && post.is_multiple_of(2)
    }

    /// A post to retweet or quote: mostly one from outside that many show, sometimes one of the stream.
    fn something_to_show(&mut self, now_ms: u64) -> u32 {
        if !self.shown.is_empty() && self.random.chance(0.2) {
            return self.recent();
        }
        if self.famous.len() < 8 || self.random.chance(0.12) {
            let author = self.somebody();
            let quote = match self.famous.last() {
                Some(&quoted) if self.random.chance(0.12) => quoted,
                _ => NONE,
            };
            let parent = if self.random.chance(0.1) { self.hidden_post(now_ms) } else { NONE };
            let post = self.make_old(author, now_ms, parent, quote);
            self.famous.push(post);
            return post;
        }
        let squared = self.random.unit() * self.random.unit();
        let back = (squared * self.famous.len().min(WINDOW) as f64) as usize;
        self.famous[self.famous.len() - 1 - back]
    }

    fn something_to_answer(&mut self, now_ms: u64) -> u32 {
        match self.random.unit() {
            ..0.30 if !self.shown.is_empty() => self.recent(),
            ..0.55 if !self.famous.is_empty() => self.something_to_show(now_ms),
            _ => self.hidden_post(now_ms),
        }
    }

    fn recent(&mut self) -> u32 {
        let back = (self.random.unit() * self.random.unit() * self.shown.len().min(WINDOW) as f64) as usize;
        self.shown[self.shown.len() - 1 - back]
    }

    /// A post that the stream never shows: one already answered, or a new one. Some answer others of their kind.
    fn hidden_post(&mut self, now_ms: u64) -> u32 {
        if !self.hidden.is_empty() && self.random.chance(0.35) {
            let back =
                (self.random.unit() * self.random.unit() * self.hidden.len().min(WINDOW) as f64) as usize;
            return self.hidden[self.hidden.len() - 1 - back];
        }
        let author = self.somebody();
        let parent = match self.hidden.last() {
            Some(&above) if self.random.chance(0.2) => above,
            _ => NONE,
        };
        let post = self.make_old(author, now_ms, parent, NONE);
        if self.random.chance(0.2) {
            let reason = self.random.below(UNAVAILABLE.len()) as u8;
            self.world.posts[post as usize].unavailable = Some(reason);
        }
        self.world.posts[post as usize].hidden = true;
        self.hidden.push(post);
        post
    }

    /// A post from before; never older than what it answers or quotes.
    fn make_old(&mut self, author: u32, now_ms: u64, parent: u32, quote: u32) -> u32 {
        let age_ms = self.random.between(MINUTE_MS, 3 * DAY_MS);
        let after = [parent, quote].map(|post| self.world.post(post).map_or(0, |post| post.at_ms + 1000));
        let at_ms = (now_ms - age_ms).max(after[0]).max(after[1]);
        self.make(author, at_ms, parent, quote)
    }

    pub(super) fn make(&mut self, author: u32, at_ms: u64, parent: u32, quote: u32) -> u32 {
        let number = self.world.posts.len() as u32;
        let User { topic, lang, tells_place, .. } = self.world.users[author as usize];
        let id = self.new_id(at_ms);
        let above = self.world.post(parent).copied();
        let random = &mut self.random;
        let has_point = tells_place && random.chance(0.5);
        self.world.posts.push(Post {
            id,
            author,
            at_ms,
            parent,
            quote,
            root: above.map_or(number, |above| above.root),
            edit_of: NONE,
            edited_from: NONE,
            words: number,
            twist: 0,
            topic: if random.chance(0.2) { above.map_or(topic, |above| above.topic) } else { topic },
            lang,
            long: random.chance(0.1),
            has_link: random.chance(0.1),
            has_media: random.chance(0.2),
            has_point,
            has_place: has_point || (tells_place && random.chance(0.3)),
            withheld: random.chance(0.003),
            hidden: false,
            unavailable: None,
        });
        number
    }

    /// An id of this moment; no two are the same.
    pub(super) fn new_id(&mut self, at_ms: u64) -> u64 {
        self.n_ids += 1;
        first_id_at(at_ms) | (self.n_ids & 0x3f_ffff)
    }

    /// Few are loud.
    fn somebody(&mut self) -> u32 {
        let unit = self.random.unit();
        (unit * unit * self.n_crowd as f64) as u32
    }

    pub(super) fn line(&mut self, arrival_ms: u64, what: What) {
        // What comes too late is in no file.
        if arrival_ms < self.world.end_ms {
            self.world.lines.push(Line { arrival_ms, what });
        }
    }

    pub(super) fn later(&mut self, due_ms: u64, plan: Plan) {
        self.n_plans += 1;
        let due: Due = (due_ms, self.n_plans, plan);
        self.agenda.push(Reverse(due));
    }

    /// Deletes, and lines that say nothing, between two tweets.
    fn notices(&mut self, now_ms: u64) {
        if self.random.chance(0.13) {
            let target = self.something_to_delete(now_ms);
            let what = What::Delete { target, at_ms: now_ms };
            self.line(now_ms, what);
            if self.random.chance(0.01) {
                self.line(now_ms + MINUTE_MS, what);
            }
        }
        // So that of all lines this share is noise.
        let mut expected = self.noise / (1.0 - self.noise) * LINES_A_TWEET;
        while expected > 0.0 {
            if self.random.chance(expected.min(1.0)) {
                let what = self.noise_line(now_ms);
                self.line(now_ms, what);
            }
            expected -= 1.0;
        }
    }

    fn something_to_delete(&mut self, now_ms: u64) -> Target {
        match self.random.below(100) {
            0..9 if !self.shown.is_empty() => Target::Post(self.recent()),
            9..11 if !self.famous.is_empty() => Target::Post(self.something_to_show(now_ms)),
            11..13 if !self.hidden.is_empty() => Target::Post(self.hidden_post(now_ms)),
            _ => {
                let age_ms = self.random.between(MINUTE_MS, 60 * DAY_MS);
                Target::Unknown { id: self.new_id(now_ms - age_ms), user: self.somebody() }
            }
        }
    }

    fn noise_line(&mut self, now_ms: u64) -> What {
        match self.random.below(4) {
            0 => What::Blank,
            1 => What::Message { kind: self.random.below(MESSAGES.len()) as u8, at_ms: now_ms },
            _ => {
                let Some(&post) = self.shown.last() else { return What::Blank };
                self.n_flaws += 1;
                What::Damaged { flaw: (self.n_flaws % Flaw::ALL.len()) as u8, post }
            }
        }
    }

    /// Accounts that take back where they were, and what countries do not let be shown.
    fn scrub_and_withhold(&mut self) {
        let (start_ms, end_ms) = (self.world.start_ms, self.world.end_ms);
        let who_tell: Vec<u32> =
            (0..self.n_crowd as u32).filter(|&user| self.world.users[user as usize].tells_place).collect();
        for (i, &user) in who_tell.iter().enumerate().filter(|(i, _)| i % 3 == 0) {
            // Before, between and after the posts that it is about.
            let upto_ms = self.random.between(start_ms, end_ms);
            let arrival_ms = if i % 2 == 0 { upto_ms } else { self.random.between(start_ms, end_ms - 1) };
            let up_to = first_id_at(upto_ms);
            self.line(arrival_ms, What::ScrubGeo { user, up_to });
        }
        for _ in 0..3 + self.shown.len() / 1000 {
            let post = self.recent();
            let at_ms = self.random.between(start_ms, end_ms - 1);
            self.line(at_ms, What::PostWithheld { post, at_ms });
        }
        for _ in 0..2 + self.n_crowd / 1000 {
            let user = self.somebody();
            let at_ms = self.random.between(start_ms, end_ms - 1);
            self.line(at_ms, What::UserWithheld { user, at_ms });
        }
    }
}
