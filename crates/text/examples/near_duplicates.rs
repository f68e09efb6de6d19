//! How many near-duplicates are found, and how fast, against the comparison of every two texts.
//!
//!     cargo run --release -p populi-text --example near_duplicates -- texts.txt
//!
//! A text a line; the first 20,000 that differ count, after one in five of them was followed by an edited copy of itself (characters
//! replaced, words put in, taken out and swapped, ends cut off). Prints recall and precision of the pairs with a similarity of
//! 0.8 or more, in bands of similarity, then the speed on one thread over all texts of the file, copies and all.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::io::Write;
use std::sync::LazyLock;
use std::time::Instant;

use populi_text::near_duplicate::{Sketches, normalised, similarity};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const N_TEXTS: usize = 20_000;
const THRESHOLD: f64 = 0.8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file with a text a line")?;
    let file = std::fs::read_to_string(path)?;
    let lines: Vec<&str> = file.lines().collect();
    let mut out = std::io::stdout().lock();

    let texts = with_planted_edits(&lines);
    let sketches = sketched(&texts)?;
    let found: HashSet<(usize, usize)> = sketches
        .candidate_pairs()
        .into_iter()
        .filter(|&(a, b)| similarity(&texts[a], &texts[b]) >= THRESHOLD)
        .collect();
    let candidates = sketches.candidates();
    let groups = candidates.groups(THRESHOLD, |i| &texts[candidates.numbers()[i] as usize])?;
    let truth = brute_force(&texts);
    writeln!(out, "{} texts, {} pairs of 0.8 or more", texts.len(), truth.len())?;
    writeln!(out, "similarity    pairs  as pairs  in a group")?;
    for (low, high) in [(0.8, 1.01), (0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 1.01)] {
        let of_band: Vec<_> = truth.iter().filter(|pair| low <= pair.2 && pair.2 < high).collect();
        let n = of_band.len() as f64;
        let n_found = of_band.iter().filter(|(a, b, _)| found.contains(&(*a, *b))).count() as f64;
        let n_grouped =
            of_band.iter().filter(|(a, b, _)| groups.group_of(*a) == groups.group_of(*b)).count() as f64;
        writeln!(out, "{low:.2}-{high:.2} {n:>8}    {:.4}      {:.4}", n_found / n, n_grouped / n)?;
    }
    let n_true = truth.iter().filter(|(a, b, _)| found.contains(&(*a, *b))).count();
    writeln!(out, "precision of pairs: {}", n_true as f64 / found.len() as f64)?;
    let (n_together, n_alike) = pairs_of_groups(&texts, |i| groups.group_of(i));
    writeln!(out, "pairs that a group puts together: {n_together}, {n_alike} of them 0.8 or more")?;

    let megabytes = lines.iter().map(|line| line.len()).sum::<usize>() as f64 / 1e6;
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    for _ in 0..3 {
        let start = cpu_seconds();
        lines.iter().for_each(|line| {
            black_box(normalised(line));
        });
        let normalising = cpu_seconds() - start;
        let (n_texts, n_groups, seconds) = one_thread.install(|| all_steps(&lines));
        writeln!(
            out,
            "{megabytes:.1} MB in {} lines, {n_texts} that differ, {n_groups} groups: {:.1} MB a CPU-second \
             (normalising {normalising:.2} s, all until the sketches {:.2} s, from there {:.2} s)",
            lines.len(),
            megabytes / (seconds[0] + seconds[1]),
            seconds[0],
            seconds[1]
        )?;
    }
    Ok(())
}

/// Seconds that this thread was at work; where the system does not tell, those of the clock.
fn cpu_seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// What a user of the module does: from texts to groups.
fn all_steps(lines: &[&str]) -> (usize, usize, [f64; 2]) {
    let start = cpu_seconds();
    let mut known = HashSet::new();
    let mut sketches = Sketches::new();
    let mut texts = Vec::new();
    for line in lines {
        let text = normalised(line);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        if known.insert(hasher.finish())
            && let Some(sketch) = Sketches::sketch(&text)
        {
            sketches.push(sketch).expect("few texts");
            texts.push(text);
        }
    }
    let until_sketches = cpu_seconds() - start;
    let candidates = sketches.candidates();
    let candidate_text = |i: usize| texts[candidates.numbers()[i] as usize].as_str();
    let groups = candidates.groups(THRESHOLD, candidate_text).expect("0.8 is a threshold");
    (
        texts.len(),
        (0..texts.len()).filter(|&i| groups.group_of(i) == i).count(),
        [until_sketches, cpu_seconds() - start - until_sketches],
    )
}

