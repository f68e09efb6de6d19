//! The stage that finds what of the posts is no conversation of people: too short, said before, or posted by a machine.
//!
//! 1. Every text in the form in which texts are compared, equal ones as one (`texts.rs`).
//! 2. Near-duplicates among the texts that differ, by their sketches (`near.rs`).
//! 3. What authors do: how often, how much of the same (`authors.rs`).
//! 4. A row a post with all of it, and the verdict (`findings.rs`). Nothing is taken away from the corpus.

mod authors;
mod findings;
mod near;
mod texts;

use std::collections::BTreeMap;

use populi_model::table::{CleaningRow, PostBody};
use populi_store::{Corpus, Snapshot, StepOutput, StepSpec};
use serde::{Deserialize, Serialize};

use crate::progress::{Progress, Unit, stop_if_asked};
use crate::select::{Chosen, Selection};
use crate::visible::{CHUNK_POSTS, visible_posts};
use crate::{Error, Outcome, Result, unless_done};

use authors::Authors;
pub use findings::Finding;
use findings::Judge;
use near::NearDuplicates;
use texts::Texts;

/// What is left out, and from where on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CleanParams {
    /// Characters that the body of a post has at least. Default 1.
    pub min_length: u32,
    /// The Jaccard similarity of character 5-grams from which on two texts are near-duplicates. Default 0.8.
    pub near_duplicate: f64,
    /// Posts a day, on days with posts, that an author writes at most. Default 144: one every ten minutes, day and night.
    pub max_posts_per_day: f64,
    /// The share of an author's posts that may say nearly the same as another one of theirs; it counts for authors of
    /// 5 posts or more. Default 0.5.
    pub max_repeated: f64,
    /// Clients that post by themselves, beside those that are known.
    pub automated_client: Vec<String>,
    /// Findings that are told but leave no post out.
    pub allow: Vec<Finding>,
}

impl Default for CleanParams {
    fn default() -> Self {
        Self {
            min_length: 1,
            near_duplicate: 0.8,
            max_posts_per_day: 144.0,
            max_repeated: 0.5,
            automated_client: Vec::new(),
            allow: Vec::new(),
        }
    }
}

impl CleanParams {
    /// Checks what can be known before anything is read.
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn check(&self) -> Result<()> {
        let refuse = |name, got: f64, expected| {
            Err(Error::Text(populi_text::Error::Parameter { name, got: got.to_string(), expected }))
        };
        if !(self.near_duplicate > 0.0 && self.near_duplicate <= 1.0) {
            return refuse("near_duplicate", self.near_duplicate, "above 0 and at most 1");
        }
        if !(0.0..=1.0).contains(&self.max_repeated) {
            return refuse("max_repeated", self.max_repeated, "between 0 and 1");
        }
        if self.max_posts_per_day.is_nan() || self.max_posts_per_day < 0.0 {
            return refuse("max_posts_per_day", self.max_posts_per_day, "0 or more");
        }
        Ok(())
    }
}

/// What [`clean`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CleanSummary {
    /// Posts.
    pub n_posts: u64,
    /// Posts that are kept.
    pub n_kept: u64,
    /// Posts by what was found of them; a post may be among several.
    pub findings: BTreeMap<String, u64>,
    /// Texts that differ in the form in which they are compared.
    pub n_texts: u64,
    /// Groups of near-duplicates among them.
    pub n_near_groups: u64,
    /// Posts by the kind of their client: `official`, `automated`, `other`, or `unknown` where none is told.
    pub clients: BTreeMap<String, u64>,
    /// Visible posts that the selection left out, by clause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// Judges every visible post that the selection admits. What is a duplicate of what is decided among these.
///
/// Time: three passes over the texts, about 20 MB of text a second and core, and a comparison of near-duplicates with one another.
/// Memory: about 24 bytes a post and 150 a text that differs, and the texts that may be near-duplicates.
///
/// # Errors
/// When a setting is out of its range, the corpus cannot be read or written, or the selection leaves nothing.
pub fn clean(
    corpus: &mut Corpus,
    params: &CleanParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Outcome<CleanSummary>> {
    params.check()?;
    let judge = Judge::new(params);
    let mut inputs = vec!["posts", "accounts"];
    inputs.extend(selection.asks_for_languages().then_some("languages"));
    let spec = StepSpec {
        step: "clean",
        step_version: 1,
        parameters: serde_json::json!({ "clean": judge.parameters(), "select": selection.parameters() }),
        inputs: inputs.into_iter().map(str::to_owned).collect(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        let chosen = Chosen::of(&snapshot, selection, progress)?;
        let n_posts = chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"));

        progress.begin("clean", Some(n_posts), Unit::Rows);
        let mut authors = Authors::default();
        let (mut texts, sketches) = Texts::read(bodies(&snapshot, &chosen), progress, |post, text| {
            authors.add(post, text);
        })?;
        progress.end();
        let near =
            NearDuplicates::find(sketches, params.near_duplicate, &texts, || bodies(&snapshot, &chosen))?;
        stop_if_asked(progress)?;
        let authors = authors.told(|text| near.group_of(text));
        texts.forget_keys();

        progress.begin("findings", Some(n_posts), Unit::Rows);
        let mut summary = CleanSummary {
            n_texts: texts.len() as u64,
            n_near_groups: near.n_groups(),
            left_out: chosen.left_out(),
            ..CleanSummary::default()
        };
        let rows = bodies(&snapshot, &chosen).enumerate().map(|(i, post)| {
            let post = post?;
            if i % CHUNK_POSTS == 0 {
                stop_if_asked(progress)?;
            }
            let row = judge.row(&post, &texts, i, &near, authors.of(i));
            summary.count(&row, judge.client_kind(post.client.as_deref()));
            progress.advance(1);
            Ok::<_, Error>(row)
        });
        let mut output = StepOutput::new(&snapshot);
        output.write(rows)?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

/// The posts, in the order of the table.
fn bodies(snapshot: &Snapshot, chosen: &Chosen) -> impl Iterator<Item = Result<PostBody<'static>>> + use<> {
    visible_posts::<PostBody<'static>>(snapshot, chosen)
}

impl CleanSummary {
    fn count(&mut self, row: &CleaningRow<'_>, client: &str) {
        self.n_posts += 1;
        self.n_kept += u64::from(row.keep);
        for reason in &row.reasons {
            *self.findings.entry(reason.to_string()).or_default() += 1;
        }
        *self.clients.entry(client.to_owned()).or_default() += 1;
    }
}
