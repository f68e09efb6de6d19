//! The Twitter world: from options to archives of its stream, what was asked for later, and their truth.

mod archive;
mod damage;
mod history;
mod hydrated;
pub(crate) mod params;
mod people;
mod plans;
mod render;
mod render_v1;
mod render_v2;
mod shown;
mod truth;
mod words;
mod world;

use std::fs;
use std::path::Path;

use crate::error::{Error, Result, at};
use archive::DumpFile;
use params::{TwitterParams, TwitterSummary};
use render::Renderer;
use truth::Read;
use world::World;

/// Where a world is made before it takes its place; what a killed run left there is replaced.
const PARTIAL: &str = ".partial-world";
/// What is in a world's folder.
const NAMES: [&str; 4] = ["stream", "hydrated.jsonl", "hydrated-v1.jsonl", "truth"];

/// Writes a seeded Twitter world: `out/stream/*`, `out/hydrated.jsonl`, `out/hydrated-v1.jsonl` and `out/truth/*`.
///
/// They appear only when they are complete; until then everything lies in `out/.partial-world`. The same `params` give
/// the same bytes. Members are made by all threads of the current rayon pool. 200,000 tweets are 640 MB of JSON and take 105 MB of
/// memory and 8 seconds of CPU time as gz, 90 as bz2 (`examples/twitter_speed.rs` on two cores of an AMD Zen 4).
///
/// ```
/// let out = std::env::temp_dir().join(format!("populi-simulate-twitter-{}", std::process::id()));
/// let params = populi_simulate::TwitterParams { tweets: 300, ..Default::default() };
/// let summary = populi_simulate::twitter(&params, &out)?;
/// assert!(summary.lines > 300 && out.join("truth/manifest.json").exists());
/// # std::fs::remove_dir_all(out).ok();
/// # Ok::<(), populi_simulate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Option`] where an option is out of range, [`Error::Occupied`] where `out` already holds something under these
/// names, [`Error::Write`] where a file cannot be written.
pub fn twitter(params: &TwitterParams, out: &Path) -> Result<TwitterSummary> {
    params.check()?;
    for name in NAMES {
        let path = out.join(name);
        if path.exists() {
            return Err(Error::Occupied { path });
        }
    }
    let partial = out.join(PARTIAL);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(at(&partial))?;
    }
    let world = history::live(params);
    let written = archive::write(&world, params, &partial)?;
    let asked = write_hydrated(&world, &partial)?;
    let (files, truth) = ([&written.files[..], &asked], partial.join("truth"));
    let told = truth::tell(&world, params, files, Read::Stream, &truth)?;
    truth::tell(&world, params, files, Read::All, &truth.join("hydrated"))?;
    for name in NAMES {
        let target = out.join(name);
        fs::rename(partial.join(name), &target).map_err(at(&target))?;
    }
    fs::remove_dir(&partial).map_err(at(&partial))?;
    Ok(TwitterSummary {
        tweets: told.counts.tweets,
        members: written.files.iter().map(|file| file.members.len()).sum(),
        files: written.files.len(),
        lines: told.total.r#in,
        unpacked_bytes: written.unpacked_bytes,
        bytes: written.files.iter().map(|file| file.bytes).sum(),
        posts: told.counts.posts,
        tombstones: told.counts.tombstones,
        bad: told.total.quarantined,
    })
}

/// Writes the pages and the statuses that were asked for.
fn write_hydrated(world: &World, folder: &Path) -> Result<Vec<DumpFile>> {
    let renderer = Renderer::new(world);
    let hydrated = &world.hydrated;
    let pages: String = hydrated.pages.iter().map(|page| renderer.page(page) + "\n").collect();
    let statuses = hydrated.statuses.iter().map(|&post| renderer.asked(post, true) + "\n");
    let without_id = hydrated.without_id.iter().map(|&post| renderer.asked(post, false) + "\n");
    let statuses: String = statuses.chain(without_id).collect();
    let write = |(name, text): (&str, String)| {
        let path = folder.join(name);
        fs::write(&path, &text).map_err(at(&path))?;
        let (hash, bytes) = (blake3::hash(text.as_bytes()), text.len() as u64);
        Ok(DumpFile { path: name.to_owned(), hash, bytes, members: Vec::new() })
    };
    [("hydrated.jsonl", pages), ("hydrated-v1.jsonl", statuses)].into_iter().map(write).collect()
}
