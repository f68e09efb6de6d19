//! Tables of posts in every format: to posts, to clusters, to a page.

use serde_json::{Value, json};

use crate::jetstream::{file, post, text};
use crate::program::{DONE, FAILED, Folder, check_balance, digests, n_rows, shared};

/// Who writes what about which topic.
const POSTS: [(&str, &str, &str); 12] = [
    ("ann", "The cat chased a mouse across the kitchen floor", "animals"),
    ("ann", "My cat sleeps on the warm kitchen floor all day", "animals"),
    ("ann", "A mouse hid behind the cat food in the kitchen", "animals"),
    ("bob", "The dog and the cat share a basket, the mouse does not", "animals"),
    ("bob", "Every cat in the street follows the dog and the mouse", "animals"),
    ("bob", "This cat ate a mouse; the dog looked on", "animals"),
    ("cid", "The parliament voted on the budget and the new taxes", "politics"),
    ("cid", "New taxes in the budget, says the minister in parliament", "politics"),
    ("cid", "The minister defends the budget before the parliament", "politics"),
    ("dan", "Parliament debates taxes while the minister waits", "politics"),
    ("dan", "A budget without taxes, the minister promised parliament", "politics"),
    ("dan", "The vote on the budget and taxes divides the parliament", "politics"),
];

