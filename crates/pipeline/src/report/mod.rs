//! The stage that writes the page: everything that the corpus knows, on one sheet.

mod accounting;
mod activity;
mod conversations;
mod map;
mod quality;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use populi_model::Key;
use populi_model::table::LanguageRow;
use populi_plot::{Agreement, Report, Size, curve_svg, map_png, map_svg, page};
use populi_store::{Snapshot, publish_output};
use serde::Serialize;

use crate::embed::EmbedSummary;
use crate::error::io;
use crate::languages::LanguageSummary;
use crate::personas::PersonaSummary;
use crate::progress::{Progress, Unit};
use crate::select::{Chosen, Selection, in_words};
use crate::{Error, Result, summary_of};

/// The page's name.
const PAGE: &str = "report.html";
/// The names of the pictures beside it: the map as pixels and as a drawing, and the choice of k.
const PICTURES: [&str; 3] = ["map.png", "map.svg", "choice-of-k.svg"];
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
    /// The choice of the number of clusters as a drawing, where there was a choice.
    pub curve: Option<PathBuf>,
    /// Visible posts that the selection left out, by clause.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// What of the corpus the page is about.
pub(crate) struct Shown<'a> {
    snapshot: &'a Snapshot,
    selection: &'a Selection,
    chosen: Chosen,
    /// The posts that are chosen, where a selection was given.
    keys: Option<HashSet<Key>>,
}

impl Shown<'_> {
    /// Whether a post is among those that the page is about.
    fn holds(&self, post: &Key) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys.contains(post))
    }
}

