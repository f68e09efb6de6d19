//! `populi distill`: a table of a transformer, and what it is good for.

use serde_json::json;

use super::{array, digest, english, ingest, tiny_transformer};
use crate::program::{FAILED, Folder};

/// A small table, quickly made.
fn line(out: &str) -> String {
    let teacher = tiny_transformer();
    format!(
        "distill --teacher {} --texts a.txt b.csv --out {out} --dims 16 --word-lists 40 --made-up-posts 40 --epochs 2 --held-out 0.2",
        teacher.display()
    )
}

fn texts(folder: &Folder) {
    folder.write("a.txt", english(150).join("\n"));
    folder.write(
        "b.csv",
        "number,text\n".to_owned()
            + &english(200)[150..].iter().map(|text| format!("1,{text}\n")).collect::<String>(),
    );
}

#[test]
fn a_table_is_made_and_embeds() {
    let folder = Folder::new();
    texts(&folder);
    let found = folder.ok_json(&line("mine.table"));
    assert_eq!(
        (&found["n_dims"], &found["n_tokens"], &found["n_texts"]),
        (&json!(16), &json!(400), &json!(200))
    );
    assert_eq!(
        found["held_out"].as_array().unwrap().len(),
        3,
        "after the linear map and after each pass: {found}"
    );
    assert_eq!((&found["teacher"], &found["n_from_cache"]), (&json!("bert"), &json!(0)));

    let embedded = folder.ok_json("embed a.txt --model mine.table --out a.npy");
    assert_eq!(
        (&embedded["model"], &embedded["fingerprint"], &embedded["n_dims"]),
        (&json!("mine"), &found["fingerprint"], &json!(16))
    );
    assert!(array(&folder.read("a.npy"))[5].iter().any(|value| *value != 0.0));
    assert!(!folder.path("a.npy.cache").exists(), "it is faster than a cache would be");
    ingest(&folder, "posts.csv", 0, &english(20));
    folder.ok("embed --model mine.table");
    assert_ne!(digest(&folder, "corpus", "vectors/mine"), "");

    // What the teacher said is kept: another table of the same texts asks it nothing of them.
    let again = folder.ok_json(&line("mine.table --overwrite"));
    assert_eq!(
        (&again["fingerprint"], again["n_from_cache"].as_u64() > Some(200)),
        (&found["fingerprint"], true)
    );
    for threads in [1, 3] {
        let other = folder.ok_json(&format!("{} --threads {threads}", line(&format!("{threads}.table"))));
        assert_eq!(other["fingerprint"], found["fingerprint"]);
    }
    assert!(
        folder.read("1.table") == folder.read("mine.table")
            && folder.read("3.table") == folder.read("mine.table")
    );
}

#[test]
fn without_texts_it_is_a_table_of_the_tokens_alone() {
    let folder = Folder::new();
    folder.write("notes.md", "Of no texts at all.");
    let teacher = tiny_transformer();
    let found = folder.ok_json(&format!(
        "distill --teacher {} --out plain.table --dims 32 --notes notes.md",
        teacher.display()
    ));
    assert_eq!(
        (&found["n_fitted"], &found["held_out"], &found["n_dims"]),
        (&json!(0), &json!([]), &json!(32))
    );
    assert!(String::from_utf8_lossy(&folder.read("plain.table")).contains("Of no texts at all."));
}

#[test]
fn what_cannot_be_is_refused_before_the_work() {
    let folder = Folder::new();
    texts(&folder);
    folder.write("letter", "dear diary");
    let teacher = tiny_transformer();
    for (line, words) in [
        (line("letter"), "--overwrite"),
        (line("letter --overwrite"), "no table"),
        (line("x.table").replace("--dims 16", "--dims 17"), "n_dims"),
        ("distill --teacher lexical --out x.table".to_owned(), "sentence-transformers"),
        ("distill --teacher ./nothing --out x.table".to_owned(), "nothing"),
        (format!("distill --teacher {} --texts none.txt --out x.table", teacher.display()), "none.txt"),
    ] {
        let answer = folder.run(line.split_whitespace());
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(answer.stderr.contains(words), "{line}: {answer:?}");
        assert!(!folder.path("x.table").exists());
    }
    assert_eq!(folder.read("letter"), b"dear diary");
}
