//! How many texts a second does a token table embed on one thread?
//!
//! ```text
//! cargo run --release -p populi-embed --example static_speed -- MODEL FILE...
//! ```
//!
//! MODEL is a token table, or a `tokenizer.json`, for whose vocabulary a table of 256 made-up dimensions is used: the time does
//! not depend on what the rows are. Each FILE holds a text a line. Prints one line of JSON: texts and tokens, milliseconds that opening the table takes, then texts a second
//! and a CPU-second of one thread for cutting into tokens alone and for embedding, the best of 5 rounds of at least a
//! second, and the same texts a second of the `tokenizers` crate where MODEL is a `tokenizer.json`.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::path::Path;
use std::time::{Duration, Instant};

use populi_embed::{Embedder, TableCard, TokenTable, WordPiece};
use populi_geometry::Matrix;
use serde_json::{Value, json};
use tokenizers::Tokenizer;

/// Whatever stops the example.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const N_ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: static_speed MODEL FILE...")?;
    let model = Path::new(&model);
    let mut lines = String::new();
    for file in arguments {
        lines.push_str(&String::from_utf8_lossy(&std::fs::read(file)?));
        lines.push('\n');
    }
    let texts: Vec<&str> = lines.lines().filter(|line| !line.trim().is_empty()).collect();

    let is_json = model.extension().is_some_and(|extension| extension == "json");
    let table = if is_json { made_up(&WordPiece::open(model)?)? } else { TokenTable::open(model)? };
    let file = table.bytes().to_vec();
    let started = Instant::now();
    let table = TokenTable::from_bytes(file)?;
    let open_ms = started.elapsed().as_secs_f64() * 1e3;
    let mut ids = Vec::new();
    texts.iter().for_each(|text| table.tokenizer().encode(text, &mut ids));
    let n_tokens = ids.len();

    let cut = best(texts.len(), || {
        for text in &texts {
            ids.clear();
            table.tokenizer().encode(text, &mut ids);
        }
    })?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let embed = pool.install(|| best(texts.len(), || _ = table.embed(&texts)))?;
    let reference = if is_json { Some(reference(model, &texts)?) } else { None };
    let tokens_per_text = n_tokens as f64 / texts.len().max(1) as f64;
    println!(
        "{}",
        json!({"texts": texts.len(), "tokens_per_text": tokens_per_text, "open_ms": open_ms,
            "cut": cut, "embed": embed,
            "tokenizers_crate": reference})
    );
    Ok(())
}

/// A table of rows in which all bytes differ.
fn made_up(tokenizer: &WordPiece) -> Result<TokenTable, Failure> {
    let vocabulary = tokenizer.vocabulary().to_vec();
    let value = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7 & 0xff) as f32 - 127.5;
    let values = (0..vocabulary.len() * 256).map(value).collect();
    let rows = Matrix::from_vec(vocabulary.len(), 256, values)?;
    Ok(TokenTable::new(vocabulary, tokenizer.params().clone(), &rows, TableCard::default())?)
}

/// Texts a second of the crate that most programs use, on a part of the texts.
fn reference(model: &Path, texts: &[&str]) -> Result<Value, Failure> {
    let mut tokenizer = Tokenizer::from_file(model).map_err(|error| error.to_string())?;
    tokenizer.with_padding(None).with_truncation(None).map_err(|error| error.to_string())?;
    let texts = &texts[..texts.len().min(5000)];
    best(texts.len(), || texts.iter().for_each(|text| _ = tokenizer.encode_fast(*text, false)))
}

/// Texts a second and a CPU-second of the best round.
fn best(n_texts: usize, mut work: impl FnMut()) -> Result<Value, Failure> {
    let (mut per_second, mut per_cpu_second) = (0f64, 0f64);
    for _ in 0..N_ROUNDS {
        let (started, cpu, mut n) = (Instant::now(), cpu_seconds()?, 0);
        while started.elapsed() < ROUND {
            work();
            n += n_texts;
        }
        per_second = per_second.max(n as f64 / started.elapsed().as_secs_f64());
        per_cpu_second = per_cpu_second.max(n as f64 / (cpu_seconds()? - cpu));
    }
    Ok(json!({"texts_per_second": per_second.round(), "texts_per_cpu_second": per_cpu_second.round()}))
}

/// User and system time of this process so far, in hundredths of a second; Linux only.
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no process in /proc/self/stat")?.1;
    let times: Vec<f64> =
        after_name.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(times.iter().sum::<f64>() / 100.0)
}
