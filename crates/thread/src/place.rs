//! From records to a forest: sort by key, give parents row numbers, set the tops, walk.

use rayon::prelude::*;

use crate::branch::settle_branches;
use crate::forest::{Forest, NONE, Node};
use crate::records::{Declared, Link, Records};
use crate::walk::{UNPLACED, place_below_tops};
use crate::{Error, Key};

/// Parents are looked up in this many chunks of rows, each sorted by itself and merged with all keys. More
/// chunks take less memory at a time and more passes over the keys. Measured on 10 M records: against one
/// chunk, 8 save a quarter of the peak for `u128` keys and cost 5 % of the time; 16 cost another 8 % and save
/// little.
const N_CHUNKS: usize = 8;

/// Below this many rows a chunk is not worth a task of its own.
const MIN_CHUNK_ROWS: usize = 1 << 16;

/// The most keys that can be numbered; the last number means "none".
const MAX_KEYS: usize = u32::MAX as usize;

/// A record whose parent is not known: the parent's key, and the record's row.
type Orphan<K> = (K, u32);

/// Places every record: its conversation, depth and parent, by the rules in the [crate's
/// documentation](crate).
///
/// Takes the records by value so that their memory becomes the result's. Runs on rayon's current pool;
/// the result depends on neither the order of the records nor the number of threads.
///
/// # Errors
///
/// [`Error::DuplicateKey`] if two records have one key; [`Error::TooManyKeys`] past 2^32 - 1 keys.
pub fn place<K: Key>(records: Records<K>) -> Result<Forest<K>, Error> {
    let Records { mut links, mut declared, hidden, tombstones } = records;
    let n_known = links.len();
    check_count(n_known)?;
    links.par_sort_unstable_by_key(|link| link.key);
    check_unique(&links)?;

    let (mut parents, orphans) = resolve_parents(&links);
    // Collecting in place: the links' own memory, cut to half.
    let mut keys: Vec<K> = links.into_iter().map(|link| link.key).collect();
    keys.shrink_to_fit();
    add_stubs(&mut keys, &mut parents, orphans)?;

    let mut nodes = tops(parents, &keys[..n_known], hidden, tombstones);
    declared.par_sort_unstable_by_key(|declared| declared.key);
    let decisions = decisions(&mut nodes, &keys[..n_known], &declared);
    apply_decisions(&mut nodes, &mut keys, n_known, decisions)?;
    place_below_tops(&mut nodes);
    settle_branches(&mut nodes, &mut keys, n_known, declared)?;
    Ok(Forest { keys, n_known, nodes })
}

pub(crate) fn check_count(n_keys: usize) -> Result<(), Error> {
    if n_keys > MAX_KEYS {
        return Err(Error::TooManyKeys { n_keys, limit: MAX_KEYS });
    }
    Ok(())
}

fn check_unique<K: Key>(links: &[Link<K>]) -> Result<(), Error> {
    let Some(twice) = links.windows(2).find(|pair| pair[0].key == pair[1].key) else {
        return Ok(());
    };
    let key = twice[0].key;
    let n_copies = links.iter().filter(|link| link.key == key).count();
    Err(Error::DuplicateKey { key: format!("{key:?}"), n_copies })
}

/// The parent's row for each row (`NONE` for tops and, as yet, orphans), and the orphans.
fn resolve_parents<K: Key>(links: &[Link<K>]) -> (Vec<u32>, Vec<Orphan<K>>) {
    let mut parents = vec![NONE; links.len()];
    let n_rows = links.len().div_ceil(N_CHUNKS).max(MIN_CHUNK_ROWS);
    let orphans: Vec<Vec<Orphan<K>>> = parents
        .par_chunks_mut(n_rows)
        .enumerate()
        .map(|(chunk, parents)| resolve_chunk(links, chunk * n_rows, parents))
        .collect();
    (parents, orphans.concat())
}

