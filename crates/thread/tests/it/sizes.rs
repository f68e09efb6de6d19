//! Deep, wide, long cycles, and enough rows for several chunks and threads.

use populi_thread::{Placed, Reply};

use crate::{declaring, placed, post, tombstone};

/// A bijection of 64 bits, so that sorting shuffles the records.
fn scattered(n: u64) -> u64 {
    let n = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (n ^ (n >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

fn find(rows: &[Placed<u64>], key: u64) -> &Placed<u64> {
    rows.iter().find(|row| row.key == key).unwrap()
}

#[test]
fn a_chain_of_fifty_thousand() {
    const N: u64 = 50_000;
    let chain: Vec<_> = (0..N).map(|n| post(scattered(n), n.checked_sub(1).map(scattered))).collect();
    let rows = placed(&chain).unwrap();
    let mut depths: Vec<u32> = rows.iter().map(|row| row.depth).collect();
    depths.sort_unstable();
    assert!(depths.into_iter().eq(0..N as u32));
    assert!(
        rows.iter().all(|row| row.conversation == scattered(0) && row.depth_is_exact && row.root_present)
    );
    assert_eq!(find(&rows, scattered(N - 1)).depth, N as u32 - 1);
    assert_eq!(find(&rows, scattered(77)).parent, Some(scattered(76)));
}

#[test]
fn one_post_with_a_hundred_thousand_replies() {
    const N: u64 = 100_000;
    for is_root_known in [true, false] {
        let root = is_root_known.then(|| post(scattered(0), None));
        let replies: Vec<_> =
            root.into_iter().chain((1..=N).map(|n| post(scattered(n), Some(scattered(0))))).collect();
        let rows = placed(&replies).unwrap();
        assert_eq!(rows.len(), N as usize + 1);
        assert_eq!(rows.iter().filter(|row| row.depth == 1).count(), N as usize);
        assert!(
            rows.iter().all(|row| row.conversation == scattered(0) && row.depth_is_exact == is_root_known)
        );
    }
}

#[test]
fn a_cycle_of_a_thousand_with_a_tail_of_a_thousand() {
    const N: u64 = 1_000;
    // n answers n + 1, the last of the cycle answers its first; the tail hangs on 500.
    let cycle = (0..N).map(|n| post(scattered(n), Some(scattered((n + 1) % N))));
    let tail = (N..2 * N).map(|n| post(scattered(n), Some(scattered(if n == N { 500 } else { n - 1 }))));
    let rows = placed(&cycle.chain(tail).collect::<Vec<_>>()).unwrap();

    let smallest = (0..N).min_by_key(|&n| scattered(n)).unwrap();
    assert!(rows.iter().all(|row| row.conversation == scattered(smallest) && !row.depth_is_exact));
    for n in 0..N {
        let steps = (smallest + N - n) % N;
        assert_eq!(find(&rows, scattered(n)).depth as u64, steps);
    }
    let entry = (smallest + N - 500) % N;
    assert_eq!(find(&rows, scattered(N)).depth as u64, entry + 1);
    assert_eq!(find(&rows, scattered(2 * N - 1)).depth as u64, entry + N);
    assert_eq!(rows.iter().filter(|row| row.parent.is_none()).count(), 1);
}

/// Trees of all kinds over enough rows that parents are resolved in several chunks.
fn mixed_forest() -> Vec<Reply<u64>> {
    const N: u64 = 200_000;
    (0..N)
        .map(|n| {
            let key = scattered(n);
            let draw = scattered(n + N);
            match draw % 10 {
                0..3 => post(key, None),
                3 => declaring(scattered(draw % 500), post(key, Some(scattered(2 * N + draw % 5_000)))),
                4 => tombstone(key, (!draw.is_multiple_of(3)).then(|| scattered(draw % N))),
                _ => post(key, Some(scattered(draw / 10 % N))),
            }
        })
        .collect()
}

#[test]
fn any_number_of_threads_and_any_order_give_the_same_forest() {
    let mut replies = mixed_forest();
    let with_threads = |n_threads, replies: &[Reply<u64>]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| placed(replies)).unwrap()
    };
    let one = with_threads(1, &replies);
    assert!(one.iter().any(|row| row.parent.is_none() && !row.present), "stubs or open tombstones are there");
    for n_threads in [2, 5] {
        assert_eq!(with_threads(n_threads, &replies), one);
    }
    replies.reverse();
    replies.rotate_left(12_345);
    assert_eq!(with_threads(3, &replies), one);
}

#[test]
fn every_row_of_a_large_forest_fits_its_parent() {
    let replies = mixed_forest();
    let rows = placed(&replies).unwrap();
    let by_key: std::collections::BTreeMap<u64, &Placed<u64>> =
        rows.iter().map(|row| (row.key, row)).collect();
    for row in &rows {
        let Some(parent) = row.parent else {
            assert_eq!(row.depth, 0);
            continue;
        };
        let above = by_key[&parent];
        assert_eq!(row.depth, above.depth + 1);
        assert_eq!(row.depth_is_exact, above.depth_is_exact);
        assert!(row.conversation == above.conversation || (above.depth == 0 && !above.depth_is_exact));
    }
    let claimed =
        replies.iter().filter(|reply| reply.parent.is_some_and(|parent| parent != reply.key)).count();
    let kept = rows.iter().filter(|row| row.parent.is_some()).count();
    assert!(claimed - kept < 100, "only cycles lose a parent: {claimed} claimed, {kept} kept");
}
