//! How fast a conversation was answered.

use super::Facts;
use crate::Key;
use crate::forest::{Forest, NONE};

/// Room for the response times of one conversation after another: 8 bytes a row of the largest.
#[derive(Debug, Default)]
pub(super) struct Pace {
    responses: Vec<i64>,
}

pub(super) struct Measured {
    pub(super) to_first: Option<i64>,
    pub(super) to_last: Option<i64>,
    pub(super) n_timed: u32,
    pub(super) median: Option<i64>,
    pub(super) mean: Option<i64>,
}

impl Pace {
    /// Measures one conversation in time linear in its rows; `number` is the row of its first post, if that is a row.
    pub(super) fn measure<K: Key>(
        &mut self,
        forest: &Forest<K>,
        facts: &Facts,
        number: u32,
        rows: &[u32],
    ) -> Measured {
        let known = || rows.iter().copied().filter(|&row| (row as usize) < forest.n_known);
        let start = ((number as usize) < forest.len()).then(|| facts.time(number)).flatten();
        let since_start = || {
            let others = known().filter(|&row| row != number);
            others.filter_map(|row| elapsed(start?, facts.time(row)?))
        };
        self.responses.clear();
        self.responses.extend(known().filter_map(|row| {
            let parent = forest.nodes[row as usize].parent;
            elapsed((parent != NONE).then(|| facts.time(parent)).flatten()?, facts.time(row)?)
        }));
        Measured {
            to_first: since_start().min(),
            to_last: since_start().max(),
            n_timed: self.responses.len() as u32,
            mean: mean(&self.responses),
            median: median(&mut self.responses),
        }
    }
}

/// The time from one to the other; `None` where clocks contradict each other, or the difference is no `i64`.
fn elapsed(from: i64, to: i64) -> Option<i64> {
    to.checked_sub(from).filter(|&elapsed| elapsed >= 0)
}

fn mean(times: &[i64]) -> Option<i64> {
    let sum: i128 = times.iter().map(|&time| i128::from(time)).sum();
    // The mean of some `i64` is one.
    (!times.is_empty()).then(|| (sum / times.len() as i128) as i64)
}

/// The median of times that are not negative; they are reordered.
fn median(times: &mut [i64]) -> Option<i64> {
    let n = times.len();
    if n == 0 {
        return None;
    }
    let (below, &mut upper, _) = times.select_nth_unstable(n / 2);
    if !n.is_multiple_of(2) {
        return Some(upper);
    }
    let lower = below.iter().copied().max().unwrap_or(upper);
    Some(lower + (upper - lower) / 2)
}
