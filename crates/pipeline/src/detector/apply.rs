//! The stage that says of posts whether they are instructions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use populi_detector::{ASKING, Detector, KnownInstructions, Reading};
use populi_model::table::{InstructionRow, PostAsking};
use populi_store::{Corpus, StepOutput, StepSpec};
use populi_text::keyword::Keywords;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::known::{Known, KnownParams};
use crate::embed::{Model, ModelSettings, OpenModel};
use crate::error::io;
use crate::progress::{Progress, Unit};
use crate::select::{Chosen, Selection};
use crate::visible::rows_by_chunk;
use crate::{Error, Outcome, Result, unless_done};

/// Features that are told of each post.
const N_REASONS: usize = 3;

/// Which posts are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those that answer no other.
    #[default]
    Roots,
    /// All.
    Posts,
}

/// How to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyParams {
    /// The detector's file.
    pub detector: PathBuf,
    /// The model of its vectors. `auto`: the one that comes with the program.
    pub model: Model,
    /// How it is reached and asked.
    pub settings: ModelSettings,
    /// Which posts.
    pub which: Which,
    /// The probability from which on a post is an instruction. Default: the detector's own.
    pub threshold: Option<f64>,
    /// Instructions to compare with.
    pub known: KnownParams,
    /// A list of words, phrases and hashtags. Default: the one that comes with the program.
    pub keywords: Option<PathBuf>,
}

/// What [`apply`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApplySummary {
    /// Posts that were judged: rows of the table.
    pub n_posts: u64,
    /// Posts that answer others, and were not asked for.
    pub n_replies: u64,
    /// Posts that the detector calls instructions.
    pub n_instructions: u64,
    /// Posts with an entry of the list of words.
    pub n_with_keyword: u64,
    /// Instructions among these.
    pub n_with_both: u64,
    /// The threshold that was used.
    pub threshold: f64,
    /// Visible posts that the selection left out, by clause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// Judges every visible post that the selection admits and that is asked for: the table `instructions`.
///
/// Time: that of the model, linear in the text; with known instructions n·m·d operations beside. Memory: a few thousand posts, the model, and the
/// vectors of the known instructions.
///
/// # Errors
/// When the corpus cannot be read or written, the detector is none or reads the vectors of another model, or a list cannot be read.
pub fn apply(
    corpus: &mut Corpus,
    params: &ApplyParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Outcome<ApplySummary>> {
    let json = fs::read_to_string(&params.detector).map_err(io("read", &params.detector))?;
    let mut detector = Detector::from_json(&json)
        .map_err(|error| Error::Examples { path: params.detector.clone(), reason: error.to_string() })?;
    if let Some(threshold) = params.threshold {
        if !(0.0..=1.0).contains(&threshold) {
            let got = threshold.to_string();
            return Err(
                populi_detector::Error::Parameter { name: "threshold", got, must_be: "from 0 to 1" }.into()
            );
        }
        detector.threshold = threshold;
    }
    let keywords = read_keywords(params)?;
    let known = Known::read(&params.known)?;
    let model = OpenModel::in_corpus(&params.model, &params.settings, corpus)?;
    check_model(&detector, &model)?;
    let spec = spec(params, &json, &keywords, known.as_ref(), selection);
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        let known =
            known.map(|known| known.embed(&detector, params.known.k, &model, progress)).transpose()?;
        let chosen = Chosen::of(&snapshot, selection, progress)?;
        let mut summary = ApplySummary {
            threshold: detector.threshold,
            left_out: chosen.left_out(),
            ..ApplySummary::default()
        };
        let judge = Judge { detector: &detector, model: &model, keywords: &keywords, known: known.as_ref() };
        progress.begin(
            "detect",
            Some(chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"))),
            Unit::Rows,
        );
        let rows = rows_by_chunk(&snapshot, &chosen, progress, |posts: &[PostAsking<'static>]| {
            let asked = |post: &&PostAsking<'_>| params.which == Which::Posts || post.reply_to_key.is_none();
            let judged: Vec<&PostAsking<'_>> = posts.iter().filter(asked).collect();
            progress.advance((posts.len() - judged.len()) as u64);
            summary.n_replies += (posts.len() - judged.len()) as u64;
            let rows = judge.rows(&judged, progress)?;
            summary.count(&rows);
            Ok(rows)
        });
        let mut output = StepOutput::new(&snapshot);
        output.write(rows)?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        progress.end();
        Ok(summary)
    })
}

