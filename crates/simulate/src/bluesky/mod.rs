//! The Bluesky world: from options to Jetstream files and their truth.

mod damage;
pub(crate) mod event;
pub(crate) mod files;
mod history;
pub(crate) mod ids;
pub(crate) mod lines;
mod posting;
mod render;
mod render_post;
mod schedule;
pub(crate) mod society;

use std::fs;
use std::path::Path;

use crate::error::{Error, Result, at};
use crate::truth;
use crate::{Params, Summary};

/// Where a world is made before it takes its place; what a killed run left there is replaced.
const PARTIAL: &str = ".partial-world";

/// Writes a seeded Bluesky world: `out/jetstream/DD/HH/*` and `out/truth/*`.
///
/// Both folders appear only when they are complete; until then everything lies in `out/.partial-world`. The same `params`
/// give the same bytes. A world of 500 accounts and 3 days has about 16,000 lines; 5,000 accounts and 30 days about
/// 1.3 million, which take about 300 bytes of memory each.
///
/// ```
/// let out = std::env::temp_dir().join(format!("populi-simulate-{}", std::process::id()));
/// let params = populi_simulate::Params { users: 20, days: 1, ..Default::default() };
/// let summary = populi_simulate::bluesky(&params, &out)?;
/// assert!(summary.lines > 100 && out.join("truth/accounting.json").exists());
/// # std::fs::remove_dir_all(out).ok();
/// # Ok::<(), populi_simulate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Option`] where an option is out of range, [`Error::Occupied`] where `out` already holds `jetstream` or `truth`,
/// [`Error::Write`] where a file cannot be written.
pub fn bluesky(params: &Params, out: &Path) -> Result<Summary> {
    params.check()?;
    for name in ["jetstream", "truth"] {
        let path = out.join(name);
        if path.exists() {
            return Err(Error::Occupied { path });
        }
    }
    let partial = out.join(PARTIAL);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(at(&partial))?;
    }
    let mut world = history::live(params);
    lines::scatter(&mut world);
    let lines = lines::lines(&world, params.bad_share);
    let files = files::write(&world, &lines, &partial)?;
    let truth = truth::replay(&world, &lines, &files);
    truth::write(&truth, &world, &partial.join("truth"))?;
    for name in ["jetstream", "truth"] {
        let target = out.join(name);
        fs::rename(partial.join(name), &target).map_err(at(&target))?;
    }
    fs::remove_dir(&partial).map_err(at(&partial))?;
    let total = &truth.accounting.total;
    Ok(Summary {
        users: params.users,
        communities: params.n_communities(),
        files: files.len(),
        lines: total.lines(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        bad: total.quarantined(),
        blank: total.blank,
        duplicates: total.duplicates,
        posts: truth.counts.posts.standing,
        edges: truth.counts.edges,
    })
}
