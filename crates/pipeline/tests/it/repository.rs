//! Writes repository exports: records as DAG-CBOR, a tree over them, a CAR file.

use std::collections::BTreeMap;

use cid::Cid;
use cid::multihash::Multihash;
use ipld_core::ipld::Ipld;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Entries of a node, at most.
const NODE_ENTRIES: usize = 4;
/// DAG-CBOR among the codecs.
const DAG_CBOR: u64 = 0x71;
/// SHA-256 among the hashes.
const SHA2_256: u64 = 0x12;

type Block = (Cid, Vec<u8>);

/// The content id of a record.
pub fn id_of(record: &Value) -> Cid {
    block(&ipld(record)).0
}

/// The export of an account that has these records at a revision.
pub fn export(did: &str, revision: &str, records: &BTreeMap<String, Value>) -> Vec<u8> {
    let mut blocks = Vec::new();
    let entries: Vec<(&str, Cid)> = records
        .iter()
        .map(|(path, record)| {
            blocks.push(block(&ipld(record)));
            (path.as_str(), blocks[blocks.len() - 1].0)
        })
        .collect();
    let top = tree(&entries, &mut blocks);
    blocks.push(block(&map([
        ("did", Ipld::String(did.to_owned())),
        ("rev", Ipld::String(revision.to_owned())),
        ("version", Ipld::Integer(3)),
        ("data", Ipld::Link(top)),
        ("prev", Ipld::Null),
        ("sig", Ipld::Bytes(vec![0; 64])),
    ])));
    let root = blocks[blocks.len() - 1].0;
    let header = map([("roots", Ipld::List(vec![Ipld::Link(root)])), ("version", Ipld::Integer(1))]);
    let mut car = section(&[], &serde_ipld_dagcbor::to_vec(&header).unwrap());
    for (id, block) in &blocks {
        car.extend(section(&id.to_bytes(), block));
    }
    car
}

/// A node of every so many-th entry, and nodes of those between.
fn tree(entries: &[(&str, Cid)], blocks: &mut Vec<Block>) -> Cid {
    let stretch = entries.len().div_ceil(NODE_ENTRIES + 1).max(1);
    let link = |below: &[(&str, Cid)], blocks: &mut Vec<Block>| match below {
        [] => Ipld::Null,
        below => Ipld::Link(tree(below, blocks)),
    };
    let is_small = entries.len() <= NODE_ENTRIES;
    let (first, mut rest) = entries.split_at(if is_small { 0 } else { stretch - 1 });
    let left = link(first, blocks);
    let (mut list, mut before) = (Vec::new(), "");
    while let Some(((key, record), behind)) = rest.split_first() {
        let between;
        (between, rest) = behind.split_at(if is_small { 0 } else { (stretch - 1).min(behind.len()) });
        let shared = key.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        list.push(map([
            ("p", Ipld::Integer(shared as i128)),
            ("k", Ipld::Bytes(key.as_bytes()[shared..].to_vec())),
            ("v", Ipld::Link(*record)),
            ("t", link(between, blocks)),
        ]));
        before = key;
    }
    blocks.push(block(&map([("l", left), ("e", Ipld::List(list))])));
    blocks[blocks.len() - 1].0
}

fn block(value: &Ipld) -> Block {
    let bytes = serde_ipld_dagcbor::to_vec(value).unwrap();
    let hash = Multihash::wrap(SHA2_256, &Sha256::digest(&bytes)).unwrap();
    (Cid::new_v1(DAG_CBOR, hash), bytes)
}

fn section(id: &[u8], block: &[u8]) -> Vec<u8> {
    let (mut bytes, mut n) = (Vec::new(), id.len() + block.len());
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes.extend_from_slice(id);
    bytes.extend_from_slice(block);
    bytes
}

fn map<const N: usize>(fields: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A record's JSON as the data that it stands for. Links that are no content ids stay the objects that they are.
fn ipld(value: &Value) -> Ipld {
    match value {
        Value::Null => Ipld::Null,
        Value::Bool(value) => Ipld::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Ipld::Integer(number.into()),
            None => Ipld::Float(number.as_f64().unwrap()),
        },
        Value::String(text) => Ipld::String(text.clone()),
        Value::Array(values) => Ipld::List(values.iter().map(ipld).collect()),
        Value::Object(fields) => {
            let link = fields.get("$link").and_then(Value::as_str).and_then(|text| text.parse().ok());
            match link {
                Some(id) => Ipld::Link(id),
                None => Ipld::Map(fields.iter().map(|(key, value)| (key.clone(), ipld(value))).collect()),
            }
        }
    }
}
