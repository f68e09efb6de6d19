//! Packed inputs through the real binary: the rows, the account, the notes and the limits.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::jetstream::{post, text};
use crate::program::{DONE, FAILED, FINDINGS, Folder, check_balance, digests, n_rows};

/// Posts of three authors, a line each, whose texts do not pack well.
fn lines(from: u64, n: u64) -> Vec<u8> {
    let mut state = from + 1;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    };
    let line = |i| {
        let words: Vec<String> = (0..20).map(|_| word()).collect();
        post(&format!("did:plc:user{}", i % 3), &format!("p{i}"), i, &text(&words.join(" "))) + "\n"
    };
    (from..from + n).map(line).collect::<String>().into_bytes()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The account of one file.
fn account<'s>(status: &'s Value, name: &str) -> &'s Value {
    let files = status["files"].as_array().unwrap();
    files.iter().find(|file| file["file"] == name).unwrap()
}

#[test]
fn packed_dumps_give_the_rows_of_plain_ones() {
    let folder = Folder::new();
    // The first member is longer than what is held of one, so it streams; the others go together.
    let parts = [lines(0, 9000), lines(9000, 300), lines(9300, 300), lines(9600, 10)];
    folder.write("plain.jsonl", parts.concat());
    let packed = [gz(&parts[0]), bz2(&parts[1]), zstd::encode_all(&*parts[2], 1).unwrap()];
    assert!(packed[0].len() > 1 << 20);
    let members =
        [("a.gz", &*packed[0]), ("b/b.json.bz2", &*packed[1]), ("c", &*packed[2]), ("plain", &*parts[3])];
    folder.write("dump.tar", tar(&members));
    folder.write("dump.tar.gz", gz(&tar(&members)));
    folder.write("dump.zip", zip(&members));
    folder.write(
        "nested.zip",
        zip(&[("day1.tar", &tar(&members[..2])), ("day2.zip.gz", &gz(&zip(&members[2..])))]),
    );
    folder.write("dump.bz2", bz2(&parts.concat()));
    for (name, part) in
        [("days/1.gz", &packed[0]), ("days/2.bz2", &packed[1]), ("days/3", &packed[2]), ("days/4", &parts[3])]
    {
        folder.write(name, part);
    }
    folder.ok("ingest bluesky plain.jsonl --corpus plain");
    let plain = folder.status("plain");
    assert_eq!(plain["total"]["stored"], 9610);
    for name in ["dump.tar", "dump.tar.gz", "dump.zip", "nested.zip", "dump.bz2", "days"] {
        let corpus = format!("corpus of {name}");
        let answer = folder.run(["ingest", "bluesky", name, "--corpus", &corpus]);
        assert_eq!(answer.code, DONE, "{name}: {answer:?}");
        let answer = folder.run(["status", "--json", "--corpus", &corpus]);
        let status = answer.json();
        assert_eq!(digests(&status), digests(&plain), "{name}");
        assert_eq!(status["total"], plain["total"], "{name}");
    }
    // All of it again is copies.
    folder.ok("ingest bluesky dump.tar --corpus plain");
    let twice = folder.status("plain");
    assert_eq!(digests(&twice), digests(&plain));
    check_balance(account(&twice, "dump.tar"));
    let sum = |class: &str| {
        ["plain.jsonl", "dump.tar"]
            .map(|name| account(&twice, name)[class].as_u64().unwrap())
            .iter()
            .sum::<u64>()
    };
    assert_eq!((sum("stored"), sum("duplicates")), (9610, 9610));
}

