//! `kill -9` at every failpoint and at random moments, and the same command again.
//!
//! The short tests run with all others. The full ones take minutes: `cargo test --release -p populi --test it killed -- --ignored`.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use populi_store::failpoint::NAMES;

use crate::faults::{Fault, Numbers, SIGKILL, World, answer, check_whole};
use crate::jetstream::{post, text};
use crate::program::{DONE, FAILED, Folder, digests};

/// What a run of the small world never comes to; tests of their own do.
const ELSEWHERE: [&str; 7] = [
    "spool.create",
    "spool.write",
    "lost_runs.commit",
    "lost_runs.committed",
    "forget.removed",
    "forget.commit",
    "forget.committed",
];

/// The refusals of the system that are tried, and what the message says of each.
const REFUSALS: [(&str, &str); 2] = [("error:ENOSPC", "Free some space"), ("error:EIO", "The disk")];

/// The points that a run passes, in about their order.
fn points() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().filter(|name| !ELSEWHERE.contains(name))
}

#[test]
fn a_run_passes_every_failpoint_that_there_is_and_no_other() {
    let passed: BTreeSet<&str> = World::small().n_passed.keys().map(String::as_str).collect();
    assert_eq!(passed, points().collect());
}

#[test]
fn a_failpoint_that_does_not_exist_is_refused() {
    let folder = World::small().begin();
    for wrong in ["part.renamed:1:kill", "part.rename:0:kill", "part.rename:1:die"] {
        let mut command = folder.command(["run", "populi.toml"]);
        let answer = answer(command.env("POPULI_FAILPOINT", wrong).output().unwrap());
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(answer.stderr.contains("expected <name>:<hit>:<action>"), "{answer:?}");
    }
}

/// The points in two chains, in each of which a run that was killed at one comes to the next: those of the manifest are passed
/// at every commit, so that they would carry the other chain on.
fn chains() -> [Vec<&'static str>; 2] {
    let (manifest, others) = points().partition(|point| point.starts_with("manifest."));
    [manifest, others]
}

/// Each point once: every start but the first of a chain continues what the kill before left.
#[test]
fn killed_at_every_failpoint_in_turn_a_run_ends_in_the_same_bytes() {
    let world = World::small();
    for chain in chains() {
        let folder = world.begin();
        for point in chain {
            Fault::kill(point, 1).kills(&folder, "run populi.toml");
            check_whole(&folder, point);
        }
        world.finish(&folder, "a kill at every failpoint");
    }
}

#[test]
fn refused_by_the_disk_at_every_failpoint_in_turn_a_run_says_what_to_do_and_continues() {
    let world = World::small();
    for chain in chains() {
        let folder = world.begin();
        for (point, (action, advice)) in chain.into_iter().zip(REFUSALS.into_iter().cycle()) {
            refused(&folder, &Fault::new(point, 1, action), advice);
        }
        world.finish(&folder, "a refusal at every failpoint");
    }
}

/// A run that the disk refuses: the message names a path and what to do, and the corpus is whole.
fn refused(folder: &Folder, fault: &Fault, advice: &str) {
    let answer = fault.disturbs(folder, "run populi.toml");
    assert_eq!(answer.code, FAILED, "{fault:?}: {answer:?}");
    let stderr = &answer.stderr;
    let names_a_path = ["corpus", "report.html", "map."].iter().any(|name| stderr.contains(name));
    assert!(names_a_path && stderr.contains(advice), "{fault:?}: {stderr}");
    assert_eq!(stderr.matches("os error").count(), 1, "{fault:?}: the cause is told once: {stderr}");
    check_whole(folder, &fault.point);
}

#[test]
fn killed_at_random_moments_a_run_ends_in_the_same_bytes() {
    kill_at_random_moments(World::small(), 5);
}

/// What comes in on standard input has to come in again.
#[test]
fn killed_while_standard_input_is_kept_an_ingest_leaves_nothing() {
    let folder = Folder::new();
    let dump = post("did:plc:ann", "1", 1, &text("hello"));
    folder.write("first", post("did:plc:ann", "0", 0, &text("before")));
    folder.ok("ingest bluesky first");
    for fault in [Fault::kill("spool.create", 1), Fault::kill("spool.write", 1)] {
        let mut command = fault.command(&folder, "ingest bluesky -");
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // The other end may be gone already.
        let _ = child.stdin.take().unwrap().write_all(dump.as_bytes());
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
        assert!(fault.has_fired(&folder));
        check_whole(&folder, &fault.point);
        assert_eq!(folder.status("corpus")["total"]["in"], 1);
    }
    folder.write("second", dump);
    folder.ok("ingest bluesky second");
    assert_eq!(folder.status("corpus")["total"]["in"], 2);
    assert!(!folder.path("corpus/runs/standard-input.spool").exists());
}

