//! Breadth, branching and structural virality of a conversation.

use crate::Key;
use crate::forest::{Forest, NONE};

/// What is counted for each row of a forest; 12 bytes a row, used by one conversation after another.
#[derive(Debug)]
pub(super) struct Spread {
    /// Known posts from the row downwards.
    n_below: Vec<u32>,
    /// Answers in the conversation.
    n_answers: Vec<u32>,
    /// Known posts of the row's piece.
    n_in_piece: Vec<u32>,
}

pub(super) struct Measured {
    pub(super) n_pieces: u32,
    pub(super) max_breadth: u32,
    pub(super) structural_virality: Option<f64>,
    pub(super) n_answered: u32,
    pub(super) max_answers: u32,
}

impl Spread {
    pub(super) fn new(n_rows: usize) -> Self {
        Self { n_below: vec![0; n_rows], n_answers: vec![0; n_rows], n_in_piece: vec![0; n_rows] }
    }

    /// Measures one conversation, whose rows have parents before children. O(its rows).
    ///
    /// The link above a row with s posts from it downwards, in a piece of n, lies on the way between s (n - s) pairs; so the sum
    /// of s (n - s) over all links is the sum of the distances of all pairs.
    pub(super) fn measure<K: Key>(&mut self, forest: &Forest<K>, rows: &[u32]) -> Measured {
        for &row in rows.iter().rev() {
            self.n_below[row as usize] += u32::from((row as usize) < forest.n_known);
            if let Some(parent) = parent_within(forest, row) {
                self.n_below[parent] += self.n_below[row as usize];
                self.n_answers[parent] += 1;
            }
        }
        let (mut distances, mut pairs, mut n_pieces) = (0_u128, 0_u128, 0);
        for &row in rows {
            let below = self.n_below[row as usize];
            let n = match parent_within(forest, row) {
                Some(parent) => {
                    let n = self.n_in_piece[parent];
                    distances += u128::from(below) * u128::from(n - below);
                    n
                }
                None => {
                    n_pieces += 1;
                    pairs += u128::from(below) * u128::from(below.saturating_sub(1)) / 2;
                    below
                }
            };
            self.n_in_piece[row as usize] = n;
        }
        let answers = || rows.iter().map(|&row| self.n_answers[row as usize]);
        Measured {
            n_pieces,
            max_breadth: max_breadth(forest, rows),
            structural_virality: (pairs > 0).then(|| distances as f64 / pairs as f64),
            n_answered: answers().filter(|&n| n > 0).count() as u32,
            max_answers: answers().max().unwrap_or(0),
        }
    }
}

/// The row above, where it belongs to the same conversation.
fn parent_within<K: Key>(forest: &Forest<K>, row: u32) -> Option<usize> {
    let node = &forest.nodes[row as usize];
    let parent = node.parent as usize;
    (node.parent != NONE && forest.nodes[parent].conversation == node.conversation).then_some(parent)
}

/// The most known posts of one depth; the rows ascend by depth.
fn max_breadth<K: Key>(forest: &Forest<K>, rows: &[u32]) -> u32 {
    let depth = |row: u32| forest.nodes[row as usize].depth;
    rows.chunk_by(|&a, &b| depth(a) == depth(b))
        .map(|level| level.iter().filter(|&&row| (row as usize) < forest.n_known).count() as u32)
        .max()
        .unwrap_or(0)
}
