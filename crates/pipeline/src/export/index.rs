//! The posts that can be shown, by key: who answers whom, who wrote what when, and where its text was put.

use populi_model::Key;
use populi_model::table::ConversationRow;
use populi_store::Snapshot;
use rayon::prelude::*;

use crate::Result;

/// Of a post that answers none.
const NONE: u32 = u32::MAX;
/// Of a post that answers one which is not there; of a post without an author or a time.
const GONE: u32 = u32::MAX - 1;
/// In the place of an author: the post is withheld somewhere.
const WITHHELD: u32 = u32::MAX - 2;

/// The posts that are there and to be seen, sorted by key: 44 bytes each.
///
/// Filled in three steps: [`PostIndex::of`] from the conversations, [`PostIndex::set`] for every post, then
/// [`PostIndex::settle`].
pub(super) struct PostIndex {
    keys: Vec<Key>,
    parents: Vec<u32>,
    authors: Vec<u32>,
    times: Vec<i64>,
    texts: Vec<u64>,
    /// Rows that can be shown, by author, time and key.
    by_author: Vec<u32>,
    /// Where the rows of each author begin in `by_author`, and the end.
    starts: Vec<u32>,
    /// Posts whose time was moved.
    pub(super) n_moved: u64,
}

impl PostIndex {
    /// Every post that is there, with the post that it answers.
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut keys = Vec::new();
        for row in snapshot.rows::<ConversationRow>() {
            let row = row?;
            if row.present {
                keys.push(row.post_key);
            }
        }
        // They are, but nothing here may depend on it.
        keys.par_sort_unstable();
        let n = keys.len();
        let mut index = Self {
            keys,
            parents: vec![NONE; n],
            authors: vec![GONE; n],
            times: vec![0; n],
            texts: vec![0; n],
            by_author: Vec::new(),
            starts: Vec::new(),
            n_moved: 0,
        };
        for row in snapshot.rows::<ConversationRow>() {
            let row = row?;
            if let (true, Some(parent)) = (row.present, row.parent_key)
                && let Some(child) = index.find(row.post_key)
            {
                index.parents[child as usize] = index.find(parent).unwrap_or(GONE);
            }
        }
        Ok(index)
    }

    /// The row of a post that is there, whether or not it can be shown.
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        // The room that placed the posts numbers them in 32 bits.
        self.keys.binary_search(&key).ok().map(|row| row as u32)
    }

    /// The row of a post that can be shown: it has an author and a time.
    pub(super) fn find_shown(&self, key: Key) -> Option<u32> {
        self.find(key).filter(|row| self.is_shown(*row))
    }

    pub(super) fn is_shown(&self, row: u32) -> bool {
        self.authors[row as usize] < WITHHELD
    }

    /// Says that a post is withheld, so that nobody is shown it.
    pub(super) fn withhold(&mut self, row: u32) {
        self.authors[row as usize] = WITHHELD;
    }

    pub(super) fn is_withheld(&self, row: u32) -> bool {
        self.authors[row as usize] == WITHHELD
    }

    /// Says who wrote a post, when, and where its text is.
    pub(super) fn set(&mut self, row: u32, author: u32, time: i64, text: u64) {
        self.authors[row as usize] = author;
        self.set_version(row, time, text);
    }

    /// Says that a post was written at another time with another text.
    pub(super) fn set_version(&mut self, row: u32, time: i64, text: u64) {
        self.times[row as usize] = time;
        self.texts[row as usize] = text;
    }

    /// Gives every author's posts times of their own: of two with the same, the one with the greater key is moved by a
    /// microsecond, so that author and time name one post.
    pub(super) fn settle(&mut self, n_authors: usize) {
        let mut rows: Vec<u32> = (0..self.keys.len() as u32).filter(|row| self.is_shown(*row)).collect();
        let (authors, times) = (&self.authors, &self.times);
        // Rows are in the order of keys.
        rows.par_sort_unstable_by_key(|row| (authors[*row as usize], times[*row as usize], *row));
        self.starts = vec![0; n_authors + 1];
        let mut before: Option<(u32, i64)> = None;
        for row in &rows {
            let (author, time) = (self.authors[*row as usize], self.times[*row as usize]);
            let free = match before {
                Some((same, last)) if same == author && time <= last => last.saturating_add(1),
                _ => time,
            };
            self.n_moved += u64::from(free != time);
            self.times[*row as usize] = free;
            self.starts[author as usize + 1] += 1;
            before = Some((author, free));
        }
        for author in 0..n_authors {
            self.starts[author + 1] += self.starts[author];
        }
        self.by_author = rows;
    }

    /// The latest post of an author that is not later than `at`.
    pub(super) fn latest(&self, author: u32, at: i64) -> Option<u32> {
        let rows = self.of_author(author);
        let n = rows.partition_point(|row| self.times[*row as usize] <= at);
        n.checked_sub(1).map(|last| rows[last])
    }

    /// `at`, or the first microsecond after it at which the author wrote nothing. Found by halving: an author may have
    /// many posts in a row that were moved apart, and delete each of them.
    pub(super) fn free_time(&self, author: u32, at: i64) -> i64 {
        let rows = self.of_author(author);
        let first = rows.partition_point(|row| self.times[*row as usize] < at);
        let after = &rows[first..];
        // No two times are equal, so once a microsecond is free the posts behind it are later than their place says.
        let (mut n_taken, mut end) = (0, after.len());
        while n_taken < end {
            let middle = n_taken + (end - n_taken) / 2;
            if self.times[after[middle] as usize] == at.saturating_add(middle as i64) {
                n_taken = middle + 1;
            } else {
                end = middle;
            }
        }
        at.saturating_add(n_taken as i64)
    }

    fn of_author(&self, author: u32) -> &[u32] {
        let author = author as usize;
        &self.by_author[self.starts[author] as usize..self.starts[author + 1] as usize]
    }

    /// The post that a post answers, if it can be shown.
    pub(super) fn parent(&self, row: u32) -> Option<u32> {
        let parent = self.parents[row as usize];
        (parent < GONE && self.is_shown(parent)).then_some(parent)
    }

    /// Whether a post answers another, there or not.
    pub(super) fn answers(&self, row: u32) -> bool {
        self.parents[row as usize] != NONE
    }

    pub(super) fn key(&self, row: u32) -> Key {
        self.keys[row as usize]
    }

    pub(super) fn author(&self, row: u32) -> u32 {
        self.authors[row as usize]
    }

    pub(super) fn time(&self, row: u32) -> i64 {
        self.times[row as usize]
    }

    pub(super) fn text(&self, row: u32) -> u64 {
        self.texts[row as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posts 0.. of these authors and times.
    fn index(posts: &[(u32, i64)]) -> PostIndex {
        let n = posts.len();
        let mut index = PostIndex {
            keys: (0..n as u128).map(Key::from_u128).collect(),
            parents: vec![NONE; n],
            authors: vec![GONE; n],
            times: vec![0; n],
            texts: vec![0; n],
            by_author: Vec::new(),
            starts: Vec::new(),
            n_moved: 0,
        };
        for (row, (author, time)) in posts.iter().enumerate() {
            if *author != GONE {
                index.set(row as u32, *author, *time, 0);
            }
        }
        index.settle(3);
        index
    }

    #[test]
    fn equal_times_of_one_author_are_told_apart_by_microseconds() {
        let index = index(&[(0, 5), (0, 5), (1, 5), (0, 6), (GONE, 5), (0, 9), (0, 5)]);
        let times: Vec<i64> = (0..7).map(|row| index.time(row)).collect();
        assert_eq!(times, [5, 6, 5, 8, 0, 9, 7]);
        assert_eq!(index.n_moved, 3);
    }

    #[test]
    fn the_latest_post_of_an_author_is_found() {
        let index = index(&[(0, 5), (2, 1), (0, 9), (GONE, 7)]);
        let latest = |author, at| index.latest(author, at);
        assert_eq!(
            [latest(0, 4), latest(0, 5), latest(0, 8), latest(0, 99)],
            [None, Some(0), Some(0), Some(2)]
        );
        assert_eq!((latest(1, 99), latest(2, 99)), (None, Some(1)));
        assert_eq!([4, 5, 6, 9].map(|at| index.free_time(0, at)), [4, 6, 6, 10]);
        assert_eq!(index.free_time(1, 5), 5);
    }

    #[test]
    fn the_first_free_microsecond_ends_a_run_of_posts() {
        for n in 0..20 {
            // Microseconds 10 to 10 + n are taken, and some behind a gap.
            let taken: Vec<i64> = (10..10 + n).chain([12 + n, 13 + n, 99]).collect();
            let index = index(&taken.iter().map(|time| (1, *time)).collect::<Vec<_>>());
            for at in 8..16 + n {
                let free = (at..).find(|time| !taken.contains(time));
                assert_eq!(Some(index.free_time(1, at)), free, "{n} {at}");
            }
        }
    }
}
