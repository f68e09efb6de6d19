//! Lines by hand, and trees of any depth.

use populi_model::Timestamp;
use serde_json::{Value, json};

use super::super::openassistant_raw::{self, Id, Metadata, RawPost};
use super::super::{Message, Post, Rules, SelfReplies, State, Tombstones};
use super::*;
use crate::{Kind, Pseudonym, PseudonymKey, Pseudonyms};

fn name(kind: Kind, id: &str) -> Pseudonym {
    Pseudonyms::new(&PseudonymKey::published_test_key()).of("table", kind, id)
}

fn uuid(id: &str) -> String {
    name(Kind::Post, id).uuid().to_string()
}

/// Posts as (parent, author, state).
fn turns(posts: &[(Option<u32>, u32, State)], rules: &Rules) -> Turns {
    let post = |(i, (parent, author, state)): (usize, &(Option<u32>, u32, State))| Post {
        parent: *parent,
        author: Some(*author),
        time: Some(i as i64),
        state: *state,
    };
    let posts: Vec<Post> = posts.iter().enumerate().map(post).collect();
    Turns::of(&posts, rules, |_, _| Ok(()))
}

/// A prompt (0) with an answer (1) that is asked back (2) and answered (3), a deleted reply (4) that is answered (5), and a last
/// question (6).
fn example() -> (Turns, Vec<Message>) {
    use State::{Deleted, Standing};
    let posts = [
        (None, 0, Standing),
        (Some(0), 1, Standing),
        (Some(1), 0, Standing),
        (Some(2), 1, Standing),
        (Some(0), 2, Deleted),
        (Some(4), 0, Standing),
        (Some(3), 0, Standing),
    ];
    let turns = turns(&posts, &Rules::default());
    let texts = ["Why?", "Because \"it\" is.\n", "And then?", "Then 😀.", "", "Oh.", "Really?"];
    let message = |(i, text): (usize, &&str)| Message {
        id: name(Kind::Post, &i.to_string()),
        user: (i != 4).then(|| name(Kind::Account, &i.to_string())),
        text: (*text).to_owned(),
        time: (i != 2).then_some(Timestamp(1_588_291_200_000_000 + i as i64 * 1_500_000)),
        lang: (i != 3).then(|| "en".to_owned()),
    };
    let messages = texts.iter().enumerate().map(message).collect();
    (turns, messages)
}

