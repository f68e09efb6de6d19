//! Branches under an open top whose first post declares no root: posts below it decide, else the top.

use rayon::prelude::*;

use crate::forest::{NONE, Node};
use crate::place::{number_roots, rows_of};
use crate::records::Declared;
use crate::{Error, Key};

/// A root that somebody in an unsettled branch declares.
struct Claim<K> {
    depth: u32,
    root: K,
    row: u32,
}

/// Gives every row that has no conversation yet its own, by rules 2 and 3 of [open tops](crate).
///
/// Each row is settled once, and looked at no more often than it has children: O(rows) time beside the sort of the claims.
pub(crate) fn settle_branches<K: Key>(
    nodes: &mut [Node],
    keys: &mut Vec<K>,
    n_known: usize,
    declared: Vec<Declared<K>>,
) -> Result<(), Error> {
    let mut claims = claims(nodes, &keys[..n_known], declared);
    claims.par_sort_unstable_by_key(|claim| claim.root);
    let numbers = number_roots(keys, n_known, nodes.len(), claims.iter().map(|claim| claim.root))?;
    let mut numbered: Vec<(Claim<K>, u32)> = claims.into_iter().zip(numbers).collect();
    numbered.par_sort_unstable_by_key(|(claim, _)| (claim.depth, claim.root, claim.row));
    let mut names_of_tops = Vec::new();
    for (claim, number) in numbered {
        if let Some(top) = settle_path(nodes, claim.row, number) {
            names_of_tops.push((claim.root, number, top));
        }
    }
    names_of_tops.par_sort_unstable();
    for (_, number, top) in names_of_tops {
        if nodes[top as usize].conversation == NONE {
            nodes[top as usize].conversation = number;
            nodes[top as usize].root_present = is_present(nodes, number);
        }
    }
    settle_the_rest(nodes);
    Ok(())
}

/// What the rows of unsettled branches declare. `declared` is in ascending order of key.
fn claims<K: Key>(nodes: &[Node], known: &[K], declared: Vec<Declared<K>>) -> Vec<Claim<K>> {
    let rows = rows_of(known, |&key| key, declared.iter().map(|declared| declared.key));
    rows.zip(&declared)
        .filter_map(|(row, declared)| Some((row?, declared.root)))
        .filter(|&(row, _)| nodes[row as usize].conversation == NONE)
        .map(|(row, root)| Claim { depth: nodes[row as usize].depth, root, row })
        .collect()
}

/// Settles the rows from `row` up to the first settled one. Where there is none below the top, the claim is the first of its
/// branch: it decides, and the top is told.
fn settle_path(nodes: &mut [Node], row: u32, number: u32) -> Option<u32> {
    let mut above = row;
    while nodes[above as usize].conversation == NONE && nodes[above as usize].depth > 0 {
        above = nodes[above as usize].parent;
    }
    let top = (nodes[above as usize].depth == 0).then_some(above);
    let (conversation, root_present) = match top {
        Some(_) => (number, is_present(nodes, number)),
        None => (nodes[above as usize].conversation, nodes[above as usize].root_present),
    };
    let mut below = row;
    while below != above {
        let node = &mut nodes[below as usize];
        (node.conversation, node.root_present) = (conversation, root_present);
        below = node.parent;
    }
    top
}

/// Open tops that nobody named are their own conversation; branches that nobody named go with their top.
fn settle_the_rest(nodes: &mut [Node]) {
    let mut path = Vec::new();
    for start in 0..nodes.len() as u32 {
        let mut row = start;
        while nodes[row as usize].conversation == NONE {
            if nodes[row as usize].depth == 0 {
                nodes[row as usize].conversation = row;
            } else {
                path.push(row);
                row = nodes[row as usize].parent;
            }
        }
        let settled = nodes[row as usize];
        for row in path.drain(..) {
            let node = &mut nodes[row as usize];
            (node.conversation, node.root_present) = (settled.conversation, settled.root_present);
        }
    }
}

/// Whether the row of this number is a standing record; roots that are no row have numbers behind the rows.
fn is_present(nodes: &[Node], number: u32) -> bool {
    nodes.get(number as usize).is_some_and(|root| root.present)
}
