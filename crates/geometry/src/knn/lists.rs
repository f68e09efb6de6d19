//! The best candidates of every row of a large matrix, merged from many places.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::best::Candidate;

/// Rows under one lock.
const ROWS_PER_LOCK: usize = 64;

/// The `keep` best candidates of every row, the best first, none twice.
pub(super) struct Lists {
    keep: usize,
    /// `[rows, keep]` of some rows under each lock; free places hold [`Candidate::NONE`].
    stripes: Vec<Mutex<Vec<Candidate>>>,
}

impl Lists {
    pub(super) fn new(n_rows: usize, keep: usize) -> Self {
        let stripe = |first: usize| {
            let n = ROWS_PER_LOCK.min(n_rows - first);
            Mutex::new(vec![Candidate::NONE; n * keep])
        };
        let stripes = (0..n_rows).step_by(ROWS_PER_LOCK).map(stripe).collect();
        Self { keep, stripes }
    }

    /// The worst of the kept candidates of a row, [`Candidate::NONE`] where there is still room.
    pub(super) fn worst(&self, row: usize) -> Candidate {
        let (stripe, from) = self.place(row);
        stripe[from + self.keep - 1]
    }

    /// Hands the candidates of a row, the best first, to `with`.
    pub(super) fn with<T>(&self, row: usize, with: impl FnOnce(&[Candidate]) -> T) -> T {
        let (stripe, from) = self.place(row);
        let list = &stripe[from..from + self.keep];
        let len = list.iter().position(|&one| one == Candidate::NONE).unwrap_or(self.keep);
        with(&list[..len])
    }

    /// Adds candidates, the best first; those that are there already stay once. What is kept does not depend on the
    /// order of calls. Gives how many are new.
    pub(super) fn merge(&self, row: usize, new: &[Candidate], room: &mut Vec<Candidate>) {
        if new.is_empty() {
            return;
        }
        let (mut stripe, from) = self.place(row);
        let list = &mut stripe[from..from + self.keep];
        room.clear();
        let (mut old, mut new) = (list.iter().copied().peekable(), new.iter().copied().peekable());
        while room.len() < self.keep {
            let next = match (old.peek(), new.peek()) {
                (Some(&a), Some(&b)) if a == b => {
                    new.next();
                    old.next()
                }
                (Some(a), Some(b)) if a < b => new.next(),
                (Some(_), _) => old.next(),
                (None, _) => new.next(),
            };
            match next {
                Some(next) => room.push(next),
                None => break,
            }
        }
        list[..room.len()].copy_from_slice(room);
    }

    fn place(&self, row: usize) -> (MutexGuard<'_, Vec<Candidate>>, usize) {
        let stripe = self.stripes[row / ROWS_PER_LOCK].lock().unwrap_or_else(PoisonError::into_inner);
        (stripe, row % ROWS_PER_LOCK * self.keep)
    }
}
