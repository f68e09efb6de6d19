//! Texts in batches, batches over connections, and the vectors back in the order of the texts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use super::client::Failure;
use super::pace::Halt;
use crate::error::Result;

/// Cuts `chosen`, indexes into `texts`, into runs of at most `max_texts` texts and `max_chars` characters. A text that is
/// longer than that goes alone.
pub(super) fn cut<'a>(
    texts: &[&str],
    chosen: &'a [usize],
    max_texts: usize,
    max_chars: usize,
) -> Vec<&'a [usize]> {
    let (mut batches, mut start, mut n_chars) = (Vec::new(), 0, 0usize);
    for (end, &i) in chosen.iter().enumerate() {
        let chars = texts[i].chars().count();
        if end > start && (end - start == max_texts || n_chars.saturating_add(chars) > max_chars) {
            batches.push(&chosen[start..end]);
            (start, n_chars) = (end, 0);
        }
        n_chars = n_chars.saturating_add(chars);
    }
    if start < chosen.len() {
        batches.push(&chosen[start..]);
    }
    batches
}

/// What `answer` makes of each batch, in the order of the batches, by at most `connections` threads. The first failure stops
/// the others; of several, that of the earliest batch is told.
pub(super) fn over_connections<T: Send + Sync>(
    batches: &[&[usize]],
    connections: usize,
    answer: impl Fn(&[usize], &Halt) -> std::result::Result<T, Failure> + Sync,
) -> Result<Vec<T>> {
    let answers: Vec<OnceLock<T>> = batches.iter().map(|_| OnceLock::new()).collect();
    let (next, halt, failures) = (AtomicUsize::new(0), Halt::default(), Mutex::new(Vec::new()));
    let work = || {
        while !halt.is_stopped() {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(i) else { return };
            match answer(batch, &halt) {
                // Each index is handed out once.
                Ok(vectors) => drop(answers[i].set(vectors)),
                Err(failure) => {
                    failures.lock().unwrap_or_else(PoisonError::into_inner).push((i, failure));
                    halt.stop();
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..connections.min(batches.len()) {
            scope.spawn(work);
        }
    });

    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    let errors = failures.into_iter().filter_map(|(i, failure)| match failure {
        Failure::Final(error) => Some((i, error)),
        Failure::Refused { .. } | Failure::Stopped => None,
    });
    match errors.min_by_key(|(i, _)| *i) {
        Some((_, error)) => Err(error),
        None => Ok(answers.into_iter().filter_map(OnceLock::into_inner).collect()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::error::Error;

    #[test]
    fn batches_keep_both_limits() {
        let texts = ["aa", "b", "", "ccc", "ääää", "f"];
        let all: Vec<usize> = (0..texts.len()).collect();
        assert_eq!(cut(&texts, &all, 2, 100), [&[0, 1][..], &[2, 3], &[4, 5]]);
        assert_eq!(cut(&texts, &all, 9, 3), [&[0, 1, 2][..], &[3], &[4], &[5]]);
        assert_eq!(cut(&texts, &[4, 0], 9, 6), [&[4, 0][..]]);
        assert!(cut(&texts, &[], 9, 9).is_empty());
    }

    #[test]
    fn answers_are_in_the_order_of_the_batches() {
        let chosen: Vec<usize> = (0..50).collect();
        let batches: Vec<&[usize]> = chosen.chunks(3).collect();
        for connections in [1, 2, 7] {
            let answers = over_connections(&batches, connections, |batch, _| {
                // Early batches take longest.
                thread::sleep(std::time::Duration::from_millis(2 * u64::from(batch[0] < 6)));
                Ok(batch.to_vec())
            });
            assert_eq!(answers.unwrap().concat(), chosen, "{connections} connections");
        }
    }

    #[test]
    fn a_failure_stops_the_others_and_is_told() {
        let chosen: Vec<usize> = (0..100).collect();
        let batches: Vec<&[usize]> = chosen.chunks(1).collect();
        let n_asked = AtomicUsize::new(0);
        let answers = over_connections(&batches, 2, |batch, halt| {
            n_asked.fetch_add(1, Ordering::Relaxed);
            if batch == [1] {
                return Err(Failure::Final(Error::Param { name: "x", got: String::new(), must_be: "y" }));
            }
            // The other connection sleeps until it is stopped.
            if halt.sleep(std::time::Duration::from_secs(3600)) { Ok(()) } else { Err(Failure::Stopped) }
        });
        assert!(matches!(answers, Err(Error::Param { name: "x", .. })));
        assert_eq!(n_asked.into_inner(), 2);
    }
}
