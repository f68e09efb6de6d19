//! A trained detector: what it weighs, how sure it is, and where its figures come from.

use std::ops::ControlFlow;

use populi_geometry::Matrix;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::examples::{ExampleParams, Examples, SourceCard};
use crate::features::FeatureParams;
use crate::left_out::{Evaluation, TestParams, Tested, n_fits, test};
use crate::logistic::same_size;
use crate::reading::{Form, Reading};
use crate::scaling::Scaling;
use crate::{Error, Result};

/// The version of the file.
const FORMAT: u32 = 1;

/// The name under which all of the vector's features are told together.
const MEANING: &str = "meaning";

/// The model whose vectors a detector reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorModel {
    /// Its name.
    pub name: String,
    /// Its fingerprint, in hexadecimal: equal ones give equal vectors.
    pub fingerprint: String,
    /// Dimensions of a vector.
    pub n_dims: usize,
}

/// What a feature weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedCoefficient {
    /// The feature.
    pub name: String,
    /// Of the feature scaled to variance 1.
    pub coefficient: f64,
    /// The feature's mean.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

/// A detector, as its file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// The version of the file.
    pub format: u32,
    /// The program that made it.
    pub made_by: String,
    /// The language of the texts that it learnt from.
    pub language: String,
    /// Whose vectors it reads.
    pub model: VectorModel,
    /// What it reads of a text.
    pub features: FeatureParams,
    /// The penalty of the regression.
    pub l2: f64,
    /// Whether the fit ended where it should.
    pub is_converged: bool,
    /// Added to the score.
    pub intercept: f64,
    /// The features by name, in order.
    pub surface: Vec<NamedCoefficient>,
    /// What each dimension of the vector weighs, scaled to variance 1.
    pub meaning: Vec<f64>,
    /// Means and deviations of the dimensions.
    pub meaning_scaling: Scaling,
    /// From score to probability.
    pub calibration: Calibration,
    /// The probability from which on a text is called an instruction.
    pub threshold: f64,
    /// How the texts were drawn.
    pub examples: ExampleParams,
    /// What it learnt from.
    pub sources: Vec<SourceCard>,
    /// What it is worth on sources that it has never seen.
    pub evaluation: Evaluation,
    /// The same, where all texts lost case and punctuation before training and test.
    pub stripped: Evaluation,
}

/// A feature's part in a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution<'a> {
    /// The feature; of all that the vector says together, `meaning`.
    pub name: &'a str,
    /// What it added to the logarithm of the odds, against the mean of the texts learnt from.
    pub points: f64,
}

/// What a detector says of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<'a> {
    /// The chance that it is an instruction, where every second text is one.
    pub probability: f64,
    /// Whether that is at least the threshold.
    pub is_instruction: bool,
    /// The features, those that moved the score most first; of equal ones in the order of the features.
    pub contributions: Vec<Contribution<'a>>,
}

/// How to train.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrainParams {
    /// Which features. The form is that of the shipped detector; both forms are tested.
    pub marks: bool,
    /// How it is fitted and tested.
    pub test: TestParams,
    /// How the examples were drawn: written down only.
    pub examples: ExampleParams,
}

/// The vectors of what is read of the examples, `[n, n_dims]` in either form.
#[derive(Clone, Copy, Debug)]
pub struct ExampleVectors<'a> {
    /// Whose they are.
    pub model: &'a VectorModel,
    /// Of [`Form::Plain`].
    pub plain: &'a Matrix,
    /// Of [`Form::Stripped`].
    pub stripped: &'a Matrix,
}

