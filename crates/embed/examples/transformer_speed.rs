//! Speed of a sentence encoder on one file of texts.
//!
//! ```text
//! cargo run --release -p populi-embed --example transformer_speed -- MODEL_DIR TEXTS [OUT.f32]
//! ```
//!
//! TEXTS holds a text a line. Prints one line of JSON: texts, tokens, CPU-seconds and wall seconds of tokenising and embedding,
//! texts a CPU-second, GFLOP a CPU-second (linear maps only), CPU-seconds of opening, peak memory in MB. Writes the vectors,
//! rows of little-endian f32, to OUT.f32. `RAYON_NUM_THREADS=1` runs it on one thread.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use populi_embed::{Embedder, Transformer, TransformerParams};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, texts, ..] = &arguments[..] else {
        return Err("usage: transformer_speed MODEL_DIR TEXTS [OUT.f32]".into());
    };
    let opening = cpu_seconds()?;
    let model = Transformer::open(Path::new(model), &TransformerParams::default())?;
    let texts = std::fs::read_to_string(texts)?;
    let texts: Vec<&str> = texts.lines().collect();
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let mut vectors = Vec::new();
    for texts in texts.chunks(model.texts_per_call()) {
        vectors.extend_from_slice(model.embed(texts)?.values());
    }
    let (wall, cpu_of_embedding) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let n_tokens: usize = model.ids(&texts)?.iter().map(Vec::len).sum();
    let operations = 2.0 * model.n_linear_weights() as f64 * n_tokens as f64;
    println!(
        "{{\"texts\": {}, \"tokens\": {n_tokens}, \"cpu_s\": {cpu_of_embedding:.3}, \"wall_s\": {wall:.3}, \
         \"texts_per_cpu_s\": {:.1}, \"gflop_per_cpu_s\": {:.1}, \"open_cpu_s\": {:.2}, \"peak_mb\": {:.0}}}",
        texts.len(),
        texts.len() as f64 / cpu_of_embedding,
        operations / cpu_of_embedding / 1e9,
        cpu - opening,
        peak_megabytes()?,
    );
    if let Some(out) = arguments.get(2) {
        let bytes: Vec<u8> = vectors.iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
        std::fs::write(out, bytes)?;
    }
    Ok(())
}

/// Seconds that all threads of this process have worked.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).ok_or("a field of /proc/self/stat").map(|ticks| ticks.parse::<f64>());
    // Fields 14 and 15 of the file, in hundredths of a second.
    Ok((ticks(11)?? + ticks(12)??) / 100.0)
}

fn peak_megabytes() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("VmHWM in /proc/self/status")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}
