//! Reads Open-Assistant's formats as strictly as they are described: every key is there, no other one, of the right type.
//!
//! Then does what its loader does with a tree: threads from the root to a leaf, without those through deleted or synthetic
//! messages, a prompt at the end taken off.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A message with its replies.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: String,
    pub parent: Option<String>,
    pub user: Option<String>,
    pub text: String,
    pub is_assistant: bool,
    pub lang: Option<String>,
    pub deleted: bool,
    pub replies: Vec<Message>,
}

/// What every message has.
const KEYS: [&str; 17] = [
    "message_id",
    "parent_id",
    "user_id",
    "created_date",
    "text",
    "role",
    "lang",
    "review_count",
    "review_result",
    "deleted",
    "rank",
    "synthetic",
    "model_name",
    "emojis",
    "labels",
    "events",
    "detoxify",
];

/// The prompt of a tree.
pub fn tree(line: &str) -> Message {
    let tree: Value = serde_json::from_str(line).unwrap();
    let tree = tree.as_object().unwrap();
    check_keys(tree, &["message_tree_id", "tree_state", "prompt", "origin"]);
    assert_eq!(tree["tree_state"], "ready_for_export");
    assert!(tree["origin"].is_string());
    let prompt = message(&tree["prompt"], &["replies"]);
    assert_eq!((tree["message_tree_id"].as_str().unwrap(), &prompt.parent), (prompt.id.as_str(), &None));
    prompt
}

/// The messages of a thread.
pub fn thread(line: &str) -> Vec<Message> {
    let thread: Value = serde_json::from_str(line).unwrap();
    let thread = thread.as_object().unwrap();
    check_keys(thread, &["thread_id", "thread"]);
    let messages: Vec<Message> =
        thread["thread"].as_array().unwrap().iter().map(|node| message(node, &[])).collect();
    assert_eq!(thread["thread_id"].as_str().unwrap(), messages.last().unwrap().id);
    for (i, message) in messages.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| messages[i].id.clone());
        assert_eq!(message.parent, before, "{line}");
    }
    messages
}

/// The trees of flat messages, each behind the one that it answers.
pub fn messages(text: &str) -> Vec<Message> {
    let mut trees: Vec<Message> = Vec::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["tree_state"], "ready_for_export");
        let tree = value["message_tree_id"].as_str().unwrap().to_owned();
        let found = message(&value, &["message_tree_id", "tree_state"]);
        match &found.parent {
            None => {
                assert_eq!(found.id, tree);
                trees.push(found);
            }
            Some(parent) => {
                let root = trees.last_mut().filter(|root| root.id == tree).expect("trees follow one another");
                find(root, &parent.clone()).expect("the parent comes first").replies.push(found);
            }
        }
    }
    trees
}

fn find<'m>(message: &'m mut Message, id: &str) -> Option<&'m mut Message> {
    if message.id == id {
        return Some(message);
    }
    message.replies.iter_mut().find_map(|reply| find(reply, id))
}

fn message(value: &Value, more: &[&str]) -> Message {
    let node = value.as_object().unwrap();
    let keys: Vec<&str> = KEYS.iter().chain(more).copied().collect();
    check_keys(node, &keys);
    let text =
        |key: &str| node[key].as_str().unwrap_or_else(|| panic!("{key} is no text: {value}")).to_owned();
    let text_or_null = |key: &str| (!node[key].is_null()).then(|| text(key));
    check_uuid(&text("message_id"));
    assert_eq!((&node["review_count"], &node["review_result"]), (&0.into(), &true.into()));
    assert_eq!(
        (&node["synthetic"], &node["model_name"], &node["rank"]),
        (&false.into(), &Value::Null, &Value::Null)
    );
    for judged in ["emojis", "labels", "events", "detoxify"] {
        assert!(node[judged].is_null() || node[judged] == Value::Object(Map::new()), "{judged}: {value}");
    }
    if let Some(time) = text_or_null("created_date") {
        assert!(time.len() >= 25 && time.ends_with("+00:00") && time.as_bytes()[10] == b'T', "{time}");
    }
    let role = text("role");
    assert!(["prompter", "assistant"].contains(&role.as_str()), "{role}");
    let replies = match node.get("replies") {
        Some(replies) => replies.as_array().unwrap().iter().map(|reply| message(reply, more)).collect(),
        None => Vec::new(),
    };
    let found = Message {
        id: text("message_id"),
        parent: text_or_null("parent_id"),
        user: text_or_null("user_id"),
        text: text("text"),
        is_assistant: role == "assistant",
        lang: text_or_null("lang"),
        deleted: node["deleted"].as_bool().unwrap(),
        replies,
    };
    assert_eq!(
        found.deleted,
        found.text.is_empty(),
        "a tombstone has no text, anything else has some: {value}"
    );
    for reply in &found.replies {
        assert_eq!(reply.parent.as_ref(), Some(&found.id));
    }
    found
}

fn check_keys(object: &Map<String, Value>, expected: &[&str]) {
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    assert_eq!(found, expected.iter().copied().collect());
}

fn check_uuid(id: &str) {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    assert!(id.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)), "{id}");
    assert_eq!(id.as_bytes()[14], b'5', "{id}");
    assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
}

/// The threads that the loader trains on, in its order.
pub fn training_threads(prompt: &Message) -> Vec<Vec<&Message>> {
    let mut threads = Vec::new();
    let mut stack = vec![vec![prompt]];
    while let Some(thread) = stack.pop() {
        let last = thread[thread.len() - 1];
        for reply in last.replies.iter().rev() {
            stack.push(thread.iter().copied().chain([reply]).collect());
        }
        let is_leaf = thread.len() > 1 && last.replies.is_empty();
        let is_first = || thread[thread.len() - 2].replies[0].id == last.id;
        if is_leaf && (last.is_assistant || is_first()) && !thread.iter().any(|message| message.deleted) {
            threads.push(thread);
        }
    }
    for thread in &mut threads {
        if !thread[thread.len() - 1].is_assistant {
            thread.pop();
        }
    }
    threads
}

/// Checks that a thread begins with a prompt, ends with a reply, and that roles and authors alternate.
pub fn check_thread(thread: &[&Message]) {
    assert!(thread.len() >= 2 && thread.len().is_multiple_of(2), "{thread:?}");
    for (i, message) in thread.iter().enumerate() {
        assert_eq!(message.is_assistant, i % 2 == 1, "{thread:?}");
        assert!(!message.deleted && !message.text.is_empty(), "{thread:?}");
        assert!(i == 0 || message.user.is_none() || message.user != thread[i - 1].user, "{thread:?}");
    }
}

/// Every message of a tree.
pub fn all(prompt: &Message) -> Vec<&Message> {
    let (mut found, mut next) = (Vec::new(), vec![prompt]);
    while let Some(message) = next.pop() {
        found.push(message);
        next.extend(&message.replies);
    }
    found
}