fn spec(
    params: &ApplyParams,
    detector: &str,
    keywords: &Keywords,
    known: Option<&Known>,
    selection: &Selection,
) -> StepSpec {
    let mut inputs = vec!["posts", "accounts"];
    inputs.extend(selection.asks_for_languages().then_some("languages"));
    let hash = |text: &str| blake3::hash(text.as_bytes()).to_hex().to_string();
    StepSpec {
        step: "instructions",
        step_version: 1,
        parameters: serde_json::json!({
            "detector": hash(detector),
            "threshold": params.threshold,
            "which": params.which,
            "keywords": hash(&keywords.canonical()),
            "known": known.map(|known| &known.hash),
            "k": known.map(|_| params.known.k),
            "select": selection.parameters(),
        }),
        inputs: inputs.into_iter().map(str::to_owned).collect(),
    }
}

fn read_keywords(params: &ApplyParams) -> Result<Keywords> {
    let Some(path) = &params.keywords else { return Ok(Keywords::read(ASKING)?) };
    let list = fs::read_to_string(path).map_err(io("read", path))?;
    Keywords::read(&list).map_err(|error| Error::Examples { path: path.clone(), reason: error.to_string() })
}

/// Refuses a detector of other vectors.
fn check_model(detector: &Detector, model: &OpenModel) -> Result<()> {
    let got = model.fingerprint();
    if detector.model.fingerprint == got {
        return Ok(());
    }
    let short = |fingerprint: &str| fingerprint.chars().take(12).collect::<String>();
    Err(Error::OtherModel {
        detector: detector.model.name.clone(),
        wanted: short(&detector.model.fingerprint),
        model: model.name().to_owned(),
        got: short(&got),
    })
}

/// All that a post is judged by.
struct Judge<'a> {
    detector: &'a Detector,
    model: &'a OpenModel,
    keywords: &'a Keywords,
    known: Option<&'a KnownInstructions>,
}

impl Judge<'_> {
    fn rows(
        &self,
        posts: &[&PostAsking<'_>],
        progress: &dyn Progress,
    ) -> Result<Vec<InstructionRow<'static>>> {
        let readings: Vec<Reading> = posts.par_iter().map(|post| self.detector.read(&post.text)).collect();
        let bodies: Vec<&str> = readings.iter().map(|reading| reading.body.as_str()).collect();
        let vectors = self.model.vectors(&bodies, progress)?;
        let similarity = self.known.map(|known| known.similarity(&vectors)).transpose()?;
        let row = |(at, post): (usize, &&PostAsking<'_>)| {
            let verdict = self.detector.judge(&readings[at], vectors.row(at))?;
            let told = verdict.contributions.iter().take(N_REASONS).filter(|part| part.points != 0.0);
            let reasons = told.map(|part| Cow::Owned(format!("{} {:+.2}", part.name, part.points))).collect();
            let keyword = self.keywords.found(&post.text, &post.hashtags, &mut String::new());
            Ok(InstructionRow {
                post_key: post.post_key,
                probability: verdict.probability as f32,
                is_instruction: verdict.is_instruction,
                similarity: similarity.as_ref().map(|similarity| similarity[at]),
                keyword: keyword.map(Cow::Owned),
                reasons,
            })
        };
        posts.par_iter().enumerate().map(row).collect()
    }
}

impl ApplySummary {
    fn count(&mut self, rows: &[InstructionRow<'_>]) {
        for row in rows {
            self.n_posts += 1;
            self.n_instructions += u64::from(row.is_instruction);
            self.n_with_keyword += u64::from(row.keyword.is_some());
            self.n_with_both += u64::from(row.is_instruction && row.keyword.is_some());
        }
    }
}
