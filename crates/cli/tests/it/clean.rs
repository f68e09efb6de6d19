//! Cleaning: what is found of posts of Twitter, and that nothing else decides it.

use serde_json::{Value, json};

use crate::program::{FAILED, Folder, digests};

/// A line of a stream.
fn tweet(id: u64, user: u64, minute: u64, client: &str, text: &str) -> String {
    let id = 1_256_000_000_000_000_000 + id;
    json!({
        "created_at": format!("Fri May 01 {:02}:{:02}:00 +0000 2020", 10 + minute / 60, minute % 60),
        "id": id, "id_str": id.to_string(), "text": text, "truncated": false, "lang": "en",
        "source": format!("<a href=\"https://example.org\" rel=\"nofollow\">{client}</a>"),
        "user": { "id": user, "id_str": user.to_string(), "screen_name": format!("user{user}"), "name": "A" },
        "timestamp_ms": (1_588_327_200_000_u64 + minute * 60_000).to_string(),
    })
    .to_string()
}

const PHONE: &str = "Twitter for iPhone";
const TRAINS: &str = "The trains will be on time from next year on, says the minister";

/// Posts 0 to 11.
fn posts() -> Vec<String> {
    let mut posts = vec![
        tweet(0, 1, 0, PHONE, &format!("@ann {TRAINS} https://t.co/a")),
        tweet(1, 2, 1, PHONE, &format!("the TRAINS  {}", &TRAINS[11..])),
        tweet(2, 3, 2, PHONE, &format!("{TRAINS}!!")),
        tweet(3, 4, 3, PHONE, "@ann https://t.co/b"),
        tweet(4, 5, 4, "IFTTT", "Weather today: 21 degrees and sunny"),
        tweet(5, 6, 5, "My Own Client", "It is ten past six in the evening"),
    ];
    // Six posts of one author, all of a kind.
    posts.extend(
        (6..12).map(|i| {
            tweet(i, 7, i, PHONE, &format!("Cheap watches for everybody, have a look at offer {i}"))
        }),
    );
    posts
}

/// A corpus of the posts as they come in the given order.
fn corpus(folder: &Folder, name: &str, posts: &[String]) {
    folder.write(&format!("{name}.jsonl"), posts.join("\n") + "\n");
    folder.ok(&format!("ingest twitter {name}.jsonl --corpus {name}"));
}

fn findings(folder: &Folder, corpus: &str) -> Vec<Value> {
    folder.rows(corpus, "SELECT * FROM cleaned_posts ORDER BY post_id")
}

