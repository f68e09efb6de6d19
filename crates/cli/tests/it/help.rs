//! What the program says of itself.

use crate::program::{DONE, FAILED, Folder};

/// Every verb, and the nouns of those that have some.
const VERBS: [&str; 37] = [
    "",
    "demo",
    "simulate",
    "simulate bluesky",
    "simulate twitter",
    "ingest",
    "ingest bluesky",
    "ingest blueprint",
    "ingest twitter",
    "ingest text",
    "status",
    "sql",
    "threads",
    "threads missing",
    "clean",
    "embed",
    "distill",
    "detector",
    "detector train",
    "detector apply",
    "personas",
    "export",
    "export personas",
    "export conversations",
    "export key",
    "report",
    "run",
    "forget",
    "verify",
    "matrix",
    "matrix knn",
    "matrix pca",
    "matrix umap",
    "matrix hdbscan",
    "matrix dbscan",
    "matrix kmeans",
    "matrix score",
];

#[test]
fn help_is_as_it_was() {
    let folder = Folder::new();
    for verb in VERBS {
        let answer = folder.run(verb.split_whitespace().chain(["--help"]));
        assert_eq!((answer.code, answer.stderr.as_str()), (DONE, ""), "{verb}");
        let has_nouns = ["simulate", "ingest", "export", "detector"].contains(&verb);
        let shows_how = ["Example:", "Begin with:"].into_iter().any(|word| answer.stdout.contains(word));
        assert!(shows_how || has_nouns, "{verb} has no example");
        let name = if verb.is_empty() { "populi".to_owned() } else { verb.replace(' ', "_") };
        insta::assert_snapshot!(name, answer.stdout);
    }
}

#[test]
fn the_list_of_verbs_above_is_whole() {
    let folder = Folder::new();
    let help = folder.ok("--help").stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let verbs: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    let listed: Vec<&str> =
        VERBS.into_iter().filter(|verb| !verb.is_empty() && !verb.contains(' ')).collect();
    assert_eq!(verbs, listed);
}

#[test]
fn what_is_misspelt_fails_with_a_hint() {
    let folder = Folder::new();
    for (line, hint) in [
        ("", "Usage"),
        ("threds", "threads"),
        ("embed --modle lexical", "--model"),
        ("ingest facebook x", "facebook"),
        ("threads --threads 0", "1..=1024"),
        ("ingest bluesky x --buckets 0", "--buckets"),
        ("personas --k many", "many"),
    ] {
        let answer = folder.run(line.split_whitespace());
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{line}: {answer:?}");
    }
}