impl Detector {
    /// Trains on all examples, and tests on each pair of sources left out, in both forms. `watch` is called after each of
    /// [`Detector::n_fits`] fits, and may end it.
    ///
    /// Time: about 5·2·n·d² operations a fit. Memory: three copies of n·d numbers of 4 bytes. The same bytes from any number of threads.
    ///
    /// # Errors
    /// [`Error::Shape`] where there is not a vector an example; [`Error::Stopped`]; [`Error::Geometry`] for values that are not finite.
    pub fn train(
        examples: &Examples,
        vectors: ExampleVectors<'_>,
        params: &TrainParams,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Self> {
        let mut tested = |form, vectors: &Matrix| -> Result<(FeatureParams, Tested)> {
            let features = FeatureParams { form, marks: params.marks };
            let rows = features.rows(&examples.texts, vectors)?;
            Ok((features, test(&rows, vectors.n_cols(), features, examples, &params.test, watch)?))
        };
        let (features, plain) = tested(Form::Plain, vectors.plain)?;
        let (_, stripped) = tested(Form::Stripped, vectors.stripped)?;
        Self::of(plain, stripped.evaluation, features, examples, vectors.model, params).rounded()
    }

    /// Fits that [`Detector::train`] makes.
    #[must_use]
    pub fn n_fits(examples: &Examples) -> u64 {
        2 * n_fits(examples)
    }

    fn of(
        tested: Tested,
        stripped: Evaluation,
        features: FeatureParams,
        examples: &Examples,
        model: &VectorModel,
        params: &TrainParams,
    ) -> Self {
        let n_dims = model.n_dims;
        let Tested { mut scaling, logistic, calibration, threshold, evaluation } = tested;
        let (means, deviations) = (scaling.means.split_off(n_dims), scaling.deviations.split_off(n_dims));
        let named = features
            .names()
            .into_iter()
            .zip(&logistic.coefficients[n_dims..])
            .zip(means.iter().zip(&deviations));
        let surface = named
            .map(|((name, &coefficient), (&mean, &deviation))| NamedCoefficient {
                name: name.to_owned(),
                coefficient,
                mean,
                deviation,
            })
            .collect();
        Self {
            format: FORMAT,
            made_by: concat!("populi ", env!("CARGO_PKG_VERSION")).to_owned(),
            language: "en".to_owned(),
            model: model.clone(),
            features,
            l2: params.test.logistic.l2,
            is_converged: logistic.is_converged,
            intercept: logistic.intercept,
            surface,
            meaning: logistic.coefficients[..n_dims].to_vec(),
            meaning_scaling: scaling,
            calibration,
            threshold,
            examples: params.examples,
            sources: examples.sources.clone(),
            evaluation,
            stripped,
        }
    }

    /// With ten decimals: what a file gives back to the last bit.
    fn rounded(self) -> Result<Self> {
        let refuse = |error: serde_json::Error| Error::NotADetector { reason: error.to_string() };
        let mut value = serde_json::to_value(self).map_err(refuse)?;
        round(&mut value);
        serde_json::from_value(value).map_err(refuse)
    }

    /// What a detector reads of a text: its body is what is embedded.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        Reading::of(text, self.features.form)
    }

    /// Judges a text by what was read of it and the vector `[n_dims]` of its body.
    ///
    /// # Errors
    /// [`Error::Shape`] for a vector of other dimensions.
    pub fn judge(&self, reading: &Reading, vector: &[f32]) -> Result<Verdict<'_>> {
        same_size("dimensions of the vector", self.model.n_dims, vector.len())?;
        let scaled =
            vector.iter().enumerate().map(|(column, &value)| self.meaning_scaling.value(column, value));
        let meaning: f64 = scaled.zip(&self.meaning).map(|(value, coefficient)| value * coefficient).sum();
        let mut contributions = vec![Contribution { name: MEANING, points: meaning }];
        contributions.extend(self.surface.iter().zip(self.features.values(reading)).map(|(known, value)| {
            Contribution {
                name: &known.name,
                points: known.coefficient * (f64::from(value) - known.mean) / known.deviation,
            }
        }));
        let score = self.intercept + contributions.iter().map(|part| part.points).sum::<f64>();
        let probability = self.calibration.probability(score);
        contributions.sort_by(|a, b| b.points.abs().total_cmp(&a.points.abs()));
        Ok(Verdict { probability, is_instruction: probability >= self.threshold, contributions })
    }

    /// As JSON, the same bytes for the same detector.
    ///
    /// # Errors
    /// [`Error::NotADetector`] where a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map(|json| json + "\n")
            .map_err(|error| Error::NotADetector { reason: error.to_string() })
    }

    /// Reads what [`Detector::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::NotADetector`] with what is wrong.
    pub fn from_json(json: &str) -> Result<Self> {
        let refuse = |reason: String| Error::NotADetector { reason };
        let found: serde_json::Value =
            serde_json::from_str(json).map_err(|error| refuse(error.to_string()))?;
        match found.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(refuse(format!("expected format {FORMAT}, got {format}"))),
            None => return Err(refuse("there is no number called format".to_owned())),
        }
        let detector: Self = serde_json::from_value(found).map_err(|error| refuse(error.to_string()))?;
        let n_dims = detector.model.n_dims;
        let lengths = [
            detector.meaning.len(),
            detector.meaning_scaling.means.len(),
            detector.meaning_scaling.deviations.len(),
        ];
        if lengths.iter().any(|&length| length != n_dims) {
            return Err(refuse(format!(
                "its vectors have {n_dims} dimensions, but {} are weighed",
                lengths[0]
            )));
        }
        let names: Vec<&str> = detector.surface.iter().map(|known| known.name.as_str()).collect();
        if names != detector.features.names() {
            return Err(refuse("its features are not those of this version".to_owned()));
        }
        Ok(detector)
    }
}

/// Rounds every number that is none of a count.
fn round(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(round),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(round),
        serde_json::Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(|number| (number * 1e10).round() / 1e10);
            if let Some(rounded) = rounded.and_then(serde_json::Number::from_f64) {
                *number = rounded;
            }
        }
        _ => {}
    }
}
