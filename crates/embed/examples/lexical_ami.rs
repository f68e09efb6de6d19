//! The lexical bar, our half: lexical vectors and k-means at the true number of classes, against `bench/lexical_ami.py`.
//!
//! ```text
//! cargo run --release -p populi-embed --example lexical_ami -- DATA_DIR [N_SEEDS]
//! ```
//!
//! DATA_DIR holds `short_text/` (label TAB text, no header) and `banking77/train.csv` (text,category). Prints one line per
//! data set and seed, then the median: set, k, seed, AMI, ARI, separated by tabs. Times go to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measuring tool prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use populi_embed::{Embedder, Lexical, LexicalParams};
use populi_geometry::{KMeansParams, adjusted_mutual_information, adjusted_rand_index, kmeans};

/// Texts and the class of each, as numbers in the order of their names.
type Labelled = (Vec<String>, Vec<u32>);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let data = PathBuf::from(arguments.next().ok_or("usage: lexical_ami DATA_DIR [N_SEEDS]")?);
    let n_seeds: u64 = arguments.next().map_or(Ok(10), |n| n.parse())?;
    let short = data.join("short_text");
    for (name, (texts, labels)) in [
        ("agnews", read_tab(&short.join("agnewsdataraw-8000"))?),
        ("stackoverflow", read_tab(&short.join("stackoverflow_true_text"))?),
        ("tweet", read_tab(&short.join("tweet-original-order.txt"))?),
        ("banking77", read_csv(&data.join("banking77").join("train.csv"))?),
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        measure(name, &texts, &labels, n_seeds)?;
    }
    Ok(())
}

fn measure(name: &str, texts: &[&str], labels: &[u32], n_seeds: u64) -> Result<(), Box<dyn Error>> {
    let k = labels.iter().max().map_or(0, |&most| most as usize + 1);
    let mut scores = Vec::new();
    for seed in 0..n_seeds {
        let started = Instant::now();
        let model = Lexical::fit(texts, &LexicalParams { seed, ..LexicalParams::default() })?;
        let fitted = started.elapsed();
        let vectors = model.embed(texts)?;
        let embedded = started.elapsed();
        let found = kmeans(&vectors, &KMeansParams { k, seed, ..KMeansParams::default() })?;
        let clustered = started.elapsed();
        let ami = adjusted_mutual_information(labels, &found.labels)?;
        let ari = adjusted_rand_index(labels, &found.labels)?;
        println!("{name}\t{k}\t{seed}\t{ami:.4}\t{ari:.4}");
        eprintln!(
            "{name}: fit {fitted:.2?}, embed {:.2?}, k-means {:.2?}",
            embedded - fitted,
            clustered - embedded
        );
        scores.push(ami);
    }
    scores.sort_by(f64::total_cmp);
    let middle = scores.len() / 2;
    println!("{name}\t{k}\tmedian\t{:.4}", 0.5 * (scores[middle] + scores[(scores.len() - 1) / 2]));
    Ok(())
}

fn read_tab(path: &Path) -> Result<Labelled, Box<dyn Error>> {
    let file = std::fs::read_to_string(path)?;
    let rows = file.lines().filter_map(|line| line.split_once('\t'));
    Ok(numbered(rows.map(|(label, text)| (label.to_owned(), text.trim().to_owned())).collect()))
}

fn read_csv(path: &Path) -> Result<Labelled, Box<dyn Error>> {
    let rows: Result<Vec<(String, String)>, csv::Error> =
        csv::Reader::from_path(path)?.into_deserialize().collect();
    Ok(numbered(rows?.into_iter().map(|(text, label)| (label, text)).collect()))
}

fn numbered(rows: Vec<(String, String)>) -> Labelled {
    let mut ids: BTreeMap<String, u32> = rows.iter().map(|(label, _)| (label.clone(), 0)).collect();
    ids.values_mut().enumerate().for_each(|(i, id)| *id = i as u32);
    rows.into_iter().map(|(label, text)| (text, ids[&label])).unzip()
}