fn sketched(texts: &[String]) -> Result<Sketches, populi_text::Error> {
    let mut sketches = Sketches::new();
    for text in texts {
        if let Some(sketch) = Sketches::sketch(text) {
            sketches.push(sketch)?;
        }
    }
    Ok(sketches)
}

/// Different normalised texts that are not empty.
fn with_planted_edits(lines: &[&str]) -> Vec<String> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut known = HashSet::new();
    let mut texts = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let text = normalised(line);
        let edited = (i % 5 == 0).then(|| normalised(&edited(&text, &mut random)));
        for text in std::iter::once(text).chain(edited) {
            if !text.is_empty() && texts.len() < N_TEXTS && known.insert(text.clone()) {
                texts.push(text);
            }
        }
    }
    texts
}

fn edited(text: &str, random: &mut ChaCha8Rng) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for _ in 0..1 + random.next_u32() % 3 {
        let at = random.next_u32() as usize % words.len();
        match random.next_u32() % 6 {
            0 => words.insert(at, "really".to_owned()),
            1 if words.len() > 1 => drop(words.remove(at)),
            2 => words.swap(at, 0),
            3 if words.len() > 1 => drop(words.pop()),
            4 => words.push(format!("({})", random.next_u32() % 100)),
            _ => {
                let mut chars: Vec<char> = words[at].chars().collect();
                let letter = random.next_u32() as usize % chars.len().max(1);
                if let Some(c) = chars.get_mut(letter) {
                    *c = char::from(b'a' + (random.next_u32() % 26) as u8);
                }
                words[at] = chars.into_iter().collect();
            }
        }
    }
    words.join(" ")
}

/// Every two texts of 0.8 or more, by counting the shingles that each has in common with those before it.
fn brute_force(texts: &[String]) -> Vec<(usize, usize, f64)> {
    let mut holders: std::collections::HashMap<String, Vec<u32>> = std::collections::HashMap::new();
    let mut sizes = Vec::new();
    let mut pairs = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let chars: Vec<char> = text.chars().collect();
        let shingles: HashSet<String> =
            chars.windows(5.min(chars.len())).map(|window| window.iter().collect()).collect();
        let mut n_common = vec![0_u32; i];
        let mut shingles: Vec<String> = shingles.into_iter().collect();
        shingles.sort_unstable();
        sizes.push(shingles.len());
        for shingle in shingles {
            let holders = holders.entry(shingle).or_default();
            holders.iter().for_each(|&other| n_common[other as usize] += 1);
            holders.push(i as u32);
        }
        for (other, &n) in n_common.iter().enumerate() {
            let jaccard = f64::from(n) / (sizes[i] + sizes[other] - n as usize) as f64;
            if jaccard >= THRESHOLD {
                pairs.push((other, i, jaccard));
            }
        }
    }
    pairs
}

/// Pairs of one group, and those of them that are alike themselves.
fn pairs_of_groups(texts: &[String], group_of: impl Fn(usize) -> usize) -> (usize, usize) {
    let mut members: Vec<(usize, usize)> = (0..texts.len()).map(|i| (group_of(i), i)).collect();
    members.sort_unstable();
    let (mut n_together, mut n_alike) = (0, 0);
    for group in members.chunk_by(|a, b| a.0 == b.0) {
        for (i, (_, b)) in group.iter().enumerate() {
            n_together += i;
            n_alike +=
                group[..i].iter().filter(|(_, a)| similarity(&texts[*a], &texts[*b]) >= THRESHOLD).count();
        }
    }
    (n_together, n_alike)
}