/// A run that the disk lost, and a kill while that is put right.
#[test]
fn killed_while_lost_runs_are_forgotten_an_ingest_reads_them_again() {
    let world = World::small();
    for (n, point) in ["lost_runs.commit", "lost_runs.committed"].into_iter().enumerate() {
        let folder = world.begin();
        Fault::kill("part.create", 1).kills(&folder, "run populi.toml");
        let mut runs = folder.path("corpus/runs").read_dir().unwrap();
        let run = runs.next().unwrap().unwrap().path();
        if n == 0 {
            std::fs::remove_file(&run).unwrap();
        } else {
            // One bit, which the length does not tell.
            let mut bytes = std::fs::read(&run).unwrap();
            bytes[100] ^= 1;
            std::fs::write(&run, bytes).unwrap();
        }
        Fault::kill(point, 1).kills(&folder, "run populi.toml");
        world.finish(&folder, point);
    }
}

#[test]
#[ignore = "minutes: every failpoint at its first, middle and last hit, killed and refused"]
fn killed_or_refused_at_the_first_middle_and_last_hit_of_every_failpoint() {
    let world = World::new("--users 120 --days 2 --seed 7");
    let (mut n_kills, mut n_refusals) = (0, 0);
    for point in points() {
        let n = world.n_passed[point];
        for hit in BTreeSet::from([1, n.div_ceil(2), n]) {
            let folder = world.begin();
            let fault = Fault::kill(point, hit);
            fault.kills(&folder, "run populi.toml");
            check_whole(&folder, point);
            world.finish(&folder, &format!("{fault:?}"));
            n_kills += 1;
            for (action, advice) in REFUSALS {
                let folder = world.begin();
                let fault = Fault::new(point, hit, action);
                refused(&folder, &fault, advice);
                world.finish(&folder, &format!("{fault:?}"));
                n_refusals += 1;
            }
        }
    }
    println!(
        "{n_kills} kills and {n_refusals} refusals at {} failpoints: all fired, all the same bytes",
        points().count()
    );
}

#[test]
#[ignore = "minutes: 50 kills of a whole run"]
fn killed_at_fifty_random_moments_a_run_ends_in_the_same_bytes() {
    kill_at_random_moments(&World::new("--users 300 --days 2 --seed 7"), 50);
}

#[test]
#[ignore = "minutes: 50 kills, and another 50 of what continues"]
fn killed_twice_a_run_ends_in_the_same_bytes() {
    let world = World::new("--users 120 --days 2 --seed 7");
    let mut numbers = Numbers(3);
    let mut n_second = 0;
    for n in 0..50 {
        let folder = world.begin();
        for _ in 0..2 {
            n_second += u32::from(kill_within(&folder, &world, &mut numbers));
            check_whole(&folder, &format!("kill {n}"));
        }
        world.finish(&folder, &format!("two kills, {n}"));
    }
    println!("100 starts, {n_second} of them killed before they had ended: all the same bytes");
}

fn kill_at_random_moments(world: &World, n_kills: u32) {
    let mut numbers = Numbers(1);
    let mut n_killed = 0;
    for n in 0..n_kills {
        let folder = world.begin();
        n_killed += u32::from(kill_within(&folder, world, &mut numbers));
        check_whole(&folder, &format!("random kill {n}"));
        world.finish(&folder, &format!("random kill {n}"));
    }
    println!("{n_kills} starts, {n_killed} of them killed before they had ended: all the same bytes");
}

/// Kills a run at a moment within the time that a whole one takes; false where it had ended by then.
fn kill_within(folder: &Folder, world: &World, numbers: &mut Numbers) -> bool {
    let mut command = folder.command(["run", "populi.toml"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let moment = numbers.below(u64::try_from(world.time.as_micros()).unwrap());
    std::thread::sleep(Duration::from_micros(moment));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.signal() == Some(SIGKILL) || status.code() == Some(DONE), "{status}");
    status.code().is_none()
}

/// That `digests` of the whole corpus agree follows from the bytes; here the other way is shown too: by what users see.
#[test]
fn after_a_kill_status_tells_what_is_missing_and_the_digests_are_those_of_an_undisturbed_run() {
    let world = World::small();
    let folder = world.begin();
    Fault::kill("buckets.commit", 1).kills(&folder, "run populi.toml");
    assert!(folder.ok("status").stdout.contains("An ingest was interrupted"));
    folder.ok("run populi.toml");
    let undisturbed = world.begin();
    undisturbed.ok("run populi.toml");
    assert_eq!(digests(&folder.status("corpus")), digests(&undisturbed.status("corpus")));
}
