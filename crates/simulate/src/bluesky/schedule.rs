//! What each account means to do and when, before any of it happens.

use super::event::{NONE, Operation, Status};
use super::society::Society;
use crate::random::{Stream, cumulative};

pub(crate) const MINUTE_US: u64 = 60_000_000;
pub(crate) const HOUR_US: u64 = 60 * MINUTE_US;
pub(crate) const DAY_US: u64 = 24 * HOUR_US;

/// How busy each hour of the local day is.
const HOURS: [f64; 24] = [
    3.0, 2.0, 1.0, 1.0, 1.0, 2.0, 3.0, 5.0, 6.0, 6.0, 6.0, 7.0, 8.0, 8.0, 7.0, 7.0, 7.0, 8.0, 9.0, 10.0,
    10.0, 9.0, 7.0, 5.0,
];

/// One intention. Compared by time, then by the order in which it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plan {
    pub(crate) at_us: u64,
    pub(crate) order: u64,
    pub(crate) account: u32,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Post,
    Like,
    Repost,
    /// `subject` is [`NONE`] where it is still to be chosen.
    Follow {
        subject: u32,
    },
    Block,
    Undo {
        kind: super::event::Relation,
        rkey: u64,
    },
    Edit {
        post: u32,
    },
    DeletePost {
        post: u32,
    },
    PostAgain {
        post: u32,
    },
    /// Deletes of records older than the world.
    DeleteUnseen,
    Join,
    Rename,
    Profile {
        operation: Operation,
    },
    Status(Status),
    Other,
    /// A talk of two, one answer after the other.
    Talk {
        last: u32,
        partner: u32,
        left: u32,
    },
    /// A post that many answer.
    Announcement,
    Answer {
        post: u32,
    },
}

/// All intentions that follow from who the accounts are. Later ones follow from what happens.
pub(crate) fn intentions(society: &Society, start_us: u64, days: usize, random: &mut Stream) -> Vec<Plan> {
    let hours = cumulative(HOURS);
    let mut plans = Vec::new();
    let mut add = |at_us, account, what| {
        let order = plans.len() as u64;
        plans.push(Plan { at_us, order, account, what });
    };
    for account in 0..society.n_users as u32 {
        let language = u64::from(society.accounts[account as usize].language);
        for (what, count) in daily_life(account as usize, society, days, random) {
            for _ in 0..count {
                let hour = (random.weighted(&hours) as u64 + 3 * language) % 24;
                let day = random.below(days) as u64;
                let within = random.below(HOUR_US as usize) as u64;
                add(start_us + day * DAY_US + hour * HOUR_US + within, account, what);
            }
        }
    }
    rare_events(society, start_us, days, random, &mut add);
    plans
}

/// How often an account does what in the whole period.
fn daily_life(account: usize, society: &Society, days: usize, random: &mut Stream) -> [(What, usize); 10] {
    let days = days as f64;
    let active = account < society.n_active;
    let (talkative, eager) = (random.heavy_tail(), random.heavy_tail());
    let posts = match (active, account % 10) {
        (true, _) => random.round((1.3 * talkative).min(60.0) * days).max(1),
        (false, 9) => 0,
        (false, 0..4) => 1,
        (false, 4..7) => 2,
        (false, _) => 3,
    };
    let eagerness = if active { 6.4 } else { 1.6 };
    let taps = (eagerness * eager).min(150.0) * days;
    let sociable = random.heavy_tail().min(100.0);
    [
        (What::Post, posts),
        (What::Like, random.round(0.83 * taps)),
        (What::Repost, random.round(0.17 * taps)),
        (What::Follow { subject: NONE }, random.round((2.5 + 0.15 * days) * sociable)),
        (What::Block, random.round(0.1 + 0.02 * days)),
        (What::Other, random.round(0.03 * sociable * days)),
        (What::Join, random.round(0.08)),
        (What::Rename, random.round(0.10)),
        (What::Profile { operation: Operation::Update }, random.round(0.35)),
        (What::DeleteUnseen, random.round(0.01 + 0.01 * days)),
    ]
}

/// Troubled accounts, long talks and crowded posts: at least a few of each, however small the world.
fn rare_events(
    society: &Society,
    start_us: u64,
    days: usize,
    random: &mut Stream,
    add: &mut impl FnMut(u64, u32, What),
) {
    let period = days as u64 * DAY_US;
    let moment = |random: &mut Stream, from: u64, to: u64| {
        start_us + random.between(period / 100 * from, period / 100 * to)
    };
    let troubles = [
        (Status::Deactivated, 0.6),
        (Status::Suspended, 0.4),
        (Status::TakenDown, 0.2),
        (Status::Deleted, 0.15),
    ];
    for number in 0..(society.n_users / 22).max(4) {
        let (status, returns) = troubles[number % troubles.len()];
        // Each status meets accounts that have written much as well as those that have not.
        let among = if number % 8 < 4 { society.n_active } else { society.n_users };
        let account = random.below(among) as u32;
        let at_us = moment(random, 30, 80);
        add(at_us, account, What::Status(status));
        if number / 4 == 1 || random.chance(returns) {
            add(at_us + random.between(HOUR_US, 4 * HOUR_US), account, What::Status(Status::Active));
        }
    }
    let profiles = [Operation::Create, Operation::Delete];
    for number in 0..(society.n_users / 50).max(2) {
        let operation = profiles[number % 2];
        add(moment(random, 10, 99), random.below(society.n_users) as u32, What::Profile { operation });
    }
    for _ in 0..1 + society.n_users * days / 2000 {
        let (one, other) = (society.someone_active(random), society.someone_active(random));
        let left = random.between(34, 60) as u32;
        add(moment(random, 5, 60), one, What::Talk { last: NONE, partner: other, left });
        add(moment(random, 5, 60), society.someone_active(random), What::Announcement);
    }
}
