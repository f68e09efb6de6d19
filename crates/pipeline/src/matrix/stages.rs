//! The stages of a computation, shown and timed.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::progress::{Progress, Unit};

/// How long a stage took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTime {
    /// Its name.
    pub stage: String,
    /// Wall time.
    pub seconds: f64,
}

/// Hands the stages of a computation on to who shows them, and keeps how long each took.
pub(crate) struct Stages<'a> {
    shown: &'a dyn Progress,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    done: Vec<StageTime>,
    current: Option<(&'static str, Instant)>,
}

impl<'a> Stages<'a> {
    pub(crate) fn new(shown: &'a dyn Progress) -> Self {
        Self { shown, times: Mutex::default() }
    }

    /// Ends the last stage. Stages of one name are told as one, where the first was.
    pub(crate) fn finish(self) -> Vec<StageTime> {
        self.end_current();
        self.times.into_inner().unwrap_or_else(PoisonError::into_inner).done
    }

    fn end_current(&self) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((stage, since)) = times.current.take() else { return };
        let seconds = since.elapsed().as_secs_f64();
        match times.done.iter_mut().find(|time| time.stage == stage) {
            Some(time) => time.seconds += seconds,
            None => times.done.push(StageTime { stage: stage.to_owned(), seconds }),
        }
        self.shown.end();
    }
}

impl populi_geometry::Progress for Stages<'_> {
    fn stage(&self, name: &'static str, n_steps: u64) {
        self.end_current();
        // Steps are mostly rows; where they are rounds, a rate says as much.
        self.shown.begin(name, (n_steps > 0).then_some(n_steps), Unit::Rows);
        self.times.lock().unwrap_or_else(PoisonError::into_inner).current = Some((name, Instant::now()));
    }

    fn advance(&self, n_steps: u64) {
        self.shown.advance(n_steps);
    }
}

#[cfg(test)]
mod tests {
    use populi_geometry::Progress as _;

    use super::*;

    /// Notes what it is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Told {
        fn note(&self, line: String) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    impl Progress for Told {
        fn begin(&self, stage: &str, total: Option<u64>, _: Unit) {
            self.note(format!("{stage} of {total:?}"));
        }
        fn advance(&self, n: u64) {
            self.note(n.to_string());
        }
        fn end(&self) {
            self.note("end".to_owned());
        }
        fn note(&self, _: &str) {}
    }

    #[test]
    fn each_stage_begins_and_ends_once_and_equal_names_are_one_time() {
        let told = Told::default();
        let stages = Stages::new(&told);
        stages.stage("seeds", 0);
        stages.stage("rounds", 9);
        stages.advance(9);
        stages.stage("seeds", 2);
        let names: Vec<String> = stages.finish().into_iter().map(|time| time.stage).collect();
        assert_eq!(names, ["seeds", "rounds"]);
        let lines = told.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            lines,
            ["seeds of None", "end", "rounds of Some(9)", "9", "end", "seeds of Some(2)", "end"]
        );
    }
}
