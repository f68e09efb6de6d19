//! What a detector is worth on sources that it has never seen.
//!
//! For every positive and every negative source, both are left out together, a detector is trained on the others, and judges the texts of the two.
//! What is good only because it knows how the texts of a source look is then of no use. Also the curve from scores to probabilities and the
//! threshold with which a pair is judged come from pairs that share no source with it.
//!
//! Beside it stand the same figures of texts whose sources were all seen (five folds), and three judges that are no detectors: one that always
//! says yes, one that looks for a question mark, and one that only tells sources apart (`source_classifier.rs`).

use std::ops::ControlFlow;

use populi_geometry::{Matrix, MatrixView};
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::examples::{Examples, Side};
use crate::features::FeatureParams;
use crate::logistic::{Logistic, LogisticParams, sigmoid};
use crate::measures::{
    Bin, CurvePoint, Figures, Judged, Resampling, best_threshold, measure, precision_recall, reliability,
};
use crate::scaling::Scaling;
use crate::source_classifier::SourceClassifier;
use crate::surface::SURFACE_NAMES;
use crate::{Error, Result};

/// Folds of the texts whose sources were all seen.
const N_FOLDS: usize = 5;

/// How a detector is tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestParams {
    /// How it is fitted.
    pub logistic: LogisticParams,
    /// Resamples for the intervals. Default 200.
    pub n_bootstraps: usize,
    /// Decides them.
    pub seed: u64,
}

impl Default for TestParams {
    fn default() -> Self {
        Self { logistic: LogisticParams::default(), n_bootstraps: 200, seed: 0 }
    }
}

/// Who judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    /// The detector.
    Detector,
    /// Only tells sources apart.
    SourceClassifier,
    /// Looks for a question mark.
    QuestionMark,
    /// Says yes.
    AlwaysTrue,
}

impl Judge {
    /// All of them, the detector first.
    pub const ALL: [Self; 4] = [Self::Detector, Self::SourceClassifier, Self::QuestionMark, Self::AlwaysTrue];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::SourceClassifier => "sources alone",
            Self::QuestionMark => "question mark",
            Self::AlwaysTrue => "always true",
        }
    }
}

/// One judge on some texts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Who.
    pub judge: Judge,
    /// How well.
    pub figures: Figures,
}

/// A positive and a negative source that were left out together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The source of instructions.
    pub positive: String,
    /// The other one.
    pub negative: String,
    /// Texts of the first.
    pub n_positive: u64,
    /// Texts of the second.
    pub n_negative: u64,
    /// In the order of [`Judge::ALL`].
    pub judgements: Vec<Judgement>,
}

/// What the test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The features.
    pub features: FeatureParams,
    /// Each pair that was left out.
    pub pairs: Vec<Pair>,
    /// All of them together, each pair weighing alike, in the order of [`Judge::ALL`].
    pub together: Vec<Judgement>,
    /// The detector where all sources were seen.
    pub seen: Figures,
    /// Probabilities against shares, of all pairs.
    pub reliability: Vec<Bin>,
    /// Precision against recall, of all pairs.
    pub curve: Vec<CurvePoint>,
}

/// What is fitted on all texts, and what the pairs say of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tested {
    pub(crate) scaling: Scaling,
    pub(crate) logistic: Logistic,
    pub(crate) calibration: Calibration,
    pub(crate) threshold: f64,
    pub(crate) evaluation: Evaluation,
}

/// Fits that [`test`] makes.
pub(crate) fn n_fits(examples: &Examples) -> u64 {
    let n = |side| examples.of_side(side).len() as u64;
    1 + N_FOLDS as u64 + n(Side::Positive) * n(Side::Negative)
}