/// Resolves the rows from `first` on, as many as `parents` holds.
fn resolve_chunk<K: Key>(links: &[Link<K>], first: usize, parents: &mut [u32]) -> Vec<Orphan<K>> {
    let chunk = &links[first..first + parents.len()];
    let mut asked = Vec::with_capacity(chunk.iter().filter(|link| link.parent != link.key).count());
    asked.extend(
        (first as u32..)
            .zip(chunk)
            .filter(|(_, link)| link.parent != link.key)
            .map(|(row, link)| (link.parent, row)),
    );
    asked.sort_unstable_by_key(|&(parent, _)| parent);
    let mut orphans = Vec::new();
    let found = rows_of(links, |link| link.key, asked.iter().map(|&(parent, _)| parent));
    for (found, &(parent, row)) in found.zip(&asked) {
        match found {
            Some(parent_row) => parents[row as usize - first] = parent_row,
            None => orphans.push((parent, row)),
        }
    }
    orphans
}

/// Gives each missing parent a row behind the known ones.
fn add_stubs<K: Key>(
    keys: &mut Vec<K>,
    parents: &mut Vec<u32>,
    mut orphans: Vec<Orphan<K>>,
) -> Result<(), Error> {
    let n_known = keys.len();
    orphans.par_sort_unstable_by_key(|&(parent, _)| parent);
    let siblings = || orphans.chunk_by(|a, b| a.0 == b.0);
    let n_stubs = siblings().count();
    check_count(n_known + n_stubs)?;
    keys.reserve_exact(n_stubs);
    for siblings in siblings() {
        for &(_, row) in siblings {
            parents[row as usize] = keys.len() as u32;
        }
        keys.push(siblings[0].0);
    }
    parents.resize(keys.len(), NONE);
    Ok(())
}

/// One node per row: tops placed (open ones without a conversation as yet), all others unplaced.
fn tops<K: Key>(parents: Vec<u32>, known: &[K], mut hidden: Vec<K>, mut tombstones: Vec<K>) -> Vec<Node> {
    let n_known = known.len();
    let mut nodes: Vec<Node> = (0..)
        .zip(parents)
        .map(|(row, parent)| {
            let present = (row as usize) < n_known;
            let is_closed_top = parent == NONE && present;
            Node {
                parent,
                conversation: if is_closed_top { row } else { NONE },
                depth: if parent == NONE { 0 } else { UNPLACED },
                present,
                root_present: is_closed_top,
                depth_is_exact: is_closed_top,
                is_undecided: !present,
            }
        })
        .collect();
    hidden.par_sort_unstable();
    for row in rows_of(known, |&key| key, hidden.into_iter()).flatten() {
        let node = &mut nodes[row as usize];
        node.present = false;
        node.root_present = false;
    }
    tombstones.par_sort_unstable();
    for row in rows_of(known, |&key| key, tombstones.into_iter()).flatten() {
        let node = &mut nodes[row as usize];
        node.present = false;
        if node.parent == NONE {
            node.conversation = NONE;
            node.root_present = false;
            node.depth_is_exact = false;
            node.is_undecided = true;
        }
    }
    nodes
}

/// The roots that tops and their direct children declare and that count, with the row that decides by them, in
/// ascending order of root. `declared` is in ascending order of key.
fn decisions<K: Key>(nodes: &mut [Node], known: &[K], declared: &[Declared<K>]) -> Vec<(K, u32)> {
    let declaring = || rows_of(known, |&key| key, declared.iter().map(|declared| declared.key));
    let mut decisions = Vec::new();
    // Open tops that are known first: once one has decided, its children have no say.
    for (row, declared) in declaring().zip(declared) {
        if let Some(row) = row.filter(|&row| nodes[row as usize].parent == NONE) {
            open_and_decided(&mut nodes[row as usize]);
            decisions.push((declared.root, row));
        }
    }
    for (row, declared) in declaring().zip(declared) {
        let parent_of = |row: u32| nodes.get(nodes[row as usize].parent as usize);
        if let Some(row) = row.filter(|&row| parent_of(row).is_some_and(|parent| parent.is_undecided)) {
            decisions.push((declared.root, row));
        }
    }
    decisions.par_sort_unstable();
    decisions
}

