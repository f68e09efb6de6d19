//! When the next request may go, and who wakes those that wait.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The rate limit that all connections share.
#[derive(Debug)]
pub(super) struct Pace {
    /// Between the starts of two requests.
    interval: Duration,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// Where the next request may start as far as the rate goes.
    next: Instant,
    /// The server asked for silence until then.
    silent_until: Instant,
}

impl Pace {
    /// Spreads the requests of a minute evenly, so that no burst meets a server that counts by the second.
    pub(super) fn new(requests_per_minute: Option<u32>) -> Self {
        let interval = requests_per_minute
            .map_or(Duration::ZERO, |n| Duration::from_secs(60).checked_div(n).unwrap_or_default());
        let now = Instant::now();
        Self { interval, turns: Mutex::new(Turns { next: now, silent_until: now }) }
    }

    /// Waits for the next turn. `false` where the work was stopped meanwhile.
    pub(super) fn wait(&self, halt: &Halt) -> bool {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = turns.next.max(Instant::now());
            turns.next = turn + self.interval;
            turn
        };
        loop {
            // Silence may have been asked for while this one slept.
            let until = turn.max(self.turns.lock().unwrap_or_else(PoisonError::into_inner).silent_until);
            match until.checked_duration_since(Instant::now()) {
                None | Some(Duration::ZERO) => return !halt.is_stopped(),
                Some(left) => {
                    if !halt.sleep(left) {
                        return false;
                    }
                }
            }
        }
    }

    /// No request of any connection starts for so long.
    pub(super) fn be_silent(&self, wait: Duration) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // A wait beyond the clock is none.
        let until = Instant::now().checked_add(wait).unwrap_or(turns.next);
        turns.silent_until = turns.silent_until.max(until);
    }
}

/// Ends the work of all connections of one call, sleeping ones at once.
#[derive(Debug, Default)]
pub(super) struct Halt {
    is_stopped: Mutex<bool>,
    changed: Condvar,
}

impl Halt {
    pub(super) fn stop(&self) {
        *self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps so long, or until stopped. `false` where it is stopped.
    pub(super) fn sleep(&self, duration: Duration) -> bool {
        let is_stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = self.changed.wait_timeout_while(is_stopped, duration, |is_stopped| !*is_stopped);
        !*slept.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_at_least_an_interval_apart() {
        let (pace, halt) = (Pace::new(Some(6000)), Halt::default());
        let start = Instant::now();
        assert!((0..4).all(|_| pace.wait(&halt)));
        assert!(start.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn silence_is_for_everybody() {
        let (pace, halt) = (Pace::new(None), Halt::default());
        let start = Instant::now();
        pace.be_silent(Duration::from_millis(20));
        pace.be_silent(Duration::from_millis(1));
        assert!(pace.wait(&halt));
        assert!(start.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn who_waits_is_woken_by_a_stop() {
        let (pace, halt) = (Pace::new(None), Halt::default());
        pace.be_silent(Duration::from_secs(3600));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pace.wait(&halt));
            halt.stop();
            assert!(matches!(waiting.join(), Ok(false)));
        });
    }
}
