//! Leaving out a source of each side tells what was learnt.

use std::ops::ControlFlow;

use populi_detector::{Detector, Error, Evaluation, ExampleVectors, Judge, TrainParams, VectorModel};
use populi_geometry::Matrix;

use crate::world::World;

fn auc(evaluation: &Evaluation, judge: Judge) -> f64 {
    evaluation.together.iter().find(|found| found.judge == judge).unwrap().figures.roc_auc.value
}

#[test]
fn what_all_sources_share_holds_on_those_left_out() {
    let found = World { shared: 0.8, own: 0.3, ..World::default() }.train().evaluation;
    assert_eq!(found.pairs.len(), 9);
    assert!(auc(&found, Judge::Detector) > 0.9, "{:?}", found.together);
    for pair in &found.pairs {
        let figures = pair.judgements[0].figures;
        let auc = figures.roc_auc;
        assert!(auc.low <= auc.value && auc.value <= auc.high && auc.high - auc.low > 0.0, "{auc:?}");
        assert!(figures.f1.value > 0.8 && figures.brier.unwrap().value < 0.15, "{figures:?}");
    }
}

#[test]
fn a_detector_that_only_learnt_the_sources_is_seen_to_fail() {
    let found = World { own: 3.0, ..World::default() }.train().evaluation;
    assert!(found.seen.roc_auc.value > 0.99, "{:?}", found.seen);
    for judge in [Judge::Detector, Judge::SourceClassifier] {
        let auc = auc(&found, judge);
        assert!((0.3..0.7).contains(&auc), "{judge:?}: {auc}");
    }
}

#[test]
fn a_detector_that_only_learnt_punctuation_is_seen_to_fail_without_it() {
    let detector = World { punctuation: true, ..World::default() }.train();
    assert!(auc(&detector.evaluation, Judge::Detector) > 0.99);
    assert!(auc(&detector.evaluation, Judge::QuestionMark) > 0.999);
    let stripped = auc(&detector.stripped, Judge::Detector);
    assert!((0.3..0.7).contains(&stripped), "{stripped}");
    for judge in [Judge::QuestionMark, Judge::AlwaysTrue] {
        assert!((auc(&detector.stripped, judge) - 0.5).abs() < 1e-9);
    }
}

#[test]
fn whoever_watches_may_end_it_and_is_asked_as_often_as_promised() {
    let examples = World::default().examples();
    let vectors = Matrix::zeros(examples.texts.len(), 2);
    let model = VectorModel { name: "zeros".into(), fingerprint: String::new(), n_dims: 2 };
    let vectors = ExampleVectors { model: &model, plain: &vectors, stripped: &vectors };
    let params = TrainParams::default();
    let mut n_told = 0;
    let mut count = || {
        n_told += 1;
        ControlFlow::Continue(())
    };
    Detector::train(&examples, vectors, &params, &mut count).unwrap();
    assert_eq!(n_told, Detector::n_fits(&examples));
    let stopped = Detector::train(&examples, vectors, &params, &mut || ControlFlow::Break(()));
    assert_eq!(stopped.unwrap_err(), Error::Stopped);
}
