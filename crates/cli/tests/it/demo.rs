//! `populi demo` and `populi run`: everything at once, again, and with a changed setting.

use serde_json::Value;

use crate::program::{DONE, FAILED, FINDINGS, Folder};

/// What every look at the outcome compares.
const OUTPUTS: [&str; 5] =
    ["report.html", "map.png", "map.svg", "corpus/manifest.json", "corpus/populi.toml"];

fn outputs(folder: &Folder, root: &str) -> Vec<Vec<u8>> {
    OUTPUTS.iter().map(|name| folder.read(&format!("{root}/{name}"))).collect()
}

/// Which stages did anything.
fn done(summary: &Value) -> Vec<&'static str> {
    let stages = ["threads", "languages", "embed", "personas"];
    for stage in stages {
        let work = summary[stage]["work"].as_str().unwrap();
        assert!(["done", "up_to_date"].contains(&work), "{stage}: {work}");
    }
    stages.into_iter().filter(|stage| summary[*stage]["work"] == "done").collect()
}

#[test]
fn the_demo_runs_and_again_finds_everything_done() {
    let folder = Folder::new();
    let first = folder.ok("demo");
    assert!(first.stdout.contains("./populi-demo/report.html"), "{first:?}");
    assert!(first.stdout.contains("world/truth/") && first.stdout.contains("clusters"), "{first:?}");
    let before = outputs(&folder, "populi-demo");
    let page = String::from_utf8(before[0].clone()).unwrap();
    assert!(
        page.contains("A simulated Bluesky") && page.trim_end().ends_with("</html>"),
        "{} bytes",
        page.len()
    );
    assert!(before[1].starts_with(b"\x89PNG\r\n"));
    assert!(String::from_utf8_lossy(&before[2]).contains("</svg>"));

    let second = folder.ok("demo --out populi-demo --json").json();
    assert_eq!(done(&second), [""; 0]);
    assert!(outputs(&folder, "populi-demo") == before, "a second demo changes no byte");
    let rows = folder
        .rows("populi-demo/corpus", "SELECT handle, n_posts FROM authors ORDER BY n_posts DESC LIMIT 5");
    assert_eq!(rows.len(), 5);
}

#[test]
fn the_demo_refuses_a_folder_of_something_else() {
    let folder = Folder::new();
    folder.write("mine/letter.txt", "dear diary");
    folder.write("recipe/populi.toml", "[ingest]\nfrom = 'bluesky'\npaths = []\n");
    for name in ["mine", "recipe"] {
        let answer = folder.run(["demo", "--out", name]);
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{answer:?}");
        assert!(answer.stderr.contains(name) && answer.stderr.contains("--out"), "{answer:?}");
        assert_eq!(folder.path(name).read_dir().unwrap().count(), 1, "{name} is as it was");
    }
}

/// A small world and a recipe over it.
fn world(bad_share: &str) -> Folder {
    let folder = Folder::new();
    folder.ok(&format!("simulate bluesky --users 80 --days 1 --seed 3 --bad-share {bad_share} --out world"));
    folder.write("populi.toml", recipe("k = 4"));
    folder
}

fn recipe(personas: &str) -> String {
    format!("seed = 5\n[ingest]\nfrom = \"bluesky\"\npaths = [\"world/jetstream\"]\n[personas]\n{personas}\n")
}

#[test]
fn a_run_does_what_changed_and_nothing_else() {
    let folder = world("0.001");
    let first = folder.ok_json("run populi.toml");
    assert_eq!(done(&first), ["threads", "languages", "embed", "personas"]);
    assert_eq!(first["personas"]["k"], 4);
    let before = outputs(&folder, ".");
    assert_eq!(done(&folder.ok_json("run populi.toml")), [""; 0]);
    assert!(outputs(&folder, ".") == before, "an unchanged recipe changes no byte");

    folder.write("populi.toml", recipe("k = 3"));
    let third = folder.ok_json("run populi.toml");
    assert_eq!((done(&third), &third["personas"]["k"]), (vec!["personas"], &Value::from(3)));
    assert!(folder.read_text("corpus/populi.toml").contains("k = 3"), "what was used is in the corpus");

    let fourth = folder.ok_json("run populi.toml --seed 6");
    assert_eq!(
        done(&fourth),
        ["personas"],
        "the seed decides what it draws; nothing is drawn for static vectors"
    );

    // Back to the first settings: the bytes of the first run.
    folder.write("populi.toml", recipe("k = 4"));
    let fifth = folder.ok("run populi.toml");
    assert!(fifth.stdout.trim_end().ends_with("report.html"), "{fifth:?}");
    assert!(outputs(&folder, ".") == before, "the same recipe gives the same bytes, whatever came between");
}

#[test]
fn a_run_stops_where_too_much_is_put_aside() {
    let folder = world("0.2");
    let answer = folder.run(["run", "populi.toml"]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    assert!(answer.stderr.contains("max-quarantine"), "{answer:?}");
    let status = folder.status("corpus");
    assert!(status["tables"]["posts"]["rows"].as_u64().unwrap() > 0, "what was good is taken");
    assert!(status["tables"].get("conversations").is_none() && !folder.path("report.html").exists());

    let allowed = recipe("").replace("[personas]", "max_quarantine = 0.5\n[personas]");
    folder.write("populi.toml", allowed);
    assert_eq!(folder.run(["run", "populi.toml"]).code, DONE);
}

#[test]
fn a_recipe_with_a_misspelt_name_is_refused() {
    let folder = Folder::new();
    folder.write("populi.toml", recipe("min_post = 3"));
    let answer = folder.run(["run", "populi.toml"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("min_post") && answer.stderr.contains("min_posts"), "{answer:?}");
    assert!(!folder.path("corpus").exists());
    let answer = folder.run(["run", "nowhere.toml"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains("nowhere.toml"), "{answer:?}");
}

#[test]
fn a_stage_that_comes_too_early_says_what_to_run_first() {
    let folder = world("0.001");
    folder.ok("ingest bluesky world/jetstream");
    let answer = folder.run(["personas"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("populi embed"), "{answer:?}");
    folder.ok("report");
    assert!(folder.read_text("report.html").contains("populi personas"), "the page says what is missing");
}
