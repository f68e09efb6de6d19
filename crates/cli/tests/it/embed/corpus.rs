//! In a corpus: the decision, the fit, and what becomes of tables when the model changes.

use std::fs;

use serde_json::json;

use super::{digest, english, ingest, kept_summary, russian, tiny_transformer};
use crate::program::{FAILED, Folder};

#[test]
fn english_gets_the_static_model_and_says_why() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &english(300));
    let found = folder.ok_json("embed");
    assert_eq!(
        (&found["work"], &found["model"], &found["table"]),
        (&json!("done"), &json!("static"), &json!("vectors/static"))
    );
    assert_eq!((&found["n_posts"], &found["n_empty"]), (&json!(300), &json!(0)));
    let said = folder.ok("embed").stdout;
    assert!(said.contains("static knows") && said.contains("at least 80 %: static"), "{said}");
    let lengths = folder.rows("corpus", "SELECT count(*) AS n FROM vectors_static");
    assert_eq!(lengths, [json!({ "n": 300 })]);
    folder.ok("personas --min-posts 1 --k 2 --quiet");
    folder.ok("report");
    assert!(folder.read_text("report.html").contains("static knows"));
}

#[test]
fn another_language_gets_the_lexical_model_and_says_why() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &russian(300));
    let answer = folder.ok("embed");
    assert!(answer.stdout.contains("below 80 %: lexical"), "{answer:?}");
    assert!(answer.stderr.contains("below 80 %: lexical"), "{answer:?}");
    let found = kept_summary(&folder, "corpus");
    assert_eq!((&found["model"], &found["decision"]["model"]), (&json!("lexical"), &json!("lexical")));
    assert_eq!(found["decision"]["n_texts"], 300);
    folder.ok("personas --min-posts 1 --k 2 --quiet");
}

#[test]
fn the_decision_and_the_fit_stand_when_posts_are_added() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &russian(300));
    let before = folder.ok_json("embed");
    let old = "SELECT v.vector FROM vectors_lexical v JOIN posts p ON p.post_key = v.post_key WHERE p.post_id = 'table:7'";
    let (fit, vector) = (digest(&folder, "corpus", "models/lexical"), folder.row("corpus", old));
    assert_eq!(folder.ok_json("embed")["work"], "up_to_date");

    ingest(&folder, "b.csv", 1000, &english(3000));
    let after = folder.ok_json("embed");
    assert_eq!(
        (&after["work"], &after["model"], &after["n_posts"]),
        (&json!("done"), &json!("lexical"), &json!(3300))
    );
    assert_eq!((&after["decision"], &after["fingerprint"]), (&before["decision"], &before["fingerprint"]));
    assert_eq!(digest(&folder, "corpus", "models/lexical"), fit);
    assert_eq!(folder.row("corpus", old), vector, "not a bit of what was there moves");
    assert!(
        folder.ok("verify").stdout.contains("sound") || folder.ok_json("verify")["findings"] == json!([])
    );

    // Asked for the fit alone, it is made of all posts; asked to decide too, most words are English now.
    let refitted = folder.ok_json("embed --model lexical --refit");
    assert_ne!(refitted["fingerprint"], before["fingerprint"]);
    assert_ne!(digest(&folder, "corpus", "models/lexical"), fit);
    let decided = folder.ok_json("embed --refit");
    assert_eq!(decided["model"], "static");
    let tables = folder.status("corpus")["tables"].clone();
    assert!(tables.get("vectors/lexical").is_none() && tables.get("models/lexical").is_none(), "{tables}");
}

#[test]
fn another_seed_or_selection_is_another_fit_and_the_first_gives_the_same_again() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &russian(300));
    let first = folder.ok_json("embed --seed 1");
    let fit = digest(&folder, "corpus", "models/lexical");
    assert_ne!(folder.ok_json("embed --seed 2")["fingerprint"], first["fingerprint"]);
    folder.write("words", "собака\n");
    let narrow = folder.ok_json("embed --seed 1 --keyword words");
    assert_eq!(narrow["n_posts"], 75);
    assert_ne!(narrow["fingerprint"], first["fingerprint"]);
    let again = folder.ok_json("embed --seed 1");
    assert_eq!(
        (&again["fingerprint"], digest(&folder, "corpus", "models/lexical")),
        (&first["fingerprint"], fit)
    );
}

#[test]
fn an_explicit_model_overrides_and_the_decision_is_kept() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &english(300));
    folder.ok("embed");
    let found = folder.ok_json("embed --model lexical");
    assert_eq!((&found["model"], &found["decision"]["model"]), (&json!("lexical"), &json!("static")));
    let said = folder.ok("embed --model lexical").stdout;
    assert!(!said.contains("static knows"), "{said}");
    ingest(&folder, "b.csv", 1000, &russian(3000));
    assert_eq!(folder.ok_json("embed")["model"], "static", "decided once");
}

#[test]
fn a_transformer_by_its_folder_and_by_a_recipe_is_the_same() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &english(60));
    let model = tiny_transformer();
    let model = model.to_str().unwrap();
    let found = folder.ok_json(&format!("embed --model {model} --prefix x: --max-tokens 9"));
    assert_eq!(
        (&found["n_posts"], &found["n_from_cache"], &found["n_embedded"]),
        (&json!(60), &json!(0), &json!(60))
    );
    let table = found["table"].as_str().unwrap();
    assert_eq!(table, "vectors/bert");
    let by_flags = digest(&folder, "corpus", table);
    assert!(!folder.read_text("corpus/manifest.json").contains(model), "no path of this machine is kept");

    folder.write(
        "populi.toml",
        format!(
            "corpus = 'other'\nseed = 1\n[ingest]\nfrom = 'text'\npaths = ['a.csv']\n[embed]\nmodel = '{model}'\nprefix = 'x:'\nmax_tokens = 9\n\
             [personas]\nmin_posts = 1\nk = 2\n"
        ),
    );
    let run = folder.ok_json("run populi.toml");
    assert_eq!(run["embed"]["fingerprint"], found["fingerprint"]);
    assert_eq!(digest(&folder, "other", table), by_flags);
    assert!(
        !folder.read_text("report.html").contains(model)
            && !folder.read_text("other/populi.toml").contains(model)
    );

    // Another model's vectors are another table, and the only one.
    folder.ok(&format!("embed --model {model}"));
    assert_ne!(digest(&folder, "corpus", table), by_flags);
    folder.ok("embed --model static");
    assert_eq!(digest(&folder, "corpus", table), "");
}

