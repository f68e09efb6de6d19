//! How long a Twitter world takes: `cargo run --release -p populi-simulate --example archive_speed -- OUT TWEETS [v1|v2] [gz|bz2]
//! [tar|nested|zip|tar.gz|dir]`. OUT must not hold a world yet.

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::path::PathBuf;
use std::time::Instant;

use populi_simulate::{TwitterParams, twitter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize, default: &str| words.get(at).map_or(default, String::as_str).to_owned();
    let params: TwitterParams = serde_json::from_value(serde_json::json!({
        "tweets": word(1, "200000").parse::<usize>()?,
        "api": word(2, "v1"),
        "compression": word(3, "gz"),
        "container": word(4, "tar"),
    }))?;
    let began = Instant::now();
    let summary = twitter(&params, &PathBuf::from(word(0, "world")))?;
    println!("{:.2} s: {}", began.elapsed().as_secs_f64(), serde_json::to_string(&summary)?);
    Ok(())
}
