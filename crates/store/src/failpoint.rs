//! Named places at which a test makes the program die, fail or wait: every step by which a file becomes part of a corpus.
//!
//! They are always compiled in, so that what is tested is what is shipped; where none is armed, passing one costs a
//! relaxed load. They are armed by the environment:
//!
//! | variable | meaning |
//! |---|---|
//! | `POPULI_FAILPOINT=<name>:<hit>:<action>` | at the `<hit>`-th passing (from 1) of the point `<name>` do `<action>` |
//! | `POPULI_FAILPOINT_LOG=<file>` | append a line for every passing, `<name> <hit>`, and `fired <name> <hit>` for the action |
//!
//! Actions: `kill` (this process dies of SIGKILL, as by `kill -9`), `error:ENOSPC`, `error:EIO`, `error:EACCES`,
//! `error:EROFS` (the system refuses with this error), `pause:<ms>`. A name or action that does not exist is an
//! error at the first point, so that no test passes for nothing. Points are passed where a corpus is written; reading
//! passes none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use signal_hook::consts::SIGKILL;
use signal_hook::low_level::raise;

/// Every point, in about the order in which a run passes them.
///
/// `<kind>.create` and so on are the steps of publishing a file of a kind, each passed before the step is done, and
/// `<kind>.published` after the last: [`manifest`](crate::Manifest), `run`, `part`, `kept` (files beside the manifest) and
/// `output` (pages and pictures outside the corpus).
pub const NAMES: [&str; 52] = [
    "folder.create",
    "folder.flush",
    "corpus.lock",
    "manifest.create",
    "manifest.write",
    "manifest.flush",
    "manifest.rename",
    "manifest.flush_folder",
    "manifest.published",
    "spool.create",
    "spool.write",
    "run.create",
    "run.write",
    "run.flush",
    "run.rename",
    "run.flush_folder",
    "run.published",
    "shards.commit",
    "shards.committed",
    "part.create",
    "part.write",
    "part.flush",
    "part.rename",
    "part.flush_folder",
    "part.published",
    "bucket.commit",
    "bucket.committed",
    "buckets.commit",
    "buckets.committed",
    "sweep.list",
    "sweep.remove",
    "step.commit",
    "step.committed",
    "lost_runs.commit",
    "lost_runs.committed",
    "forget.removed",
    "forget.commit",
    "forget.committed",
    "kept.commit",
    "kept.committed",
    "kept.create",
    "kept.write",
    "kept.flush",
    "kept.rename",
    "kept.flush_folder",
    "kept.published",
    "output.create",
    "output.write",
    "output.flush",
    "output.rename",
    "output.flush_folder",
    "output.published",
];

/// The variable that arms a point.
const POINT: &str = "POPULI_FAILPOINT";
/// The variable that names the file in which passings are noted.
const LOG: &str = "POPULI_FAILPOINT_LOG";

/// Whether a point may have to act: true until the environment was looked at, and after that where it asks for something.
static MAY_ACT: AtomicBool = AtomicBool::new(true);

/// The points of publishing one kind of file.
pub(crate) struct Publishing {
    pub(crate) create: &'static str,
    pub(crate) write: &'static str,
    pub(crate) flush: &'static str,
    pub(crate) rename: &'static str,
    pub(crate) flush_folder: &'static str,
    pub(crate) published: &'static str,
}

macro_rules! publishing {
    ($kind:literal) => {
        Publishing {
            create: concat!($kind, ".create"),
            write: concat!($kind, ".write"),
            flush: concat!($kind, ".flush"),
            rename: concat!($kind, ".rename"),
            flush_folder: concat!($kind, ".flush_folder"),
            published: concat!($kind, ".published"),
        }
    };
}

pub(crate) const MANIFEST: Publishing = publishing!("manifest");
pub(crate) const RUN: Publishing = publishing!("run");
pub(crate) const PART: Publishing = publishing!("part");
pub(crate) const KEPT: Publishing = publishing!("kept");
pub(crate) const OUTPUT: Publishing = publishing!("output");

/// Passes a point. It acts where the environment asks for it and does nothing otherwise.
///
/// # Errors
/// The error that the environment asks for, or that it asks for something that does not exist.
pub(crate) fn pass(name: &'static str) -> io::Result<()> {
    if MAY_ACT.load(Ordering::Relaxed) { act(name) } else { Ok(()) }
}

/// What the environment asks for.
struct Armed {
    plan: Option<Plan>,
    log: Option<File>,
    /// Passings so far, by name.
    n_passed: Mutex<BTreeMap<&'static str, u64>>,
}

/// One point and what it is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    name: &'static str,
    hit: u64,
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Kill,
    Error(i32),
    Pause(Duration),
}

