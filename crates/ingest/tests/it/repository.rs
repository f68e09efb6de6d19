//! Exports of repositories: real ones, and small ones that are made here block by block.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufReader, Write};

use cid::Cid;
use cid::multihash::Multihash;
use ipld_core::ipld::Ipld;
use populi_ingest::archive::Decoded;
use populi_ingest::bluesky::Originals;
use populi_ingest::bluesky::repository::{is_export, read_export, read_export_file};
use populi_model::{Body, Event, Operation, Reason, RecordKind, Tally, Timestamp};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::outcome::{Each, FILE, Outcome, read_seeing};
use crate::real_data::shared;

const DID: &str = "did:plc:a";
/// The revision of the exports that are made here.
const REV: &str = "3mptbypluud2a";
const LIKE: &str = "app.bsky.feed.like";
const POST: &str = "app.bsky.feed.post";
/// Among the codecs.
const DAG_CBOR: u64 = 0x71;
/// Among the hashes.
const SHA2_256: u64 = 0x12;

/// Reads an export that is held in memory, and shows each event to `see`.
fn read_export_seeing(bytes: &[u8], mut see: impl FnMut(&Event<'_>)) -> Outcome {
    let (mut events, mut tally) = (Vec::new(), Tally::default());
    let record = |event: &Event<'_>| {
        see(event);
        events.push(format!("{event:?}"));
    };
    let mut sink = Each(record, Vec::new());
    read_export(Decoded::new(bytes), 0, &FILE, Originals::Keep, &mut sink, &mut tally).unwrap();
    let aside = sink.1;
    let outcome = Outcome { events, aside, tally, contents: Vec::new(), passed_over: BTreeMap::new() };
    outcome.check();
    outcome
}

fn read(bytes: &[u8]) -> Outcome {
    read_export_seeing(bytes, |_| {})
}