#[test]
fn the_number_of_threads_changes_no_byte_of_an_archive() {
    let folder = Folder::new();
    let parts: Vec<Vec<u8>> = (0..30).map(|i| bz2(&lines(i * 400, 400))).collect();
    let names: Vec<String> = (0..30).map(|i| format!("{i:02}.json.bz2")).collect();
    let mut members: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(parts.iter().map(|part| &**part)).collect();
    let large = gz(&lines(20_000, 8000));
    members.insert(3, ("large.gz", &large));
    let cut = &parts[0][..parts[0].len() / 2];
    members.insert(20, ("cut.bz2", cut));
    folder.write("dump.tar", tar(&members));
    for threads in [1, 2, 5] {
        folder.ok(&format!("ingest bluesky dump.tar --corpus c{threads} --threads {threads}"));
        let answer = folder.row(&format!("c{threads}"), "SELECT file, reason, detail FROM quarantine");
        assert_eq!(
            (&answer["file"], &answer["reason"]),
            (&json!("dump.tar!cut.bz2"), &json!("truncated_container"))
        );
        assert_eq!(
            folder.read(&format!("c{threads}/manifest.json")),
            folder.read("c1/manifest.json"),
            "{threads}"
        );
    }
}

#[test]
fn what_is_not_read_in_archives_and_folders_is_told() {
    let folder = Folder::new();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind) in [
        ("link", tar::EntryType::Symlink),
        ("fifo", tar::EntryType::Fifo),
        (".hidden", tar::EntryType::Regular),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        if kind == tar::EntryType::Symlink {
            builder.append_link(&mut header, name, "/etc/passwd").unwrap();
        } else if kind == tar::EntryType::Regular {
            header.set_size(2);
            builder.append_data(&mut header, name, &b"{}"[..]).unwrap();
        } else {
            builder.append_data(&mut header, name, &b""[..]).unwrap();
        }
    }
    folder.write("in/dump.tar", builder.into_inner().unwrap());
    folder.write("in/dump.zip", zip(&[("../../up", &lines(0, 1)), ("/absolute", &lines(1, 1))]));
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", folder.path("in/link")).unwrap();
    let answer = folder.ok("ingest bluesky in");
    for told in [
        "in/dump.tar: 1 FIFOs in a tar archive passed over",
        "in/dump.tar: 1 symbolic links in a tar archive passed over",
        "in/dump.tar: 1 hidden members of an archive passed over",
    ] {
        assert!(answer.stderr.contains(told), "{told}: {}", answer.stderr);
    }
    #[cfg(unix)]
    assert!(answer.stderr.contains("in/link was passed over"), "{}", answer.stderr);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["corpus", "in"]);
    assert_eq!(folder.status("corpus")["total"]["stored"], 2);
}

#[test]
fn members_of_an_archive_are_tables_of_their_own() {
    let folder = Folder::new();
    let csv = |from: usize, n: usize| {
        let rows: String = (from..from + n).map(|i| format!("a text of some words {i},ann\n")).collect();
        format!("text,user\n{rows}")
    };
    let json = "[{\"text\": \"from an array\"}, {\"text\": \"and another\"}]";
    let members = [
        ("a.csv", csv(0, 100)),
        ("b.csv", csv(100, 50)),
        ("c.json", json.to_owned()),
        ("numbers.csv", "n,m\n1,2\n3,4\n".to_owned()),
    ];
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, content)| (*name, content.as_bytes())).collect();
    let packed: Vec<Vec<u8>> = members.iter().map(|(_, content)| bz2(content)).collect();
    let packed: Vec<(&str, &[u8])> =
        members.iter().zip(&packed).map(|((name, _), content)| (*name, &**content)).collect();
    let archives =
        [("tables.zip", zip(&members)), ("tables.tar.gz", gz(&tar(&members))), ("tables.tar", tar(&packed))];
    for (name, content) in archives {
        folder.write(name, content);
        let corpus = format!("{name}.corpus");
        let answer = folder.run(["ingest", "text", name, "--text", "text", "--corpus", &corpus]);
        assert_eq!(answer.code, DONE, "{answer:?}");
        assert!(answer.stderr.contains(&format!("{name}!a.csv and 1 more like it")), "{}", answer.stderr);
        let status = folder.status(&corpus);
        check_balance(&status["total"]);
        assert_eq!(n_rows(&status, "posts"), 152, "{name}: {answer:?}");
        assert_eq!(status["total"]["quarantined"], json!({ "unsupported_content": 1 }));
        let row = folder.row(&corpus, "SELECT file, detail FROM quarantine");
        assert_eq!(row["file"], format!("{name}!numbers.csv"));
        assert!(row["detail"].as_str().unwrap().contains("--text"), "{row}");
        let ids = folder.row(&corpus, "SELECT count(DISTINCT post_id) AS n FROM posts");
        assert_eq!(ids["n"], 152);
    }
}

