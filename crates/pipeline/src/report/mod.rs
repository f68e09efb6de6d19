//! The stage that writes the page: everything that the corpus knows, on one sheet.

mod accounting;
mod activity;
mod conversations;
mod map;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use populi_plot::{Agreement, Report, Size, map_png, map_svg, page};
use populi_store::{Snapshot, publish_output};
use serde::Serialize;

use crate::error::io;
use crate::languages::LanguageSummary;
use crate::personas::PersonaSummary;
use crate::progress::{Progress, Unit};
use crate::{Error, Result, summary_of};

/// What every page of ours says in its head.
const MARK: &[u8] = b"<meta name=\"generator\" content=\"populi ";
/// Bytes within which it stands.
const MARK_WITHIN: u64 = 16 << 10;

/// What a report is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportParams {
    /// The page's title; the name of the corpus's folder where there is none.
    pub title: Option<String>,
    /// The recipe, as text, to be quoted on the page.
    pub recipe: String,
    /// Decides which points are shown where there are too many.
    pub seed: u64,
}

/// Where the page and the figures are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportFiles {
    /// The page: one file, no outside request.
    pub page: PathBuf,
    /// The map as a picture.
    pub png: PathBuf,
    /// The map as a drawing.
    pub svg: PathBuf,
}

impl ReportFiles {
    fn in_folder(folder: &Path) -> Self {
        Self { page: folder.join("report.html"), png: folder.join("map.png"), svg: folder.join("map.svg") }
    }
}

/// Writes `report.html`, `map.png` and `map.svg` into `folder`, usually the one that the corpus lies in.
///
/// It shows posts verbatim and is for the owner of the corpus. Time: a pass over posts, actions and conversations;
/// memory: about 200 bytes a conversation.
///
/// Each file is replaced as a whole. Files of these names that somebody else made are not replaced.
///
/// # Errors
/// When the corpus cannot be read, the folder cannot be written, or a file of somebody else is in the way.
pub fn report(
    snapshot: &Snapshot,
    folder: &Path,
    params: &ReportParams,
    progress: &dyn Progress,
) -> Result<ReportFiles> {
    refuse_to_replace(folder)?;
    let files = ReportFiles::in_folder(folder);
    progress.begin("report", None, Unit::Steps);
    let report = gather(snapshot, params)?;
    // The page first: it is what says that the pictures beside it are ours.
    publish_output(&files.page, page(&report)?.as_bytes())?;
    publish_output(&files.png, &map_png(&report, Size::default())?)?;
    publish_output(&files.svg, map_svg(&report, Size::default())?.as_bytes())?;
    progress.end();
    Ok(files)
}

/// Refuses to replace files that an earlier report did not write. A page says what made it; pictures are ours where
/// the page beside them is. [`report`] asks this itself; whoever works long before that asks first.
///
/// # Errors
/// When a file of somebody else is in the way, or a page cannot be read.
pub fn refuse_to_replace(folder: &Path) -> Result<()> {
    let files = ReportFiles::in_folder(folder);
    match File::open(&files.page) {
        Ok(page) => {
            let mut head = Vec::new();
            page.take(MARK_WITHIN).read_to_end(&mut head).map_err(io("read", &files.page))?;
            let is_ours = head.windows(MARK.len()).any(|bytes| bytes == MARK);
            if is_ours { Ok(()) } else { Err(Error::NotOurs { path: files.page.clone() }) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match [&files.png, &files.svg].into_iter().find(|path| path.exists()) {
                Some(path) => Err(Error::NotOurs { path: path.clone() }),
                None => Ok(()),
            }
        }
        Err(error) => Err(io("read", &files.page)(error)),
    }
}

/// Everything that the page says, as plain data.
///
/// # Errors
/// When the corpus cannot be read.
pub fn gather(snapshot: &Snapshot, params: &ReportParams) -> Result<Report> {
    let corpus_name = snapshot
        .folder()
        .file_name()
        .map_or_else(|| "corpus".to_owned(), |name| name.to_string_lossy().into_owned());
    let personas = summary_of::<PersonaSummary>(snapshot.manifest(), "personas");
    let map = map::gather(snapshot, personas.as_ref(), params.seed)?;
    let acts = activity::gather(snapshot)?;
    let accounting = accounting::gather(snapshot)?;
    let why_no_clusters = match &personas {
        None => {
            Some("Personas were not looked for yet: run `populi personas`, then `populi report`.".to_owned())
        }
        Some(personas) => personas.why_none.clone(),
    };
    let languages = summary_of::<LanguageSummary>(snapshot.manifest(), "languages").unwrap_or_default();
    let mut languages: Vec<(String, u64)> = languages.n_posts.into_iter().collect();
    languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let agreement = personas.as_ref().and_then(|personas| {
        let (ari, ami) = personas.ari.zip(personas.ami)?;
        Some(Agreement { ari, ami, label_column: "label".to_owned() })
    });
    let mut notes = accounting.notes;
    notes.extend(snapshot.manifest().stale_steps().map(|step| {
        format!(
            "What the step `{step}` found is of the corpus as it was before the last changes: run it again."
        )
    }));
    Ok(Report {
        title: params.title.clone().unwrap_or_else(|| corpus_name.clone()),
        corpus_name,
        generated_with: concat!("populi ", env!("CARGO_PKG_VERSION")).to_owned(),
        seed: params.seed,
        n_posts: snapshot.n_rows("posts"),
        n_authors: acts.n_actors,
        unit: map.unit,
        map_method: map.method,
        points: map.points,
        n_points_total: map.n_points_total,
        clusters: map.clusters,
        why_no_clusters,
        agreement,
        activity: acts.activity,
        languages,
        actions: acts.by_kind,
        conversations: conversations::gather(snapshot)?,
        accounting: accounting.accounting,
        notes,
        recipe: params.recipe.clone(),
    })
}
