//! Writes the truth as files: posts and accounts as JSON lines, the other tables as TSV with a header, all sorted; counts as
//! JSON.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::accounting::Accounting;
use super::rows::Counts;
use crate::error::{Error, Result, at};
use crate::twitter::params::TwitterParams;

/// What each file holds and by which rules.
const README: &str = include_str!("README.md");

/// Writes the README and `manifest.json` into `folder`, which is made.
pub(super) fn manifest(
    folder: &Path,
    params: &TwitterParams,
    counts: &Counts,
    accounting: &Accounting,
) -> Result<()> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let readme = folder.join("README.md");
    fs::write(&readme, README).map_err(at(&readme))?;
    let path = folder.join("manifest.json");
    let text = serde_json::to_string_pretty(&Manifest { settings: params, counts, accounting })
        .map_err(|source| Error::Json { path: path.clone(), source })?;
    fs::write(&path, text + "\n").map_err(at(&path))
}

#[derive(Serialize)]
struct Manifest<'t> {
    settings: &'t TwitterParams,
    counts: &'t Counts,
    accounting: &'t Accounting,
}

/// Writes a row a line.
pub(super) fn lines<R: Serialize>(path: &Path, rows: impl Iterator<Item = R>) -> Result<()> {
    let mut file = BufWriter::new(File::create(path).map_err(at(path))?);
    for row in rows {
        serde_json::to_writer(&mut file, &row)
            .map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
        file.write_all(b"\n").map_err(at(path))?;
    }
    file.flush().map_err(at(path))
}

/// Writes rows in their order, below a header.
pub(super) fn table(path: &Path, columns: &str, mut rows: Vec<String>) -> Result<()> {
    rows.sort_unstable();
    let mut file = BufWriter::new(File::create(path).map_err(at(path))?);
    writeln!(file, "{columns}").map_err(at(path))?;
    for row in rows {
        writeln!(file, "{row}").map_err(at(path))?;
    }
    file.flush().map_err(at(path))
}