/// Fits on all `rows [n, d]` (those of `features`, whose vectors have `n_dims`), and on all but each pair. `watch` is called after each fit.
pub(crate) fn test(
    rows: &Matrix,
    n_dims: usize,
    features: FeatureParams,
    examples: &Examples,
    params: &TestParams,
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Tested> {
    let everyone: Vec<usize> = (0..rows.n_rows()).collect();
    let bench = Bench { rows, question_mark: n_dims + question_mark_column(), examples, params };
    let (scaling, logistic) = bench.fit(&everyone, None)?;
    tell(watch)?;
    let mut trials = Vec::new();
    for positive in examples.of_side(Side::Positive) {
        for negative in examples.of_side(Side::Negative) {
            trials.push(bench.leave_out(positive, negative, &logistic)?);
            tell(watch)?;
        }
    }
    let seen = bench.seen(&logistic, watch)?;
    let calibration = bench.calibrate(trials.iter())?;
    let (mut pairs, mut judged) = (Vec::new(), [(); 4].map(|()| Vec::new()));
    for (number, trial) in trials.iter().enumerate() {
        let others: Vec<&Trial> = trials.iter().filter(|other| other.shares_nothing_with(trial)).collect();
        let calibration = bench.calibrate(others.iter().copied())?;
        let threshold = best_threshold(&bench.detected(others.iter().copied(), &calibration, 0.0));
        let found = Judge::ALL.map(|judge| bench.judged(trial, judge, &calibration, threshold));
        let judgements = bench.figures(&found, &[trial.positive, trial.negative], number as u32 + 1);
        pairs.push(Pair {
            positive: examples.sources[trial.positive].name.clone(),
            negative: examples.sources[trial.negative].name.clone(),
            n_positive: examples.sources[trial.positive].n_used,
            n_negative: examples.sources[trial.negative].n_used,
            judgements,
        });
        judged.iter_mut().zip(found).for_each(|(all, of_pair)| all.extend(of_pair));
    }
    let all_sources: Vec<usize> = (0..examples.sources.len()).collect();
    let evaluation = Evaluation {
        features,
        pairs,
        together: bench.figures(&judged, &all_sources, 0),
        seen,
        reliability: reliability(&judged[0]),
        curve: precision_recall(&judged[0]),
    };
    let threshold = best_threshold(&bench.detected(trials.iter(), &calibration, 0.0));
    Ok(Tested { scaling, logistic, calibration, threshold, evaluation })
}

fn tell(watch: &mut dyn FnMut() -> ControlFlow<()>) -> Result<()> {
    if watch().is_break() { Err(Error::Stopped) } else { Ok(()) }
}

fn question_mark_column() -> usize {
    SURFACE_NAMES.iter().position(|name| *name == "question mark").unwrap_or_default()
}

/// What all trials share.
struct Bench<'a> {
    rows: &'a Matrix,
    /// The column that is 1 where there is a question mark.
    question_mark: usize,
    examples: &'a Examples,
    params: &'a TestParams,
}

/// What two judges who have never seen the two sources say of their texts.
struct Trial {
    positive: usize,
    negative: usize,
    texts: Vec<usize>,
    /// Of the detector.
    scores: Vec<f64>,
    /// Of the classifier of sources.
    likeness: Vec<f64>,
}

impl Trial {
    fn shares_nothing_with(&self, other: &Self) -> bool {
        self.positive != other.positive && self.negative != other.negative
    }
}

