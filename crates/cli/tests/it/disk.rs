//! A full disk, a folder that may not be written, no temporary folder, two processes: the next run ends in the same bytes, or a
//! clear error says what to do.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::faults::{Fault, World, answer, check_whole, outputs};
use crate::program::{Answer, DONE, FAILED, Folder};

/// A user who owns nothing: `nobody` on every Unix that has one.
const NOBODY: u32 = 65534;

/// A disk of its own in memory.
struct Disk(PathBuf);

impl Disk {
    /// Mounts one of so many KiB; says where that may not be done.
    fn mount(path: &Path, n_kib: u32) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        if mount(path, &format!("size={n_kib}k")) {
            return Some(Self(path.to_owned()));
        }
        println!("skipped: no disk may be mounted here");
        None
    }

    fn resize(&self, n_kib: u32) {
        assert!(mount(&self.0, &format!("remount,size={n_kib}k")));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(path: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A disk that grows only when it was full: each size ends the run at another place.
#[test]
fn on_a_disk_that_is_full_a_run_says_so_and_continues_once_there_is_room() {
    let world = World::small();
    let folder = Folder::new();
    let Some(disk) = Disk::mount(&folder.path("disk"), 16) else { return };
    folder.write("populi.toml", world.recipe("disk/corpus"));
    let mut n_full = 0;
    let mut n_kib = 16;
    loop {
        let answer = folder.run(["run", "populi.toml"]);
        if answer.code == DONE {
            break;
        }
        assert_eq!(answer.code, FAILED, "{n_kib} KiB: {answer:?}");
        let stderr = &answer.stderr;
        assert!(stderr.contains("disk/") && stderr.contains("Free some space"), "{n_kib} KiB: {stderr}");
        n_full += 1;
        n_kib += n_kib / 4;
        assert!(n_kib < 1 << 20, "the run never had enough room");
        disk.resize(n_kib);
    }
    assert!(n_full > 5, "only {n_full} sizes were too small");
    let got = outputs(&folder);
    for (name, bytes) in &world.outputs {
        assert!(got[&format!("disk/{name}")] == *bytes, "the bytes of {name} after {n_full} full disks");
    }
    assert_eq!(got.len(), world.outputs.len());
}

#[test]
fn a_run_needs_no_temporary_folder() {
    let world = World::small();
    let folder = world.begin();
    let nowhere = folder.path("nowhere");
    let run = |line: &str| {
        let mut command = folder.command(line.split_whitespace());
        answer(command.env("TMPDIR", &nowhere).stdin(Stdio::null()).output().unwrap())
    };
    assert_eq!(run("run populi.toml").code, DONE);
    world.compare(&folder, "a run without a temporary folder");
    for line in ["status", "verify", "threads"] {
        assert_eq!(run(line).code, DONE, "{line}");
    }
    let mut command = folder.command(["sql", "SELECT author_id, count(*) FROM posts GROUP BY 1 ORDER BY 2"]);
    let answer = answer(command.env("TMPDIR", &nowhere).output().unwrap());
    assert_eq!(answer.code, DONE, "{answer:?}");
}

/// A folder in which the program runs as somebody who may read everything and write nothing but `own`.
struct ReadOnly {
    folder: Folder,
    program: PathBuf,
    is_root: bool,
}

impl ReadOnly {
    /// Takes the permission to write away from everything in the folder.
    fn of(folder: Folder) -> Self {
        let is_root =
            std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        // A copy that whoever owns nothing may reach, wherever it was built.
        let program = folder.path("program");
        std::fs::copy(env!("CARGO_BIN_EXE_populi"), &program).unwrap();
        std::fs::create_dir(folder.path("own")).unwrap();
        set_modes(&folder.path("."), 0o555, 0o444);
        set_mode(&program, 0o555);
        set_mode(&folder.path("own"), 0o777);
        Self { folder, program, is_root }
    }

    fn run(&self, args: &[&str]) -> Answer {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(self.folder.path(".")).stdin(Stdio::null());
        if self.is_root {
            // To root nothing is forbidden.
            command.uid(NOBODY).gid(NOBODY);
        }
        answer(command.output().unwrap())
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // So that the folder can be removed.
        set_modes(&self.folder.path("."), 0o755, 0o644);
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn set_modes(folder: &Path, folder_mode: u32, file_mode: u32) {
    set_mode(folder, 0o755);
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            set_modes(&entry.path(), folder_mode, file_mode);
        } else {
            set_mode(&entry.path(), file_mode);
        }
    }
    set_mode(folder, folder_mode);
}

#[test]
fn a_corpus_that_may_not_be_written_can_be_read_and_writers_say_what_to_do() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    folder.write("more", "{}\n");
    let before = outputs(&folder);
    let read_only = ReadOnly::of(folder);
    for args in [
        &["status"][..],
        &["verify"],
        &["sql", "SELECT count(*) FROM posts"],
        &["report", "--out", "own/page"],
    ] {
        let answer = read_only.run(args);
        assert_eq!(answer.code, DONE, "{args:?}: {answer:?}");
    }
    for args in [&["ingest", "bluesky", "more"][..], &["threads"], &["run", "populi.toml"], &["report"]] {
        let answer = read_only.run(args);
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{args:?}: {answer:?}");
        let stderr = &answer.stderr;
        assert!(stderr.contains("Check that you may") && stderr.contains("--corpus"), "{args:?}: {stderr}");
    }
    let answer = read_only.run(&["ingest", "bluesky", "more", "--corpus", "new/corpus"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("cannot create the folder new"), "{answer:?}");
    let mut after = outputs(&read_only.folder);
    after.retain(|name, _| before.contains_key(name));
    assert!(after == before, "a byte of the corpus changed");
}

#[test]
fn a_second_run_of_one_corpus_is_refused_and_the_first_goes_on() {
    let world = World::small();
    let folder = world.begin();
    let fault = Fault::new("part.write", 1, "pause:1500");
    let mut first = fault.command(&folder, "run populi.toml").spawn().unwrap();
    fault.wait(&folder, &mut first);
    let second = folder.run(["run", "populi.toml"]);
    assert_eq!((second.code, second.stdout.as_str()), (FAILED, ""), "{second:?}");
    assert!(second.stderr.contains("another process") && second.stderr.contains("wait"), "{second:?}");
    assert_eq!(first.wait().unwrap().code(), Some(DONE));
    world.compare(&folder, "a second run at the same time");
}

#[test]
fn the_lock_of_a_process_that_was_killed_holds_nobody() {
    let world = World::small();
    let folder = world.begin();
    Fault::kill("part.write", 1).kills(&folder, "run populi.toml");
    assert!(folder.path("corpus/lock").exists());
    world.finish(&folder, "a kill");
}

#[test]
fn a_second_demo_in_one_folder_is_refused() {
    let folder = Folder::new();
    let fault = Fault::new("part.write", 1, "pause:600000");
    let mut first = fault.command(&folder, "demo").spawn().unwrap();
    fault.wait(&folder, &mut first);
    let second = folder.run(["demo"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.code, FAILED, "{second:?}");
    assert!(second.stderr.contains("runs in ./populi-demo already"), "{second:?}");
}

#[test]
fn a_report_replaces_its_own_files_and_nobody_elses() {
    let folder = World::small().begin();
    folder.ok("run populi.toml");
    let page = folder.read("report.html");
    folder.ok("report --title Again");
    assert!(folder.read("report.html") != page);
    for name in ["report.html", "map.png", "map.svg"] {
        let place = format!("mine-{name}");
        folder.write(&format!("{place}/{name}"), "my own work");
        let answer = folder.run(["report", "--out", &place]);
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(answer.stderr.contains(name) && answer.stderr.contains("--out"), "{answer:?}");
        assert_eq!(folder.read_text(&format!("{place}/{name}")), "my own work");
        assert_eq!(folder.path(&place).read_dir().unwrap().count(), 1, "nothing is beside it");
    }
    check_whole(&folder, "reports");
}
