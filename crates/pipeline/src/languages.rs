//! The stage that tells the language of every visible post.

use std::borrow::Cow;
use std::collections::BTreeMap;

use populi_model::table::{LanguageRow, PostText};
use populi_store::{Corpus, StepOutput, StepSpec};
use populi_text::language;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::progress::{Progress, Unit};
use crate::select::Chosen;
use crate::visible::rows_by_chunk;
use crate::{Outcome, Result, unless_done};

/// What [`languages`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LanguageSummary {
    /// Posts by language; `unknown` where the model is not sure.
    pub n_posts: BTreeMap<String, u64>,
}

/// Detects the language of every visible post. Time linear in the text, memory a few thousand posts.
///
/// # Errors
/// When the corpus cannot be read or written.
pub fn languages(corpus: &mut Corpus, progress: &dyn Progress) -> Result<Outcome<LanguageSummary>> {
    let spec = StepSpec {
        step: "languages",
        step_version: 1,
        parameters: serde_json::json!({ "model": language::MODEL, "min_confidence": language::MIN_CONFIDENCE }),
        inputs: ["posts", "accounts"].map(str::to_owned).to_vec(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        progress.begin("languages", Some(snapshot.n_rows("posts")), Unit::Rows);
        let mut summary = LanguageSummary::default();
        // Of every visible post: what a selection is made by cannot depend on one.
        let chosen = Chosen::all(&snapshot)?;
        let rows = rows_by_chunk(&snapshot, &chosen, progress, |posts: &[PostText<'static>]| {
            let rows: Vec<LanguageRow<'static>> = posts.par_iter().map(detect).collect();
            progress.advance(posts.len() as u64);
            for row in &rows {
                let lang = row.lang.as_deref().unwrap_or("unknown");
                *summary.n_posts.entry(lang.to_owned()).or_default() += 1;
            }
            Ok(rows)
        });
        let mut output = StepOutput::new(&snapshot);
        output.write(rows)?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

fn detect(post: &PostText<'static>) -> LanguageRow<'static> {
    let found = language::detect(&post.text);
    LanguageRow {
        post_key: post.post_key,
        lang: found.map(|found| Cow::Borrowed(found.lang)),
        confidence: found.map(|found| found.confidence),
        model: Cow::Borrowed(language::MODEL),
    }
}
