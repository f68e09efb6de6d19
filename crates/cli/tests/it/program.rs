//! Runs the real binary in a folder of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What is not an error.
pub const DONE: i32 = 0;
/// Done, with findings.
pub const FINDINGS: i32 = 1;
/// Failed.
pub const FAILED: i32 = 2;

/// A temporary folder in which the program runs.
pub struct Folder(TempDir);

/// What a run of the program said.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// The path of something in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Runs the program, whatever comes of it.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        Answer {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The program, ready to be started.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_populi"));
        command.args(args).current_dir(self.0.path()).env("COLUMNS", "100");
        command
    }

    /// Runs the program and expects that all goes well; the words of `line` are its arguments.
    pub fn ok(&self, line: &str) -> Answer {
        let answer = self.run(line.split_whitespace());
        assert_eq!(answer.code, DONE, "populi {line}: {answer:?}");
        answer
    }

    /// The same with `--json`.
    pub fn ok_json(&self, line: &str) -> Value {
        self.ok(&format!("{line} --json")).json()
    }

    /// `populi status --json` of a corpus.
    pub fn status(&self, corpus: &str) -> Value {
        self.ok_json(&format!("status --corpus {corpus}"))
    }

    /// The rows of a query over a corpus, each an object.
    pub fn rows(&self, corpus: &str, query: &str) -> Vec<Value> {
        let answer = self.run(["sql", "--corpus", corpus, "--format", "json", query]);
        assert_eq!(answer.code, DONE, "{query}: {answer:?}");
        serde_json::from_str(&answer.stdout).unwrap()
    }

    /// The one row of a query.
    pub fn row(&self, corpus: &str, query: &str) -> Value {
        let mut rows = self.rows(corpus, query);
        assert_eq!(rows.len(), 1, "{query}: {rows:?}");
        rows.remove(0)
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The sum of the counts of an object, such as `{"bad_json": 3}`.
pub fn sum(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

/// The rows of a table, as `status` tells them; 0 where the corpus has no such table.
pub fn n_rows(status: &Value, table: &str) -> u64 {
    status["tables"][table]["rows"].as_u64().unwrap_or(0)
}

/// Checks the equation of an account, of all inputs or of one.
pub fn check_balance(account: &Value) {
    let count = |name: &str| account[name].as_u64().unwrap();
    let classes = ["stored", "superseded", "deletes", "notices", "duplicates", "blank"];
    let parts: u64 = classes.into_iter().map(count).sum();
    assert_eq!(count("in"), parts + sum(&account["ignored"]) + sum(&account["quarantined"]), "{account}");
}

/// The digest of each table, but of those that name files.
pub fn digests(status: &Value) -> Vec<(String, String)> {
    let tables = status["tables"].as_object().unwrap();
    tables
        .iter()
        .filter(|(name, _)| !["sources", "quarantine"].contains(&name.as_str()))
        .map(|(name, table)| (name.clone(), table["digest"].as_str().unwrap().to_owned()))
        .collect()
}

/// A file or folder of the data shared with the workspace; says that it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path.canonicalize().unwrap())
}