/// Reads an export that lies in a file as it is.
fn read_file(bytes: &[u8]) -> Outcome {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let (mut events, mut tally) = (Vec::new(), Tally::default());
    let mut sink = Each(|event: &Event<'_>| events.push(format!("{event:?}")), Vec::new());
    read_export_file(&file, &FILE, Originals::Keep, &mut sink, &mut tally).unwrap();
    let aside = sink.1;
    Outcome { events, aside, tally, contents: Vec::new(), passed_over: BTreeMap::new() }
}

/// The paths of the records that were taken.
fn paths(bytes: &[u8]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    read_export_seeing(bytes, |event| {
        assert!(paths.insert(event.record.text.to_owned()), "{}", event.record.text);
    });
    paths
}

type Block = (Cid, Vec<u8>);

fn id_of(bytes: &[u8]) -> Cid {
    Cid::new_v1(DAG_CBOR, Multihash::wrap(SHA2_256, &Sha256::digest(bytes)).unwrap())
}

fn block(value: &Ipld) -> Block {
    raw_block(serde_ipld_dagcbor::to_vec(value).unwrap())
}

fn raw_block(bytes: Vec<u8>) -> Block {
    (id_of(&bytes), bytes)
}

fn map<const N: usize>(fields: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn text(text: &str) -> Ipld {
    Ipld::String(text.to_owned())
}

fn commit(top: Cid, rev: Option<&str>) -> Block {
    let mut fields = BTreeMap::from([
        ("did".to_owned(), text(DID)),
        ("version".to_owned(), Ipld::Integer(if rev.is_some() { 3 } else { 2 })),
        ("data".to_owned(), Ipld::Link(top)),
        ("prev".to_owned(), Ipld::Null),
        ("sig".to_owned(), Ipld::Bytes(vec![1; 64])),
    ]);
    fields.extend(rev.map(|rev| ("rev".to_owned(), text(rev))));
    block(&Ipld::Map(fields))
}

/// A node with these entries: key, record, and the node behind it.
fn node(left: Option<Cid>, entries: &[(String, Cid, Option<Cid>)]) -> Block {
    let link = |id: Option<Cid>| id.map_or(Ipld::Null, Ipld::Link);
    let mut before = "";
    let mut list = Vec::new();
    for (key, record, right) in entries {
        let shared = key.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        list.push(map([
            ("p", Ipld::Integer(shared as i128)),
            ("k", Ipld::Bytes(key.as_bytes()[shared..].to_vec())),
            ("v", Ipld::Link(*record)),
            ("t", link(*right)),
        ]));
        before = key;
    }
    block(&map([("l", link(left)), ("e", Ipld::List(list))]))
}

/// A tree of nodes of at most two entries, the uppermost node last.
fn tree(entries: &[(String, Cid)], blocks: &mut Vec<Block>) -> Cid {
    let built = if entries.len() <= 2 {
        let entries: Vec<_> = entries.iter().map(|(key, id)| (key.clone(), *id, None)).collect();
        node(None, &entries)
    } else {
        let middle = entries.len() / 2;
        let left = tree(&entries[..middle], blocks);
        let right = tree(&entries[middle + 1..], blocks);
        let (key, id) = entries[middle].clone();
        node(Some(left), &[(key, id, Some(right))])
    };
    blocks.push(built.clone());
    built.0
}

fn varint(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn section(id: &[u8], bytes: &[u8]) -> Vec<u8> {
    [varint(id.len() + bytes.len()), id.to_vec(), bytes.to_vec()].concat()
}

/// A CAR file of these blocks.
fn car(root: Cid, blocks: &[Block]) -> Vec<u8> {
    let header = map([("roots", Ipld::List(vec![Ipld::Link(root)])), ("version", Ipld::Integer(1))]);
    let mut bytes = section(&[], &serde_ipld_dagcbor::to_vec(&header).unwrap());
    for (id, block) in blocks {
        bytes.extend(section(&id.to_bytes(), block));
    }
    bytes
}

/// The blocks of a repository of these records, as hosts order them: the commit, the tree from above, the records.
fn repository(records: &[(String, Block)]) -> Vec<Block> {
    let mut entries: Vec<_> = records.iter().map(|(path, (id, _))| (path.clone(), *id)).collect();
    entries.sort();
    let mut nodes = Vec::new();
    let top = tree(&entries, &mut nodes);
    let mut blocks = vec![commit(top, Some(REV))];
    blocks.extend(nodes.into_iter().rev());
    blocks.extend(records.iter().map(|(_, block)| block.clone()));
    blocks
}

fn like(n: usize) -> (String, Block) {
    let record = map([
        ("$type", text(LIKE)),
        ("createdAt", text("2025-03-01T00:00:00.5Z")),
        ("subject", map([("uri", text(&format!("at://did:plc:b/{POST}/{n:03}"))), ("cid", text("bafy"))])),
    ]);
    (format!("{LIKE}/{n:03}"), block(&record))
}

fn likes(n: usize) -> Vec<(String, Block)> {
    (0..n).map(like).collect()
}

fn export(records: &[(String, Block)]) -> Vec<u8> {
    let blocks = repository(records);
    car(blocks[0].0, &blocks)
}

#[test]
fn the_export_of_a_real_account_holds_what_another_reader_found() {
    let (Some(path), Some(expected)) =
        (shared("bluesky/jetstream/repo.car"), shared("bluesky/jetstream/car_expected_records.tsv"))
    else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let mut found = BTreeSet::new();
    let outcome = read_export_seeing(&bytes, |event| {
        let did = event.actor.unwrap().text;
        let path = match event.body.kind() {
            RecordKind::Profile => "app.bsky.actor.profile/self",
            _ => event.record.text.strip_prefix(&format!("at://{did}/")).unwrap(),
        };
        found.insert(format!("{path}\t{}", event.original.unwrap().0));
        assert_eq!((event.operation, event.received_at), (Operation::Seen, None));
        assert_eq!(event.authored_at.is_some(), event.body.kind() != RecordKind::Profile);
    });
    let expected: BTreeSet<String> =
        fs::read_to_string(expected).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(found, expected);
    assert_eq!((outcome.tally.records, outcome.tally.taken), (23, 23));
    assert_eq!(outcome, read_file(&bytes));
}

#[test]
fn exports_of_test_accounts_are_read_whole() {
    use RecordKind::{Follow, Like, Post, Profile, Repost};
    let exports = [
        // Before revisions came; with blocks of what was deleted, which the tree does not name.
        ("fakermaker", vec![(Profile, 1), (Post, 26), (Like, 22), (Repost, 15), (Follow, 78)], 23, 1),
        ("paul_staging", vec![(Profile, 1), (Post, 101), (Like, 60), (Repost, 15), (Follow, 8)], 19, 1),
        ("greenground", vec![(Follow, 2)], 0, 0),
    ];
    for (name, expected, n_replies, n_without_revision) in exports {
        let Some(path) = shared(&format!("bluesky/car/{name}.repo.car")) else {
            return;
        };
        let (mut counts, mut n) = (BTreeMap::new(), 0);
        let outcome = read_export_seeing(&fs::read(path).unwrap(), |event| {
            *counts.entry(event.body.kind()).or_insert(0) += 1;
            n += u64::from(matches!(&event.body, Body::Post(post) if post.reply_to.is_some()));
            assert_eq!(event.version.revision == 0, n_without_revision == 1);
        });
        assert_eq!(counts, BTreeMap::from_iter(expected), "{name}");
        assert_eq!(n, n_replies, "{name}");
        assert!(outcome.aside.is_empty() && outcome.tally.n_ignored() == 0, "{name}: {:?}", outcome.aside);
        let warned = outcome.tally.warnings.get("export_without_revision");
        assert_eq!(warned.copied().unwrap_or_default(), n_without_revision, "{name}");
    }
}

#[test]
fn a_record_says_the_same_in_an_export_and_on_the_network() {
    let picture = id_of(b"picture");
    let record = map([
        ("$type", text(POST)),
        ("text", text("look \"there\"\n\u{1f600}\u{0} <b>")),
        ("createdAt", text("2025-03-01T00:00:00Z")),
        ("langs", Ipld::List(vec![text("en"), text("de")])),
        ("big", Ipld::Integer(-(1 << 63))),
        ("none", Ipld::Null),
        ("yes", Ipld::Bool(true)),
        ("half", Ipld::Float(0.5)),
        ("bytes", Ipld::Bytes(vec![0, 255, 7, 9])),
        ("reply", map([("parent", map([("uri", text("at://did:plc:b/app.bsky.feed.post/1"))]))])),
        (
            "embed",
            map([
                ("$type", text("app.bsky.embed.images")),
                (
                    "images",
                    Ipld::List(vec![map([
                        ("alt", text("a cat")),
                        ("image", map([("ref", Ipld::Link(picture))])),
                    ])]),
                ),
            ]),
        ),
    ]);
    let (id, bytes) = block(&record);
    let json = format!(
        concat!(
            r#"{{"$type":"app.bsky.feed.post","big":-9223372036854775808,"bytes":{{"$bytes":"AP8HCQ"}},"#,
            r#""createdAt":"2025-03-01T00:00:00Z","embed":{{"$type":"app.bsky.embed.images","images":[{{"#,
            r#""alt":"a cat","image":{{"ref":{{"$link":"{}"}}}}}}]}},"half":0.5,"langs":["en","de"],"none":null,"#,
            r#""reply":{{"parent":{{"uri":"at://did:plc:b/app.bsky.feed.post/1"}}}},"#,
            r#""text":"look \"there\"\n😀\u0000 <b>","yes":true}}"#
        ),
        picture
    );
    let mut seen = Vec::new();
    read_export_seeing(&export(&[(format!("{POST}/3k"), (id, bytes))]), |event| {
        assert_eq!(event.original, Some((id.to_string().as_str(), json.as_bytes())));
        assert_eq!(event.authored_at, Some(Timestamp(1_740_787_200_000_000)));
        seen.push(format!("{:?} {:?} {:?} {:?}", event.record, event.actor, event.version, event.body));
    });
    let line = crate::outcome::commit("create", POST, &json).replace("\"bafy\"", &format!("\"{id}\""));
    read_seeing(line.as_bytes(), 1 << 20, |event| {
        seen.push(format!("{:?} {:?} {:?} {:?}", event.record, event.actor, event.version, event.body));
    });
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_profile_is_of_its_account_and_other_collections_are_ignored() {
    let profile = block(&map([("displayName", text("Ann")), ("createdAt", text("2025-03-01T00:00:00Z"))]));
    let list = block(&map([("name", text("friends"))]));
    let bytes = export(&[
        ("app.bsky.actor.profile/self".to_owned(), profile),
        ("app.bsky.graph.list/1".to_owned(), list),
        like(1),
    ]);
    let mut profiles = 0;
    let outcome = read_export_seeing(&bytes, |event| {
        if event.body.kind() == RecordKind::Profile {
            profiles += 1;
            assert_eq!((event.record.text, event.authored_at), (DID, None));
        }
    });
    assert_eq!((profiles, outcome.tally.taken, outcome.tally.n_ignored()), (1, 2, 1));
    assert_eq!(outcome.tally.ignored["app.bsky.graph.list"], 1);
}

#[test]
fn blocks_may_come_in_any_order_and_twice_and_in_any_packing() {
    let mut blocks = repository(&likes(20));
    let root = blocks[0].0;
    let expected = paths(&car(root, &blocks));
    assert_eq!(expected.len(), 20);
    blocks.reverse();
    assert_eq!(paths(&car(root, &blocks)), expected);
    blocks.extend(blocks.clone());
    let twice = car(root, &blocks);
    assert_eq!(paths(&twice), expected);
    assert_eq!(read(&twice), read_file(&twice));
    let padded = [twice.as_slice(), &[0; 1000]].concat();
    assert_eq!(read(&padded).events, read(&twice).events);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&twice).unwrap();
    for packed in [gzip.finish().unwrap(), zstd::encode_all(twice.as_slice(), 1).unwrap()] {
        assert_eq!(read(&packed), read(&twice));
    }
    assert!(is_export(&twice[..16]));
}

#[test]
fn an_empty_repository_has_no_records() {
    let outcome = read(&export(&[]));
    assert_eq!((outcome.tally.records, outcome.aside.len()), (0, 0));
}

#[test]
fn a_record_whose_block_is_bad_or_missing_is_put_aside_by_its_name() {
    let records = likes(9);
    let blocks = repository(&records);
    let root = blocks[0].0;
    let bad = blocks.len() - 1;
    let told = |outcome: &Outcome, reason: Reason| {
        assert_eq!((outcome.tally.taken, outcome.reasons()), (8, vec![reason]), "{:?}", outcome.aside);
        assert!(outcome.aside[0].detail.contains(&format!("at://{DID}/{LIKE}/008")), "{:?}", outcome.aside);
    };

    let mut changed = blocks.clone();
    changed[bad].1[20] ^= 1;
    told(&read(&car(root, &changed)), Reason::WrongContentId);
    // A whole one makes good for it, wherever it lies.
    for place in [0, changed.len()] {
        let mut mended = changed.clone();
        mended.insert(place, blocks[bad].clone());
        assert_eq!(read(&car(root, &mended)).tally.taken, 9);
    }

    told(&read(&car(root, &blocks[..bad])), Reason::MissingBlock);

    let mut long = vec![0; (8 << 20) + 1];
    long[..4].copy_from_slice(b"\xa1\x61xX");
    let mut records = records;
    records[8].1 = raw_block(long);
    told(&read(&export(&records)), Reason::LineTooLong);

    records[8].1 = raw_block(b"\xa1\x61".to_vec());
    told(&read(&export(&records)), Reason::BadCbor);

    // SHA-512, and a hash that is no hash.
    for code in [0x13, 0x00] {
        let (_, bytes) = like(8).1;
        let id = Cid::new_v1(DAG_CBOR, Multihash::wrap(code, &Sha256::digest(&bytes)).unwrap());
        records[8].1 = (id, bytes);
        told(&read(&export(&records)), Reason::WrongContentId);
    }
}

#[test]
fn a_bad_block_that_nothing_needs_is_told_too() {
    let mut blocks = repository(&likes(2));
    let mut stray = like(7).1;
    stray.1[3] ^= 1;
    blocks.push(stray);
    let mut bytes = car(blocks[0].0, &blocks);
    bytes.extend(section(b"\x07nothing", b""));
    let outcome = read(&bytes);
    assert_eq!(outcome.tally.taken, 2);
    assert_eq!(outcome.reasons(), [Reason::WrongContentId, Reason::WrongContentId]);
}

#[test]
fn a_record_that_is_none_is_put_aside_and_told_why() {
    let post = |fields: Ipld| (format!("{POST}/3k"), block(&fields));
    let nested = |depth: usize| {
        let bytes = [vec![0x81; depth], vec![0x80]].concat();
        let fields = [b"\xa2\x64text\x61x\x65embed".to_vec(), bytes].concat();
        (format!("{POST}/3k"), raw_block(fields))
    };
    let raw = |bytes: &[u8]| (format!("{POST}/3k"), raw_block(bytes.to_vec()));
    let cases = [
        (post(map([("text", Ipld::Integer(5))])), Reason::WrongType),
        (post(map([("createdAt", text("x"))])), Reason::WrongType),
        (post(Ipld::List(vec![])), Reason::NotAnObject),
        (post(Ipld::Null), Reason::NotAnObject),
        (nested(200), Reason::TooDeep),
        (nested(1_000_000), Reason::TooDeep),
        // Not canonical: a length in more bytes than it needs, without end, keys in another order or twice, more after.
        (raw(b"\xb8\x01\x64text\x61x"), Reason::BadCbor),
        (raw(b"\xbf\x64text\x61x\xff"), Reason::BadCbor),
        (raw(b"\xa2\x64text\x61x\x61a\x01"), Reason::BadCbor),
        (raw(b"\xa2\x64text\x61x\x64text\x61y"), Reason::BadCbor),
        (raw(b"\xa1\x64text\x61x\x00"), Reason::BadCbor),
        (raw(b"\xa1\x64text\x61\xff"), Reason::BadCbor),
        (raw(b"\xa1\x64text\x7b\xff\xff\xff\xff\xff\xff\xff\xff"), Reason::BadCbor),
        (raw(b"\x9b\x00\xff\xff\xff\xff\xff\xff\xff"), Reason::BadCbor),
        (raw(b""), Reason::BadCbor),
    ];
    for (record, reason) in cases {
        let outcome = read(&export(&[record.clone(), like(1)]));
        assert_eq!((outcome.tally.taken, outcome.reasons()), (1, vec![reason]), "{:?}", outcome.aside);
        assert!(outcome.aside[0].detail.contains("app.bsky.feed.post/3k"), "{:?}", outcome.aside);
    }
    // As deep as a line of JSON may be.
    assert_eq!(read(&export(&[nested(100), like(1)])).tally.taken, 2);
}

#[test]
fn a_tree_that_is_none_is_put_aside_and_the_rest_is_read() {
    let (path, record) = like(1);
    let entry = |key: &str, right: Option<Cid>| (key.to_owned(), record.0, right);
    let read_top = |top: Block, more: &[Block]| {
        let root = commit(top.0, Some(REV));
        let blocks = [&[root.clone(), top, record.clone()], more].concat();
        read(&car(root.0, &blocks))
    };
    // The same node on both sides, which would be read twice; and so on below it, 2 to the power of 40 times.
    let mut doubled = vec![node(None, &[entry(&path, None)])];
    for n in 0..40 {
        let below = doubled.last().unwrap().0;
        doubled.push(node(Some(below), &[entry(&format!("{LIKE}/x{n}"), Some(below))]));
    }
    let outcome = read_top(doubled.pop().unwrap(), &doubled);
    assert_eq!((outcome.tally.taken, outcome.aside.len()), (41, 40));
    assert!(outcome.reasons().iter().all(|reason| *reason == Reason::BadRepository));

    let mut chain = vec![node(None, &[entry(&path, None)])];
    for n in 0..200 {
        let below = chain.last().unwrap().0;
        chain.push(node(Some(below), &[entry(&format!("{LIKE}/x{n}"), None)]));
    }
    let outcome = read_top(chain.pop().unwrap(), &chain);
    assert_eq!((outcome.tally.taken, outcome.reasons()), (129, vec![Reason::BadRepository]));

    let missing = node(None, &[]).0;
    let outcome = read_top(node(Some(missing), &[entry(&path, None)]), &[]);
    assert_eq!((outcome.tally.taken, outcome.reasons()), (1, vec![Reason::MissingBlock]));
    assert!(outcome.aside[0].detail.contains("node"), "{:?}", outcome.aside);

    let long = format!("{LIKE}/{}", "x".repeat(1100));
    for key in ["", "/", "x", "a/", "/b", "a/b/c", long.as_str()] {
        let outcome = read_top(node(None, &[entry(key, None)]), &[]);
        assert_eq!((outcome.tally.taken, outcome.reasons()), (0, vec![Reason::BadRepository]), "{key}");
    }
    for wrong in [text("node"), map([("l", Ipld::Null)]), map([("e", text("x"))])] {
        let outcome = read_top(block(&wrong), &[]);
        assert_eq!(outcome.reasons(), [Reason::BadRepository], "{wrong:?}");
    }
    // A key that shares more than there is.
    let bad = map([
        ("p", Ipld::Integer(9)),
        ("k", Ipld::Bytes(vec![])),
        ("v", Ipld::Link(record.0)),
        ("t", Ipld::Null),
    ]);
    let outcome = read_top(block(&map([("l", Ipld::Null), ("e", Ipld::List(vec![bad]))])), &[]);
    assert_eq!(outcome.reasons(), [Reason::BadRepository]);
}

#[test]
fn a_tree_that_comes_back_to_itself_ends() {
    // No hash leads back to what it is a hash of: such a node has another id than its bytes say.
    let claimed = id_of(b"a node");
    let (path, record) = like(1);
    let (_, bytes) = node(Some(claimed), &[(path, record.0, Some(claimed))]);
    let root = commit(claimed, Some(REV));
    let outcome = read(&car(root.0, &[root.clone(), (claimed, bytes), record]));
    assert_eq!((outcome.tally.taken, outcome.reasons()), (0, vec![Reason::WrongContentId]));
}

#[test]
fn of_bad_blocks_so_many_are_held_and_no_more() {
    let blocks = repository(&likes(2));
    let mut bytes = car(blocks[0].0, &blocks);
    let nothing = section(b"\x07", b"");
    bytes.extend(nothing.repeat(1 << 16));
    let outcome = read(&bytes);
    assert_eq!((outcome.tally.taken, outcome.aside.len()), (2, 1 << 16));
    assert!(outcome.reasons().iter().all(|reason| *reason == Reason::WrongContentId));
    bytes.extend(nothing.repeat(1000));
    let outcome = read(&bytes);
    assert_eq!((outcome.tally.taken, outcome.aside.len()), (2, (1 << 16) + 1));
    assert_eq!(outcome.reasons().last(), Some(&Reason::ContainerLimit));
}

#[test]
fn one_block_that_many_keys_name_is_read_so_often_and_no_more() {
    let record = block(&map([("text", text(&"x".repeat(1 << 16)))]));
    let entries: Vec<_> = (0..2000).map(|n| (format!("{POST}/{n:04}"), record.0, None)).collect();
    let top = node(None, &entries);
    let root = commit(top.0, Some(REV));
    let bytes = car(root.0, &[root.clone(), top, record]);
    let outcome = read(&bytes);
    assert_eq!(outcome.reasons(), [Reason::ContainerLimit]);
    let expected = 200 * bytes.len() as u64 / (1 << 16);
    assert!(outcome.tally.taken.abs_diff(expected) <= 1, "{} of {expected}", outcome.tally.taken);
}

#[test]
fn an_export_without_a_commit_is_put_aside() {
    let blocks = repository(&likes(3));
    let root = blocks[0].0;
    let no_root = |version: i128| {
        let header = map([("roots", Ipld::List(vec![])), ("version", Ipld::Integer(version))]);
        section(&[], &serde_ipld_dagcbor::to_vec(&header).unwrap())
    };
    assert_eq!(read(&no_root(1)).reasons(), [Reason::BadRepository]);
    assert_eq!(read(&no_root(3)).reasons(), [Reason::UnsupportedContent]);
    let version_2 = [b"\x0a\xa1\x67version\x02".as_slice(), &[0; 40]].concat();
    assert!(is_export(&version_2));
    let outcome = read(&version_2);
    assert_eq!(outcome.reasons(), [Reason::UnsupportedContent]);
    assert!(outcome.aside[0].detail.contains("version 2"), "{:?}", outcome.aside);
    assert_eq!(read(&car(root, &blocks[1..])).reasons(), [Reason::MissingBlock]);
    assert_eq!(read(&car(blocks[1].0, &blocks)).reasons(), [Reason::BadRepository]);
    for did in ["", "did:plc:a/b"] {
        let commit = block(&map([("did", text(did)), ("data", Ipld::Link(root)), ("rev", text(REV))]));
        assert_eq!(read(&car(commit.0, std::slice::from_ref(&commit))).reasons(), [Reason::BadRepository]);
    }
}

#[test]
fn without_a_revision_all_that_is_known_otherwise_is_later() {
    let (path, record) = like(1);
    let top = node(None, &[(path, record.0, None)]);
    for rev in [None, Some("yesterday")] {
        let root = commit(top.0, rev);
        let bytes = car(root.0, &[root.clone(), top.clone(), record.clone()]);
        let outcome = read_export_seeing(&bytes, |event| assert_eq!(event.version.revision, 0));
        assert_eq!(outcome.tally.taken, 1);
        assert_eq!(outcome.tally.warnings["export_without_revision"], 1);
    }
}

#[test]
fn an_export_that_is_cut_anywhere_keeps_what_was_before() {
    let whole = export(&likes(12));
    let all = paths(&whole);
    let mut ends = vec![whole.len()];
    let mut n_before = 0;
    for n in 16..whole.len() {
        let cut = &whole[..n];
        let mut found = BTreeSet::new();
        let outcome = read_export_seeing(cut, |event| {
            found.insert(event.record.text.to_owned());
        });
        assert_eq!(outcome, read_file(cut));
        assert!(found.is_subset(&all));
        assert!(found.len() >= n_before, "more bytes, fewer records");
        n_before = found.len();
        let of = |reason: Reason| outcome.aside.iter().filter(move |aside| aside.reason == reason);
        match of(Reason::TruncatedContainer).count() {
            0 => ends.push(n),
            1 => assert!(of(Reason::TruncatedContainer).all(|aside| aside.origin.offset < n as u64)),
            _ => panic!("{:?}", outcome.aside),
        }
        // What is lost has its name, or that of the node which would tell it.
        let n_nodes = of(Reason::MissingBlock).filter(|aside| aside.detail.contains("the node")).count();
        let n_records = of(Reason::MissingBlock).filter(|aside| aside.detail.contains(LIKE)).count();
        assert!(
            n_nodes > 0 || found.is_empty() || found.len() + n_records == all.len(),
            "{n}: {:?}",
            outcome.aside
        );
    }
    // Between two blocks there is no damage to see: the header, the commit, the nodes, the records.
    assert_eq!(ends.len(), 2 + repository(&likes(12)).len() - 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_in_an_export_every_record_has_one_outcome(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = export(&likes(5));
        let all = paths(&bytes);
        for (at, byte) in changes {
            let n = bytes.len();
            bytes[at.index(n)] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 4).max(16));
        let mut found = BTreeSet::new();
        let outcome = read_export_seeing(&bytes, |event| {
            found.insert(event.record.text.to_owned());
        });
        // A changed block is not what its id says, so nothing that is false is taken.
        prop_assert!(found.is_subset(&all));
        prop_assert_eq!(&outcome, &read_file(&bytes));
        prop_assert!(found == all || !outcome.aside.is_empty());
    }

    #[test]
    fn no_bytes_stop_a_reader(tail in proptest::collection::vec(any::<u8>(), 0..300), n_kept in 16..200_usize) {
        let whole = export(&likes(2));
        let bytes = [&whole[..n_kept.min(whole.len())], &tail].concat();
        let outcome = read(&bytes);
        let held = {
            let (mut events, mut tally) = (0, Tally::default());
            let mut sink = Each(|_: &Event<'_>| events += 1, Vec::new());
            let content = BufReader::with_capacity(7, bytes.as_slice());
            read_export(content, 0, &FILE, Originals::Drop, &mut sink, &mut tally).unwrap();
            tally
        };
        prop_assert_eq!(outcome.tally, held, "however it is buffered");
    }
}
