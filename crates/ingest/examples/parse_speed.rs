//! How fast are lines of Jetstream read, ids hashed and all?
//!
//! Reads a file's blocks into memory once, then reads their records until 5 seconds have gone by, on one thread and
//! with a sink that drops what it is given, and prints MB per CPU second. `cargo run --release -p populi-ingest --example
//! parse_speed -- FILE`

#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use populi_ingest::{Error, Sink, SourceFile, bluesky, discover::discover};
use populi_model::{Event, Key, Quarantined, Tally};

struct Drop;

impl Sink for Drop {
    fn event(&mut self, event: &Event<'_>) {
        black_box(event);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        black_box(record);
    }
}

fn main() -> Result<(), Error> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut blocks = Vec::new();
    for input in discover(&paths)?.inputs {
        for block in input.blocks()? {
            blocks.push(block?);
        }
    }
    let n_bytes: usize = blocks.iter().map(|block| block.bytes.len()).sum();
    let file = SourceFile { key: Key::default(), name: "measured" };
    let mut tally = Tally::default();
    let (start, start_ns, mut n_rounds) = (Instant::now(), cpu_ns(), 0_u32);
    while start.elapsed() < Duration::from_secs(5) {
        for block in &blocks {
            bluesky::read_block(block, &file, bluesky::Originals::Drop, &mut Drop, &mut tally);
        }
        n_rounds += 1;
    }
    let (seconds, clock) = match cpu_ns().zip(start_ns) {
        Some((end_ns, start_ns)) => ((end_ns - start_ns) as f64 / 1e9, "CPU"),
        None => (start.elapsed().as_secs_f64(), "wall"),
    };
    let n_read = n_bytes as f64 * f64::from(n_rounds);
    println!(
        "{:.0} MB per {clock} second ({:.0} ns a record)",
        n_read / 1e6 / seconds,
        seconds * 1e9 / tally.records as f64
    );
    println!("taken {}, ignored {}, put aside {}", tally.taken, tally.n_ignored(), tally.n_quarantined());
    Ok(())
}

/// The time that this process was on a processor, where Linux tells it.
fn cpu_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