#[test]
fn an_archive_without_any_such_column_is_an_error_and_leaves_nothing() {
    let folder = Folder::new();
    folder.write(
        "tables.zip",
        zip(&[("a.csv", b"text,user\nsome words,ann\n"), ("b.csv", b"text,user\nmore words,bob\n")]),
    );
    let answer = folder.run(["ingest", "text", "tables.zip", "--text", "body"]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("tables.zip!a.csv") && answer.stderr.contains("body"), "{answer:?}");
    folder.ok("ingest text tables.zip --text text");
    assert_eq!(n_rows(&folder.status("corpus"), "posts"), 2);
}

#[test]
fn damage_of_a_packed_table_is_one_record_put_aside() {
    let folder = Folder::new();
    let rows: String =
        (0..5000).map(|i| format!("a text of some words {i},user{}\n", i * 7919 % 4001)).collect();
    let packed = gz(format!("text,user\n{rows}").as_bytes());
    folder.write("cut.csv.gz", &packed[..packed.len() / 2]);
    folder.write("cut.tar", &tar(&[("posts.csv", format!("text,user\n{rows}").as_bytes())])[..50_000]);
    folder.write("headless.zip", &zip(&[("posts.csv", b"text,user\none text,ann\ntwo texts,bob\n")])[..60]);
    folder.ok("ingest text cut.csv.gz cut.tar headless.zip --text text --max-quarantine 0.5");
    let status = folder.status("corpus");
    for name in ["cut.csv.gz", "cut.tar", "headless.zip"] {
        let account = account(&status, name);
        check_balance(account);
        assert_eq!(account["quarantined"], json!({ "truncated_container": 1 }), "{name}");
    }
}

#[test]
fn max_bytes_is_a_limit_on_all_content() {
    let folder = Folder::new();
    let lines = lines(0, 2000);
    folder.write("dump.zip", zip(&[("a.gz", &gz(&lines)), ("b", &lines)]));
    let n = 2 * lines.len();
    let answer = folder.run(["ingest", "bluesky", "dump.zip", "--max-bytes", &(n - 1).to_string()]);
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("--max-bytes") && answer.stderr.contains("dump.zip!"), "{answer:?}");
    assert_eq!(folder.status("corpus")["total"]["in"], 0, "nothing of it is kept");
    folder.write(
        "populi.toml",
        format!("[ingest]\nfrom = 'bluesky'\npaths = ['dump.zip']\nmax_bytes = {}\n", n - 1),
    );
    let answer = folder.run(["run", "populi.toml"]);
    assert!(answer.code == FAILED && answer.stderr.contains("--max-bytes"), "{answer:?}");
    folder.ok(&format!("ingest bluesky dump.zip --max-bytes {n}"));
    let status = folder.status("corpus");
    assert_eq!((&status["total"]["stored"], &status["total"]["duplicates"]), (&json!(2000), &json!(2000)));
    folder.write("table.csv", "text\none text\n");
    assert_eq!(folder.run(["ingest", "text", "table.csv", "--max-bytes", "5", "--corpus", "t"]).code, FAILED);
}

#[test]
fn bombs_end_at_the_limits() {
    let folder = Folder::new();
    let bomb = gz(&vec![b' '; 40 << 20]);
    let deep = (0..6).fold(lines(0, 1), |inner, _| zip(&[("x", &inner)]));
    folder.write("bombs.tar", tar(&[("bomb.gz", &bomb), ("deep.zip", &deep), ("good", &lines(1, 3))]));
    let answer = folder.run(["ingest", "bluesky", "bombs.tar"]);
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let total = &folder.status("corpus")["total"];
    assert_eq!((&total["stored"], &total["quarantined"]), (&json!(3), &json!({ "container_limit": 2 })));
}
