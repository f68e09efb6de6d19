//! From the posts of a conversation to the turns of a tree.
//!
//! The rules, in this order:
//!
//! 1. What the caller leaves out is not told, and neither is what hangs below it.
//! 2. The earliest reply to a post by the post's own author merges into it, and so on: a thread that somebody writes to
//!    themselves is one turn, and the replies to any of its posts are replies to the turn. Other replies of an author to the same
//!    post of their own are left out with what hangs below them, and so are those that were deleted or answer a deleted one: nobody
//!    answered in between.
//! 3. The role is the parity of a turn: the first is the prompter's, a reply to it the assistant's, and so on. Since a turn never
//!    answers one of the same author, on every path from the root to a leaf the roles alternate, and so do the authors of
//!    neighbouring turns.
//! 4. With [`Parties::Two`], a turn of a third author is left out with what hangs below it: on every path one author
//!    prompts and one other replies.
//! 5. Turns that the caller does not admit are left out with what hangs below them.
//! 6. A deleted post never merges. It keeps its place without its text, as long as something that is told hangs below it; else it
//!    is left out, since a leaf that no loader takes would hide the reply above it.
//!
//! No step recurses: a conversation may be a chain of any length.

use super::fate::{Fate, LeftOut};

/// No turn.
const NONE: u32 = u32::MAX;

/// A post of a conversation, as far as it decides on turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    /// The place of the post that it answers; none of the first one only.
    pub parent: Option<u32>,
    /// A number for its author, where there is one.
    pub author: Option<u32>,
    /// When it was written, on any clock.
    pub time: Option<i64>,
    /// Whether it can be told.
    pub state: State,
}

/// Whether a post can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there.
    Standing,
    /// It was deleted; only its place is known, and perhaps its author.
    Deleted,
    /// The caller leaves it out.
    LeftOut(LeftOut),
}

/// How turns are made of posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of replies to oneself. Default [`SelfReplies::Merge`].
    pub self_replies: SelfReplies,
    /// How many may talk. Default [`Parties::Any`].
    pub parties: Parties,
    /// What becomes of deleted posts. Default [`Tombstones::Keep`].
    pub tombstones: Tombstones,
}

/// What becomes of replies to oneself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfReplies {
    /// The earliest one joins the post that it answers, others are left out.
    #[default]
    Merge,
    /// Each post is a turn of its own, and roles mean nothing.
    Keep,
}

/// How many may talk on a path from the root to a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parties {
    /// Anybody.
    #[default]
    Any,
    /// The author of the first turn and one other.
    Two,
}

/// What becomes of deleted posts with something below them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tombstones {
    /// A turn without text keeps their place.
    #[default]
    Keep,
    /// They are left out, with what hangs below them.
    Cut,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who began, or answers an assistant.
    Prompter,
    /// Who answers a prompter.
    Assistant,
}

/// The turns of a conversation: a tree, each turn behind the one that it answers, the root first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    turns: Vec<Turn>,
    /// The posts of all turns, turn by turn, each turn's in the order of its thread.
    posts: Vec<u32>,
    /// The replies of all turns, turn by turn, each turn's by time.
    replies: Vec<u32>,
    fates: Vec<Fate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    /// The turn that it answers, or `NONE`.
    parent: u32,
    is_assistant: bool,
    is_deleted: bool,
    posts: (u32, u32),
    replies: (u32, u32),
}

impl Turns {
    /// Makes turns of the posts of one conversation. The root comes first, every other post behind the one that it answers,
    /// and of the replies to a post the earlier ones first; fewer than 2³² - 1 posts.
    ///
    /// `admit` is asked of every turn that the rules keep, but for deleted ones: its posts in order, and whether it is the
    /// root. Time O(n log n) for the order of replies, memory about 50 bytes a post. Without a root that is told there are
    /// no turns, and every post has a fate still.
    #[must_use]
    pub fn of(posts: &[Post], rules: &Rules, admit: impl FnMut(&[u32], bool) -> Result<(), LeftOut>) -> Self {
        let mut draft = Draft::merge(posts, rules);
        if rules.parties == Parties::Two {
            draft.cut_third_parties(posts);
        }
        draft.ask(admit);
        draft.cut_bare_tombstones();
        draft.finish(posts)
    }

