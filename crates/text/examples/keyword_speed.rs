//! How fast are texts searched for many keywords? `cargo run --release -p populi-text --example keyword_speed`

use std::io::Write;
use std::time::Instant;

use populi_text::keyword::Keywords;

const N_TEXTS: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    for (script, word) in [("Latin", word as fn(u64) -> String), ("Cyrillic", cyrillic), ("Han", han)] {
        let text = |i: u64| (0..15).map(|j| word(mix(i * 15 + j) % 50_000)).collect::<Vec<_>>().join(" ");
        let texts: Vec<String> = (0..N_TEXTS).map(text).collect();
        let n_bytes: usize = texts.iter().map(String::len).sum();
        for n_entries in [10, 10_000] {
            // Words that are rare in the texts: most of those are searched to their end.
            let list: String = (0..n_entries).map(|i| word(49_000 + i) + "\n").collect();
            let began = Instant::now();
            let keywords = Keywords::read(&list)?;
            let built = began.elapsed();
            let mut buffer = String::new();
            let n = texts.iter().filter(|text| keywords.matches(text, &[""; 0], &mut buffer)).count();
            let seconds = (began.elapsed() - built).as_secs_f64();
            let rate = n_bytes as f64 / seconds / 1e6;
            writeln!(
                out,
                "{script}: {n_entries} keywords ({:.2} s to build), {N_TEXTS} texts of {} bytes: {seconds:.2} s on one thread, \
                 {rate:.0} MB/s, {n} matches",
                built.as_secs_f64(),
                n_bytes as u64 / N_TEXTS,
            )?;
        }
    }
    Ok(())
}

/// A number that looks drawn at random.
fn mix(i: u64) -> u64 {
    let i = (i ^ (i >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let i = (i ^ (i >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    i ^ (i >> 31)
}

fn word(i: u64) -> String {
    letters(i, 'a', 26)
}

fn cyrillic(i: u64) -> String {
    letters(i, 'а', 32)
}

fn han(i: u64) -> String {
    letters(i, '一', 20_000)
}

/// The number in letters of an alphabet, at least two.
fn letters(mut i: u64, first: char, n: u64) -> String {
    let mut word = String::new();
    while i > 0 || word.chars().count() < 2 {
        word.extend(char::from_u32(u32::from(first) + (i % n) as u32));
        i /= n;
    }
    word
}
