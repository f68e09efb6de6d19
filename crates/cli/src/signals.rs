//! SIGINT (Ctrl-C) and SIGTERM: stop, leave the terminal clean, say how to go on.
//!
//! A corpus may be left at any moment, so nothing has to be rescued: that stages stop between two pieces of work only keeps
//! more of what they did. What has not stopped after [`GRACE`], or when a second signal comes, is left as it is.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use crate::bars;

/// How long a stage may take to come to a stop.
const GRACE: Duration = Duration::from_secs(2);

/// The signal that came; 0 before.
static SIGNAL: AtomicUsize = AtomicUsize::new(0);
/// Whether the user was told.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// What a verb leaves when it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Finished pieces of work; the same command goes on from there.
    Continues,
    /// Nothing, where it comes to a stop in time; else what it wrote lies aside until the next attempt.
    TakesBack,
    /// Nothing.
    EndsAtOnce,
}

/// Begins to watch for signals. Those that whoever started the program had set to be ignored stay ignored.
///
/// # Errors
/// When the system gives no pipe or no thread.
pub fn watch(stopped: Stopped) -> io::Result<()> {
    let (mut wake, waker) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        if !is_ignored(signal) {
            flag::register_usize(signal, &SIGNAL, usize::try_from(signal).unwrap_or_default())?;
            pipe::register(signal, waker.try_clone()?)?;
        }
    }
    let wait = move || {
        let mut byte = [0];
        // The waker is never closed before the program ends.
        if wake.read_exact(&mut byte).is_err() {
            return;
        }
        if stopped != Stopped::EndsAtOnce && wake.set_read_timeout(Some(GRACE)).is_ok() {
            // A second signal, or the end of the time.
            let _ = wake.read_exact(&mut byte);
        }
        tell(stopped);
        std::process::exit(i32::from(exit_code()));
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)?;
    Ok(())
}

/// Whether a signal came.
pub fn has_come() -> bool {
    SIGNAL.load(Ordering::Relaxed) != 0
}

/// The exit code of a program that a signal ended: 130 for SIGINT, 143 for SIGTERM.
pub fn exit_code() -> u8 {
    u8::try_from(128 + SIGNAL.load(Ordering::Relaxed)).unwrap_or(u8::MAX)
}

/// Takes the progress away and says, once, what comes next.
pub fn tell(stopped: Stopped) {
    if IS_TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    bars::clear();
    let words = match stopped {
        Stopped::Continues => "interrupted. What was finished is kept: the same command continues",
        Stopped::TakesBack => {
            "interrupted. The export is there as a whole or not at all: what ends in .unfinished beside it goes with the \
             next attempt"
        }
        Stopped::EndsAtOnce => "interrupted",
    };
    // Where even this cannot be written, the exit code has to do.
    let _ = writeln!(io::stderr(), "populi: {words}");
}

/// Whether the program was started with a signal set to be ignored, as shells do with what runs in the background.
/// Only Linux tells it to a program that may not call into the system itself; elsewhere the answer is no.
fn is_ignored(signal: i32) -> bool {
    let mask = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
