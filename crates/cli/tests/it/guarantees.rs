//! docs/guarantees.md names tests; they are there.

use std::fs;
use std::path::Path;

/// How the document names a test: its file from the root, two colons, its name.
const BETWEEN: &str = ".rs::";

#[test]
fn every_test_that_the_guarantees_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let mut n_tests = 0;
    for reference in text.split('`').skip(1).step_by(2).filter(|word| word.contains(BETWEEN)) {
        let (file, name) = reference.split_once("::").unwrap();
        let source =
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{reference}: {error}"));
        let (before, _) = source
            .split_once(&format!("fn {name}("))
            .unwrap_or_else(|| panic!("docs/guarantees.md names {reference}, which is not there"));
        let mut head =
            before.trim_end().lines().rev().take_while(|line| !line.trim().is_empty() && line.trim() != "}");
        assert!(head.any(|line| line.trim() == "#[test]"), "{reference} is no test");
        n_tests += 1;
    }
    assert!(n_tests > 20, "only {n_tests} tests were found in docs/guarantees.md");
}
