//! The rows of each conversation, parents before children.

use crate::Key;
use crate::forest::Forest;

/// Rows by conversation, within it by depth, then by row.
#[derive(Debug)]
pub(super) struct Groups {
    rows: Vec<u32>,
    /// Where the rows of each conversation number end in `rows`.
    ends: Vec<u32>,
    /// The numbers of the conversations that have rows, by key.
    numbers: Vec<u32>,
}

impl Groups {
    /// Two counting sorts: O(rows) time. 8 bytes a row while it works, 4 after, and 8 a key.
    pub(super) fn of<K: Key>(forest: &Forest<K>) -> Self {
        let nodes = &forest.nodes;
        let max_depth = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let by_depth = {
            let all = 0..nodes.len() as u32;
            counting_sort(all, nodes.len(), max_depth as usize + 1, |row| nodes[row as usize].depth).0
        };
        let (rows, ends) = counting_sort(by_depth.iter().copied(), nodes.len(), forest.keys.len(), |row| {
            nodes[row as usize].conversation
        });
        let mut numbers: Vec<u32> =
            (0..forest.keys.len() as u32).filter(|&number| !span(&ends, number).is_empty()).collect();
        numbers.sort_by_key(|&number| forest.keys[number as usize]);
        Self { rows, ends, numbers }
    }

    /// How many conversations there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number and the rows of a conversation.
    pub(super) fn get(&self, index: usize) -> Option<(u32, &[u32])> {
        let number = *self.numbers.get(index)?;
        Some((number, &self.rows[span(&self.ends, number)]))
    }
}

fn span(ends: &[u32], number: u32) -> std::ops::Range<usize> {
    let start = (number as usize).checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[number as usize] as usize
}

/// The rows by class, those of one class in the order given; and where each class ends.
fn counting_sort(
    rows: impl Iterator<Item = u32> + Clone,
    n_rows: usize,
    n_classes: usize,
    class_of: impl Fn(u32) -> u32,
) -> (Vec<u32>, Vec<u32>) {
    let mut ends = vec![0_u32; n_classes];
    for row in rows.clone() {
        ends[class_of(row) as usize] += 1;
    }
    let mut before = 0;
    for end in &mut ends {
        // The start of the class for now; it moves to its end as rows are put.
        before += std::mem::replace(end, before);
    }
    let mut sorted = vec![0; n_rows];
    for row in rows {
        let end = &mut ends[class_of(row) as usize];
        sorted[*end as usize] = row;
        *end += 1;
    }
    (sorted, ends)
}
