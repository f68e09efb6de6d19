//! From files of texts to a detector, its card and its curve.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use populi_detector::{
    Detector, ExampleParams, ExampleVectors, Examples, Form, Judge, Judgement, Reading, Side, SourceCard,
    TestParams, TrainParams, VectorModel, card,
};
use populi_geometry::Matrix;
use populi_plot::{PrCurve, PrecisionRecall, Size, precision_recall_svg};
use populi_store::publish_output;
use serde::Serialize;

use super::sources::{self, NamedFile};
use crate::embed::{Model, ModelSettings, OpenModel};
use crate::export::Existing;
use crate::progress::{Progress, Unit, stop_if_asked};
use crate::{Error, Result};

/// The detector.
const DETECTOR: &str = "detector.json";
/// What people should know of it.
const CARD: &str = "card.md";
/// Precision against recall.
const CURVE: &str = "pr.svg";
/// Where vectors of dear models are kept.
const CACHE: &str = "cache";

/// What to train on, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainFilesParams {
    /// Files of instructions.
    pub positive: Vec<NamedFile>,
    /// Files of other texts.
    pub negative: Vec<NamedFile>,
    /// The folder for the detector, its card and its curve.
    pub out: PathBuf,
    /// What to do with a detector that is there already.
    pub existing: Existing,
    /// The model of the vectors; `auto` is the one that comes with the program.
    pub model: Model,
    /// How it is reached and asked.
    pub settings: ModelSettings,
    /// Whether links, mentions, hashtags, emoji and the case of letters are counted.
    pub marks: bool,
    /// Which texts of the sources are used.
    pub examples: ExampleParams,
    /// How the detector is fitted and tested.
    pub test: TestParams,
}

/// What [`train`] made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainSummary {
    /// The detector.
    pub detector: PathBuf,
    /// What people should know of it.
    pub card: PathBuf,
    /// Precision against recall.
    pub curve: PathBuf,
    /// The model of the vectors.
    pub model: String,
    /// What became of the texts of each source.
    pub sources: Vec<SourceCard>,
    /// Each judge on all pairs of sources left out.
    pub left_out: Vec<Judgement>,
    /// The same, where texts lost case and punctuation.
    pub left_out_stripped: Vec<Judgement>,
    /// The area under the ROC curve of the detector, for each pair of sources left out.
    pub pairs: Vec<PairSummary>,
    /// The probability from which on a post is called an instruction.
    pub threshold: f64,
}

/// A pair of sources that were left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairSummary {
    /// The source of instructions.
    pub positive: String,
    /// The other one.
    pub negative: String,
    /// The area under the ROC curve of the detector.
    pub roc_auc: f64,
    /// The same, where texts lost case and punctuation.
    pub roc_auc_stripped: f64,
}

