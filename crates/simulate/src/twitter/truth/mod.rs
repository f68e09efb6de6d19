//! What a correct reader of the stream finds, and what it finds once the hydrated files are read too.
//!
//! Everything here is told by the world itself: what was shown when, what was deleted, withheld and scrubbed. No line is
//! read back, and nothing here knows how a line is written.

mod accounting;
mod rows;
mod seen;
mod write;

use std::path::Path;

use super::archive::DumpFile;
use super::params::TwitterParams;
use super::world::World;
use crate::error::Result;

use accounting::Tally;
use rows::Counts;

/// Which files a reader has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Those of the stream.
    Stream,
    /// Those that were asked for later, too.
    All,
}

/// What was counted.
pub(crate) struct Told {
    pub(crate) counts: Counts,
    pub(crate) total: Tally,
}

/// Works the truth out and writes it into `folder`. Rows are made one by one.
pub(crate) fn tell(
    world: &World,
    params: &TwitterParams,
    [files, asked]: [&[DumpFile]; 2],
    read: Read,
    folder: &Path,
) -> Result<Told> {
    let seen = seen::see(world, read);
    let accounting = accounting::account(world, &seen, files, asked, read);
    let counts = rows::count(world, &seen);
    write::manifest(folder, params, &counts, &accounting)?;
    write::lines(&folder.join("posts.jsonl"), rows::posts(world, &seen))?;
    write::lines(&folder.join("accounts.jsonl"), rows::accounts(world, &seen))?;
    let table =
        |name: &str, columns: &str, rows: Vec<String>| write::table(&folder.join(name), columns, rows);
    table("tombstones.tsv", "id\tauthor\treply_to\tconversation_id", rows::tombstones(world, &seen))?;
    table("actions.tsv", "record\tkind\tactor\ttarget\tfound", rows::actions(world, &seen))?;
    table("edges.tsv", "child\tparent\tfound\tchild_stands\tparent_stands", rows::edges(world, &seen))?;
    table("unavailable.tsv", "id\treason", rows::unavailable(world, &seen))?;
    Ok(Told { counts, total: accounting.total })
}