/// Makes a known top one that sits below the root that it declares, nobody knows how deep.
fn open_and_decided(node: &mut Node) {
    node.conversation = NONE;
    node.root_present = false;
    node.depth_is_exact = false;
    node.is_undecided = false;
}

/// Names the conversations of the deciding rows and of the undecided tops above them. Declared roots that are
/// no row get a number behind the rows.
fn apply_decisions<K: Key>(
    nodes: &mut [Node],
    keys: &mut Vec<K>,
    n_known: usize,
    decisions: Vec<(K, u32)>,
) -> Result<(), Error> {
    let numbers = number_roots(keys, n_known, nodes.len(), decisions.iter().map(|&(root, _)| root))?;
    for (conversation, (_, row)) in numbers.into_iter().zip(decisions) {
        let root_present = nodes.get(conversation as usize).is_some_and(|root| root.present);
        let name = |node: &mut Node| (node.conversation, node.root_present) = (conversation, root_present);
        name(&mut nodes[row as usize]);
        let parent = nodes[row as usize].parent as usize;
        // Roots ascend, so the first to name the top is the smallest.
        if let Some(top) = nodes.get_mut(parent).filter(|top| top.conversation == NONE) {
            name(top);
        }
    }
    Ok(())
}

/// The number of each root, which ascend. One that is neither a row nor numbered before gets a number behind all others.
pub(crate) fn number_roots<K: Key>(
    keys: &mut Vec<K>,
    n_known: usize,
    n_rows: usize,
    roots: impl Iterator<Item = K> + Clone,
) -> Result<Vec<u32>, Error> {
    let (known, others) = keys.split_at(n_known);
    let (stubs, outside) = others.split_at(n_rows - n_known);
    let in_known = rows_of(known, |&key| key, roots.clone());
    let in_stubs = rows_of(stubs, |&key| key, roots.clone());
    let in_outside = rows_of(outside, |&key| key, roots.clone());
    let mut added: Vec<K> = Vec::new();
    let mut numbers = Vec::with_capacity(roots.size_hint().0);
    for (((in_known, in_stubs), in_outside), root) in in_known.zip(in_stubs).zip(in_outside).zip(roots) {
        let stub = in_stubs.map(|stub| n_known as u32 + stub);
        let outside = in_outside.map(|outside| n_rows as u32 + outside);
        numbers.push(match in_known.or(stub).or(outside) {
            Some(number) => number,
            None => {
                if added.last() != Some(&root) {
                    added.push(root);
                }
                let n_keys = keys.len() + added.len();
                check_count(n_keys)?;
                n_keys as u32 - 1
            }
        });
    }
    keys.reserve_exact(added.len());
    keys.extend(added);
    Ok(numbers)
}

/// For each wanted key, in ascending order, its place in `sorted`: one merge, O(wanted + sorted).
pub(crate) fn rows_of<T, K: Key>(
    sorted: &[T],
    key_of: impl Fn(&T) -> K,
    wanted: impl Iterator<Item = K>,
) -> impl Iterator<Item = Option<u32>> {
    let mut row = 0;
    wanted.map(move |wanted| {
        while row < sorted.len() && key_of(&sorted[row]) < wanted {
            row += 1;
        }
        (row < sorted.len() && key_of(&sorted[row]) == wanted).then_some(row as u32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_below_the_number_that_means_none() {
        assert_eq!(check_count(MAX_KEYS), Ok(()));
        assert_eq!(NONE as usize, MAX_KEYS, "the last row is one below");
        let n_keys = MAX_KEYS + 1;
        assert_eq!(check_count(n_keys), Err(Error::TooManyKeys { n_keys, limit: MAX_KEYS }));
    }

    #[test]
    fn wanted_keys_are_merged_with_the_sorted_ones() {
        let found = rows_of(&[2, 4, 6], |&key| key, [1, 2, 2, 5, 6, 7].into_iter());
        assert!(found.eq([None, Some(0), Some(0), None, Some(2), None]));
    }
}
