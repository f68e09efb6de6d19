//! Writes lines of Jetstream by hand.

use serde_json::{Value, json};

/// When the little histories of these tests begin: 2025-03-01T00:00:00Z, in microseconds.
pub const START_US: u64 = 1_740_787_200_000_000;

/// The URI of a post.
pub fn uri(did: &str, rkey: &str) -> String {
    format!("at://{did}/app.bsky.feed.post/{rkey}")
}

/// A post with nothing but a text.
pub fn text(text: &str) -> Value {
    json!({ "text": text, "createdAt": "2025-03-01T00:00:00Z" })
}

/// A post that answers another.
pub fn reply(said: &str, parent: &str, root: &str) -> Value {
    with(text(said), "reply", json!({ "parent": { "uri": parent }, "root": { "uri": root } }))
}

/// A record with one more field.
pub fn with(mut record: Value, field: &str, value: Value) -> Value {
    record[field] = value;
    record
}

/// A commit. Its revision is the given second of the history, and it was received then.
pub fn commit(
    did: &str,
    operation: &str,
    collection: &str,
    rkey: &str,
    second: u64,
    record: &Value,
) -> String {
    let time_us = START_US + second * 1_000_000;
    let mut commit = json!({
        "rev": tid(time_us),
        "operation": operation,
        "collection": format!("app.bsky.{collection}"),
        "rkey": rkey,
    });
    if !record.is_null() {
        commit["record"] = record.clone();
        commit["cid"] = json!(content_id(record));
    }
    json!({ "did": did, "time_us": time_us, "kind": "commit", "commit": commit }).to_string()
}

/// A new post.
pub fn post(did: &str, rkey: &str, second: u64, record: &Value) -> String {
    commit(did, "create", "feed.post", rkey, second, record)
}

/// The deletion of a record.
pub fn delete(did: &str, collection: &str, rkey: &str, second: u64) -> String {
    commit(did, "delete", collection, rkey, second, &Value::Null)
}

/// A notice about an account's status.
pub fn account(did: &str, status: &str, second: u64) -> String {
    let mut account = json!({ "active": status == "active", "did": did });
    if status != "active" {
        account["status"] = json!(status);
    }
    let time_us = START_US + second * 1_000_000;
    json!({ "did": did, "time_us": time_us, "kind": "account", "account": account }).to_string()
}

/// The same event, received at another second.
pub fn received_at(line: &str, second: u64) -> String {
    let mut event: Value = serde_json::from_str(line).unwrap();
    event["time_us"] = json!(START_US + second * 1_000_000);
    event.to_string()
}

/// The lines of a file.
pub fn file(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// An id that equal records share.
fn content_id(record: &Value) -> String {
    let hash = record.to_string().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("bafy{hash:016x}")
}

/// The TID of a moment: 13 digits of 5 bits, the lowest 10 of which tell apart what happened in one microsecond.
pub fn tid(time_us: u64) -> String {
    const DIGITS: &[u8] = b"234567abcdefghijklmnopqrstuvwxyz";
    let value = time_us << 10;
    (0..13).rev().map(|place| char::from(DIGITS[(value >> (5 * place)) as usize % 32])).collect()
}
