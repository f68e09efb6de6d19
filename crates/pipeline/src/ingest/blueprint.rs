//! Which files and members of a BluePrint data set hold messages.

use std::fs::File;
use std::path::{Path, PathBuf};

use populi_ingest::archive::{Content, holds_archive};
use populi_ingest::discover::{Input, Place};

/// Why the other files are passed over.
const NO_LINES: &str = "no JSON lines";
/// What the other members of archives are.
pub(super) const OTHER_MEMBERS: &str = "members of an archive without JSON lines";

/// The inputs that hold lines, and the names of the others: in a folder only `*.jsonl` does, packed or not,
/// and what is an archive may, beside cards, lists of members and caches. What the user named is read
/// whatever its name.
pub(super) fn with_lines(inputs: Vec<Input>, named: &[PathBuf]) -> (Vec<Input>, Vec<(String, &'static str)>) {
    let (with, without): (Vec<Input>, Vec<Input>) =
        inputs.into_iter().partition(|input| match &input.place {
            Place::File(path) => named.contains(path) || holds_lines(&input.name) || is_archive(path),
            Place::StandardInput => true,
        });
    (with, without.into_iter().map(|input| (input.name, NO_LINES)).collect())
}

/// Whether a member of an archive is none with lines, by its name. One without a head is damage, and reading
/// tells of it.
pub(super) fn passes_over(content: &mut Content<'_>) -> bool {
    content.is_member && !holds_lines(content.name) && !content.head().is_empty()
}

/// What cannot be opened is none.
fn is_archive(path: &Path) -> bool {
    File::open(path).is_ok_and(holds_archive)
}

fn holds_lines(name: &str) -> bool {
    let file = name.rsplit(['/', '!']).next().unwrap_or(name).to_ascii_lowercase();
    file.ends_with(".jsonl") || file.contains(".jsonl.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_the_lines_are_passed_over_unless_named() {
        let input = |name: &str| Input { name: name.to_owned(), place: Place::File(name.into()) };
        let names =
            ["out/cluster_0.jsonl", "out/cluster_1.JSONL.zst", "out/card.json", "out/x.pkl", "mine.txt"];
        let (with, without) =
            with_lines(names.into_iter().map(input).collect(), &[PathBuf::from("out"), "mine.txt".into()]);
        let with: Vec<&str> = with.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(with, ["out/cluster_0.jsonl", "out/cluster_1.JSONL.zst", "mine.txt"]);
        assert_eq!(without, [("out/card.json".to_owned(), NO_LINES), ("out/x.pkl".to_owned(), NO_LINES)]);
    }
}