impl Bench<'_> {
    fn fit(&self, rows: &[usize], start: Option<&Logistic>) -> Result<(Scaling, Logistic)> {
        let (x, weights) = (self.rows.gather(rows)?, self.examples.weights(rows));
        let scaling = Scaling::of((&x).into(), &weights)?;
        let logistic = self.fit_scaled((&scaling.apply((&x).into())?).into(), rows, &weights, start)?;
        Ok((scaling, logistic))
    }

    fn fit_scaled(
        &self,
        x: MatrixView<'_>,
        rows: &[usize],
        weights: &[f64],
        start: Option<&Logistic>,
    ) -> Result<Logistic> {
        let y: Vec<f64> =
            rows.iter().map(|&row| f64::from(u8::from(self.examples.is_positive(row)))).collect();
        Logistic::fit(x, &y, weights, &self.params.logistic, start)
    }

    fn leave_out(&self, positive: usize, negative: usize, start: &Logistic) -> Result<Trial> {
        let is_out = |row: &usize| [positive, negative].contains(&self.examples.source_of[*row]);
        let (texts, rest): (Vec<usize>, Vec<usize>) = (0..self.rows.n_rows()).partition(is_out);
        let (x, weights) = (self.rows.gather(&rest)?, self.examples.weights(&rest));
        let scaling = Scaling::of((&x).into(), &weights)?;
        let x = scaling.apply((&x).into())?;
        let logistic = self.fit_scaled((&x).into(), &rest, &weights, Some(start))?;
        let source_of: Vec<usize> = rest.iter().map(|&row| self.examples.source_of[row]).collect();
        let is_positive: Vec<bool> =
            self.examples.sources.iter().map(|source| source.side == Side::Positive).collect();
        let classifier = SourceClassifier::fit((&x).into(), &source_of, &weights, &is_positive)?;
        let unseen = scaling.apply((&self.rows.gather(&texts)?).into())?;
        let likeness = unseen.rows().map(|row| classifier.score(row)).collect();
        Ok(Trial { positive, negative, texts, scores: logistic.scores((&unseen).into())?, likeness })
    }

    /// The figures of texts that were left out while others of their sources were not.
    fn seen(&self, start: &Logistic, watch: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Figures> {
        let weights = self.examples.weights(&(0..self.rows.n_rows()).collect::<Vec<_>>());
        let mut judged = Vec::new();
        for fold in 0..N_FOLDS {
            let (texts, rest): (Vec<usize>, Vec<usize>) =
                (0..self.rows.n_rows()).partition(|row| row % N_FOLDS == fold);
            let (scaling, logistic) = self.fit(&rest, Some(start))?;
            let scores = logistic.scores((&scaling.apply((&self.rows.gather(&texts)?).into())?).into())?;
            judged.extend(texts.iter().zip(scores).map(|(&text, score)| Judged {
                text,
                is_positive: self.examples.is_positive(text),
                score,
                probability: sigmoid(score),
                is_chosen: score >= 0.0,
                weight: weights[text],
            }));
            tell(watch)?;
        }
        let strata = self.strata(&(0..self.examples.sources.len()).collect::<Vec<_>>());
        Ok(measure(&judged, &self.resampling(&strata, u32::MAX)))
    }

    fn calibrate<'t>(&self, trials: impl Iterator<Item = &'t Trial>) -> Result<Calibration> {
        let (mut scores, mut is_positive, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for trial in trials {
            scores.extend(&trial.scores);
            is_positive.extend(trial.texts.iter().map(|&text| self.examples.is_positive(text)));
            weights.extend(self.examples.weights(&trial.texts));
        }
        Calibration::fit(&scores, &is_positive, &weights)
    }

    /// The detector's judgements of several trials.
    fn detected<'t>(
        &self,
        trials: impl Iterator<Item = &'t Trial>,
        calibration: &Calibration,
        threshold: f64,
    ) -> Vec<Judged> {
        trials.flat_map(|trial| self.judged(trial, Judge::Detector, calibration, threshold)).collect()
    }

    fn judged(&self, trial: &Trial, judge: Judge, calibration: &Calibration, threshold: f64) -> Vec<Judged> {
        let weights = self.examples.weights(&trial.texts);
        let row = |(at, &text): (usize, &usize)| {
            let (score, probability, is_chosen) = match judge {
                Judge::Detector => {
                    let probability = calibration.probability(trial.scores[at]);
                    (probability, probability, probability >= threshold)
                }
                Judge::SourceClassifier => (trial.likeness[at], f64::NAN, trial.likeness[at] >= 0.0),
                Judge::QuestionMark => {
                    let mark = self.rows.row(text)[self.question_mark];
                    (f64::from(mark), f64::NAN, mark > 0.0)
                }
                Judge::AlwaysTrue => (1.0, f64::NAN, true),
            };
            let is_positive = self.examples.is_positive(text);
            Judged { text, is_positive, score, probability, is_chosen, weight: weights[at] }
        };
        trial.texts.iter().enumerate().map(row).collect()
    }

    fn figures(&self, judged: &[Vec<Judged>; 4], sources: &[usize], stream: u32) -> Vec<Judgement> {
        let strata = self.strata(sources);
        let figures = |judged: &Vec<Judged>| measure(judged, &self.resampling(&strata, stream));
        Judge::ALL
            .into_iter()
            .zip(judged)
            .map(|(judge, judged)| Judgement { judge, figures: figures(judged) })
            .collect()
    }

    fn strata(&self, sources: &[usize]) -> Vec<Vec<usize>> {
        let of = |&source: &usize| {
            (0..self.rows.n_rows()).filter(|&row| self.examples.source_of[row] == source).collect()
        };
        sources.iter().map(of).collect()
    }

    fn resampling<'s>(&self, strata: &'s [Vec<usize>], stream: u32) -> Resampling<'s> {
        Resampling {
            strata,
            n_texts: self.rows.n_rows(),
            n_bootstraps: self.params.n_bootstraps,
            seed: self.params.seed,
            stream,
        }
    }
}
