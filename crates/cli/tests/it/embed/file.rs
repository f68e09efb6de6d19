//! Any file of texts as an array.

use std::io::Write;

use serde_json::json;

use super::{array, english, russian, tiny_transformer};
use crate::program::{FAILED, Folder};

/// The files that hold these texts, by their names and the options that they need.
fn files(folder: &Folder, texts: &[String]) -> Vec<(&'static str, &'static str)> {
    let rows = |separator: &str| -> String {
        let rows = texts.iter().enumerate().map(|(i, text)| format!("{i}{separator}{text}{separator}x\n"));
        std::iter::once(format!("number{separator}body{separator}note\n")).chain(rows).collect()
    };
    folder.write("a.txt", texts.join("\n") + "\n");
    folder.write("a.csv", rows(","));
    folder.write("a.tsv", rows("\t"));
    folder.write(
        "a.jsonl",
        texts.iter().map(|text| json!({ "body": text }).to_string() + "\n").collect::<String>(),
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all((texts.join("\n") + "\n").as_bytes()).unwrap();
    folder.write("a.txt.gz", packed.finish().unwrap());
    vec![
        ("a.txt", ""),
        ("a.csv", "--text body"),
        ("a.tsv", "--text 2"),
        ("a.jsonl", "--text body"),
        ("a.txt.gz", ""),
    ]
}

#[test]
fn every_kind_of_file_gives_the_same_array() {
    let folder = Folder::new();
    let texts = english(80);
    let mut arrays = Vec::new();
    for (i, (name, options)) in files(&folder, &texts).into_iter().enumerate() {
        let found = folder.ok_json(&format!("embed {name} {options} --model lexical --out {i}.npy"));
        assert_eq!(
            (&found["n_texts"], &found["n_distinct"], &found["n_empty"]),
            (&json!(80), &json!(80), &json!(0))
        );
        arrays.push(folder.read(&format!("{i}.npy")));
    }
    assert!(arrays.iter().all(|bytes| *bytes == arrays[0]));
    let rows = array(&arrays[0]);
    assert_eq!(rows.len(), 80);
    for row in rows {
        assert!((row.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    // Parquet: a table of a corpus is one.
    folder.write("posts.csv", super::table(0, &texts));
    folder.ok("ingest text posts.csv --quiet --buckets 1");
    let part = folder.path("corpus/posts").read_dir().unwrap().next().unwrap().unwrap().path();
    let found = folder.ok_json(&format!("embed {} --text text --model static --out p.npy", part.display()));
    assert_eq!((&found["n_texts"], &found["column"]), (&json!(80), &json!("text")));
}

#[test]
fn auto_decides_by_the_file_and_says_so() {
    let folder = Folder::new();
    folder.write("en.txt", english(50).join("\n"));
    folder.write("ru.txt", russian(50).join("\n"));
    let answer = folder.ok("embed en.txt --out en.npy");
    assert!(answer.stdout.contains("at least 80 %: static"), "{answer:?}");
    let found = folder.ok_json("embed ru.txt --out ru.npy");
    assert_eq!(found["model"], "lexical");
    assert!(found["why"].as_str().unwrap().contains("below 80 %: lexical"), "{found}");
}

#[test]
fn an_empty_text_has_a_row_of_zeros_and_no_row_moves() {
    let folder = Folder::new();
    folder.write("a.txt", "the old house\n\n   \nthe young dog\n");
    for model in ["static".to_owned(), "lexical".to_owned()] {
        let found = folder.ok_json(&format!("embed a.txt --out {model}.npy --model {model}"));
        assert_eq!(
            (&found["n_texts"], &found["n_empty"], &found["n_distinct"]),
            (&json!(4), &json!(2), &json!(4))
        );
        let rows = array(&folder.read(&format!("{model}.npy")));
        let is_zero = |row: &Vec<f32>| row.iter().all(|value| *value == 0.0);
        assert_eq!(rows.iter().map(is_zero).collect::<Vec<_>>(), [false, true, true, false]);
    }
    folder.write("nothing.txt", "");
    assert_eq!(folder.ok_json("embed nothing.txt --out nothing.npy")["n_texts"], 0);
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("a.txt", b"fine\nbro\xffken\nfine\n");
    folder.write("b.csv", "id,text\n1,fine\n2,too,many\n");
    for (name, words) in [("a.txt", "line 2"), ("b.csv --text text", "line 3")] {
        let answer = folder.run(format!("embed {name} --out x.npy").split_whitespace());
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(answer.stderr.contains(words), "{answer:?}");
        assert!(!folder.path("x.npy").exists());
    }
}

#[test]
fn the_bytes_are_the_same_at_any_number_of_threads() {
    let folder = Folder::new();
    folder.write("a.txt", [english(700), russian(300), vec![String::new()]].concat().join("\n"));
    let models = ["static".to_owned(), "lexical".to_owned(), tiny_transformer().display().to_string()];
    for (i, model) in models.iter().enumerate() {
        let mut outputs = Vec::new();
        for threads in [1, 2, 7] {
            let out = format!("{i}-{threads}.npy");
            folder.ok(&format!("embed a.txt --out {out} --model {model} --threads {threads}"));
            outputs.push(folder.read(&out));
        }
        assert!(outputs.iter().all(|bytes| *bytes == outputs[0]), "{model}");
    }
}

#[test]
fn a_second_run_embeds_only_what_is_new() {
    let folder = Folder::new();
    let model = tiny_transformer().display().to_string();
    folder.write("a.txt", [english(30), english(10)].concat().join("\n"));
    let first = folder.ok_json(&format!("embed a.txt --out a.npy --model {model}"));
    assert_eq!(
        (&first["n_distinct"], &first["n_from_cache"], &first["cache"]),
        (&json!(30), &json!(0), &json!("a.npy.cache"))
    );
    folder.write("a.txt", english(35).join("\n"));
    let answer = folder.run(["embed", "a.txt", "--out", "a.npy", "--model", &model]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("--overwrite"), "{answer:?}");
    let second = folder.ok_json(&format!("embed a.txt --out a.npy --model {model} --overwrite"));
    assert_eq!((&second["n_distinct"], &second["n_from_cache"]), (&json!(35), &json!(30)));
    let fresh = folder.ok_json(&format!("embed a.txt --out b.npy --model {model} --cache elsewhere"));
    assert_eq!((&fresh["n_from_cache"], &fresh["cache"]), (&json!(0), &json!("elsewhere")));
    assert!(folder.read("a.npy") == folder.read("b.npy"));
}

#[test]
fn what_belongs_to_a_corpus_or_to_a_file_is_not_mixed_up() {
    let folder = Folder::new();
    folder.write("a.txt", "one\n");
    for line in [
        "embed a.txt",
        "embed --out a.npy",
        "embed --out a.npy --corpus c",
        "embed a.txt --out -",
        "embed a.txt --out a.npy --refit",
        "embed a.txt --out a.npy --lang en",
        "embed a.txt --out a.npy --corpus c",
        "embed a.txt --out a.txt",
    ] {
        assert_eq!(folder.run(line.split_whitespace()).code, FAILED, "{line}");
    }
    assert_eq!(folder.read("a.txt"), b"one\n");
}
