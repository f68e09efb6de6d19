//! Every reason why a record is put aside, through the real binary: a record that makes it, alone among good ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use populi_model::Reason;
use serde_json::{Value, json};

use crate::jetstream::{START_US, commit, post, text};
use crate::program::{DONE, FINDINGS, Folder, check_balance, n_rows};
use crate::repository_file::{Block, Export, cbor};

/// What a case reads.
enum Input {
    /// A line among two good ones.
    Line(Vec<u8>),
    /// A whole file, and the options that read it.
    File { verb: &'static str, content: Vec<u8>, n_good: u64 },
}

/// A reason, what makes it, and where in the file it is found.
struct Case {
    reason: &'static str,
    input: Input,
    line: u64,
    offset: u64,
}

fn good(rkey: &str) -> String {
    post("did:plc:ann", rkey, 1, &text("Good morning"))
}

/// A line that stands second of three.
fn line(reason: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case { reason, input: Input::Line(bytes.into()), line: 2, offset: good("a").len() as u64 + 1 }
}

/// A table with good rows beside the bad one.
fn table(reason: &'static str, content: &str, n_good: u64, line: u64, offset: u64) -> Case {
    Case { reason, input: Input::File { verb: "text", content: content.into(), n_good }, line, offset }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// An export of three posts, changed: its bad record stands third, or is the only one.
fn export(reason: &'static str, n_good: u64, block: usize, change: impl FnOnce(&mut Export)) -> Case {
    let good = |said: &str| Block::of(cbor(&text(said)));
    let bad = if reason == "bad_cbor" { Block::of(b"\xa1\x61".to_vec()) } else { good("Three") };
    let posts = ["a", "b", "c"].map(|rkey| format!("app.bsky.feed.post/{rkey}"));
    let records = [(&*posts[0], good("One")), (&*posts[1], good("Two")), (&*posts[2], bad)];
    let mut export = Export::of_blocks("did:plc:ann", 9, &records);
    change(&mut export);
    let (content, offsets) = export.car();
    let input = Input::File { verb: "bluesky", content, n_good };
    Case { reason, input, line: n_good + 1, offset: offsets[block] }
}

/// Good lines of Jetstream, packed, and then what is bad.
fn packed(reason: &'static str, damage: &[u8]) -> Case {
    let lines = format!("{}\n{}\n", good("a"), good("b"));
    let content = [gzip(lines.as_bytes()).as_slice(), damage].concat();
    Case {
        reason,
        input: Input::File { verb: "bluesky", content, n_good: 2 },
        line: 3,
        offset: lines.len() as u64,
    }
}

fn cases() -> Vec<Case> {
    let like = |subject: Value| {
        let record = json!({ "subject": subject });
        commit("did:plc:ann", "create", "feed.like", "l", 2, &record)
    };
    let changed = |from: &str, to: &str| {
        let changed = good("x").replace(from, to);
        assert_ne!(changed, good("x"));
        changed
    };
    let time = (START_US + 1_000_000).to_string();
    let xz = b"\xfd7zXZ\0 and more".to_vec();
    vec![
        line("bad_json", &good("x")[..60]),
        line("not_an_object", "[1, 2]"),
        line("not_an_event", "{\"error\":\"FutureCursor\"}"),
        line("wrong_type", changed("\"Good morning\"", "5")),
        line("missing_id", like(json!({ "cid": "c" }))),
        line("bad_time", changed(&time, "\"yesterday\"")),
        line("invalid_utf8", [b"{\"did\":\"\xc3\x28".as_slice(), b"\"}"].concat()),
        line("raw_nul", changed("Good", "Go\0d")),
        line("lone_surrogate", changed("Good", "\\ud83d")),
        line("line_too_long", changed("Good", &"x".repeat(8 << 20))),
        line(
            "too_deep",
            changed("\"text\"", &format!("\"x\":{}{},\"text\"", "[".repeat(200), "]".repeat(200))),
        ),
        line("conflict_marker", "<<<<<<< HEAD"),
        // The second member ends after its header.
        packed("truncated_container", &gzip(b"more")[..10]),
        packed("corrupt_container", b"garbage"),
        // Packed six times over.
        Case {
            reason: "container_limit",
            input: Input::File {
                verb: "bluesky",
                content: (0..6).fold(good("a").into_bytes(), |inner, _| gzip(&inner)),
                n_good: 0,
            },
            line: 1,
            offset: 0,
        },
        Case {
            reason: "unsupported_content",
            input: Input::File { verb: "bluesky", content: xz, n_good: 0 },
            line: 1,
            offset: 0,
        },
        export("bad_cbor", 2, 4, |_| {}),
        export("wrong_content_id", 2, 4, |export| export.0[4].bytes[9] ^= 1),
        // The tree names it.
        export("missing_block", 2, 1, |export| export.0.truncate(4)),
        // A record in the place of the commit.
        export("bad_repository", 0, 0, |export| export.0.rotate_left(2)),
        table("unclosed_quote", "id,text\n1,one\n2,\"two\n3,three\n4,four\n", 3, 3, 14),
        table("field_count", "id,text\n1,one\n2,two,too\n3,three\n", 2, 3, 14),
        table("missing_text", "{\"text\":\"one\"}\n{\"text\":null}\n{\"text\":\"three\"}\n", 2, 2, 15),
    ]
}

/// Reads the case into `corpus` and gives the file's name and how many good records stand beside the bad one.
fn read(folder: &Folder, case: &Case, options: &str) -> (&'static str, u64, crate::program::Answer) {
    let (verb, name, content, n_good) = match &case.input {
        Input::Line(line) => {
            let lines = [good("a").as_bytes(), line, good("b").as_bytes()].join(b"\n".as_slice());
            ("bluesky", "dump.jsonl", lines, 2)
        }
        Input::File { verb, content, n_good } => (*verb, "input", content.clone(), *n_good),
    };
    folder.write(name, content);
    let line = format!("ingest {verb} {name} --quiet {options}");
    (name, n_good, folder.run(line.split_whitespace()))
}

#[test]
fn every_reason_is_told_with_its_place_and_costs_no_other_record() {
    for case in cases() {
        let folder = Folder::new();
        let (name, n_good, answer) = read(&folder, &case, "");
        assert_eq!(answer.code, FINDINGS, "{}: {answer:?}", case.reason);
        let share = format!("1 of {} records", n_good + 1);
        assert!(answer.stderr.contains(&share) && answer.stderr.contains("--max-quarantine"), "{answer:?}");

        let status = folder.status("corpus");
        let total = &status["total"];
        check_balance(total);
        assert_eq!(total["quarantined"], json!({ case.reason: 1 }), "{total}");
        assert_eq!(total["in"], n_good + 1, "{}", case.reason);
        assert_eq!(n_rows(&status, "posts"), n_good, "{}", case.reason);

        let row = folder.row("corpus", "SELECT file, line, \"offset\", reason, detail FROM quarantine");
        assert_eq!(row["reason"], case.reason);
        assert_eq!(row["file"], name, "{}", case.reason);
        assert_eq!(
            (&row["line"], &row["offset"]),
            (&json!(case.line), &json!(case.offset)),
            "{}",
            case.reason
        );
        assert_ne!(row["detail"], "", "{}", case.reason);

        // The same again is passed over, and the share of what the corpus holds is as it was.
        let (_, _, answer) = read(&folder, &case, "--max-quarantine 1");
        assert_eq!(answer.code, DONE, "{}: {answer:?}", case.reason);
    }
}

#[test]
fn every_reason_of_the_closed_list_has_a_case() {
    let shown: Vec<&str> = cases().iter().map(|case| case.reason).collect();
    let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(shown, known);
}

#[test]
fn a_share_up_to_the_allowed_one_is_no_finding() {
    let folder = Folder::new();
    let lines: Vec<String> = (0..99).map(|i| good(&format!("p{i}"))).chain(["{".to_owned()]).collect();
    folder.write("dump", lines.join("\n\n \n"));
    assert_eq!(folder.run(["ingest", "bluesky", "dump"]).code, DONE, "1 of 100 is 0.01");
    let below = folder.run(["ingest", "bluesky", "dump", "--max-quarantine", "0.0099"]);
    assert_eq!(below.code, FINDINGS, "{below:?}");
    assert_eq!(folder.status("corpus")["total"]["blank"], 198, "blank lines are not in the share");
}

#[test]
fn a_bomb_is_stopped_and_what_came_before_is_kept() {
    let folder = Folder::new();
    let blank = " ".repeat(999) + "\n";
    let content = format!("{}\n{}", good("a"), blank.repeat(40_000));
    let bomb = gzip(content.as_bytes());
    assert!(bomb.len() * 200 < content.len());
    folder.write("bomb.gz", bomb);
    let answer = folder.run(["ingest", "bluesky", "bomb.gz"]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let status = folder.status("corpus");
    assert_eq!(status["total"]["quarantined"], json!({ "container_limit": 1 }));
    assert_eq!(n_rows(&status, "posts"), 1);
    let offset = folder.row("corpus", "SELECT \"offset\" FROM quarantine")["offset"].as_u64().unwrap();
    assert!((9_000_000..30_000_000).contains(&offset), "{offset}");
}

#[test]
fn a_container_that_is_cut_gives_what_came_before() {
    let folder = Folder::new();
    let lines: Vec<String> = (0..5_000).map(|i| good(&format!("p{i}"))).collect();
    let whole = gzip(lines.join("\n").as_bytes());
    folder.write("cut.gz", &whole[..whole.len() / 2]);
    assert_eq!(folder.run(["ingest", "bluesky", "cut.gz"]).code, DONE, "one record of thousands");
    let status = folder.status("corpus");
    assert_eq!(status["total"]["quarantined"], json!({ "truncated_container": 1 }));
    let n_posts = n_rows(&status, "posts");
    assert!((1_000..4_900).contains(&n_posts), "{n_posts}");
    assert_eq!(status["total"]["in"], n_posts + 1);
}

#[test]
fn what_editors_and_systems_leave_in_lines_is_accepted() {
    let folder = Folder::new();
    let escaped = post("did:plc:ann", "nul", 2, &text("a\0b"));
    assert!(escaped.contains("\\u0000"));
    folder.write("dump", format!("\u{feff}{}\r\n\r\n{escaped}\r\n", good("a")));
    folder.ok("ingest bluesky dump --max-quarantine 0");
    assert_eq!(folder.status("corpus")["total"]["stored"], 2);
    assert_eq!(folder.row("corpus", "SELECT text FROM posts WHERE text <> 'Good morning'")["text"], "a\0b");
}
