//! The path walk: from each row up to a placed one, then back down, placing.

use crate::forest::{NONE, Node};

/// Depth of a row that no walk has reached.
pub(crate) const UNPLACED: u32 = u32::MAX;

/// Depth of a row on the path being walked; meeting it again closes a cycle.
const ON_PATH: u32 = u32::MAX - 1;

/// Places every row below the tops, which the caller has placed; cuts cycles open at their smallest row.
///
/// Each row is walked once: O(rows) time, and 4 bytes for each row of the longest path.
pub(crate) fn place_below_tops(nodes: &mut [Node]) {
    let mut path: Vec<u32> = Vec::new();
    for start in 0..nodes.len() as u32 {
        let mut row = start;
        while nodes[row as usize].depth == UNPLACED {
            nodes[row as usize].depth = ON_PATH;
            path.push(row);
            row = nodes[row as usize].parent;
        }
        if nodes[row as usize].depth == ON_PATH {
            cut_cycle(nodes, &mut path, row);
        }
        while let Some(row) = path.pop() {
            place_below_parent(nodes, row);
        }
    }
}

/// Makes the smallest row of the cycle a top. The cycle is the end of `path`, from `entry` on; what remains
/// of it is reordered so that each row again comes before its parent.
fn cut_cycle(nodes: &mut [Node], path: &mut Vec<u32>, entry: u32) {
    let Some(first) = path.iter().rposition(|&row| row == entry) else {
        return;
    };
    let cycle = &mut path[first..];
    // Known rows are numbered in the order of their keys, and a stub answers nobody.
    let Some(smallest) = (0..cycle.len()).min_by_key(|&i| cycle[i]) else {
        return;
    };
    cycle.rotate_left(smallest + 1);
    if let Some(root) = path.pop() {
        let node = &mut nodes[root as usize];
        node.parent = NONE;
        node.depth = 0;
        node.conversation = root;
        node.root_present = node.present;
        node.depth_is_exact = false;
    }
}

/// Places a row whose parent is placed.
fn place_below_parent(nodes: &mut [Node], row: u32) {
    let parent = nodes[row as usize].parent;
    let above = nodes[parent as usize];
    let node = &mut nodes[row as usize];
    node.depth = above.depth + 1;
    node.depth_is_exact = above.depth_is_exact;
    // It declares a root under an open top, or its branch is settled later.
    if node.conversation == NONE && !above.is_undecided {
        node.conversation = above.conversation;
        node.root_present = above.root_present;
    }
}
