//! Progress on the terminal: what is done, how fast, and how long it will take. Nothing where there is no terminal.

use std::io::IsTerminal;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use populi_pipeline::{Progress, Unit};

use crate::signals;

/// The bar that is on the terminal, for whoever has to take it away.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Takes the bar off the terminal, so that what is written next stands on a clean line.
pub fn clear() {
    if let Some(bar) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}

/// Shows the stage that runs now.
pub struct Bars {
    quiet: bool,
    shows_bars: bool,
    bar: Mutex<ProgressBar>,
}

impl Bars {
    /// Bars on standard error, if it is a terminal and nobody asked for quiet.
    pub fn new(quiet: bool) -> Self {
        let shows_bars = !quiet && std::io::stderr().is_terminal();
        Self { quiet, shows_bars, bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn bar(&self) -> ProgressBar {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, total: Option<u64>, unit: Unit) {
        if !self.shows_bars {
            return;
        }
        let template = match (total, unit) {
            (Some(_), Unit::Bytes) => {
                "{prefix:16} {bar:24} {bytes:>10} of {total_bytes:10} {bytes_per_sec:12} {eta:>5} left"
            }
            (Some(_), Unit::Rows) => {
                "{prefix:16} {bar:24} {human_pos:>10} of {human_len:10} {per_sec:14} {eta:>5} left"
            }
            (Some(_), Unit::Steps) => "{prefix:16} {bar:24} {pos:>4} of {len:4} {eta:>5} left",
            (None, Unit::Bytes) => "{prefix:16} {spinner} {bytes} {bytes_per_sec} {elapsed}",
            (None, Unit::Rows) => "{prefix:16} {spinner} {human_pos} {per_sec} {elapsed}",
            (None, Unit::Steps) => "{prefix:16} {spinner} {elapsed}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr())
            .with_style(style)
            .with_prefix(stage.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    fn advance(&self, n: u64) {
        if self.shows_bars {
            self.bar().inc(n);
        }
    }

    fn end(&self) {
        self.bar().finish();
        SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn note(&self, line: &str) {
        if !self.quiet {
            // A closed standard error takes no notes.
            self.bar().suspend(|| {
                let _ = writeln!(std::io::stderr(), "{line}");
            });
        }
    }

    fn is_stopped(&self) -> bool {
        signals::has_come()
    }
}