#[cold]
fn act(name: &'static str) -> io::Result<()> {
    static ARMED: OnceLock<Result<Armed, String>> = OnceLock::new();
    let armed = match ARMED.get_or_init(Armed::of_environment) {
        Ok(armed) if armed.plan.is_none() && armed.log.is_none() => {
            MAY_ACT.store(false, Ordering::Relaxed);
            return Ok(());
        }
        Ok(armed) => armed,
        Err(reason) => return Err(io::Error::new(io::ErrorKind::InvalidInput, reason.clone())),
    };
    let hit = {
        let mut n_passed = armed.n_passed.lock().unwrap_or_else(PoisonError::into_inner);
        let n = n_passed.entry(name).or_default();
        *n += 1;
        *n
    };
    armed.note(&format!("{name} {hit}\n"))?;
    match armed.plan {
        Some(plan) if plan.name == name && plan.hit == hit => {
            armed.note(&format!("fired {name} {hit}\n"))?;
            plan.action.carry_out()
        }
        _ => Ok(()),
    }
}

impl Armed {
    fn of_environment() -> Result<Self, String> {
        let plan = match std::env::var(POINT) {
            Ok(text) => Some(Plan::parse(&text)?),
            Err(std::env::VarError::NotPresent) => None,
            Err(error) => return Err(format!("{POINT}: {error}")),
        };
        let log = match std::env::var_os(LOG) {
            Some(path) => {
                let file = File::options().create(true).append(true).open(&path);
                Some(file.map_err(|error| format!("{LOG}: cannot open {}: {error}", path.display()))?)
            }
            None => None,
        };
        Ok(Self { plan, log, n_passed: Mutex::default() })
    }

    /// One write a line, so that lines of threads do not mix and none is lost when the process dies.
    fn note(&self, line: &str) -> io::Result<()> {
        self.log.as_ref().map_or(Ok(()), |mut log| log.write_all(line.as_bytes()))
    }
}

impl Plan {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{POINT}={text}: {what}; expected <name>:<hit>:<action>");
        let mut words = text.splitn(3, ':');
        let (name, hit, action) = (words.next(), words.next(), words.next());
        let name = NAMES
            .into_iter()
            .find(|known| Some(*known) == name)
            .ok_or_else(|| wrong("there is no such point"))?;
        let hit = hit
            .and_then(|hit| hit.parse().ok())
            .filter(|&hit| hit > 0)
            .ok_or_else(|| wrong("the hit is a number from 1"))?;
        let action = action.and_then(Action::parse).ok_or_else(|| {
            wrong("the action is kill, error:ENOSPC, error:EIO, error:EACCES, error:EROFS or pause:<ms>")
        })?;
        Ok(Self { name, hit, action })
    }
}

impl Action {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "kill" => Some(Self::Kill),
            Some(("error", name)) => {
                // These four numbers are the same on every Unix.
                let number = match name {
                    "EIO" => 5,
                    "EACCES" => 13,
                    "ENOSPC" => 28,
                    "EROFS" => 30,
                    _ => return None,
                };
                Some(Self::Error(number))
            }
            Some(("pause", ms)) => ms.parse().ok().map(|ms| Self::Pause(Duration::from_millis(ms))),
            _ => None,
        }
    }

    fn carry_out(self) -> io::Result<()> {
        match self {
            Self::Kill => {
                raise(SIGKILL)?;
                // The signal may reach this thread a moment after the call.
                loop {
                    std::thread::park();
                }
            }
            Self::Error(number) => Err(io::Error::from_raw_os_error(number)),
            Self::Pause(time) => {
                std::thread::sleep(time);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_those_of_publishing_are_among_them() {
        let names: std::collections::BTreeSet<&str> = NAMES.into_iter().collect();
        assert_eq!(names.len(), NAMES.len());
        for kind in [MANIFEST, RUN, PART, KEPT, OUTPUT] {
            let Publishing { create, write, flush, rename, flush_folder, published } = kind;
            for name in [create, write, flush, rename, flush_folder, published] {
                assert!(names.contains(name), "{name}");
            }
        }
    }

    #[test]
    fn a_plan_is_read_and_a_wrong_one_is_refused() {
        let plan = Plan::parse("part.rename:3:kill").unwrap();
        assert_eq!((plan.name, plan.hit, plan.action), ("part.rename", 3, Action::Kill));
        assert_eq!(Plan::parse("run.write:1:error:ENOSPC").unwrap().action, Action::Error(28));
        let pause = Action::Pause(Duration::from_millis(20));
        assert_eq!(Plan::parse("sweep.list:1:pause:20").unwrap().action, pause);
        for wrong in [
            "",
            "part.rename",
            "part.rename:0:kill",
            "no.point:1:kill",
            "run.write:1:error:EWHAT",
            "run.write:1:die",
        ] {
            assert!(Plan::parse(wrong).unwrap_err().contains("expected <name>:<hit>:<action>"), "{wrong}");
        }
    }

    #[test]
    fn an_error_is_the_one_that_was_asked_for() {
        let error = Action::parse("error:ENOSPC").unwrap().carry_out().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