/// Trains a detector on files, and tests it on each pair of a positive and a negative source left out. The same files, parameters and seed give
/// the same bytes, at any number of threads.
///
/// Time: that of the model over all texts twice, and of 2·(p·n + 6) fits for p positive and n negative sources. Memory: some four copies of the
/// vectors of the texts that are used.
///
/// # Errors
/// When a file cannot be read as texts, a side has fewer than two sources or a source fewer than ten texts of its own, the model is not there, or
/// a detector is in the way.
pub fn train(params: &TrainFilesParams, progress: &dyn Progress) -> Result<TrainSummary> {
    let outputs = [DETECTOR, CARD, CURVE].map(|name| params.out.join(name));
    check_output(&params.out, &outputs, params.existing)?;
    progress.begin("read", None, Unit::Steps);
    let mut sources = sources::read(&params.positive, Side::Positive)?;
    for source in sources::read(&params.negative, Side::Negative)? {
        if sources.iter().any(|known| known.name == source.name) {
            let reason = format!(
                "a source called {:?} is on both sides: give one of them another name, as in NAME=FILE",
                source.name
            );
            return Err(Error::Examples { path: source.name.into(), reason });
        }
        sources.push(source);
    }
    let examples = Examples::of(sources, &params.examples)?;
    progress.end();

    let model = OpenModel::with_cache(&params.model, &params.settings, &params.out.join(CACHE))?;
    let [plain, stripped] =
        [Form::Plain, Form::Stripped].map(|form| vectors(&examples, form, &model, progress));
    let vector_model = VectorModel {
        name: model.name().to_owned(),
        fingerprint: model.fingerprint(),
        n_dims: model.n_dims(),
    };
    let vectors = ExampleVectors { model: &vector_model, plain: &plain?, stripped: &stripped? };
    let train = TrainParams { marks: params.marks, test: params.test, examples: params.examples };
    progress.begin("fit", Some(Detector::n_fits(&examples)), Unit::Steps);
    let detector = Detector::train(&examples, vectors, &train, &mut || {
        progress.advance(1);
        if progress.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    progress.end();

    let figure = precision_recall_svg(&curves(&detector), Size::default())?;
    let contents = [detector.to_json()?, card(&detector, Some(CURVE)), figure];
    // The detector last: where it is, the rest is.
    for (path, content) in outputs.iter().zip(&contents).rev() {
        publish_output(path, content.as_bytes())?;
    }
    let [detector_path, card_path, curve_path] = outputs;
    Ok(summary(detector, [detector_path, card_path, curve_path]))
}

fn summary(detector: Detector, [path, card, curve]: [PathBuf; 3]) -> TrainSummary {
    let auc = |pair: &populi_detector::Pair| {
        pair.judgements.first().map_or(f64::NAN, |found| found.figures.roc_auc.value)
    };
    let pairs =
        detector.evaluation.pairs.iter().zip(&detector.stripped.pairs).map(|(plain, stripped)| PairSummary {
            positive: plain.positive.clone(),
            negative: plain.negative.clone(),
            roc_auc: auc(plain),
            roc_auc_stripped: auc(stripped),
        });
    TrainSummary {
        detector: path,
        card,
        curve,
        pairs: pairs.collect(),
        model: detector.model.name,
        sources: detector.sources,
        left_out: detector.evaluation.together,
        left_out_stripped: detector.stripped.together,
        threshold: detector.threshold,
    }
}

/// What is read of the examples in a form, as vectors.
fn vectors(examples: &Examples, form: Form, model: &OpenModel, progress: &dyn Progress) -> Result<Matrix> {
    stop_if_asked(progress)?;
    let bodies: Vec<String> = examples.texts.iter().map(|text| Reading::of(text, form).body).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    progress.begin("embed", Some(bodies.len() as u64), Unit::Rows);
    let vectors = model.vectors(&bodies, progress)?;
    progress.end();
    Ok(vectors)
}

fn curves(detector: &Detector) -> PrecisionRecall {
    let curve = |name: &str, evaluation: &populi_detector::Evaluation| PrCurve {
        name: name.to_owned(),
        points: evaluation.curve.iter().map(|point| (point.recall, point.precision)).collect(),
    };
    let found = detector.evaluation.together.iter().find(|found| found.judge == Judge::Detector);
    let chosen = found.map(|found| {
        let (recall, fall_out) = (found.figures.recall.value, found.figures.false_positive_rate.value);
        (recall, recall / (recall + fall_out).max(f64::MIN_POSITIVE))
    });
    PrecisionRecall {
        title: "Is this post an instruction?".to_owned(),
        about:
            "Sources that were left out of training, all pairs together; every second text is an instruction"
                .to_owned(),
        curves: vec![
            curve("detector", &detector.evaluation),
            curve("detector, texts without case and punctuation", &detector.stripped),
            PrCurve { name: "always true".to_owned(), points: vec![(0.0, 0.5), (1.0, 0.5)] },
        ],
        chosen,
    }
}

/// Refuses, before the work, what may not be replaced.
fn check_output(out: &Path, outputs: &[PathBuf], existing: Existing) -> Result<()> {
    let refuse = |path: &Path, reason| Err(Error::Output { path: path.to_owned(), reason });
    if out.exists() && !out.is_dir() {
        return refuse(out, "this is a file: name a folder");
    }
    match outputs.iter().find(|path| path.exists()) {
        Some(path) if existing == Existing::Refuse => {
            refuse(path, "there is a file already: choose another folder, or replace it with --overwrite")
        }
        _ => Ok(()),
    }
}
