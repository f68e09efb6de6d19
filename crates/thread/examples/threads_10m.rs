//! Places ten million made-up replies and measures the shapes of their conversations, for measuring time and memory.
//!
//! ```text
//! cargo build --release -p populi-thread --example threads_10m
//! /usr/bin/time -v target/release/examples/threads_10m u64           # or u128
//! /usr/bin/time -v target/release/examples/threads_10m u64 declared  # every reply declares its root
//! ```
//!
//! The workload: 10 M posts with sparse keys in shuffled order, of which 4.0 M are roots; 120,000 replies
//! whose parents are missing; one chain of 20,000; every other reply answers any earlier post.
#![allow(clippy::print_stdout, reason = "an example prints its figures")]

use std::time::Instant;

use populi_thread::{Error, Facts, Key, Records, Reply, State, place, shapes};

const SEED: u64 = 7;
const N_POSTS: u64 = 10_000_000;
const N_CHAIN: u64 = 20_000;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let is_wide = arguments.next().is_some_and(|width| width == "u128");
    let declares = arguments.next().is_some_and(|word| word == "declared");
    if is_wide {
        measure(|post| u128::from(mixed(post)) << 64 | u128::from(mixed(!post)), declares)
    } else {
        measure(mixed, declares)
    }
}

fn measure<K: Key>(key_of: impl Fn(u64) -> K, declares: bool) -> Result<(), Error> {
    let start = Instant::now();
    let mut records = Records::with_capacity(N_POSTS as usize);
    for post in 0..N_POSTS {
        let parent = parent_of(post).map(&key_of);
        // One root for all is the densest case: every reply to a missing parent is named alike.
        let declared_root = parent.filter(|_| declares).map(|_| key_of(0));
        records.push(Reply { key: key_of(post), parent, declared_root, state: State::Standing });
    }
    println!("made     {N_POSTS} records in {:.2} s", start.elapsed().as_secs_f64());

    let start = Instant::now();
    let forest = place(records)?;
    println!("placed   in {:.2} s of wall time", start.elapsed().as_secs_f64());
    println!("rows     {} ({} stubs)", forest.len(), forest.len() - forest.n_known());
    println!("talks    {} conversations", forest.n_conversations());
    println!("depth    {} at most", forest.iter().map(|row| row.depth).max().unwrap_or(0));

    let start = Instant::now();
    let mut facts = Facts::new(forest.len());
    for row in 0..forest.len() {
        facts.set_time(row, mixed(row as u64) as i64 >> 8);
        facts.set_author(row, (mixed(!(row as u64)) % (N_POSTS / 4)) as u32);
    }
    let virality = shapes(&forest, &facts).filter_map(|shape| shape.structural_virality);
    println!("virality {:.3} at most", virality.fold(0.0, f64::max));
    println!("shaped   in {:.2} s of wall time", start.elapsed().as_secs_f64());
    Ok(())
}

/// A chain first, then 4 roots in 10 posts, 12 lost parents in 1,000, and answers to any earlier post.
fn parent_of(post: u64) -> Option<u64> {
    let draw = mixed(mixed(post) ^ SEED);
    match draw % 1_000 {
        _ if post == 0 => None,
        _ if post < N_CHAIN => Some(post - 1),
        0..400 => None,
        400..412 => Some(N_POSTS + draw / 1_000 % 1_000_000),
        _ => Some(draw / 1_000 % post),
    }
}

/// SplitMix64's step: a bijection of 64 bits, so that keys are sparse, shuffled and never equal.
fn mixed(post: u64) -> u64 {
    let z = post.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15 ^ SEED);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
