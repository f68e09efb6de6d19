//! A small world, what an undisturbed run makes of it, and ways to disturb that run.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::program::{Answer, DONE, Folder};

/// The number of the signal of `kill -9`.
pub const SIGKILL: i32 = 9;

/// Where the passings of failpoints are noted, in the folder of the test.
const LOG: &str = "failpoints.log";
/// What is in the folder of a test beside what the program makes there.
const GIVEN: [&str; 2] = ["populi.toml", LOG];

/// Every file that a run made, by its path, with its bytes.
pub type Outputs = BTreeMap<String, Vec<u8>>;

/// A world as Jetstream files, and what becomes of it when nothing goes wrong.
pub struct World {
    folder: Folder,
    /// What an undisturbed run makes.
    pub outputs: Outputs,
    /// How often it passes each failpoint.
    pub n_passed: BTreeMap<String, u64>,
    /// How long it takes.
    pub time: Duration,
}

/// What is to happen at a failpoint.
#[derive(Clone, Debug)]
pub struct Fault {
    pub point: String,
    pub hit: u64,
    pub action: &'static str,
}

impl World {
    /// The world of the short tests, made once for all of them.
    pub fn small() -> &'static Self {
        static SMALL: OnceLock<World> = OnceLock::new();
        SMALL.get_or_init(|| Self::new("--users 40 --days 1 --seed 5"))
    }

    /// A world of these options.
    pub fn new(options: &str) -> Self {
        let folder = Folder::new();
        folder.ok(&format!("simulate bluesky {options} --out world"));
        let mut world =
            Self { folder, outputs: Outputs::new(), n_passed: BTreeMap::new(), time: Duration::ZERO };
        let undisturbed = world.begin();
        let begin = std::time::Instant::now();
        undisturbed.ok("run populi.toml");
        world.time = begin.elapsed();
        world.outputs = outputs(&undisturbed);
        let counted = world.begin();
        let log = counted.path(LOG);
        let output =
            counted.command(["run", "populi.toml"]).env("POPULI_FAILPOINT_LOG", &log).output().unwrap();
        assert!(output.status.success());
        for line in counted.read_text(LOG).lines() {
            let (point, _) = line.split_once(' ').unwrap();
            *world.n_passed.entry(point.to_owned()).or_default() += 1;
        }
        world
    }

    /// A new folder with a recipe over this world.
    pub fn begin(&self) -> Folder {
        let folder = Folder::new();
        folder.write("populi.toml", self.recipe("corpus"));
        folder
    }

    /// A recipe over this world for a corpus.
    pub fn recipe(&self, corpus: &str) -> String {
        let dump = self.folder.path("world/jetstream");
        format!(
            "corpus = '{corpus}'\nseed = 5\n[ingest]\nfrom = 'bluesky'\npaths = ['{}']\nbuckets = 2\nmax_quarantine = 1.0\n\
             [personas]\nk = 3\n",
            dump.display()
        )
    }

    /// Lets the run end undisturbed and compares every byte with what it should be.
    pub fn finish(&self, folder: &Folder, after: &str) {
        let answer = folder.run(["run", "populi.toml"]);
        assert_eq!(answer.code, DONE, "after {after}: {answer:?}");
        self.compare(folder, after);
    }

    /// Compares every byte with what it should be.
    pub fn compare(&self, folder: &Folder, after: &str) {
        let got = outputs(folder);
        let names: Vec<&String> = got.keys().collect();
        let expected: Vec<&String> = self.outputs.keys().collect();
        assert_eq!(names, expected, "after {after}: the files");
        for (name, bytes) in &self.outputs {
            assert!(got[name] == *bytes, "after {after}: the bytes of {name}");
        }
    }
}

impl Fault {
    pub fn new(point: &str, hit: u64, action: &'static str) -> Self {
        Self { point: point.to_owned(), hit, action }
    }

    pub fn kill(point: &str, hit: u64) -> Self {
        Self::new(point, hit, "kill")
    }

    /// The program with the fault in it, ready to be started; the log is empty.
    pub fn command(&self, folder: &Folder, line: &str) -> Command {
        let log = folder.path(LOG);
        std::fs::write(&log, "").unwrap();
        let mut command = folder.command(line.split_whitespace());
        command
            .env("POPULI_FAILPOINT", format!("{}:{}:{}", self.point, self.hit, self.action))
            .env("POPULI_FAILPOINT_LOG", log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Whether the fault happened.
    pub fn has_fired(&self, folder: &Folder) -> bool {
        let fired = format!("fired {} {}", self.point, self.hit);
        std::fs::read_to_string(folder.path(LOG)).is_ok_and(|log| log.lines().any(|line| line == fired))
    }

    /// Waits until it has happened to a program that is still running.
    pub fn wait(&self, folder: &Folder, child: &mut Child) {
        while !self.has_fired(folder) {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() || self.has_fired(folder), "{self:?} did not happen: {ended:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Runs the program with the fault in it, and makes sure that it died of it.
    pub fn kills(&self, folder: &Folder, line: &str) {
        let output = self.command(folder, line).output().unwrap();
        assert!(self.has_fired(folder), "{self:?} did not happen: {output:?}");
        assert_eq!(output.status.signal(), Some(SIGKILL), "{self:?}: {output:?}");
    }

    /// Runs the program with the fault in it, and makes sure that it happened.
    pub fn disturbs(&self, folder: &Folder, line: &str) -> Answer {
        let output = self.command(folder, line).output().unwrap();
        assert!(self.has_fired(folder), "{self:?} did not happen: {output:?}");
        answer(output)
    }
}

/// What a program said before it ended by itself.
pub fn answer(output: std::process::Output) -> Answer {
    Answer {
        code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Everything that the program made in a folder, but for the lock, which has no bytes.
pub fn outputs(folder: &Folder) -> Outputs {
    let mut outputs = Outputs::new();
    gather(&folder.path("."), "", &mut outputs);
    outputs.retain(|name, _| !GIVEN.contains(&name.as_str()) && !name.ends_with("/lock"));
    outputs
}

/// Every file below `folder`, by its path from there.
pub fn gather(folder: &Path, prefix: &str, files: &mut Outputs) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// Makes sure that a corpus, if there is one yet, is whole: every committed byte is as it was written.
pub fn check_whole(folder: &Folder, after: &str) {
    let corpus = folder.path("corpus");
    if !corpus.join("manifest.json").exists() {
        return;
    }
    let found = populi_store::verify::verify(&corpus, &|_| {})
        .unwrap_or_else(|error| panic!("after {after}: {error}"));
    assert!(found.is_clean(), "after {after}: {found:?}");
    let strangers: Vec<_> = found.unnamed.iter().filter(|file| !file.is_leftover).collect();
    assert!(strangers.is_empty(), "after {after}: the next writer would leave {strangers:?}");
}

/// Numbers that look random and are the same in every run of the test.
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
