//! However lines and exports are spread over files, in whatever order and however often they come in, and on how many
//! threads: the corpus holds the same.

use crate::world::{Held, World, ingest_groups};

/// Worlds.
const N_WORLDS: u64 = 3;
/// Spreads of each.
const N_SPREADS: u64 = 8;

/// Numbers that look random, the same every time.
struct Random(u64);

impl Random {
    /// A number below `n`. SplitMix64.
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Cuts items into so many heaps, some of which may be empty.
    fn spread<T>(&mut self, items: Vec<T>, n_heaps: usize) -> Vec<Vec<T>> {
        let mut heaps: Vec<Vec<T>> = (0..n_heaps).map(|_| Vec::new()).collect();
        for item in items {
            heaps[self.below(n_heaps)].push(item);
        }
        heaps
    }
}

fn file(lines: &[&Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect()
}

/// Files of these lines in any order, some of them in several files, and of these exports; in groups that come in one
/// after the other.
fn any_groups(lines: &[&Vec<u8>], exports: &[Vec<u8>], random: &mut Random) -> Vec<Vec<Vec<u8>>> {
    let mut copies = lines.to_vec();
    for _ in 0..lines.len() / 10 {
        copies.push(lines[random.below(lines.len())]);
    }
    random.shuffle(&mut copies);
    let n_files = 1 + random.below(6);
    let mut files: Vec<Vec<u8>> = random.spread(copies, n_files).iter().map(|lines| file(lines)).collect();
    files.extend_from_slice(exports);
    random.shuffle(&mut files);
    let n_groups = 1 + random.below(3);
    random.spread(files, n_groups).into_iter().filter(|group| !group.is_empty()).collect()
}

/// Exports of some accounts at some of their revisions.
fn any_exports(world: &World, n: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let accounts = world.accounts();
    let mut exports: Vec<Vec<u8>> = (0..n)
        .map(|_| {
            let did = accounts[random.below(accounts.len())];
            let revisions = world.revisions(did);
            world.export(did, revisions[random.below(revisions.len())])
        })
        .collect();
    exports.sort();
    exports.dedup();
    exports
}

/// What is counted alike however often something came in.
fn without_copies(held: &Held) -> [u64; 4] {
    let total = &held.total;
    [total.stored, total.superseded, total.deletes, total.notices]
}

#[test]
fn lines_make_the_same_corpus_in_any_files_order_and_number() {
    for seed in 0..N_WORLDS {
        let world = World::simulate(seed);
        let lines: Vec<&Vec<u8>> = world.lines.iter().collect();
        let expected = ingest_groups(&[vec![file(&lines)]], 1);
        assert!(expected.total.stored > 100 && expected.total.deletes > 0, "{:?}", expected.total);
        for case in 0..N_SPREADS {
            let mut random = Random(seed * 1000 + case);
            let groups = any_groups(&lines, &[], &mut random);
            let held = ingest_groups(&groups, 1 + case as usize % 2);
            assert_eq!(held.digests, expected.digests, "world {seed}, case {case}");
            assert_eq!(without_copies(&held), without_copies(&expected), "world {seed}, case {case}");
        }
    }
}

#[test]
fn exports_add_nothing_to_lines_that_tell_all() {
    for seed in 0..N_WORLDS {
        let world = World::simulate(seed);
        let lines: Vec<&Vec<u8>> = world.lines.iter().collect();
        let mut expected = ingest_groups(&[vec![file(&lines)]], 1);
        // An export writes records in its own way.
        expected.digests.remove("originals");
        for case in 0..N_SPREADS {
            let mut random = Random(seed * 1000 + case);
            let exports = any_exports(&world, 6, &mut random);
            let groups = any_groups(&lines, &exports, &mut random);
            let mut held = ingest_groups(&groups, 1 + case as usize % 2);
            held.digests.remove("originals");
            assert_eq!(held.digests, expected.digests, "world {seed}, case {case}");
            assert_eq!(without_copies(&held), without_copies(&expected), "world {seed}, case {case}");
        }
    }
}

#[test]
fn exports_and_lines_with_gaps_make_the_same_corpus_in_any_order() {
    for seed in 0..N_WORLDS {
        let world = World::simulate(seed);
        let mut random = Random(seed);
        let lines: Vec<&Vec<u8>> = world.lines.iter().filter(|_| random.below(3) > 0).collect();
        let exports = any_exports(&world, 12, &mut random);
        let together = [vec![file(&lines)], exports.clone()].concat();
        let expected = ingest_groups(&[together], 1);
        let mut alone = vec![vec![file(&lines)]];
        assert_ne!(ingest_groups(&alone, 1).digests, expected.digests, "exports fill gaps");
        alone.extend(exports.iter().map(|export| vec![export.clone()]));
        assert_eq!(ingest_groups(&alone, 2), expected, "lines first");
        alone.reverse();
        assert_eq!(ingest_groups(&alone, 2), expected, "exports first");
        for case in 0..N_SPREADS {
            let mut random = Random(seed * 1000 + case);
            let held = ingest_groups(&any_groups(&lines, &exports, &mut random), 1 + case as usize % 2);
            assert_eq!(held.digests, expected.digests, "world {seed}, case {case}");
            assert_eq!(without_copies(&held), without_copies(&expected), "world {seed}, case {case}");
        }
    }
}
