//! The shape of each conversation: how large, deep and broad it is, how far it spread, how fast it was answered, by how many.
//!
//! # What counts
//!
//! *Posts* are the known records: standing, hidden and tombstones alike, for somebody wrote each of them. *Stubs* are counted
//! apart: nothing of them is known but that they are there. They still carry distances: two answers to one missing post
//! are two steps apart.
//!
//! Where links are missing, a conversation lies in *pieces*: trees of rows that are joined by parents. Depths and breadths
//! count from the top of each piece, as the forest does; a branch whose parent's row belongs to another conversation is a piece of its own.

mod group;
mod pace;
mod spread;

use crate::Key;
use crate::forest::Forest;
use group::Groups;
use pace::Pace;
use spread::Spread;

/// No time.
const UNTIMED: i64 = i64::MIN;
/// No author.
const NOBODY: u32 = u32::MAX;

/// When each row of a forest was written and by whom, as far as that is known. 12 bytes a row.
#[derive(Debug, Clone)]
pub struct Facts {
    times: Vec<i64>,
    authors: Vec<u32>,
    n_authors: usize,
}

impl Facts {
    /// Nothing known of `n_rows` rows.
    pub fn new(n_rows: usize) -> Self {
        Self { times: vec![UNTIMED; n_rows], authors: vec![NOBODY; n_rows], n_authors: 0 }
    }

    /// Says when a row was written, in any unit from any origin; stubs may have a time too. Rows that are not there are
    /// passed over.
    pub fn set_time(&mut self, row: usize, time: i64) {
        if let Some(slot) = self.times.get_mut(row) {
            *slot = time.max(UNTIMED + 1);
        }
    }

    /// Says who wrote a row: a number below 2^32 - 1, best without gaps, since each number up to the largest takes 4 bytes
    /// in [`shapes`].
    pub fn set_author(&mut self, row: usize, author: u32) {
        if let Some(slot) = self.authors.get_mut(row).filter(|_| author != NOBODY) {
            *slot = author;
            self.n_authors = self.n_authors.max(author as usize + 1);
        }
    }

    fn time(&self, row: u32) -> Option<i64> {
        self.times.get(row as usize).copied().filter(|&time| time != UNTIMED)
    }

    fn author(&self, row: u32) -> Option<u32> {
        self.authors.get(row as usize).copied().filter(|&author| author != NOBODY)
    }
}

/// The shape of one conversation. Times are in the unit of [`Facts`].
#[derive(Debug, Clone, PartialEq)]
pub struct Shape<K> {
    /// The key of the conversation.
    pub conversation: K,
    /// Its known posts, tombstones among them.
    pub n_posts: u32,
    /// Those of them that stand.
    pub n_present: u32,
    /// Missing posts that others answer.
    pub n_stubs: u32,
    /// Known posts other than the one that the conversation is named after.
    pub n_replies: u32,
    /// Those of them whose parent has no row: they are known to belong here, and not where.
    pub n_unplaced: u32,
    /// Trees that parents join; 1 where the conversation is whole.
    pub n_pieces: u32,
    /// Whether every depth counts from a known first post.
    pub depth_is_exact: bool,
    /// The greatest depth of a post.
    pub max_depth: u32,
    /// The most posts of one depth.
    pub max_breadth: u32,
    /// The mean number of steps between two posts, over all pairs that parents join; `None` where there is no such pair.
    ///
    /// Goel, Anderson, Hofman and Watts, "The structural virality of online diffusion", Management Science 62(1), 2016,
    /// equation 1. It is 2 - 2/n for n posts of which one has all the answers, and (n + 1)/3 for a chain. Departure: it is
    /// defined on one tree, and here a conversation may lie in pieces.
    pub structural_virality: Option<f64>,
    /// Rows that have an answer in the conversation, stubs among them.
    pub n_answered: u32,
    /// The most answers that one row has.
    pub max_answers: u32,
    /// Authors of its posts.
    pub n_authors: u32,
    /// The earliest time of a post.
    pub first: Option<i64>,
    /// The latest time of a post.
    pub last: Option<i64>,
    /// From the first post to the earliest other one that is not older; the first post is the one that the conversation is named after.
    pub to_first_reply: Option<i64>,
    /// From the first post to the latest other one that is not older.
    pub to_last_reply: Option<i64>,
    /// Posts that have a time and answer a row that has one, and are not older than it: the next two are about these.
    pub n_timed: u32,
    /// The median time from a parent to its answer; of two in the middle their mean, rounded down.
    pub median_response: Option<i64>,
    /// The mean time from a parent to its answer, rounded down.
    pub mean_response: Option<i64>,
}

