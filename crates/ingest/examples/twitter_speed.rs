//! How fast are lines of Twitter's streams read, ids hashed and all?
//!
//! Unpacks files and archives into memory once (at most 400 MB), then reads their records until 5 seconds have gone by,
//! on one thread and with a sink that drops what it is given, and prints MB per CPU second. `cargo run --release -p
//! populi-ingest --example twitter_speed -- FILE…`

#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::fs::File;
use std::hint::black_box;
use std::time::{Duration, Instant};

use populi_ingest::archive::{ByteLimit, Content, Visit, walk};
use populi_ingest::lines::{Block, Blocks};
use populi_ingest::{Error, Sink, SourceFile, twitter};
use populi_model::{Event, Key, Quarantined, Tally};

/// How much is measured.
const MAX_BYTES: usize = 400_000_000;

struct Drop;

impl Sink for Drop {
    fn event(&mut self, event: &Event<'_>) {
        black_box(event);
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        black_box(record);
    }
}

/// Keeps the lines of contents.
#[derive(Default)]
struct Lines {
    blocks: Vec<Block>,
    n_bytes: usize,
}

impl Visit for Lines {
    fn content(&mut self, content: &mut Content<'_>) -> Result<(), Error> {
        let name = content.name.to_owned();
        for block in Blocks::new(content, name) {
            let block = block?;
            if self.n_bytes < MAX_BYTES {
                self.n_bytes += block.bytes.len();
                self.blocks.push(block);
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Error> {
    let mut lines = Lines::default();
    for path in std::env::args_os().skip(1) {
        let opened = File::open(&path).map_err(|source| Error::Open { path: path.clone().into(), source })?;
        walk(opened, &path.to_string_lossy(), &ByteLimit::default(), &mut lines)?;
    }
    let file = SourceFile { key: Key::default(), name: "measured" };
    let mut tally = Tally::default();
    let (start, start_ns, mut n_rounds) = (Instant::now(), cpu_ns(), 0_u32);
    while start.elapsed() < Duration::from_secs(5) {
        for block in &lines.blocks {
            twitter::read_block(block, &file, twitter::Originals::Drop, &mut Drop, &mut tally);
        }
        n_rounds += 1;
    }
    let (seconds, clock) = match cpu_ns().zip(start_ns) {
        Some((end_ns, start_ns)) => ((end_ns - start_ns) as f64 / 1e9, "CPU"),
        None => (start.elapsed().as_secs_f64(), "wall"),
    };
    let n_read = lines.n_bytes as f64 * f64::from(n_rounds);
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