fn reasons(rows: &[Value]) -> Vec<String> {
    let words = |row: &Value| -> Vec<String> {
        row["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap().to_owned()).collect()
    };
    rows.iter().map(|row| words(row).join(" ")).collect()
}

#[test]
fn each_post_is_told_why_it_is_left_out() {
    let folder = Folder::new();
    corpus(&folder, "corpus", &posts());
    let line = "clean --corpus corpus --min-length 3 --automated-client MY-CLIENT";
    let mut args: Vec<&str> =
        line.split(' ').map(|word| if word == "MY-CLIENT" { "my own client" } else { word }).collect();
    args.push("--json");
    let outcome = folder.run(&args).json();
    let rows = findings(&folder, "corpus");
    assert_eq!(
        reasons(&rows),
        [
            "",
            "duplicate",
            "near_duplicate",
            "too_short",
            "automated_client",
            "automated_client",
            "repeated_text",
            "near_duplicate repeated_text",
            "near_duplicate repeated_text",
            "near_duplicate repeated_text",
            "near_duplicate repeated_text",
            "near_duplicate repeated_text",
        ]
    );
    for (row, reasons) in rows.iter().zip(reasons(&rows)) {
        assert_eq!(row["keep"], reasons.is_empty(), "{row}");
    }

    assert_eq!(rows[0]["text"], TRAINS);
    assert_eq!(
        (&rows[1]["duplicate_of"], &rows[1]["near_duplicate_of"]),
        (&rows[0]["post_id"], &Value::Null)
    );
    assert_eq!(
        (&rows[2]["duplicate_of"], &rows[2]["near_duplicate_of"]),
        (&Value::Null, &rows[0]["post_id"])
    );
    // Two characters more are two 5-grams more.
    let n_shingles = TRAINS.len() as f64 - 4.0;
    let similarity = rows[2]["similarity"].as_f64().unwrap();
    assert!((similarity - n_shingles / (n_shingles + 2.0)).abs() < 1e-6, "{similarity}");
    assert_eq!((&rows[3]["text"], &rows[3]["duplicate_of"]), (&json!(""), &Value::Null));
    let habits = |row: &Value| {
        [&row["author_posts"], &row["posts_per_day"], &row["repeated_share"]].map(Value::as_f64)
    };
    assert_eq!(habits(&rows[0]), [Some(1.0), Some(1.0), Some(0.0)]);
    assert_eq!(habits(&rows[6]), [Some(6.0), Some(6.0), Some(1.0)]);

    let counted = json!({
        "too_short": 1, "duplicate": 1, "near_duplicate": 6, "repeated_text": 6, "automated_client": 2,
    });
    assert_eq!(outcome["findings"], counted, "{outcome}");
    assert_eq!((&outcome["n_posts"], &outcome["n_kept"]), (&json!(12), &json!(1)));
    assert_eq!((&outcome["n_texts"], &outcome["n_near_groups"]), (&json!(10), &json!(2)));
    assert_eq!(outcome["clients"], json!({ "official": 10, "automated": 2 }));
}

#[test]
fn neither_threads_nor_the_order_of_input_decide_anything_and_again_is_no_work() {
    let folder = Folder::new();
    let (forwards, mut backwards) = (posts(), posts());
    backwards.reverse();
    corpus(&folder, "a", &forwards);
    corpus(&folder, "b", &backwards);
    let first = folder.ok_json("clean --corpus a --threads 1");
    let second = folder.ok_json("clean --corpus b --threads 2");
    assert_eq!(first, second);
    let tables = |corpus: &str| digests(&folder.status(corpus));
    assert_eq!(tables("a"), tables("b"));
    assert!(tables("a").iter().any(|(name, _)| name == "cleaning"));

    let again = folder.ok_json("clean --corpus a --threads 2");
    assert_eq!((&first["work"], &again["work"]), (&json!("done"), &json!("up_to_date")));
    assert_eq!(first["findings"], again["findings"]);
    let with_a_name = folder.ok_json("clean --corpus a --automated-client X --automated-client y");
    let in_other_words =
        folder.ok_json("clean --corpus a --automated-client Y --automated-client x --automated-client y");
    assert_eq!((&with_a_name["work"], &in_other_words["work"]), (&json!("done"), &json!("up_to_date")));
}

#[test]
fn thresholds_and_what_is_allowed_decide() {
    let folder = Folder::new();
    corpus(&folder, "corpus", &posts());
    let found = |options: &str| folder.ok_json(&format!("clean --corpus corpus {options}"));
    let count = |outcome: &Value, finding: &str| outcome["findings"][finding].as_u64().unwrap_or(0);

    assert_eq!(count(&found("--near-duplicate 1"), "near_duplicate"), 0);
    assert_eq!(count(&found("--max-repeated 1"), "repeated_text"), 0);
    assert_eq!(count(&found("--max-posts-per-day 5.5"), "posting_rate"), 6);
    assert_eq!(count(&found("--max-posts-per-day 6"), "posting_rate"), 0);
    assert_eq!(count(&found("--min-length 36"), "too_short"), 3);
    let allowed = found("--allow near_duplicate,repeated_text,duplicate");
    // Told all the same, and kept: all but the one without text and the one by a machine.
    assert_eq!((count(&allowed, "near_duplicate"), &allowed["n_kept"]), (6, &json!(10)));

    for (options, hint) in [
        ("--near-duplicate 0", "above 0 and at most 1"),
        ("--max-repeated 1.5", "between 0 and 1"),
        ("--max-posts-per-day=-1", "0 or more"),
        ("--allow shortness", "too_short"),
    ] {
        let answer = folder.run(format!("clean --corpus corpus {options}").split(' '));
        assert_eq!(answer.code, FAILED, "{options}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{options}: {answer:?}");
    }
}

#[test]
fn a_recipe_cleans_where_it_says_so() {
    let folder = Folder::new();
    corpus(&folder, "unused", &posts());
    let recipe = |clean: &str| {
        format!(
            "[ingest]\nfrom = \"twitter\"\npaths = [\"unused.jsonl\"]\n{clean}\n[personas]\nmin_posts = 1\nk = 2\nbootstraps = 0\nmap = \"pca\"\n"
        )
    };
    folder.write("plain.toml", recipe(""));
    folder.write("cleaned.toml", recipe("[clean]\nmin_length = 3\nallow = [\"duplicate\"]\n"));
    let plain = folder.ok_json("run plain.toml");
    assert_eq!(plain.get("clean"), None);
    assert!(!digests(&folder.status("corpus")).iter().any(|(name, _)| name == "cleaning"));
    let cleaned = folder.ok_json("run cleaned.toml");
    assert_eq!(cleaned["clean"]["n_posts"], 12);
    assert_eq!(cleaned["clean"]["findings"]["too_short"], 1);
    let parts: Value = serde_json::from_slice(&folder.read("corpus/manifest.json")).unwrap();
    assert!(parts.to_string().contains("\"allow\":[\"duplicate\"]"));
}
