//! Bombs and tricks of containers: each is told of, costs nothing beside it, and nothing lies outside the corpus.

use std::io::Write;

use serde_json::{Value, json};

use super::simulate;
use crate::containers::{bz2, gz, tar, zip};
use crate::program::{FINDINGS, Folder, check_balance};

/// A status of the stream in its plainest form.
fn status(id: u64) -> String {
    let at = "\"created_at\":\"Mon Oct 10 20:19:24 +0000 2022\"";
    let user = "\"user\":{\"id\":7,\"id_str\":\"7\",\"screen_name\":\"ann\",\"name\":\"Ann\"}";
    let end = "\"in_reply_to_status_id_str\":null,\"truncated\":false,\"timestamp_ms\":\"1665433164000\"";
    format!("{{{at},\"id\":{id},\"id_str\":\"{id}\",\"text\":\"number {id}\",{user},{end}}}\n")
}

fn statuses(from: u64, n: u64) -> Vec<u8> {
    (from..from + n).map(status).collect::<String>().into_bytes()
}

/// What is in the folder: the input and the corpus, and nothing that a member named.
fn check_nothing_outside(folder: &Folder) {
    let mut names: Vec<String> = std::fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["corpus", "in"]);
    assert!(!folder.path("../up").exists() && !folder.path("../../up").exists());
}

#[test]
fn five_layers_are_read_and_a_sixth_is_told_of() {
    let folder = Folder::new();
    let day = |from| tar(&[("20221010/20221010201900.json.gz", &gz(&statuses(from, 5)))]);
    let wrap = |inner: Vec<u8>, n: usize| (0..n).fold(inner, |inner, _| tar(&[("twitter.tar", &inner)]));
    // A tar and a gz are two layers.
    folder.write("in/five.tar", wrap(day(1), 3));
    folder.write(
        "in/six.tar",
        tar(&[("a.tar", &wrap(day(100), 3)), ("good.json.bz2", &bz2(&statuses(200, 5)))]),
    );
    let answer = folder.run("ingest twitter in".split(' '));
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let total = &folder.status("corpus")["total"];
    check_balance(total);
    assert_eq!((&total["stored"], &total["quarantined"]), (&json!(10), &json!({ "container_limit": 1 })));
    let told = folder.row("corpus", "SELECT file, detail FROM quarantine");
    assert!(told["file"].as_str().unwrap().starts_with("in/six.tar!a.tar!"), "{told}");
    assert!(told["detail"].as_str().unwrap().contains('5'), "{told}");
    check_nothing_outside(&folder);
}

#[test]
fn members_that_point_elsewhere_stay_where_they_are() {
    let folder = Folder::new();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind) in [
        ("etc", tar::EntryType::Symlink),
        ("hard", tar::EntryType::Link),
        ("fifo", tar::EntryType::Fifo),
        ("device", tar::EntryType::Char),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        match kind {
            tar::EntryType::Symlink | tar::EntryType::Link => {
                builder.append_link(&mut header, name, "/etc/passwd").unwrap();
            }
            _ => builder.append_data(&mut header, name, &b""[..]).unwrap(),
        }
    }
    let packed = gz(&statuses(1, 3));
    for name in
        [&b"../../up/20221010201900.json.gz"[..], b"/up/absolute.json.gz", b"./..//../up/again.json.gz"]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(packed.len() as u64);
        // The library would refuse such a name.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_cksum();
        builder.append(&header, &*packed).unwrap();
    }
    folder.write("in/day.tar", builder.into_inner().unwrap());
    folder.write(
        "in/day.zip",
        zip(&[("../../up", &bz2(&statuses(10, 3))), ("/up/absolute", &statuses(20, 3))]),
    );
    let answer = folder.ok("ingest twitter in");
    for told in ["symbolic links", "hard links", "FIFOs", "devices"] {
        assert!(
            answer.stderr.contains(&format!("1 {told} in a tar archive passed over")),
            "{}",
            answer.stderr
        );
    }
    assert_eq!(folder.status("corpus")["total"]["stored"], 9);
    check_nothing_outside(&folder);
}

#[test]
fn a_million_empty_members_are_nothing() {
    let folder = Folder::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o644);
    for i in 0..1_000_000 {
        header.set_path(format!("20221010/{i:07}.json.gz")).unwrap();
        header.set_cksum();
        packer.write_all(header.as_bytes()).unwrap();
    }
    packer.write_all(&tar(&[("20221010/last.json", &statuses(1, 4))])).unwrap();
    folder.write("in/day.tar.gz", packer.finish().unwrap());
    folder.ok("ingest twitter in");
    let total = &folder.status("corpus")["total"];
    assert_eq!((&total["in"], &total["stored"]), (&json!(4), &json!(4)));
    check_nothing_outside(&folder);
}

#[test]
fn a_bomb_in_a_day_costs_no_other_member() {
    let folder = Folder::new();
    let bomb = gz(&vec![b'\n'; 60 << 20]);
    let twice = gz(&gz(&vec![b' '; 60 << 20]));
    let members = [("00.json.gz", &*bomb), ("01.json.gz", &gz(&statuses(1, 4))), ("02.json.gz", &twice)];
    folder.write("in/month.tar", tar(&[("day.tar", &tar(&members)), ("next.zip", &zip(&members))]));
    let answer = folder.run("ingest twitter in".split(' '));
    assert_eq!(answer.code, FINDINGS, "{answer:?}");
    let total = &folder.status("corpus")["total"];
    check_balance(total);
    assert_eq!((&total["stored"], &total["duplicates"]), (&json!(4), &json!(4)));
    assert_eq!(total["quarantined"], json!({ "container_limit": 4 }));
    check_nothing_outside(&folder);
}

#[test]
fn a_month_that_ends_in_a_day_is_read_up_to_there() {
    let folder = simulate("--tweets 1500 --seed 31 --container nested --noise 0");
    let whole = std::fs::read(folder.path("world/stream/archiveteam-twitter-stream-2022-10.tar")).unwrap();
    folder.write("cut.tar", &whole[..whole.len() * 3 / 4]);
    folder.run("ingest twitter cut.tar --max-quarantine 1".split(' '));
    let total: &Value = &folder.status("corpus")["total"];
    check_balance(total);
    assert!(total["quarantined"]["truncated_container"].as_u64() >= Some(1), "{total}");
    assert!(total["stored"].as_u64() > Some(700), "{total}");
}