    /// Turns that are told, tombstones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// The turn that a turn answers.
    #[must_use]
    pub fn parent(&self, turn: u32) -> Option<u32> {
        Some(self.turns[turn as usize].parent).filter(|parent| *parent != NONE)
    }

    /// The turns that answer a turn, by time; those without a time last.
    #[must_use]
    pub fn replies(&self, turn: u32) -> &[u32] {
        let (start, end) = self.turns[turn as usize].replies;
        &self.replies[start as usize..end as usize]
    }

    /// The posts of a turn, each answering the one before it.
    #[must_use]
    pub fn posts(&self, turn: u32) -> &[u32] {
        let (start, end) = self.turns[turn as usize].posts;
        &self.posts[start as usize..end as usize]
    }

    /// Who speaks in a turn.
    #[must_use]
    pub fn role(&self, turn: u32) -> Role {
        if self.turns[turn as usize].is_assistant { Role::Assistant } else { Role::Prompter }
    }

    /// Whether a turn is a tombstone.
    #[must_use]
    pub fn is_deleted(&self, turn: u32) -> bool {
        self.turns[turn as usize].is_deleted
    }

    /// What became of each post.
    #[must_use]
    pub fn fates(&self) -> &[Fate] {
        &self.fates
    }
}

/// Turns before it is known which of them are told.
struct Draft {
    turns: Vec<DraftTurn>,
    /// The turn of each post, or `NONE`.
    turn_of: Vec<u32>,
    fates: Vec<Fate>,
}

struct DraftTurn {
    head: u32,
    parent: u32,
    is_assistant: bool,
    is_deleted: bool,
    left_out: Option<LeftOut>,
}

impl Draft {
    /// Rules 1, 2 and 3.
    fn merge(posts: &[Post], rules: &Rules) -> Self {
        let mut draft = Self {
            turns: Vec::new(),
            turn_of: vec![NONE; posts.len()],
            fates: vec![Fate::LeftOut(LeftOut::BelowLeftOut); posts.len()],
        };
        let mut is_continued = vec![false; posts.len()];
        for (i, post) in posts.iter().enumerate() {
            match post.state {
                State::LeftOut(reason) => draft.fates[i] = Fate::LeftOut(reason),
                State::Deleted if rules.tombstones == Tombstones::Cut => {
                    draft.fates[i] = Fate::LeftOut(LeftOut::Deleted);
                }
                _ => draft.place(i, posts, rules, &mut is_continued),
            }
        }
        draft
    }

    /// Finds the turn of a post that is not left out by itself.
    fn place(&mut self, i: usize, posts: &[Post], rules: &Rules, is_continued: &mut [bool]) {
        let post = &posts[i];
        let parent = post.parent.map_or(NONE, |parent| self.turn_of[parent as usize]);
        if post.parent.is_some() && parent == NONE {
            return;
        }
        if let (Some(answered), SelfReplies::Merge) = (post.parent, rules.self_replies)
            && is_by_the_same(post, &posts[answered as usize])
        {
            if !is_self_reply(post, &posts[answered as usize]) {
                self.fates[i] = Fate::LeftOut(LeftOut::Deleted);
            } else if std::mem::replace(&mut is_continued[answered as usize], true) {
                self.fates[i] = Fate::LeftOut(LeftOut::SecondSelfReply);
            } else {
                self.turn_of[i] = parent;
                self.fates[i] = Fate::Merged;
            }
            return;
        }
        let is_deleted = post.state == State::Deleted;
        self.turn_of[i] = self.turns.len() as u32;
        self.fates[i] = if is_deleted { Fate::Tombstone } else { Fate::Told };
        let is_assistant = parent != NONE && !self.turns[parent as usize].is_assistant;
        self.turns.push(DraftTurn { head: i as u32, parent, is_assistant, is_deleted, left_out: None });
    }

    /// Rule 4.
    fn cut_third_parties(&mut self, posts: &[Post]) {
        // Of each turn, who prompts and who replies on the path to it, as far as is known.
        let mut parties: Vec<[Option<u32>; 2]> = Vec::with_capacity(self.turns.len());
        for turn in &mut self.turns {
            let mut on_path = if turn.parent == NONE { [None; 2] } else { parties[turn.parent as usize] };
            let own = usize::from(turn.is_assistant);
            if let Some(author) = posts[turn.head as usize].author {
                if on_path[own].is_some_and(|known| known != author) || on_path[1 - own] == Some(author) {
                    turn.left_out = Some(LeftOut::ThirdParty);
                }
                on_path[own] = Some(author);
            }
            parties.push(on_path);
        }
    }