fn lines(format: Format) -> Vec<Value> {
    let (turns, messages) = example();
    let mut out = Vec::new();
    let n =
        format.write(&Dialogue { turns: &turns, messages: &messages }, &mut out).expect("memory takes it");
    let text = String::from_utf8(out).expect("JSON is text");
    assert!(text.ends_with('\n') && n == text.lines().count() as u64);
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// A message of the example as Open-Assistant's formats have it, but for what only some of them have.
fn node(i: usize, parent: Option<usize>, role: &str) -> Value {
    let (_, messages) = example();
    let times = ["00:00:00", "00:00:01.5", "", "00:00:04.5", "00:00:06", "00:00:07.5", "00:00:09"];
    json!({
        "message_id": uuid(&i.to_string()),
        "parent_id": parent.map(|parent| uuid(&parent.to_string())),
        "user_id": messages[i].user.map(|user| user.to_string()),
        "created_date": (i != 2).then(|| format!("2020-05-01T{}+00:00", times[i])),
        "text": messages[i].text,
        "role": role,
        "lang": messages[i].lang,
        "review_count": 0,
        "review_result": true,
        "deleted": i == 4,
        "rank": null,
        "synthetic": false,
        "model_name": null,
        "detoxify": null,
    })
}

fn with(mut node: Value, more: Value) -> Value {
    if let (Some(node), Value::Object(more)) = (node.as_object_mut(), more) {
        node.extend(more);
    }
    node
}

#[test]
fn a_tree_nests_its_replies() {
    let empty = |replies: Vec<Value>| json!({ "emojis": {}, "labels": {}, "events": {}, "replies": replies });
    let last = with(node(6, Some(3), "prompter"), empty(vec![]));
    let third = with(node(3, Some(2), "assistant"), empty(vec![last]));
    let second = with(node(2, Some(1), "prompter"), empty(vec![third]));
    let first = with(node(1, Some(0), "assistant"), empty(vec![second]));
    let below_deleted = with(node(5, Some(4), "prompter"), empty(vec![]));
    let deleted = with(node(4, Some(0), "assistant"), empty(vec![below_deleted]));
    let prompt = with(node(0, None, "prompter"), empty(vec![first, deleted]));
    let tree = json!({
        "message_tree_id": uuid("0"), "tree_state": "ready_for_export", "origin": "populi", "prompt": prompt,
    });
    assert_eq!(lines(Format::OasstTree), [tree]);
}

#[test]
fn messages_are_flat_and_depth_first() {
    let found = lines(Format::OasstMessage);
    let null = json!({
        "emojis": null, "labels": null, "events": null, "message_tree_id": uuid("0"), "tree_state": "ready_for_export",
    });
    let roles = ["prompter", "assistant"];
    let order = [
        (0, None, 0),
        (1, Some(0), 1),
        (2, Some(1), 0),
        (3, Some(2), 1),
        (6, Some(3), 0),
        (4, Some(0), 1),
        (5, Some(4), 0),
    ];
    let expected = order.map(|(i, parent, role)| with(node(i, parent, roles[role]), null.clone()));
    assert_eq!(found, expected);
}

#[test]
fn paths_end_at_the_last_reply_and_avoid_what_was_deleted() {
    let empty = json!({ "emojis": {}, "labels": {}, "events": {} });
    let roles = ["prompter", "assistant"];
    let on_path = |i: usize| with(node(i, i.checked_sub(1), roles[i % 2]), empty.clone());
    let thread = [0, 1, 2, 3].map(on_path);
    assert_eq!(lines(Format::OasstThread), [json!({ "thread_id": uuid("3"), "thread": thread })]);

    let texts = ["Why?", "Because \"it\" is.\n", "And then?", "Then 😀."];
    let said = |names: [&str; 2], role: &str, value: &str| -> Vec<Value> {
        texts.iter().enumerate().map(|(i, text)| json!({ role: names[i % 2], value: text })).collect()
    };
    let messages = said(["user", "assistant"], "role", "content");
    assert_eq!(lines(Format::Chat), [json!({ "id": uuid("3"), "messages": messages })]);
    let conversations = said(["human", "gpt"], "from", "value");
    assert_eq!(lines(Format::Sharegpt), [json!({ "id": uuid("3"), "conversations": conversations })]);
    let history = [[texts[0], texts[1]]];
    assert_eq!(
        lines(Format::Alpaca),
        [json!({ "instruction": texts[2], "input": "", "output": texts[3], "history": history })]
    );
}

#[test]
fn the_original_tree_has_its_keys_in_their_order() {
    let rules = Rules { self_replies: SelfReplies::Keep, tombstones: Tombstones::Cut, ..Rules::default() };
    let turns = turns(
        &[(None, 0, State::Standing), (Some(0), 0, State::Standing), (Some(0), 1, State::Standing)],
        &rules,
    );
    let post = |id: i64, user: i64, text: &str| RawPost {
        metadata: Metadata {
            id: Some(Id::Number(id)),
            user_id: Some(Id::Number(user)),
            in_reply_to_status_id: (id > 5).then_some(Id::Number(5)),
            truncated: Some(false),
            hashtags: vec!["tag".to_owned()],
            ..Metadata::default()
        },
        text: text.to_owned(),
    };
    let posts = [post(5, 1, "a \"root\""), post(6, 1, "b"), post(7, 2, "c")];
    let mut out = Vec::new();
    assert_eq!(openassistant_raw::write(&turns, &posts, &mut out).expect("memory takes it"), 1);
    let metadata = |id, user, parent, count| {
        format!(
            "{{\"timestamp_ms\":null,\"id\":{id},\"truncated\":false,\"in_reply_to_status_id\":{parent},\
             \"in_reply_to_user_id\":null,\"is_quote_status\":null,\"quote_count\":null,\"reply_count\":null,\
             \"retweet_count\":null,\"favorite_count\":null,\"filter_level\":null,\"lang\":null,\
             \"possibly_sensitive\":null,\"hashtags\":[\"tag\"],\"user_id\":{user},\"user_verified\":null,\
             \"user_followers_count\":null,\"user_statuses_count\":null{count},\"prompt_user\":1}}"
        )
    };
    let reply = |id, user, role, text| {
        let metadata = metadata(id, user, "5", "");
        format!("{{\"metadata\":{metadata},\"role\":\"{role}\",\"children\":null,\"text\":\"{text}\"}}")
    };
    let root = metadata(5, 1, "null", ",\"count\":2");
    let expected = format!(
        "{{\"root\":{{\"metadata\":{root},\"role\":\"prompter\",\"children\":[{},{}],\"text\":\"a \\\"root\\\"\"}},\
         \"metadata\":null}}\n",
        reply(6, 1, "prompter", "b"),
        reply(7, 2, "assistant", "c"),
    );
    assert_eq!(String::from_utf8(out).expect("JSON is text"), expected);
}

#[test]
fn chains_of_any_length_are_written() {
    let n = 100_000_u32;
    let posts: Vec<_> = (0..n).map(|i| (i.checked_sub(1), i % 2, State::Standing)).collect();
    let turns = turns(&posts, &Rules::default());
    let message = |i: u32| Message {
        id: name(Kind::Post, &i.to_string()),
        user: None,
        text: i.to_string(),
        time: None,
        lang: None,
    };
    let messages: Vec<Message> = (0..n).map(message).collect();
    for format in Format::ALL {
        let mut out = Vec::new();
        let n_lines =
            format.write(&Dialogue { turns: &turns, messages: &messages }, &mut out).expect("memory");
        assert_eq!(n_lines, if format == Format::OasstMessage { u64::from(n) } else { 1 }, "{format:?}");
        let count = |byte| out.iter().filter(|found| **found == byte).count();
        assert_eq!((count(b'{'), count(b'[')), (count(b'}'), count(b']')), "{format:?}");
    }
    let posts = vec![RawPost::default(); n as usize];
    let mut out = Vec::new();
    openassistant_raw::write(&turns, &posts, &mut out).expect("memory");
    assert_eq!(out.iter().filter(|byte| **byte == b'{').count(), 2 * n as usize + 1);
}

#[test]
fn times_that_no_reader_knows_are_null() {
    let (turns, mut messages) = example();
    messages[0].time = Some(Timestamp(i64::MIN));
    messages[1].time = Some(Timestamp(-70_000_000_000_000_000));
    let mut out = Vec::new();
    Format::OasstMessage.write(&Dialogue { turns: &turns, messages: &messages }, &mut out).expect("memory");
    let text = String::from_utf8(out).expect("JSON is text");
    assert_eq!(text.matches("\"created_date\":null").count(), 3, "{text}");
}
