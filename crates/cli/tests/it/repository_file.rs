//! Writes exports of repositories by hand: DAG-CBOR, one node of a tree, a CAR file.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::jetstream::{START_US, tid};

/// Where a link to a block stands in JSON.
const LINK: &str = "$link";

/// The blocks of an export: the commit, the tree, the records in the order of their paths.
#[derive(Clone)]
pub struct Export(pub Vec<Block>);

/// A block and the hash in its content id.
#[derive(Clone)]
pub struct Block {
    pub hash: [u8; 32],
    pub bytes: Vec<u8>,
}

impl Export {
    /// What an account has at a second of the history: records by their paths.
    pub fn of(did: &str, second: u64, records: &[(&str, Value)]) -> Self {
        let records: Vec<(&str, Block)> =
            records.iter().map(|(path, record)| (*path, Block::of(cbor(record)))).collect();
        Self::of_blocks(did, second, &records)
    }

    /// The same of records that are blocks already, whatever is in them.
    pub fn of_blocks(did: &str, second: u64, records: &[(&str, Block)]) -> Self {
        let entry = |(path, block): &(&str, Block)| json!({ "p": 0, "k": { "$bytes": path }, "v": { LINK: block.id() }, "t": null });
        let entries: Vec<Value> = records.iter().map(entry).collect();
        let tree = Block::of(cbor(&json!({ "l": null, "e": entries })));
        let commit = Block::of(cbor(&json!({
            "did": did,
            "rev": tid(START_US + second * 1_000_000),
            "version": 3,
            "data": { LINK: tree.id() },
            "prev": null,
            "sig": { "$bytes": "signed" },
        })));
        let records = records.iter().map(|(_, block)| block.clone());
        Self([commit, tree].into_iter().chain(records).collect())
    }

    /// The CAR file, and where in it each block begins.
    pub fn car(&self) -> (Vec<u8>, Vec<u64>) {
        let root = self.0[0].id();
        let mut bytes = section(&cbor(&json!({ "roots": [{ LINK: root }], "version": 1 })));
        let mut offsets = Vec::new();
        for block in &self.0 {
            offsets.push(bytes.len() as u64);
            bytes.extend(section(&[id_bytes(&block.hash), block.bytes.clone()].concat()));
        }
        (bytes, offsets)
    }
}

impl Block {
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { hash: Sha256::digest(&bytes).into(), bytes }
    }

    /// The content id as a text: `b` and base 32.
    pub fn id(&self) -> String {
        const DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
        let bits: Vec<u8> = id_bytes(&self.hash)
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1))
            .collect();
        let digit = |bits: &[u8]| {
            let value =
                (0..5).fold(0, |value, place| value << 1 | bits.get(place).copied().unwrap_or_default());
            char::from(DIGITS[usize::from(value)])
        };
        std::iter::once('b').chain(bits.chunks(5).map(digit)).collect()
    }
}

/// A line of Jetstream with the content id that its record has.
pub fn with_id(line: &str) -> String {
    let mut event: Value = serde_json::from_str(line).unwrap();
    if event["commit"]["record"].is_object() {
        event["commit"]["cid"] = json!(Block::of(cbor(&event["commit"]["record"])).id());
    }
    event.to_string()
}

/// Version 1, DAG-CBOR, SHA-256, 32 bytes.
fn id_bytes(hash: &[u8; 32]) -> Vec<u8> {
    [&[1, 0x71, 0x12, 32], hash.as_slice()].concat()
}

fn section(bytes: &[u8]) -> Vec<u8> {
    let (mut length, mut n) = (Vec::new(), bytes.len());
    while n >= 0x80 {
        length.push(n as u8 | 0x80);
        n >>= 7;
    }
    length.push(n as u8);
    [length.as_slice(), bytes].concat()
}

/// DAG-CBOR: `{"$link": …}` is a content id, `{"$bytes": …}` the bytes of the text.
pub fn cbor(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![0xf6],
        Value::Bool(value) => vec![0xf4 + u8::from(*value)],
        Value::Number(number) => head(0, number.as_u64().unwrap()),
        Value::String(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
        Value::Array(values) => {
            let items: Vec<u8> = values.iter().flat_map(cbor).collect();
            [head(4, values.len() as u64), items].concat()
        }
        Value::Object(fields) => {
            if let Some(id) = fields.get(LINK) {
                let id = [vec![0], unbase32(id.as_str().unwrap())].concat();
                return [vec![0xd8, 42], head(2, id.len() as u64), id].concat();
            }
            if let Some(bytes) = fields.get("$bytes") {
                let bytes = bytes.as_str().unwrap().as_bytes();
                return [head(2, bytes.len() as u64), bytes.to_vec()].concat();
            }
            // Shorter keys first.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| (key.len(), (*key).clone()));
            let items: Vec<u8> =
                fields.iter().flat_map(|(key, value)| [cbor(&json!(key)), cbor(value)].concat()).collect();
            [head(5, fields.len() as u64), items].concat()
        }
    }
}

fn head(major: u8, n: u64) -> Vec<u8> {
    let major = major << 5;
    match n {
        0..24 => vec![major | n as u8],
        24..0x100 => vec![major | 24, n as u8],
        0x100..0x1_0000 => [vec![major | 25], (n as u16).to_be_bytes().to_vec()].concat(),
        0x1_0000..0x1_0000_0000 => [vec![major | 26], (n as u32).to_be_bytes().to_vec()].concat(),
        _ => [vec![major | 27], n.to_be_bytes().to_vec()].concat(),
    }
}

fn unbase32(text: &str) -> Vec<u8> {
    let value = |digit: u8| if digit >= b'a' { digit - b'a' } else { digit - b'2' + 26 };
    let bits: Vec<u8> = text.as_bytes()[1..]
        .iter()
        .flat_map(|digit| (0..5).rev().map(move |place| value(*digit) >> place & 1))
        .collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}