    /// Rule 5, and what follows of rules 4 and 5 for the turns below.
    fn ask(&mut self, mut admit: impl FnMut(&[u32], bool) -> Result<(), LeftOut>) {
        let (posts, starts) = grouped(&self.turn_of, self.turns.len());
        for i in 0..self.turns.len() {
            let turn = &self.turns[i];
            let is_root = turn.parent == NONE;
            let left_out = if !is_root && self.turns[turn.parent as usize].left_out.is_some() {
                Some(LeftOut::BelowLeftOut)
            } else if turn.left_out.is_some() || turn.is_deleted {
                turn.left_out
            } else {
                admit(&posts[starts[i] as usize..starts[i + 1] as usize], is_root).err()
            };
            self.turns[i].left_out = left_out;
        }
    }

    /// Rule 6.
    fn cut_bare_tombstones(&mut self) {
        let mut is_needed = vec![false; self.turns.len()];
        for (i, turn) in self.turns.iter_mut().enumerate().rev() {
            if turn.left_out.is_none() && turn.is_deleted && !is_needed[i] {
                turn.left_out = Some(LeftOut::Deleted);
            }
            if turn.left_out.is_none() && turn.parent != NONE {
                is_needed[turn.parent as usize] = true;
            }
        }
    }

    fn finish(mut self, posts: &[Post]) -> Turns {
        let mut number = vec![NONE; self.turns.len()];
        let mut n_told = 0_u32;
        for (number, turn) in number.iter_mut().zip(&self.turns) {
            if turn.left_out.is_none() {
                *number = n_told;
                n_told += 1;
            }
        }
        for (turn, fate) in self.turn_of.iter_mut().zip(&mut self.fates) {
            if *turn == NONE {
                continue;
            }
            if let Some(reason) = self.turns[*turn as usize].left_out {
                *fate = Fate::LeftOut(reason);
            }
            *turn = number[*turn as usize];
        }
        let told: Vec<&DraftTurn> = self.turns.iter().filter(|turn| turn.left_out.is_none()).collect();
        let parent_of =
            |turn: &DraftTurn| if turn.parent == NONE { NONE } else { number[turn.parent as usize] };
        let parents: Vec<u32> = told.iter().map(|turn| parent_of(turn)).collect();
        let (mut replies, reply_starts) = grouped(&parents, told.len());
        let (of_turns, post_starts) = grouped(&self.turn_of, told.len());
        let time = |turn: &u32| posts[told[*turn as usize].head as usize].time;
        let turns = told.iter().enumerate().map(|(i, turn)| {
            let range = (reply_starts[i], reply_starts[i + 1]);
            replies[range.0 as usize..range.1 as usize]
                .sort_by_key(|reply| (time(reply).is_none(), time(reply), *reply));
            Turn {
                parent: parents[i],
                is_assistant: turn.is_assistant,
                is_deleted: turn.is_deleted,
                posts: (post_starts[i], post_starts[i + 1]),
                replies: range,
            }
        });
        Turns { turns: turns.collect(), posts: of_turns, replies, fates: self.fates }
    }
}

/// Whether a post is a reply of an author to a post of their own, and both are there.
fn is_self_reply(post: &Post, answered: &Post) -> bool {
    is_by_the_same(post, answered) && post.state == State::Standing && answered.state == State::Standing
}

/// Whether a post and the one that it answers are known to be of one author.
fn is_by_the_same(post: &Post, answered: &Post) -> bool {
    post.author.is_some() && post.author == answered.author
}

/// The places of the numbers below `n_groups`, by number and then in order, and where each number's begin; `NONE` is in no
/// group.
fn grouped(numbers: &[u32], n_groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; n_groups + 1];
    for number in numbers.iter().filter(|number| **number != NONE) {
        starts[*number as usize + 1] += 1;
    }
    for group in 0..n_groups {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut places = vec![0; starts[n_groups] as usize];
    for (place, number) in numbers.iter().enumerate().filter(|(_, number)| **number != NONE) {
        let free = &mut next[*number as usize];
        places[*free as usize] = place as u32;
        *free += 1;
    }
    (places, starts)
}

#[cfg(test)]
mod tests;
