//! The whole way on a simulated world, for a first look.

use std::fs::{File, TryLockError};
use std::path::Path;

use populi_dataset::Card;
use populi_store::{Snapshot, publish_output};
use serde::Serialize;

use crate::error::io;
use crate::export::{Existing, ExportParams, KeySource, Style, export_personas};
use crate::progress::{Progress, Unit, stop_if_asked};
use crate::recipe::Recipe;
use crate::run::{RunSummary, run};
use crate::select::SelectParams;
use crate::{Error, Result};

/// The file that says that a folder is the demo's own.
const RECIPE: &str = "populi.toml";
/// Its first line.
const MARK: &str = "# The recipe of `populi demo`.";
/// Where the simulated world is.
const WORLD: &str = "world";
/// Where it is made: it takes its place only when it is whole.
const NEW_WORLD: &str = "new-world";

/// Where the clusters are written.
const EXPORT: &str = "personas";

/// What a demo did and found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DemoSummary {
    /// Every stage.
    #[serde(flatten)]
    pub run: RunSummary,
    /// What was exported, under the key that everybody can read in the source.
    pub export: Card,
}

/// Simulates 500 Bluesky users over three days in `out`, runs everything over them, exports the clusters under the
/// published test key, and says what came of it. A demo that was interrupted continues; a folder that is not the demo's is refused.
///
/// # Errors
/// When the folder holds something else or cannot be written, or a stage fails.
pub fn demo(out: &Path, progress: &dyn Progress) -> Result<DemoSummary> {
    let recipe_path = out.join(RECIPE);
    claim(out, &recipe_path)?;
    // Held until the demo ends, however it ends.
    let recipe = File::open(&recipe_path).map_err(io("open", &recipe_path))?;
    match recipe.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::DemoRuns { path: out.to_owned() }),
        Err(TryLockError::Error(error)) => return Err(io("lock", &recipe_path)(error)),
    }
    if !out.join(WORLD).exists() {
        simulate(out, progress)?;
    }
    let recipe = Recipe::load(&recipe_path)?;
    let run = run(&recipe, progress)?;
    let params = ExportParams {
        out: out.join(EXPORT),
        style: Style::default(),
        context: ExportParams::CONTEXT,
        min_group: ExportParams::MIN_GROUP,
        existing: Existing::Replace,
        key: Some(KeySource::Published),
    };
    let export = export_personas(&Snapshot::open(&recipe.corpus)?, &params, progress)?;
    Ok(DemoSummary { run, export })
}

/// Makes the world aside and puts it into its place, so that an interruption leaves none or a whole one.
fn simulate(out: &Path, progress: &dyn Progress) -> Result<()> {
    progress.begin("simulate", None, Unit::Steps);
    let (new, world) = (out.join(NEW_WORLD), out.join(WORLD));
    match std::fs::remove_dir_all(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io("remove", &new)(error)),
        _ => populi_simulate::bluesky(&populi_simulate::Params::default(), &new)?,
    };
    stop_if_asked(progress)?;
    std::fs::rename(&new, &world).map_err(io("rename to", &world))?;
    progress.end();
    Ok(())
}

/// Makes the folder the demo's own, or finds that it is.
fn claim(out: &Path, recipe_path: &Path) -> Result<()> {
    match std::fs::read_to_string(recipe_path) {
        Ok(text) if text.starts_with(MARK) => return Ok(()),
        Ok(_) => return Err(Error::NotADemo { path: out.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("read", recipe_path)(error)),
    }
    // An interruption in the very beginning leaves the recipe unpublished.
    let is_ours = |name: &std::ffi::OsStr| name.to_string_lossy() == format!("{RECIPE}.unpublished");
    let is_taken = match std::fs::read_dir(out) {
        Ok(mut entries) => entries.any(|entry| entry.is_ok_and(|entry| !is_ours(&entry.file_name()))),
        Err(_) => false,
    };
    if is_taken {
        return Err(Error::NotADemo { path: out.to_owned() });
    }
    let mut recipe = Recipe::of_bluesky("corpus".into(), vec![Path::new(WORLD).join("jetstream")]);
    recipe.personas.select = Some(SelectParams { lang: vec!["en".to_owned()], ..SelectParams::default() });
    recipe.report.title = Some("A simulated Bluesky".to_owned());
    let text = format!("{MARK}\n# Change it and run `populi run populi.toml`.\n\n{}", recipe.to_toml()?);
    Ok(publish_output(recipe_path, text.as_bytes())?)
}
