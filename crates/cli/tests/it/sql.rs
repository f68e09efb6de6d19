//! `populi sql`: formats, refusals, and what is said where there is no corpus.

use serde_json::{Value, json};

use crate::jetstream::{post, text};
use crate::program::{DONE, FAILED, Folder};

fn corpus() -> Folder {
    let folder = Folder::new();
    let lines = [
        post("did:plc:ann", "1", 1, &text("one, \"two\"\nthree")),
        post("did:plc:bob", "2", 2, &text("日本\u{202e}")),
    ];
    folder.write("dump", lines.join("\n"));
    folder.ok("ingest bluesky dump");
    folder
}

const QUERY: &str = "SELECT author_id, text, reply_to FROM posts ORDER BY author_id";

#[test]
fn the_formats_say_the_same_rows() {
    let folder = corpus();
    let ask = |format: &str| {
        let answer = folder.run(["sql", QUERY, "--format", format]);
        assert_eq!((answer.code, answer.stderr.as_str()), (DONE, ""), "{answer:?}");
        answer.stdout
    };
    assert_eq!(
        ask("csv"),
        "author_id,text,reply_to\ndid:plc:ann,\"one, \"\"two\"\"\nthree\",\ndid:plc:bob,日本\u{202e},\n"
    );
    let rows: Value = serde_json::from_str(&ask("json")).unwrap();
    assert_eq!(
        rows,
        json!([
            { "author_id": "did:plc:ann", "text": "one, \"two\"\nthree", "reply_to": null },
            { "author_id": "did:plc:bob", "text": "日本\u{202e}", "reply_to": null },
        ])
    );
    let table = ask("table");
    assert!(table.contains("did:plc:ann") && table.contains(r#"one, "two"\nthree"#), "{table}");
    assert!(!table.contains('\u{202e}'), "marks of direction are shown, not obeyed: {table}");
    assert_eq!(ask("table"), folder.run(["sql", QUERY]).stdout, "the table is the default");
}

#[test]
fn explain_and_the_lists_are_answered() {
    let folder = corpus();
    for query in ["EXPLAIN SELECT * FROM posts", "SHOW TABLES", "DESCRIBE threads", "SHOW COLUMNS FROM posts"]
    {
        assert!(!folder.rows("corpus", query).is_empty(), "{query}");
    }
}

#[test]
fn every_other_statement_is_refused_and_changes_nothing() {
    let folder = corpus();
    let before = folder.read("corpus/manifest.json");
    for query in [
        "DROP TABLE posts",
        "DELETE FROM posts",
        "INSERT INTO posts SELECT * FROM posts",
        "UPDATE posts SET text = ''",
        "CREATE TABLE t AS SELECT 1",
        "COPY posts TO 'out.parquet'",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'x'",
        "EXPLAIN ANALYZE DELETE FROM posts",
        "SET datafusion.execution.target_partitions = 1",
    ] {
        let answer = folder.run(["sql", query]);
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{query}: {answer:?}");
        assert!(answer.stderr.contains("refused") && answer.stderr.contains("SELECT"), "{query}: {answer:?}");
    }
    for query in ["SELECT * FROM 'dump'", "SELECT 1; SELECT 2", "SELECT", "SELECT nothing FROM posts", ""] {
        let answer = folder.run(["sql", query]);
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{query}: {answer:?}");
        assert!(answer.stderr.starts_with("populi: "), "{query}: {answer:?}");
    }
    assert_eq!(folder.read("corpus/manifest.json"), before);
    assert!(!folder.path("out.parquet").exists());
}

#[test]
fn without_a_corpus_it_is_said_what_to_do() {
    let folder = Folder::new();
    for line in ["sql SHOW", "status", "threads", "embed", "personas", "report"] {
        let answer = folder.run(line.split_whitespace());
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{line}: {answer:?}");
        assert!(answer.stderr.contains("ingest") && answer.stderr.contains("--corpus"), "{line}: {answer:?}");
        assert!(!folder.path("corpus").exists(), "{line} made a corpus");
    }
    folder.write("corpus/letter.txt", "dear diary");
    folder.write("dump", "");
    let answer = folder.run(["ingest", "bluesky", "dump"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("neither empty nor a corpus"), "{answer:?}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = corpus();
    let tables: Vec<String> = (0..16).map(|i| format!("posts AS p{i}")).collect();
    let query = format!("SELECT p0.text FROM {}", tables.join(" CROSS JOIN "));
    let mut child = folder
        .command(["sql", "--format", "csv", query.as_str()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.as_str()), (Some(DONE), ""));
}
