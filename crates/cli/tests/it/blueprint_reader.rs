//! A strict reader of both BluePrint styles, written from the tables of fields of the reference and from nothing of ours:
//! any key too many, any type that is not the one, any flag too few is an error.
//!
//! | style | line | message | `actions` |
//! |---|---|---|---|
//! | raw | a list | `user_id`, `text`?, `unix_epoch` | on the second message of a pair |
//! | released | `thread`, `cluster_id` | `user_id`, `relative_integer_time`, `text`? | on the last message |

use std::collections::BTreeSet;

use serde_json::Value;

const RAW_FLAGS: [&str; 13] = [
    "like",
    "unlike",
    "repost",
    "unrepost",
    "follow",
    "unfollow",
    "block",
    "unblock",
    "post_update",
    "post_delete",
    "profile_update",
    "quote",
    "ignore",
];
const RELEASED_FLAGS: [&str; 13] = [
    "like",
    "unlike",
    "repost",
    "unrepost",
    "follow",
    "unfollow",
    "block",
    "unblock",
    "post_update",
    "post_delete",
    "quote",
    "post",
    "reply",
];

/// Who, when and what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub user: String,
    pub time: i64,
    pub text: Option<String>,
}

/// A line: its messages, and what the last one does where the line says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub messages: Vec<Message>,
    pub act: Option<String>,
    pub cluster: Option<u64>,
}

/// Reads a file of the list style.
pub fn read_raw(text: &str) -> Vec<Line> {
    text.lines().map(|line| raw_line(&json(line))).collect()
}

/// Reads a file of the published style.
pub fn read_released(text: &str) -> Vec<Line> {
    text.lines().map(|line| released_line(&json(line))).collect()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn raw_line(line: &Value) -> Line {
    let list = line.as_array().unwrap_or_else(|| panic!("no list: {line}"));
    assert!(!list.is_empty(), "a list without messages");
    let act = match list.iter().position(|message| message.get("actions").is_some()) {
        None => None,
        Some(place) => {
            assert_eq!(
                (list.len(), place),
                (2, 1),
                "a pair is two messages, the second with actions: {line}"
            );
            let act = act(&list[1], &RAW_FLAGS);
            assert!(!["ignore", "profile_update"].contains(&act.as_str()), "{line}");
            let may_have_text = ["quote", "post_update"].contains(&act.as_str());
            assert!(may_have_text || list[1].get("text").is_none(), "{line}");
            Some(act)
        }
    };
    let messages = list.iter().map(|message| {
        self::message(message, "unix_epoch", act.is_some() && message.get("actions").is_some())
    });
    Line { messages: messages.collect(), act, cluster: None }
}

fn released_line(line: &Value) -> Line {
    keys(line, &["thread", "cluster_id"], &[]);
    let thread = line["thread"].as_array().unwrap_or_else(|| panic!("no list: {line}"));
    let (last, before) = thread.split_last().unwrap_or_else(|| panic!("a thread without messages: {line}"));
    let act = act(last, &RELEASED_FLAGS);
    let time = "relative_integer_time";
    let mut messages: Vec<Message> =
        before.iter().map(|message| self::message(message, time, false)).collect();
    messages.push(message(last, time, true));
    match act.as_str() {
        "post" => assert_eq!(messages.len(), 1, "{line}"),
        "reply" => {}
        // One whose quoted post is not there stands alone.
        "quote" => assert!(messages.len() <= 2, "{line}"),
        _ => assert_eq!(messages.len(), 2, "{line}"),
    }
    assert!(messages.iter().all(|message| message.time >= 0), "{line}");
    Line { messages, act: Some(act), cluster: Some(line["cluster_id"].as_u64().unwrap()) }
}

fn message(message: &Value, time: &str, has_actions: bool) -> Message {
    let required: Vec<&str> = ["user_id", time].into_iter().chain(has_actions.then_some("actions")).collect();
    keys(message, &required, &["text"]);
    let user = message["user_id"].as_str().unwrap_or_else(|| panic!("user_id: {message}"));
    let is_hash = user.len() == 64 && user.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(is_hash, "user_id: {message}");
    let text = message.get("text").map(|text| text.as_str().unwrap_or_else(|| panic!("text: {message}")));
    assert_ne!(text, Some(""), "an empty text is absent");
    Message {
        user: user.to_owned(),
        time: message[time].as_i64().unwrap_or_else(|| panic!("{time}: {message}")),
        text: text.map(str::to_owned),
    }
}

/// The one flag that is true.
fn act(message: &Value, flags: &[&str]) -> String {
    let actions = message.get("actions").unwrap_or_else(|| panic!("no actions: {message}"));
    keys(actions, flags, &[]);
    let is_set = |flag: &&&str| actions[**flag].as_bool().unwrap_or_else(|| panic!("{flag}: {message}"));
    let set: Vec<&&str> = flags.iter().filter(is_set).collect();
    assert_eq!(set.len(), 1, "{message}");
    (*set[0]).to_owned()
}

/// Checks that an object has the required keys, perhaps the optional ones, and no others.
fn keys(object: &Value, required: &[&str], optional: &[&str]) {
    let object = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let required: BTreeSet<&str> = required.iter().copied().collect();
    let optional: BTreeSet<&str> = optional.iter().copied().collect();
    assert!(required.is_subset(&found), "{found:?} lacks some of {required:?}");
    let more: Vec<_> = found.difference(&required).filter(|key| !optional.contains(**key)).collect();
    assert!(more.is_empty(), "more than the format has: {more:?}");
}