#[test]
fn equal_texts_are_embedded_once_and_a_second_run_embeds_what_is_new() {
    let folder = Folder::new();
    let texts = [english(100), english(100)].concat();
    ingest(&folder, "a.csv", 0, &texts);
    let model = format!("embed --model {}", tiny_transformer().display());
    let found = folder.ok_json(&model);
    assert_eq!(
        (&found["n_posts"], &found["n_embedded"], &found["n_from_cache"]),
        (&json!(200), &json!(100), &json!(0))
    );
    ingest(&folder, "b.csv", 500, &english(130));
    let found = folder.ok_json(&model);
    assert_eq!(
        (&found["n_posts"], &found["n_embedded"], &found["n_from_cache"]),
        (&json!(330), &json!(30), &json!(100))
    );
    // Also after another model was there meanwhile.
    folder.ok("embed --model static");
    let found = folder.ok_json(&model);
    assert_eq!((&found["n_embedded"], &found["n_from_cache"]), (&json!(0), &json!(130)));
    assert!(kept_summary(&folder, "corpus").get("n_from_cache").is_none(), "the manifest tells no history");
}

#[test]
fn forgetting_empties_the_cache_and_drops_the_fit() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &russian(40));
    folder.ok(&format!("embed --model {}", tiny_transformer().display()));
    folder.ok("embed --model lexical");
    let secret = &russian(40)[4];
    let hash = blake3::hash(secret.as_bytes());
    let vector: Vec<u8> = {
        let cached = cache_files(&folder);
        let file =
            cached.iter().find(|bytes| bytes.windows(32).any(|window| window == hash.as_bytes())).unwrap();
        let at = file.windows(32).position(|window| window == hash.as_bytes()).unwrap();
        file[at + 32..at + 32 + 64].to_vec()
    };
    let dry = folder.ok_json("forget --author table:ann4 --dry-run");
    assert!(!cache_files(&folder).is_empty(), "a dry run changes nothing");
    let done = folder.ok_json("forget --author table:ann4");
    assert_eq!(dry["removed_files"], done["removed_files"]);
    assert!(done["removed_files"].to_string().contains("cache/vectors/"), "{done}");
    assert_eq!(done["left_files"], json!([]));
    for path in files_under(&folder, "corpus") {
        let bytes = fs::read(&path).unwrap();
        let holds = |trace: &[u8]| bytes.windows(trace.len()).any(|window| window == trace);
        assert!(!holds(hash.as_bytes()) && !holds(&vector), "{}", path.display());
    }
    let tables = folder.status("corpus")["tables"].clone();
    assert!(tables.get("models/lexical").is_none() && tables.get("vectors/lexical").is_none(), "{tables}");
    assert_eq!(folder.ok_json("embed")["work"], "done");
}

#[test]
fn texts_that_are_gone_leave_the_cache() {
    let folder = Folder::new();
    let line = |key: &str, i: u64, text: &str| {
        crate::jetstream::post("did:plc:ann", key, i, &crate::jetstream::text(text))
    };
    folder.write("a", [line("1", 1, "what stays"), line("2", 2, "what goes")].join("\n"));
    folder.ok("ingest bluesky a");
    let model = format!("embed --model {}", tiny_transformer().display());
    folder.ok(&model);
    let holds = |text: &str| {
        let hash = blake3::hash(text.as_bytes());
        cache_files(&folder).iter().any(|bytes| bytes.windows(32).any(|window| window == hash.as_bytes()))
    };
    assert!(holds("what stays") && holds("what goes"));
    folder.write("b", crate::jetstream::delete("did:plc:ann", "feed.post", "2", 3));
    folder.ok("ingest bluesky b");
    folder.ok("embed --model static");
    assert!(holds("what stays") && !holds("what goes"), "whatever the model that embeds now");
}

#[test]
fn names_that_are_no_model_and_settings_of_others_are_refused() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &english(5));
    for (line, words) in [
        ("embed --model statik", &["statik", "owner/name"][..]),
        ("embed --model ./no/such", &["no/such"]),
        ("embed --model lexical --prefix a", &["prefix", "lexical"]),
        ("embed --model http://localhost:1", &["--server-model"]),
        ("embed --offline", &["offline"]),
        ("personas", &["populi embed"]),
    ] {
        let answer = folder.run(line.split_whitespace());
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(words.iter().all(|word| answer.stderr.contains(word)), "{line}: {answer:?}");
    }
    let broken = folder.path("broken");
    fs::create_dir(&broken).unwrap();
    let answer = folder.run(["embed", "--model", "broken"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("broken"), "{answer:?}");
}

fn files_under(folder: &Folder, name: &str) -> Vec<std::path::PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.path(name)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn cache_files(folder: &Folder) -> Vec<Vec<u8>> {
    files_under(folder, "corpus/cache").into_iter().map(|path| fs::read(path).unwrap()).collect()
}
