//! `populi detector`: trained on small made-up sources, applied to a small corpus.

use serde_json::Value;

use crate::program::{Answer, DONE, FAILED, Folder};

const THINGS: [&str; 8] =
    ["bread", "a bicycle", "the guitar", "my garden", "a passport", "the kitchen", "a novel", "the train"];
const DOINGS: [&str; 6] = ["fix", "clean", "paint", "sell", "choose", "learn about"];

/// Questions and requests of a kind, and remarks of a kind: every source has words of its own.
fn texts(kind: usize, n: usize) -> Vec<String> {
    const FRAMES: [[&str; 3]; 4] = [
        ["How do I {d} {t} at home?", "What is the best way to {d} {t}?", "Can you tell me how to {d} {t}?"],
        ["Please explain how to {d} {t}", "Where can I {d} {t} in town?", "Could you help me {d} {t}?"],
        ["We had to {d} {t} again today, what a mess", "So happy that they {d} {t}!", "I love {t}, honestly"],
        [
            "My brother will never {d} {t}",
            "{t} made me laugh so hard",
            "Another day, they {d} {t} and nobody cares",
        ],
    ];
    let text = |i: usize| {
        let frame = FRAMES[kind][i % 3];
        let (thing, doing) = (THINGS[i / 3 % THINGS.len()], DOINGS[i / 24 % DOINGS.len()]);
        frame.replace("{t}", thing).replace("{d}", doing)
    };
    (0..n).map(text).collect()
}

/// Four sources in four formats.
pub fn sources(folder: &Folder) {
    let csv: String = texts(0, 120).iter().map(|text| format!("\"{text}\",x\n")).collect();
    folder.write("asking.csv", format!("text,category\n{csv}"));
    let pairs: Vec<[String; 2]> = texts(1, 120).into_iter().map(|text| [text, "label".to_owned()]).collect();
    folder.write("requests.json", serde_json::to_string(&pairs).unwrap());
    folder.write("remarks.txt", texts(2, 120).join("\n"));
    folder.write("moods/train_text.txt", texts(3, 80).join("\n"));
    folder.write("moods/val_text.txt", texts(3, 120)[80..].join("\n"));
    folder.write("moods/train_labels.txt", "0\n".repeat(80));
}

const SOURCES: &str = "--positive asking.csv requests.json --negative remarks.txt moods";

pub fn train(folder: &Folder, rest: &str) -> Answer {
    folder.run(format!("detector train {SOURCES} --bootstraps 20 --quiet {rest}").split_whitespace())
}

fn posts(folder: &Folder) {
    let rows = [
        ("1", "How do I clean the old guitar?", ""),
        ("2", "The train made me laugh again today", ""),
        ("3", "Does anyone know where to buy bread? @ann https://a.example", ""),
        ("4", "You should clean it with a cloth", "1"),
        ("5", "sale #lazyweb", ""),
    ];
    let rows: String = rows.iter().map(|(id, text, parent)| format!("{id},ann,{text},{parent}\n")).collect();
    folder.write("posts.csv", format!("id,author,text,reply_to\n{rows}"));
    folder.ok("ingest text posts.csv --quiet");
}

