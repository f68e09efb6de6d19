//! The tables at the end, worked out from parsed events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::reader::{identity, record, standing, text};

/// Tables at the end, as the truth writes them.
pub struct Replay {
    pub threads: Vec<Vec<String>>,
    pub edges: BTreeSet<Vec<String>>,
    pub actions: BTreeMap<&'static str, u64>,
    pub standing: u64,
    pub tombstones: u64,
    pub stubs: u64,
}

struct Place {
    stands: bool,
    present: bool,
    seen: bool,
    parent: String,
    root: String,
}

pub fn replay(events: &[Value]) -> Replay {
    let standing = standing(events);
    let hidden = hidden_accounts(events);
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut edges = BTreeSet::new();
    for event in events {
        let key = record(event);
        let commit = &event["commit"];
        if key.1 == "app.bsky.graph.follow" && standing[&key] == Some(identity(event)) {
            edges.insert(vec![key.0.clone(), text(&commit["record"]["subject"]).to_string()]);
        }
        if key.1 == "app.bsky.feed.post" {
            let uri = format!("at://{}/{}/{}", key.0, key.1, key.2);
            let (parent, root) = (String::new(), String::new());
            let present = standing[&key].is_some();
            let place = places.entry(uri).or_insert(Place {
                stands: present,
                present: present && !hidden.contains(&key.0),
                seen: false,
                parent,
                root,
            });
            if commit["operation"] != "delete" {
                let reply = &commit["record"]["reply"];
                place.seen = true;
                place.parent = text(&reply["parent"]["uri"]).to_string();
                place.root = text(&reply["root"]["uri"]).to_string();
            }
        }
    }
    let n_standing = places.values().filter(|place| place.stands).count() as u64;
    let tombstones = places.len() as u64 - n_standing;
    let threads = threads(&places);
    let stubs = (threads.len() - places.len()) as u64;
    Replay { threads, edges, actions: actions(events), standing: n_standing, tombstones, stubs }
}

/// Accounts whose latest status is not active.
fn hidden_accounts(events: &[Value]) -> BTreeSet<String> {
    let mut latest: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    for event in events.iter().filter(|event| event["kind"] == "account") {
        let seen = (event["time_us"].as_u64().unwrap_or(0), event["account"]["active"] == true);
        let known = latest.entry(text(&event["did"]).to_string()).or_insert(seen);
        if seen.0 > known.0 {
            *known = seen;
        }
    }
    latest.into_iter().filter(|(_, (_, is_active))| !is_active).map(|(did, _)| did).collect()
}

fn threads(places: &BTreeMap<String, Place>) -> Vec<Vec<String>> {
    let present = |uri: &str| places.get(uri).is_some_and(|place| place.present);
    let row = |uri: &str, conversation: &str, parent: &str, depth: u32, exact: bool| {
        let flags = [present(conversation), exact, present(uri)].map(|flag| flag.to_string());
        let [root_present, exact, present] = flags;
        let (uri, conversation, parent) = (uri.to_string(), conversation.to_string(), parent.to_string());
        vec![uri, conversation, parent, depth.to_string(), root_present, exact, present]
    };
    let mut stubs: BTreeMap<&str, &str> = BTreeMap::new();
    let mut rows = Vec::new();
    for (uri, place) in places {
        let (mut top, mut depth, mut under) = (uri.as_str(), 0, place.root.as_str());
        while let Some(above) = places.get(top).filter(|above| !above.parent.is_empty()) {
            (top, depth, under) = (&above.parent, depth + 1, &above.root);
        }
        let exact = places.get(top).is_some_and(|top| top.seen);
        let conversation = if places.contains_key(top) { top } else { under };
        rows.push(row(uri, conversation, &place.parent, depth, exact));
        if !place.parent.is_empty() && !places.contains_key(&place.parent) {
            let before = stubs.insert(&place.parent, &place.root);
            assert!(before.is_none_or(|root| root == place.root), "siblings declare different roots");
        }
    }
    rows.extend(stubs.into_iter().map(|(stub, root)| row(stub, root, "", 0, false)));
    rows.sort();
    rows
}

pub fn quotes(record: &Value) -> bool {
    let embed = &record["embed"];
    let quoted = match text(&embed["$type"]) {
        "app.bsky.embed.record" => &embed["record"]["uri"],
        "app.bsky.embed.recordWithMedia" => &embed["record"]["record"]["uri"],
        _ => &Value::Null,
    };
    text(quoted).contains("/app.bsky.feed.post/")
}

fn actions(events: &[Value]) -> BTreeMap<&'static str, u64> {
    let (mut counts, mut known) = (BTreeMap::new(), BTreeSet::new());
    for event in events.iter().filter(|event| known.insert(identity(event))) {
        let (commit, record) = (&event["commit"], &event["commit"]["record"]);
        let mut kinds = match (text(&commit["collection"]), text(&commit["operation"])) {
            ("app.bsky.feed.post", "update") => vec!["update"],
            ("app.bsky.feed.post" | "app.bsky.actor.profile", "delete") => vec!["delete"],
            ("app.bsky.actor.profile", _) => vec!["profile_update"],
            ("app.bsky.feed.like", "create") => vec!["like"],
            ("app.bsky.feed.like", _) => vec!["unlike"],
            ("app.bsky.feed.repost", "create") => vec!["repost"],
            ("app.bsky.feed.repost", _) => vec!["unrepost"],
            ("app.bsky.graph.follow", "create") => vec!["follow"],
            ("app.bsky.graph.follow", _) => vec!["unfollow"],
            ("app.bsky.graph.block", "create") => vec!["block"],
            ("app.bsky.graph.block", _) => vec!["unblock"],
            ("app.bsky.feed.post", _) => {
                let (reply, quote) = (record["reply"].is_object(), quotes(record));
                [(reply, "reply"), (quote, "quote"), (!reply && !quote, "post")]
                    .into_iter()
                    .filter_map(|(is, kind)| is.then_some(kind))
                    .collect()
            }
            _ => vec![],
        };
        for kind in kinds.drain(..) {
            *counts.entry(kind).or_default() += 1;
        }
    }
    counts
}