impl<K> Shape<K> {
    /// The mean number of answers of the rows that have any.
    pub fn branching(&self) -> Option<f64> {
        let n_linked = self.n_posts + self.n_stubs - self.n_pieces;
        (self.n_answered > 0).then(|| f64::from(n_linked) / f64::from(self.n_answered))
    }
}

/// The shape of every conversation of a forest, by key. `facts` are of its rows.
///
/// Time: linear in the rows, beside a sort of the conversations' keys, which are mostly in order. No recursion, so a chain may be of any
/// length. Memory beside forest and facts: 16 bytes a row, 4 a key of the forest and 4 an author, and 12 a row of the
/// largest conversation. All sums are of integers, so the result is exact and depends on no order; only the two means are rounded.
pub fn shapes<'a, K: Key>(forest: &'a Forest<K>, facts: &'a Facts) -> Shapes<'a, K> {
    let groups = Groups::of(forest);
    Shapes {
        forest,
        facts,
        spread: Spread::new(forest.len()),
        pace: Pace::default(),
        seen: vec![0; facts.n_authors],
        groups,
        next: 0,
    }
}

/// The iterator of [`shapes`].
#[derive(Debug)]
pub struct Shapes<'a, K> {
    forest: &'a Forest<K>,
    facts: &'a Facts,
    groups: Groups,
    spread: Spread,
    pace: Pace,
    /// The last conversation that an author was seen in, from 1.
    seen: Vec<u32>,
    next: usize,
}

impl<K: Key> Iterator for Shapes<'_, K> {
    type Item = Shape<K>;

    fn next(&mut self) -> Option<Shape<K>> {
        let (number, rows) = self.groups.get(self.next)?;
        self.next += 1;
        let nodes = &self.forest.nodes;
        let is_known = |row: u32| (row as usize) < self.forest.n_known;
        let known = || rows.iter().copied().filter(|&row| is_known(row));
        let n_posts = known().count() as u32;
        let first_row = rows.contains(&number).then_some(number);
        let spread = self.spread.measure(self.forest, rows);
        let pace = self.pace.measure(self.forest, self.facts, number, rows);
        Some(Shape {
            conversation: self.forest.keys[number as usize],
            n_posts,
            n_present: known().filter(|&row| nodes[row as usize].present).count() as u32,
            n_stubs: rows.len() as u32 - n_posts,
            n_replies: n_posts - u32::from(first_row.is_some_and(is_known)),
            n_unplaced: known().filter(|&row| row != number && nodes[row as usize].depth == 0).count() as u32,
            n_pieces: spread.n_pieces,
            depth_is_exact: rows.iter().all(|&row| nodes[row as usize].depth_is_exact),
            max_depth: known().next_back().map_or(0, |row| nodes[row as usize].depth),
            max_breadth: spread.max_breadth,
            structural_virality: spread.structural_virality,
            n_answered: spread.n_answered,
            max_answers: spread.max_answers,
            n_authors: count_authors(&mut self.seen, self.facts, rows, self.next as u32),
            first: known().filter_map(|row| self.facts.time(row)).min(),
            last: known().filter_map(|row| self.facts.time(row)).max(),
            to_first_reply: pace.to_first,
            to_last_reply: pace.to_last,
            n_timed: pace.n_timed,
            median_response: pace.median,
            mean_response: pace.mean,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.groups.len() - self.next;
        (left, Some(left))
    }
}

impl<K: Key> ExactSizeIterator for Shapes<'_, K> {}

/// Authors of the rows, each marked with the conversation that it was last counted in.
fn count_authors(seen: &mut [u32], facts: &Facts, rows: &[u32], conversation: u32) -> u32 {
    let mut n_authors = 0;
    for author in rows.iter().filter_map(|&row| facts.author(row)) {
        if seen[author as usize] != conversation {
            seen[author as usize] = conversation;
            n_authors += 1;
        }
    }
    n_authors
}