/// Writes `report.html`, `map.png`, `map.svg` and (where k was chosen) `choice-of-k.svg` into `folder`, usually the one that the corpus lies in.
///
/// It shows posts verbatim and is for the owner of the corpus. Time: a pass over posts, actions and conversations;
/// memory: about 200 bytes a conversation, and 40 a selected post.
///
/// With a selection the page is about the posts that it admits, the acts that it admits, and the units of the map that
/// have such a post; the accounting is that of the whole corpus.
///
/// Each file is replaced as a whole. Files of these names that somebody else made are not replaced.
///
/// # Errors
/// When the corpus cannot be read, the selection leaves nothing, the folder cannot be written, or a file of somebody else is in the
/// way.
pub fn report(
    snapshot: &Snapshot,
    folder: &Path,
    params: &ReportParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<ReportFiles> {
    refuse_to_replace(folder)?;
    let selection = selection.resolved(snapshot)?;
    let chosen = Chosen::of(snapshot, &selection, progress)?;
    progress.begin("report", None, Unit::Steps);
    let keys = chosen.keys(snapshot)?;
    let shown = Shown { snapshot, selection: &selection, chosen, keys };
    let report = gather(&shown, params)?;
    let curve = curve_svg(&report, Size { width_px: 1200, height_px: 825 })?;
    let curve_path = folder.join(PICTURES[2]);
    let files = ReportFiles {
        page: folder.join(PAGE),
        png: folder.join(PICTURES[0]),
        svg: folder.join(PICTURES[1]),
        curve: curve.is_some().then(|| curve_path.clone()),
        left_out: shown.chosen.left_out(),
    };
    // The page first: it is what says that the pictures beside it are ours.
    publish_output(&files.page, page(&report)?.as_bytes())?;
    publish_output(&files.png, &map_png(&report, Size::default())?)?;
    publish_output(&files.svg, map_svg(&report, Size::default())?.as_bytes())?;
    match curve {
        Some(curve) => publish_output(&curve_path, curve.as_bytes())?,
        // One of an earlier choice would be of other clusters.
        None => remove_if_there(&curve_path)?,
    }
    progress.end();
    Ok(files)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Refuses to replace files that an earlier report did not write. A page says what made it; pictures are ours where
/// the page beside them is. [`report`] asks this itself; whoever works long before that asks first.
///
/// # Errors
/// When a file of somebody else is in the way, or a page cannot be read.
pub fn refuse_to_replace(folder: &Path) -> Result<()> {
    let page = folder.join(PAGE);
    match File::open(&page) {
        Ok(content) => {
            let mut head = Vec::new();
            content.take(MARK_WITHIN).read_to_end(&mut head).map_err(io("read", &page))?;
            let is_ours = head.windows(MARK.len()).any(|bytes| bytes == MARK);
            if is_ours { Ok(()) } else { Err(Error::NotOurs { path: page }) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match PICTURES.map(|name| folder.join(name)).into_iter().find(|path| path.exists()) {
                Some(path) => Err(Error::NotOurs { path }),
                None => Ok(()),
            }
        }
        Err(error) => Err(io("read", &page)(error)),
    }
}

/// Everything that the page says, as plain data.
///
/// # Errors
/// When the corpus cannot be read.
fn gather(shown: &Shown<'_>, params: &ReportParams) -> Result<Report> {
    let snapshot = shown.snapshot;
    let corpus_name = snapshot
        .folder()
        .file_name()
        .map_or_else(|| "corpus".to_owned(), |name| name.to_string_lossy().into_owned());
    let personas = summary_of::<PersonaSummary>(snapshot.manifest(), "personas");
    let map = map::gather(shown, personas.as_ref(), params.seed)?;
    let acts = activity::gather(shown)?;
    let accounting = accounting::gather(snapshot)?;
    let why_no_clusters = match &personas {
        None => {
            Some("Personas were not looked for yet: run `populi personas`, then `populi report`.".to_owned())
        }
        Some(personas) => personas.why_none.clone(),
    };
    let mut languages: Vec<(String, u64)> = languages(shown)?.n_posts.into_iter().collect();
    languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let agreement = personas.as_ref().and_then(|personas| {
        let (ari, ami) = personas.ari.zip(personas.ami)?;
        Some(Agreement { ari, ami, label_column: "label".to_owned() })
    });
    let mut notes = accounting.notes;
    if let Some(n_posts) = shown.chosen.n_posts() {
        let left_out = shown.chosen.left_out();
        let left_out = if left_out.is_empty() { "none".to_owned() } else { in_words(&left_out) };
        notes.push(format!(
            "This page is about a selection of {n_posts} posts ({}); left out: {left_out}. The accounting is that of all.",
            shown.selection.parameters()
        ));
    }
    let embedded = summary_of::<EmbedSummary>(snapshot.manifest(), "embed");
    notes.extend(
        embedded.and_then(|embedded| embedded.why()).map(|why| format!("The model of the vectors: {why}.")),
    );
    notes.extend(personas.as_ref().and_then(quality::density));
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
        n_posts: shown.chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts")),
        n_authors: acts.n_actors,
        unit: map.unit,
        map_method: map.method,
        points: map.points,
        n_points_total: map.n_points_total,
        clusters: map.clusters,
        why_no_clusters,
        agreement,
        choice: personas.as_ref().and_then(quality::choice),
        stability: personas.as_ref().and_then(quality::stability),
        activity: acts.activity,
        languages,
        actions: acts.by_kind,
        conversations: conversations::gather(shown)?,
        accounting: accounting.accounting,
        notes,
        recipe: params.recipe.clone(),
    })
}

/// Posts by language: as the stage found them, or counted again of those that are chosen.
fn languages(shown: &Shown<'_>) -> Result<LanguageSummary> {
    if shown.keys.is_none() {
        return Ok(summary_of(shown.snapshot.manifest(), "languages").unwrap_or_default());
    }
    let mut found = LanguageSummary::default();
    for row in shown.snapshot.rows::<LanguageRow<'_>>() {
        let row = row?;
        if shown.holds(&row.post_key) {
            let lang = row.lang.as_deref().unwrap_or("unknown");
            *found.n_posts.entry(lang.to_owned()).or_default() += 1;
        }
    }
    Ok(found)
}
