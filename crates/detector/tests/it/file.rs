//! A detector as a file, and what it says of a text.

use populi_detector::{Detector, Error, Verdict, card};

use crate::world::World;

const WORLD: World = World { shared: 0.8, own: 0.1, punctuation: true };

#[test]
fn what_is_written_is_read_and_judges_the_same() {
    let detector = WORLD.train();
    let json = detector.to_json().unwrap();
    let read = Detector::from_json(&json).unwrap();
    assert!(read == detector);
    assert!(read.to_json().unwrap() == json);
    let mut vector = vec![0.0; 12];
    vector[0] = 0.8;
    let asking = read.read("Will you?");
    let yes = detector.judge(&asking, &vector).unwrap();
    assert_eq!(read.judge(&asking, &vector).unwrap(), yes);
    assert!(yes.is_instruction && yes.probability > 0.9, "{yes:?}");
    let plain = read.read("Will you.");
    let no = detector.judge(&plain, &[0.0; 12]).unwrap();
    assert!(!no.is_instruction && no.probability < 0.1, "{no:?}");
    for name in ["meaning", "question mark", "question mark at the end"] {
        let points = |verdict: &Verdict<'_>| {
            verdict.contributions.iter().find(|part| part.name == name).unwrap().points
        };
        assert!(points(&yes) > 0.0 && points(&no) < 0.0, "{name}");
    }
    assert!(detector.judge(&plain, &[0.0; 3]).is_err());
}

#[test]
fn contributions_and_intercept_are_the_score() {
    let detector = WORLD.train();
    let verdict = detector.judge(&detector.read("Tell me, can you do it?"), &[0.25; 12]).unwrap();
    let score: f64 = detector.intercept + verdict.contributions.iter().map(|part| part.points).sum::<f64>();
    assert!((detector.calibration.probability(score) - verdict.probability).abs() < 1e-12);
    assert!(verdict.contributions.windows(2).all(|pair| pair[0].points.abs() >= pair[1].points.abs()));
    assert_eq!(verdict.contributions.len(), 28);
}

#[test]
fn other_files_are_refused_with_what_is_wrong() {
    let json = WORLD.train().to_json().unwrap();
    for (file, what) in [
        ("{", "EOF"),
        ("{}", "format"),
        (&*json.replacen("\"format\": 1", "\"format\": 2", 1), "got 2"),
        (&*json.replacen("\"n_dims\": 12", "\"n_dims\": 13", 1), "13 dimensions"),
        (&*json.replacen("\"name\": \"characters\"", "\"name\": \"letters\"", 1), "features"),
    ] {
        let error = Detector::from_json(file).unwrap_err();
        assert!(matches!(error, Error::NotADetector { .. }) && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn the_same_bytes_from_one_thread_and_from_three() {
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| WORLD.train().to_json().unwrap())
    };
    assert!(with(1) == with(3));
}

#[test]
fn the_card_names_sources_pairs_and_judges() {
    let detector = WORLD.train();
    let card = card(&detector, Some("pr.svg"));
    for part in [
        "English",
        "source 0",
        "source 5",
        "(pr.svg)",
        "sources alone",
        "always true",
        "without case and punctuation",
        "5 %",
    ] {
        assert!(card.contains(part), "{part}");
    }
    // In both forms a row a pair, one for all together and one for their mean; and the feature.
    assert_eq!(card.matches("| question mark |").count(), 2 * (9 + 2) + 1);
}
