//! How often is the language right, and what does a confidence threshold cost?
//!
//! Reads lines of `language TAB text` (ISO 639-1) and prints, for each language and in all, the share answered and the
//! share of the answers that are right, at several thresholds; then the texts per second. The table of
//! `docs/design/language-model.md` was made with it:
//!
//! ```sh
//! cargo run --release -p populi-text --example language_accuracy -- texts.tsv
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::collections::BTreeMap;
use std::time::Instant;

use populi_text::language::{MODEL, best_guess};

const THRESHOLDS: [f32; 7] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give a file of lines `language TAB text`")?;
    let file = std::fs::read_to_string(path)?;
    let lines: Vec<(&str, &str)> = file.lines().filter_map(|line| line.split_once('\t')).collect();

    let start = Instant::now();
    let guesses: Vec<_> = lines.iter().map(|(_, text)| best_guess(text)).collect();
    let seconds = start.elapsed().as_secs_f64();

    let mut by_language: BTreeMap<&str, Vec<(f32, bool)>> = BTreeMap::new();
    for ((known, _), guess) in lines.iter().zip(&guesses) {
        let outcome = guess.map_or((-1.0, false), |guess| (guess.confidence, guess.lang == *known));
        by_language.entry(known).or_default().push(outcome);
        by_language.entry("all").or_default().push(outcome);
    }
    println!("{MODEL}; each cell: share answered / share of the answers that are right");
    println!("lang\ttexts\t{}", THRESHOLDS.map(|t| format!("{t}")).join("\t"));
    for (language, outcomes) in &by_language {
        let cells = THRESHOLDS.map(|threshold| {
            let n_answered = outcomes.iter().filter(|o| o.0 >= threshold).count();
            let n_right = outcomes.iter().filter(|o| o.0 >= threshold && o.1).count();
            let answered = n_answered as f64 / outcomes.len() as f64;
            format!("{:.3}/{:.4}", answered, n_right as f64 / n_answered.max(1) as f64)
        });
        println!("{language}\t{}\t{}", outcomes.len(), cells.join("\t"));
    }
    println!("{:.0} texts per second on one core", lines.len() as f64 / seconds);
    Ok(())
}
