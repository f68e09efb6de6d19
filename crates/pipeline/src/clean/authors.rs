//! What authors do: how many posts, how many a day, how many of the same.

use std::collections::HashMap;

use populi_model::Key;
use populi_model::table::PostBody;
use populi_text::spam::{posts_per_day, repeated_share};

use super::texts::TextNumber;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// In the place of an author, text or day that is not known.
const NONE: u32 = u32::MAX;

/// The posts of all authors, as they are read.
#[derive(Default)]
pub(super) struct Authors {
    numbers: HashMap<Key, u32>,
    posts: Vec<Posted>,
}

/// What counts of a post.
struct Posted {
    author: u32,
    text: u32,
    day: Option<i32>,
}

/// What an author does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Habits {
    pub(super) n_posts: u32,
    pub(super) posts_per_day: f32,
    pub(super) repeated_share: f32,
}

/// What the author of each post does.
pub(super) struct Told {
    of_post: Vec<u32>,
    habits: Vec<Habits>,
}

impl Authors {
    pub(super) fn add(&mut self, post: &PostBody<'_>, text: Option<TextNumber>) {
        // Fewer authors than posts, and of these fewer than 2^32 - 1 are read.
        let next = self.numbers.len() as u32;
        let author = post.author_key.map_or(NONE, |key| *self.numbers.entry(key).or_insert(next));
        let at = post.created_at.or(post.received_at);
        let day = at.and_then(|at| i32::try_from(at.0.div_euclid(DAY_US)).ok());
        self.posts.push(Posted { author, text: text.unwrap_or(NONE), day });
    }

    /// What each author does, where texts of one group are the same. Posts without anything to compare are counted as posts,
    /// but neither as repeated nor as not.
    pub(super) fn told(self, group_of: impl Fn(TextNumber) -> u32) -> Told {
        let mut by_author: Vec<u32> = (0..).take(self.posts.len()).collect();
        by_author.sort_unstable_by_key(|&post| (self.posts[post as usize].author, post));
        let mut habits = vec![Habits::default(); self.numbers.len()];
        let (mut days, mut groups) = (Vec::new(), Vec::new());
        let author_of = |post: &u32| self.posts[*post as usize].author;
        for posts in by_author.chunk_by(|a, b| author_of(a) == author_of(b)) {
            let author = author_of(&posts[0]);
            if author == NONE {
                continue;
            }
            let posts_of = || posts.iter().map(|&post| &self.posts[post as usize]);
            days.clear();
            days.extend(posts_of().filter_map(|post| post.day));
            groups.clear();
            groups.extend(posts_of().filter(|post| post.text != NONE).map(|post| group_of(post.text)));
            habits[author as usize] = Habits {
                n_posts: posts.len() as u32,
                posts_per_day: posts_per_day(&mut days) as f32,
                repeated_share: repeated_share(&mut groups) as f32,
            };
        }
        Told { of_post: self.posts.iter().map(|post| post.author).collect(), habits }
    }
}

impl Told {
    /// Of the author of the post that was read as number `i`.
    pub(super) fn of(&self, i: usize) -> Option<Habits> {
        self.habits.get(self.of_post[i] as usize).copied()
    }
}
