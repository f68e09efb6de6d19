//! Which files of a BluePrint data set hold messages.

use std::path::PathBuf;

use populi_ingest::discover::{Input, Place};

/// Why the others are passed over.
const NO_LINES: &str = "no JSON lines";

/// The inputs that hold lines, and the names of the others: in a folder only `*.jsonl` does, packed or not, beside cards,
/// lists of members and caches. What the user named is read whatever its name.
pub(super) fn with_lines(inputs: Vec<Input>, named: &[PathBuf]) -> (Vec<Input>, Vec<(String, &'static str)>) {
    let (with, without): (Vec<Input>, Vec<Input>) =
        inputs.into_iter().partition(|input| match &input.place {
            Place::File(path) => named.contains(path) || holds_lines(&input.name),
            Place::StandardInput => true,
        });
    (with, without.into_iter().map(|input| (input.name, NO_LINES)).collect())
}

fn holds_lines(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
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
