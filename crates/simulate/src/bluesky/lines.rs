//! Which lines the files hold and in which order: events a little out of order, copies, damaged and blank lines.

use super::damage::Flaw;
use super::event::{Act, Event, World};
use super::schedule::{HOUR_US, MINUTE_US};
use crate::random::{Purpose, Stream};

/// One line of the dump.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) arrival_us: u64,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Content {
    /// An event, by its number.
    Event(u32),
    /// A flawed copy of a post's event, by the event's number.
    Bad { flaw: Flaw, victim: u32 },
    /// So many spaces and nothing else.
    Blank(u8),
}

/// Shuffles the arrivals of events a little and adds copies: the same event again in a later file, half of them with the
/// time at which another server saw it. Notices have no revision, so their copies keep the time; ignored events have none.
pub(crate) fn scatter(world: &mut World) {
    let mut random = Stream::new(world.seed, Purpose::Copies, 0);
    let end_us = world.end_us;
    for number in 0..world.events.len() {
        let event = &mut world.events[number];
        if random.chance(0.02) {
            event.arrival_us += random.between(1, 2 * MINUTE_US);
        } else if random.chance(0.002) {
            event.arrival_us += random.between(HOUR_US, 6 * HOUR_US);
        }
        event.arrival_us = event.arrival_us.min(end_us - 1);
        if !matches!(event.act, Act::Ignored { .. }) && random.chance(0.008) {
            let copy = copy_of(event, &mut random);
            if copy.arrival_us < end_us {
                world.events.push(copy);
            }
        }
    }
}

fn copy_of(event: &Event, random: &mut Stream) -> Event {
    let arrival_us = event.arrival_us + random.between(1, 8 * HOUR_US);
    let keeps_time = event.rev == 0 || random.chance(0.5);
    let time_us = match random.below(3) {
        _ if keeps_time => event.time_us,
        0 => event.time_us - random.between(1, 15_000),
        _ => event.time_us + random.between(1, 30 * MINUTE_US),
    };
    Event { time_us, arrival_us, ..*event }
}

/// All lines in the order in which they arrived.
pub(crate) fn lines(world: &World, bad_share: f64) -> Vec<Line> {
    let event_line = |(number, event): (usize, &Event)| Line {
        arrival_us: event.arrival_us,
        content: Content::Event(number as u32),
    };
    let mut lines: Vec<Line> = world.events.iter().enumerate().map(event_line).collect();
    add_damage(world, bad_share, &mut lines);
    lines.sort_by_key(|line| line.arrival_us);
    lines
}

/// Adds damaged lines, so that they are `bad_share` of all but the blank ones, and half as many blank lines. Every flaw
/// gets its turn before one comes again.
fn add_damage(world: &World, bad_share: f64, lines: &mut Vec<Line>) {
    let is_post = |number: &u32| matches!(world.events[*number as usize].act, Act::PutPost { .. });
    let posts: Vec<u32> = (0..world.events.len() as u32).filter(is_post).collect();
    if posts.is_empty() {
        return;
    }
    let mut random = Stream::new(world.seed, Purpose::Damage, 0);
    let n_bad = (bad_share * lines.len() as f64 / (1.0 - bad_share)).round() as usize;
    let period = (world.end_us - world.start_us) as usize;
    for number in 0..n_bad {
        let arrival_us = world.start_us + random.below(period) as u64;
        let flaw = Flaw::ALL[number % Flaw::ALL.len()];
        let victim = posts[random.below(posts.len())];
        lines.push(Line { arrival_us, content: Content::Bad { flaw, victim } });
        if number % 2 == 0 {
            let arrival_us = world.start_us + random.below(period) as u64;
            lines.push(Line { arrival_us, content: Content::Blank(random.below(4) as u8) });
        }
    }
}
