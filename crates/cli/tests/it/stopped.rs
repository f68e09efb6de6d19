//! SIGINT and SIGTERM: exit codes, the message, and how it goes on.

use std::process::{Child, Command, Stdio};

use crate::faults::{Fault, World, answer, check_whole};
use crate::jetstream::{post, text};
use crate::program::{Answer, DONE, Folder, digests};

/// What the program says when it was stopped.
const MESSAGE: &str = "populi: interrupted. What was finished is kept: the same command continues\n";

/// Sends a signal to a program as a terminal or a service manager would.
fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "kill {signal}");
}

/// The command as a terminal starts it, although whatever runs the tests may ignore signals, as shells do for what they run
/// in the background.
fn heeding(direct: &Command) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=INT,TERM").arg(direct.get_program()).args(direct.get_args());
    command.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = direct.get_current_dir() {
        command.current_dir(folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a command, waits until it stands still at a failpoint, and sends it a signal.
fn stop(folder: &Folder, line: &str, fault: &Fault, signal: &str) -> Answer {
    let mut child = heeding(&fault.command(folder, line)).spawn().unwrap();
    fault.wait(folder, &mut child);
    send(signal, &child);
    answer(child.wait_with_output().unwrap())
}

/// In the middle of work that cannot be put down, the program leaves after its grace.
#[test]
fn a_signal_ends_a_run_that_is_stuck_and_the_same_command_ends_in_the_same_bytes() {
    let world = World::small();
    let folder = world.begin();
    for (point, signal, code) in [("part.write", "-INT", 130), ("step.commit", "-TERM", 143)] {
        let fault = Fault::new(point, 1, "pause:600000");
        let answer = stop(&folder, "run populi.toml", &fault, signal);
        assert_eq!(answer.code, code, "{point}: {answer:?}");
        assert!(answer.stderr.ends_with(MESSAGE), "{point}: {answer:?}");
        assert_eq!(answer.stderr.matches("interrupted").count(), 1, "{point}: it is told once: {answer:?}");
        check_whole(&folder, point);
    }
    world.finish(&folder, "two signals");
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let folder = World::small().begin();
    let fault = Fault::new("part.write", 1, "pause:600000");
    let mut child = heeding(&fault.command(&folder, "run populi.toml")).spawn().unwrap();
    fault.wait(&folder, &mut child);
    send("-TERM", &child);
    send("-INT", &child);
    let answer = answer(child.wait_with_output().unwrap());
    assert!([130, 143].contains(&answer.code), "{answer:?}");
    assert_eq!(answer.stderr, MESSAGE);
}

/// What was read when the signal came is committed, and only the rest is read the next time.
#[test]
fn a_stopped_ingest_keeps_the_inputs_that_it_finished() {
    let folder = Folder::new();
    let words = "a text that makes the line long ".repeat(60);
    for file in 0..6 {
        let posts = (0..4500).map(|i| post("did:plc:ann", &format!("{file}-{i}"), i, &text(&words)) + "\n");
        folder.write(&format!("dump/{file}"), posts.collect::<String>());
    }
    let line = "ingest bluesky dump --threads 1";
    let answer = stop(&folder, line, &Fault::new("run.write", 2, "pause:500"), "-INT");
    assert_eq!((answer.code, answer.stderr.as_str()), (130, MESSAGE));
    check_whole(&folder, "a signal");
    assert!(folder.ok("status").stdout.contains("An ingest was interrupted"));

    let answer = folder.ok(line);
    let known = answer
        .stderr
        .lines()
        .find_map(|line| line.strip_suffix(" inputs were in the corpus already and were passed over"));
    let n_known: u32 = known.unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap();
    assert!((2..6).contains(&n_known), "{n_known} of 6 inputs were kept");
    folder.ok("ingest bluesky dump --corpus whole");
    assert_eq!(digests(&folder.status("corpus")), digests(&folder.status("whole")));
}

/// As a shell sets it for what a script runs in the background.
#[test]
fn a_signal_that_is_set_to_be_ignored_is_ignored() {
    let world = World::small();
    let folder = world.begin();
    let fault = Fault::new("part.write", 1, "pause:300");
    let direct = fault.command(&folder, "run populi.toml");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$0\" run populi.toml"]).arg(direct.get_program());
    shell
        .current_dir(folder.path("."))
        .envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = shell.stdout(Stdio::null()).spawn().unwrap();
    fault.wait(&folder, &mut child);
    send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(DONE));
    world.compare(&folder, "a signal that was ignored");
}

#[test]
fn an_ingest_that_waits_for_standard_input_is_stopped() {
    let folder = Folder::new();
    let mut command = folder.command(["ingest", "bluesky", "-"]);
    command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    while !folder.path("corpus/runs/standard-input.spool").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    send("-TERM", &child);
    let answer = answer(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.stderr.as_str()), (143, MESSAGE));
}
