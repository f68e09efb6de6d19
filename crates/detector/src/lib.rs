//! Is this post an instruction?
//!
//! | module | question |
//! |---|---|
//! | `reading` | what of a text is looked at? |
//! | `surface`, `word_class`, `features` | which numbers and names describe it? |
//! | `examples` | which texts of which sources are learnt from? |
//! | `scaling`, `logistic`, `calibration` | what does each number weigh, and how likely is the answer? |
//! | `left_out`, `source_classifier`, `measures` | what is that worth on sources that were never seen, and beside simpler judges? |
//! | `detector`, `card` | the file that is trained once and used everywhere, and what people should know of it |
//! | `similarity`, `keyword` | two other answers: near to known instructions; says what people say who ask |
//!
//! Rows are vectors `[n, n_dims] f32` that somebody else made of [`Reading::body`], and the texts. The same examples, vectors, parameters and
//! seed give the same detector, at any number of threads.

mod calibration;
mod card;
mod detector;
mod error;
mod examples;
mod features;
mod keyword;
mod left_out;
mod logistic;
mod measures;
mod reading;
mod scaling;
mod similarity;
mod source_classifier;
mod surface;
mod word_class;

pub use calibration::Calibration;
pub use card::card;
pub use detector::{
    Contribution, Detector, ExampleVectors, NamedCoefficient, TrainParams, VectorModel, Verdict,
};
pub use error::{Error, Result};
pub use examples::{ExampleParams, Examples, Side, Source, SourceCard};
pub use features::FeatureParams;
pub use keyword::{ASKING, asking};
pub use left_out::{Evaluation, Judge, Judgement, Pair, TestParams};
pub use logistic::{Logistic, LogisticParams};
pub use measures::{
    Bin, CurvePoint, Figures, Interval, Judged, Resampling, best_threshold, measure, precision_recall,
    reliability,
};
pub use reading::{Form, Reading, fingerprint_form};
pub use scaling::Scaling;
pub use similarity::KnownInstructions;
pub use surface::{MARK_NAMES, SURFACE_NAMES, marks, surface};
