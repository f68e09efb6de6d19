//! Which shapes of events occur.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::reader::{TAKEN, identity, record, text};
use crate::replay::quotes;

/// Shapes that a world of default size must show.
pub const EXPECTED_SHAPES: [&str; 56] = [
    "account active",
    "account deactivated",
    "account deleted",
    "account suspended",
    "account takendown",
    "alt text",
    "block create",
    "block delete",
    "copy with another time",
    "create after a delete",
    "post of a deleted account",
    "createdAt broken",
    "createdAt offset",
    "delete unseen",
    "embed app.bsky.embed.external",
    "embed app.bsky.embed.images",
    "embed app.bsky.embed.record",
    "embed app.bsky.embed.recordWithMedia",
    "embed app.bsky.embed.video",
    "exact copy",
    "facet link",
    "facet mention",
    "facet tag",
    "feed embedded",
    "follow create",
    "follow delete",
    "identity with handle",
    "identity without handle",
    "ignored app.bsky.feed.threadgate",
    "ignored app.bsky.graph.list",
    "ignored com.whtwnd.blog.entry",
    "lang de",
    "lang en",
    "lang en-US",
    "lang es",
    "lang fr",
    "lang ja",
    "lang pt",
    "langs absent",
    "langs several",
    "like create",
    "like delete",
    "list embedded",
    "plain",
    "post create",
    "post delete",
    "post update",
    "profile create",
    "profile delete",
    "profile update",
    "quote",
    "reply",
    "reply that quotes",
    "repost create",
    "repost delete",
    "text empty",
];

/// The shapes that occur.
pub fn shapes(events: &[Value]) -> BTreeSet<String> {
    let mut shapes = BTreeSet::new();
    let mut times: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut created = BTreeSet::new();
    for event in events {
        let time = event["time_us"].as_u64().unwrap();
        let known = times.entry(identity(event)).or_default();
        if !known.is_empty() {
            let copy = if known.contains(&time) { "exact copy" } else { "copy with another time" };
            shapes.insert(copy.to_string());
        }
        known.insert(time);
        if event["commit"]["operation"] == "create" {
            created.insert(record(event));
        }
    }
    let revisions = |event: &&Value| event["commit"]["operation"] == "create";
    let mut creates: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for event in events.iter().filter(revisions) {
        creates.entry(record(event)).or_default().insert(text(&event["commit"]["rev"]));
    }
    let again: BTreeSet<_> =
        creates.into_iter().filter(|(_, revs)| revs.len() > 1).map(|(key, _)| key).collect();
    let deleted = |event: &&Value| event["account"]["status"] == "deleted";
    let gone: BTreeSet<&str> = events.iter().filter(deleted).map(|event| text(&event["did"])).collect();
    for event in events {
        let commit = &event["commit"];
        match text(&event["kind"]) {
            "account" => {
                let status = event["account"]["status"].as_str().unwrap_or("active");
                shapes.insert(format!("account {status}"));
            }
            "identity" => {
                let named = if event["identity"]["handle"].is_string() { "with" } else { "without" };
                shapes.insert(format!("identity {named} handle"));
            }
            _ if TAKEN.contains(&text(&commit["collection"])) => {
                let kind = text(&commit["collection"]).rsplit('.').next().unwrap();
                shapes.insert(format!("{kind} {}", text(&commit["operation"])));
                if commit["operation"] == "create" && again.contains(&record(event)) {
                    shapes.insert("create after a delete".to_string());
                }
                if kind == "post" && gone.contains(text(&event["did"])) {
                    shapes.insert("post of a deleted account".to_string());
                }
                if commit["operation"] == "delete" && kind == "post" && !created.contains(&record(event)) {
                    shapes.insert("delete unseen".to_string());
                }
                if kind == "post" && commit["record"].is_object() {
                    shapes.extend(post_shapes(&commit["record"]).into_iter().map(str::to_string));
                    add_named_shapes(&commit["record"], &mut shapes);
                }
            }
            _ => drop(shapes.insert(format!("ignored {}", text(&commit["collection"])))),
        }
    }
    shapes
}

fn post_shapes(record: &Value) -> Vec<&'static str> {
    let (reply, quote) = (record["reply"].is_object(), quotes(record));
    let embedded = text(&record["embed"]["record"]["uri"]);
    let time = text(&record["createdAt"]);
    let langs = record["langs"].as_array();
    let found = [
        (reply, "reply"),
        (quote, "quote"),
        (reply && quote, "reply that quotes"),
        (!reply && !quote && record["embed"].is_null(), "plain"),
        (embedded.contains("/app.bsky.graph.list/"), "list embedded"),
        (embedded.contains("/app.bsky.feed.generator/"), "feed embedded"),
        (record["embed"]["images"].as_array().is_some_and(|i| i.iter().any(|i| i["alt"] != "")), "alt text"),
        (text(&record["text"]).is_empty(), "text empty"),
        (langs.is_none(), "langs absent"),
        (langs.is_some_and(|langs| langs.len() > 1), "langs several"),
        (time.ends_with("+09:00"), "createdAt offset"),
        (!time.starts_with("2025-02") && !time.starts_with("2025-03"), "createdAt broken"),
    ];
    found.into_iter().filter_map(|(is, shape)| is.then_some(shape)).collect()
}

fn add_named_shapes(record: &Value, shapes: &mut BTreeSet<String>) {
    if let Some(embed) = record["embed"]["$type"].as_str() {
        shapes.insert(format!("embed {embed}"));
    }
    for lang in record["langs"].as_array().into_iter().flatten() {
        shapes.insert(format!("lang {}", text(lang)));
    }
    let body = text(&record["text"]).as_bytes();
    for facet in record["facets"].as_array().into_iter().flatten() {
        let kind = text(&facet["features"][0]["$type"]).rsplit('#').next().unwrap();
        let index = |key: &str| facet["index"][key].as_u64().unwrap() as usize;
        let covered = std::str::from_utf8(&body[index("byteStart")..index("byteEnd")]).unwrap();
        let mark = match kind {
            "mention" => "@",
            "tag" => "#",
            _ => "",
        };
        assert!(covered.starts_with(mark) && !covered.contains(' '), "{covered}");
        shapes.insert(format!("facet {kind}"));
    }
}
