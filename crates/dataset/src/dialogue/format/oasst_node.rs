//! What Open-Assistant's formats say of a message.

use serde::Serialize;
use serde_json::Value;

use super::super::message::Dialogue;
use super::super::turns::Role;
use crate::pseudonym::{Pseudonym, Uuid};

/// The state of a tree that loaders take.
pub(super) const TREE_STATE: &str = "ready_for_export";

/// A message, without its replies.
#[derive(Serialize)]
pub(super) struct Node<'a> {
    message_id: Uuid,
    parent_id: Option<Uuid>,
    user_id: Option<Pseudonym>,
    created_date: Option<String>,
    text: &'a str,
    role: &'static str,
    lang: Option<&'a str>,
    /// Nobody reviewed it.
    review_count: u32,
    /// Loaders leave a tree out whose prompt was not found good.
    review_result: bool,
    deleted: bool,
    /// Nobody ranked it.
    rank: Option<u32>,
    synthetic: bool,
    model_name: Option<&'a str>,
}

/// What only people or models could have added.
#[derive(Serialize)]
pub(super) struct Judgements<V> {
    emojis: V,
    labels: V,
    events: V,
    detoxify: Option<V>,
}

impl Judgements<Object> {
    /// None, as empty objects.
    pub(super) const EMPTY: Self =
        Self { emojis: Object {}, labels: Object {}, events: Object {}, detoxify: None };
}

impl Judgements<Value> {
    /// None, as null: in a table an object without fields is a column that Parquet cannot hold.
    pub(super) const NULL: Self =
        Self { emojis: Value::Null, labels: Value::Null, events: Value::Null, detoxify: None };
}

/// `{}`.
#[derive(Serialize)]
pub(super) struct Object {}

impl<'a> Node<'a> {
    pub(super) fn of(dialogue: &'a Dialogue<'_>, turn: u32) -> Self {
        let message = dialogue.message(turn);
        let turns = dialogue.turns;
        Self {
            message_id: message.id.uuid(),
            parent_id: turns.parent(turn).map(|parent| dialogue.message(parent).id.uuid()),
            user_id: message.user,
            created_date: message.time.and_then(iso_8601),
            text: &message.text,
            role: match turns.role(turn) {
                Role::Prompter => "prompter",
                Role::Assistant => "assistant",
            },
            lang: message.lang.as_deref(),
            review_count: 0,
            review_result: true,
            deleted: turns.is_deleted(turn),
            rank: None,
            synthetic: false,
            model_name: None,
        }
    }
}

/// A time with its offset in digits, which more readers understand than a `Z`. None outside the years 0 to 9999.
fn iso_8601(time: populi_model::Timestamp) -> Option<String> {
    let text = time.to_string();
    let text = text.strip_suffix('Z').filter(|text| !text.starts_with('-'))?;
    Some(format!("{text}+00:00"))
}