fn rows(folder: &Folder, columns: &str) -> Vec<Value> {
    let sql =
        format!("SELECT post_id, {columns} FROM instructions JOIN posts USING (post_key) ORDER BY post_id");
    let answer = folder.run(["sql", sql.as_str(), "--format", "json"]);
    assert_eq!(answer.code, DONE, "{answer:?}");
    serde_json::from_str::<Vec<Value>>(&answer.stdout)
        .unwrap_or_else(|_| answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_detector_is_trained_on_files_and_judges_posts() {
    let folder = Folder::new();
    sources(&folder);
    let answer = train(&folder, "--out found --json");
    assert_eq!(answer.code, DONE, "{answer:?}");
    let found: Value = serde_json::from_str(&answer.stdout).unwrap();
    let names: Vec<&str> =
        found["sources"].as_array().unwrap().iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["asking", "requests", "remarks", "moods"]);
    assert_eq!(
        (found["sources"][3]["n_read"].as_u64(), found["pairs"].as_array().unwrap().len()),
        (Some(120), 4)
    );
    let card = folder.read_text("found/card.md");
    for part in
        ["English", "| asking |", "| moods |", "sources alone", "without case and punctuation", "](pr.svg)"]
    {
        assert!(card.contains(part), "{part}");
    }
    assert!(folder.read_text("found/pr.svg").contains("<svg"));

    posts(&folder);
    folder.ok("detector apply --detector found/detector.json --quiet");
    let judged = rows(&folder, "probability, is_instruction, similarity, keyword, reasons");
    let ids: Vec<&str> = judged.iter().map(|row| row["post_id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| !id.ends_with('4')) && ids.len() == 4, "an answer is no root: {ids:?}");
    let is: Vec<bool> = judged.iter().map(|row| row["is_instruction"].as_bool().unwrap()).collect();
    assert!(is[0] && !is[1] && is[2], "{judged:?}");
    assert_eq!(judged[2]["keyword"].as_str(), Some("does anyone know"));
    assert_eq!(judged[3]["keyword"].as_str(), Some("#lazyweb"));
    assert!(judged.iter().all(|row| row["similarity"].is_null()));
    assert_eq!(judged[0]["reasons"].as_array().unwrap().len(), 3);

    folder.write("known.txt", "how do I clean the old guitar\nsomething else entirely\n");
    folder.ok(
        "detector apply --detector found/detector.json --posts --known known.txt --k 1 --threshold 1 --quiet",
    );
    let judged = rows(&folder, "is_instruction, similarity");
    assert_eq!(judged.len(), 5);
    assert!(judged.iter().all(|row| row["is_instruction"] == false), "{judged:?}");
    assert!(
        judged[0]["similarity"].as_f64().unwrap() > 0.9 && judged[1]["similarity"].as_f64().unwrap() < 0.9,
        "{judged:?}"
    );
    let again = folder.ok("detector apply --detector found/detector.json --posts --known known.txt --k 1 --threshold 1 --quiet --json");
    assert!(again.stdout.contains("up_to_date"), "{again:?}");
}

#[test]
fn the_same_files_give_the_same_bytes_at_any_number_of_threads() {
    let folder = Folder::new();
    sources(&folder);
    for (out, threads) in [("one", 1), ("three", 3)] {
        assert_eq!(train(&folder, &format!("--out {out} --threads {threads}")).code, DONE);
    }
    for file in ["detector.json", "card.md", "pr.svg"] {
        assert!(folder.read(&format!("one/{file}")) == folder.read(&format!("three/{file}")), "{file}");
    }
}

#[test]
fn what_no_detector_can_be_made_of_is_refused() {
    let folder = Folder::new();
    sources(&folder);
    folder.write("empty.txt", "");
    folder.write("other/remarks.txt", "x\n");
    for (line, hint) in [
        ("--positive asking.csv --negative remarks.txt moods", "--positive"),
        ("--positive asking.csv requests.json --negative moods", "--negative"),
        ("--positive asking.csv empty.txt --negative remarks.txt moods", "empty"),
        ("--positive asking.csv requests.json --negative remarks.txt other/remarks.txt", "NAME="),
        ("--positive asking.csv remarks.txt --negative remarks.txt moods", "both sides"),
        ("--positive asking.csv no-such-file.txt --negative remarks.txt moods", "no-such-file.txt"),
        ("--positive asking.csv requests.json --negative remarks.txt moods --model lexical", "lexical"),
    ] {
        let answer = folder.run(format!("detector train {line} --out found --quiet").split_whitespace());
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{line}: {answer:?}");
        assert!(!folder.path("found/detector.json").exists());
    }
    folder.write("found/detector.json", "{}");
    let answer = train(&folder, "--out found");
    assert!(answer.code == FAILED && answer.stderr.contains("--overwrite"), "{answer:?}");
}

#[test]
fn a_detector_of_other_vectors_or_no_detector_is_refused() {
    let folder = Folder::new();
    sources(&folder);
    posts(&folder);
    assert_eq!(train(&folder, "--out found").code, DONE);
    let json = folder.read_text("found/detector.json");
    let mut detector: Value = serde_json::from_str(&json).unwrap();
    detector["model"]["fingerprint"] = Value::from("0".repeat(64));
    folder.write("foreign.json", detector.to_string());
    folder.write("none.json", "{\"format\": 9}");
    for (file, hint) in
        [("foreign.json", "vectors of the model"), ("none.json", "got 9"), ("remarks.txt", "no detector")]
    {
        let answer = folder.run(["detector", "apply", "--detector", file, "--quiet"]);
        assert_eq!(answer.code, FAILED, "{file}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{file}: {answer:?}");
    }
}
