//! Who answers whom at the end: the place of every standing post, tombstone and missing parent.

use std::collections::BTreeMap;

use super::PostEnd;
use crate::bluesky::event::{NONE, World};

/// One node of a conversation. Posts are named by their number in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(super) post: u32,
    pub(super) conversation: u32,
    pub(super) parent: Option<u32>,
    pub(super) depth: u32,
    pub(super) root_present: bool,
    pub(super) depth_is_exact: bool,
    pub(super) present: bool,
}

/// What is known of a post's place before any path is walked.
#[derive(Clone, Copy)]
struct Node {
    parent: Option<u32>,
    root: Option<u32>,
    present: bool,
    /// Whether it is known what it answers, or that it answers nothing.
    seen: bool,
}

/// Posts of accounts for which `is_hidden` holds keep their place, but are not present.
pub(super) fn threads(
    world: &World,
    ends: &BTreeMap<u32, PostEnd>,
    is_hidden: impl Fn(u32) -> bool,
) -> Vec<Row> {
    let some = |post: u32| (post != NONE).then_some(post);
    let mut nodes: BTreeMap<u32, Node> = BTreeMap::new();
    for (&number, end) in ends {
        let post = world.posts[number as usize];
        // A tombstone that nobody saw alive is a record without a place.
        let (parent, root) = if end.seen { (some(post.parent), some(post.root)) } else { (None, None) };
        nodes.insert(
            number,
            Node {
                parent,
                root,
                present: end.standing.is_some() && !is_hidden(post.account),
                seen: end.seen,
            },
        );
    }
    let mut stubs: BTreeMap<u32, Option<u32>> = BTreeMap::new();
    for node in nodes.values() {
        if let Some(parent) = node.parent.filter(|parent| !nodes.contains_key(parent)) {
            stubs.insert(parent, node.root);
        }
    }
    let mut rows: Vec<Row> = nodes.iter().map(|(&post, node)| place(post, node, &nodes, &stubs)).collect();
    for (&post, &declared) in &stubs {
        let conversation = declared.unwrap_or(post);
        let root_present = nodes.get(&conversation).is_some_and(|root| root.present);
        let (parent, depth, depth_is_exact, present) = (None, 0, false, false);
        rows.push(Row { post, conversation, parent, depth, root_present, depth_is_exact, present });
    }
    rows
}

/// Walks from a node up to the top of its chain. No chain has a cycle: an answer is always younger.
fn place(post: u32, node: &Node, nodes: &BTreeMap<u32, Node>, stubs: &BTreeMap<u32, Option<u32>>) -> Row {
    let (mut top, mut top_node, mut depth) = (post, Some(node), 0);
    while let Some(parent) = top_node.and_then(|node| node.parent) {
        (top, top_node, depth) = (parent, nodes.get(&parent), depth + 1);
    }
    let conversation = match top_node {
        Some(_) => top,
        None => stubs.get(&top).copied().flatten().unwrap_or(top),
    };
    Row {
        post,
        conversation,
        parent: node.parent,
        depth,
        root_present: nodes.get(&conversation).is_some_and(|root| root.present),
        depth_is_exact: top_node.is_some_and(|top| top.seen),
        present: node.present,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bluesky::event::Post;

    /// 0 stands; 1 (deleted) answers it, 2 answers 1. 3 was never seen and answers 0; 4 and 5 answer it. 6 is a tombstone
    /// that nobody saw; 7 answers it. 8 answers 9, which is outside, under the root 10.
    fn world() -> (World, BTreeMap<u32, PostEnd>) {
        let post = |parent, root| Post { account: 0, rkey: 0, parent, root };
        let places = [
            (NONE, NONE),
            (0, 0),
            (1, 0),
            (0, 0),
            (3, 0),
            (3, 0),
            (NONE, NONE),
            (6, 6),
            (9, 10),
            (10, 10),
            (NONE, NONE),
        ];
        let posts = places.into_iter().map(|(parent, root)| post(parent, root)).collect();
        let (accounts, bodies, events) = (Vec::new(), Vec::new(), Vec::new());
        let world = World { seed: 0, start_us: 0, end_us: 0, accounts, n_users: 0, posts, bodies, events };
        let stands = PostEnd { standing: Some(0), seen: true };
        let mut ends: BTreeMap<u32, PostEnd> = [0, 2, 4, 5, 7, 8].map(|post| (post, stands)).into();
        ends.insert(1, PostEnd { standing: None, seen: true });
        ends.insert(6, PostEnd { standing: None, seen: false });
        (world, ends)
    }

    #[test]
    fn places_by_hand() {
        let (world, ends) = world();
        let rows = threads(&world, &ends, |_| false);
        let place = |post: u32| {
            let row = rows.iter().find(|row| row.post == post)?;
            Some((row.conversation, row.parent, row.depth, row.root_present, row.depth_is_exact, row.present))
        };
        assert_eq!(rows.len(), 10);
        assert_eq!(place(0), Some((0, None, 0, true, true, true)));
        assert_eq!(place(1), Some((0, Some(0), 1, true, true, false)));
        assert_eq!(place(2), Some((0, Some(1), 2, true, true, true)));
        assert_eq!(place(3), Some((0, None, 0, true, false, false)), "a stub");
        assert_eq!(place(4), Some((0, Some(3), 1, true, false, true)));
        assert_eq!(place(6), Some((6, None, 0, false, false, false)), "a tombstone never seen");
        assert_eq!(place(7), Some((6, Some(6), 1, false, false, true)));
        assert_eq!(place(8), Some((10, Some(9), 1, false, false, true)));
        assert_eq!(place(9), Some((10, None, 0, false, false, false)));
        assert_eq!(place(10), None, "only parents get stubs");
    }
}
