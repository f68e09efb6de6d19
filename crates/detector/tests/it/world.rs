//! Made-up sources whose truth is known.

use std::ops::ControlFlow;

use populi_detector::{
    Detector, ExampleParams, ExampleVectors, Examples, Side, Source, TestParams, TrainParams, VectorModel,
};
use populi_geometry::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Dimensions of a vector: one that instructions may share, one a source, and noise.
const N_DIMS: usize = 12;

/// Texts of a source.
const N_TEXTS: usize = 120;

/// What tells instructions from other texts, and sources from one another.
#[derive(Clone, Copy, Default)]
pub struct World {
    /// How far the vectors of instructions lie on one side in every source.
    pub shared: f32,
    /// How far the vectors of each source lie from those of the others.
    pub own: f32,
    /// Whether instructions end with a question mark.
    pub punctuation: bool,
}

impl World {
    /// Three positive and three negative sources.
    pub fn examples(self) -> Examples {
        let source = |number: usize| {
            let side = if number < 3 { Side::Positive } else { Side::Negative };
            let mark = if self.punctuation && side == Side::Positive { "?" } else { "" };
            let texts = (0..N_TEXTS).map(|i| format!("word{number} word{i}{mark}")).collect();
            Source { name: format!("source {number}"), side, hash: format!("{number:064}"), texts }
        };
        Examples::of((0..6).map(source).collect(), &ExampleParams::default()).unwrap()
    }

    fn vectors(self, examples: &Examples) -> Matrix {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut vectors = Matrix::zeros(examples.texts.len(), N_DIMS);
        for (row, &source) in examples.source_of.iter().enumerate() {
            let vector = vectors.row_mut(row);
            vector.iter_mut().for_each(|value| *value = random.random::<f32>() - 0.5);
            vector[0] += if source < 3 { self.shared } else { 0.0 };
            vector[1 + source] += self.own;
        }
        vectors
    }

    pub fn train(self) -> Detector {
        let examples = self.examples();
        let vectors = self.vectors(&examples);
        let model = VectorModel { name: "made up".into(), fingerprint: "f".repeat(64), n_dims: N_DIMS };
        let vectors = ExampleVectors { model: &model, plain: &vectors, stripped: &vectors };
        let params = TrainParams {
            test: TestParams { n_bootstraps: 40, ..TestParams::default() },
            ..TrainParams::default()
        };
        Detector::train(&examples, vectors, &params, &mut || ControlFlow::Continue(())).unwrap()
    }
}