/// The fields of a row: id, user, when, message, topic, source.
fn fields(i: usize) -> [(&'static str, String); 6] {
    let (author, text, topic) = POSTS[i];
    [
        ("id", format!("n{i}")),
        ("user", author.to_owned()),
        ("when", format!("2025-03-01 12:{i:02}")),
        ("message", text.to_owned()),
        ("topic", topic.to_owned()),
        ("source", "hand".to_owned()),
    ]
}

const OPTIONS: &str =
    "--text message --id id --author-column user --time when --label topic --max-quarantine 0";

/// Rows with a delimiter between fields, each field written by `write`.
fn delimited(delimiter: &str, write: impl Fn(&str) -> String) -> String {
    let header: Vec<&str> = fields(0).map(|(name, _)| name).to_vec();
    let mut table = header.join(delimiter) + "\n";
    for i in 0..POSTS.len() {
        let cells: Vec<String> = fields(i).iter().map(|(_, value)| write(value)).collect();
        table += &(cells.join(delimiter) + "\n");
    }
    table
}

/// Objects with their members in the order of the columns.
fn objects() -> Vec<String> {
    let member = |(name, value): &(&str, String)| format!("{}: {}", json!(name), json!(value));
    let object = |i| format!("{{{}}}", fields(i).iter().map(member).collect::<Vec<_>>().join(", "));
    (0..POSTS.len()).map(object).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_format_gives_the_same_tables() {
    let folder = Folder::new();
    let quoted = |value: &str| format!("\"{}\"", value.replace('"', "\"\""));
    let csv = delimited(",", quoted);
    let formats: [(&str, Vec<u8>); 7] = [
        ("csv", csv.clone().into()),
        ("crlf", format!("\u{feff}{}", csv.replace('\n', "\r\n")).into()),
        ("semicolons", delimited(";", quoted).into()),
        ("tsv", delimited("\t", str::to_owned).into()),
        ("jsonl", objects().join("\n").into()),
        ("array", format!("[\n  {}\n]\n", objects().join(",\n  ")).into()),
        ("packed", gzip(&csv)),
    ];
    let mut expected = None;
    for (name, content) in formats {
        folder.write(name, content);
        folder.ok(&format!("ingest text {name} --corpus {name}-corpus {OPTIONS}"));
        let status = folder.status(&format!("{name}-corpus"));
        check_balance(&status["total"]);
        assert_eq!(status["total"]["stored"], POSTS.len(), "{name}");
        let digests = digests(&status);
        assert_eq!(*expected.get_or_insert(digests.clone()), digests, "{name}");
    }
    let row = folder.row(
        "csv-corpus",
        "SELECT post_id, author_id, text, created_at, platform FROM posts WHERE post_id = 'table:n3'",
    );
    let expected = json!({
        "post_id": "table:n3", "author_id": "table:bob", "text": POSTS[3].1, "created_at": "2025-03-01T12:03:00Z",
        "platform": "table",
    });
    assert_eq!(row, expected);
    let attributes = folder.rows(
        "csv-corpus",
        "SELECT name, value FROM attributes WHERE post_key = key('table:n3') ORDER BY name",
    );
    assert_eq!(
        json!(attributes),
        json!([{ "name": "label", "value": "animals" }, { "name": "source", "value": "hand" }])
    );
}

#[test]
fn a_table_goes_through_to_clusters_and_a_page() {
    let folder = Folder::new();
    folder.write("posts.csv", delimited(",", |value| format!("\"{value}\"")));
    folder.ok(&format!("ingest text posts.csv {OPTIONS}"));
    folder.ok("threads");
    folder.ok("embed --model lexical");
    let found = folder.ok("personas --k 2").stdout;
    assert!(found.contains("4 authors in 2 clusters") && found.contains("ARI 1.000, AMI 1.000"), "{found}");
    let members =
        folder.rows("corpus", "SELECT unit_id, cluster, n_posts FROM persona_members ORDER BY unit_id");
    let clusters: Vec<_> = members.iter().map(|row| row["cluster"].as_u64().unwrap()).collect();
    assert_eq!(clusters.len(), 4);
    assert_eq!((clusters[0], clusters[2]), (clusters[1], clusters[3]), "{members:?}");
    assert_ne!(clusters[0], clusters[2]);
    let labels =
        folder.rows("corpus", "SELECT array_to_string(terms, ' ') AS terms FROM labels ORDER BY cluster");
    let terms = |cluster: u64| labels[cluster as usize]["terms"].as_str().unwrap().to_owned();
    assert!(terms(clusters[0]).contains("cat") && terms(clusters[2]).contains("budget"), "{labels:?}");

    let page = folder.ok("report --title Kitchen").stdout;
    assert_eq!(page.trim(), "./report.html");
    let page = folder.read_text("report.html");
    assert!(page.contains("Kitchen") && page.contains("parliament"));
    assert!(folder.read("map.png").starts_with(b"\x89PNG") && folder.read_text("map.svg").contains("<svg"));
}

#[test]
fn without_authors_posts_are_clustered() {
    let folder = Folder::new();
    let lines: Vec<&str> = POSTS.iter().map(|(_, text, _)| *text).collect();
    folder.write("lines.txt", lines.join("\n"));
    folder.ok("ingest text lines.txt");
    folder.ok("embed");
    let found = folder.ok_json("personas");
    assert_eq!((&found["unit"], &found["n_units"]), (&json!("posts"), &json!(12)));
    assert!((2..=6).contains(&found["k"].as_u64().unwrap()), "{found}");
    folder.ok("report");
    let ids = folder.rows("corpus", "SELECT post_id FROM posts");
    assert!(ids.iter().all(|row| row["post_id"].as_str().unwrap().starts_with("table:")), "{ids:?}");
}

#[test]
fn a_corpus_where_nobody_qualifies_has_a_page_that_says_why() {
    let folder = Folder::new();
    folder.write("empty", "");
    folder.write("dump", post("did:plc:ann", "1", 1, &text("the only one")));
    for (corpus, input) in [("none", "empty"), ("one", "dump")] {
        folder.ok(&format!("ingest bluesky {input} --corpus {corpus}/corpus"));
        for verb in ["threads", "embed", "personas"] {
            folder.ok(&format!("{verb} --corpus {corpus}/corpus"));
        }
        let found = folder.ok(&format!("personas --corpus {corpus}/corpus")).stdout;
        assert!(found.starts_with("No clusters."), "{corpus}: {found}");
        folder.ok(&format!("report --corpus {corpus}/corpus"));
        let why = found.trim_start_matches("No clusters. ").trim();
        assert!(folder.read_text(&format!("{corpus}/report.html")).contains(why), "{corpus}: {why}");
    }
    let answer = folder.run("personas --corpus one/corpus --k 3 --min-posts 1".split_whitespace());
    assert_eq!(answer.code, FAILED, "more clusters than authors: {answer:?}");
}

#[test]
fn of_a_repeated_id_the_later_time_stands_and_equal_rows_are_duplicates() {
    let folder = Folder::new();
    let rows =
        "id,time,text\n1,2025-03-01 12:00,old\n1,2025-03-01 13:00,new\n1,2025-03-01 12:00,old\n2,,once\n";
    folder.write("a.csv", rows);
    let answer = folder.ok("ingest text a.csv --id id --time time");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    let total = &status["total"];
    assert_eq!(
        (&total["stored"], &total["superseded"], &total["duplicates"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let texts = folder.rows("corpus", "SELECT text FROM posts ORDER BY text");
    assert_eq!(json!(texts), json!([{ "text": "new" }, { "text": "once" }]));
    assert!(answer.stderr.contains("warning") && answer.stderr.contains("repeated"), "{answer:?}");
}

#[test]
fn one_id_is_one_post_whoever_wrote_its_rows() {
    let folder = Folder::new();
    folder.write("a.csv", "id,time,text,user\n1,2025-03-01 12:00,old,ann\n2,2025-03-01 12:00,kept,\n");
    folder.write("b.csv", "id,time,text,user\n1,2025-03-01 13:00,new,bob\n2,2025-03-01 11:00,older,eve\n");
    folder.ok("ingest text a.csv --id id");
    folder.ok("ingest text b.csv --id id");
    let texts = folder.rows("corpus", "SELECT text, author_id FROM posts ORDER BY text");
    assert_eq!(
        json!(texts),
        json!([{ "text": "kept", "author_id": null }, { "text": "new", "author_id": "table:bob" }])
    );
    assert_eq!(folder.status("corpus")["total"]["superseded"], 2);
    folder.ok("threads");
}

#[test]
fn a_damaged_parquet_file_is_one_record_put_aside_and_stops_nothing() {
    let folder = Folder::new();
    folder.write("in/a.csv", "text,user\nhello there,ann\n");
    folder.write("in/z.parquet", b"PAR1 this is no footer");
    folder.ok("ingest text in --max-quarantine 0.6");
    let status = folder.status("corpus");
    check_balance(&status["total"]);
    assert_eq!(status["total"]["quarantined"], json!({ "corrupt_container": 1 }));
    assert_eq!(n_rows(&status, "posts"), 1);
}

#[test]
fn posts_and_authors_may_have_the_same_ids() {
    let folder = Folder::new();
    let rows: String = (0..20).map(|i| format!("{i},text {i},{i}\n")).collect();
    folder.write("a.csv", format!("id,text,user\n{rows}"));
    folder.write("b.csv", "id,text,user\n99,one more,99\n");
    folder.ok("ingest text a.csv --id id --author-column user");
    folder.ok("ingest text b.csv --id id --author-column user");
    let status = folder.status("corpus");
    assert_eq!((n_rows(&status, "posts"), n_rows(&status, "actions")), (21, 21));
}

#[test]
fn a_row_comes_late_and_changes_nothing_else() {
    let folder = Folder::new();
    folder.write("new.csv", "id,time,text,user\n1,2025-03-01 13:00,new,ann\n");
    folder.write("old.csv", "id,time,text,user\n1,2025-03-01 12:00,old,ann\n");
    for (corpus, order) in [("ab", ["old", "new"]), ("ba", ["new", "old"])] {
        for name in order {
            folder.ok(&format!("ingest text {name}.csv --id id --corpus {corpus}"));
        }
    }
    let (ab, ba) = (folder.status("ab"), folder.status("ba"));
    assert_eq!(digests(&ab), digests(&ba));
    assert_eq!(folder.row("ba", "SELECT text FROM posts")["text"], "new");
}

/// The times that rows with these cells have.
fn times(options: &[&str], cells: &[&str]) -> (Vec<Value>, Value) {
    let folder = Folder::new();
    let rows: Vec<String> =
        cells.iter().enumerate().map(|(i, cell)| format!("{i},\"{cell}\",words\n")).collect();
    folder.write("a.csv", format!("id,time,text\n{}", rows.concat()));
    let args = ["ingest", "text", "a.csv", "--id", "id", "--time", "time", "--text", "text"];
    let answer = folder.run(args.iter().chain(options));
    assert_eq!(answer.code, DONE, "{answer:?}");
    let rows = folder.rows("corpus", "SELECT created_at FROM posts ORDER BY post_id");
    let times = rows.into_iter().map(|mut row| row["created_at"].take()).collect();
    (times, folder.status("corpus")["total"]["warnings"].clone())
}

#[test]
fn times_are_read_and_day_and_month_never_guessed() {
    let cells = [
        "2025-03-01T12:30:00+01:00",
        "2025-03-01 12:30",
        "2025-03-01 12:30:05",
        "1700000000",
        "1700000000123",
        "1700000000123456",
        "03/04/2025 10:00",
        "",
    ];
    let expected = [
        "2025-03-01T11:30:00Z",
        "2025-03-01T12:30:00Z",
        "2025-03-01T12:30:05Z",
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20.123Z",
        "2023-11-14T22:13:20.123456Z",
    ];
    let (found, warnings) = times(&[], &cells);
    let expected: Vec<Value> =
        expected.iter().map(|time| json!(time)).chain([Value::Null, Value::Null]).collect();
    assert_eq!(found, expected);
    assert_eq!(warnings, json!({ "bad_created_at": 1 }), "an empty cell is no warning");

    let (found, _) = times(&["--tz", "Europe/Paris"], &["2025-07-01 12:00", "2025-07-01T12:00:00Z"]);
    assert_eq!(found, [json!("2025-07-01T10:00:00Z"), json!("2025-07-01T12:00:00Z")]);
    let (found, _) = times(&["--time-format", "%d/%m/%Y %H:%M", "--tz", "Asia/Tokyo"], &["03/04/2025 10:00"]);
    assert_eq!(found, [json!("2025-04-03T01:00:00Z")]);
}

#[test]
fn what_was_guessed_is_printed_and_what_cannot_be_is_asked_for() {
    let folder = Folder::new();
    folder.write("guess.csv", "Text,Author,stars\nhello there,ann,3\nwell then,bob,4\n");
    let answer = folder.ok("ingest text guess.csv");
    let said = &answer.stderr;
    assert!(said.contains("guess.csv") && said.contains("Text") && said.contains("Author"), "{answer:?}");
    assert_eq!(n_rows(&folder.status("corpus"), "attributes"), 2);
    assert_eq!(folder.ok("ingest text guess.csv --corpus quiet --quiet").stderr, "");

    for (line, hint) in [
        ("guess.csv --text body", "body"),
        ("guess.csv --text 9", "9"),
        ("guess.csv --no-header --text Text", "number"),
        ("guess.csv --tz Atlantis/Centre", "Atlantis"),
        ("guess.csv --time-format %H:%M", "%H:%M"),
        ("nowhere.csv", "nowhere.csv"),
    ] {
        let answer = folder.run(format!("ingest text {line} --corpus other").split_whitespace());
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains(hint), "{line}: {answer:?}");
    }
}

#[test]
fn columns_may_be_given_by_number() {
    let folder = Folder::new();
    folder.write("a.tsv", "x\tone two three\ny\tfour five six\n");
    folder.ok("ingest text a.tsv --no-header --label 1 --text 2");
    let rows = folder.rows(
        "corpus",
        "SELECT text, value FROM posts JOIN attributes USING (post_key) WHERE name = 'label' ORDER BY value",
    );
    assert_eq!(
        json!(rows),
        json!([{ "text": "one two three", "value": "x" }, { "text": "four five six", "value": "y" }])
    );
}

#[test]
fn parquet_is_read_by_its_columns() {
    let folder = Folder::new();
    // A corpus's own part is a Parquet file like any other: with lists, times, integers and nulls.
    let lines: Vec<String> = POSTS
        .iter()
        .enumerate()
        .map(|(i, (who, said, _))| post(&format!("did:plc:{who}"), &format!("p{i}"), i as u64, &text(said)))
        .collect();
    folder.write("dump", file(&lines));
    folder.ok("ingest bluesky dump --corpus first --buckets 1");
    let parts: Vec<_> =
        std::fs::read_dir(folder.path("first/posts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(parts.len(), 1);
    let part = parts[0].to_str().unwrap();
    folder.ok(&format!(
        "ingest text {part} --text text --id post_id --author-column author_id --time received_at --corpus second --max-quarantine 0"
    ));
    let query = |prefix: &str| {
        format!(
            "SELECT '{prefix}' || post_id AS id, '{prefix}' || author_id AS author, text, received_at AS time FROM posts ORDER BY 1"
        )
    };
    let expected = folder.rows("first", &query("table:"));
    assert_eq!(folder.rows("second", &query("").replace("received_at AS", "created_at AS")), expected);
    let revisions =
        folder.row("second", "SELECT count(DISTINCT value) AS n FROM attributes WHERE name = 'revision'");
    assert_eq!(revisions["n"], POSTS.len());
    for verb in ["threads", "embed", "personas", "report --out page"] {
        folder.ok(&format!("{verb} --corpus second"));
    }
    assert!(folder.path("page/report.html").exists());
}

/// Strings that have broken programs.
const NAUGHTY: [&str; 24] = [
    "",
    " ",
    "undefined",
    "NULL",
    "\\",
    "0",
    "-1E+02",
    "nan",
    "\u{0}",
    "a\u{0}b",
    "\r\n",
    "\u{1}\u{2}\u{7f}\u{85}",
    "\u{feff}\u{200b}\u{202e}\u{2066}",
    "\u{fffe}\u{ffff}",
    "田中さんにあげて下さい",
    "👩‍👩‍👧‍👦 🇺🇸🇷🇺",
    "Z\u{346}\u{327}\u{300}algo",
    "مُنَاقَشَةُ",
    "<script>alert(0)</script>",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }} ${7*7} %d%s",
    "'; DROP TABLE posts; --",
    "<!--",
];

/// Takes a JSON array of strings in, and expects each of them back, byte for byte, and on a page that runs none.
fn comes_back(folder: &Folder, name: &str, strings: &[String]) {
    folder.ok(&format!("ingest text {name} --max-quarantine 0"));
    let mut rows = folder.rows("corpus", "SELECT post_id, text FROM posts");
    rows.sort_by_key(|row| {
        row["post_id"].as_str().unwrap().rsplit(':').next().unwrap().parse::<u64>().unwrap()
    });
    let texts: Vec<&str> = rows.iter().map(|row| row["text"].as_str().unwrap()).collect();
    assert_eq!(texts, strings);
    for verb in ["threads", "embed", "personas --k 2", "report"] {
        folder.ok(verb);
    }
    let page = folder.read_text("report.html");
    let lower = page.to_lowercase();
    for tag in ["<script>alert", "<img src=x", "<svg><script>", "<!--#exec", "<svg onload"] {
        assert!(!lower.contains(tag), "{tag} on the page");
    }
    // Nothing of what was written ended a script early.
    assert_eq!(lower.matches("<script").count(), lower.matches("</script").count());
}

#[test]
fn naughty_strings_come_back_byte_for_byte() {
    let folder = Folder::new();
    let strings: Vec<String> = NAUGHTY.map(str::to_owned).to_vec();
    folder.write("naughty.json", serde_json::to_vec(&strings).unwrap());
    comes_back(&folder, "naughty.json", &strings);
}

#[test]
fn the_big_list_of_naughty_strings_comes_back_byte_for_byte() {
    let Some(path) = shared("adversarial/blns.json") else { return };
    let content = std::fs::read(path).unwrap();
    let strings: Vec<String> = serde_json::from_slice(&content).unwrap();
    assert!(strings.len() > 500);
    let folder = Folder::new();
    folder.write("blns.json", content);
    comes_back(&folder, "blns.json", &strings);
}
